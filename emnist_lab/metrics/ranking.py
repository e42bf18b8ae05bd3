"""Order by falling score: of anything, and of the classes of one image (top-k)."""

from collections.abc import Sequence

import numpy as np


def descending_order(values, count: int | None = None) -> np.ndarray:
    """Indices that sort numbers from the highest to the lowest; of equals the first comes first.

    Parameters
    ----------
    values : array-like
        Flattened where it has more than one axis.
    count : int or None
        How many; None for all.

    Returns
    -------
    ndarray of int64

    Examples
    --------
    >>> descending_order([3, 7, 7, 1]).tolist()
    [1, 2, 0, 3]
    """
    return np.argsort(-np.asarray(values), axis=None, kind="stable")[:count]


def top_classes(scores, count: int | None = 2) -> list[int]:
    """Indices of the highest scores, highest first; the first of equals comes first.

    Parameters
    ----------
    scores : array-like of shape (C,)
        Of one image.
    count : int or None
        How many; None for all.

    Returns
    -------
    list of int

    Examples
    --------
    >>> top_classes([0.2, 0.5, 0.3])
    [1, 2]
    """
    return descending_order(np.asarray(scores, float), count).tolist()


def top_labels(
    classes: Sequence[str], probabilities: np.ndarray, count: int | None = 5
) -> list[tuple[str, float]]:
    """Classes by falling probability; the first of equals comes first.

    Parameters
    ----------
    classes : sequence of str
    probabilities : array-like of shape (C,)
        Of one image.
    count : int or None
        How many; None for all.

    Returns
    -------
    list of (str, float)
        Class and its probability.

    Examples
    --------
    >>> top_labels("ABC", [0.2, 0.5, 0.3], 2)
    [('B', 0.5), ('C', 0.3)]
    """
    return [(classes[k], float(probabilities[k])) for k in top_classes(probabilities, count)]
