"""Runs beside each other: McNemar, disagreements, the front, calibration, the leaderboard."""

import json

import numpy as np
import pytest
from helpers import make_part
from scipy.stats import binom

import emnist_lab as lab
from emnist_lab.errors import RunError
from emnist_lab.evaluation import comparison, leaderboard
from emnist_lab.metrics.calibration import calibration_error
from emnist_lab.metrics.report import Report
from emnist_lab.runs.manifest import MANIFEST, MODEL, SCORES, encode


def pair(both, first, second, neither):
    """Labels and two classifiers' answers with these counts."""
    counts = [both, first, second, neither]
    a, b = np.repeat([1, 1, 0, 0], counts), np.repeat([1, 0, 1, 0], counts)
    return np.ones(sum(counts), int), a, b


def test_mcnemar_counts_and_chance():
    found = comparison.mcnemar(*pair(50, 9, 2, 39))
    assert (found.both, found.first, found.second, found.neither) == (50, 9, 2, 39)
    # 2 (1 + 11 + 55) / 2^11: at most two tails among eleven tosses, or at most two heads
    assert found.p_value == pytest.approx(2 * (1 + 11 + 55) / 2**11)
    assert not found.significant and found.images == 100
    assert found.difference == pytest.approx(0.07)
    # Bonett and Price: (10 - 3) / 102 ± 1.96 sqrt((13/102 - (7/102)²) / 102)
    half = 1.959964 * np.sqrt((13 / 102 - (7 / 102) ** 2) / 102)
    assert (found.low, found.high) == pytest.approx((7 / 102 - half, 7 / 102 + half), abs=1e-7)
    lopsided = comparison.mcnemar(*pair(50, 30, 10, 10))
    assert lopsided.p_value == pytest.approx(2 * binom.cdf(10, 40, 0.5)) and lopsided.significant
    assert lopsided.low > 0


def test_mcnemar_of_equals_and_of_nothing():
    same = comparison.mcnemar(*pair(5, 0, 0, 5))
    assert same.p_value == 1 and same.difference == 0 and same.low == -same.high < 0
    with pytest.raises(ValueError, match="no images"):
        comparison.mcnemar([], [], [])
    with pytest.raises(ValueError, match="shapes"):
        comparison.mcnemar([1, 2], [1, 2], [1])


def test_the_interval_holds_the_truth_as_often_as_it_says():
    random = np.random.default_rng(3)
    probabilities = [0.7, 0.12, 0.06, 0.12]
    held = [
        found.low <= 0.06 <= found.high
        for draw in random.multinomial(200, probabilities, size=600)
        for found in [comparison.mcnemar(*pair(*draw))]
    ]
    assert 0.93 <= np.mean(held) <= 0.98


def reports():
    labels = np.array([0, 0, 1, 1, 2, 2])
    first = np.eye(3)[[0, 0, 1, 0, 1, 2]] * 0.6 + 0.4 / 3
    second = np.eye(3)[[0, 1, 0, 1, 0, 2]] * 0.3 + 0.7 / 3
    first[1] = [0.9, 0.05, 0.05]
    return tuple(Report(labels, scores, list("abc")) for scores in (first, second))


def test_disagreements_most_confident_first():
    one, other = reports()
    found = comparison.disagreements(one, other)
    assert found.first.tolist() == [1, 2] and found.second.tolist() == [3]
    assert found.neither.tolist() == [4]
    table = comparison.differing_predictions(one, other)
    assert table["image"].tolist() == [1, 2, 3, 4]
    assert table.loc[0, ["true", "first", "second"]].tolist() == ["a A", "a A", "b B"]
    assert table.loc[0, "first_probability"] == 0.9
    by_class = comparison.disagreements_by_class(one, other, count=3)
    assert len(by_class) == 3 and by_class["images"].sum() == 3
    elsewhere = Report(other.labels[::-1], other.scores, other.classes)
    with pytest.raises(RunError, match="different images"):
        comparison.disagreements(one, elsewhere)


