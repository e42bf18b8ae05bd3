"""Strokes or a picture -> one 28×28 image, made as EMNIST's makers made theirs.

NIST's binary image is blurred (sigma 1), cropped to the ink, centred in a
square with its aspect kept, given a border of 2 of 28 pixels and reduced to
28×28 by bicubic interpolation; intensities are scaled to 0..255 (Cohen et al.
2017, arXiv:1702.05373, section III). Strokes are drawn first with a pen whose
width is relative to the character: then neither place nor size matters.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image, ImageDraw

from ..data.emnist_image import BORDER, SIDE, reduce_page, stages
from ..data.emnist_image import BOX as _BOX
from ..data.emnist_image import SIGMA as _SIGMA
from ..errors import InkError
from .picture_ink import isolate_ink

__all__ = [
    "BORDER",
    "SIDE",
    "VARIATIONS",
    "Raster",
    "from_picture",
    "from_strokes",
    "rasterize",
    "rasterize_picture",
    "reduce_page",
]

# A ballpoint's line beside the larger side of a character. Measured on EMNIST's balanced
# training part: drawings then carry about as much ink as its images do.
_PEN = 0.11
# How much wider `variations` are drawn. The middle one takes drawings on a screen (UJI Pen
# Characters, writers 01, 03, ... 11) to the mean width of EMNIST's; confirmed on the others.
_WIDER = (1.0, 1.15, 1.3)
VARIATIONS = len(_WIDER)
_MOST_POINTS, _MOST_STROKES = 100_000, 1_000


@dataclass(frozen=True, eq=False)
class Raster:
    """The images of one character, each made when it is first asked for, and once.

    Attributes
    ----------
    page : callable
        How much wider -> its ink that wide, ndarray of shape (H, W), float32, 0..255.
    """

    page: Callable[[float], np.ndarray]

    @cached_property
    def _steps(self) -> list[tuple[str, np.ndarray]]:
        page = self.page(1.0)
        return [("ink", page), *stages(page, _SIGMA)]

    @property
    def stages(self) -> list[tuple[str, np.ndarray]]:
        """How the image is made: each step's name, and what it gives as uint8 (H, W).

        ``"ink"``, ``"blur"``, ``"crop"``, ``"centre"``, ``"shrink"``, ``"scale"``; the last
        one's pixels are the image.
        """
        return [
            (name, pixels.clip(0, 255).round().astype(np.uint8)) for name, pixels in self._steps
        ]

    @property
    def image(self) -> np.ndarray:
        """The EMNIST image: ndarray of shape (28, 28), dtype uint8; 0 is paper, 255 is ink."""
        return self._steps[-1][1]

    @cached_property
    def variations(self) -> np.ndarray:
        """`image`, and the same made wider: ndarray of shape (VARIATIONS, 28, 28), dtype uint8.

        On a screen people write narrower than in the boxes of NIST's forms: by a
        seventh on average, some by none and some by a third. Reading all three
        images and averaging meets both; see `emnist_lab.handwriting.drawing_reader`.
        """
        return np.stack([self.image, *(reduce_page(self.page(width)) for width in _WIDER[1:])])


def rasterize(strokes: Iterable[Sequence[Sequence[float]]], pen_width: float = 20) -> Raster:
    """Take a drawing, to make its images from.

    Parameters
    ----------
    strokes, pen_width
        As for `from_strokes`.

    Returns
    -------
    Raster

    Raises
    ------
    InkError
        See `from_strokes`.

    Examples
    --------
    >>> drawing = rasterize([[(0, 0), (70, 0), (30, 100)]])
    >>> [name for name, _ in drawing.stages]
    ['ink', 'blur', 'crop', 'centre', 'shrink', 'scale']
    >>> drawing.variations.shape
    (3, 28, 28)
    """
    lines = _lines(strokes, pen_width)
    return Raster(lambda width: _page([line * (width, 1.0) for line in lines]))


def from_strokes(strokes: Iterable[Sequence[Sequence[float]]], pen_width: float = 20) -> np.ndarray:
    """Make the EMNIST image of a drawing.

    Parameters
    ----------
    strokes : iterable of sequences of (x, y)
        What the pen wrote between touching and leaving the surface, in any
        unit; x grows to the right, y grows down. Points outside the canvas
        count like any other.
    pen_width : float
        Width of the pen, same unit. It tells a dot from a small character;
        the line that is drawn is as wide as EMNIST's pens are, relative to
        the character, so that its size doesn't change the image.

    Returns
    -------
    ndarray of shape (28, 28), dtype uint8
        Upright; 0 is paper, 255 is ink.

    Raises
    ------
    InkError
        There is no stroke, only a dot, too much of either, or a coordinate isn't a finite
        number.

    Examples
    --------
    >>> seven = from_strokes([[(0, 0), (70, 0), (30, 100)]])
    >>> seven.shape, int(seven.max())
    ((28, 28), 255)
    """
    return rasterize(strokes, pen_width).image


def _lines(strokes: Iterable[Sequence[Sequence[float]]], pen_width: float) -> list[np.ndarray]:
    """Strokes as arrays; the smaller coordinate of all is 0, the larger side 1."""
    try:
        lines = [_points(stroke) for stroke in strokes]
    except TypeError as error:
        raise InkError("A drawing isn't a list of strokes: send lists of (x, y).") from error
    lines = [line for line in lines if len(line)]
    if not lines:
        raise InkError("The canvas is empty: draw a digit or a letter.")
    if len(lines) > _MOST_STROKES:
        raise InkError(
            f"The drawing has {len(lines):,} strokes, more than {_MOST_STROKES:,}: clear it and "
            "draw one character."
        )
    every = np.concatenate(lines)
    if len(every) > _MOST_POINTS:
        raise InkError(
            f"The drawing has {len(every):,} points, more than {_MOST_POINTS:,}: clear it and "
            "draw one character."
        )
    low = every.min(axis=0)
    extent = float((every.max(axis=0) - low).max())
    if extent <= 0.5 * pen_width:
        raise InkError("A single dot can't be read: draw a whole digit or letter.")
    return [(line - low) / extent for line in lines]


def _page(lines: list[np.ndarray]) -> np.ndarray:
    """Lines from 0 on -> float32 (h, w), 0..255, drawn with EMNIST's pen whatever their size."""
    pen = _PEN * _BOX
    margin = pen / 2 + 4 * _SIGMA
    extent = np.max([line.max(axis=0) for line in lines], axis=0)
    scale = (_BOX - pen) / extent.max()
    width, height = np.ceil(extent * scale + 2 * margin).astype(int)
    page = Image.new("L", (int(width), int(height)))
    draw = ImageDraw.Draw(page)
    radius = pen / 2 - 0.5  # Pillow's ellipses hold their edge
    for line in lines:
        path = _thinned(line * scale + margin)
        if len(path) > 1:
            draw.line(path.ravel().tolist(), fill=255, width=round(pen))
        for x, y in path.tolist():
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(page, np.float32)


