"""The six splits of EMNIST: their names, and the character behind each label.

Cohen et al. 2017, arXiv:1702.05373. The tables equal NIST's mapping files,
which some copies of the dataset lack.
"""

import re
import string

from ..errors import DatasetError

SPLITS = ("balanced", "byclass", "bymerge", "letters", "digits", "mnist")
PARTS = ("train", "test")
OFFICIAL = {  # images in NIST's train and test parts
    "balanced": (112_800, 18_800),
    "byclass": (697_932, 116_323),
    "bymerge": (697_932, 116_323),
    "letters": (124_800, 20_800),
    "digits": (240_000, 40_000),
    "mnist": (60_000, 10_000),
}

_BYCLASS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_MERGED = string.digits + string.ascii_uppercase + "abdefghnqrt"
_CHARACTERS = {
    "balanced": (0, _MERGED),
    "byclass": (0, _BYCLASS),
    "bymerge": (0, _MERGED),
    "letters": (1, string.ascii_uppercase),
    "digits": (0, string.digits),
    "mnist": (0, string.digits),
}


def check(split: str, part: str) -> None:
    """Refuse a name that no split or part has.

    Parameters
    ----------
    split, part : str

    Raises
    ------
    DatasetError
        The split isn't one of `SPLITS`, or the part not one of `PARTS`.
    """
    if split not in SPLITS:
        raise DatasetError(f"There is no split {split!r}: choose one of {', '.join(SPLITS)}.")
    if part not in PARTS:
        raise DatasetError(f"There is no part {part!r}: choose train or test.")


def mapping(split: str) -> dict[int, str]:
    """Label, as NIST's files hold it, -> character.

    Parameters
    ----------
    split : str
        One of `SPLITS`.

    Returns
    -------
    dict of int to str
        Letters count from 1, all others from 0.
    """
    first, characters = _CHARACTERS[split]
    return dict(enumerate(characters, first))


def named_in(name: str) -> str | None:
    """The split that a file or folder name speaks of, or None.

    Parameters
    ----------
    name : str
        For example ``"emnist-balanced-train.csv"``.

    Returns
    -------
    str or None
    """
    return next((split for split in SPLITS if _word(split).search(name.lower())), None)


def _word(text: str) -> re.Pattern:
    """`text` where no letter stands beside it: "latest" is no test, nor "emnist" an mnist."""
    return re.compile(rf"(?<![a-z]){text}(?![a-z])")


def part_in(name: str) -> str | None:
    """The part that a file or folder name speaks of, or None.

    Parameters
    ----------
    name : str
        For example ``"train-00000-of-00001.parquet"``.

    Returns
    -------
    str or None
        ``"train"``, ``"test"`` or None.
    """
    lower = name.lower()
    return next((part for part in PARTS if _word(f"{part}(?:ing)?").search(lower)), None)


def holding(characters: set[str], counts: list[int] | None = None) -> str:
    """The split whose classes a set of characters fits best.

    Parameters
    ----------
    characters : set of str
        Characters that occur.
    counts : list of int, optional
        Images of each class: tells balanced from bymerge, which have the same classes.

    Returns
    -------
    str
        One of `SPLITS`; ``"byclass"``, which has every class, where no smaller one fits.

    Raises
    ------
    DatasetError
        A character is in no split.
    """
    strange = sorted(characters - set(_BYCLASS))
    if strange or not characters:
        what = repr(strange[0]) if strange else "nothing"
        raise DatasetError(
            f"EMNIST has no class {what}: name classes by one digit or one letter, 0-9, A-Z, a-z."
        )
    for split in ("digits", "letters", "balanced"):
        if characters <= set(_CHARACTERS[split][1]):
            uneven = counts and max(counts) > 3 * max(min(counts), 1)
            return "bymerge" if split == "balanced" and uneven else split
    return "byclass"
