"""Characters that no one can tell apart alone."""

import numpy as np

# By hand, as the confusions of every reader have them, people's too; the rest are letters whose
# two cases NIST merges because they differ in size only (Cohen et al. 2017, section II).
LOOK_ALIKES = (
    ("0", "O", "o"), ("1", "I", "i", "L", "l"), ("9", "g", "q"), ("F", "f"),
    *((letter, letter.lower()) for letter in "CJKMPSUVWXYZ"),
)  # fmt: skip


def look_alike_groups(classes: list[str]) -> np.ndarray:
    """Group of look-alikes that each class belongs to.

    Parameters
    ----------
    classes : list of str
        One character a class, of any split.

    Returns
    -------
    ndarray of shape (C,), dtype int64
        Index of the first class that it can't be told from: its own where it stands alone.

    Examples
    --------
    >>> look_alike_groups(["0", "A", "O"]).tolist()
    [0, 1, 0]
    """
    group_of = {name: group for group in LOOK_ALIKES for name in group}
    first: dict = {}
    return np.array(
        [first.setdefault(group_of.get(name, name), index) for index, name in enumerate(classes)],
        np.int64,
    )
