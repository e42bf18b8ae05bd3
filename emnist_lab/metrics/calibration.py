"""Whether a classifier is sure when it should be: reliability, abstaining, temperature."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.stats import norm
from sklearn.model_selection import StratifiedKFold

BINS = 15
RANGE = (0.05, 100.0)  # temperatures that are looked for; naive Bayes on pixels needs about 50
_LOOKS = 31  # at temperatures spread over that range, before the best one is refined


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
        probability of the likeliest class), ``right`` (share read right), and
        ``right_low``, ``right_high`` (Wilson's 95 % interval of that share).
        NaN where a bin is empty.
    """
    sure, right = _confidence(labels, scores)
    # Votes lie on the edges (1/5 = 3/15): rounding must not choose their bin.
    places = np.clip(np.ceil(sure * bins - 1e-9).astype(int) - 1, 0, bins - 1)
    count = np.bincount(places, minlength=bins)
    with np.errstate(invalid="ignore", divide="ignore"):
        stated = np.bincount(places, weights=sure, minlength=bins) / count
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


def wilson(share, count, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's (1927) interval of a share.

    Parameters
    ----------
    share : array-like
        0..1.
    count : array-like
        Of how many.
    level : float
        Confidence level.

    Returns
    -------
    low, high : ndarray
    """
    share, count = np.asarray(share, float), np.asarray(count, float)
    z = norm.ppf((1 + level) / 2)
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + (z / count) ** 2 / 4)
    return middle - half, middle + half


def calibration_error(labels: np.ndarray, scores: np.ndarray, bins: int = BINS) -> float:
    """Expected calibration error of the likeliest class (Naeini, Cooper and Hauskrecht 2015).

    The mean over images of the distance between their bin's mean probability
    and its share of right answers; see `reliability`.

    Parameters
    ----------
    labels, scores, bins
        As for `reliability`.

    Returns
    -------
    float
        0..1; 0 where a classifier that says 80 % is right in 80 % of the cases.
    """
    table = reliability(labels, scores, bins).dropna()
    gaps = (table["stated"] - table["right"]).abs() * table["images"]
    return float(gaps.sum() / len(labels))


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """What a classifier gains by not answering where it isn't sure.

    Attributes
    ----------
    sure : ndarray of shape (N,), dtype float64
        Probability of each image's likeliest class, highest first.
    accuracy : ndarray of shape (N,), dtype float64
        Share read right of this image and all before it.
    order : ndarray of shape (N,), dtype int64
        Indices of the images in that order.
    """

    sure: np.ndarray
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
            Share of these that are read right; NaN where none is answered.
        rejected : ndarray of int64
            Indices of the others, least sure first.
        """
        answered = int(np.searchsorted(-self.sure, -threshold, "right"))
        accuracy = float(self.accuracy[answered - 1]) if answered else float("nan")
        return answered / len(self.sure), accuracy, self.order[answered:][::-1]

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
        count = len(self.sure)
        rows = np.unique(np.linspace(1, count, min(points, count)).round().astype(int))
        return pd.DataFrame(
            {
                "coverage": rows / count,
                "accuracy": self.accuracy[rows - 1],
                "threshold": self.sure[rows - 1],
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
    Coverage
    """
    sure, right = _confidence(labels, scores)
    order = np.argsort(-sure, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    return RiskCoverage(sure[order], share, order)


def apply_temperature(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities at another temperature: each to the power 1/T, and normalised.

    Parameters
    ----------
    scores : ndarray of shape (N, C), dtype float64
        Probabilities.
    temperature : float
        Above 1 makes them less sure, below 1 surer; the order within a row stays.

    Returns
    -------
    ndarray of shape (N, C), dtype float64
        Rows sum to 1.

    Raises
    ------
    ValueError
        The temperature isn't a positive number.
    """
    if not (np.isfinite(temperature) and temperature > 0):
        raise ValueError(f"a temperature must be above 0, not {temperature!r}")
    with np.errstate(divide="ignore"):
        logits = np.log(scores) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def fit_temperature(labels: np.ndarray, scores: np.ndarray) -> float:
    """Temperature at which the log loss is least (Guo, Pleiss, Sun and Weinberger 2017).

    What is minimised is `emnist_lab.metrics.scores.log_loss` of `scaled` itself: a class of
    probability 0 keeps it, so its images cost the same at any temperature.

    Parameters
    ----------
    labels, scores
        As for `reliability`.

    Returns
    -------
    float
        Within `RANGE`, 0.05 to 100; one of the two where the log loss has no minimum between.
    """
    from .scores import log_loss  # that module uses this one

    def loss(at: float) -> float:
        return log_loss(labels, apply_temperature(scores, at))

    # Probabilities are clipped in the loss, so it has more than one valley: look around first.
    looks = np.geomspace(*RANGE, _LOOKS)
    losses = [loss(at) for at in looks]
    best = int(np.argmin(losses))
    around = looks[max(best - 1, 0)], looks[min(best + 1, _LOOKS - 1)]
    found = minimize_scalar(
        lambda log_t: loss(np.exp(log_t)),
        bounds=np.log(around),
        method="bounded",
        options={"xatol": 1e-4},
    )
    return float(np.exp(found.x) if found.fun < losses[best] else looks[best])


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
    """
    out = np.empty_like(scores)
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for others, own in split.split(scores, labels):
        out[own] = apply_temperature(scores[own], fit_temperature(labels[others], scores[others]))
    return out
