"""Pixels of a photo or scan -> how far each is from the paper around it, whatever the light.

Of the libraries with what this needs, SciPy is here already. OpenCV would bring 61 MB with a
video decoder, scikit-image 14 MB for thresholds that are six lines on SciPy's filters.
"""

import numpy as np
from PIL import Image
from scipy import ndimage

_BLOCK = 8  # pixels a side that the paper's brightness is estimated on
MAX_STROKE_WIDTH = 0.16  # of the longer side: what is wider and dark all over is a shadow, not ink
_GROUND = 0.22  # of the usual paper's brightness, below which ground is no paper: a tray, a case
_EDGE = 2.0  # times as bright as beside it is paper at a table's or blot's edge; shadows are softer


def measure_contrast(
    pixels: np.ndarray, widest: float = MAX_STROKE_WIDTH
) -> tuple[np.ndarray, float, bool]:
    """Measure how far each pixel is from the paper around it.

    Parameters
    ----------
    pixels : ndarray of shape (h, w) or (h, w, 3), dtype float32 or uint8
        0..255. Of colours the channel counts in which a pixel differs most from the paper:
        yellow ink is as light as white paper, but not in blue.
    widest : float
        Of the longer side: what is wider and dark all over is a shadow, not ink.

    Returns
    -------
    contrast : ndarray of shape (h, w), dtype float32
        0 is paper; 1 is black on white, or white on black.
    noise : float
        Standard deviation of it where only paper is.
    light_on_dark : bool
        Whether the ink is lighter than what it is written on.

    Examples
    --------
    >>> picture = np.full((200, 300, 3), 240, np.uint8)
    >>> picture[50:150, 100:106] = (240, 240, 20)
    >>> contrast, noise, light_on_dark = measure_contrast(picture)
    >>> bool(contrast[100, 103] > 0.8), bool(contrast[100, 200] < 0.01), light_on_dark
    (True, True, False)
    """
    deep = pixels[:, :, None] if pixels.ndim == 2 else pixels
    channels = [np.ascontiguousarray(deep[:, :, i], np.float32) for i in range(deep.shape[2])]
    grey = channels[0] if len(channels) == 1 else deep @ np.float32([0.299, 0.587, 0.114])
    light_on_dark = _is_light_on_dark(grey, widest)
    share = None
    for channel in channels:
        one = _share_of_paper(255 - channel if light_on_dark else channel, widest)
        share = one if share is None else np.minimum(share, one)
    contrast = ndimage.gaussian_filter(1 - share, 0.7)
    height, width = contrast.shape
    middle = contrast[:: max(height // 500, 1), :: max(width // 500, 1)]
    usual = float(np.median(middle))
    noise = 1.4826 * float(np.median(np.abs(middle - usual)))
    # The lowest of three channels is below the paper by their noise.
    contrast -= min(max(usual, 0), noise)
    return contrast.clip(0, 1), noise, light_on_dark


def _share_of_paper(channel: np.ndarray, widest: float) -> np.ndarray:
    """How bright each pixel is beside the paper around it."""
    height, width = channel.shape
    block = min(_BLOCK, max(min(height, width) // 8, 1))
    small = np.asarray(Image.fromarray(channel).reduce(block))
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
    edge |= paper < _GROUND * np.median(paper)
    paper = np.minimum(paper, ndimage.gaussian_filter(paper, 2, mode="nearest"))
    paper = np.asarray(Image.fromarray(paper).resize((width, height), Image.Resampling.BILINEAR))
    share = 1 - (paper - channel) / np.maximum(paper, 16)
    if edge.any():
        across = Image.fromarray(edge).resize((width, height), Image.Resampling.NEAREST)
        share[np.asarray(across)] = 1
    return share


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
