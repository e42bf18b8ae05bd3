"""Sweeps on the command line and as jobs."""

import csv
import io
import sys

import pytest
from helpers import answer, call, refusal, until

import emnist_lab as lab
from emnist_lab.commands import specs
from emnist_lab.commands.job_queue import JobQueue
from emnist_lab.commands.specs import SweepSpec
from emnist_lab.commands.sweep import refit_spec
from emnist_lab.data import loading
from emnist_lab.errors import LabError
from emnist_lab.evaluation.sweeps import search, sweep_store

GRID = ("--grid", "C=0.1,1", "--grid", "max_iter=5")


@pytest.fixture
def words(folder):
    return ("sweep", "pixels-logistic", "--split", "digits", "--root", folder, "--folds", 2)


def test_a_sweep_its_table_its_csv_and_its_refit(capfd, words, folder, tmp_path):
    file = tmp_path / "scores.csv"
    made = answer(capfd, *words, *GRID, "--name", "mine", "--csv", file)
    assert made["sweep"] == "mine" and made["fits"] == 4 and made["complete"] is True
    assert made["metric"] == "accuracy" and made["generated"] is False
    train = loading.load("digits", "train", str(folder))
    grid = {"C": (0.1, 1), "max_iter": 5}
    found = lab.sweep("pixels-logistic", train, grid=grid, folds=2)
    best, first = found.best, made["candidates"][0]
    assert first["C"] == best.candidate.settings["classifier__C"] and first["rank"] == 1
    assert first["accuracy"] == pytest.approx(best.mean("accuracy"), abs=1e-12)
    assert first["accuracy_2"] == pytest.approx(best.scores("accuracy")[1], abs=1e-12)
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert float(rows[0]["accuracy_std"]) == pytest.approx(best.std("accuracy"))
    out, err = call(capfd, "sweeps")
    assert out.startswith("mine ") and "Best: C=" in out and not err
    listed = answer(capfd, "sweeps")["sweeps"]
    assert [one["sweep"] for one in listed] == ["mine"] and listed[0]["done"] == 4
    assert answer(capfd, "sweeps", "mine")["candidates"] == made["candidates"]
    refitted = answer(capfd, "sweeps", "mine", "--refit-best")["run"]
    run = lab.open_run(refitted)
    assert run.manifest["sweep"]["name"] == "mine" and run.manifest["recipe"] == "pixels-logistic"
    assert run.manifest["params"]["classifier__C"] == first["C"]
    assert "yes" in refusal(capfd, "sweeps", "mine", "--delete")
    assert answer(capfd, "sweeps", "mine", "--delete", "--yes")["deleted"] is True
    assert answer(capfd, "sweeps")["sweeps"] == []


def test_the_same_command_goes_on_and_so_does_resume(capfd, words, monkeypatch):
    made = answer(capfd, *words, *GRID, "--name", "mine")
    monkeypatch.setattr(search, "run", None)  # nothing is left to do
    again = answer(capfd, *words, *GRID, "--name", "mine")
    assert again == made
    assert answer(capfd, "sweep", "--resume", "mine") == made
    assert "give --resume alone" in refusal(capfd, "sweep", "hog-qda", "--resume", "mine")
    assert "There is no sweep 'x'" in refusal(capfd, "sweep", "--resume", "x")


def test_recipes_are_compared(capfd, words):
    more = ("--against", "pixels-bayes", "--against", "pixels-bayes:var_smoothing=0.1")
    made = answer(capfd, *words, "--set", "max_iter=5", *more, "--repeats", 2)
    assert made["recipes"] == ["pixels-logistic", "pixels-bayes"] and len(made["differences"]) == 3
    row = made["differences"][0]
    assert row["splits"] == 4 and row["low"] <= row["difference"] <= row["high"]
    out, err = call(capfd, *words, "--set", "max_iter=5", *more, "--repeats", 2)
    assert out.count(", p ") == 3 and "comparison-digits-80" in err
    assert "leave --grid" in refusal(capfd, *words, *more, "--grid", "C=1")


