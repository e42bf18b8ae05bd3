"""Kept sweeps: a kill loses no fit that ended, damaged files are a sentence, exports are whole."""

import csv
import io
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from helpers import gone, make_part, until

import emnist_lab as lab
from emnist_lab.errors import RunError, TrainingError
from emnist_lab.evaluation.sweeps import fit_journal, sweep_store
from emnist_lab.files import PROJECT
from emnist_lab.runs import training

GRID = {"var_smoothing": (1e-9, 1e-3, 1e-1)}
# A sweep that stands still after four fits, until it is killed.
KILLED = """
import time
import emnist_lab as lab

train = lab.load("balanced", "train", root="demo").choose("0123456789").sample(200)
lab.sweep(
    "pixels-bayes", train, grid={"var_smoothing": (1e-9, 1e-3, 1e-1)}, folds=3, name="killed",
    jobs=1, progress=lambda one: one.step == 4 and time.sleep(600),
)
"""
# A sweep whose fits take for ever, each in a process of its own.
ENDLESS = """
import os, sys, time
from dataclasses import replace
from pathlib import Path
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline
import emnist_lab as lab
from emnist_lab.models import get

class Endless(ClassifierMixin, BaseEstimator):
    def __init__(self, place=""):
        self.place = place

    def fit(self, images, labels):
        Path(self.place, str(os.getpid())).touch()
        time.sleep(600)

recipe = replace(
    get("pixels-bayes"), name="endless", hyperparameters=(),
    make=lambda seed, place=sys.argv[1]: Pipeline([("endless", Endless(place))]),
)
train = lab.load("balanced", "train", root="demo").choose("0123456789").sample(200)
lab.sweep(recipe, train, folds=3, name="endless", jobs=2)
"""


@pytest.fixture(scope="module")
def train():
    return make_part("digits", 24, 3)


@pytest.fixture
def kept(train):
    return lab.sweep("pixels-bayes", train, grid=GRID, folds=3, name="mine")


def started(program, *words):
    where = {**os.environ, "PYTHONPATH": str(PROJECT)}
    return subprocess.Popen([sys.executable, "-c", program, *map(str, words)], env=where)


def test_a_killed_sweep_goes_on_without_refitting_what_was_done(home, monkeypatch):
    journal = home / "sweeps" / "killed" / fit_journal.JOURNAL
    process = started(KILLED)
    try:
        until(lambda: journal.is_file() and journal.read_bytes().count(b"\n") == 4)
        assert sweep_store.is_running("killed")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not sweep_store.is_running("killed")
    done = journal.read_bytes()
    with open(journal, "ab") as file:
        file.write(done.splitlines()[0][:200])  # as a kill in the middle of a write leaves it
    kept = lab.open_sweep("killed")
    assert not kept.complete and len(kept.records) == 4 and kept.fits == 9
    assert len(kept.ranking) == 1 and kept.best.complete
    train = lab.load("balanced", "train", root="demo").choose("0123456789").sample(200)
    fits, fit = [], training.fit
    monkeypatch.setattr(training, "fit", lambda *given, **how: fits.append(1) or fit(*given, **how))
    resumed = lab.resume_sweep("killed", train, jobs=1)
    assert len(fits) == 5 and resumed.complete and len(resumed.records) == 9
    assert journal.read_bytes().startswith(done)
    whole = lab.sweep("pixels-bayes", train, grid=GRID, folds=3)
    for left, right in zip(resumed.results, whole.results, strict=True):
        assert left.candidate == right.candidate
        for key in ("accuracy", "log_loss", "roc_auc_ovo", "calibration_error"):
            np.testing.assert_allclose(left.scores(key), right.scores(key), rtol=0, atol=1e-9)
    with pytest.raises(TrainingError, match="begun on other images"):
        lab.resume_sweep("killed", train.sample(100))


def test_processes_of_a_killed_sweep_end_with_it(home, tmp_path):
    process = started(ENDLESS, tmp_path)
    try:
        until(lambda: len(list(tmp_path.iterdir())) == 2)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    fitting = [int(path.name) for path in tmp_path.iterdir()]
    assert process.pid not in fitting
    until(lambda: all(map(gone, fitting)))
    assert list((home / "sweeps" / "endless").glob(".images-*"))  # which the next attempt removes


def test_a_sweep_comes_back_as_it_was(kept, home, train):
    again = lab.open_sweep("mine")
    assert again.records == kept.records and again.complete and again.best.candidate.settings
    assert again.table().equals(kept.table()) and again.metric == "accuracy"
    assert len(again.fit_table()) == 9 and set(again.fit_table()["fold"]) == {1, 2, 3}
    assert not list((home / "sweeps" / "mine").glob(".images-*"))
    other = sweep_store.save(kept, "mine")
    assert other.name == "mine-2" and lab.open_sweep("mine-2").records == kept.records
    found, problems = sweep_store.list_sweeps()
    assert {one.name for one in found} == {"mine", "mine-2"} and not problems
    sweep_store.delete("mine-2")
    sweep_store.delete("mine-2")
    assert [one.name for one in sweep_store.list_sweeps()[0]] == ["mine"]
    for name in ("../mine", "", "a" * 81):
        with pytest.raises(RunError, match="can't be called"):
            lab.open_sweep(name)
    with pytest.raises(RunError, match="There is no sweep 'gone'"):
        lab.open_sweep("gone")


