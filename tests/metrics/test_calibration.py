"""Reliability, abstaining, temperature."""

import numpy as np
import pytest
from helpers import data
from scipy.stats import binomtest

from emnist_lab.metrics import calibration
from emnist_lab.metrics import scores as metrics


def test_bins_hold_every_image_once():
    labels, scores = data(9, 700)
    table = calibration.reliability(labels, scores)
    assert table["images"].sum() == len(labels) and len(table) == calibration.BINS
    known = table.dropna()
    assert ((known["stated"] > known["low"]) & (known["stated"] <= known["high"] + 1e-9)).all()
    right = (known["right"] * known["images"]).sum()
    assert right == pytest.approx((scores.argmax(axis=1) == labels).sum())
    one = known.iloc[len(known) // 2]
    hits = round(one["right"] * one["images"])
    wilson = binomtest(hits, int(one["images"])).proportion_ci(method="wilson")
    assert (one["right_low"], one["right_high"]) == pytest.approx((wilson.low, wilson.high))


def test_a_sure_and_wrong_classifier_and_a_calibrated_one():
    labels = np.array([0, 1, 0, 1])
    sure = np.eye(2)[[0, 0, 0, 0]]
    assert calibration.calibration_error(labels, sure) == 0.5
    half = np.array([[0.500001, 0.499999]] * 4)
    assert calibration.calibration_error(labels, half) == pytest.approx(0, abs=1e-5)


def test_abstaining():
    labels, scores = data(5, 500)
    found = calibration.risk_coverage(labels, scores)
    right, sure = scores.argmax(axis=1) == labels, scores.max(axis=1)
    for threshold in (0.0, 0.3, 0.5, 0.9):
        share, accuracy, rejected = found.at(threshold)
        answered = sure >= threshold
        assert share == answered.mean() and accuracy == pytest.approx(right[answered].mean())
        assert set(rejected) == set(np.flatnonzero(~answered))
        assert (np.diff(sure[rejected]) >= 0).all()
    share, accuracy, rejected = found.at(1.1)
    assert share == 0 and np.isnan(accuracy) and len(rejected) == len(labels)
    table = found.table(50)
    assert table["coverage"].iloc[-1] == 1 and table["accuracy"].iloc[-1] == right.mean()
    assert len(table) == 50 and table["threshold"].is_monotonic_decreasing


def test_the_temperature_that_was_put_in_is_found():
    random = np.random.default_rng(0)
    chance = random.dirichlet(np.full(8, 0.4), 20_000)
    labels = (chance.cumsum(axis=1) < random.random((20_000, 1))).sum(axis=1)
    for true in (0.4, 1.0, 2.5):
        spoilt = calibration.apply_temperature(chance, 1 / true)
        found = calibration.fit_temperature(labels, spoilt)
        assert found == pytest.approx(true, rel=0.05)
        mended = calibration.apply_temperature(spoilt, found)
        assert metrics.log_loss(labels, mended) <= metrics.log_loss(labels, spoilt) + 1e-9
        assert calibration.calibration_error(labels, mended) < 0.02


def test_scaling_keeps_order_and_sum():
    _, scores = data(7, 200)
    for temperature in (0.05, 0.7, 1.0, 20.0):
        out = calibration.apply_temperature(scores, temperature)
        np.testing.assert_allclose(out.sum(axis=1), 1)
        assert (out.argmax(axis=1) == scores.argmax(axis=1)).all()
    np.testing.assert_allclose(calibration.apply_temperature(scores, 1.0), scores)
    certain = calibration.apply_temperature(np.eye(3), 2.0)
    np.testing.assert_array_equal(certain, np.eye(3))
    for bad in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError):
            calibration.apply_temperature(scores, bad)


def test_cross_fitting_sees_no_image_that_it_scales():
    labels, scores = data(4, 400, seed=3)
    plain = calibration.cross_fitted(labels, scores, seed=1)
    np.testing.assert_allclose(plain.sum(axis=1), 1)
    # spoiling one image's scores changes its own fold's temperature for the others only
    spoilt = scores.copy()
    spoilt[0] = np.roll(spoilt[0], 1)
    other = calibration.cross_fitted(labels, spoilt, seed=1)
    same = np.isclose(plain, other, rtol=1e-12, atol=0).all(axis=1)
    assert same[1:].any() and not same[1:].all()
    # and each half has the one temperature that fits the other half best
    logs = np.log(scores[:, :1] / scores[:, 1:2]), np.log(plain[:, :1] / plain[:, 1:2])
    used = (logs[0] / logs[1]).ravel()
    own = np.isclose(used, used[0])
    assert 0.4 < own.mean() < 0.6
    for half in (own, ~own):
        fitted = calibration.fit_temperature(labels[~half], scores[~half])
        np.testing.assert_allclose(used[half], fitted, rtol=1e-9)


def _votes(count=900, classes=5, seed=4):
    """Scores of a vote of few neighbours: most classes have none, the true one at times too."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, count)
    probabilities = np.full((count, classes), 0.4 / (classes - 1))
    probabilities[np.arange(count), labels] = 0.6
    return labels, np.stack([random.multinomial(5, row) for row in probabilities]) / 5


@pytest.mark.parametrize("sharpness", [1, 30, 400], ids=["votes", "sure", "clipped"])
def test_the_loss_that_is_told_is_the_one_that_is_least(sharpness):
    labels, scores = _votes()
    assert (scores[np.arange(len(labels)), labels] == 0).any()
    if sharpness > 1:  # no zeros, but many a probability that the loss clips
        scores = calibration.apply_temperature(scores + 0.05, 1 / sharpness)
    found = calibration.fit_temperature(labels, scores)
    least = metrics.log_loss(labels, calibration.apply_temperature(scores, found))
    losses = [
        metrics.log_loss(labels, calibration.apply_temperature(scores, at))
        for at in np.geomspace(*calibration.RANGE, 301)
    ]
    assert least <= min(losses) + 1e-6
    assert least <= metrics.log_loss(labels, scores) + 1e-9


def test_a_temperature_without_a_minimum_is_a_bound():
    labels = np.arange(40) % 4
    right = np.eye(4)[labels] * 0.6 + 0.1
    assert calibration.fit_temperature(labels, right) == calibration.RANGE[0]
    wrong = np.roll(right, 1, axis=1)
    assert calibration.fit_temperature(labels, wrong) == calibration.RANGE[1]
