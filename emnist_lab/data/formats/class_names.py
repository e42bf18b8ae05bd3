"""How people name classes, in folders, file names and tables: what character is meant.

As ``a`` and ``A`` are one folder on many systems, ``a_lower`` and ``upper_A`` mean the same, and
so do the hexadecimal codes of NIST's Special Database 19 (``4a``). Chars74K counts from
``Sample001``; others write ``zero``, ``class_7``, or Fashion-MNIST's ``Ankle boot``.
"""

import re
from collections.abc import Iterable

from ...errors import DatasetError
from .. import splits
from ..classes import FASHION, KANA
from . import label_mapping

_LOWER = "lower|lowercase|low|small|lc"
_UPPER = "upper|uppercase|up|caps?|capital|capitals|big|uc"
_CASED = re.compile(
    rf"(?:([a-z])[ _.-]?(?:({_LOWER})|{_UPPER})|(?:({_LOWER})|{_UPPER})[ _.-]?([a-z]))",
    re.IGNORECASE,
)
_SAMPLE = re.compile("sample[ _-]?([0-9]{1,3})", re.IGNORECASE)
_PREFIX = re.compile(
    "(?:class|label|digit|letter|char|character|number|num)[ _=-]?(.+)", re.IGNORECASE
)
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_ROMAN = {KANA[sign]: sign for sign in splits.mapping("kmnist").values()}
_EVERY = "".join(splits.mapping("byclass").values())
# Normalised names of other sets' classes -> their characters.
_CLOTHES = {re.sub("[^a-z]", "", name.lower()): sign for sign, name in FASHION.items()}
_CLOTHES |= {"tshirt": "👕", "top": "👕", "boot": "👢", "ankleboots": "👢", "trousers": "👖"}


def meanings(names: Iterable[str], split: str | None = None) -> dict[str, str | None]:
    """Character of each class's name.

    Parameters
    ----------
    names : iterable of str
        Of all classes of a dataset: what one of them means may hang on the others.
    split : str, optional
        One of `splits.KNOWN`, where it is known.

    Returns
    -------
    dict of str to (str or None)
        None for a name that says none.

    Examples
    --------
    >>> meanings(["4a", "61"]), meanings(["zero", "7"]), meanings(["Sample011", "Sample037"])
    ({'4a': 'J', '61': 'a'}, {'zero': '0', '7': '7'}, {'Sample011': 'A', 'Sample037': 'a'})
    """
    names = list(names)
    for way in (_codes, _samples, _labels, _others):
        found = way(names, split)
        if found:
            return found
    plain = {name: character(name) for name in names}
    stripped = {name: match[1] for name in names if (match := _PREFIX.fullmatch(name))}
    if not any(plain.values()) and len(stripped) == len(names) > 1:
        inner = meanings(stripped.values(), split)
        return {name: inner[rest] for name, rest in stripped.items()}
    return plain


def character(name: str) -> str | None:
    """Character of one class's name, by itself: ``7``, ``A``, ``a_lower``, ``seven``.

    Parameters
    ----------
    name : str

    Returns
    -------
    str or None
    """
    if len(name) == 1:
        return name if name.isascii() and name.isalnum() else None
    if name.lower() in _WORDS:
        return str(_WORDS.index(name.lower()))
    cased = _CASED.fullmatch(name)
    if not cased:
        prefixed = _PREFIX.fullmatch(name)
        return character(prefixed[1]) if prefixed else None
    before, small_before, small_after, after = cased.groups()
    letter = before or after
    return letter.lower() if small_before or small_after else letter.upper()


def kind(names: Iterable[str]) -> str:
    """What names of classes are, for a note; empty where they are plain characters.

    Parameters
    ----------
    names : iterable of str

    Returns
    -------
    str

    Examples
    --------
    >>> kind(["30", "31"]), kind(["1", "12"]), kind(["a", "B"])
    ('hexadecimal codes', 'label values', '')
    """
    names = list(names)
    if all(len(name) == 1 for name in names):
        return ""
    if _codes(names, None):
        return "hexadecimal codes"
    if _samples(names, None):
        return "numbers of Chars74K's samples"
    if _are_labels(names):
        return "label values"
    if all(_CASED.fullmatch(name) or len(name) == 1 for name in names):
        return "letters with their case"
    return "names of classes"


