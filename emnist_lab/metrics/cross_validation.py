"""Paired differences of cross-validated scores: the corrected resampled t-test."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class PairedDifference:
    """How much higher one score is than another over the same splits.

    Attributes
    ----------
    mean : float
        Mean difference.
    low, high : float
        Its confidence interval; NaN with a single split.
    p : float
        How often a difference as large would come of splits alone, were there none: 0..1,
        two-sided; NaN with a single split.
    splits : int
        How many differences there are.
    """

    mean: float
    low: float
    high: float
    p: float
    splits: int


def corrected_t_test(
    differences: Sequence[float],
    train_images: float,
    test_images: float,
    level: float = 0.95,
) -> PairedDifference:
    """Corrected resampled t-test of paired scores (Nadeau and Bengio 2003).

    Splits share training images, so their scores vary together and the usual variance of a mean,
    ``s² / J``, is too small. It is replaced by ``(1 / J + n_test / n_train) s²``; ``t`` has
    ``J - 1`` degrees of freedom. For repeated k-fold cross-validation see Bouckaert and Frank 2004.

    Parameters
    ----------
    differences : sequence of J float
        Score of one less that of the other, a split each.
    train_images, test_images : float
        Of a split; their mean where splits differ.
    level : float
        Confidence level.

    Returns
    -------
    PairedDifference

    Raises
    ------
    ValueError
        There are no differences, they aren't finite, or the numbers of images aren't above 0.

    Examples
    --------
    >>> found = corrected_t_test([0.02, 0.03, 0.01], train_images=200, test_images=100)
    >>> round(found.mean, 3), round(found.low, 3), round(found.high, 3), round(found.p, 2)
    (0.02, -0.019, 0.059, 0.16)
    >>> corrected_t_test([0.5, 0.5, 0.5], 200, 100).p
    0.0
    """
    values = np.asarray(differences, float)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError("paired differences must be finite numbers, one a split")
    if not (train_images > 0 and test_images > 0):
        raise ValueError("a split has training and test images")
    count, mean = len(values), float(values.mean())
    if count == 1:
        return PairedDifference(mean, math.nan, math.nan, math.nan, 1)
    if np.ptp(values) == 0:  # all alike: nothing varies, whatever rounding makes of the variance
        mean = float(values[0])
        return PairedDifference(mean, mean, mean, float(mean == 0), count)
    error = math.sqrt((1 / count + test_images / train_images) * values.var(ddof=1))
    half = float(stats.t.ppf((1 + level) / 2, count - 1)) * error
    p = 2 * float(stats.t.sf(abs(mean) / error, count - 1))
    return PairedDifference(mean, mean - half, mean + half, p, count)