def test_other_searches(capfd, words):
    how = ("--random", "C=0.01:10:log", "--set", "max_iter=5", "--points", 4, "--name", "r")
    made = answer(capfd, *words, *how)
    assert made["search"] == "random" and len(made["candidates"]) == 4
    four = ("--split", "balanced", "--classes", "0123")  # 80 images to learn from
    halved = answer(capfd, *words, *how, "--search", "halving", *four)
    assert halved["search"] == "halving" and halved["sweep"] == "r-2"
    assert [row["images"] for row in halved["candidates"]] == [78, 78, 26, 26, 26, 26]
    sized = answer(capfd, *words, "--set", "max_iter=5", "--sizes", "20,40", "--metric", "log_loss")
    assert [row["images"] for row in sized["candidates"]] == [40, 20]
    assert answer(capfd, "sweep", "--resume", "r-2")["candidates"] == halved["candidates"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--grid", "speed=1"), "has no setting 'speed': choose among"),
        (("--grid", "C"), "'C' says no values"),
        (("--grid", "C=1", "--grid", "C=2"), "C is given twice"),
        (("--random", "C=9:1"), "nothing between its ends"),
        (("--sizes", "many"), "are no numbers of images"),
        (("--folds", 30), "fewer than 30 folds need: choose fewer folds"),
        (("--name", "a/b"), "can't be called"),
        (("--images", 0), "at least one image"),
        (("--jobs", 0), "can't have 0 processes"),
        (("--csv", "/nowhere/x.csv", "--set", "max_iter=2"), "can't be written"),
    ],
)
def test_what_cannot_be_is_one_line(capfd, words, more, said):
    assert main_refuses(capfd, said, *words, *more)


def main_refuses(capfd, said, *words):
    from emnist_lab.__main__ import main

    assert main([str(word) for word in words]) == 2
    out, err = capfd.readouterr()
    assert out == "" and "Traceback" not in err
    return said in err.splitlines()[-1]


def test_many_fits_are_asked_for_first(capfd, words, monkeypatch):
    values = ",".join(map(str, range(1, 11)))
    grid = ("--grid", f"C={values}", "--grid", f"max_iter={values},11")
    said = refusal(capfd, *words, *grid)
    assert "220 fits, which take about" in said and "give --yes to begin" in said
    assert sweep_store.list_sweeps() == ([], [])

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    out, err = call(capfd, *words, *grid, status=2)
    assert "Begin? [y/N]" in err and "Nothing was begun" in err and not out
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    monkeypatch.setattr(search, "run", lambda *given, **how: (_ for _ in ()).throw(LabError("!")))
    assert call(capfd, *words, *grid, status=2)[1].endswith("!\n")


def test_a_spec_is_its_command_line_and_comes_back_from_a_journal():
    spec = SweepSpec(
        "hog-qda", ("reg_param=0.1,0.2",), folds=5, against=("pixels-bayes",), name="mine"
    )
    assert spec.arguments() == [
        "sweep", "hog-qda", "--grid=reg_param=0.1,0.2", "--against=pixels-bayes", "--folds=5",
        "--name=mine", "--yes",
    ]  # fmt: skip
    assert specs.from_json(specs.as_json(spec)) == spec
    assert SweepSpec(resume="mine").arguments() == ["sweep", "--resume=mine", "--yes"]


def test_a_job_sweeps_and_its_best_is_trained(capfd, folder):
    queue = JobQueue()
    spec = SweepSpec(
        "pixels-bayes",
        ("var_smoothing=1e-9,0.1",),
        split="digits",
        root=str(folder),
        folds=2,
        prior="0=2,1=0.5",
    )
    job = queue.submit(spec)
    until(lambda: not job.active)
    assert job.state == "done", job.message
    assert job.progress["step"] == job.progress["steps"] == 4 and job.progress["unit"] == "fit"
    kept = lab.open_sweep(job.result)
    assert kept.complete and kept.name == "pixels-bayes-sweep-digits-80"
    call(capfd, *refit_spec(kept, "best").arguments())
    run = lab.open_run("best")
    assert run.manifest["sweep"]["name"] == kept.name
    assert run.manifest["prior"]["given"][:3] == [2.0, 0.5, 1.0]
    settings = kept.recipe("pixels-bayes").checked(kept.best.candidate.settings)
    assert run.manifest["settings"] == settings
