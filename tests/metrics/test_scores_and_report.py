"""Numbers, held against scikit-learn's."""

import warnings

import numpy as np
import pytest
import sklearn.metrics as sk
from helpers import data

from emnist_lab import metrics
from emnist_lab.metrics.report import Report


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("classes", [2, 3, 47])
def test_auc_equals_scikit_learns(ties, uneven, classes):
    labels, scores = data(classes, 900, ties=ties, uneven=uneven)
    if classes == 2:  # scikit-learn takes one column there; one-vs-one of two is the plain AUC
        expected = sk.roc_auc_score(labels, scores[:, 1])
        assert metrics.roc_auc_ovo(labels, scores) == pytest.approx(expected, abs=1e-12)
        return
    for kind, ours in (("ovo", metrics.roc_auc_ovo), ("ovr", metrics.roc_auc_ovr)):
        expected = sk.roc_auc_score(labels, scores, multi_class=kind)
        assert ours(labels, scores) == pytest.approx(expected, abs=1e-12)


def test_perfect_and_useless_scores():
    labels = np.repeat(np.arange(4), 5)
    assert metrics.roc_auc_ovo(labels, np.eye(4)[labels]) == 1
    assert metrics.roc_auc_ovo(labels, np.full((20, 4), 0.25)) == 0.5
    assert metrics.log_loss(labels, np.full((20, 4), 0.25)) == pytest.approx(np.log(4))


def test_simple_numbers_equal_scikit_learns():
    labels, scores = data(9, 600, uneven=True)
    report = Report(labels, scores, list("ABCDEFGHI"))
    predicted = scores.argmax(axis=1)
    assert report.accuracy == sk.accuracy_score(labels, predicted)
    assert report.top3_accuracy == sk.top_k_accuracy_score(labels, scores, k=3)
    assert report.log_loss == pytest.approx(sk.log_loss(labels, scores), rel=1e-12)
    np.testing.assert_array_equal(report.confusion, sk.confusion_matrix(labels, predicted))
    precision, recall, f1, support = sk.precision_recall_fscore_support(
        labels, predicted, zero_division=0
    )
    table = report.per_class
    np.testing.assert_allclose(table["precision"].fillna(0), precision)
    np.testing.assert_allclose(table["recall"], recall)
    np.testing.assert_allclose(table["f1"], f1)
    np.testing.assert_array_equal(table["support"], support)
    each = sk.roc_auc_score(labels, scores, multi_class="ovr", average=None)
    np.testing.assert_allclose(table["auc"], each, atol=1e-12)


def test_certain_errors_cost_what_scikit_learn_says():
    scores = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    labels = np.array([0, 0, 1])
    assert metrics.log_loss(labels, scores) == pytest.approx(sk.log_loss(labels, scores))


def test_classes_that_never_occur_are_left_out_and_named():
    labels, scores = data(5, 300)
    keep = labels != 2
    labels, scores = labels[keep], scores[keep]
    report = Report(labels, scores, list("ABCDE"))
    assert report.absent == ["C c"]
    present = [0, 1, 3, 4]
    renumbered = np.searchsorted(present, labels)
    assert report.roc_auc_ovo == pytest.approx(metrics.roc_auc_ovo(renumbered, scores[:, present]))
    assert np.isfinite(list(report.summary().values())).all()
    assert np.isnan(report.per_class["auc"][2]) and np.isnan(report.per_class["recall"][2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, hits = report.roc_curves
    assert np.isnan(hits[2]).all() and np.isfinite(hits[present]).all()


def test_pairs_in_words():
    labels = np.array([0] * 10 + [1] * 10)
    scores = np.eye(3)[[1] * 4 + [0] * 6 + [1] * 9 + [2]]
    report = Report(labels, scores, ["L", "1", "F"])
    pairs = report.confused_pairs()
    assert list(pairs.iloc[0]) == ["L l", "1", 4, 10, 0.4]
    assert len(pairs) == 2
    assert report.most_missed() == ("L l", 0.6)
    perfect = Report(labels, np.eye(3)[labels], ["L", "1", "F"])
    assert perfect.most_missed() is None and perfect.confused_pairs().empty


def test_curves_have_the_area_of_the_auc():
    labels, scores = data(4, 3000)
    report = Report(labels, scores, list("ABCD"))
    rates, hits = report.roc_curves
    area = np.trapezoid(hits, rates, axis=1)
    np.testing.assert_allclose(area, report.per_class["auc"], atol=5e-3)


@pytest.mark.parametrize(
    ("labels", "scores"),
    [
        ([0, 1], [[0.5, 0.5]]),
        ([], np.zeros((0, 2))),
        ([0, 2], [[0.5, 0.5], [0.5, 0.5]]),
        ([0, -1], [[0.5, 0.5], [0.5, 0.5]]),
        ([0, 1], [[np.nan, 0.5], [0.5, 0.5]]),
        ([0, 1], [0.5, 0.5]),
    ],
)
def test_what_does_not_fit_is_refused(labels, scores):
    with pytest.raises(ValueError):
        metrics.roc_auc_ovo(labels, scores)
