"""Calibration: reliability, expected calibration error, risk and coverage, temperature."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from sklearn.model_selection import StratifiedKFold

from .intervals import wilson
from .ranking import descending_order
from .scores import checked, log_loss

BINS = 15
RANGE = (0.05, 100.0)  # of temperatures; naive Bayes on pixels needs about 50
_GRID = 31  # temperatures tried over that range, before the best one is refined


def _confidence(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Stated probability of each likeliest class, and whether it is the true one."""
    return scores.max(axis=1) / scores.sum(axis=1), scores.argmax(axis=1) == labels


def reliability(labels: np.ndarray, scores: np.ndarray, bins: int = BINS) -> pd.DataFrame:
    """Stated probabilities against the share that is right, in bins of equal width over 0..1.

    Each bin is open below and closed above (as in Guo et al. 2017).

    Parameters
    ----------
    labels : ndarray of shape (N,), dtype int64
    scores : ndarray of shape (N, C), dtype float64
        Rows are normalised to sum 1.
    bins : int
        How many.

    Returns
    -------
    DataFrame
        A row a bin: ``low``, ``high`` (its edges), ``images``, ``stated`` (mean
        probability of the likeliest class), ``right`` (share that is correct), and
        ``right_low``, ``right_high`` (Wilson's 95% interval of that share).
        NaN where a bin is empty.

    Examples
    --------
    >>> labels, scores = np.array([0, 1]), np.array([[0.8, 0.2], [0.6, 0.4]])
    >>> reliability(labels, scores, bins=5).dropna()[["images", "stated", "right"]].values.tolist()
    [[1.0, 0.6, 0.0], [1.0, 0.8, 1.0]]
    """
    confidence, right = _confidence(labels, scores)
    # Votes lie on the edges (1/5 = 3/15): rounding must not choose their bin.
    places = np.clip(np.ceil(confidence * bins - 1e-9).astype(int) - 1, 0, bins - 1)
    count = np.bincount(places, minlength=bins)
    with np.errstate(invalid="ignore", divide="ignore"):
        stated = np.bincount(places, weights=confidence, minlength=bins) / count
        share = np.bincount(places, weights=right, minlength=bins) / count
    low, high = wilson(share, count)
    edges = np.linspace(0, 1, bins + 1)
    return pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "images": count,
            "stated": stated,
            "right": share,
            "right_low": low,
            "right_high": high,
        }
    )


