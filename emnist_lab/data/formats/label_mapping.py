"""Which characters the labels of a source mean, where it doesn't say so itself."""

import string
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from ...errors import DatasetError
from .. import splits
from ..classes import class_index
from .base import Source

# Images in MNIST's parts, and in both: exactly so many, or it's taken for the larger split digits.
_MNIST = (60_000, 10_000, 70_000)


def split_of_values(counts: Mapping[int, int]) -> str:
    """The split that label values fit, where no name tells it.

    Parameters
    ----------
    counts : mapping of int to int
        Label value -> number of images.

    Returns
    -------
    str
        One of `splits.SPLITS`.

    Raises
    ------
    DatasetError
        No split has such labels.
    """
    lowest, highest = min(counts, default=0), max(counts, default=0)
    if lowest < 0 or highest > 61:
        raise DatasetError(
            f"No split of EMNIST has the label {lowest if lowest < 0 else highest}: labels count "
            "from 0 to 61 at most; use a copy with EMNIST's labels."
        )
    if highest <= 9:
        return "mnist" if sum(counts.values()) in _MNIST else "digits"
    if highest <= 26 and not {0, 26} <= counts.keys():
        return "letters"
    if highest > 46:
        return "byclass"
    classes = splits.mapping("balanced")
    return splits.holding({classes[value] for value in range(47)}, list(counts.values()))


def split_of_names(counts: Mapping[str, int]) -> str:
    """The split that the characters which occur fit, where no name tells it.

    Parameters
    ----------
    counts : mapping of str to int
        Character -> number of images.

    Returns
    -------
    str
        One of `splits.KNOWN`.

    Raises
    ------
    DatasetError
        No split has such a character.
    """
    for other in ("fashion-mnist", "kmnist", "k49"):
        if counts and counts.keys() <= set(splits.mapping(other).values()):
            return other
    # Who names classes a to z and no other means letters of either case, as torchvision does.
    if set(counts) == set(string.ascii_lowercase):
        return "letters"
    return splits.holding(set(counts), list(counts.values()))


def by_value(split: str, counts: Mapping[int, int], name: str) -> tuple[dict[int, str], tuple]:
    """Character of each label value, by the numbering that fits the values.

    Parameters
    ----------
    split : str
        One of `splits.SPLITS`.
    counts : mapping of int to int
        Label value -> number of images.
    name : str
        Of the file, for messages.

    Returns
    -------
    classes : dict of int to str
    notes : tuple of str

    Raises
    ------
    DatasetError
        A label lies outside the split's mapping.
    """
    classes, notes = splits.mapping(split), ()
    if split == "letters":
        if 0 in counts and 26 not in counts:
            classes = {value - 1: character for value, character in classes.items()}
            notes = ("Labels count from 0 (0 is A), not from 1 as NIST's do.",)
        elif 0 not in counts and 26 not in counts:
            notes = ("Labels were read as NIST's, from 1 (1 is A); no 0 or 26 occurs to prove it.",)
    unknown = sorted(counts.keys() - classes.keys())
    if unknown:
        raise DatasetError(
            f"{name} holds the label {unknown[0]}, but labels of {split} go from {min(classes)} to "
            f"{max(classes)}: name the split it holds in the file's name, or use another copy."
        )
    return classes, notes


def by_name(split: str, names: Mapping[str, int], name: str) -> dict[str, int]:
    """Label value in the split's own mapping for each character.

    Parameters
    ----------
    split : str
        One of `splits.SPLITS`.
    names : mapping of str to int
        Character -> number of images.
    name : str
        Of the file or folder, for messages.

    Returns
    -------
    dict of str to int

    Raises
    ------
    DatasetError
        The split has no class for a character.
    """
    mapping = splits.mapping(split)
    values, classes = list(mapping), list(mapping.values())
    found = {}
    for character in names:
        index = class_index(character, classes)
        if index is None:
            raise DatasetError(
                f"{name} holds the class {character[:20]!r}, which {split} lacks: name the split "
                "it holds in its own name, or use another copy."
            )
        found[character] = values[index]
    return found


def deduced(split: str) -> str:
    """The note that a split was guessed from labels."""
    return f"No name says which split this is: by its labels it was taken for {split}."


def together(*found: str) -> str:
    """The split that parts of one set have, which were taken for different ones.

    Parameters
    ----------
    *found : str
        What each part was taken for by its labels alone; empty where that failed.

    Returns
    -------
    str
        Empty where they can't be parts of one set.

    Examples
    --------
    >>> together("balanced", "bymerge"), together("balanced", "digits"), together("mnist", "digits")
    ('balanced', 'balanced', 'mnist')
    >>> together("letters", "digits")
    ''
    """
    if len(set(found)) == 1:
        return found[0]
    for larger, others in (
        ("byclass", {"balanced", "bymerge", "letters", "digits", "mnist"}),
        ("balanced", {"bymerge", "letters", "digits", "mnist"}),
        ("bymerge", {"letters", "digits", "mnist"}),
        ("mnist", {"digits"}),
    ):
        if larger in found and set(found) <= {larger, *others}:
            return larger
    return ""


def as_one(
    sources: list[Source], again: Callable[[Source, str], Source], place: Callable[[Source], Path]
) -> list[Source]:
    """Parts that nothing names, which lie in one place, as parts of one split.

    Parameters
    ----------
    sources : list of Source
        Of which no name tells the split.
    again : callable
        The same source, read as another split.
    place : callable
        Where a source lies.

    Returns
    -------
    list of Source
        In the same order.
    """
    found: dict[Path, dict[str, str]] = {}
    for one in sources:
        if one.split:  # else it can't be read
            found.setdefault(place(one), {}).setdefault(one.part, one.split)
    result = []
    for one in sources:
        parts = found.get(place(one), {})
        split = together(*parts.values()) if parts.keys() == {"train", "test"} else ""
        other = one.split and split and split != one.split
        result.append(replace(again(one, split), notes=(deduced(split),)) if other else one)
    return result


_PLAIN = {
    *("data", "raw", "train", "test", "training", "testing", "default", "images", "csv"),
    *("valid", "val", "validation", "processed", "imgs", "png", "jpg"),
}


def named_split(*names: str) -> str | None:
    """The split that the first specific one of several names mentions.

    Parameters
    ----------
    *names : str
        A file's name, then its folders', nearest first. Looked through up to
        the first that isn't as general as "data" or "train".

    Returns
    -------
    str or None
    """
    for position, name in enumerate(names):
        split = splits.named_in(name)
        if split or (position and name.lower() not in _PLAIN):
            return split
    return None
