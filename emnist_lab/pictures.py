"""Arrays of images -> PNG: sprites for galleries, enlargements for lessons."""

import io

import numpy as np
from PIL import Image

from .dataset import SIDE


def sprite(images: np.ndarray, columns: int) -> np.ndarray:
    """Lay images side by side, row by row, in one picture.

    Parameters
    ----------
    images : ndarray of shape (N, 28, 28), dtype uint8
        At least one.
    columns : int
        Images in a row.

    Returns
    -------
    ndarray of shape (ceil(N / columns) * 28, columns * 28), dtype uint8
        Places without an image are black.
    """
    rows = -(-len(images) // columns)
    sheet = np.zeros((rows * columns, SIDE, SIDE), np.uint8)
    sheet[: len(images)] = images
    return sheet.reshape(rows, columns, SIDE, SIDE).swapaxes(1, 2).reshape(rows * SIDE, -1)


def png(pixels: np.ndarray, scale: int = 1) -> bytes:
    """Encode grey values as PNG, enlarged without smoothing.

    Parameters
    ----------
    pixels : ndarray of shape (H, W), dtype uint8
    scale : int
        Each pixel becomes a square of this side.

    Returns
    -------
    bytes
    """
    picture = Image.fromarray(pixels)
    if scale != 1:
        picture = picture.resize(
            (picture.width * scale, picture.height * scale), Image.Resampling.NEAREST
        )
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
