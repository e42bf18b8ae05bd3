"""Single numbers from labels and scores: top-k accuracy, ROC AUC, log loss."""

import numpy as np

from .roc import RocAuc

# Probabilities are clipped to this before a logarithm, as scikit-learn does.
SMALLEST_PROBABILITY = np.finfo(np.float64).eps


def checked(labels, scores) -> tuple[np.ndarray, np.ndarray]:
    """Labels as int64 and scores as float64; a `ValueError` where they don't fit."""
    labels, scores = np.asarray(labels), np.asarray(scores, dtype=np.float64)
    if labels.ndim != 1 or scores.ndim != 2 or len(labels) != len(scores):
        raise ValueError(
            f"labels {labels.shape} and scores {scores.shape} don't fit: expected (N,) and (N, C)"
        )
    if len(labels) == 0:
        raise ValueError("there is nothing to measure: labels and scores are empty")
    if not np.isfinite(scores).all():
        raise ValueError("scores hold NaN or infinite values")
    if labels.min() < 0 or labels.max() >= scores.shape[1]:
        raise ValueError(f"labels must lie in 0..{scores.shape[1] - 1}")
    return labels.astype(np.int64), scores


def roc_auc_ovo(labels, scores) -> float:
    """Area under the ROC curve, one-vs-one, macro average (Hand and Till 2001).

    Equal to ``sklearn.metrics.roc_auc_score(labels, scores, multi_class="ovo")``,
    ties included; scores need not sum to 1.

    Parameters
    ----------
    labels : array-like of shape (N,)
        Integers in 0..C-1.
    scores : array-like of shape (N, C)
        Higher for likelier classes.

    Returns
    -------
    float
        Average over all pairs of classes that occur; NaN if fewer than two do.

    Raises
    ------
    ValueError
        The shapes don't fit, or scores aren't finite.

    Examples
    --------
    >>> roc_auc_ovo([0, 0, 1, 1], [[0.9, 0.1], [0.4, 0.6], [0.5, 0.5], [0.2, 0.8]])
    0.75
    """
    return RocAuc(*checked(labels, scores)).ovo_macro


def roc_auc_ovr(labels, scores) -> float:
    """Area under the ROC curve, one-vs-rest, macro average.

    Equal to ``sklearn.metrics.roc_auc_score(labels, scores, multi_class="ovr")``.

    Parameters
    ----------
    labels, scores
        As for `roc_auc_ovo`.

    Returns
    -------
    float
        Average over classes that occur; NaN if fewer than two do.

    Examples
    --------
    >>> roc_auc_ovr([0, 0, 1, 1], [[0.9, 0.1], [0.4, 0.6], [0.5, 0.5], [0.2, 0.8]])
    0.75
    """
    return RocAuc(*checked(labels, scores)).ovr_macro


def top_accuracy(labels, scores, count: int = 3) -> float:
    """Share of rows whose label is among the `count` highest scores.

    Parameters
    ----------
    labels, scores
        As for `roc_auc_ovo`.
    count : int
        How many guesses count.

    Returns
    -------
    float
        0..1.

    Examples
    --------
    >>> top_accuracy([0, 2], [[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]], 2)
    0.5
    """
    return float(in_top(*checked(labels, scores), count).mean())


def in_top(labels: np.ndarray, scores: np.ndarray, count: int) -> np.ndarray:
    """Whether each label is among the `count` highest scores; the first of equals counts."""
    own = scores[np.arange(len(labels)), labels][:, None]
    before = np.arange(scores.shape[1]) < labels[:, None]
    return ((scores > own) | ((scores == own) & before)).sum(axis=1) < count


def log_loss(labels, scores) -> float:
    """Mean negative logarithm of the probability given to the true class, in nats.

    Parameters
    ----------
    labels, scores
        As for `roc_auc_ovo`; rows of `scores` are normalised to sum 1.

    Returns
    -------
    float
        0 is perfect; ``log(C)`` is guessing.

    Examples
    --------
    >>> round(log_loss([0, 1], [[0.5, 0.5], [0.5, 0.5]]), 3)
    0.693
    """
    return float(losses(*checked(labels, scores)).mean())


def losses(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """What `log_loss` is the mean of: ndarray of shape (N,), dtype float64."""
    own = scores[np.arange(len(labels)), labels] / scores.sum(axis=1)
    return np.log(1 / np.clip(own, SMALLEST_PROBABILITY, 1))
