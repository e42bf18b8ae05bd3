"""Grey values of a photo or scan -> ink alone: without light, paper, ruled lines and noise.

Of the libraries with what this needs, SciPy is here already; OpenCV would bring 60 MB with
a video decoder, scikit-image one function (Sauvola's threshold) that the paper's estimated
brightness makes unnecessary.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from ...errors import InkError
from ..picture_ink import otsu

_BLOCK = 8  # pixels a side that the paper's brightness is estimated on
MAX_STROKE_WIDTH = 0.16  # of the longer side: what is wider and dark all over is a shadow, not ink
_EDGE = 2.0  # times as bright as beside it is paper at a table's or blot's edge; shadows are softer
_FAINTEST = 0.10  # contrast to paper, below which a picture is empty
_NOISE = 6.0  # standard deviations above the noise that ink must be
_STEEPEST, _SLOPES = 0.10, 21  # of ruled lines
_DARKER = 1.3  # times a line's contrast: what ink has that runs along it
_THICKEST = 12  # pixels of a line, with what was added on both sides
_HALF = 2  # ruled lines are looked for at half the size


@dataclass(frozen=True, eq=False)
class BinarizedPage:
    """What is written on a picture.

    Attributes
    ----------
    strength : ndarray of shape (h, w), dtype float32
        0 is paper, about 1 is ink at its darkest, whatever the light.
    mask : ndarray of shape (h, w), dtype bool
        Where ink is.
    light_on_dark : bool
        Chalk on a board, say.
    ruled : int
        How many ruled lines were removed.
    """

    strength: np.ndarray
    mask: np.ndarray
    light_on_dark: bool
    ruled: int


def binarize(grey: np.ndarray, widest: float = MAX_STROKE_WIDTH) -> BinarizedPage:
    """Tell ink from paper.

    Parameters
    ----------
    grey : ndarray of shape (h, w), dtype float32
        0..255.
    widest : float
        Of the longer side: what is wider and dark all over is a shadow, not ink.

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
    smooth = ndimage.gaussian_filter(grey, 0.7)
    light_on_dark = _is_light_on_dark(smooth, widest)
    contrast, noise = _contrast(255 - smooth if light_on_dark else smooth, widest)
    floor = max(_FAINTEST, _NOISE * noise)
    seen = contrast[contrast > floor]
    if len(seen) < 6:
        raise InkError(
            "Nothing in the picture stands out from its background: use a darker pen or more light."
        )
    # Between ruled lines and ink where there are pale lines, else within the edges of strokes.
    threshold = min(otsu(seen), 0.6 * float(np.percentile(seen, 98)))
    threshold = max(threshold, floor)
    mask = contrast > threshold
    lines, count = ruled_lines(contrast > max(floor, 0.5 * threshold))
    if count:
        mask = _without(mask, lines, contrast)
    strength = contrast / max(float(np.percentile(seen, 98)), 1e-6)
    return BinarizedPage(strength.clip(0, 1), mask, light_on_dark, count)


def _contrast(grey: np.ndarray, widest: float) -> tuple[np.ndarray, float]:
    """How much darker than the paper around each pixel is, 0..1, and the noise in that."""
    height, width = grey.shape
    block = min(_BLOCK, max(min(height, width) // 8, 1))
    small = np.asarray(Image.fromarray(grey).reduce(block))
    window = max(round(max(height, width) * widest / block) | 1, 3)
    # A closing: dark things narrower than the window vanish, edges of shadows stay in place.
    # Padded, so that a strip of table along the picture's edge isn't one of them.
    paper = ndimage.grey_closing(np.pad(small, window, mode="edge"), size=(window, window))
    paper = paper[window:-window, window:-window]
    # At the edge of a table or a blot the darker side counts, or the edge would look like ink.
    paper = ndimage.minimum_filter(paper, 3, mode="nearest")
    edge = ndimage.maximum_filter(paper, 5) > _EDGE * np.maximum(
        ndimage.minimum_filter(paper, 5), 8
    )
    paper = np.minimum(paper, ndimage.gaussian_filter(paper, 2, mode="nearest"))
    paper = np.asarray(Image.fromarray(paper).resize((width, height), Image.Resampling.BILINEAR))
    contrast = (paper - grey) / np.maximum(paper, 16)
    if edge.any():
        across = Image.fromarray(edge).resize((width, height), Image.Resampling.NEAREST)
        contrast[np.asarray(across)] = 0
    middle = contrast[:: max(height // 500, 1), :: max(width // 500, 1)]
    noise = 1.4826 * float(np.median(np.abs(middle - np.median(middle))))
    return contrast.clip(0, 1), noise


def _is_light_on_dark(grey: np.ndarray, widest: float) -> bool:
    """Whether what is rare around each place, the ink, is the lighter."""
    block = max(max(grey.shape) // 500, 1)
    small = np.asarray(Image.fromarray(grey).reduce(block))
    leaning = 0.0
    # Thin strokes show in small surroundings, thick ones in large; the edge of a sheet of
    # paper on a table is as much the one as the other in small ones.
    for share in (0.03, widest):
        window = max(round(max(small.shape) * share), 3)
        apart = small - ndimage.uniform_filter(small, window, mode="nearest")
        leaning += float((apart**3).sum() / max((np.abs(apart) ** 3).sum(), 1e-9))
    return leaning > 0


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
    chosen = np.concatenate([[False], kept])[components] & runs if count else runs
    return chosen, int(kept.sum())


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


def _without(mask: np.ndarray, lines: np.ndarray, contrast: np.ndarray) -> np.ndarray:
    """`mask` without lines; what is darker than they, or crosses them, stays."""
    bands = np.zeros_like(lines)
    for way, one in enumerate(lines):
        if one.any():
            tall = np.ones((3, 1) if way == 0 else (1, 3), bool)
            level = float(np.percentile(contrast[one], 85))
            bands[way] = ndimage.binary_dilation(one, tall, iterations=2) & mask
            bands[way] &= contrast < _DARKER * level
    left = mask & ~bands.any(axis=0)
    for way, band in enumerate(bands):
        if not band.any():
            continue
        above, below = left, left
        # Ink on both sides of a line, straight or nearly so: a stroke crosses here.
        for _ in range(_THICKEST):
            above = above | (_down(above, way) & band)
            below = below | (_up(below, way) & band)
        left = left | (above & below & band)
    return left


def _down(mask: np.ndarray, way: int) -> np.ndarray:
    moved = np.zeros_like(mask)
    if way == 0:
        moved[1:] = mask[:-1]
        moved[1:, 1:] |= mask[:-1, :-1]
        moved[1:, :-1] |= mask[:-1, 1:]
    else:
        moved.T[1:] = mask.T[:-1]
        moved.T[1:, 1:] |= mask.T[:-1, :-1]
        moved.T[1:, :-1] |= mask.T[:-1, 1:]
    return moved


def _up(mask: np.ndarray, way: int) -> np.ndarray:
    return _down(mask[::-1, ::-1], way)[::-1, ::-1]