def calibration_error(labels, scores, bins: int = BINS) -> float:
    """Expected calibration error of the likeliest class (Naeini, Cooper and Hauskrecht 2015).

    The mean over images of the distance between their bin's mean probability
    and its share of right answers; see `reliability`.

    Parameters
    ----------
    labels, scores
        As for `emnist_lab.metrics.scores.roc_auc_ovo`; rows of `scores` are normalised to sum 1.
    bins : int
        How many.

    Returns
    -------
    float
        0..1; 0 where a classifier that says 80% is correct in 80% of the cases.

    Raises
    ------
    ValueError
        The shapes don't fit, or scores aren't finite.

    Examples
    --------
    >>> round(calibration_error([0, 1], [[0.8, 0.2], [0.6, 0.4]]), 3)
    0.4
    """
    labels, scores = checked(labels, scores)
    table = reliability(labels, scores, bins).dropna()
    gaps = (table["stated"] - table["right"]).abs() * table["images"]
    return float(gaps.sum() / len(labels))


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """Accuracy of a classifier that answers only where its confidence is high.

    Attributes
    ----------
    confidence : ndarray of shape (N,), dtype float64
        Probability of each image's likeliest class, highest first.
    accuracy : ndarray of shape (N,), dtype float64
        Share that is correct, of this image and all before it.
    order : ndarray of shape (N,), dtype int64
        Indices of the images in that order.
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    order: np.ndarray

    def at(self, threshold: float) -> tuple[float, float, np.ndarray]:
        """Answer only where the probability is at least `threshold`.

        Parameters
        ----------
        threshold : float
            0..1.

        Returns
        -------
        coverage : float
            Share of images that are answered.
        accuracy : float
            Share of these that are correct; NaN where none is answered.
        rejected : ndarray of int64
            Indices of the others, lowest confidence first.
        """
        answered = int(np.searchsorted(-self.confidence, -threshold, "right"))
        accuracy = float(self.accuracy[answered - 1]) if answered else float("nan")
        return answered / len(self.confidence), accuracy, self.order[answered:][::-1]

    def table(self, points: int = 200) -> pd.DataFrame:
        """The curve at evenly spaced coverages.

        Parameters
        ----------
        points : int
            At most.

        Returns
        -------
        DataFrame
            ``coverage``, ``accuracy``, ``threshold``.
        """
        count = len(self.confidence)
        rows = np.unique(np.linspace(1, count, min(points, count)).round().astype(int))
        return pd.DataFrame(
            {
                "coverage": rows / count,
                "accuracy": self.accuracy[rows - 1],
                "threshold": self.confidence[rows - 1],
            }
        )


def risk_coverage(labels: np.ndarray, scores: np.ndarray) -> RiskCoverage:
    """Accuracy against coverage (El-Yaniv and Wiener 2010), by the likeliest class's probability.

    Parameters
    ----------
    labels, scores
        As for `reliability`.

    Returns
    -------
    RiskCoverage

    Examples
    --------
    >>> labels, scores = np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]])
    >>> coverage, accuracy, rejected = risk_coverage(labels, scores).at(0.7)
    >>> coverage, accuracy, rejected.tolist()
    (0.5, 1.0, [1])
    """
    confidence, right = _confidence(labels, scores)
    order = descending_order(confidence)
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    return RiskCoverage(confidence[order], share, order)


def apply_temperature(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities at another temperature: each to the power 1/T, and normalised.

    Parameters
    ----------
    scores : ndarray of shape (N, C), dtype float64
        Probabilities.
    temperature : float
        Above 1 lowers the confidence, below 1 raises it; the order within a row stays.

    Returns
    -------
    ndarray of shape (N, C), dtype float64
        Rows sum to 1.

    Raises
    ------
    ValueError
        The temperature isn't a positive number.

    Examples
    --------
    >>> apply_temperature(np.array([[0.8, 0.2]]), 2).round(3).tolist()
    [[0.667, 0.333]]
    """
    if not (np.isfinite(temperature) and temperature > 0):
        raise ValueError(f"a temperature must be above 0, not {temperature!r}")
    with np.errstate(divide="ignore"):
        logits = np.log(scores) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def fit_temperature(labels: np.ndarray, scores: np.ndarray) -> float:
    """Temperature at which the log loss is least (Guo, Pleiss, Sun and Weinberger 2017).

    What is minimised is `emnist_lab.metrics.scores.log_loss` of what `apply_temperature` gives: a
    class of probability 0 keeps it, so its images cost the same at any temperature.

    Parameters
    ----------
    labels, scores
        As for `reliability`.

    Returns
    -------
    float
        Within `RANGE`, 0.05 to 100; one of the two where the log loss has no minimum between.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 1])
    >>> scores = np.array([[0.9, 0.1]] * 4)  # right in three of four: too confident
    >>> round(fit_temperature(labels, scores), 2)
    2.0
    """

    def loss(at: float) -> float:
        return log_loss(labels, apply_temperature(scores, at))

    # Probabilities are clipped in the loss, so it has more than one minimum: a grid first.
    grid = np.geomspace(*RANGE, _GRID)
    losses = [loss(at) for at in grid]
    best = int(np.argmin(losses))
    around = grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)]
    found = minimize_scalar(
        lambda log_t: loss(np.exp(log_t)),
        bounds=np.log(around),
        method="bounded",
        options={"xatol": 1e-4},
    )
    return float(np.exp(found.x) if found.fun < losses[best] else grid[best])


def cross_fitted(labels: np.ndarray, scores: np.ndarray, seed: int, folds: int = 2) -> np.ndarray:
    """Probabilities of each image at a temperature that was fitted without it.

    Parameters
    ----------
    labels, scores
        As for `reliability`.
    seed : int
        For the folds, which are stratified.
    folds : int
        How many.

    Returns
    -------
    ndarray of shape (N, C), dtype float64

    Raises
    ------
    ValueError
        Every class has fewer images than there are folds.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 1] * 2)
    >>> scores = np.array([[0.9, 0.1]] * 8)
    >>> cross_fitted(labels, scores, seed=0).max(axis=1).round(2).tolist()
    [0.75, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75]
    """
    out = np.empty_like(scores)
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for others, own in split.split(scores, labels):
        out[own] = apply_temperature(scores[own], fit_temperature(labels[others], scores[others]))
    return out
