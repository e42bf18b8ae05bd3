"""The Compare page through Streamlit's own test harness."""

import pytest
from helpers import make_part, opened, said

import emnist_lab as lab
from emnist_lab.commands.specs import CurveSpec
from emnist_lab.evaluation import comparison, figures, leaderboard
from emnist_lab.metrics.percent import percentage_points
from emnist_lab.runs import curve_store, learning_curve


def galleries(app) -> list[str]:
    kinds = ("bidi_component", "component_instance")
    names = [one.proto.component_name for kind in kinds for one in app.get(kind)]
    return [name for name in names if name == "emnist_lab_gallery"]


def test_shipped_runs_beside_each_other():
    app = opened("compare")
    assert not app.exception and not app.error
    table = app.dataframe[0].value
    assert list(table["run"])[-1] == "pixels-logistic"  # the least accurate
    assert list(table["open"])[-1] == "evaluate?run=pixels-logistic"
    scores = lab.open_run("hog-qda").manifest["scores"]
    assert (
        100 * scores["accuracy"] in list(table["accuracy"]) and (table["from"] == "shipped").all()
    )
    assert table["calibration_error"].between(0, 20).all()
    words = said(app)
    assert "Diamonds lie on the Pareto front" in words and "significant at 5%" in words
    # the demo set is in use, and the runs were measured on other images
    assert "The images themselves can't be shown" in words and "Only " not in words
    assert "No learning curve is kept yet" in words


def test_the_address_names_the_pair():
    app = opened("compare", first="pixels-logistic", second="hog-qda")
    reports = [lab.open_run(name).report() for name in ("pixels-logistic", "hog-qda")]
    test = comparison.mcnemar(reports[0].labels, *(one.predicted for one in reports))
    words = said(app)
    said_of = f"**pixels-logistic** is correct on {test.first:,} images that **hog-qda** misclass"
    assert said_of in words
    assert "**hog-qda** is better than **pixels-logistic**" in words
    metric = next(one for one in app.metric if one.label == "Difference of accuracies")
    assert metric.value == percentage_points(test.difference) and metric.value.startswith("-")
    app.selectbox(key="compare-second").set_value("pixels-logistic").run()
    assert not app.exception and "A run agrees with itself" in said(app)
    assert app.query_params["second"] in ("pixels-logistic", ["pixels-logistic"])


def test_another_pages_choice_by_the_same_name_is_not_taken():
    app = opened("samples", split="balanced", part="test", reader="hog-qda", first="surest first")
    assert not app.exception
    app.switch_page("pages/compare.py").run()
    runs = {run.name for run in lab.list_runs()[0]}
    assert not app.exception and {app.selectbox(key="compare-first").value} <= runs
    assert "which the address asks for" not in said(app)


def test_the_pair_follows_the_address():
    app = opened("compare", first="pixels-logistic", second="hog-qda")
    app.query_params["first"] = "warped-blend"  # as the browser's history does
    app.run()
    assert not app.exception and app.selectbox(key="compare-first").value == "warped-blend"
    assert app.selectbox(key="compare-second").value == "hog-qda"
    app.query_params["first"] = "no-such-run"
    app.run()
    best = app.dataframe[0].value["run"].iloc[0]
    assert not app.exception and app.selectbox(key="compare-first").value == best
    assert "no run with test scores “no-such-run” here" in said(app)
    app.selectbox(key="compare-first").set_value("hog-qda").run()
    assert "which the address asks for" not in said(app)


def test_the_pair_is_kept_while_another_page_is_open():
    app = opened("compare")
    app.selectbox(key="compare-second").set_value("pixels-logistic").run()
    app.switch_page("pages/samples.py").run()
    del app.query_params["second"]  # as the browser does for another page
    app.run()
    app.switch_page("pages/compare.py").run()
    assert not app.exception and app.selectbox(key="compare-second").value == "pixels-logistic"
    assert app.query_params["second"] in ("pixels-logistic", ["pixels-logistic"])


