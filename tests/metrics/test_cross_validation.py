"""The corrected resampled t-test, beside a computation by hand and scipy's own t-test."""

import math

import numpy as np
import pytest
from scipy import stats

from emnist_lab.metrics.cross_validation import corrected_t_test


def test_it_is_what_the_formula_gives_by_hand():
    # mean 0.02, s² = (0.01² + 0.01²) / 2 = 0.0001; (1/3 + 1/2) s² = 8.3333e-5, root 0.0091287;
    # t = 0.02 / 0.0091287 = 2.19089; t(0.975, 2) = 4.302653
    found = corrected_t_test([0.02, 0.03, 0.01], train_images=200, test_images=100)
    assert found.mean == pytest.approx(0.02) and found.splits == 3
    assert found.low == pytest.approx(0.02 - 4.302653 * 0.0091287093, abs=1e-8)
    assert found.high == pytest.approx(0.02 + 4.302653 * 0.0091287093, abs=1e-8)
    # with 2 degrees of freedom, p = 1 - t / sqrt(2 + t²)
    t = 0.02 / math.sqrt(5 / 6 * 0.0001)
    assert found.p == pytest.approx(1 - t / math.sqrt(2 + t * t), abs=1e-12)


def test_without_overlap_it_is_the_usual_paired_t_test():
    differences = np.random.default_rng(1).normal(0.01, 0.02, 10)
    found = corrected_t_test(differences, train_images=1e12, test_images=1)
    usual = stats.ttest_1samp(differences, 0)
    low, high = usual.confidence_interval(0.95)
    assert found.p == pytest.approx(usual.pvalue, rel=1e-6)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    wider = corrected_t_test(differences, train_images=2, test_images=1)
    assert wider.p > found.p and wider.high - wider.low > found.high - found.low


def test_splits_that_all_agree():
    same = corrected_t_test([0.1, 0.1, 0.1], 2, 1)
    assert (same.mean, same.low, same.high, same.p) == (0.1, 0.1, 0.1, 0.0)
    equal = corrected_t_test([0.0, 0.0], 2, 1)
    assert (equal.mean, equal.low, equal.high, equal.p) == (0, 0, 0, 1)
    single = corrected_t_test([0.1], 2, 1)
    assert single.mean == 0.1 and all(map(math.isnan, (single.low, single.high, single.p)))


@pytest.mark.parametrize(
    ("differences", "train", "test"),
    [([], 2, 1), ([0.1, math.nan], 2, 1), ([[0.1]], 2, 1), ([0.1, 0.2], 0, 1), ([0.1, 0.2], 2, 0)],
)
def test_what_is_no_comparison_is_refused(differences, train, test):
    with pytest.raises(ValueError, match=r"."):
        corrected_t_test(differences, train, test)
