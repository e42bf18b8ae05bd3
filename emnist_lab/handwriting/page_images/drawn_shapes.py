"""Components of ink that are drawn, not written: long strokes, arrows, underlines, boxes."""

import numpy as np

_LONG = 1.9  # heights of writing, from which a straight stroke is no character
_LONGER = 3.0  # the same of one that is steep, as an f or an l may be
_STRAIGHT = 0.7  # of its ink that lies along the line between its ends
_ARROW = 0.55  # the same of one that is longer: the rest is its head
_MORE = 1.7  # times the ink of a straight stroke, at most
_BESIDE, _BENT = 1.2, 0.05  # thicknesses from that line, or that share of its length
_HIGH = 1.5  # heights of writing that a box around characters has at least
_ENCLOSES = 2  # characters at least
_LARGEST = 20  # components that may be boxes
_OUTLINE = 1.4  # times the ink of a rectangle that thick, at most


def find_shapes(
    labels: np.ndarray, numbers: np.ndarray, boxes: np.ndarray, thick: np.ndarray, height: float
) -> np.ndarray:
    """Tell which components are no writing.

    Parameters
    ----------
    labels : ndarray of shape (h, w), dtype int
    numbers : ndarray of shape (N,), dtype int
        The label of each component.
    boxes : ndarray of shape (N, 4), dtype int
        Left, top, right, bottom of each.
    thick : ndarray of shape (N,), dtype float64
        Thickness of its strokes, in pixels.
    height : float
        Of the writing, in pixels.

    Returns
    -------
    ndarray of shape (N,), dtype bool

    Examples
    --------
    >>> labels = np.zeros((60, 300), int)
    >>> labels[50:53, 10:290], labels[10:40, 20:23] = 1, 2
    >>> boxes = np.array([[10, 50, 290, 53], [20, 10, 23, 40]])
    >>> find_shapes(labels, np.array([1, 2]), boxes, np.array([3.0, 3.0]), 30).tolist()
    [True, False]
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    found = np.zeros(len(boxes), bool)
    for index in np.flatnonzero(np.hypot(*sides.T) > _LONG * height):
        left, top, right, bottom = boxes[index]
        own = labels[top:bottom, left:right] == numbers[index]
        longer = np.hypot(*sides[index]) > _LONGER * height
        share = _ARROW if longer else _STRAIGHT
        found[index] = (
            (longer or right - left > bottom - top) and _is_straight(own, thick[index], share)
        ) or (
            sides[index].min() > _HIGH * height
            and own.sum() <= _OUTLINE * 2 * sides[index].sum() * thick[index]
            and _enclosed(boxes, index, height) >= _ENCLOSES
        )
    return found


def surround(boxes: np.ndarray) -> np.ndarray:
    """Which of the largest boxes have others in them: they say nothing of the writing's height.

    Parameters
    ----------
    boxes : ndarray of shape (N, 4)
        Left, top, right, bottom; at least one.

    Returns
    -------
    ndarray of shape (N,), dtype bool
        Not all are true.

    Examples
    --------
    >>> surround(np.array([[0, 0, 90, 90], [10, 10, 20, 40], [30, 10, 40, 40]])).tolist()
    [True, False, False]
    """
    sides = (boxes[:, 2:] - boxes[:, :2]).min(axis=1)
    found = np.zeros(len(boxes), bool)
    for index in np.argsort(sides)[::-1][:_LARGEST]:
        found[index] = _enclosed(boxes, index, sides[index] / 4) >= _ENCLOSES
    return found


def _is_straight(own: np.ndarray, thick: float, share: float) -> bool:
    y, x = np.nonzero(own)
    points = np.column_stack([x, y])
    ends = points[
        [at for way in (x, y, x + y, x - y) for at in (int(way.argmin()), int(way.argmax()))]
    ]
    apart = ends[:, None] - ends[None]
    far = np.hypot(apart[:, :, 0], apart[:, :, 1])
    if len(points) > _MORE * max(thick, 1) * far.max():
        return False
    # An arrow's farthest points may be of its head.
    for one, other in zip(*np.nonzero(np.triu(far >= 0.8 * far.max())), strict=True):
        along = (ends[other] - ends[one]) / max(far[one, other], 1)
        off = np.abs((points - ends[one]) @ np.array([along[1], -along[0]]))
        near = max(_BESIDE * thick, _BENT * far[one, other], 1)
        if (off <= near).mean() >= share:
            return True
    return False


def _enclosed(boxes: np.ndarray, index: int, height: float) -> int:
    """How many components of about a character's size lie in a box."""
    inside = (boxes[:, :2] > boxes[index, :2]).all(axis=1)
    inside &= (boxes[:, 2:] < boxes[index, 2:]).all(axis=1)
    return int((inside & ((boxes[:, 2:] - boxes[:, :2]).max(axis=1) > 0.4 * height)).sum())
