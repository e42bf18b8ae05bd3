"""Fitting: progress, cancel, sameness, refusals."""

import dataclasses

import numpy as np
import pytest
from conftest import make_part
from sklearn.linear_model import LogisticRegression

import emnist_lab as lab
from emnist_lab import recipes, training
from emnist_lab.errors import RunError, TrainingCancelled, TrainingError


@pytest.fixture(scope="module")
def fitted(train, test):
    return {name: lab.fit(name, train, test) for name in recipes.RECIPES}


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_every_recipe_learns_and_tells(fitted, name, train, test):
    run = fitted[name]
    manifest = run.manifest
    assert manifest["scores"]["accuracy"] > 0.6  # printed characters; guessing gives 0.02
    assert manifest["data"]["train"]["fingerprint"] == train.fingerprint
    assert "not the official split" in manifest["data"]["test"]["name"]
    chances = run.predict_proba(test.images)
    assert chances.dtype == np.float64 and chances.shape == (len(test), 47)
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-12)
    assert lab.evaluate(run, test).summary() == pytest.approx(manifest["scores"], rel=1e-12)


def test_the_reference_is_exactly_the_reference(fitted, train, test):
    flat = train.images.reshape(len(train), -1).astype(np.float64)
    plain = LogisticRegression(random_state=25).fit(flat, train.labels)
    ours = fitted["pixels-logistic"]
    np.testing.assert_array_equal(plain.coef_, ours.model[-1].coef_)
    assert ours.manifest["iterations"] == plain.n_iter_[0]
    default = LogisticRegression(random_state=25).get_params()
    assert ours.model[-1].get_params() == default


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_watching_changes_nothing_and_same_seed_gives_the_same(fitted, name, train, test):
    seen = []
    again = lab.fit(name, train, test, progress=seen.append)
    np.testing.assert_array_equal(
        again.predict_proba(test.images), fitted[name].predict_proba(test.images)
    )
    fractions = [one.fraction for one in seen]
    assert fractions == sorted(fractions) and 0.2 < fractions[-1] <= 1
    assert [one.stage for one in seen][-1] == seen[-1].stages == len(recipes.get(name).stages)
    stages = len(again.model.steps)
    assert stages == seen[-1].stages


@pytest.mark.parametrize("name", ["pixels-logistic", "hog-logistic"])
def test_iterations_show_a_falling_loss(name, train, test):
    seen = []
    run = lab.fit(name, train, test, progress=seen.append)
    steps = [one for one in seen if one.loss is not None]
    assert len(steps) == run.manifest["iterations"]
    assert steps[-1].loss < steps[0].loss / 2
    assert steps[-1].score == pytest.approx(run.manifest["scores"]["accuracy"], abs=0.02)
    assert [one.step for one in steps] == list(range(1, len(steps) + 1))
    assert all(one.step <= one.steps for one in steps)
    assert len(run.manifest["curve"]) == len(steps)
    assert steps[len(steps) // 2].remaining > 0


@pytest.mark.parametrize("name", recipes.RECIPES)
@pytest.mark.parametrize("after", [1, 3])
def test_cancel(name, after, train, test):
    asked = iter(range(10_000))
    with pytest.raises(TrainingCancelled):
        lab.fit(name, train, test, cancel=lambda: next(asked) >= after)


def test_without_a_test_part_there_are_no_scores(train):
    run = lab.fit("hog-qda", train)
    assert run.manifest["scores"] == {} and run.manifest["data"]["test"] is None


def test_a_class_without_training_images_gets_nothing(train, test):
    keep = train.labels != 5
    part = dataclasses.replace(train, images=train.images[keep], labels=train.labels[keep])
    for name in ("pixels-logistic", "hog-qda"):
        run = lab.fit(name, part, test, progress=lambda _: None)
        chances = run.predict_proba(test.images)
        assert (chances[:, 5] == 0).all()
        assert (chances.argmax(axis=1) == test.labels).mean() > 0.5


def test_what_cannot_be_fitted(train, test):
    def refused(match, recipe, *parts):
        with pytest.raises(TrainingError, match=match) as caught:
            lab.fit(recipe, *parts)
        assert "\n" not in str(caught.value)

    refused("no recipe", "deep-thought", train, test)
    one = train.labels == 3
    refused(
        "two classes",
        "hog-qda",
        dataclasses.replace(train, images=train.images[one], labels=train.labels[one]),
    )
    refused("at least 5 training images", "hog-qda", train.sample(120), test)
    few = train.labels < 3
    refused(
        "can't be fitted",
        "hog-qda",
        dataclasses.replace(
            train,
            images=train.images[few][:90],
            labels=np.sort(train.labels[few])[:90] * 0 + np.repeat([0, 1, 2], 30),
        ),
    )  # fewer images than principal components
    refused("different classes", "hog-qda", train, make_part("digits", 1, 9, "test"))
    empty = dataclasses.replace(test, images=test.images[:0], labels=test.labels[:0])
    refused("no images", "hog-qda", train, empty)


def test_evaluate_refuses_other_classes(fitted):
    with pytest.raises(RunError, match="47 classes"):
        lab.evaluate(fitted["hog-qda"], make_part("digits", 1, 9, "test"))


def test_progress_as_plain_values():
    values = training.as_json(training.Progress(1, 2, "x"))
    assert values["remaining"] is None and values["fraction"] == 0.0