def test_pareto_equals_its_definition():
    random = np.random.default_rng(0)
    times, shares = random.integers(1, 9, 60) * 1.0, random.integers(1, 9, 60) / 10
    times[5] = np.nan
    for index, on in enumerate(leaderboard.pareto(times, shares)):
        beaten = any(
            (t <= times[index] and s >= shares[index]) and (t < times[index] or s > shares[index])
            for t, s in zip(times, shares, strict=True)
        )
        assert on == (index != 5 and not beaten)
    assert leaderboard.pareto([1, 1], [0.5, 0.5]).all()


def test_calibration_error_equals_a_plain_one():
    random = np.random.default_rng(1)
    scores = random.dirichlet(np.ones(4) * 0.4, 500)
    labels = random.integers(0, 4, 500)
    sure, right = scores.max(axis=1), scores.argmax(axis=1) == labels
    for bins in (1, 7, 15):
        error = 0.0
        for place in range(bins):
            inside = (sure > place / bins) & (sure <= (place + 1) / bins)
            if inside.any():
                error += inside.mean() * abs(right[inside].mean() - sure[inside].mean())
        assert calibration_error(labels, scores, bins) == pytest.approx(error, abs=1e-12)
    certain = np.eye(4)[labels]
    assert calibration_error(labels, certain) == 0
    assert calibration_error((labels + 1) % 4, certain) == 1
    # three votes of five lie on the edge of two bins, however they were rounded
    votes = np.array([[0.6, 0.4], [np.nextafter(0.6, 1), 0.4]])
    assert calibration_error([0, 1], votes) == pytest.approx(0.1)


@pytest.fixture(scope="module")
def digits():
    train, test = make_part("digits", 12, 3), make_part("digits", 8, 4, "test")
    return train, test, make_part("digits", 5, 9, "test")


def test_the_leaderboard_of_old_and_new_runs(digits, home):
    train, test, other = digits
    kept = lab.fit("pixels-logistic", train, test).save("new")
    old = lab.fit("pixels-logistic", train.sample(60), test).save("old")
    lab.fit("pixels-logistic", train).save("bare")
    elsewhere = lab.fit("pixels-logistic", train, other).save("elsewhere")
    manifest = json.loads((old.folder / MANIFEST).read_text())
    expected = manifest["scores"].pop("calibration_error")
    manifest["timings"].pop("one_ms", None)
    manifest["created"] = "yesterday"
    (old.folder / MANIFEST).write_bytes(encode(manifest))
    found = [run for run in lab.list_runs()[0] if not run.shipped]
    table = leaderboard.leaderboard(found).set_index("run")
    assert set(table.index) == {"new", "old", "bare", "elsewhere"}
    assert table.loc["old", "calibration_error"] == pytest.approx(expected, rel=1e-12)
    assert np.isnan(table.loc["old", "one_ms"]) and np.isnan(table.loc["bare", "accuracy"])
    assert table.loc["new", "accuracy"] == kept.manifest["scores"]["accuracy"]
    assert table.loc["new", "bytes"] == (kept.folder / MODEL).stat().st_size
    assert table.loc["new", "train_images"] == 120 and not table.loc["new", "shipped"]
    assert table["accuracy"].dropna().is_monotonic_decreasing
    parts = leaderboard.test_parts(found)
    assert list(parts.values()) == [test.fingerprint, other.fingerprint]
    comparison.check_pair(kept, lab.open_run("old"))
    with pytest.raises(RunError, match="can't be compared"):
        comparison.check_pair(kept, elsewhere)
    with pytest.raises(RunError, match="no test scores"):
        comparison.check_pair(kept, lab.open_run("bare"))
    (kept.folder / SCORES).write_bytes(b"other")
    assert leaderboard.leaderboard([lab.open_run("new")]).loc[0, "accuracy"] > 0


def test_parts_of_one_name_are_told_apart(digits):
    train, _, other = digits
    same = make_part("digits", 5, 10, "test")
    found = [lab.fit("pixels-logistic", train, part) for part in (other, same)]
    names = list(leaderboard.test_parts(found))
    assert names[0] != names[1] and other.fingerprint[:8] in names[0]
    with pytest.raises(RunError, match="other images by the same name"):
        for run in found:
            run.manifest["files"] = {SCORES: {}}
        comparison.check_pair(*found)
