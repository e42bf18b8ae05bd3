"""A group of components of ink -> the characters in it, as images."""

import numpy as np

from ...errors import InkError
from .. import ink
from ..characters import Character
from . import connected_components
from .photo import Photo

_BROAD = 1.55  # times as wide as high: few characters are
_LOW = 0.4  # heights of the writing: what is lower is a bar, or a part of a character


def cut_out(
    of: np.ndarray,
    strength: np.ndarray,
    corner: tuple[int, int],
    height: float,
    photo: Photo,
    space: bool = False,
) -> list[Character]:
    """Cut the characters out of a group: one, or several where it is wide and has thin places.

    Parameters
    ----------
    of : ndarray of shape (h, w), dtype bool
        The group's ink.
    strength : ndarray of shape (h, w), dtype float32
        How dark it is there; see `BinarizedPage`.
    corner : (int, int)
        Left and top of these in the photo's pixels.
    height : float
        Of the writing, in these pixels.
    photo : Photo
        That they are from.
    space : bool
        Whether a word begins with the group.

    Returns
    -------
    list of Character
        From left to right; none where the group is too small.
    """
    wide = of.shape[1]
    if max(of.shape) < connected_components.SMALLEST:
        return []
    left, top = corner
    made: list[Character] = []
    parts = connected_components.cut_columns(of, height)
    for begin, end in zip([0, *parts], [*parts, wide], strict=True):
        columns = of[:, begin:end]
        rows, across = np.flatnonzero(columns.any(axis=1)), np.flatnonzero(columns.any(axis=0))
        if not len(rows):
            continue
        upper, lower = int(rows[0]), int(rows[-1]) + 1
        first, last = int(across[0]) + begin, int(across[-1]) + 1 + begin
        ground = np.where(of[upper:lower, first:last], strength[upper:lower, first:last], 0)
        dark = np.pad((255 * (1 - ground)).astype(np.uint8), 2, constant_values=255)
        try:
            variations = ink.rasterize_picture(dark).variations
        except InkError:
            continue
        box = photo.in_picture((left + first, top + upper, left + last, top + lower))
        made.append(
            Character(
                box=box,
                variations=variations,
                space=space and not made,
                joined=bool(parts) or _may_be_several(last - first, lower - upper, height),
            )
        )
    return made


def _may_be_several(wide: int, tall: int, height: float) -> bool:
    """Whether something is as wide as several characters of its height, or of the writing's."""
    if wide > connected_components.WIDE * max(height, 0.8 * tall):
        return True
    return wide > _BROAD * tall and tall > _LOW * height
