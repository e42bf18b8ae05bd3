"""A metric is defined in one place: what is added to the list shows everywhere."""

import numpy as np
import pytest
from helpers import answer, call, data, opened

from emnist_lab.evaluation import html_report
from emnist_lab.evaluation.evaluation import stored_evaluation
from emnist_lab.evaluation.leaderboard import leaderboard
from emnist_lab.metrics import bootstrap, definitions
from emnist_lab.metrics.definitions import METRICS, Metric
from emnist_lab.metrics.report import Report
from emnist_lab.runs.registry import list_runs, open_run

BRIER = Metric(
    "brier",
    "Brier score",
    "Brier",
    "Mean squared distance between probabilities and the true class.",
    value_format=".3f",
    table_format=".2f",
    interval_format=".2f",
    higher_is_better=False,
    per_image=lambda report: (
        (report.scores - np.eye(report.scores.shape[1])[report.labels]) ** 2
    ).sum(axis=1),
)


@pytest.fixture
def added(monkeypatch):
    """One more metric in the list."""
    monkeypatch.setattr(definitions, "METRICS", [*METRICS, BRIER])


def test_an_added_metric_has_a_value_and_an_interval(added):
    report = Report(*data(classes=3, rows=60), list("ABC"))
    value = report.summary()["brier"]
    assert 0 < value < 2
    low, high = bootstrap.intervals(report, replicates=200).of["brier"]
    assert low < value < high


def test_an_added_metric_shows_on_the_summary_and_the_leaderboard(added):
    evaluate = opened("evaluate", run="hog-qda")
    assert not evaluate.exception and not evaluate.error
    shown = {one.label: one.value for one in evaluate.metric}
    value = open_run("hog-qda").report().summary()["brier"]
    assert shown["Brier score"] == f"{value:.3f}"
    compare = opened("compare")
    assert not compare.exception and not compare.error
    table = compare.dataframe[0].value.set_index("run")
    assert table.loc["hog-qda", "brier"] == pytest.approx(value)
    assert leaderboard(list_runs()[0])["brier"].to_numpy() == pytest.approx(table["brier"])


def test_an_added_metric_shows_on_the_command_line_and_in_the_html_report(added, capfd):
    words, _ = call(capfd, "evaluate", "--run", "hog-qda", "--stored")
    assert "brier" in words
    value = open_run("hog-qda").report().summary()["brier"]
    told = answer(capfd, "evaluate", "--run", "hog-qda", "--stored")
    assert told["brier"] == pytest.approx(value)
    text = html_report.document(stored_evaluation(open_run("hog-qda")), [])
    assert f"Brier score<b>{value:.3f}</b>" in text


def test_keys_are_those_of_manifests():
    assert [one.key for one in METRICS] == [
        "accuracy", "top3_accuracy", "log_loss", "roc_auc_ovo", "roc_auc_ovr", "calibration_error",
    ]  # fmt: skip
    assert set(open_run("hog-qda").manifest["scores"]) <= {one.key for one in METRICS}
    with pytest.raises(KeyError):
        definitions.get("brier")


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_every_metric_can_be_written(metric):
    report = Report(*data(classes=3, rows=20), list("ABC"))
    value = metric.compute(report)
    assert metric.format(value) not in ("", "–") and metric.format(np.nan) == "–"
    assert metric.help.startswith(metric.definition)
    assert report.summary()[metric.key] == pytest.approx(value)
    assert getattr(report, metric.key) == pytest.approx(value)
