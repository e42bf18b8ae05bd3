"""From a drawing to an array, step by step: what `ink.from_strokes` does, for those who learn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from . import ink

_SAID = {
    "ink": ("Ink", "Each stroke is drawn with a line as wide as EMNIST's pens, at one size."),
    "blur": ("Blur", "A Gaussian blur softens the edges, as NIST's was."),
    "crop": ("Crop", "The empty edges around the ink are cut off."),
    "centre": ("Centre", "It is put in the middle of a square, with a border of 2 of 28 pixels."),
    "shrink": ("Shrink", "Bicubic interpolation makes 28 × 28 pixels of it."),
    "scale": ("Scale", "The brightest pixel becomes 255: this is what the model sees."),
}


@dataclass(frozen=True, eq=False)
class Step:
    """One step on the way.

    Attributes
    ----------
    key : str
        ``"ink"``, ``"blur"``, ``"crop"``, ``"centre"``, ``"shrink"`` or ``"scale"``.
    name, about : str
        For people: a word, and a sentence on what is done.
    pixels : ndarray of shape (H, W), dtype uint8
        What it gives; 0 is paper, 255 is ink.
    """

    key: str
    name: str
    about: str
    pixels: np.ndarray


def from_strokes(strokes: Iterable[Sequence[Sequence[float]]], pen_width: float = 20) -> list[Step]:
    """Follow a drawing on its way to the EMNIST image.

    Parameters
    ----------
    strokes, pen_width
        See `emnist_lab.handwriting.ink.from_strokes`.

    Returns
    -------
    list of Step
        In order; the last one's pixels are the image that
        `emnist_lab.handwriting.ink.from_strokes` makes, all of them by the same code.

    Raises
    ------
    InkError
        As there.
    """
    page = ink._page(ink._lines(strokes, pen_width))
    return [
        Step(key, *_SAID[key], pixels.clip(0, 255).round().astype(np.uint8))
        for key, pixels in [("ink", page), *ink._stages(page)]
    ]
