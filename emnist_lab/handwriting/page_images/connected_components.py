"""Ink -> its connected components, without what is no writing; and where wide ones are cut."""

import numpy as np
from scipy import ndimage

from . import drawn_shapes, layout

SMALLEST = 8  # pixels of the picture as it is worked on: height or width of a character
WIDE = 1.75  # heights of writing, beyond which a character may be several
_SOLID = 0.4  # thickness beside the larger side, from which a component is a blot


def find_components(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find connected components that could be of characters.

    Left out are specks, blots, and at the picture's edge what is no writing: shadows,
    the table; long straight strokes, and boxes drawn around characters.

    Parameters
    ----------
    mask : ndarray of shape (h, w), dtype bool
        Where ink is.

    Returns
    -------
    labels : ndarray of shape (h, w), dtype int
        Component i has label i + 1; 0 is none.
    boxes : ndarray of shape (N, 4), dtype int
        Left, top, right, bottom of each.

    Examples
    --------
    >>> mask = np.zeros((60, 80), bool)
    >>> mask[10:50, 20:24] = mask[10:50, 50:54] = True
    >>> find_components(mask)[1].tolist()
    [[20, 10, 24, 50], [50, 10, 54, 50]]
    """
    components, count = ndimage.label(mask, np.ones((3, 3)))
    if not count:
        return components, np.zeros((0, 4), int)
    areas = np.bincount(components.ravel(), minlength=count + 1)[1:]
    rim = mask & ~ndimage.binary_erosion(mask)
    rims = np.bincount(components[rim], minlength=count + 1)[1:]
    boxes = np.array(
        [
            (across.start, down.start, across.stop, down.stop)
            for down, across in ndimage.find_objects(components)
        ]
    )
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    thick = 2 * areas / rims
    pen = _weighted_median(thick, rims * (sides > 2 * thick))
    height, width = mask.shape
    kept = (areas > 0.4 * pen**2) & (areas >= 4)
    solid = thick > _SOLID * sides
    lined = kept & ~solid
    usual = layout.text_height(boxes[lined]) if lined.any() else 0
    kept &= ~(solid & (sides > 0.6 * usual))  # a blot; a dot is smaller
    touches = (
        (boxes[:, :2].min(axis=1) <= 1) | (boxes[:, 2] >= width - 1) | (boxes[:, 3] >= height - 1)
    )
    if (kept & ~touches & (sides >= SMALLEST)).any():
        usual = layout.text_height(boxes[kept & ~touches])
        short = (boxes[:, 2:] - boxes[:, :2]).min(axis=1)
        odd = (thick > 2.5 * pen) | (sides > 2.5 * usual) | (short < 0.4 * usual)
        kept &= ~(touches & odd)
        kept &= ~((thick > 5 * pen) & (sides > 3 * usual))  # a hand, a picture
    some = np.flatnonzero(kept)
    if len(some) > 1:
        usual = layout.text_height(boxes[some[~drawn_shapes.surround(boxes[some])]])
        shapes = drawn_shapes.find_shapes(components, some + 1, boxes[some], thick[some], usual)
        if not shapes.all():
            kept[some[shapes]] = False
    order = np.concatenate([[0], np.where(kept, np.cumsum(kept), 0)])
    return order[components], boxes[kept]


def ink_distance(labels: np.ndarray, boxes: np.ndarray, one: list[int], other: list[int]) -> float:
    """Distance between two groups of components.

    Parameters
    ----------
    labels, boxes
        See `find_components`.
    one, other : list of int
        Indices of components.

    Returns
    -------
    float
        Pixels from ink to ink.

    Examples
    --------
    >>> mask = np.zeros((60, 80), bool)
    >>> mask[10:50, 20:24] = mask[10:50, 50:54] = True
    >>> ink_distance(*find_components(mask), [0], [1])
    26.0
    """
    both = boxes[one + other]
    left, top = both[:, :2].min(axis=0)
    right, bottom = both[:, 2:].max(axis=0)
    part = labels[top:bottom, left:right]
    away = ndimage.distance_transform_edt(~np.isin(part, np.array(one) + 1))
    return float(away[np.isin(part, np.array(other) + 1)].min()) - 1


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    if not weights.sum():
        return float(np.median(values))
    order = values.argsort()
    return float(values[order][np.searchsorted(weights[order].cumsum(), weights.sum() / 2)])


def cut_columns(of: np.ndarray, height: float) -> list[int]:
    """Find where to cut a wide component: where one thin stroke is all that joins its parts.

    Parameters
    ----------
    of : ndarray of shape (h, w), dtype bool
        The component.
    height : float
        Of the writing, in pixels.

    Returns
    -------
    list of int
        Columns, from left to right; none where it isn't wider than one character.
    """
    tall, wide = of.shape
    if wide <= WIDE * max(height, 0.8 * tall):
        return []
    inked = of.sum(axis=0)
    pen = max(float(np.percentile(inked[inked > 0], 20)), 1)
    parts = round(wide / max(0.8 * height, 1))
    cuts: list[int] = []
    for part in range(1, parts):
        at = wide * part / parts
        reach = 0.35 * wide / parts
        near = np.arange(max(int(at - reach), 1), min(int(at + reach) + 1, wide - 1))
        cost = inked[near] + 0.3 * pen * np.abs(near - at) / reach
        best = int(near[cost.argmin()])
        if inked[best] <= 1.5 * pen and (not cuts or best - cuts[-1] > 0.3 * height):
            cuts.append(best)
    return cuts
