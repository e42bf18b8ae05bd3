"""Pixels of a photo -> the sheet or board on it, where its surroundings are in view."""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from ...data.emnist_image import otsu

_SIDE = 320  # pixels of the longer side that a sheet is looked for at
_LEAST, _MOST = 0.12, 0.94  # shares of the picture that it covers
_STEEPEST = 0.5  # of its sides
_QUADRILATERAL = 0.93  # intersection over union with four straight sides
_STEP = 4  # pixels on both sides of an edge; shadows are softer
_DARKER = 0.12  # the surroundings, at least, along most of each side in view
_FRAMED = 0.3  # and that much where not all four sides are in view
_MOSTLY = 0.8
_INSIDE = 0.012  # of it that is cut off along its edges


def find_sheet(pixels: np.ndarray) -> np.ndarray | None:
    """Find the sheet of paper or the board that is written on.

    Parameters
    ----------
    pixels : ndarray of shape (h, w) or (h, w, 3), dtype float32 or uint8

    Returns
    -------
    ndarray of shape (4, 2), dtype float64, or None
        Its corners, a little inside: top left, top right, bottom right, bottom left. None where
        it fills the picture, or nothing with four straight sides is lighter than what is
        around it.

    Examples
    --------
    >>> picture = np.full((600, 800), 90, np.float32)
    >>> picture[100:500, 150:650] = 230
    >>> bool(np.abs(find_sheet(picture)[0] - (156, 105)).max() < 6)
    True
    >>> find_sheet(np.full((600, 800), 230, np.float32)) is None
    True
    """
    factor = max(max(pixels.shape[:2]) // _SIDE, 1)
    deep = pixels[:, :, None] if pixels.ndim == 2 else pixels
    channels = [
        np.asarray(Image.fromarray(np.ascontiguousarray(deep[:, :, i])).reduce(factor), np.float32)
        for i in range(deep.shape[2])
    ]
    # A wooden table may be as light as a sheet, but not in blue.
    for small in (np.min(channels, axis=0), np.mean(channels, axis=0))[: len(channels)]:
        smooth = ndimage.median_filter(small, 5)  # writing vanishes, edges stay
        threshold = otsu(smooth)
        for least in (threshold, otsu(smooth[smooth > threshold])):
            corners = _corners(smooth, smooth > least)
            if corners is not None:
                middle = corners.mean(axis=0)
                return (corners + (middle - corners) * 2 * _INSIDE) * factor
    return None


def _corners(smooth: np.ndarray, light: np.ndarray) -> np.ndarray | None:
    """Corners of the largest light region, if it is a sheet."""
    labels, count = ndimage.label(ndimage.binary_opening(light, np.ones((5, 5))))
    if not count:
        return None
    own = labels == np.bincount(labels.ravel())[1:].argmax() + 1
    own = ndimage.binary_fill_holes(own)
    if not _LEAST < own.mean() < _MOST:
        return None
    corners = _sides_met(own)
    if corners is None or not _is_sheet(own, corners) or not _stands_out(smooth, corners):
        return None
    return corners


def _sides_met(own: np.ndarray) -> np.ndarray | None:
    """Where the lines meet that lie best along the top, right, bottom and left edge."""
    sides = []
    for turned in (own, own[:, ::-1].T, own[::-1], own.T):
        columns = np.flatnonzero(turned.any(axis=0))
        if len(columns) < 20:
            return None
        trim = len(columns) // 10
        columns = columns[trim:-trim]
        edge = turned[:, columns].argmax(axis=0).astype(float)
        slope, start = _straight(columns.astype(float), edge)
        if abs(slope) > _STEEPEST:
            return None
        sides.append((slope, start))
    height, width = own.shape
    (top, up), (right, out), (bottom, low), (left, begin) = sides
    # y = slope x + start of the top and bottom; x = slope y + start of the sides.
    level = ((top, up), (-bottom, height - 1 - low))
    steep = ((left, begin), (-right, width - 1 - out))
    corners = []
    for across, down in ((0, 0), (0, 1), (1, 1), (1, 0)):
        (a, b), (c, d) = level[across], steep[down]
        y = (a * d + b) / (1 - a * c)
        corners.append((c * y + d, y))
    return np.array(corners)


def _straight(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and start of the line that most points lie on (Fischler and Bolles 1981)."""
    some = np.linspace(0, len(x) - 1, 14).astype(int)
    one, other = (some[index] for index in np.triu_indices(len(some), 3))
    slopes = (y[other] - y[one]) / (x[other] - x[one])
    starts = y[one] - slopes * x[one]
    off = np.abs(y - slopes[:, None] * x - starts[:, None])
    kept = off[(off <= 1.5).sum(axis=1).argmax()] <= 1.5
    slope, start = np.polyfit(x[kept], y[kept], 1)
    return float(slope), float(start)


def _is_sheet(own: np.ndarray, corners: np.ndarray) -> bool:
    """Whether a region is about the quadrilateral, and no more than the picture."""
    height, width = own.shape
    reach = 0.05 * max(own.shape)
    if (corners < -reach).any() or (corners > (width + reach, height + reach)).any():
        return False
    drawn = Image.new("1", (width, height))
    ImageDraw.Draw(drawn).polygon([tuple(corner) for corner in corners.tolist()], fill=1)
    inside = np.asarray(drawn, bool)
    return (own & inside).sum() > _QUADRILATERAL * (own | inside).sum()


def _stands_out(grey: np.ndarray, corners: np.ndarray) -> bool:
    """Whether it is lighter than what is right beside each side that is in view."""
    height, width = grey.shape
    middle = corners.mean(axis=0)
    seen, steps = 0, []
    for begin, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        shares = np.linspace(0.06, 0.94, 30)[:, None]
        points = begin + shares * (end - begin)
        normal = np.array([end[1] - begin[1], begin[0] - end[0]])
        normal = normal / np.hypot(*normal)
        if normal @ (middle - begin) > 0:
            normal = -normal
        outside = np.round(points + _STEP * normal).astype(int)
        inside = np.round(points - _STEP * normal).astype(int)
        there = ((outside >= 0) & (outside < (width, height))).all(axis=1)
        there &= ((inside >= 0) & (inside < (width, height))).all(axis=1)
        if there.mean() < 0.5:
            continue  # at the picture's edge
        seen += 1
        within = grey[inside[there, 1], inside[there, 0]]
        beyond = grey[outside[there, 1], outside[there, 0]]
        step = 1 - beyond / np.maximum(within, 1)
        if (step > _DARKER).mean() < _MOSTLY:
            return False
        steps.append(float(np.median(step)))
    return seen == 4 or (seen >= 2 and min(steps) > _FRAMED)
