"""Areas under ROC curves and bootstrap intervals, held against scikit-learn's and plain loops."""

import warnings

import numpy as np
import pytest
import sklearn.metrics as sk
from helpers import data

from emnist_lab.metrics import bootstrap
from emnist_lab.metrics.report import Report
from emnist_lab.metrics.roc import RocAuc

NAMES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("classes", [3, 20])
def test_every_average_equals_scikit_learns(ties, uneven, classes):
    labels, scores = data(classes, 900, ties=ties, uneven=uneven)
    table = RocAuc(labels, scores).table()
    for name, value in table.items():
        kind, average = name.split("_")
        expected = sk.roc_auc_score(labels, scores, multi_class=kind, average=average)
        assert value == pytest.approx(expected, abs=1e-12), name


@pytest.mark.parametrize("ties", [False, True])
def test_pairs_equal_the_textbook_way(ties):
    labels, scores = data(5, 200, ties=ties, uneven=True)
    found = RocAuc(labels, scores).pairwise
    assert np.isnan(np.diag(found)).all()
    for a in range(5):
        for b in range(a + 1, 5):
            both = np.isin(labels, (a, b))
            areas = [sk.roc_auc_score(labels[both] == one, scores[both, one]) for one in (a, b)]
            assert found[a, b] == found[b, a] == pytest.approx(np.mean(areas), abs=1e-12)


def test_classes_that_never_occur_are_left_out():
    labels, scores = data(6, 400)
    keep = labels % 5 > 0  # neither 0 nor 5
    aucs = RocAuc(labels[keep], scores[keep])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = aucs.table()
        pairwise = aucs.pairwise
    assert np.isfinite(list(table.values())).all()
    assert np.isnan(pairwise[[0, 5]]).all() and np.isnan(aucs.each[[0, 5]]).all()
    inside = RocAuc(labels[keep] - 1, scores[keep, 1:5])
    for name in ("ovo_macro", "ovo_weighted", "ovr_macro", "ovr_weighted"):
        assert table[name] == inside.table()[name]
    alone = RocAuc(np.zeros(4, int), scores[:4])
    assert np.isnan(
        [alone.ovo_macro, alone.ovo_weighted, alone.ovr_macro, alone.ovr_weighted]
    ).all()


def test_one_versus_one_and_one_versus_rest_agree_where_classes_are_equally_frequent():
    labels, scores = data(5, 400)
    count = np.bincount(labels).min()
    even = np.concatenate([np.flatnonzero(labels == one)[:count] for one in range(5)])
    aucs = RocAuc(labels[even], scores[even])
    macros = [aucs.ovo_macro, aucs.ovo_weighted, aucs.ovr_macro, aucs.ovr_weighted]
    assert aucs.balanced and macros == pytest.approx([aucs.ovo_macro] * 4, abs=1e-12)
    uneven = np.concatenate([even, np.flatnonzero(labels == 0)[:1], even[labels[even] == 1]])
    others = RocAuc(labels[uneven], scores[uneven])
    assert not others.balanced and abs(others.ovo_macro - others.ovr_macro) > 1e-6
    assert not RocAuc(np.zeros(3, int), scores[:3]).balanced  # there is no pair


@pytest.mark.parametrize("ties", [False, True])
def test_a_replicate_is_the_report_on_the_images_that_were_drawn(ties):
    labels, scores = data(6, 150, ties=ties, uneven=True)
    report = Report(labels, scores, list("ABCDEF"))
    weights = bootstrap._weights(labels, 4, np.random.default_rng(3))
    found = bootstrap._replicate(report, weights)
    for row, drawn in enumerate(weights.astype(int)):
        assert (np.bincount(labels, weights=drawn) == np.bincount(labels)).all()
        again = np.repeat(np.arange(len(labels)), drawn)
        expected = Report(labels[again], scores[again], list("ABCDEF")).summary()
        for name, values in found.items():
            assert values[row] == pytest.approx(expected[name], abs=1e-12), name


def test_intervals_hold_what_they_promise():
    """Of 95 % intervals on new samples, about 95 % hold the true number."""
    random = np.random.default_rng(1)
    labels = np.repeat(np.arange(3), 20_000)
    logits = random.normal(size=(60_000, 3))
    logits[np.arange(60_000), labels] += 1
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    true = Report(labels, scores, list("ABC")).summary()
    held = dict.fromkeys(("accuracy", "roc_auc_ovo", "log_loss"), 0)
    for turn in range(100):
        rows = np.concatenate([random.choice(np.flatnonzero(labels == c), 100) for c in range(3)])
        sample = Report(labels[rows], scores[rows], list("ABC"))
        found = bootstrap.intervals(sample, replicates=300, seed=turn)
        for name in held:
            low, high = found.of[name]
            held[name] += low <= true[name] <= high
    assert all(88 <= count <= 99 for count in held.values()), held


def test_intervals_are_seeded_and_say_how_they_were_made():
    labels, scores = data(47, 900)
    report = Report(labels, scores, list(NAMES))
    one, two = (bootstrap.intervals(report, seed=4, replicates=50) for _ in range(2))
    assert one == two and one.replicates == 50 and one.seed == 4 and one.level == 0.95
    assert bootstrap.intervals(report, seed=5, replicates=50) != one
    values = report.summary()
    for name, (low, high) in bootstrap.intervals(report, replicates=200).of.items():
        assert low < values[name] < high
    alone = Report(np.zeros(9, int), scores[:9], list(NAMES))
    found = bootstrap.intervals(alone, replicates=20).of
    assert np.isnan(found["roc_auc_ovo"]).all() and np.isfinite(found["accuracy"]).all()


def test_without_an_error_an_interval_is_no_point():
    """Draws from images that are all read right are all alike, which isn't certainty."""
    labels = np.repeat(np.arange(3), 20)
    scores = np.full((60, 3), 0.1)
    scores[np.arange(60), labels] = 0.8
    found = bootstrap.intervals(Report(labels, scores, list("ABC")), replicates=50).of
    low, high = found["accuracy"]
    assert low == pytest.approx(60 / (60 + 1.959964**2), abs=1e-6) and high == pytest.approx(1)
    assert np.isnan(found["roc_auc_ovo"]).all() and np.isnan(found["log_loss"]).all()
