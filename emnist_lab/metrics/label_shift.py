"""Label shift: probabilities for other class frequencies than those of training."""

from collections.abc import Sequence

import numpy as np


def class_weights(learned: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """What each class's probability is multiplied by, before rows are normalised.

    Parameters
    ----------
    learned : ndarray of shape (C,)
        Frequencies in training, in any unit; 0 for a class that training had no image of.
    wanted : ndarray of shape (C,)
        Frequencies where the answers are asked, in any unit; above 0.

    Returns
    -------
    ndarray of shape (C,), dtype float64
        0 for a class that training had no image of.

    Examples
    --------
    >>> class_weights(np.array([10, 30, 0]), np.ones(3)).round(3).tolist()
    [1.333, 0.444, 0.0]
    """
    learned, wanted = np.asarray(learned, float), np.asarray(wanted, float)
    known = learned > 0
    share = np.divide(wanted / wanted.sum(), learned / learned.sum(), where=known, out=known * 0.0)
    return share


def adjust(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Probabilities for other class frequencies, by Bayes' rule.

    Saerens, Latinne and Decaestecker (2002, doi:10.1162/089976602753284446): what images of a
    class look like is taken to be the same, only how frequent the classes are differs.

    Parameters
    ----------
    probabilities : ndarray of shape (N, C), dtype float64
    weights : ndarray of shape (C,)
        See `class_weights`.

    Returns
    -------
    ndarray of shape (N, C), dtype float64
        Rows sum to 1.

    Examples
    --------
    >>> weights = class_weights(np.array([1, 3]), np.array([1, 1]))
    >>> adjust(np.array([[0.25, 0.75], [0.5, 0.5]]), weights).tolist()
    [[0.5, 0.5], [0.75, 0.25]]
    """
    found = probabilities * weights
    return found / found.sum(axis=1, keepdims=True)


def restrict(probabilities: np.ndarray, columns: Sequence[int]) -> np.ndarray:
    """Probabilities of some classes, where no other can be: Bayes' rule again.

    Parameters
    ----------
    probabilities : ndarray of shape (N, C), dtype float64
    columns : sequence of int
        Which classes can be, K of them.

    Returns
    -------
    ndarray of shape (N, K), dtype float64
        Rows sum to 1. Where none of these has any probability, all are equally likely: nothing
        is known of them.

    Examples
    --------
    >>> restrict(np.array([[0.2, 0.2, 0.6], [0, 0, 1]]), [0, 1]).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    found = np.asarray(probabilities, np.float64)[:, list(columns)]
    total = found.sum(axis=1, keepdims=True)
    # Below the smallest normal number a quotient has no digits left.
    known = ~(total < np.finfo(np.float64).tiny)
    return np.divide(found, total, where=known, out=np.full_like(found, 1 / found.shape[1]))