def test_a_sweep_in_work_is_left_alone(kept, train):
    with sweep_store.locked(sweep_store.sweeps_home() / "mine"):
        with pytest.raises(RunError, match="goes on in another process"):
            lab.resume_sweep("mine", train)
        with pytest.raises(RunError, match="cancel it first"):
            sweep_store.delete("mine")


def test_all_scores_are_exported(kept):
    rows = list(csv.DictReader(io.StringIO(kept.csv())))
    assert [float(row["rank"]) for row in rows] == [1, 2, 3]
    best = kept.best
    assert float(rows[0]["var_smoothing"]) == best.candidate.settings["classifier__var_smoothing"]
    assert float(rows[0]["accuracy"]) == best.mean("accuracy")
    assert [float(rows[0][f"accuracy_{fold}"]) for fold in (1, 2, 3)] == list(
        best.scores("accuracy")
    )
    assert float(rows[0]["log_loss_std"]) == pytest.approx(best.std("log_loss"))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"format": "other"},
        {"candidates": []},
        {"candidates": [{"recipe": "x"}]},
        {"folds": 1},
        {"seed": True},
        {"metric": "beauty"},
        {"search": "luck"},
        {"space": {"C": {"low": "a", "high": 1, "log": False}}},
        {"data": {}},
        {"recipes": [{"name": "a\nb", "title": ""}]},
        {"finished": 3},
        {"notes": ["a\nb"]},
    ],
)
def test_a_damaged_manifest_is_a_sentence_and_spoils_no_other(kept, change, home):
    sweep_store.save(kept, "good")
    path = home / "sweeps" / "mine" / "sweep.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    found, problems = sweep_store.list_sweeps()
    assert [one.name for one in found] == ["good"]
    assert len(problems) == 1 and "mine" in problems[0] and "\n" not in problems[0]


def test_lines_of_a_journal_that_are_none_are_passed_over(kept, home):
    path = home / "sweeps" / "mine" / fit_journal.JOURNAL
    first = json.loads(path.read_bytes().splitlines()[0])
    for spoiled in (
        {**first, "key": "0" * 31},
        {**first, "scores": {"accuracy": "high"}},
        {**first, "scores": {"beauty": 1}},
        {**first, "settings": {"C": {"a": 1}}},
        {**first, "fold": -1},
        {**first, "fit_s": 10**400},
    ):
        assert fit_journal.from_line(json.dumps(spoiled).encode()) is None
    with open(path, "ab") as file:
        file.write(b"\xff\xfe\n[]\n" + b"x" * 100_000 + b"\n" + b"[" * 50_000 + b"\n{}")
    assert lab.open_sweep("mine").records == kept.records


def test_a_file_of_format_1_is_read(home):
    """As this version writes it: what later versions must go on reading."""
    folder = home / "sweeps" / "old"
    folder.mkdir(parents=True)
    (folder / "sweep.json").write_text(
        json.dumps({
            "format": "emnist-lab-sweep", "version": 1, "kind": "sweep",
            "created": "2026-11-27T08:00:00+00:00", "finished": "2026-11-27T08:00:09+00:00",
            "recipes": [{"name": "pixels-logistic", "title": "Logistic regression on raw pixels"}],
            "search": "grid", "space": {"classifier__C": {"values": [0.1, 1.0]}}, "points": 0,
            "candidates": [
                {"recipe": "pixels-logistic", "settings": {"classifier__C": c}, "images": None}
                for c in (0.1, 1.0)
            ],
            "rounds": [], "folds": 2, "repeats": 1, "by": "class", "seed": 25,
            "metric": "accuracy", "prior": None, "fits": 4, "notes": [],
            "data": {
                "name": "some images", "split": "digits", "part": "train", "generated": False,
                "handwriting": False, "images": 100, "classes": list("0123456789"),
                "fingerprint": "0" * 32,
            },
            "source": None, "versions": {"python": "3.11"},
        })
    )  # fmt: skip
    with open(folder / "fits.jsonl", "w", encoding="ascii") as file:
        for place in range(4):
            line = {
                "key": f"{place:032x}", "recipe": "pixels-logistic",
                "settings": {"classifier__C": (0.1, 1.0)[place // 2]}, "images": None,
                "repeat": 0, "fold": place % 2, "seed": 25, "train_images": 50, "test_images": 50,
                "scores": {"accuracy": 0.5 + place / 10, "log_loss": 1.0, "roc_auc_ovo": None},
                "fit_s": 0.5, "score_s": 0.1, "reason": "",
            }  # fmt: skip
            print(json.dumps(line), file=file)
    found = lab.open_sweep("old")
    assert found.complete and found.best.candidate.settings == {"classifier__C": 1.0}
    assert found.best.mean("accuracy") == pytest.approx(0.75)
    assert np.isnan(found.best.mean("roc_auc_ovo")) and found.best.scores("accuracy").size == 2


def test_a_disk_that_cannot_be_written_is_a_sentence(train, home):
    home.mkdir(exist_ok=True)
    (home / "sweeps").write_text("in the way")
    with pytest.raises(RunError, match="Sweeps can't be kept in"):
        lab.sweep("pixels-bayes", train, name="mine")
