"""Characters read by the company and the height they stand in; the plain reading stays beside it.

A 0 among digits is no O, and a letter half as high as its neighbours is a c, no C: words are of
digits, of small letters, of capitals or begin with one, and their characters stand on a line.
"""

import itertools
import string
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..data.classes import class_index
from .characters import Character

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
# Top and bottom of a character over the baseline, in heights of a capital, as hands write them.
_ASCENDER, _SMALL, _DESCENDER, _DOTTED = 1.2, 0.63, -0.55, 0.95
_TOP = np.array(
    [
        _ASCENDER if one in "bdfhkl" else _DOTTED if one in "ijt" else _SMALL
        if one.islower() else 1.0
        for one in ALPHABET
    ]
)  # fmt: skip
_BOTTOM = np.array([_DESCENDER if one in "gjpqy" else 0.0 for one in ALPHABET])
_SPREAD = 0.18  # standard deviation of these, in the same unit
_MOST = 4_000  # heights that are tried, times characters
_ODD = 0.02  # share of characters whose height says nothing
_LEAST = 1e-4  # a probability below this is taken for this: runs are surer than they are right
# What words are made of, how frequent that is in a line of each kind, and how frequent lines are.
_SETS = {
    "digits": ("digits", "digits"),
    "small": ("small", "small"),
    "capitals": ("capitals", "capitals"),
    "title": ("capitals", "small"),
}  # first character, others; the fifth pattern is of all of these, in runs
_MEMBERS = {
    "digits": np.array([one in string.digits for one in ALPHABET]),
    "small": np.array([one in string.ascii_lowercase for one in ALPHABET]),
    "capitals": np.array([one in string.ascii_uppercase for one in ALPHABET]),
}
_LINES = {
    "digits": (0.25, (0.95, 0.01, 0.01, 0.01, 0.02)),
    "text": (0.35, (0.04, 0.58, 0.04, 0.3, 0.04)),
    "capitals": (0.2, (0.04, 0.01, 0.89, 0.01, 0.05)),
    "free": (0.2, (0.2, 0.1, 0.15, 0.05, 0.5)),
}  # share of lines; shares of words: in the order of `_SETS`, then mixed ones
_STAYS = 0.75  # how often a character of a mixed word is of its neighbour's kind
_CASES = 26  # from a small letter back to its capital
_LISTED = 0.5  # share of words of letters that are in a word list


@dataclass(frozen=True, eq=False)
class ContextReading:
    """What characters are by their company.

    Attributes
    ----------
    characters : tuple of str
        The likeliest of each, in reading order.
    probabilities : ndarray of shape (N, 62), dtype float64
        Of `ALPHABET`; rows sum to 1.
    text : str
        The characters, a line each, words apart.
    """

    characters: tuple[str, ...]
    probabilities: np.ndarray
    text: str


def read_in_context(
    lines: Sequence[Sequence[Character]],
    classes: Sequence[str],
    probabilities: np.ndarray,
    *,
    characters: str = ALPHABET,
    words: Sequence[str] = (),
) -> ContextReading:
    """Read characters by the company and the height they stand in.

    Parameters
    ----------
    lines : sequence of sequences of Character
        From top to bottom, in each from left to right; boxes in any unit, y grows down.
    classes : sequence of str
    probabilities : ndarray of shape (N, C)
        What a run says of each alone, in this order.
    characters : str
        What they may be; see `emnist_lab.handwriting.character_set.characters_of`.
    words : sequence of str
        Words of letters that are likely, in any case.

    Returns
    -------
    ContextReading

    Examples
    --------
    >>> boxes = [(0, 0, 9, 20), (12, 0, 21, 20), (24, 0, 33, 20)]
    >>> line = [Character(box=box, variations=np.zeros((1, 28, 28), np.uint8)) for box in boxes]
    >>> alone = np.array([[0.9, 0, 0.1], [0.9, 0, 0.1], [0, 0.6, 0.4]])
    >>> read_in_context([line], ["7", "O", "0"], alone).text
    '770'
    """
    plain = _by_character(np.asarray(probabilities, float), classes, characters)
    found, text, start, spelled = np.zeros_like(plain), [], 0, _by_length(words)
    for line in lines:
        rows = slice(start, start + len(line))
        start += len(line)
        found[rows] = _read_line(line, plain[rows], spelled)
        best = [ALPHABET[one] for one in found[rows].argmax(axis=1)]
        spaces = [" " if one.space and at else "" for at, one in enumerate(line)]
        text.append("".join(a + b for a, b in zip(spaces, best, strict=True)))
    likeliest = tuple(ALPHABET[one] for one in found.argmax(axis=1))
    return ContextReading(likeliest, found, "\n".join(text))


