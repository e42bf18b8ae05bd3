"""The Evaluate page through Streamlit's own test harness."""

import dataclasses
import shutil
import threading

import pytest
from helpers import make_part, opened, said, write

import emnist_lab as lab
from emnist_lab.evaluation import embedding, evaluation, label_issues, label_marks
from emnist_lab.metrics import confusion
from emnist_lab.metrics.percent import percent
from emnist_lab.ui import background_pools

LOOKS = [
    "Confusion", "Pairs", "ROC AUC", "Calibration", "Label errors", "Embedding",
    "Per-class metrics",
]  # fmt: skip


@pytest.fixture
def mine(folder, monkeypatch):
    """A run whose test images are at hand."""
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    train, test = (lab.load("digits", part, folder) for part in ("train", "test"))
    return lab.fit("pixels-bayes", train, test).save("mine")


@pytest.mark.parametrize(
    ("former", "look"),
    [
        ("Sureness", "Calibration"),
        ("Doubtful labels", "Label errors"),
        ("Label issues", "Label errors"),
        ("Map", "Embedding"),
        ("Classes", "Per-class metrics"),
    ],
)
def test_a_former_look_in_the_address(former, look, mine):
    app = opened("evaluate", run="mine", look=former, order="by confusion")
    assert not app.exception and not app.error and not app.warning
    assert app.query_params["look"] in (look, [look]) and app.selectbox(key="run").value == "mine"
    keys = {
        "Calibration": app.slider,
        "Label errors": app.segmented_control,
        "Embedding": app.segmented_control,
    }
    if look in keys:
        assert {"threshold", "doubts", "layout"} & {one.key for one in keys[look]}
    else:
        assert "support" in app.dataframe[0].value


@pytest.mark.parametrize(
    ("former", "now"),
    [
        ("doubtful, not marked", "suspected, not marked"),
        ("issues, not marked", "suspected, not marked"),
        ("all doubtful", "all suspected"),
        ("all issues", "all suspected"),
        ("marked as wrong", "marked as wrong"),
    ],
)
def test_a_former_choice_of_labels_in_the_address(former, now, mine):
    app = opened("evaluate", run="mine", look="Doubtful labels", doubts=former)
    assert not app.exception and not app.error and not app.warning
    assert app.segmented_control(key="doubts").value == now


@pytest.mark.parametrize(
    ("asked", "key", "now"),
    [
        ({"scale": "by row"}, "scale", "normalised by true class"),
        ({"scale": "by column"}, "scale", "normalised by predicted class"),
        ({"look": "Map", "colours": "by right and wrong"}, "colours", "correct or misclassified"),
    ],
)
def test_former_choices_in_the_address(asked, key, now, mine):
    app = opened("evaluate", run="mine", **asked)
    assert not app.exception and not app.error and not app.warning
    assert app.segmented_control(key=key).value == now


