"""The Train page: what is offered, what is kept, and what is said of a run that ended."""

import time
from dataclasses import replace

import pytest
from helpers import opened, said
from streamlit.testing.v1 import AppTest

import emnist_lab as lab
from emnist_lab.commands.job_queue import Job
from emnist_lab.commands.specs import FetchSpec, TrainSpec
from emnist_lab.models import catalog
from emnist_lab.server import run_access
from emnist_lab.server.rights import from_environment
from emnist_lab.server.visitor import identify
from emnist_lab.ui import job_chips, job_queues


@pytest.fixture
def dataset(folder, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    return folder


def title(app: AppTest) -> str:
    return app.header[0].value


def test_the_recommended_recipe_is_offered_first_and_an_address_names_another(dataset):
    assert title(opened("train")) == catalog.get(catalog.RECOMMENDED).title
    app = opened("train", recipe="pixels-lda")
    assert title(app) == catalog.get("pixels-lda").title
    app.run()
    assert title(app) == catalog.get("pixels-lda").title
    app = opened("train", recipe="nothing")
    assert not app.exception and title(app) == catalog.get(catalog.RECOMMENDED).title


def test_leaving_the_page_keeps_the_recipe_and_what_was_set(dataset):
    app = opened("train", recipe="hog-lda")
    app.number_input(key="train-seed").set_value(11).run()
    app.multiselect(key="train-classes-balanced").set_value(["0", "1", "2"]).run()
    app.query_params.clear()
    app.switch_page("pages/data.py").run()
    app.query_params.clear()
    app.switch_page("pages/train.py").run()
    assert not app.exception and title(app) == catalog.get("hog-lda").title
    assert app.number_input(key="train-seed").value == 11
    assert app.multiselect(key="train-classes-balanced").value == ["0", "1", "2"]
    assert app.query_params["recipe"] in ("hog-lda", ["hog-lda"])


def ended(name: str, **more) -> Job:
    return Job(TrainSpec("pixels-bayes", "balanced"), "1", state="done", result=name, **more)


def test_a_run_that_ended_is_held_against_what_was_expected(dataset, train, test, monkeypatch):
    run = lab.fit("pixels-bayes", train, test)
    run.save("mine")
    curve = [{"step": step, "loss": 1 / step, "score": step / 10} for step in (1, 2)]
    monkeypatch.setattr(
        "emnist_lab.ui.job_panel.to_show", lambda queue: [ended("mine", curve=curve)]
    )
    point = {"seconds": 1, "peak": 1e6, "size": 1e6, "accuracy": 0.5}
    known = {"pixels-bayes": [{**point, "images": count} for count in (100, 10_000)]}
    found = {"data": "x", "recipes": known}
    monkeypatch.setattr("emnist_lab.models.cost_estimates.measured", lambda: found)
    app = opened("train")
    words = said(app)
    assert not app.exception and "expected about 50%" in words and "exists:" not in words
    assert "**Training loss**" in words and "**Test accuracy**" in words
    run.save("again")  # the same images, settings and seed
    monkeypatch.setattr("emnist_lab.ui.job_panel.to_show", lambda queue: [ended("again")])
    app = opened("train")
    assert "exists: **mine**; this one is kept as **again**" in said(app)


def test_a_twin_is_of_the_same_images_settings_and_seed(dataset, train, test):
    visitor = identify(from_environment(), None, "")
    one = lab.fit("pixels-bayes", train, test).save("one")
    other = lab.fit("pixels-bayes", train, test, seed=3).save("other")
    assert run_access.twin(visitor, one) is None and run_access.twin(visitor, other) is None
    same = lab.fit("pixels-bayes", train, test).save("same")
    assert run_access.twin(visitor, same).name == "one"


@pytest.mark.parametrize(
    ("spec", "progress", "words"),
    [
        (TrainSpec("hog-qda", "balanced"), None, "Training starts"),
        (TrainSpec("hog-qda", "balanced"), {"fraction": 0.421, "at": 0}, "Training 42%"),
        (FetchSpec("balanced"), {"done": 30, "total": 40, "at": 0}, "Fetching balanced 75%"),
    ],
)
def test_what_runs_is_in_the_top_bar(dataset, monkeypatch, spec, progress, words):
    job = Job(spec, "1", state="running", progress=progress)
    queue = job_queues.fetches() if isinstance(spec, FetchSpec) else job_queues.jobs()
    monkeypatch.setattr(job_chips, "_active", lambda: [(job, queue)])
    app = opened("home")  # of other pages, AppTest drops what the frame shows
    assert not app.exception and words in [one.proto.label for one in app.get("page_link")]


def test_nothing_is_in_the_top_bar_when_nothing_runs(dataset):
    labels = [one.proto.label for one in opened("home").get("page_link")]
    assert not [one for one in labels if one.startswith(("Training", "Fetching", "Importing"))]


def test_an_address_of_a_recipe_that_is_not_there_is_said():
    app = opened("train", recipe="nope", data="demo")
    assert not app.exception and not app.error
    assert any("There is no recipe “nope”: `hog-qda` is chosen" in one.value for one in app.warning)


def test_what_failed_on_a_cluster_is_offered_here_and_its_dashboard_is_linked(dataset, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "emnist_lab.commands.job_queue.JobQueue.submit",
        lambda self, spec, **more: asked.append(spec) or Job(spec),
    )
    spec = TrainSpec("pixels-bayes", "digits", 60)
    shown = [Job(spec, "1", state="failed", message="No Dask scheduler answers.")]
    monkeypatch.setattr("emnist_lab.ui.job_panel.to_show", lambda queue: shown)
    assert "here-1" not in [one.key for one in opened("train").button]
    monkeypatch.setenv("EMNIST_LAB_SCHEDULER", "tcp://127.0.0.1:1")
    app = opened("train")
    app.button(key="here-1").click().run()
    assert not app.exception and asked == [replace(spec, here=True)]
    progress = {"stage": 1, "stages": 1, "title": "Fitting", "step": 1, "steps": 4, "unit": "step"}
    progress |= {"fraction": 0.2, "remaining": None, "at": 0.0, "loss": None, "score": None}
    progress |= {"dashboard": "http://one:8787/status", "cluster_notes": ["w1 isn't used"]}
    shown[:] = [Job(spec, "2", state="running", progress=progress, begun=time.time())]
    words = said(opened("train"))
    assert "[Dask's dashboard](http://one:8787/status)" in words and "w1 isn't used" in words
    monkeypatch.setenv("EMNIST_LAB_MODE", "class")
    words = said(opened("train"))
    assert " so far" in words and "8787" not in words and "w1" not in words
