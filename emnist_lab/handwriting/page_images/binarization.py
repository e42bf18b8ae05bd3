"""Pixels of a photo or scan -> ink alone: without light, paper, lines and noise."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ...errors import InkError
from . import line_removal
from .paper_contrast import MAX_STROKE_WIDTH, measure_contrast

_FAINTEST = 0.10  # contrast to paper, below which a picture is empty
_NOISE = 6.0  # standard deviations above the noise that ink must be
_SHARE = 0.5  # of the darkest around it that a pixel of ink is at least
_SOFT = 0.25  # and that a pixel of a line is
_REACH = 350  # of the longer side: how far around; the soft edge of a stroke is narrower
_PALEST = 0.3  # of the usual ink: what is paler shines through, or is a stain


@dataclass(frozen=True, eq=False)
class BinarizedPage:
    """What is written on a picture.

    Attributes
    ----------
    strength : ndarray of shape (h, w), dtype float32
        0 is paper, about 1 is ink at its darkest, whatever the light and the pen.
    mask : ndarray of shape (h, w), dtype bool
        Where ink is.
    light_on_dark : bool
        Chalk on a board, say.
    ruled : int
        How many ruled lines were removed.
    drawn : ndarray of shape (h, w), dtype bool
        Where ink and lines are.
    contrast : ndarray of shape (h, w), dtype float32
        Of both to the paper.
    """

    strength: np.ndarray
    mask: np.ndarray
    light_on_dark: bool
    ruled: int
    drawn: np.ndarray
    contrast: np.ndarray


def binarize(
    pixels: np.ndarray, widest: float = MAX_STROKE_WIDTH, blur: float = 1.0
) -> BinarizedPage:
    """Tell ink from paper.

    Each pixel is compared with the darkest near it, not with the page's darkest: beside a black
    frame or a marker a pale pen is still ink.

    Parameters
    ----------
    pixels : ndarray of shape (h, w) or (h, w, 3), dtype float32 or uint8
        0..255.
    widest : float
        Of the longer side: what is wider and dark all over is a shadow, not ink.
    blur : float
        How many pixels wide an edge is at least: more than 1 in a picture that was enlarged.

    Returns
    -------
    BinarizedPage

    Raises
    ------
    InkError
        Nothing stands out from the background.

    Examples
    --------
    >>> grey = np.full((200, 300), 240, np.float32)
    >>> grey[50:150, 100:106] = 20
    >>> found = binarize(grey)
    >>> bool(found.mask[100, 103]), bool(found.mask[100, 200]), found.light_on_dark
    (True, False, False)
    """
    contrast, noise, light_on_dark = measure_contrast(pixels, widest)
    floor = max(_FAINTEST, _NOISE * noise)
    if np.count_nonzero(contrast > floor) < 6:
        raise InkError(
            "Nothing in the picture stands out from its background: use a darker pen or more light."
        )
    whole = contrast
    reach = max(3, round(max(contrast.shape) / _REACH), round(blur))
    drawn, darkest = _beside_darkest(contrast, reach, floor)
    # Pale lines are whole here also where they run through ink.
    soft = contrast > np.maximum(_SOFT * darkest, floor)
    lines, count = line_removal.ruled_lines(soft)
    mask = drawn
    if count:
        contrast = line_removal.without_lines(contrast, lines)
        mask, darkest = _beside_darkest(contrast, reach, floor)
    mask = _without_pale(mask, contrast)
    strength = np.divide(contrast, darkest, out=np.zeros_like(contrast), where=darkest > floor)
    return BinarizedPage(strength, mask, light_on_dark, count, drawn, whole)


def _beside_darkest(
    contrast: np.ndarray, reach: int, floor: float
) -> tuple[np.ndarray, np.ndarray]:
    """Where ink is, and the darkest near each pixel."""
    darkest = ndimage.maximum_filter(contrast, 2 * reach + 1, mode="nearest")
    return contrast > np.maximum(_SHARE * darkest, floor), darkest


def _without_pale(mask: np.ndarray, contrast: np.ndarray) -> np.ndarray:
    """`mask` without components that are far paler than the usual one."""
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    if count < 2:
        return mask
    at = labels[mask]
    values = contrast[mask]
    areas = np.bincount(at, minlength=count + 1)
    levels = np.bincount(at, values**2, count + 1) / np.maximum(
        np.bincount(at, values, count + 1), 1e-9
    )
    # Each counts by its length, about: a blot or a frame as little more than a character.
    weights = np.minimum(areas, 40 * np.sqrt(areas)) * (areas > 8)
    order = levels.argsort()
    summed = weights[order].cumsum()
    if not summed[-1]:
        return mask
    usual = levels[order][np.searchsorted(summed, summed[-1] / 2)]
    kept = levels >= _PALEST * usual
    kept[0] = False
    return kept[labels]
