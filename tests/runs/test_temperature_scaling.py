"""A temperature, stored with a run."""

import dataclasses
import json

import numpy as np
import pytest

import emnist_lab as lab
from emnist_lab.errors import RunError
from emnist_lab.metrics import calibration
from emnist_lab.runs import import_export, manifest, run_folders, temperature_scaling
from emnist_lab.runs.manifest import SCORES
from emnist_lab.runs.run import Run


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    shipped = lab.open_run("pixels-logistic")
    made = temperature_scaling.with_temperature(shipped)
    return shipped, made.save(folder=tmp_path_factory.mktemp("runs"))


def test_it_answers_the_same_with_less_loss(kept):
    shipped, run = kept
    before, after = shipped.report(), lab.open_run(run.folder).report()
    assert run.name == "pixels-logistic-calibrated" and run.temperature != 1
    np.testing.assert_array_equal(before.predicted, after.predicted)
    assert after.log_loss < before.log_loss
    for name, value in after.summary().items():
        assert run.manifest["scores"][name] == pytest.approx(value, rel=1e-12)
    told = run.manifest["tempered"]
    assert run.manifest["title"] == f"{shipped.manifest['title']}, temperature-scaled"
    assert told["before_log_loss"] == before.log_loss
    assert told["before_calibration_error"] == before.calibration_error
    assert told["from"] == "pixels-logistic" and told["images"] == len(before.labels)
    # what it brings on images that it wasn't fitted on: less than on those, but more than nothing
    assert after.log_loss <= told["cross_fitted_log_loss"] < before.log_loss


def test_the_model_gives_the_scaled_probabilities(kept, test):
    shipped, run = kept
    plain, scaled = (one.predict_proba(test.images[:50]) for one in (shipped, run))
    np.testing.assert_allclose(
        scaled, calibration.apply_temperature(plain, run.temperature), rtol=1e-9
    )
    np.testing.assert_allclose(scaled.sum(axis=1), 1)


def test_it_moves_with_the_run(kept):
    _, run = kept
    moved = import_export.import_run(
        import_export.export_to(run, run.folder.parent / "out.zip"), "moved"
    )
    assert moved.temperature == run.temperature
    assert moved.manifest["tempered"] == run.manifest["tempered"]


def test_what_can_not_be_tempered(kept, train, test):
    _, run = kept
    with pytest.raises(RunError, match="calibrated already"):
        temperature_scaling.with_temperature(run)
    with pytest.raises(RunError, match="no test scores"):
        temperature_scaling.with_temperature(lab.fit("pixels-bayes", train))
    with pytest.raises(RunError, match="too few"):
        temperature_scaling.with_temperature(lab.fit("pixels-bayes", train, test.sample(60)))


def _measured(scores, labels, **manifest):
    """A run with these test scores; its model is never asked."""
    classes = [chr(ord("A") + index) for index in range(scores.shape[1])]
    run = Run(
        {"name": "mine", "title": "Mine", "classes": classes, "files": {SCORES: {}}} | manifest
    )
    run.model, run.test_scores = None, (labels, scores)
    return run


def test_what_a_temperature_would_not_mend():
    labels = np.arange(400) % 4
    votes = np.eye(4)[np.where(np.arange(400) % 10, labels, (labels + 1) % 4)]
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(4), 400)
    calibrated = (probabilities.cumsum(axis=1) < random.random((400, 1))).sum(axis=1)
    found = calibration.fit_temperature(calibrated, probabilities)
    best = calibration.apply_temperature(
        probabilities, found
    )  # nothing is left to gain on images kept out
    for run in (
        _measured(votes, labels),
        _measured(np.eye(4)[labels] * 0.6 + 0.1, labels),
        _measured(best, calibrated),
    ):
        with pytest.raises(RunError, match=r"wouldn't mend .* mine: keep it as it is"):
            temperature_scaling.with_temperature(run)


def test_one_image_a_class_is_too_few():
    scores = np.random.default_rng(0).dirichlet(np.ones(120), 120)
    with pytest.raises(RunError, match=r"too few images of a class .*: train it again"):
        temperature_scaling.with_temperature(_measured(scores, np.arange(120)))


def test_a_long_title_still_opens():
    random = np.random.default_rng(1)
    labels = random.integers(0, 4, 400)
    scores = calibration.apply_temperature(
        random.dirichlet(np.ones(4), 400) + np.eye(4)[labels] / 5, 0.2
    )
    title = temperature_scaling.with_temperature(
        _measured(scores, labels, title="x" * 300)
    ).manifest["title"]
    assert len(title) == 300 and title.endswith("x, temperature-scaled")


def test_an_oversure_run_is_calibrated_by_it(train, test):
    run = lab.fit("pixels-bayes", train, test)
    made = temperature_scaling.with_temperature(run)
    assert made.temperature > 2
    assert made.report().calibration_error < run.report().calibration_error / 2


@pytest.mark.parametrize("bad", [0, -1, "1", None, True, 1e9, [2]])
def test_a_temperature_that_is_none_is_refused(kept, bad):
    _, run = kept
    text = json.dumps({**run.manifest, "temperature": bad})
    with pytest.raises(RunError, match="'temperature'"):
        manifest.decode(text.encode(), "x")


@pytest.mark.parametrize(
    "bad",
    [
        None,
        {},
        {"images": "many"},
        {"images": [2]},
        {"from": 3},
        {"cross_fitted_log_loss": "x"},
        {"cross_fitted_calibration_error": None},
        {"before_log_loss": "x"},
        {"before_calibration_error": [0.1]},
        {"seed": "25"},
    ],
    ids=str,
)
def test_forged_words_on_a_temperature_are_refused(kept, bad):
    _, run = kept
    told = {**run.manifest["tempered"], **bad} if bad else bad
    with pytest.raises(RunError, match="'tempered'"):
        manifest.decode(json.dumps({**run.manifest, "tempered": told}).encode(), "x")


def test_earlier_runs_with_a_temperature_still_open(kept):
    shipped, run = kept
    told = {key: one for key, one in run.manifest["tempered"].items() if "before" not in key}
    for earlier in ({**run.manifest, "tempered": told}, {**shipped.manifest, "tempered": None}):
        assert manifest.decode(json.dumps(earlier).encode(), "x")["name"] == "x"
    bare = {key: one for key, one in run.manifest.items() if key != "tempered"}
    assert manifest.decode(json.dumps(bare).encode(), "x")["temperature"] == run.temperature


def test_a_long_name_leaves_room_for_more():
    run = lab.open_run("pixels-logistic")
    long = dataclasses.replace(run, manifest={**run.manifest, "name": "n" * 80})
    made = temperature_scaling.with_temperature(long)
    assert len(made.name) == 80 and made.name.endswith("-calibrated")
    run_folders.check_name(made.name)