@pytest.fixture
def own(folder, monkeypatch):
    """Two runs on the digits at hand, one on other digits."""
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    train, test = (lab.load("digits", part, folder) for part in ("train", "test"))
    lab.fit("pixels-logistic", train, test).save("plain")
    lab.fit("pixels-logistic", train.sample(20), test).save("few")
    lab.fit("pixels-logistic", train, make_part("digits", 4, 9, "test")).save("elsewhere")


def test_images_show_where_they_are_at_hand(own):
    app = opened("compare", first="plain", second="few")
    assert not app.exception and not app.error
    words = said(app)
    found = comparison.disagreements(*(lab.open_run(n).report() for n in ("plain", "few")))
    assert f"**Only plain is correct**: {len(found.first)}" in words
    assert f"Image {found.first[0]} is" in words and "can't be shown" not in words
    assert len(galleries(app)) == 1 + (len(found.second) > 0)


def test_runs_on_different_images_are_not_compared(own):
    app = opened("compare", first="plain", second="elsewhere")
    assert not app.exception and len(app.error) == 1
    assert "plain and elsewhere can't be compared" in said(app)
    parts = leaderboard.test_parts(lab.list_runs()[0])
    app.selectbox(key="test").set_value(next(n for n in parts if "(40 images" in n)).run()
    assert not app.exception and list(app.dataframe[0].value["run"]) == ["elsewhere"]


def test_what_is_asked_to_be_measured(own, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "emnist_lab.commands.job_queue.JobQueue.submit",
        lambda self, spec, **more: asked.append(spec) or spec,
    )
    app = opened("compare")
    app.multiselect(key="compare-curve-recipes").set_value(["hog-qda", "pixels-logistic"])
    app.selectbox(key="compare-curve-split").set_value("digits")
    app.selectbox(key="compare-curve-most").set_value("5,000").run()
    next(one for one in app.button if one.label == "Measure").click().run()
    assert not app.exception
    assert asked == [
        CurveSpec("hog-qda", "digits", 5_000), CurveSpec("pixels-logistic", "digits", 5_000)
    ]  # fmt: skip


def test_kept_curves_show_and_are_deleted(folder):
    train, test = (lab.load("digits", part, folder) for part in ("train", "test"))
    first, last = learning_curve.fit_learning_curve("pixels-logistic", train, test, (20, 80))
    curve_store.save(last, "whole")
    curve_store.save(first, "stopped")
    other = make_part("digits", 4, 9, "test")
    curve_store.keep(
        learning_curve.fit_learning_curve("pixels-logistic", train, other, (20,)), "elsewhere"
    )
    app = opened("compare")
    app.multiselect(key="compare-curves").set_value(["whole", "stopped"]).run()
    assert not app.exception and "stopped was stopped after 1 of 2 sizes" in said(app)
    assert len(app.get("vega_lite_chart")) == 3
    app.multiselect(key="compare-curves").set_value(["whole", "elsewhere"]).run()
    assert "shown apart" in said(app) and len(app.get("vega_lite_chart")) == 5
    next(one for one in app.button if one.label == "Delete elsewhere").click().run()
    assert not app.exception
    assert {curve.name for curve in curve_store.list_curves()[0]} == {"whole", "stopped"}


def test_figures_are_drawn(folder):
    train, test = (lab.load("digits", part, folder) for part in ("train", "test"))
    *_, curve = learning_curve.fit_learning_curve("pixels-logistic", train, test, (20, 80))
    table = leaderboard.leaderboard(lab.list_runs()[0])
    table["front"] = leaderboard.pareto(table["fit_s"], table["accuracy"])
    for dark in (False, True):
        drawn = figures.encode(figures.tradeoff_figure(table, dark), "svg", "on $what$")
        assert b"<svg" in drawn and b"hog-qda" in drawn
        assert figures.encode(figures.learning_figure(curve.table(), dark))[:4] == b"\x89PNG"
