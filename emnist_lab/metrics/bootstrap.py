"""How far headline numbers would move on another sample of test images: bootstrap intervals."""

from dataclasses import dataclass

import numpy as np

from ..models.recipe import SEED
from . import definitions
from .intervals import wilson
from .report import Report

_MOST = 1_000_000_000  # N · C · replicates: a few seconds on one core
_FEWEST, _USUAL = 200, 1_000  # replicates
_GROUP = 2**21  # numbers in work at a time: bounds memory, and stays near the caches


@dataclass(frozen=True)
class Intervals:
    """Percentile intervals of a report's numbers.

    Attributes
    ----------
    of : dict of str to (float, float)
        Name of the number, as in `Report.summary` -> low, high; NaN where
        the number is undefined.
    level : float
        Confidence level.
    replicates : int
        How often images were resampled.
    seed : int
    """

    of: dict[str, tuple[float, float]]
    level: float
    replicates: int
    seed: int


def intervals(
    report: Report, level: float = 0.95, replicates: int | None = None, seed: int = SEED
) -> Intervals:
    """Percentile bootstrap, images resampled within each class (Efron and Tibshirani 1993).

    Parameters
    ----------
    report : Report
    level : float
        Confidence level.
    replicates : int, optional
        1,000 by default, fewer where there are so many images that it would take long.
    seed : int

    Returns
    -------
    Intervals
        Of every metric that can be resampled (see `emnist_lab.metrics.definitions.Metric`).
        Where every draw gives the same, as it does without a single error, shares
        have Wilson's (1927) interval instead, and others none. Not of the
        calibration error: it is a sum of distances, which noise only
        increases, so its bootstrap lies above the number itself.

    Examples
    --------
    >>> report = Report([0, 0, 1, 1], [[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.3, 0.7]], ["A", "B"])
    >>> low, high = intervals(report).of["accuracy"]
    >>> low <= report.accuracy <= high
    True
    """
    count = len(report.labels)
    if replicates is None:
        usual = _MOST // (count * len(report.classes))
        replicates = int(np.clip(usual, _FEWEST, _USUAL))
    random = np.random.default_rng(seed)
    group = max(_GROUP // count, 1)
    parts = []
    for start in range(0, replicates, group):
        weights = _weights(report.labels, min(group, replicates - start), random)
        parts.append(_replicate(report, weights))
    edges, of = [(1 - level) / 2, (1 + level) / 2], {}
    for name in parts[0]:
        values = np.concatenate([part[name] for part in parts])
        low, high = np.quantile(values, edges) if np.isfinite(values).all() else (np.nan, np.nan)
        if _equal_but_for_rounding(low, high, count + len(report.classes)):
            # All replicates are equal, as without a single error: no spread isn't no uncertainty.
            low, high = np.nan, np.nan
            if name in report.per_image and report.per_image[name].dtype == bool:
                low, high = wilson(report.per_image[name].mean(), count, level)
        of[name] = float(low), float(high)
    return Intervals(of, level, replicates, seed)


def _equal_but_for_rounding(low: float, high: float, terms: int) -> bool:
    """Whether two weighted means of the same numbers differ by rounding alone.

    Each sums `terms` products, none of them negative, in an order that depends
    on the processor's BLAS kernel. Whatever the order, the sum is wrong by at
    most ``terms`` times half of eps, relative to itself (Higham 2002, section 3.1),
    so that two sums of the same value lie at most twice that apart.
    """
    return high - low <= terms * np.finfo(np.float64).eps * abs(high)


def _weights(labels: np.ndarray, replicates: int, random: np.random.Generator) -> np.ndarray:
    """How often each image is drawn: (R, N) float64; every class keeps its number of images."""
    out = np.empty((replicates, len(labels)))
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        out[:, own] = random.multinomial(len(own), np.full(len(own), 1 / len(own)), replicates)
    return out


def _replicate(report: Report, weights: np.ndarray) -> dict[str, np.ndarray]:
    """The metrics with images weighted, (R,) each; weights sum to each class's images."""
    per_image = report.per_image
    means = weights @ np.column_stack(list(per_image.values())) / len(report.labels)
    result = dict(zip(per_image, means.T, strict=True))
    for resample in dict.fromkeys(one.resample for one in definitions.METRICS if one.resample):
        result |= resample(report, weights)
    return result
