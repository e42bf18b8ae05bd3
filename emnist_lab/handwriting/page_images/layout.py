"""Components of ink, as boxes -> characters, and lines of them in reading order."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...data.emnist_image import otsu

_SMALL = 0.4  # of the writing's height: what may be a dot, a bar or a broken-off end
_FLAT = 2.5  # times as wide as high: a bar, if it is that low
_SLANTS = np.tan(np.deg2rad(np.linspace(-8, 8, 33)))  # of lines of writing
# Components side by side are of one character where they are this near, in heights of the
# writing, and together no wider than this, in heights of their own.
_NEAR = ((0.04, 1.6), (0.1, 1.0))
_SPACE = 0.35  # of the writing's height: the least room between words


@dataclass(frozen=True)
class ComponentGroup:
    """Components that make one character.

    Attributes
    ----------
    components : tuple of int
        Indices of its boxes.
    space : bool
        Whether a word begins with it, inside a line.
    """

    components: tuple[int, ...]
    space: bool = False


def text_height(boxes: np.ndarray) -> float:
    """Usual height of characters, whatever dots and specks lie among them.

    Parameters
    ----------
    boxes : ndarray of shape (N, 4)
        Left, top, right, bottom; at least one.

    Returns
    -------
    float

    Examples
    --------
    >>> text_height(np.array([[0, 0, 20, 40], [30, 0, 50, 40], [60, 36, 64, 40]]))
    40.0
    """
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    tall = boxes[:, 3] - boxes[:, 1]
    large = sides >= 0.3 * np.percentile(sides, 90)
    # Not nothing where there are but level strokes.
    return max(float(np.percentile(tall[large], 60)), 0.05 * float(sides.max()), 1e-6)


def group_into_lines(
    boxes: np.ndarray, apart: Callable[[list[int], list[int]], float] | None = None
) -> list[list[ComponentGroup]]:
    """Put components together to characters, and these in reading order.

    Parameters
    ----------
    boxes : ndarray of shape (N, 4)
        Left, top, right, bottom of each component, y growing down.
    apart : callable, optional
        Takes the indices of two groups of components; returns the distance between
        their ink, in the unit of `boxes`.

    Returns
    -------
    list of list of ComponentGroup
        Lines from top to bottom, in each the characters from left to right.
        Small components that belong to no character are left out.

    Examples
    --------
    >>> boxes = np.array([[0, 0, 20, 40], [30, 0, 50, 40], [0, 100, 20, 140]])
    >>> [[group.components for group in line] for line in group_into_lines(boxes)]
    [[(0,), (1,)], [(2,)]]
    """
    if not len(boxes):
        return []
    boxes = np.asarray(boxes, float)
    height = text_height(boxes)
    wide, tall = (boxes[:, 2:] - boxes[:, :2]).T
    low = tall < _SMALL * height
    small = low & ((wide < _SMALL * height) | (wide > _FLAT * tall))
    main = np.flatnonzero(~small)
    level = _levelled(boxes, main, height)
    found = [_characters(level, line, height, apart) for line in _rows(level, main, height)]
    _attach(level, np.flatnonzero(small), found, height)
    return _spaced(level, found, height)


def _levelled(boxes: np.ndarray, main: np.ndarray, height: float) -> np.ndarray:
    """Boxes moved up and down so that lines of writing are level."""
    if len(main) < 8 or np.ptp(boxes) > 1e4 * height:  # too little to tell, or strewn far apart
        return boxes
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    best, most = 0.0, -1.0
    for slope in _SLANTS[np.argsort(np.abs(_SLANTS), kind="stable")]:
        at = middle[main, 1] - slope * middle[main, 0]
        counts = np.bincount(((at - at.min()) / (height / 3)).astype(int))
        score = float((np.convolve(counts, (1, 2, 1)) ** 2.0).sum())
        if score > most * 1.02:
            best, most = float(slope), score
    return boxes - np.outer(best * middle[:, 0], (0, 1, 0, 1))


def _rows(boxes: np.ndarray, main: np.ndarray, height: float) -> list[list[int]]:
    """Large components by line, following each line from left to right as it rises or falls."""
    rows: list[list[int]] = []
    at: list[np.ndarray] = []  # top and bottom of each row where it was seen last
    for component in main[np.argsort(boxes[main, 0], kind="stable")]:
        top, bottom = boxes[component, 1], boxes[component, 3]
        shared = [
            (min(bottom, row[1]) - max(top, row[0])) / min(bottom - top, row[1] - row[0])
            for row in at
        ]
        if shared and max(shared) > 0.35:
            row = int(np.argmax(shared))
            rows[row].append(int(component))
            # Ascenders and descenders move a line's place a little only.
            at[row] = at[row] * 0.75 + np.array([top, bottom]) * 0.25
        else:
            rows.append([int(component)])
            at.append(np.array([top, max(bottom, top + height / 2)]))
    # By where most of it stands; two that stand at the same height are one line with a gap.
    rows.sort(key=lambda row: _middle(boxes, row))
    merged = rows[:1]
    for row in rows[1:]:
        if _middle(boxes, row) - _middle(boxes, merged[-1]) < 0.5 * height:
            merged[-1] = merged[-1] + row
        else:
            merged.append(row)
    return merged


def _middle(boxes: np.ndarray, row: list[int]) -> float:
    return float(np.median(boxes[row, 1] + boxes[row, 3])) / 2


def _characters(
    boxes: np.ndarray,
    row: list[int],
    height: float,
    apart: Callable[[list[int], list[int]], float] | None,
) -> list[list[int]]:
    """Components of a line that stand above each other, or all but touch, together."""
    groups: list[list[int]] = []
    for component in sorted(row, key=lambda one: boxes[one, 0]):
        if groups and _is_one(boxes, groups[-1], component, height, apart):
            groups[-1].append(component)
        else:
            groups.append([component])
    return groups


def _is_one(
    boxes: np.ndarray,
    group: list[int],
    component: int,
    height: float,
    apart: Callable[[list[int], list[int]], float] | None,
) -> bool:
    low, high = boxes[group, :2].min(axis=0), boxes[group, 2:].max(axis=0)
    shared = min(high[0], boxes[component, 2]) - boxes[component, 0]
    if shared > 0.55 * min(high[0] - low[0], boxes[component, 2] - boxes[component, 0]):
        return True
    most = _NEAR[-1][0] * height
    if apart is None or -shared > most:
        return False
    wide, tall = np.maximum(high, boxes[component, 2:]) - np.minimum(low, boxes[component, :2])
    shape = wide / max(tall, 0.5 * height)
    near = [share for share, widest in _NEAR if shape <= widest]
    return bool(near) and apart(group, [component]) <= max(near) * height


def _attach(
    boxes: np.ndarray, small: np.ndarray, found: list[list[list[int]]], height: float
) -> None:
    """Give dots, bars and ends to the characters that they stand by."""
    for line in found:
        _bridge(boxes, small, line, height)
    groups = [group for line in found for group in line]
    if not groups:
        return
    whole = np.array(
        [[*boxes[group, :2].min(axis=0), *boxes[group, 2:].max(axis=0)] for group in groups]
    )
    for component in small:
        left, top, right, bottom = boxes[component]
        across = np.maximum(np.maximum(whole[:, 0] - right, left - whole[:, 2]), 0)
        above, below = whole[:, 1] - bottom, top - whole[:, 3]
        down = np.maximum(np.maximum(above, below), 0)
        # A dot stands above its stem, at times to the right; little stands under a character.
        away = 2.0 * across + down + np.where(below > 0, 0.3 * height, 0)
        # Of those that it is above, below or on, the one with which it shares most width.
        shared = np.minimum(whole[:, 2], right) - np.maximum(whole[:, 0], left)
        narrow = np.minimum(whole[:, 2] - whole[:, 0], right - left)
        away -= 0.2 * height * np.clip((shared + 1e-9) / (narrow + 1e-9), 0, 1)
        nearest = int(away.argmin())
        if across[nearest] <= 0.3 * height and away[nearest] <= 0.75 * height:
            groups[nearest].append(int(component))


def _bridge(boxes: np.ndarray, small: np.ndarray, line: list[list[int]], height: float) -> None:
    """Put together what a bar goes across to: the two stems of an H."""
    for component in small:
        left, top, right, bottom = boxes[component]
        for first, second in itertools.pairwise(list(line)):
            a, b = boxes[first], boxes[second]
            tall = min(a[:, 3].max(), b[:, 3].max()) - max(a[:, 1].min(), b[:, 1].min())
            reach = 0.25 * (right - left)
            if (
                a[:, 0].min() - reach < left < a[:, 2].max() + reach
                and b[:, 0].min() - reach < right < b[:, 2].max() + reach
                and right - left > 0.5 * (b[:, 0].min() - a[:, 2].max()) > 0
                and min(a[:, 3].max(), b[:, 3].max()) > bottom
                and max(a[:, 1].min(), b[:, 1].min()) < top
                and b[:, 2].max() - a[:, 0].min() < 1.2 * max(tall, 0.8 * height)
            ):
                first += second
                line.remove(second)
                break


def _spaced(
    boxes: np.ndarray, found: list[list[list[int]]], height: float
) -> list[list[ComponentGroup]]:
    """Groups with the gaps between words noted, which are told from those between characters."""
    gaps = []
    for line in found:
        line.sort(key=lambda group: float(boxes[group, 0].min() + boxes[group, 2].max()))
        ends = [float(boxes[group, 2].max()) for group in line]
        starts = [float(boxes[group, 0].min()) for group in line]
        gaps.append(np.array([0.0, *np.subtract(starts[1:], ends[:-1])]))
    every = np.concatenate([gap[1:] for gap in gaps] or [np.zeros(0)]).clip(0, 3 * height)
    least = np.inf
    if len(every) and np.ptp(every) > 1e-3 * height:
        split = otsu(every)
        narrow, wide = every[every <= split], every[every > split]
        if len(narrow) and wide.mean() > 2 * max(narrow.mean(), 0.1 * height):
            least = max(split, _SPACE * height)
    elif len(every):
        least = 1.2 * height
    return [
        [
            ComponentGroup(tuple(group), bool(gap > least))
            for group, gap in zip(line, gap_, strict=True)
        ]
        for line, gap_ in zip(found, gaps, strict=True)
    ]
