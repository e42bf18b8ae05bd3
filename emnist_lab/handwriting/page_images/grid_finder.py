"""Ink -> the grid that is drawn or printed on a page: a sudoku, a table, a form with boxes."""

import itertools
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from . import perspective

_LARGE = 0.25  # of the picture's shorter side: the least width of a grid
_HOLLOW = 0.45  # share of its box that its lines cover, at most
_CANDIDATES = 4
_SIDE = 600  # pixels of the longer side that lines are looked for at
_COVERED = 0.5  # of a line's length that is drawn, at least
_BETWEEN = 0.3  # and between two lines at most
_NEAREST = 0.025  # of the side: two lines are farther apart
_EVEN = 0.25  # how far gaps of a regular grid are from each other, as a share
_GAP = 7  # pixels that a pale line may miss
_STRETCHES = 4  # of a line that are looked at by themselves: it may be bent
_MOST_CELLS = 20  # in a row of a grid with pale lines
_SEEN, _AGREE = 0.9, 0.7  # shares of its lines that are seen, and of darker ones that are its
_STANDS_OUT = 2.5  # times the usual contrast
_PALEST = 0.06  # contrast of a line
_MOST_LINES = 60


@dataclass(frozen=True, eq=False)
class FoundGrid:
    """A grid on a picture.

    Attributes
    ----------
    corners : ndarray of shape (4, 2), dtype float64
        Top left, top right, bottom right, bottom left, in pixels of the mask.
    down, across : ndarray of shape (rows + 1,) and (columns + 1,), dtype float64
        Where its lines run, as shares of its height and width: 0 is the first line, 1 the last.
    """

    corners: np.ndarray
    down: np.ndarray
    across: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.down) - 1, len(self.across) - 1


def find_grid(mask: np.ndarray, contrast: np.ndarray | None = None) -> FoundGrid | None:
    """Find the largest grid: lines across and down that meet, and nothing else holds together.

    Parameters
    ----------
    mask : ndarray of shape (h, w), dtype bool
        Ink and lines.
    contrast : ndarray of shape (h, w), dtype float32, optional
        To the paper: lines that are too pale for ink show where it is averaged along them.

    Returns
    -------
    FoundGrid or None

    Examples
    --------
    >>> mask = np.zeros((500, 400), bool)
    >>> for at in (50, 150, 250, 350):
    ...     mask[at : at + 3, 50:353] = mask[50:353, at : at + 3] = True
    >>> found = find_grid(mask)
    >>> found.shape, found.corners[0].tolist()
    ((3, 3), [50.0, 50.0])
    """
    half = _halved(mask)
    pale = half.astype(np.float32) if contrast is None else _halved(contrast)
    labels, count = ndimage.label(half, np.ones((3, 3)))
    if not count:
        return None
    places = ndimage.find_objects(labels)
    least = _LARGE * min(half.shape)
    sizes = [
        (down.stop - down.start) * (across.stop - across.start)
        if down.stop - down.start >= least / 2
        and across.stop - across.start >= least / 2
        and max(down.stop - down.start, across.stop - across.start) >= least
        else 0
        for down, across in places
    ]
    for index in np.argsort(sizes)[::-1][:_CANDIDATES]:
        if not sizes[index]:
            break
        own = labels[places[index]] == index + 1
        if own.mean() > _HOLLOW:
            continue
        down, across = places[index]
        found = _lines_of(own, half[places[index]], pale[places[index]])
        if found:
            corners, rows, columns = found
            corners = 2.0 * (corners + np.array([across.start, down.start]))
            return FoundGrid(corners, rows, columns)
    return None


