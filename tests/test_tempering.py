"""A temperature, stored with a run."""

import json

import numpy as np
import pytest

import emnist_lab as lab
from emnist_lab import calibration, exchange, manifest, tempering
from emnist_lab.errors import RunError


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    shipped = lab.open_run("pixels-logistic")
    made = tempering.tempered(shipped)
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
    assert told["from"] == "pixels-logistic" and told["images"] == len(before.labels)
    # what it brings on images that it wasn't fitted on: less than on those, but more than nothing
    assert after.log_loss <= told["cross_fitted_log_loss"] < before.log_loss


def test_the_model_gives_the_scaled_probabilities(kept, test):
    shipped, run = kept
    plain, scaled = (one.predict_proba(test.images[:50]) for one in (shipped, run))
    np.testing.assert_allclose(scaled, calibration.scaled(plain, run.temperature), rtol=1e-9)
    np.testing.assert_allclose(scaled.sum(axis=1), 1)


def test_it_moves_with_the_run(kept):
    _, run = kept
    moved = exchange.import_run(exchange.export_to(run, run.folder.parent / "out.zip"), "moved")
    assert moved.temperature == run.temperature
    assert moved.manifest["tempered"] == run.manifest["tempered"]


def test_what_can_not_be_tempered(kept, train, test):
    _, run = kept
    with pytest.raises(RunError, match="calibrated already"):
        tempering.tempered(run)
    with pytest.raises(RunError, match="no test scores"):
        tempering.tempered(lab.fit("hog-logistic", train))
    with pytest.raises(RunError, match="too few"):
        tempering.tempered(lab.fit("hog-logistic", train, test.sample(60)))


def test_an_oversure_run_is_calibrated_by_it(train, test):
    run = lab.fit("pixels-bayes", train, test)
    made = tempering.tempered(run)
    assert made.temperature > 2
    assert made.report().calibration_error < run.report().calibration_error / 2


@pytest.mark.parametrize("bad", [0, -1, "1", None, True, 1e9, [2]])
def test_a_temperature_that_is_none_is_refused(kept, bad):
    _, run = kept
    text = json.dumps({**run.manifest, "temperature": bad})
    with pytest.raises(RunError, match="'temperature'"):
        manifest.decode(text.encode(), "x")
