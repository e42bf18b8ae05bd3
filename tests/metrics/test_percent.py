"""Shares for people: rounding never makes a part the whole, or something nothing."""

import pytest

from emnist_lab.metrics.definitions import METRICS, get
from emnist_lab.metrics.percent import percent, percentage_points


@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_only_all_is_a_hundred_and_only_nothing_is_zero(decimals):
    whole, none = percent(1, decimals), percent(0, decimals)
    assert whole.startswith("100") and none.startswith("0")
    for share in (1 - 1e-9, 0.99996, 0.9951):
        assert percent(share, decimals) != whole and percent(share, decimals).startswith("99")
    for share in (1e-9, 0.00001):
        assert percent(share, decimals).startswith("<")
    assert len(whole.partition(".")[2]) == len(percent(0.999, decimals).partition(".")[2])


def test_differences_are_percentage_points():
    assert percentage_points(0.9062 - 0.8777) == "+2.85 pp"
    assert percentage_points(-0.1, 1) == "-10.0 pp" and percentage_points(0) == "0.00 pp"
    assert percentage_points(0.01, unit="") == "+1.00"


def test_metrics_are_written_so_too():
    assert get("accuracy").format(0.999999) == "99.99%" and get("accuracy").format(1) == "100.00%"
    assert get("accuracy").format_interval(0.9, 0.9999) == "90.0 – 99.9%"
    assert [one.name for one in METRICS if "AUC" in one.name and one.is_headline] == ["ROC AUC"]
