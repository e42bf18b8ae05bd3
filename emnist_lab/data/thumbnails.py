"""Arrays of images -> PNG: sprites for galleries, enlargements for lessons."""

import base64
import io

import numpy as np
from PIL import Image

from .formats.base import SIDE


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
    """Encode grey values or colours as PNG, enlarged without smoothing.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, 3), dtype uint8
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


def data_url(pixels: np.ndarray, scale: int = 1) -> str:
    """`png` as an address that a page or a table can show.

    Parameters
    ----------
    pixels, scale
        As for `png`.

    Returns
    -------
    str

    Examples
    --------
    >>> data_url(np.zeros((2, 2), np.uint8))[:26]
    'data:image/png;base64,iVBO'
    """
    return "data:image/png;base64," + base64.b64encode(png(pixels, scale)).decode("ascii")


def pair(first: np.ndarray, second: np.ndarray, scale: int = 4) -> bytes:
    """Two images and their difference, side by side.

    Parameters
    ----------
    first, second : ndarray of shape (28, 28), float
        0..255.
    scale : int
        Each pixel becomes a square of this side.

    Returns
    -------
    bytes
        A PNG: the first, the second, and on black the first less the second,
        orange where it is positive, blue where it is negative.
    """
    apart = signed(first - second)
    greys = [
        np.repeat(one.round().astype(np.uint8)[:, :, None], 3, axis=2) for one in (first, second)
    ]
    gap = np.full((SIDE, 2, 3), 127, np.uint8)
    return png(np.hstack([greys[0], gap, greys[1], gap, apart]), scale)


def signed(values: np.ndarray) -> np.ndarray:
    """Values around zero as colours: orange above, blue below, black at zero.

    Parameters
    ----------
    values : ndarray of shape (H, W), float

    Returns
    -------
    ndarray of shape (H, W, 3), dtype uint8
        The largest absolute value has the full colour.
    """
    share = values / max(float(np.abs(values).max()), 1e-12)
    colours = np.where(share[:, :, None] > 0, (255, 140, 40), (70, 160, 255))
    return (np.sqrt(np.abs(share))[:, :, None] * colours).round().astype(np.uint8)


def evidence(image: np.ndarray, values: np.ndarray, scale: int = 5) -> bytes:
    """An image in grey, and what speaks for and against laid over it in colour.

    Parameters
    ----------
    image : ndarray of shape (28, 28), dtype uint8
    values : ndarray of shape (28, 28), float
        Above zero is orange, below blue; see `signed`.
    scale : int
        Each pixel becomes a square of this side.

    Returns
    -------
    bytes
        A PNG.
    """
    grey = np.repeat(image[:, :, None] * 0.4, 3, axis=2)
    return png(np.clip(grey + 0.75 * signed(values), 0, 255).astype(np.uint8), scale)