def test_a_former_name_of_what_it_is_measured_on(mine, other, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", str(other))
    app = opened("evaluate", run="mine", on="its own test part")
    assert not app.exception and app.segmented_control(key="on").value == "its own test subset"


@pytest.mark.parametrize("chosen", ["its own test subset", "the dataset in use"])
def test_what_the_numbers_are_on_stands_in_the_address(chosen, mine, other, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", str(other))
    app = opened("evaluate", run="mine", on=chosen)
    settled(app)
    assert not app.exception and app.segmented_control(key="on").value == chosen
    assert ("Measured now" in said(app)) == (chosen == "the dataset in use")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("images", [True, False])
def test_every_look(look, images, mine, monkeypatch):
    if not images:
        monkeypatch.delenv("EMNIST_DIR")
    app = opened("evaluate", run="mine", look=look, threshold="100")
    assert not app.exception and not app.error
    words = said(app)
    if look in ("Pairs", "Label errors", "Calibration", "Embedding"):
        assert ("The images themselves can't be shown" in words) != images


def test_a_cell_in_the_address_opens_its_images(mine):
    report = mine.report()
    pair = report.confused_pairs(1).iloc[0]
    true, read = (report.names.index(pair[key]) for key in ("true", "predicted"))
    app = opened("evaluate", run="mine", true=report.classes[true], read=report.classes[read])
    assert not app.exception and not app.error
    words = said(app)
    assert f"{pair['true']} predicted as {pair['predicted']}" in words
    assert f"**{pair['count']}** of {pair['of']} test images" in words
    first = confusion.images_in_cell(report, true, read)[0]
    assert f"Image {first} is **{pair['true']}**" in words
    next(b for b in app.button if b.label.startswith("All of")).click().run()
    assert not app.exception and f"What {pair['true']} is predicted as" in said(app)
    assert (
        app.query_params["true"] in (report.classes[true], [report.classes[true]])
        and "read" not in app.query_params
    )
    next(b for b in app.button if b.label == "Most confused").click().run()
    assert not app.exception and "true" not in app.query_params


def test_the_class_of_lowest_recall_opens(mine):
    name, recall = mine.report().most_missed()
    app = opened("evaluate", run="mine")
    button = app.button(key="evaluate-lowest-recall")
    assert percent(recall) in button.label
    button.click().run()
    assert not app.exception and f"What {name} is predicted as" in said(app)


def test_intervals_and_the_one_area_are_labelled(mine):
    app = opened("evaluate", run="mine")
    for task in background_pools.intervals().tasks():
        assert task.wait(60)
    app.run()
    shown = {one.label: one for one in app.metric}
    assert list(shown) == ["Accuracy", "Top-3 accuracy", "Log loss", "ROC AUC", "Calibration error"]
    assert shown["Accuracy"].delta.startswith("95% CI ")
    assert shown["ROC AUC"].value == f"{mine.report().roc_auc_ovo:.4f}"
    assert "one-vs-one and one-vs-rest are the same number" in shown["ROC AUC"].help


def test_a_cell_that_the_run_does_not_have(mine):
    app = opened("evaluate", run="mine", true="Ω", read="<b>")
    assert (
        not app.exception and "This run has no class" in said(app) and "Most confused" in said(app)
    )


def test_other_images_by_the_same_name_are_not_shown(mine, folder, monkeypatch):
    other = make_part("digits", 12, 99, "test")
    changed = dataclasses.replace(lab.load("digits", "test", folder), images=other.images[:1])
    monkeypatch.setattr("emnist_lab.ui.current_dataset.load_from", lambda *_: changed)
    app = opened("evaluate", run="mine", look="Label errors")
    assert not app.exception
    words = said(app)
    assert "can't be shown" in words
    assert app.metric[0].value == f"{mine.manifest['scores']['accuracy']:.2%}"  # numbers stay


def test_a_class_that_never_occurs_in_the_test_part(folder, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    train, test = (lab.load("digits", part, folder) for part in ("train", "test"))
    keep = test.labels != 3
    part = dataclasses.replace(test, images=test.images[keep], labels=test.labels[keep])
    lab.fit("pixels-bayes", train, part).save("no-three")
    for look in LOOKS:
        app = opened("evaluate", run="no-three", look=look)
        assert not app.exception and "has no image of 3" in said(app)
        assert "nan" not in " ".join(str(one.value) for one in app.metric)


def test_marking_a_label_as_wrong_and_back(mine):
    app = opened("evaluate", run="mine", look="Label errors")
    at = mine.manifest["data"]["test"]["fingerprint"]
    app.button(key="evaluate-mark-label-issues").click().run()
    assert not app.exception and len(label_marks.read(at)) == 1
    labels = [one.label for one in app.metric]
    assert "Accuracy without the marked" in labels
    app.segmented_control(key="doubts").set_value("marked as wrong").run()
    assert app.button(key="evaluate-mark-label-issues").label == "Take the mark back"
    app.button(key="evaluate-mark-label-issues").click().run()
    assert not app.exception and label_marks.read(at) == []


def test_after_a_mark_comes_the_next_image(mine):
    found = label_issues.find_label_issues(mine.report())
    images = label_issues.predicted_otherwise(found)["image"].tolist()
    app = opened("evaluate", run="mine", look="Label errors")
    app.session_state["evaluate-picked-label-issues"] = images[2]
    app.run()
    app.button(key="evaluate-mark-label-issues").click().run()
    assert not app.exception and f"Image {images[3]} is" in said(app)


def test_selective_prediction_by_the_slider(mine):
    app = opened("evaluate", run="mine", look="Calibration")
    report = mine.report()
    app.slider(key="threshold").set_value(90).run()
    assert not app.exception
    shares = {one.label: one.value for one in app.metric}
    answered = report.scores.max(axis=1) >= 0.9
    assert shares["Coverage"] == percent(answered.mean(), 2)
    assert shares["Rejected"] == f"{(~answered).sum():,}"


def test_temperature_scaling_makes_a_run(mine, monkeypatch):
    app = opened("evaluate", run="mine", look="Calibration")
    next(b for b in app.button if b.label == "Fit and keep as a new run").click().run()
    assert not app.exception and "too few to fit" in said(app)
    monkeypatch.setattr("emnist_lab.runs.temperature_scaling._FEWEST", 50)
    app = opened("evaluate", run="mine", look="Calibration")
    next(b for b in app.button if b.label == "Fit and keep as a new run").click().run()
    assert not app.exception and not app.error
    made = lab.open_run("mine-calibrated")
    assert made.temperature != 1 and app.selectbox(key="run").value == "mine-calibrated"
    assert "Kept as **mine-calibrated**" in said(app)
    images, crossed = made.manifest["data"]["test"]["images"], made.manifest["tempered"]
    assert f"was fitted on these {images:,} images" in said(app)
    assert f"they are {crossed['cross_fitted_log_loss']:.4f} and" in said(app)
    assert "was fitted on these" not in said(opened("evaluate", run="mine"))


def test_another_class_prior_makes_a_run(mine):
    app = opened("evaluate", run="mine", look="Calibration")
    assert "Answers for equally frequent classes" in said(app)
    table = next(one.value for one in app.dataframe if "mean_recall" in one.value)
    assert table["classes"].tolist() == [
        "equally frequent (now)",
        "as in training",
        "as in this subset",
    ]
    assert table["accuracy"][0] == pytest.approx(100 * mine.report().accuracy)
    app.button(key="evaluate-keep-prior-training").click().run()
    assert not app.exception and not app.error
    made = lab.open_run("mine-prior")
    assert made.manifest["prior"]["answers_for"] == "training"
    assert app.selectbox(key="run").value == "mine-prior"
    assert "Kept as **mine-prior**" in said(app)
    app.button(key="evaluate-keep-prior-equal").click().run()  # and back
    assert lab.open_run("mine-prior-prior").manifest["prior"]["answers_for"] == "equal"


def test_a_class_prior_of_ones_own(mine):
    app = opened("evaluate", run="mine", look="Calibration")
    keep = next(one for one in app.button if one.label == "Keep a run: as given")
    app.text_input(key="evaluate-asked-prior").input("7 times 4")
    keep.click().run()
    assert not app.exception and app.selectbox(key="run").value == "mine"
    assert "is no class prior: write equal, training, or" in said(app)
    app.text_input(key="evaluate-asked-prior").input("7=4, 1=0.5")
    next(one for one in app.button if one.label == "Keep a run: as given").click().run()
    assert not app.exception and not app.error
    given = lab.open_run("mine-prior").manifest["prior"]["given"]
    assert (given[7], given[1], given[0]) == (4, 0.5, 1)
    table = next(one.value for one in app.dataframe if "mean_recall" in one.value)
    assert table["classes"].tolist()[-1] == "as given (now)"


def test_a_run_whose_class_prior_is_not_known_says_so(folder, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    app = opened("evaluate", run="pixels-logistic", look="Calibration")
    assert not app.exception
    assert "How many images of each class it learned from isn't known" in said(app)


def test_why_one_image(mine):
    app = opened("evaluate", run="mine", look="Label errors")
    app.session_state["evaluate-explanation-label-issues"] = True
    app.run()
    assert not app.exception and not app.error
    words = said(app)
    assert "and not" in words and "**Occlusion.**" in words
    assert "**Nearest training images**" in words and "**Evidence.**" not in words


@pytest.fixture
def slow(monkeypatch):
    """A run reads for as long as the test holds it; gives the event that lets it go on."""
    go, real = threading.Event(), evaluation.evaluate_part

    def held(run, test, progress=None):
        progress(0.25, "a quarter of the images read")
        assert go.wait(60)
        return real(run, test, progress)

    monkeypatch.setattr("emnist_lab.ui.current_evaluation.evaluate_part", held)
    monkeypatch.setattr("emnist_lab.ui.task_panel._AT_ONCE", 0.05)
    yield go
    go.set()


def settled(app):
    """The page once background work has ended."""
    for task in background_pools.readings().tasks():
        task.wait(60)
    return app.run()


@pytest.fixture
def other(folder, tmp_path):
    """Other digits, by another name on disk."""
    place = tmp_path / "other"
    for part, seed in (("train", 13), ("test", 14)):
        write(place, make_part("digits", 7, seed, part))
    return place


def test_a_run_is_measured_on_the_dataset_in_use_where_that_is_another(
    mine, other, slow, monkeypatch
):
    monkeypatch.setenv("EMNIST_DIR", str(other))
    app = opened("evaluate", run="mine", look="Label errors")
    kept = app.metric[0].value
    assert "can't be shown" in said(app) and "Measured now" not in said(app)
    app.button(key="evaluate-read-label-issues").click().run()
    assert not app.exception and "confident learning" not in said(app)
    assert app.button(key="stop-evaluate-reading").label == "Cancel"
    slow.set()
    settled(app)
    part = lab.load("digits", "test", other)
    report = lab.evaluate(mine, part)
    words = said(app)
    assert f"Measured now, on the {part.name}" in words and "can't be shown" not in words
    assert app.metric[0].value == f"{report.accuracy:.2%}" != kept
    assert "trained on other files than those at hand" in words
    assert app.segmented_control(key="on").value == "the dataset in use"
    app.button(
        key="evaluate-mark-label-issues"
    ).click().run()  # marks belong to these images, not to its own
    assert label_marks.read(part.fingerprint) and not label_marks.read(
        mine.manifest["data"]["test"]["fingerprint"]
    )
    app.segmented_control(key="on").set_value("its own test subset").run()
    assert app.metric[0].value == kept and "can't be shown" in said(app)


def test_a_run_that_learned_from_the_dataset_in_use_is_not_said_to_know_its_test_part(
    folder, monkeypatch
):
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    train, test = (lab.load("digits", part, folder) for part in ("train", "test"))
    lab.fit("pixels-bayes", train.sample(60), test.sample(30)).save("part")
    app = opened("evaluate", run="part", on="the dataset in use")
    assert not app.exception and f"Measured now, on the {test.name}" in said(app)
    assert "other files" not in said(app)


def test_a_real_run_on_generated_images_says_so():
    app = opened("evaluate", run="hog-qda", on="the dataset in use", look="Embedding")
    assert not app.exception and not app.error
    words = said(app)
    assert "**Generated images.**" in words and "Measured now, on the generated" in words
    assert "these numbers say nothing about real handwriting" in words


def test_an_embedding_shows_discriminants_until_tsne_is_done(mine, monkeypatch):
    go, project = threading.Event(), embedding.project

    def held(features, labels, method, progress=None):
        assert method != "t-SNE" or go.wait(60)
        return project(features, labels, method, progress=progress)

    monkeypatch.setattr("emnist_lab.evaluation.embedding.project", held)
    monkeypatch.setattr("emnist_lab.ui.task_panel._AT_ONCE", 0.05)
    app = opened("evaluate", run="mine", look="Embedding", layout="t-SNE")
    assert not app.exception and "LDA of 80 of 80 test images" in said(app)
    app.button(key="stop-evaluate-embedding").click().run()
    assert "Computing the embedding: cancelled" in said(app) and "LDA of 80 of 80" in said(app)
    app.button(key="again-evaluate-embedding").click().run()
    go.set()
    for task in background_pools.maps().tasks():
        assert task.wait(60)
    app.run()
    assert not app.exception and "t-SNE of 80 of 80 test images" in said(app)
    assert "stop-evaluate-embedding" not in [button.key for button in app.button]


def test_a_run_on_chosen_classes_that_was_not_measured_shows_its_own_images(folder, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    train, test = (lab.load("digits", part, folder) for part in ("train", "test"))
    run = lab.fit("pixels-bayes", train.choose("37")).save("two")
    own = test.choose("37")
    report = lab.evaluate(run, test)
    app = opened("evaluate", run="two", true="3", read="3")
    assert not app.exception and f"Measured now, on the {own.name}" in said(app)
    first = confusion.images_in_cell(report, 0, 0)[0]
    assert f"Image {first} is **3**" in said(app)
    app.button(key="evaluate-mark-cell").click().run()
    assert [one.image for one in label_marks.read(own.fingerprint)] == [first]
    assert not label_marks.read(test.fingerprint)


def test_a_run_is_measured_on_any_split_that_it_knows_classes_of(folder, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    run, digits = lab.open_run("hog-qda"), lab.load("digits", "test", folder)
    asked = {"run": "hog-qda", "on": "the dataset in use", "split": "digits"}
    for over in ("all", "present"):
        report = lab.evaluate(run, digits, over=over)
        app = opened("evaluate", **asked, over=over)
        assert not app.exception and app.metric[0].value == f"{report.accuracy:.2%}"
        assert app.selectbox(key="evaluate-split").value == "digits"
        assert "has no image of A, B, C c" in said(app)
        assert ("over the other classes" in said(app)) == (over == "present")
    for look in LOOKS:
        app = opened("evaluate", **asked, over="present", look=look)
        assert not app.exception and not app.error


def test_a_pair_of_another_run_is_forgotten(mine):
    app = opened("evaluate", run="hog-qda", look="ROC AUC", pair="Ff")
    assert not app.exception and "F and f" in said(app)
    app.selectbox(key="run").set_value("mine").run()
    assert not app.exception and "Hardest to tell apart" in said(app)
    assert "pair" not in app.query_params


def test_a_pair_without_images_has_no_number(folder, monkeypatch):
    train, test = (lab.load("digits", part, folder) for part in ("train", "test"))
    keep = test.labels != 3
    part = dataclasses.replace(test, images=test.images[keep], labels=test.labels[keep])
    lab.fit("pixels-bayes", train, part).save("no-three")
    app = opened("evaluate", run="no-three", look="ROC AUC", pair="13")
    assert not app.exception and "it is undefined" in said(app)
    assert next(one.value for one in app.metric if one.label == "AUC of this pair") == "–"


def test_one_class_only_in_the_test_part(folder):
    train, test = (lab.load("digits", part, folder) for part in ("train", "test"))
    keep = test.labels == 3
    part = dataclasses.replace(test, images=test.images[keep], labels=test.labels[keep])
    lab.fit("pixels-bayes", train, part).save("threes")
    for look in LOOKS:
        app = opened("evaluate", run="threes", look=look)
        assert not app.exception and not app.error
        shown = [str(one.value) for one in app.metric] + [said(app)]
        assert "nan" not in " ".join(shown).lower().split()


@pytest.mark.parametrize("look", LOOKS)
def test_a_run_that_is_deleted_meanwhile_is_one_sentence(look, mine):
    app = opened("evaluate", run="mine", look=look)
    shutil.rmtree(mine.folder)
    app.run()
    assert not app.exception
    assert "no run “mine” here (any more)" in said(app)
    app.run()  # as a page does by itself when intervals are computed
    assert "no run “mine” here (any more)" in said(app)
    app.selectbox(key="run").set_value("hog-qda").run()
    assert "here (any more)" not in said(app)


def test_other_files_in_the_same_folder_give_other_numbers(folder, tmp_path, monkeypatch):
    root = shutil.copytree(folder, tmp_path / "emnist")
    monkeypatch.setenv("EMNIST_DIR", str(root))
    train = lab.load("digits", "train", root)
    run = lab.fit("pixels-bayes", train).save("bare")
    before = lab.evaluate(run, lab.load("digits", "test", root)).accuracy
    assert opened("evaluate", run="bare").metric[0].value == f"{before:.2%}"
    write(root, make_part("digits", 9, 77, "test"))
    after = lab.evaluate(run, lab.load("digits", "test", root)).accuracy
    assert opened("evaluate", run="bare").metric[0].value == f"{after:.2%}" != f"{before:.2%}"