def _by_character(probabilities: np.ndarray, classes: Sequence[str], characters: str) -> np.ndarray:
    """Probabilities of the 62 characters: a class that both cases count as is shared by them."""
    column = [class_index(one, classes) if one in characters else None for one in ALPHABET]
    shared = np.zeros((len(probabilities), len(ALPHABET)))
    for place, index in enumerate(column):
        if index is not None:
            shared[:, place] = np.maximum(probabilities[:, index], _LEAST) / column.count(index)
    return shared / shared.sum(axis=1, keepdims=True)


def _read_line(
    line: Sequence[Character], plain: np.ndarray, words: dict[int, np.ndarray]
) -> np.ndarray:
    seen = plain * _fits(np.array([one.box for one in line], float), plain)
    begins = [0, *[at for at, one in enumerate(line) if at and one.space], len(line)]
    parts = [slice(a, b) for a, b in itertools.pairwise(begins)]
    readings, scores = zip(*[_read_word(seen[part], words) for part in parts], strict=True)
    scores = np.array(scores)  # (words, patterns), logarithms
    kinds = np.array([np.log(share) for share, _ in _LINES.values()])
    within = np.log([shares for _, shares in _LINES.values()])  # (kinds, patterns)
    both = scores[:, None] + within  # (words, kinds, patterns)
    of_word = np.logaddexp.reduce(both, axis=2)  # (words, kinds)
    weight = _normalized(kinds + of_word.sum(axis=0))
    found = np.zeros_like(plain)
    for part, reading, one, total in zip(parts, readings, both, of_word, strict=True):
        pattern = (weight[:, None] * np.exp(one - total[:, None])).sum(axis=0)
        found[part] = np.einsum("p,pnx->nx", pattern, reading)
    return found


def _read_word(seen: np.ndarray, words: dict[int, np.ndarray]) -> tuple[np.ndarray, list[float]]:
    """What a word's characters are by each pattern, (patterns, n, 62), and how well each fits."""
    readings, scores = [], []
    for first, others in _SETS.values():
        allowed = np.stack([_MEMBERS[first], *[_MEMBERS[others]] * (len(seen) - 1)])
        shares = seen * allowed / allowed.sum(axis=1, keepdims=True)
        total = np.maximum(shares.sum(axis=1, keepdims=True), 1e-300)
        reading, score = shares / total, float(np.log(total).sum())
        if len(seen) in words and first != "digits":
            case = [_CASES * (one == "capitals") for one in [first, *[others] * (len(seen) - 1)]]
            reading, score = _by_list(seen, reading, score, words[len(seen)] - case)
        readings.append(reading)
        scores.append(score)
    reading, score = _read_mixed(seen)
    return np.stack([*readings, reading]), [*scores, score]


