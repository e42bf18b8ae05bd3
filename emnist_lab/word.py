"""Pen strokes of a word -> its characters, in reading order.

It reads characters that are written apart, touching or not; of joined script, where one
stroke makes several characters, it says that it may be that.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from . import ink, layout
from .errors import InkError
from .runs import Run

_MOST = 400  # strokes
_STEP = 0.04  # of the height: distance of points along a stroke, for distances between strokes
_WIDE = 1.75  # heights of the writing, beyond which a character may be several


@dataclass(frozen=True, eq=False)
class Letter:
    """One character of a drawing.

    Attributes
    ----------
    strokes : tuple of int
        Which of the drawing's strokes make it, in the order they were drawn.
    box : tuple of float
        Left, top, right, bottom of the pen's path, unit of the drawing.
    image : ndarray of shape (28, 28), dtype uint8
        By `emnist_lab.ink.from_strokes`.
    line : int
        0 is the uppermost.
    space : bool
        Whether a word begins with it, inside a line.
    joined : bool
        Whether it may be several characters, written in one stroke.
    """

    strokes: tuple[int, ...]
    box: tuple[float, float, float, float]
    image: np.ndarray
    line: int = 0
    space: bool = False
    joined: bool = False


def letters(strokes: Iterable[Sequence[Sequence[float]]], pen_width: float = 20) -> list[Letter]:
    """Part a drawing into its characters.

    Parameters
    ----------
    strokes : iterable of sequences of (x, y)
        In the order they were drawn; y grows down.
    pen_width : float
        See `emnist_lab.ink.from_strokes`.

    Returns
    -------
    list of Letter
        In reading order; at least one.

    Raises
    ------
    InkError
        There is no stroke that could be of a character, too many, or a coordinate
        isn't a finite number.
    """
    drawn = [np.asarray(stroke, float).reshape(-1, 2) for stroke in _checked(strokes, pen_width)]
    kept = [index for index, stroke in enumerate(drawn) if len(stroke)]
    if len(kept) > _MOST:
        raise InkError(
            f"The drawing has {len(kept):,} strokes, more than {_MOST}: clear it and write a word."
        )
    boxes = np.array([[*drawn[one].min(axis=0), *drawn[one].max(axis=0)] for one in kept])
    height = max(layout.height_of_writing(boxes), pen_width)
    trees = [cKDTree(_dense(drawn[one], _STEP * height)) for one in kept]

    def apart(group: list[int], others: list[int]) -> float:
        # What was written in between parts them: only a stroke and the next are one by nearness.
        if min(abs(a - b) for a in group for b in others) > 1:
            return np.inf
        return min(float(trees[a].query(trees[b].data)[0].min()) for a in group for b in others)

    found = []
    for line, groups in enumerate(layout.lines(boxes, apart)):
        for group in groups:
            own = tuple(sorted(kept[piece] for piece in group.pieces))
            every = np.concatenate([drawn[one] for one in own])
            (left, top), (right, bottom) = every.min(axis=0), every.max(axis=0)
            try:
                image = ink.from_strokes([drawn[one] for one in own], pen_width)
            except InkError:
                continue  # a dot
            found.append(
                Letter(
                    own,
                    (float(left), float(top), float(right), float(bottom)),
                    image,
                    line,
                    group.space,
                    bool(right - left > _WIDE * max(height, 0.8 * (bottom - top))),
                )
            )
    if not found:
        raise InkError("There are only dots: draw a whole digit or letter.")
    return found


def _checked(strokes: Iterable[Sequence[Sequence[float]]], pen_width: float) -> list:
    """Refuse what `ink.from_strokes` refuses, in its words."""
    strokes = list(strokes)
    ink.from_strokes(strokes, pen_width)
    return strokes


def _dense(stroke: np.ndarray, step: float) -> np.ndarray:
    """Points along a stroke, `step` apart."""
    if len(stroke) < 2:
        return stroke
    lengths = np.concatenate([[0], np.linalg.norm(np.diff(stroke, axis=0), axis=1).cumsum()])
    at = np.linspace(0, lengths[-1], int(np.clip(lengths[-1] / step, 1, 2000)) + 1)
    return np.stack([np.interp(at, lengths, stroke[:, axis]) for axis in (0, 1)], axis=1)


def read(run: Run, found: Sequence[Letter]) -> np.ndarray:
    """Read the characters of a drawing.

    Parameters
    ----------
    run : Run
    found : sequence of Letter

    Returns
    -------
    ndarray of shape (len(found), C), dtype float64
        Probabilities of the run's classes.
    """
    return run.predict_proba(np.stack([one.image for one in found]))