def _halved(pixels: np.ndarray) -> np.ndarray:
    """The largest of each two by two pixels."""
    even = pixels[: len(pixels) // 2 * 2, : pixels.shape[1] // 2 * 2]
    return even.reshape(len(even) // 2, 2, -1, 2).max(axis=(1, 3))


def _lines_of(
    own: np.ndarray, ink: np.ndarray, pale: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Corners of a component that is a grid, and shares of its sides at which lines run in it.

    Thin lines may have lost their hold on the frame: they are looked for in all ink.
    """
    y, x = np.nonzero(own)
    corners = perspective.extreme_corners(np.column_stack([x, y])).astype(float)
    lengths = perspective.side_lengths(corners)
    if lengths.min() < 0.3 * lengths.max() and lengths[[0, 2]].min() < 8:
        return None
    scale = min(_SIDE / lengths.max(), 1)
    # Thin lines must not fall between the pixels that are left.
    small = ndimage.maximum_filter(ink, max(int(1 / scale), 1)) if scale < 1 else ink
    flat, _ = perspective.straighten(small.astype(np.float32), corners)
    step = max(int(max(flat.shape) / _SIDE), 1)
    flat = flat[::step, ::step] > 0.3
    soft, _ = perspective.straighten(pale, corners)
    soft = soft[::step, ::step]
    lines = [_line_places(flat, soft), _line_places(flat.T, soft.T)]
    if any(places is None for places in lines):
        return None
    rows, columns = (len(places) - 1 for places in lines)
    if min(rows, columns) < 1 or rows * columns < 4:
        return None
    return corners, lines[0], lines[1]


def _line_places(flat: np.ndarray, soft: np.ndarray) -> np.ndarray | None:
    """Shares of the height at which lines from left to right run; None if these are no lines."""
    height, width = flat.shape
    if min(height, width) < 16:
        return None
    near = max(round(_NEAREST * height), 2)
    # A line that is bent a little is still one row of this.
    thick = ndimage.maximum_filter1d(flat, 3, axis=0)
    long = max(width // 8, 8)
    thick = ndimage.binary_closing(np.pad(thick, ((0, 0), (_GAP, _GAP))), np.ones((1, _GAP)))
    runs = ndimage.binary_opening(thick[:, _GAP:-_GAP], np.ones((1, long)))
    covered = ndimage.maximum_filter1d(runs, 2 * (near // 2) + 1, axis=0).mean(axis=1)
    # Of a plateau its middle.
    weight = ndimage.uniform_filter1d(runs.mean(axis=1), near, mode="constant") + 1e-3 * covered
    found = []
    for at in np.argsort(weight)[::-1]:
        if covered[at] >= _COVERED and all(abs(at - other) >= 1.6 * near for other in found):
            found.append(int(at))
    found.sort()
    between = [covered[one:other].min() for one, other in itertools.pairwise(found)]
    if any(share > _BETWEEN for share in between):
        return None  # as dense between them: writing, or a picture
    places = np.array(found, float) / (height - 1)
    places = _with_ends(places, near / height)
    places = _on_lattice(places, soft, near)
    return places if 2 <= len(places) <= _MOST_LINES else None


def _on_lattice(places: np.ndarray, soft: np.ndarray, near: int) -> np.ndarray:
    """Lines of a regular grid of which some are too pale for ink, or `places`.

    What most pixels of a stretch have is a line, however pale: characters cover fewer.
    """
    height = len(soft)
    parts = np.array_split(ndimage.maximum_filter1d(soft, 3, axis=0), _STRETCHES, axis=1)
    usual = np.stack([np.median(part, axis=1) for part in parts], axis=1)
    stands = usual > np.maximum(_PALEST, _STANDS_OUT * np.median(usual, axis=0))
    bare = stands.mean(axis=1)
    stands = ndimage.maximum_filter1d(stands, 2 * (near // 2) + 1, axis=0).mean(axis=1)
    stands[[0, -1]] = 1
    for count in range(_MOST_CELLS, len(places) - 1, -1):
        lattice = np.linspace(0, 1, count + 1)
        seen = stands[np.round(lattice * (height - 1)).astype(int)] >= 1 - 1 / _STRETCHES
        apart = np.abs(places[:, None] - lattice).min(axis=1) * height
        # Rows of characters are seen, too, but they aren't thin.
        beside = np.concatenate([lattice[:-1] + 0.25 / count, lattice[1:] - 0.25 / count])
        thin = bare[np.round(beside * (height - 1)).astype(int)].mean() <= _BETWEEN
        wide = height / count > 3 * near and count != 2 * (len(places) - 1)
        if thin and wide and seen.mean() >= _SEEN and (apart <= near).mean() >= _AGREE:
            return lattice
    return places


def _with_ends(places: np.ndarray, near: float) -> np.ndarray:
    """Lines with the frame's, and with those that a regular grid misses between others."""
    if not len(places) or places[0] > 2 * near:
        places = np.concatenate([[0.0], places])
    if places[-1] < 1 - 2 * near:
        places = np.concatenate([places, [1.0]])
    gaps = np.diff(places)
    if len(gaps) < 3:
        return places
    usual = float(np.median(gaps))
    counts = np.maximum(np.round(gaps / usual), 1)
    if np.abs(gaps / counts / usual - 1).max() > _EVEN or counts.sum() > 1.5 * len(gaps):
        return places
    parts = [
        np.linspace(start, end, int(count) + 1)[:-1]
        for start, end, count in zip(places[:-1], places[1:], counts, strict=True)
    ]
    return np.concatenate([*parts, places[-1:]])
