"""Ruled, squared and table lines on a picture: found, and taken out of the ink."""

import itertools

import numpy as np
from scipy import ndimage

_STEEPEST, _SLOPES = 0.10, 21  # of ruled lines
_DARKER = 1.3  # times a line's contrast: what ink has that runs along it
_SLANTS = (-1, -0.5, 0, 0.5, 1)  # of strokes that go across a line, sideways a pixel
_EDGES = 1  # pixels beside a line that are still a part of it
_THICKEST = 24  # pixels of a line, with what was added on both sides
_HALF = 2  # ruled lines are looked for at half the size


def ruled_lines(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Find ruled and squared lines.

    Parameters
    ----------
    mask : ndarray of shape (h, w), dtype bool
        Ink and lines.

    Returns
    -------
    lines : ndarray of shape (2, h, w), dtype bool
        Pixels of lines across, and of lines down.
    count : int
        How many there are.
    """
    height, width = mask.shape
    half = _pooled(mask)
    found, total = np.zeros((2, height, width), bool), 0
    for way, picture in enumerate((half, half.T)):
        lines, count = _across(np.ascontiguousarray(picture))
        total += count
        if count:
            lines = lines if way == 0 else lines.T
            found[way] = lines.repeat(_HALF, 0).repeat(_HALF, 1)[:height, :width]
    return found, total


def _pooled(mask: np.ndarray) -> np.ndarray:
    height, width = (-(-side // _HALF) * _HALF for side in mask.shape)
    padded = np.zeros((height, width), bool)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    return padded.reshape(height // _HALF, _HALF, width // _HALF, _HALF).any(axis=(1, 3))


def _across(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Lines from left to right, nearly level, that only a ruler makes; and how many."""
    height, width = mask.shape
    long = max(width // 12, 24)
    wider = np.pad(mask, ((0, 0), (0, 4)), mode="edge")
    closed = _eroded(_dilated(wider, 4), 4)[:, :width]  # a pale line has gaps
    runs = np.zeros_like(mask)
    for slope in np.linspace(-_STEEPEST, _STEEPEST, _SLOPES):
        shifts = np.round(slope * np.arange(width)).astype(int)
        level = _sheared(closed, shifts)
        runs |= _sheared(_dilated(_eroded(level, long), long), -shifts)
    runs &= closed
    joined = ndimage.binary_dilation(runs, np.ones((3, 5)), iterations=2)
    components, count = ndimage.label(joined, np.ones((3, 3)))
    places = ndimage.find_objects(components)
    areas = np.bincount(components[runs], minlength=count + 1)[1:]
    reach = np.array([(place[1].stop - place[1].start) / width for place in places] or [0.0])
    thick = areas / np.maximum(reach * width, 1)
    thin = thick < max(0.008 * max(height, width), 4)
    reach = np.where(thin[: len(reach)] if len(thin) else False, reach, 0)
    # A single stroke may be long: lines are known by reaching across, or by being many.
    kept = reach >= 0.9
    for share, least in ((0.6, 3), (0.35, 5)):
        if (reach >= share).sum() >= least:
            kept |= reach >= share
    if kept.sum() >= 3:  # components of lines like these
        kept |= reach >= 0.2
    chosen = np.zeros_like(mask)
    for index in np.flatnonzero(kept):
        place = places[index]
        chosen[place] |= _along(runs[place] & (components[place] == index + 1))
    return chosen, int(kept.sum())


def _along(line: np.ndarray) -> np.ndarray:
    """A line as thick as it mostly is: what is written along it isn't a part of it."""
    counts = line.sum(axis=0)
    columns = np.flatnonzero(counts)
    thick = float(np.median(counts[columns]))
    bare = columns[counts[columns] <= 1.3 * thick]
    rows = np.arange(len(line))
    middles = (line[:, bare] * rows[:, None]).sum(axis=0) / counts[bare]
    path = np.interp(np.arange(columns[0], columns[-1] + 1), bare, middles)
    made = np.zeros_like(line)
    made[:, columns[0] : columns[-1] + 1] = np.abs(rows[:, None] - path) <= max(thick - 1, 1) / 2
    return made


def _sheared(mask: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Columns moved up by `shifts`; what leaves is lost."""
    moved = np.zeros_like(mask)
    height = len(mask)
    bounds = np.flatnonzero(np.diff(shifts, prepend=shifts[0] - 1, append=shifts[-1] + 1))
    for begin, end in itertools.pairwise(bounds):
        by = int(shifts[begin])
        if abs(by) < height:
            moved[max(-by, 0) : height - max(by, 0), begin:end] = mask[
                max(by, 0) : height - max(-by, 0), begin:end
            ]
    return moved


def _eroded(mask: np.ndarray, length: int) -> np.ndarray:
    """True where a run of `length` begins; doubling makes it a few passes."""
    done, grown = 1, mask.copy()
    while done < length:
        step = min(done, length - done)
        grown[:, :-step] &= grown[:, step:]
        grown[:, -step:] = False
        done += step
    return grown


def _dilated(mask: np.ndarray, length: int) -> np.ndarray:
    """True for `length` pixels to the right of, and from, each true one."""
    done, grown = 1, mask.copy()
    while done < length:
        step = min(done, length - done)
        # The right side is made first, so nothing is read after it was written.
        grown[:, step:] |= grown[:, :-step].copy()
        done += step
    return grown


def without_lines(contrast: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Take lines out of a picture; what is darker than they, or goes across them, stays.

    Parameters
    ----------
    contrast : ndarray of shape (h, w), dtype float32
        See `emnist_lab.handwriting.page_images.paper_contrast.measure_contrast`.
    lines : ndarray of shape (2, h, w), dtype bool
        See `ruled_lines`.

    Returns
    -------
    ndarray of shape (h, w), dtype float32
        Where a line was there is now what is above and below it, or on both sides: a stroke
        that goes across is whole again.

    Examples
    --------
    >>> contrast = np.zeros((60, 90), np.float32)
    >>> contrast[29:32], contrast[10:50, 40:43] = 0.9, 0.8
    >>> lines = np.zeros((2, 60, 90), bool)
    >>> lines[0, 29:32] = True
    >>> left = without_lines(contrast, lines)
    >>> float(left[30, 10]), round(float(left[30, 41]), 3)
    (0.0, 0.8)
    """
    left = contrast.copy()
    for way, one in enumerate(lines):
        if not one.any():
            continue
        darkest = _DARKER * float(np.percentile(contrast[one], 85))
        tall = np.ones((3, 1) if way == 0 else (1, 3), bool)
        band = ndimage.binary_dilation(one, tall, iterations=_EDGES) & (contrast < darkest)
        turned, across = (left, band) if way == 0 else (left.T, band.T)
        y, x = np.nonzero(across)
        above, below = y.copy(), y.copy()
        for _ in range(_THICKEST):
            above = np.maximum(above - across[above, x], 0)
            below = np.minimum(below + across[below, x], len(across) - 1)
        before, most = turned.copy(), 0
        for slant in _SLANTS:  # a stroke goes on behind the line the way that it came
            one_side = (x + slant * (above - y)).astype(int).clip(0, across.shape[1] - 1)
            other = (x + slant * (below - y)).astype(int).clip(0, across.shape[1] - 1)
            ends = np.minimum(before[above, one_side], before[below, other])
            most = np.maximum(
                most, np.where(across[above, one_side] | across[below, other], 0, ends)
            )
        turned[y, x] = most
    return left
