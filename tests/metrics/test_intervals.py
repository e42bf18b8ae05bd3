"""Wilson's interval, by the formula and at the ends."""

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from emnist_lab.metrics.intervals import wilson


def test_the_interval_is_wilsons():
    z = norm.ppf(0.975)
    share, count = 0.7, 10
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z * np.sqrt(share * 0.3 / count + z**2 / (4 * count**2)) / (1 + z**2 / count)
    assert wilson(0.7, 10) == pytest.approx((middle - half, middle + half))
    known = binomtest(3, 17).proportion_ci(0.9, "wilson")
    assert wilson(3 / 17, 17, 0.9) == pytest.approx((known.low, known.high))


def test_nothing_and_everything_end_exactly():
    assert wilson(0, 1)[0] == 0 and wilson(1, 1)[1] == 1
    assert np.isnan(wilson(np.nan, 0)).all()
