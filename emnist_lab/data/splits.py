"""The six splits of EMNIST, and other sets of 28×28 images: names, sizes, classes, partition.

Cohen et al. 2017, arXiv:1702.05373. The tables equal NIST's mapping files,
which some copies of the dataset lack.
"""

import hashlib
import re
import string

import numpy as np

from ..errors import DatasetError
from .classes import FASHION, KANA

SPLITS = ("balanced", "byclass", "bymerge", "letters", "digits", "mnist")
# Other sets that people keep in MNIST's format: they load as what they are.
OTHERS = ("fashion-mnist", "kmnist", "k49", "qmnist", "usps")
KNOWN = (*SPLITS, *OTHERS)
HANDWRITTEN = (*SPLITS, "qmnist", "usps")  # Latin letters and digits: made as EMNIST's images are
PARTS = ("train", "test")
OFFICIAL = {  # images in NIST's train and test parts
    "balanced": (112_800, 18_800),
    "byclass": (697_932, 116_323),
    "bymerge": (697_932, 116_323),
    "letters": (124_800, 20_800),
    "digits": (240_000, 40_000),
    "mnist": (60_000, 10_000),
}
# (split, part) -> SHA-256 of its labels as NIST ships them, one byte each
_OFFICIAL_LABELS = {
    ("balanced", "train"): "9909d861181d52ebb2b5d06498db211ca04680276c3e597ce66358fc3d93a369",
    ("balanced", "test"): "3a04035853036eafee72845b4452e8f11459850c039ba8747c4212d15cd25155",
    ("byclass", "train"): "7ef392322e5c93c8a905a47f8c270a73370ed98185d8f9636dfb72a415c176bc",
    ("byclass", "test"): "339e7c234906611f3e5f47624173d7e0d821a17fafe12174ff6b9c0ba3d2e076",
    ("bymerge", "train"): "882c1c6a7d7e70fc94af9f7c2694295a348db6e85f5eccb9d134bea15105499d",
    ("bymerge", "test"): "4cab0c1efced559964a6f2e8409fee082c1294d6fe93452fd5b029d288010cd9",
    ("letters", "train"): "0d99903cfb9cfa946e8e96c93075e89b12c678328a2f4085c707533e4d93a43d",
    ("letters", "test"): "062d118d0459ebc21715245cb2d003ea28c7af7420a1b42c1f0fa61f3afa4da4",
    ("digits", "train"): "5637d7b93354311598843ad5d51152e74516ad3bdc65dcbde6272748827dabb8",
    ("digits", "test"): "6d521d4905127badea13b2415a25efa1abc8a88fcb737355ae43ab8d8d60abbb",
    ("mnist", "train"): "51e17af636afaef6b228b2b5f1e05ecdc628e8c8822650ea476867a367f5b661",
    ("mnist", "test"): "fbd40ae44cbd2d41677a102507656a6608736bf58498f11215a57ae2840b3251",
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
    "fashion-mnist": (0, "".join(FASHION)),
    # Clanuwat et al. 2018, arXiv:1812.01718: Kuzushiji, the cursive script of old Japanese books
    "kmnist": (0, "おきすつなはまやれを"),
    "k49": (0, "".join(KANA)),
    "qmnist": (0, string.digits),  # Yadav and Bottou 2019, arXiv:1905.10498
    "usps": (0, string.digits),
}
_TITLES = {
    "mnist": "MNIST or EMNIST mnist",  # the same digits, chosen otherwise
    "fashion-mnist": "Fashion-MNIST",
    "kmnist": "KMNIST",
    "k49": "Kuzushiji-49",
    "qmnist": "QMNIST",
    "usps": "USPS",
}
_OTHER_NAMES = {  # how files and folders mention another set; more of a name goes first
    "fashion-mnist": re.compile("fashion"),
    "k49": re.compile("(?<![a-z])k49|kuzushiji[-_ ]?49"),
    "kmnist": re.compile("(?<![a-z])kmnist|kuzushiji"),
    "qmnist": re.compile("(?<![a-z])qmnist"),
    "usps": re.compile("(?<![a-z])usps(?![a-z])"),
}


def check(split: str, part: str) -> None:
    """Refuse a name that no split or part has.

    Parameters
    ----------
    split, part : str

    Raises
    ------
    DatasetError
        The split isn't one of `KNOWN`, or the part not one of `PARTS`.
    """
    if split not in KNOWN:
        raise DatasetError(f"There is no split {split!r}: choose one of {', '.join(KNOWN)}.")
    if part not in PARTS:
        raise DatasetError(f"There is no part {part!r}: choose train or test.")