def other_set(names: Iterable[str]) -> str | None:
    """The set that isn't EMNIST's and has these classes.

    Parameters
    ----------
    names : iterable of str
        All different ones of a dataset, or their characters.

    Returns
    -------
    str or None
        One of `splits.OTHERS`.

    Examples
    --------
    >>> other_set(["Ankle boot", "T-shirt/top"]), other_set(["A", "B"])
    ('fashion-mnist', None)
    """
    names = list(names)
    if all(name.lower() in _ROMAN for name in names) and any(len(name) > 1 for name in names):
        return "kmnist"
    for split in ("fashion-mnist", "kmnist", "k49"):
        known = set(splits.mapping(split).values())
        if names and all(name in known for name in names):
            return split
        if split != "kmnist" and names and all(_of_other(name, split) for name in names):
            return split
    return None


def _of_other(name: str, split: str) -> str | None:
    if split == "fashion-mnist":
        return _CLOTHES.get(re.sub("[^a-z]", "", name.lower()))
    if split == "kmnist" and name.lower() in _ROMAN:
        return _ROMAN[name.lower()]
    first = name.strip()[:1]
    return first if first in splits.mapping(split).values() else None


def _others(names: list[str], split: str | None) -> dict[str, str | None] | None:
    """Names of another set's classes, where it is named or nothing else has such."""
    split = split if split in ("fashion-mnist", "kmnist", "k49") else None
    if split is None:
        split = other_set(names)
    if split is None:
        return None
    if split == "kmnist" and all(name.lower() in _ROMAN for name in names):
        return {name: _ROMAN[name.lower()] for name in names}
    if all(re.fullmatch("[0-9]{1,2}", name) for name in names):
        return {name: splits.mapping(split).get(int(name)) for name in names}
    return {name: _of_other(name, split) for name in names}


def _codes(names: list[str], split: str | None) -> dict[str, str | None] | None:
    """Characters of hexadecimal codes such as ``4a``, if all are."""
    found = {name: _code(name) for name in names}
    return found if names and all(found.values()) else None


def _code(name: str) -> str | None:
    match = re.fullmatch("([0-9a-fA-F]{2})(?:_([0-9a-fA-F]{2}))?", name)
    if not match:
        return None
    found = chr(int(match[1], 16))
    if match[2] and chr(int(match[2], 16)) != found.swapcase():
        return None  # SD 19's merged classes are both cases of one letter
    return found if found.isascii() and found.isalnum() else None


def _samples(names: list[str], split: str | None) -> dict[str, str | None] | None:
    """Characters of Chars74K's folders: Sample001 is 0, Sample011 A, Sample037 a."""
    found = {name: _SAMPLE.fullmatch(name) for name in names}
    numbers = {name: int(match[1]) for name, match in found.items() if match}
    if not names or len(numbers) < len(names):
        return None
    return {
        name: _EVERY[number - 1] if 0 < number <= len(_EVERY) else None
        for name, number in numbers.items()
    }


def _labels(names: list[str], split: str | None) -> dict[str, str | None] | None:
    """Characters of label values, such as 0 to 46."""
    if not _are_labels(names):
        return None
    values = {name: int(name) for name in names}
    counts = dict.fromkeys(values.values(), 1)
    try:
        split = split or label_mapping.split_of_values(counts)
        classes, _ = label_mapping.by_value(split, counts, "")
    except DatasetError:
        return dict.fromkeys(names)
    return {name: classes[value] for name, value in values.items()}


def _are_labels(names: list[str]) -> bool:
    """Whether classes are named by label values, such as 0 to 46."""
    return (
        bool(names)
        and all(re.fullmatch("[0-9]{1,2}", name) for name in names)
        and max(map(len, names)) == 2
    )
