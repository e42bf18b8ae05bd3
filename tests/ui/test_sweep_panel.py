"""Sweeps on the Train page: what is asked, what it takes, what came of it, and whose it is."""

import pytest
from helpers import opened, said, until

import emnist_lab as lab
from emnist_lab.commands.job_queue import Job
from emnist_lab.commands.specs import SweepSpec, TrainSpec
from emnist_lab.commands.sweep import plan_of
from emnist_lab.errors import TrainingCancelled
from emnist_lab.evaluation.sweeps import hyperparameter_search, sweep_store
from emnist_lab.evaluation.sweeps.varied_axes import varied_axes
from emnist_lab.server.visitor import owner_id
from emnist_lab.ui import job_chips, job_queues

RECIPE = "pixels-neighbours"
FEW = ("n_components=10",)  # the recipe's own are more than the images of a fold
ANN, BOB = owner_id("ann"), owner_id("bob")


@pytest.fixture
def dataset(folder, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    return folder


def sweep(name: str, recipe: str = RECIPE, owner=None, cancel=None, **options):
    """A sweep that is kept, as a job keeps it."""
    few = {"hyperparameters": FEW} if recipe == RECIPE and "n_comp" not in str(options) else {}
    spec = SweepSpec(recipe, **{"split": "digits", "folds": 2, "name": name, **options, **few})
    part = spec.load()
    return hyperparameter_search.run_plan(
        plan_of(spec, part), name=name, owner=owner, source=spec.source(), jobs=1, cancel=cancel
    )


def page(**query):
    return opened("train", task="Sweep", recipe=RECIPE, split="digits", **query)


def field(app, name: str):
    return app.text_input(key=f"train-sweep-{RECIPE}:{name}")


def press(app, label: str):
    next(one for one in app.button if one.label == label).click().run()
    assert not app.exception


def charts(app) -> int:
    return len(app.get("vega_lite_chart"))


def asked(monkeypatch) -> list:
    """What is submitted from now on; nothing is begun."""
    found = []
    monkeypatch.setattr(
        "emnist_lab.commands.job_queue.JobQueue.submit",
        lambda self, spec, **more: found.append(spec) or Job(spec),
    )
    return found


def test_what_a_sweep_takes_is_said_while_it_is_typed(dataset, monkeypatch):
    submitted = asked(monkeypatch)
    app = page()
    assert not app.exception and not app.error
    assert "3 fits" in said(app) and "Nothing is varied so far" in said(app)
    field(app, "classifier__n_neighbors").set_value("1, 5").run()
    app.number_input(key="train-sweep-repeats").set_value(2).run()
    assert "12 fits" in said(app) and "2 candidates on 2 times 3 folds" in said(app)
    press(app, "Begin the sweep")
    (spec,) = submitted
    assert spec == SweepSpec(
        RECIPE, grid=("n_neighbors=1, 5",), search="grid", repeats=2, metric="accuracy",
        split="digits", name="pixels-neighbours-sweep-digits-80",
    )  # fmt: skip
    assert app.query_params["sweep"] in (spec.name, [spec.name])
    app.selectbox(key="train-sweep-search").set_value("random").run()
    field(app, "pca__n_components").set_value("5:20:log").run()
    app.number_input(key="train-sweep-points").set_value(7).run()
    press(app, "Begin the sweep")
    assert submitted[1].random == ("n_components=5:20:log", "n_neighbors=1, 5")
    assert submitted[1].points == 7 and not submitted[1].grid


def test_many_fits_are_asked_about_first(dataset, monkeypatch):
    submitted = asked(monkeypatch)
    app = page()
    field(app, "classifier__n_neighbors").set_value(",".join(map(str, range(1, 8))))
    field(app, "pca__n_components").set_value(",".join(map(str, range(2, 13)))).run()
    press(app, "Begin the sweep")
    (warning,) = [one.value for one in app.warning]
    assert "231 fits, which take about" in warning and not submitted
    press(app, "Not now")
    assert not app.warning and not submitted
    press(app, "Begin the sweep")
    field(app, "pca__n_components").set_value("2, 3").run()
    assert not app.warning  # the question was about another plan
    field(app, "pca__n_components").set_value(",".join(map(str, range(2, 13)))).run()
    press(app, "Begin the sweep")
    press(app, "Begin all the same")
    assert len(submitted) == 1 and not app.warning


@pytest.mark.parametrize(
    ("search", "typed", "words"),
    [
        ("grid", "0", "n_neighbors can't be '0': give it a whole number from 1 to 100"),
        ("grid", "1:9", "A grid takes values, not ranges: choose a random search"),
        ("random", "9:1", "has nothing between its ends"),
        ("random", "", "Give at least one hyperparameter a range"),
    ],
)
def test_what_can_not_be_tried_is_one_sentence(dataset, search, typed, words):
    app = page()
    app.selectbox(key="train-sweep-search").set_value(search).run()
    field(app, "classifier__n_neighbors").set_value(typed).run()
    assert not app.exception and words in said(app)
    assert next(one for one in app.button if one.label == "Begin the sweep").disabled


def test_folds_that_lack_a_class_are_refused_before_anything_begins(dataset):
    app = page()
    app.number_input(key="train-sweep-folds").set_value(9).run()  # of 8 images a class
    assert not app.exception and "has 8 images, fewer than 9 folds need" in said(app)
    assert next(one for one in app.button if one.label == "Begin the sweep").disabled


def test_what_was_typed_is_kept_while_another_page_is_open(dataset):
    app = page()
    field(app, "classifier__n_neighbors").set_value("1, 3").run()
    app.switch_page("pages/data.py").run()
    app.switch_page("pages/train.py").run()
    app.segmented_control(key="task").set_value("Sweep").run()
    assert not app.exception and field(app, "classifier__n_neighbors").value == "1, 3"


def test_kept_sweeps_show_by_what_varies(dataset):
    grid = ("n_neighbors=1,3", "n_components=5,10", "weights=uniform,distance")
    sweep("none", repeats=2)
    sweep("line", grid=grid[:1])
    sweep("map", grid=grid[:2])
    three = sweep("slices", grid=grid)
    sweep("random", random=("n_neighbors=1:20", "n_components=4:12"), points=4)
    sweep("sizes", sizes="20,40")
    few = {"split": "balanced", "classes": "0123", "hyperparameters": ("n_components=4",)}
    sweep("halving", grid=("n_neighbors=1,3,5,7",), search="halving", **few)
    labels = {one.label: one for one in varied_axes(three)}
    assert labels["n_neighbors"].numeric and not labels["weights"].numeric
    said_of = {
        "none": "A point is a fit",
        "line": "Mean accuracy with its standard deviation",
        "map": "Mean accuracy in per cent: darker is better",
        "slices": "All candidates over one hyperparameter",
        "random": "its colour is accuracy",
        "sizes": ", 40 images, accuracy",
        "halving": "A line each for the settings",
    }
    app = page()
    assert (
        app.selectbox(key="train-sweep-kept").value
        == app.selectbox(key="train-sweep-kept").options[0]
    )
    for name, words in said_of.items():
        app.selectbox(key="train-sweep-kept").set_value(name).run()
        assert not app.exception and not app.error and words in said(app)
        assert charts(app) == (3 if name == "slices" else 1)
    app.selectbox(key="train-sweep-kept").set_value("slices").run()
    table = app.dataframe[0].value
    assert list(table["rank"]) == list(range(1, 9))
    assert table["accuracy"].is_monotonic_decreasing
    assert table["accuracy"][0] == pytest.approx(100 * three.best.mean("accuracy"))
    assert table["accuracy_std"][0] == pytest.approx(100 * three.best.std("accuracy"))
    assert "Cross-validated on" in said(app)


def test_a_candidate_that_failed_is_in_the_table_with_its_reason(dataset):
    sweep("some", grid=("n_neighbors=1,50",))  # 40 images to learn from
    app = page()
    assert "1 candidate couldn't be fitted" in said(app)
    table = app.dataframe[0].value
    assert "50 neighbours can't be found" in table["reason"][1] and table["rank"].isna()[1]
    assert "Try the failed ones again" in [one.label for one in app.button]


def test_a_sweep_that_was_stopped_goes_on(dataset, monkeypatch):
    def cancel():
        return len(lab.open_sweep("mine").records) > 2

    with pytest.raises(TrainingCancelled):
        sweep("mine", grid=("n_neighbors=1,3,5",), cancel=cancel)
    submitted = asked(monkeypatch)
    app = page(sweep="mine")
    assert "stopped after 3 of 6 fits" in said(app) and "Best so far: n_neighbors=" in said(app)
    press(app, "Go on")
    assert submitted == [SweepSpec(resume="mine")]


def test_a_sweep_and_its_refit_through_the_page(dataset):
    app = page()
    field(app, "pca__n_components").set_value("10")
    field(app, "classifier__n_neighbors").set_value("1, 3")
    app.number_input(key="train-sweep-folds").set_value(2).run()
    press(app, "Begin the sweep")
    (job,) = job_queues.jobs().jobs
    assert "Sweep of **Nearest neighbours on pixels**" in said(app)
    until(lambda: not job.active)
    assert job.state == "done", job.message
    app.run()
    assert app.selectbox(key="train-sweep-kept").value == job.result and charts(app) == 1
    press(app, "Refit the best as a run")
    refit = job_queues.jobs().jobs[0]
    until(lambda: not refit.active)
    assert refit.state == "done", refit.message
    assert lab.open_run(refit.result).manifest["sweep"]["name"] == job.result
    app.run()
    assert "Evaluate this run" in [one.proto.label for one in app.get("page_link")]
    press(app, f"Delete {job.result}")
    assert sweep_store.list_sweeps() == ([], []) and "No sweep is kept yet" in said(app)


def test_an_address_of_a_sweep_that_is_not_there_is_said(dataset):
    sweep("mine", recipe="pixels-bayes")
    app = page(sweep="other")
    assert not app.exception and "There is no sweep “other” here (any more)" in said(app)
    assert app.selectbox(key="train-sweep-kept").value == "mine"


def test_sweeps_are_their_owners(dataset, monkeypatch):
    monkeypatch.setenv("EMNIST_LAB_MODE", "class")
    for name, owner in (("of-ann", ANN), ("of-bob", BOB), ("of-the-operator", None)):
        sweep(name, recipe="pixels-bayes", owner=owner)
    app = opened("train", ANN, task="Sweep")
    assert set(app.selectbox(key="train-sweep-kept").options) == {"of-ann", "of-the-operator"}
    app.selectbox(key="train-sweep-kept").set_value("of-the-operator").run()
    assert not [one for one in app.button if one.label.startswith("Delete ")]
    app.selectbox(key="train-sweep-kept").set_value("of-ann").run()
    assert "Delete of-ann" in [one.label for one in app.button]
    monkeypatch.setenv("EMNIST_LAB_MODE", "show")
    app = opened("train", ANN, task="Sweep")
    assert not app.exception and "Kept sweeps" not in said(app)


@pytest.mark.parametrize(
    ("spec", "words"),
    [(SweepSpec(RECIPE), "Sweep 42%"), (SweepSpec(RECIPE, against=("hog-lda",)), "Comparing 42%")],
)
def test_a_sweep_that_runs_is_in_the_top_bar(dataset, monkeypatch, spec, words):
    job = Job(spec, "1", state="running", progress={"fraction": 0.421, "at": 0})
    monkeypatch.setattr(job_chips, "_active", lambda: [(job, job_queues.jobs())])
    app = opened("home")
    assert not app.exception and words in [one.proto.label for one in app.get("page_link")]


def test_a_sweep_that_was_interrupted_says_what_is_kept(dataset, monkeypatch):
    stage = "Stage 1 of 1: n_neighbors=1: fold 2, accuracy 0.5000"
    jobs = [
        Job(SweepSpec(RECIPE, name="mine"), "1", "interrupted", stage=stage, begun=1),
        Job(TrainSpec(RECIPE, "digits"), "2", "interrupted", begun=1),
    ]  # fmt: skip
    monkeypatch.setattr("emnist_lab.ui.job_panel.to_show", lambda queue: jobs)
    app = page()
    words = said(app)
    assert "(n_neighbors=1: fold 2, accuracy 0.5000): the fits that ended are kept" in words
    assert [one.label for one in app.button if one.label in ("Go on", "Train again")] == [
        "Go on", "Train again"
    ]  # fmt: skip
