"""Ink or a picture of one character -> a 28×28 image, made as EMNIST's makers made theirs.

NIST's binary image is blurred (sigma 1), cropped to the ink, centred in a square with its aspect
kept, given a border of 2 of 28 pixels and reduced to 28×28 by bicubic interpolation; intensities
are scaled to 0..255 (Cohen et al. 2017, arXiv:1702.05373, section III). It lies here because
datasets of larger pictures need it, and so do drawings and photographs, which stand above.
"""

from collections.abc import Iterator

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter, label

SIDE = 28
BORDER = 2
# Size that a character is enlarged to before it is reduced: twice NIST's usual 72 pixels, and so
# twice its sigma, for smoother edges.
BOX = 144
SIGMA = 2.0
_FAINTEST = 24  # grey levels (of 255) between paper and ink, below which a picture is empty
_LARGEST_SIDE = 512  # of a picture: more tells no more of 28 pixels


def bounding_box(mask: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns from the first to the last that are marked.

    Parameters
    ----------
    mask : ndarray of shape (H, W), dtype bool
        Some of it is marked.

    Returns
    -------
    (slice, slice)

    Examples
    --------
    >>> bounding_box(np.eye(5, dtype=bool)[1:4])
    (slice(0, 3, None), slice(1, 4, None))
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def stages(page: np.ndarray, sigma: float = SIGMA) -> Iterator[tuple[str, np.ndarray]]:
    """How ink becomes an EMNIST image, step by step.

    Parameters
    ----------
    page : ndarray of shape (H, W), dtype float32
        Ink above 0, with room for the blur around it.
    sigma : float
        Of the blur, in pixels; by default that of a character of 144 pixels.

    Yields
    ------
    name : str
        ``"blur"``, ``"crop"``, ``"centre"``, ``"shrink"``, ``"scale"``.
    pixels : ndarray
        What the step gives; the last one's is the image, (28, 28) uint8.
    """
    page = gaussian_filter(page, sigma)
    yield "blur", page
    page = page[bounding_box(page > page.max() / 512)]
    yield "crop", page
    height, width = page.shape
    side = round(max(height, width) * SIDE / (SIDE - 2 * BORDER))
    square = np.zeros((side, side), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = page
    yield "centre", square
    small = Image.fromarray(square).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    pixels = np.asarray(small).clip(min=0)
    yield "shrink", pixels
    yield "scale", (pixels * (255 / pixels.max())).round().astype(np.uint8)


def reduce_page(page: np.ndarray, sigma: float = SIGMA) -> np.ndarray:
    """Make the EMNIST image of ink: blur, crop, centre, shrink, scale.

    Parameters
    ----------
    page, sigma
        As for `stages`.

    Returns
    -------
    ndarray of shape (28, 28), dtype uint8

    Examples
    --------
    >>> page = np.zeros((160, 40), np.float32)
    >>> page[10:150, 15:25] = 1
    >>> image = reduce_page(page)
    >>> int(image[0].max()), bool(image[14, 14] > 200)
    (0, True)
    """
    *_, (_, image) = stages(page, sigma)
    return image


def from_grey(grey: np.ndarray) -> np.ndarray | None:
    """Make the EMNIST image of a picture of one character.

    Parameters
    ----------
    grey : ndarray of shape (H, W), dtype uint8
        Dark on light or light on dark; paper of one shade.

    Returns
    -------
    ndarray of shape (28, 28), dtype uint8, or None
        Ink bright on black; None where nothing stands out from the paper.

    Examples
    --------
    >>> picture = np.full((60, 60), 255, np.uint8)
    >>> picture[10:50, 28:33] = 0
    >>> image = from_grey(picture)
    >>> int(image[0].max()), bool(image[14, 14] > 200), from_grey(picture[:9]) is None
    (0, True, True)
    """
    if max(grey.shape) > _LARGEST_SIDE:
        small = Image.fromarray(grey)
        small.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE), Image.Resampling.BOX)
        grey = np.asarray(small)
    ink = _ink(grey.astype(np.float32))
    if ink is None:
        return None
    scale = BOX / max(ink.shape)
    high, wide = (max(round(side * scale), 1) for side in ink.shape)
    edge = np.pad(ink, 2)  # so that interpolation meets paper there
    size = (wide + round(4 * scale), high + round(4 * scale))
    large = np.asarray(Image.fromarray(edge).resize(size, Image.Resampling.BICUBIC))
    binary = np.where(large > large.max() / 2, np.float32(255), np.float32(0))
    return reduce_page(np.pad(binary, round(4 * SIGMA)))


def _ink(grey: np.ndarray) -> np.ndarray | None:
    """The ink, cut out: how far each pixel is from the paper, 0 for paper; None without any."""
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(edge))
    darker, lighter = paper - grey.min(), grey.max() - paper
    if max(darker, lighter) < _FAINTEST:
        return None
    ink = (paper - grey if darker >= lighter else grey - paper).clip(min=0)
    mask = without_specks(ink > otsu(ink))
    return np.where(mask, ink, 0)[bounding_box(mask)] if mask.any() else None


def otsu(values: np.ndarray) -> float:
    """Threshold that separates two kinds of values best (Otsu 1979, 10.1109/TSMC.1979.4310076).

    Parameters
    ----------
    values : ndarray
        Of any shape, finite.

    Returns
    -------
    float

    Examples
    --------
    >>> 0.2 < otsu(np.array([0.1, 0.2, 0.8, 0.9])) < 0.8
    True
    """
    histogram, edges = np.histogram(values, bins=256)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(histogram)[:-1]
    above = values.size - below
    sums = np.cumsum(histogram * centres)
    usable = (below > 0) & (above > 0)
    mean_below = sums[:-1] / np.maximum(below, 1)
    mean_above = (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    between = np.where(usable, below * above * (mean_below - mean_above) ** 2.0, -1)
    return float(edges[1:-1][between.argmax()])


def without_specks(mask: np.ndarray) -> np.ndarray:
    """A mask without components far smaller than the largest: dust, not the dot of an i.

    Parameters
    ----------
    mask : ndarray of shape (H, W), dtype bool

    Returns
    -------
    ndarray of shape (H, W), dtype bool

    Examples
    --------
    >>> mask = np.zeros((20, 20), bool)
    >>> mask[2:12, 2:12], mask[18, 18] = True, True
    >>> int(without_specks(mask).sum())
    100
    """
    components, count = label(mask, structure=np.ones((3, 3)))
    if count <= 1:
        return mask
    sizes = np.bincount(components.ravel())
    sizes[0] = 0
    return (sizes >= 0.02 * sizes.max())[components] & mask
