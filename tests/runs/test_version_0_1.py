"""Runs and learning curves that version 0.1 kept or exported open, and say what they said."""

import zipfile

import numpy as np
import pytest
from helpers import VERSION_0_1

import emnist_lab as lab
from emnist_lab.runs import curve_store, import_export, safe_loading
from emnist_lab.runs.manifest import MODEL

PREDICTIONS = np.load(VERSION_0_1 / "predictions.npz")
RUNS = sorted(set(PREDICTIONS) - {"images"})
# BLAS kernels differ in the last digits; where one rounds a pixel otherwise, by a thousandth.
CLOSE = 2e-3


def exported(name):
    return VERSION_0_1 / "exports" / f"{name}.emnist-run.zip"


def says_what_it_said(run, name):
    probabilities = run.predict_proba(PREDICTIONS["images"])
    np.testing.assert_allclose(probabilities, PREDICTIONS[name], atol=CLOSE)
    assert run.manifest["name"] == run.name and run.classes == list("07AOQ")
    assert run.report().accuracy == pytest.approx(run.manifest["scores"]["accuracy"])


@pytest.mark.parametrize("name", RUNS)
def test_an_exported_run_is_imported_and_says_what_it_said(name):
    says_what_it_said(import_export.import_run(exported(name)), name)


@pytest.mark.parametrize("name", ["calibrated", "hog-logistic"])
def test_a_run_folder_opens_and_says_what_it_said(name, old_home):
    assert lab.open_run(name).folder == old_home / "runs" / name
    says_what_it_said(lab.open_run(name), name)


def test_a_temperature_scaled_run_keeps_its_temperature(old_home):
    run = lab.open_run("calibrated")
    assert run.temperature != 1 and run.manifest["tempered"]["images"] == 150


def test_these_runs_hold_every_type_that_moved():
    found = set()
    for name in RUNS:
        with (
            zipfile.ZipFile(exported(name)) as outer,
            outer.open(MODEL) as file,
            zipfile.ZipFile(file) as model,
        ):
            schema = model.read("schema.json").decode()
        found |= {
            (module, kind)
            for module, kind in safe_loading.MOVED
            if f'"{module}"' in schema and f'"{kind}"' in schema
        }
    assert found == set(safe_loading.MOVED)


def test_a_run_that_is_exported_again_has_today_s_types(old_home, tmp_path):
    old = lab.open_run("hog-logistic")
    again = lab.open_run(_saved_anew(old, tmp_path).folder)
    with zipfile.ZipFile(again.folder / MODEL) as model:
        assert "emnist_lab.models.features" in model.read("schema.json").decode()
    says_what_it_said(again, "hog-logistic")


def _saved_anew(run, place):
    made = lab.Run({**run.manifest})
    made.model, made.test_scores = run.model, run.test_scores
    return made.save(run.name, place)


def test_a_kept_learning_curve_opens(old_home):
    curves, problems = curve_store.list_curves()
    assert problems == [] and [one.name for one in curves] == ["bayes"]
    assert curves[0].recipe == "pixels-bayes" and curves[0].complete
    assert [point.images for point in curves[0].points] == [100, 200]
    assert curves[0].generated and curves[0].points[1].accuracy > 0.3
