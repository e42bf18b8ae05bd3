"""Pen strokes of a word -> its characters, in reading order.

Strokes that stand above each other are one character. Strokes that touch side by side may
be one (the stem and bow of a D) or two: the run's confidence in each decides.
Of joined script, where one stroke makes several characters, it says that it may be that.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from ..errors import InkError
from ..runs.run import Run
from . import characters, drawing_reader, ink
from .page_images import layout

_MOST = 400  # strokes
_STEP = 0.04  # of the height: distance of points along a stroke, for distances between strokes
_WIDE = 1.75  # heights of the writing, beyond which a character may be several
_PARTS = 3  # that one character may be put together from, side by side
# Parts of one character: no farther apart, and no wider together, in heights.
_FARTHEST, _WIDEST = 0.2, 1.3
# What putting two parts together costs, and what each height between them adds, in nats.
_JOIN, _GAP = 0.5, 15.0
# A stroke whose ends are on another, this near in heights, makes up for so much distance.
_ON, _CLOSED = 0.12, 0.2


@dataclass(frozen=True, eq=False, kw_only=True)
class Character(characters.Character):
    """One character of a drawing; its box is that of the pen's path, in the drawing's unit.

    Attributes
    ----------
    strokes : tuple of int
        Which of the drawing's strokes make it, in the order they were drawn.
    line : int
        0 is the uppermost.
    """

    strokes: tuple[int, ...]
    line: int = 0


@dataclass(frozen=True, eq=False, kw_only=True)
class WordPrediction(characters.CharacterPredictions):
    """A drawing of several characters, as a run reads it.

    Attributes
    ----------
    letters : tuple of Character
        In reading order; at least one.
    """

    letters: tuple[Character, ...]

    @property
    def text(self) -> str:
        """The likeliest characters, a line each, words apart."""
        text = ""
        for index, one in enumerate(self.letters):
            if index and one.line != self.letters[index - 1].line:
                text += "\n"
            text += (" " if one.space else "") + self.best(index, 1)[0][0]
        return text


def read(
    run: Run, strokes: Iterable[Sequence[Sequence[float]]], pen_width: float = 20
) -> WordPrediction:
    """Part a drawing into its characters, and read each.

    Parameters
    ----------
    run : Run
        Says too which strokes that touch are one character.
    strokes : iterable of sequences of (x, y)
        In the order they were drawn; y grows down.
    pen_width : float
        See `emnist_lab.handwriting.ink.from_strokes`.

    Returns
    -------
    WordPrediction

    Raises
    ------
    InkError
        There is no stroke that could be of a character, too many, or a coordinate
        isn't a finite number.

    Examples
    --------
    >>> from emnist_lab.runs.registry import open_run
    >>> seven, bar = [(0, 0), (70, 0), (30, 100)], [(150, 0), (150, 100)]
    >>> found = read(open_run("hog-qda"), [seven, bar], 10)
    >>> [letter.strokes for letter in found.letters], found.text[0]
    ([(0,), (1,)], '7')
    """
    drawn = _drawn(strokes, pen_width)
    parts, height = _parts(drawn)
    found = []
    for line, groups in enumerate(parts):
        ways = _ways(drawn, groups, height, pen_width, line)
        if not ways:
            continue
        # One image of each is enough here: only how sure the run is of it counts.
        probabilities = run.predict_proba(np.stack([one.image for one, *_ in ways.values()]))
        cost = {
            (begin, end): (end - begin) * -np.log(probability.max() + 1e-9)
            + (end - begin - 1) * _JOIN
            + _GAP * away
            for ((begin, end), (*_, away)), probability in zip(
                ways.items(), probabilities, strict=True
            )
        }
        found += [ways[way] for way in _cheapest(len(groups), cost)]
    if not found:
        raise InkError("There are only dots and dashes: draw a whole digit or letter.")
    # Which strokes are one character is settled: now each is read as a drawing of its own.
    letters = tuple(replace(one, variations=raster.variations) for one, raster, _ in found)
    probabilities = drawing_reader.predict_variations(
        run, np.stack([one.variations for one in letters])
    )
    return WordPrediction(letters=letters, classes=run.classes, probabilities=probabilities)


def _drawn(strokes: Iterable[Sequence[Sequence[float]]], pen_width: float) -> list[np.ndarray]:
    """Strokes as arrays; refused is what `ink.rasterize` refuses, in its words."""
    strokes = list(strokes)
    ink.rasterize(strokes, pen_width)
    drawn = [np.asarray(stroke, float).reshape(-1, 2) for stroke in strokes]
    if sum(map(bool, map(len, drawn))) > _MOST:
        raise InkError(
            f"The drawing has {len(drawn):,} strokes, more than {_MOST}: clear it and write a word."
        )
    return drawn


def _parts(drawn: list[np.ndarray]) -> tuple[list[list[layout.ComponentGroup]], float]:
    """Lines of groups of strokes, which are named by their place in `drawn`; usual height."""
    kept = [index for index, stroke in enumerate(drawn) if len(stroke)]
    boxes = np.array([[*drawn[one].min(axis=0), *drawn[one].max(axis=0)] for one in kept])
    parts = [
        [
            replace(group, components=tuple(sorted(kept[one] for one in group.components)))
            for group in line
        ]
        for line in layout.group_into_lines(boxes)
    ]
    return parts, layout.text_height(boxes)


def _letter(
    drawn: list[np.ndarray],
    own: Sequence[int],
    height: float,
    pen_width: float,
    line: int,
    space: bool,
) -> tuple[Character, ink.Raster] | None:
    """The character that some strokes make, and its images; None if it's a dot."""
    every = np.concatenate([drawn[one] for one in own])
    (left, top), (right, bottom) = every.min(axis=0).tolist(), every.max(axis=0).tolist()
    try:
        raster = ink.rasterize([drawn[one] for one in own], pen_width)
    except InkError:
        return None
    one = Character(
        box=(left, top, right, bottom),
        variations=raster.image[None],
        space=space,
        joined=right - left > _WIDE * max(height, 0.8 * (bottom - top)),
        strokes=tuple(own),
        line=line,
    )
    return one, raster