def title(split: str) -> str:
    """A split's or another set's name for people.

    Parameters
    ----------
    split : str
        One of `KNOWN`.

    Returns
    -------
    str

    Examples
    --------
    >>> title("balanced"), title("kmnist")
    ('EMNIST balanced', 'KMNIST')
    """
    return _TITLES.get(split, f"EMNIST {split}")


def mapping(split: str) -> dict[int, str]:
    """Label, as its makers' files hold it, -> character.

    Parameters
    ----------
    split : str
        One of `KNOWN`.

    Returns
    -------
    dict of int to str
        Letters count from 1, all others from 0.

    Examples
    --------
    >>> mapping("letters")[1], mapping("balanced")[10], len(mapping("byclass"))
    ('A', 'A', 62)
    """
    first, characters = _CHARACTERS[split]
    return dict(enumerate(characters, first))


def is_official(split: str, part: str, labels: np.ndarray) -> bool:
    """Whether these are the labels of NIST's own part, in NIST's order.

    Scores are comparable with published ones on the official partition alone.

    Parameters
    ----------
    split, part : str
        For example ``"balanced"``, ``"test"``.
    labels : ndarray of shape (N,), integers below 256
        As they stand in the file.

    Returns
    -------
    bool
        True where number, values and order all agree. Labels alone can't
        prove that the images are NIST's, but no re-partition has them.
    """
    if split not in OFFICIAL or len(labels) != OFFICIAL[split][PARTS.index(part)]:
        return False
    return (
        hashlib.sha256(labels.astype(np.uint8).tobytes()).hexdigest()
        == _OFFICIAL_LABELS[split, part]
    )


def named_in(name: str) -> str | None:
    """The split or other set that a file or folder name mentions, or None.

    Parameters
    ----------
    name : str
        For example ``"emnist-balanced-train.csv"``.

    Returns
    -------
    str or None
        One of `KNOWN`.

    Examples
    --------
    >>> named_in("emnist-balanced-train.csv"), named_in("FashionMNIST")
    ('balanced', 'fashion-mnist')
    """
    lower = name.lower()
    other = next((one for one in OTHERS if _OTHER_NAMES[one].search(lower)), None)
    return other or next((split for split in SPLITS if _word(split).search(lower)), None)


_VALIDATION = re.compile("(?<![a-z])(val|valid|validation|dev)(?![a-z])")


def _word(text: str) -> re.Pattern:
    """`text` where no letter stands beside it: "latest" is no test, nor "emnist" an mnist."""
    return re.compile(rf"(?<![a-z]){text}(?![a-z])")


def part_in(name: str) -> str | None:
    """The part that a file or folder name mentions, or None.

    Parameters
    ----------
    name : str
        For example ``"train-00000-of-00001.parquet"``.

    Returns
    -------
    str or None
        ``"train"``, ``"test"`` or None.

    Examples
    --------
    >>> part_in("test-00000-of-00001.parquet")
    'test'
    """
    lower = name.lower()
    return next(
        (part for part in PARTS if _word(f"{part}(?:ing)?(?:set|data|images)?").search(lower)), None
    )


def part_of_folder(name: str) -> str:
    """The part that a folder's whole name is, or an empty text.

    Parameters
    ----------
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> part_of_folder("Training"), part_of_folder("test of pens")
    ('train', '')
    """
    match = re.fullmatch("(train|test)(?:ing)?[-_ ]?(?:set|data|images)?", name.lower())
    return match[1] if match else ""


def is_validation(name: str) -> bool:
    """Whether a file or folder name speaks of a validation part.

    Parameters
    ----------
    name : str

    Returns
    -------
    bool

    Examples
    --------
    >>> is_validation("valid"), is_validation("MNIST_val"), is_validation("values")
    (True, True, False)
    """
    return bool(_VALIDATION.search(name.lower()))


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

    Examples
    --------
    >>> holding({"A", "Z"}), holding({"7", "a"})
    ('letters', 'balanced')
    """
    unknown = sorted(characters - set(_BYCLASS))
    if unknown or not characters:
        what = repr(unknown[0][:40]) if unknown else "nothing"
        raise DatasetError(
            f"EMNIST has no class {what}: name classes by one digit or one letter, 0-9, A-Z, a-z."
        )
    for split in ("digits", "letters", "balanced"):
        if characters <= set(_CHARACTERS[split][1]):
            # where there are but a few of each, chance makes them uneven
            uneven = counts and max(counts) > 3 * max(min(counts), 10)
            return "bymerge" if split == "balanced" and uneven else split
    return "byclass"
