"""Confidence intervals of a share."""

import numpy as np
from scipy.stats import norm


def wilson(share, count, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's (1927) interval of a share.

    Parameters
    ----------
    share : array-like
        0..1.
    count : array-like
        Of how many; NaN comes out where it is 0.
    level : float
        Confidence level.

    Returns
    -------
    low, high : ndarray of float64
        0..1.

    Examples
    --------
    >>> low, high = wilson(0.9, 10)
    >>> round(float(low), 3), round(float(high), 3)
    (0.596, 0.982)
    """
    share, count = np.asarray(share, float), np.asarray(count, float)
    z = norm.ppf((1 + level) / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
        half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + (z / count) ** 2 / 4)
    # Exactly 0 and 1 where nothing or everything counts, whatever rounding does.
    return np.where(share == 0, 0, middle - half), np.where(share == 1, 1, middle + half)
