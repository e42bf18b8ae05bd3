"""The Samples page through Streamlit's own test harness."""

import threading

import numpy as np
import pytest
from helpers import opened, said

import emnist_lab as lab
from emnist_lab.evaluation.part_predictions import PartPredictions
from emnist_lab.ui import background_pools


@pytest.fixture
def dataset(folder, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    return folder


@pytest.fixture
def mine(dataset):
    """A run whose test images are at hand."""
    train, test = (lab.load("digits", part, dataset) for part in ("train", "test"))
    return lab.fit("pixels-bayes", train, test).save("mine")


def test_samples_choose_split_part_and_classes(dataset):
    app = opened("samples")
    assert "1,880 images · page 1 of 8" in said(app) and "Image 0 is" in said(app)
    app.button_group(key="part").set_value("test").run()
    assert "282 images · 47 classes" in said(app)
    app.multiselect(key="classes").set_value(["C c", "7"]).run()
    assert not app.exception and "12 images" in [one.value for one in app.caption]
    app.selectbox(key="split").set_value("digits").run()
    assert not app.exception and "digits" in said(app)


def test_samples_shuffle_is_seeded(dataset):
    first = said(opened("samples", seed="3"))
    assert first == said(opened("samples", seed="3")) != said(opened("samples", seed="4"))


def test_the_address_brings_a_view_back(dataset):
    app = opened("samples", part="test", classes="C c", image="17", seed="5")
    data = lab.load("balanced", "test", dataset)
    name = "C c" if data.classes[data.labels[17]] == "C" else data.classes[data.labels[17]]
    assert "Image 17 is" in said(app) and name in said(app)
    assert "6 images" in said(app) and app.number_input(key="seed").value == 5


@pytest.mark.parametrize("image", ["9" * 5000, "99999999", "-1", "x", "½", "９"])
def test_an_address_with_no_such_image(dataset, image):
    app = opened("samples", image=image)
    assert not app.exception
    if image != "９":  # a full-width nine is a nine
        assert "pick another" in said(app)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"classes": "ß"}, "There is no class “ß” here"),
        ({"reader": "no-such-run"}, "There is no run of these classes “no-such-run” here"),
    ],
)
def test_an_address_with_what_is_not_there(dataset, asked, words):
    app = opened("samples", **asked)
    assert not app.exception and words in said(app)
    assert words not in said(opened("samples", classes="A"))


def test_a_link_to_an_image_leads_to_the_page_that_it_is_on(dataset):
    app = opened("samples", image="700")
    assert not app.exception and "Image 700 is" in said(app) and "page 3 of 8" in said(app)
    app.number_input(key="page").set_value(1).run()
    assert "Image 700 is" in said(app) and "page 1 of 8" in said(app)
    app.number_input(key="page").set_value(8).run()
    app.selectbox(key="reader").set_value("hog-qda").run()
    assert not app.exception and app.number_input(key="page").value == 1  # they are others now


@pytest.mark.parametrize("view", ["As an array", "Images per class", "Mean images"])
def test_samples_views(dataset, view):
    app = opened("samples", view=view)
    assert not app.exception


def test_samples_by_what_a_run_predicts(mine):
    report = mine.report()
    wrong = np.flatnonzero(report.predicted != report.labels)
    asked = {"split": "digits", "part": "test", "reader": "mine", "which": "misclassified"}
    app = opened("samples", **asked)
    assert not app.exception and not app.error
    assert f"{len(wrong):,} of {len(report.labels):,} images: " in said(app)
    first = wrong[np.argsort(report.scores[wrong].max(axis=1), kind="stable")[0]]
    assert f"Image {first} is" in said(app) and "Predicted as" in said(app)
    app = opened("samples", **asked, first="most confident first")
    last = wrong[np.argsort(-report.scores[wrong].max(axis=1), kind="stable")[0]]
    assert f"Image {last} is" in said(app) and last != first
    # the training part has no kept scores: the run predicts it now
    app = opened("samples", **{**asked, "part": "train", "which": "correct"})
    assert not app.exception and not app.error
    known = lab.evaluate(mine, lab.load("digits", "train"))
    assert f"{(known.predicted == known.labels).sum():,} correct" in said(app)


def test_an_address_with_the_former_words_opens_the_same_samples(mine):
    asked = {"split": "digits", "part": "test", "reader": "mine"}
    former = opened("samples", **asked, which="wrong", first="surest first")
    today = opened("samples", **asked, which="misclassified", first="most confident first")
    assert not former.exception and said(former) == said(today)


def test_samples_of_one_class_ask_a_run_about_that_class_alone(mine, monkeypatch):
    asked, real = [], type(mine).predict_proba

    def counted(self, images, progress=None):
        asked.append(len(images))
        return real(self, images, progress)

    monkeypatch.setattr(type(mine), "predict_proba", counted)
    app = opened("samples", split="digits", part="train", reader="mine", classes="3")
    assert not app.exception and "Of 8 images: " in said(app)
    assert sorted(asked) == [1, 8]  # the one that is looked at, and the class
    app.multiselect(key="classes").set_value([]).run()
    assert "Of 80 images: " in said(app) and sum(asked) == 80 + 2


def test_samples_show_how_far_a_run_has_come_and_it_can_be_cancelled(mine, monkeypatch):
    go, real = threading.Event(), PartPredictions.predict

    def held(self, run, data, rows, progress):
        progress(0.25, "a quarter of the images predicted")
        assert go.wait(60)
        progress(0.5, "half of them")
        real(self, run, data, rows, progress)

    monkeypatch.setattr(PartPredictions, "predict", held)
    monkeypatch.setattr("emnist_lab.ui.task_panel._AT_ONCE", 0.05)
    app = opened("samples", split="digits", part="train", reader="mine", which="correct")
    assert not app.exception and "80 images, in the order of the file until" in said(app)
    app.button(key="stop-samples-predict").click().run()
    assert not app.exception
    assert "Predictions of mine: cancelled" in said(app)
    go.set()
    app.button(key="again-samples-predict").click().run()
    for task in background_pools.readings().tasks():
        task.wait(60)
    app.run()
    known = lab.evaluate(mine, lab.load("digits", "train"))
    assert not app.exception and "in the order of the file" not in said(app)
    assert f"{(known.predicted == known.labels).sum():,} correct" in said(app)
