"""Command lines, addresses and interrupted jobs of version 0.1 go on working."""

import pytest
from helpers import opened, refusal

from emnist_lab import __main__ as main
from emnist_lab.commands.job_journal import Journal
from emnist_lab.commands.job_queue import JobQueue
from emnist_lab.commands.specs import CurveSpec, TrainSpec


def test_jobs_that_version_0_1_left_are_shown_and_can_be_trained_again(old_home):
    queue = JobQueue(Journal(old_home / "jobs"))
    waiting, training = queue.jobs
    assert training.spec == TrainSpec(
        "hog-qda", "balanced", 500, 7, "demo", "mine", "0OQA7", ("reg_param=0.2",), "all", 20
    )
    assert training.begun == 1.7e9 + 5 and training.stage == "Stage 1 of 4: Computing gradients"
    assert waiting.spec == CurveSpec("pixels-bayes", "balanced", 400, 7, "demo", "bayes")
    assert {job.state for job in queue.jobs} == {"interrupted"}


@pytest.mark.parametrize(
    "line",
    [
        "train hog-qda --root demo --split balanced --images 500 --seed 7 --name mine --json"
        " --classes 0OQ --set reg_param=0.2 --set cell=5 --handwriting abc --times 20 --into there",
        "train hog-qda --handwriting --code --events",
        "curve hog-qda --root demo --split letters --sizes 100,200 --images-max 9 --name a",
        "evaluate --run a --split letters --part train --stored --report r.html --root demo",
        "predict one.png two.png --run a --page --json",
        "predict --run a --drawings d.json",
        "runs --json",
        "bench --drawings d.json --recipes hog-qda --only loading --browser --root demo",
        "measure hog-qda hog-lda --images 100 200 --root demo",
        "unfamiliar --drawings d.json --root demo",
        "orientation --root a b --rates",
        "demo --seed 3 --root a",
        "data --root demo",
        "fetch balanced digits --from there --from here --name mine",
        "export a file.zip",
        "import file.zip --name b",
        "rename a b",
        "delete a --yes",
        "handwriting list --owner 12",
        "handwriting export f.json --owner 12",
        "handwriting import f.json",
        "handwriting delete 1 2 --all --yes --owner 12",
        "handwriting evaluate --run a --owner 12",
    ],
)
def test_a_command_line_of_version_0_1_is_understood(line):
    assert callable(main.parse(line.split()).work)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("train hog-qda --times 3 --into a", "train hog-qda --repeat 3 --runs-dir a"),
        ("measure hog-lda --images 5", "measure-recipes hog-lda --images 5"),
        ("unfamiliar --drawings a", "fit-scribble-detector --drawings a"),
    ],
)
def test_an_old_name_means_what_the_new_one_does(old, new):
    before, now = (vars(main.parse(line.split())) for line in (old, new))
    assert {**before, "verb": ""} == {**now, "verb": ""}


def test_old_names_are_not_offered(capsys):
    for words in (["--help"], ["train", "--help"]):
        with pytest.raises(SystemExit):
            main.parse(words)
    shown = capsys.readouterr().out
    for name in ("unfamiliar", "measure ", "--times", "--into"):
        assert name not in shown
    for name in ("fit-scribble-detector", "measure-recipes", "--repeat", "--runs-dir"):
        assert name in shown


def test_an_old_name_refuses_as_it_did(capfd):
    assert "hog-nothing" in refusal(capfd, "measure", "hog-nothing", "--root", "demo")


def test_an_address_of_the_train_page_chooses_what_it_names():
    app = opened("train", recipe="pixels-forest", split="balanced", data="demo")
    assert not app.exception and not app.error
    assert app.session_state["train-recipe"] == "pixels-forest"
    assert app.selectbox(key="split").value == "balanced"
