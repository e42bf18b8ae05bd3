"""What a classifier is given of an image, as pictures: oriented edges, and warped variants."""

import numpy as np
from PIL import Image, ImageDraw

from ..models import augmentation
from ..models.features import HOG
from ..models.normalization import MomentNormalizer

_FINER = 4  # the picture of edges is drawn so much larger, and then made smaller: smooth lines
_FAINTEST = 0.02  # of the strongest edge: what is weaker isn't drawn


def upright(image: np.ndarray) -> np.ndarray:
    """An image whose slant, place and proportions are normalised, as some recipes do first.

    Parameters
    ----------
    image : ndarray of shape (28, 28), dtype uint8

    Returns
    -------
    ndarray of shape (28, 28), dtype uint8
        See `emnist_lab.models.normalization.MomentNormalizer`.

    Examples
    --------
    >>> image = np.zeros((28, 28), np.uint8)
    >>> image[4:24, 12:16] = 255
    >>> upright(image).shape
    (28, 28)
    """
    return MomentNormalizer().transform(np.asarray(image)[None])[0]


def oriented_edges(image: np.ndarray, cell: int = 4, directions: int = 9) -> np.ndarray:
    """How strong the edges of an image are, by place and direction: its HOG features.

    Parameters
    ----------
    image : ndarray of shape (28, 28), dtype uint8
    cell : int
        Distance of cell centres in pixels.
    directions : int
        Of a half turn.

    Returns
    -------
    ndarray of shape (28 // cell, 28 // cell, directions), dtype float32
        Row of cells, column of cells, direction; 0..1. The gradient of direction ``t``
        points ``pi * t / directions`` from the x axis towards the y axis, which grows
        down; the edge runs at a right angle to it.

    Examples
    --------
    >>> image = np.zeros((28, 28), np.uint8)
    >>> image[:, 14:] = 255  # an edge that runs down: its gradient points to the right
    >>> strengths = oriented_edges(image)
    >>> strengths.shape, int(strengths[3, 3].argmax())
    ((7, 7, 9), 0)
    """
    found = HOG(cell=cell, directions=directions).fit_transform(np.asarray(image)[None])[0]
    count = image.shape[0] // cell
    return np.moveaxis(found.reshape(directions, count, count), 0, -1)


def edge_glyphs(strengths: np.ndarray, cell: int = 24) -> np.ndarray:
    """Edges as a picture: in each cell a line for each direction, the brighter the stronger.

    Parameters
    ----------
    strengths : ndarray of shape (R, C, D), float
        As `oriented_edges` gives them.
    cell : int
        Pixels a side of a cell in the picture.

    Returns
    -------
    ndarray of shape (R * cell, C * cell), dtype uint8

    Examples
    --------
    >>> strengths = np.zeros((2, 3, 4))
    >>> strengths[0, 0, 0] = 1  # a gradient to the right: an edge that runs down
    >>> picture = edge_glyphs(strengths, 20)
    >>> picture.shape, bool(picture[4, 10] > 200), int(picture[10, 2])
    ((40, 60), True, 0)
    """
    rows, columns, directions = strengths.shape
    side = cell * _FINER
    page = Image.new("L", (columns * side, rows * side))
    pen = ImageDraw.Draw(page)
    # HOG takes square roots; their squares tell strong edges from weak ones for the eye.
    share = (strengths / max(float(strengths.max()), 1e-12)) ** 2
    # The strongest come last, above the others.
    for place in np.argsort(share, axis=None, kind="stable"):
        row, column, direction = np.unravel_index(place, strengths.shape)
        strength = float(share[row, column, direction])
        if strength < _FAINTEST:
            continue
        angle = np.pi * direction / directions
        half = 0.46 * side
        x, y = -np.sin(angle) * half, np.cos(angle) * half
        middle_x, middle_y = (column + 0.5) * side, (row + 0.5) * side
        ends = (middle_x - x, middle_y - y, middle_x + x, middle_y + y)
        pen.line(ends, fill=round(255 * strength), width=max(side // 12, 1))
    return np.asarray(page.resize((columns * cell, rows * cell), Image.Resampling.BOX))


def warped_variants(image: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """An image as networks on warped images are trained on it: bent otherwise each time.

    Parameters
    ----------
    image : ndarray of shape (28, 28), dtype uint8
    count : int
    seed : int

    Returns
    -------
    ndarray of shape (count, 28, 28), dtype uint8
        See `emnist_lab.models.augmentation.augment`.

    Examples
    --------
    >>> image = np.zeros((28, 28), np.uint8)
    >>> image[4:24, 12:16] = 255
    >>> warped_variants(image, 6).shape
    (6, 28, 28)
    """
    return augmentation.augment(np.repeat(np.asarray(image)[None], count, axis=0), seed)
