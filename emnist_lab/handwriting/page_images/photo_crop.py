"""A part of a picture, cut out by a person -> a picture of its own."""

import io
import os
from typing import BinaryIO

import numpy as np
from PIL import Image

from ...errors import InkError
from . import photo

_SMALLEST = 8  # pixels: less holds no character


def crop(
    source: str | os.PathLike | bytes | BinaryIO,
    shares: tuple[float, float, float, float],
    turned: int = 0,
) -> bytes:
    """Cut a part out of a picture.

    Parameters
    ----------
    source : path-like, bytes or binary file
        See `emnist_lab.handwriting.page_images.photo.open_photo`.
    shares : tuple of float
        Left, top, right, bottom of the part, as shares of the upright picture's sides.
    turned : int
        Degrees clockwise to turn it by first: 0, 90, 180 or 270.

    Returns
    -------
    bytes
        A PNG of the part, at the size that pictures are worked on at.

    Raises
    ------
    InkError
        See `emnist_lab.handwriting.page_images.photo.open_photo`; the part is below 8 pixels.

    Examples
    --------
    >>> out = io.BytesIO()
    >>> Image.new("L", (400, 300), 255).save(out, "PNG")
    >>> Image.open(io.BytesIO(crop(out.getvalue(), (0.5, 0, 1, 0.5)))).size
    (200, 150)
    """
    found = photo.open_photo(source).turned(turned)
    height, width = found.pixels.shape[:2]
    left, right = (round(share * width) for share in shares[::2])
    top, bottom = (round(share * height) for share in shares[1::2])
    part = found.pixels[max(top, 0) : bottom, max(left, 0) : right]
    if min(part.shape[:2]) < _SMALLEST:
        raise InkError("The part is too small to hold writing: cut out more.")
    out = io.BytesIO()
    Image.fromarray(part.round().astype(np.uint8)).save(out, "PNG", compress_level=1)
    return out.getvalue()
