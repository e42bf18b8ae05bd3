"""Characters that no one can tell apart alone, and answers that say "either of"."""

import numpy as np

# By hand, as the confusions of every reader have them, people's too; the rest are letters whose
# two cases NIST merges because they differ in size only (Cohen et al. 2017, section II).
LOOK_ALIKES = (
    ("0", "O", "o"), ("1", "I", "i", "L", "l"), ("9", "g", "q"), ("F", "f"),
    *((letter, letter.lower()) for letter in "CJKMPSUVWXYZ"),
)  # fmt: skip


def groups(classes: list[str]) -> np.ndarray:
    """Group of look-alikes that each class belongs to.

    Parameters
    ----------
    classes : list of str
        One character a class, of any split.

    Returns
    -------
    ndarray of shape (C,), dtype int64
        Index of the first class that it can't be told from: its own where it stands alone.
    """
    group_of = {name: group for group in LOOK_ALIKES for name in group}
    first: dict = {}
    return np.array(
        [first.setdefault(group_of.get(name, name), index) for index, name in enumerate(classes)],
        np.int64,
    )


def either(
    chances: np.ndarray, classes: list[str], count: int = 5
) -> list[tuple[list[int], float]]:
    """Likeliest answers, look-alikes as one: "either of 0 and O".

    Parameters
    ----------
    chances : ndarray of shape (C,)
        Probability of each class.
    classes : list of str
        One character a class.
    count : int
        How many answers at most.

    Returns
    -------
    list of (list of int, float)
        Indices of the classes of a group, the likeliest first, and their probabilities' sum;
        groups by falling sum.
    """
    of = groups(classes)
    sums = np.bincount(of, np.asarray(chances, np.float64), len(of))
    order = np.argsort(-np.asarray(chances), kind="stable")
    heads = [index for index in np.argsort(-sums, kind="stable") if of[index] == index][:count]
    return [([int(one) for one in order if of[one] == head], float(sums[head])) for head in heads]
