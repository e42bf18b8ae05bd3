"""The classes with the highest scores, in order."""

import numpy as np


def likeliest(scores, count: int = 2) -> list[int]:
    """Indices of the highest scores, highest first; the first of equals comes first.

    Parameters
    ----------
    scores : array-like of shape (C,)
        Of one image.
    count : int
        How many.

    Returns
    -------
    list of int
    """
    return np.argsort(-np.asarray(scores), kind="stable")[:count].tolist()