def _points(stroke: Sequence[Sequence[float]]) -> np.ndarray:
    try:
        points = np.asarray(stroke, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InkError("A stroke isn't a list of (x, y) points: send pairs of numbers.") from error
    if points.size == 0:
        return points.reshape(0, 2)
    if points.ndim != 2 or points.shape[1] != 2:
        raise InkError("A stroke isn't a list of (x, y) points: send pairs of numbers.")
    if not np.isfinite(points).all() or np.abs(points).max() > 1e9:
        raise InkError("A stroke has a coordinate that isn't a usable number: draw it again.")
    return points


def _thinned(path: np.ndarray) -> np.ndarray:
    """One point every half pixel of the final image, and both ends: more would only cost time."""
    step = _BOX / (SIDE - 2 * BORDER) / 2
    travelled = (np.abs(np.diff(path, axis=0)).max(axis=1).cumsum() / step).astype(int)
    kept = np.flatnonzero(np.diff(travelled, prepend=0)) + 1
    return path[np.unique([0, *kept, len(path) - 1])]


def rasterize_picture(picture: Image.Image | np.ndarray) -> Raster:
    """Take the ink of a picture of one character, to make its images from.

    Parameters
    ----------
    picture
        As for `from_picture`.

    Returns
    -------
    Raster
        Its ink is made wider as a whole: strokes across grow longer, strokes down thicker.

    Raises
    ------
    InkError
        See `from_picture`.

    Examples
    --------
    >>> picture = np.full((60, 60), 255, np.uint8)
    >>> picture[10:50, 28:33] = 0
    >>> rasterize_picture(picture).variations.shape
    (3, 28, 28)
    """
    crop = isolate_ink(picture)
    scale = _BOX / (max(crop.shape) - 4)
    cut = Image.fromarray(crop)

    def page(width: float) -> np.ndarray:
        high, wide = (max(round(n * scale), 1) for n in crop.shape)
        size = (round(wide * width), high)
        large = np.asarray(cut.resize(size, Image.Resampling.BICUBIC))
        binary = np.where(large > large.max() / 2, np.float32(255), np.float32(0))
        return np.pad(binary, round(4 * _SIGMA))

    return Raster(page)


def from_picture(picture: Image.Image | np.ndarray) -> np.ndarray:
    """Make the EMNIST image of a picture of one character.

    Parameters
    ----------
    picture : PIL image or ndarray of shape (H, W), (H, W, 3) or (H, W, 4), dtype uint8
        Dark on light or light on dark; paper of one shade. Transparent
        pixels count as white paper.

    Returns
    -------
    ndarray of shape (28, 28), dtype uint8
        Upright; 0 is paper, 255 is ink.

    Raises
    ------
    InkError
        The picture can't be decoded, or has no ink that stands out.

    Examples
    --------
    >>> picture = np.full((60, 60), 255, np.uint8)
    >>> picture[10:50, 28:33] = 0
    >>> image = from_picture(picture)
    >>> int(image[0].max()), bool(image[14, 14] > 200)
    (0, True)
    """
    return rasterize_picture(picture).image
