"""Random drawings and pictures of no character, which the scribble detector learns to refuse."""

from collections.abc import Callable

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter

from ..handwriting import ink

Strokes = list[np.ndarray]


def _rotated(points: np.ndarray, random: np.random.Generator) -> np.ndarray:
    angle = random.uniform(0, np.pi)
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.array([[cos, -sin], [sin, cos]])


def _smooth_line(knots: np.ndarray) -> np.ndarray:
    """A smooth line through points."""
    count = len(knots)
    return CubicSpline(np.arange(count), knots)(np.linspace(0, count - 1, count * 8))


def _shading(random: np.random.Generator) -> Strokes:
    """A line back and forth over the whole area."""
    count = random.integers(12, 40)
    along = np.linspace(0, 1, count) + random.normal(0, 0.02, count)
    across = np.arange(count) % 2 + random.normal(0, 0.08, count)
    return [_rotated(np.stack([along, across * random.uniform(0.5, 1)], 1), random)]


def _tangle(random: np.random.Generator) -> Strokes:
    """One long smooth line through random points."""
    return [_smooth_line(random.random((random.integers(10, 30), 2)))]


def _sticks(random: np.random.Generator) -> Strokes:
    """Straight strokes anywhere."""
    return [random.random((2, 2)) for _ in range(random.integers(4, 12))]


def _curves(random: np.random.Generator) -> Strokes:
    """Bent strokes anywhere."""
    return [
        _smooth_line(random.random((random.integers(3, 6), 2)))
        for _ in range(random.integers(3, 7))
    ]


def _wander(random: np.random.Generator) -> Strokes:
    """A line that turns at random."""
    turns = np.cumsum(random.normal(0, 0.25, random.integers(150, 500)))
    return [np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1), axis=0)]


def _dots(random: np.random.Generator) -> Strokes:
    """Dots alone."""
    return [random.random((1, 2)) for _ in range(random.integers(4, 25))]


def _spiral(random: np.random.Generator) -> Strokes:
    """A spiral with many turns."""
    t = np.linspace(0, 2 * np.pi * random.uniform(2.5, 7), 200)
    round_ = np.stack([np.cos(t), np.sin(t) * random.uniform(0.6, 1)], 1)
    return [_rotated(round_ * t[:, None], random)]


def _blots(random: np.random.Generator) -> np.ndarray:
    """A picture of light and dark areas without lines: uint8 (64, 64)."""
    noise = gaussian_filter(random.normal(size=(64, 64)), random.uniform(1.5, 6))
    noise -= np.quantile(noise, random.uniform(0.3, 0.8))
    noise /= np.abs(noise).max()
    return (255 * np.clip(noise, 0, 1) ** random.uniform(0.3, 1)).astype(np.uint8)


DRAWN: dict[str, Callable[[np.random.Generator], Strokes]] = {
    "shading": _shading,
    "tangle": _tangle,
    "sticks": _sticks,
    "curves": _curves,
    "wander": _wander,
    "dots": _dots,
    "spiral": _spiral,
}
KINDS = (*DRAWN, "blots")


def make_scribbles(kind: str, count: int, seed: int) -> np.ndarray:
    """EMNIST images of scribbles.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    count, seed : int

    Returns
    -------
    ndarray of shape (count, 28, 28), dtype uint8

    Examples
    --------
    >>> make_scribbles("spiral", 2, seed=1).shape
    (2, 28, 28)
    """
    random = np.random.default_rng([seed, KINDS.index(kind)])
    if kind in DRAWN:
        made = [ink.from_strokes(DRAWN[kind](random), pen_width=0) for _ in range(count)]
    else:
        made = [ink.from_picture(_blots(random)) for _ in range(count)]
    return np.stack(made)
