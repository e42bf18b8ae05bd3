"""Top-k classes: those with the highest scores, in order."""

from collections.abc import Sequence

import numpy as np


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
    return np.argsort(-np.asarray(scores, float), kind="stable")[:count].tolist()


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