def _read_mixed(seen: np.ndarray) -> tuple[np.ndarray, float]:
    """Runs of digits, capitals and small letters: a hidden Markov chain, forwards and backwards."""
    kinds = np.stack([one / one.sum() for one in _MEMBERS.values()])  # (3, 62)
    fits = np.maximum(seen @ kinds.T, 1e-300)
    change = np.full((3, 3), (1 - _STAYS) / 2) + np.eye(3) * (_STAYS - (1 - _STAYS) / 2)
    ahead, behind, score = np.empty_like(fits), np.ones_like(fits), 0.0
    for at in range(len(seen)):
        ahead[at] = fits[at] * (ahead[at - 1] @ change if at else 1 / 3)
        score += float(np.log(ahead[at].sum()))
        ahead[at] /= ahead[at].sum()
    for at in reversed(range(len(seen) - 1)):
        behind[at] = change @ (fits[at + 1] * behind[at + 1])
        behind[at] /= behind[at].sum()
    kind = ahead * behind
    found = seen * ((kind / kind.sum(axis=1, keepdims=True) / fits) @ kinds)
    return found / found.sum(axis=1, keepdims=True), score


def _by_length(words: Sequence[str]) -> dict[int, np.ndarray]:
    """Length -> words of letters of that length, (M, length), small letters by their place."""
    small = sorted({one.lower() for one in words if one.isascii() and one.isalpha()})
    spelled: dict[int, list[list[int]]] = {}
    for one in small:
        spelled.setdefault(len(one), []).append([ALPHABET.index(letter) for letter in one])
    return {size: np.array(each) for size, each in spelled.items()}


def _by_list(
    seen: np.ndarray, reading: np.ndarray, score: float, at: np.ndarray
) -> tuple[np.ndarray, float]:
    """The same with words of this length, one of which it is as likely as not."""
    each = np.log(np.maximum(seen[np.arange(len(seen)), at], 1e-300)).sum(axis=1)
    listed = np.logaddexp.reduce(each) - np.log(len(at))
    both = np.log([1 - _LISTED, _LISTED]) + np.array([score, listed])
    free, known = _normalized(both)
    found, weight = free * reading, known * _normalized(each)
    for place in range(len(seen)):
        np.add.at(found[place], at[:, place], weight)
    return found, float(np.logaddexp.reduce(both))


def _fits(boxes: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """How well each character's height and place fit where it stands in its line: (N, 62).

    Baseline and height of capitals aren't known: what fits all characters counts most.
    """
    if len(boxes) < 2:
        return np.ones_like(plain)
    middle, top, bottom = boxes[:, [0, 2]].mean(axis=1), boxes[:, 1], boxes[:, 3]
    lean = _slope(middle, bottom) * (middle - middle.mean())
    top, bottom = top - lean, bottom - lean
    heights = np.unique((bottom - top)[:, None] / [1.0, _SMALL, _ASCENDER])
    most = np.clip(_MOST // len(boxes), 4, 24)  # of a long line few are enough, and many too much
    heights = heights[np.unique(np.linspace(0, len(heights) - 1, most).astype(int))]
    bases = np.unique(np.quantile(bottom, np.linspace(0, 1, 9)))
    capital, base = (one.ravel() for one in np.meshgrid(np.maximum(heights, 1e-9), bases))
    up = ((base[:, None] - top) / capital[:, None])[..., None] - _TOP  # (frames, N, 62)
    down = ((base[:, None] - bottom) / capital[:, None])[..., None] - _BOTTOM
    near = (1 - _ODD) * np.exp(-(up**2 + down**2) / (2 * _SPREAD**2)) + _ODD
    weight = _normalized(np.log((near * plain).sum(axis=2)).sum(axis=1))
    return np.einsum("f,fnx->nx", weight, near)


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    """Slope of a line through points, few of which may be far off (Theil and Sen)."""
    if len(x) < 4:
        return 0.0
    first, second = np.triu_indices(len(x), 1)
    apart = np.abs(x[second] - x[first]) > 1e-9
    if not apart.any():
        return 0.0
    slopes = (y[second] - y[first])[apart] / (x[second] - x[first])[apart]
    return float(np.clip(np.median(slopes), -0.3, 0.3))


def _normalized(logarithms: np.ndarray) -> np.ndarray:
    return np.exp(logarithms - np.logaddexp.reduce(logarithms))