def _ways(
    drawn: list[np.ndarray],
    groups: list[layout.ComponentGroup],
    height: float,
    pen_width: float,
    line: int,
) -> dict[tuple[int, int], tuple[Character, ink.Raster, float]]:
    """What a line's groups may be: each alone, or neighbours together, and how far these are apart.

    Keys are the places of the first group and behind the last; lone dots have none.
    """
    single = {
        at: _letter(drawn, group.components, height, pen_width, line, group.space)
        for at, group in enumerate(groups)
    }
    ways = {(at, at + 1): (*one, 0.0) for at, one in single.items() if one is not None}
    trees = {
        one: cKDTree(_dense(drawn[one], _STEP * height))
        for group in groups
        for one in group.components
    }
    for begin in range(len(groups)):
        own, away = groups[begin].components, 0.0
        for end in range(begin + 2, min(begin + _PARTS, len(groups)) + 1):
            last, new = groups[end - 2].components, groups[end - 1].components
            # What was written in between parts them.
            if min(abs(a - b) for a in last for b in new) > 1:
                break
            step = min(float(trees[a].query(trees[b].data)[0].min()) for a in last for b in new)
            away += step / height - (_CLOSED if _closes(drawn, trees, last, new, height) else 0)
            own = tuple(sorted(own + new))
            one = _letter(drawn, own, height, pen_width, line, groups[begin].space)
            if step > _FARTHEST * height or one is None:
                break
            left, top, right, bottom = one[0].box
            if right - left > _WIDEST * max(bottom - top, 0.5 * height):
                break
            ways[begin, end] = *one, away
    return ways


def _closes(
    drawn: list[np.ndarray], trees: dict[int, cKDTree], last: tuple, new: tuple, height: float
) -> bool:
    """Whether a stroke begins and ends on one of the others, as the bow of a D does."""
    return any(
        trees[other].query(drawn[one][[0, -1]])[0].max() < _ON * height
        for one, other in [*itertools.product(last, new), *itertools.product(new, last)]
        if np.ptp(drawn[one], axis=0).max() > 4 * _ON * height
    )


def _cheapest(count: int, cost: dict[tuple[int, int], float]) -> list[tuple[int, int]]:
    """The cheapest steps from 0 to `count`; a place that nothing starts at is passed over."""
    best, back = [0.0] + [np.inf] * count, [0] * (count + 1)
    for end in range(1, count + 1):
        best[end], back[end] = (best[end - 1], -1) if (end - 1, end) not in cost else (np.inf, 0)
        for begin in range(max(end - _PARTS, 0), end):
            if best[begin] + cost.get((begin, end), np.inf) < best[end]:
                best[end], back[end] = best[begin] + cost[begin, end], begin
    steps, at = [], count
    while at:
        if back[at] < 0:
            at -= 1
            continue
        steps.append((back[at], at))
        at = back[at]
    return steps[::-1]


def _dense(stroke: np.ndarray, step: float) -> np.ndarray:
    """Points along a stroke, `step` apart."""
    if len(stroke) < 2:
        return stroke
    lengths = np.concatenate([[0], np.linalg.norm(np.diff(stroke, axis=0), axis=1).cumsum()])
    at = np.linspace(0, lengths[-1], int(np.clip(lengths[-1] / step, 1, 2000)) + 1)
    return np.stack([np.interp(at, lengths, stroke[:, axis]) for axis in (0, 1)], axis=1)
