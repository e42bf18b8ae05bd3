"""Cross-validated comparisons on the Compare page."""

from types import SimpleNamespace

import pytest
from helpers import opened, said

import emnist_lab as lab
from emnist_lab.commands.job_queue import Job
from emnist_lab.commands.specs import SweepSpec
from emnist_lab.metrics import definitions
from emnist_lab.server.visitor import owner_id
from emnist_lab.ui.compare import cross_validation

ANN, BOB = owner_id("ann"), owner_id("bob")
BOTH = ["pixels-bayes", "pixels-tree"]


@pytest.fixture(autouse=True)
def dataset(folder, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", str(folder))


@pytest.fixture
def digits(folder):
    return lab.load("digits", "train", folder)


@pytest.fixture
def submitted(monkeypatch):
    """What is submitted; nothing is begun."""
    found = []
    monkeypatch.setattr(
        "emnist_lab.commands.job_queue.JobQueue.submit",
        lambda self, spec, **more: found.append(spec) or Job(spec),
    )
    return found


def begin(app):
    app.button(key="compare-sweep-begin").click().run()
    assert not app.exception


def test_recipes_are_chosen_and_compared(submitted):
    app = opened("compare")
    assert not app.exception and "No comparison is kept yet" in said(app)
    app.multiselect(key="compare-sweep-recipes").set_value(BOTH)
    app.selectbox(key="compare-sweep-split").set_value("digits")
    app.number_input(key="compare-sweep-folds").set_value(2)
    app.number_input(key="compare-sweep-repeats").set_value(3).run()
    assert "12 fits, about" in said(app)
    begin(app)
    assert submitted == [
        SweepSpec(
            BOTH[0], against=(BOTH[1],), folds=2, repeats=3, split="digits", images=80,
            name="comparison-digits-80",
        )
    ]  # fmt: skip
    app.multiselect(key="compare-sweep-recipes").set_value(BOTH[:1]).run()
    assert app.button(key="compare-sweep-begin").disabled


def test_many_fits_are_asked_about_and_too_many_folds_refused(submitted):
    app = opened("compare")
    app.multiselect(key="compare-sweep-recipes").set_value(["hog-lda", "pixels-lda"])
    app.selectbox(key="compare-sweep-split").set_value("digits")
    app.number_input(key="compare-sweep-repeats").set_value(20)
    app.number_input(key="compare-sweep-folds").set_value(8).run()
    begin(app)
    assert "These are 320 fits" in said(app) and not submitted
    app.button(key="compare-sweep-yes").click().run()
    assert len(submitted) == 1 and "These are" not in said(app)
    app.number_input(key="compare-sweep-folds").set_value(9).run()  # of 8 images a class
    begin(app)
    assert len(app.error) == 1 and len(submitted) == 1


def test_a_kept_comparison_says_who_is_better_by_how_much(digits):
    found = lab.compare_recipes([*BOTH, "hog-lda"], digits, folds=2, repeats=2, name="three")
    lab.sweep("pixels-bayes", digits, folds=2, name="none")
    app = opened("compare")
    assert not app.exception and not app.error
    assert app.selectbox(key="compare-sweep-kept").options == ["three"]
    rows = lab.paired_differences(found)
    accuracy = definitions.get("accuracy")
    words = said(app)
    for row in rows[:2].itertuples():
        assert cross_validation.verdict(row, accuracy).replace("\\", "") in words
    assert "4 splits are few" in words and "Each interval is for its pair alone" in words
    differences = app.dataframe[-2].value
    assert differences["difference"].tolist() == pytest.approx(100 * rows["difference"])
    assert (differences["low"] <= differences["high"]).all()
    table = app.dataframe[-1].value
    assert list(table["recipe"]) == [one.candidate.recipe for one in found.ranking]
    app.selectbox(key="compare-sweep-metric").set_value("log_loss").run()
    assert not app.exception and "log loss " in said(app)
    next(one for one in app.button if one.label == "Delete three").click().run()
    assert not app.exception and "No comparison is kept yet" in said(app)


@pytest.mark.parametrize(
    ("metric", "low", "high", "words"),
    [
        ("accuracy", 0.01, 0.03, "**one** is better than **other**: accuracy +2.00 pp"),
        ("log_loss", 0.01, 0.03, "**one** is worse than **other**: log loss +0.0200"),
        ("accuracy", -0.01, 0.05, "**one** and **other** can't be told apart by these folds"),
        ("accuracy", float("nan"), float("nan"), "A single split has no interval"),
    ],
)
def test_a_verdict_follows_the_interval(metric, low, high, words):
    row = SimpleNamespace(better="one", other="other", difference=0.02, low=low, high=high, p=0.04)
    assert words in cross_validation.verdict(row, definitions.get(metric))


def test_comparisons_are_their_owners(digits, monkeypatch):
    monkeypatch.setenv("EMNIST_LAB_MODE", "class")
    for name, owner in (("of-ann", ANN), ("of-bob", BOB)):
        lab.compare_recipes(BOTH, digits, folds=2, name=name, owner=owner)
    app = opened("compare", ANN)
    assert app.selectbox(key="compare-sweep-kept").options == ["of-ann"]
    monkeypatch.setenv("EMNIST_LAB_MODE", "show")
    assert "Cross-validated comparison" not in said(opened("compare"))
