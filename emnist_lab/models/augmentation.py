"""Images bent a little at random: more handwriting from the same, for training."""

from concurrent.futures import ThreadPoolExecutor
from os import cpu_count

import numpy as np
from threadpoolctl import threadpool_limits

# Standard deviations at strength 1. Shifts are small: EMNIST centres every character.
_ROTATION = 0.10  # radians
_STRETCH = 0.08  # of each axis, as a share
_SLANT = 0.12  # shift of a row by its height, as a share
_SHIFT = 0.6  # pixels
_BEND = 0.8  # pixels that a knot of the elastic grid moves
_KNOTS = 5  # knots a side
_BATCH = 256  # images in work at a time and thread: their intermediates fit a core's cache


def augment(images: np.ndarray, seed: int, strength: float = 1.0) -> np.ndarray:
    """Turn, stretch, slant, shift and bend each image by its own random amounts.

    An affine map and a smooth random displacement (elastic distortion after
    Simard, Steinkraus and Platt 2003, doi:10.1109/ICDAR.2003.1227801, its field
    a cubic B-spline over 5×5 knots), sampled bilinearly.

    Parameters
    ----------
    images : ndarray of shape (N, 28, 28), dtype uint8
    seed : int
        The same seed gives the same images, however many cores there are.
    strength : float
        Multiplies every amount; 0 gives the images back.

    Returns
    -------
    ndarray of shape (N, 28, 28), dtype uint8

    Raises
    ------
    ValueError
        `strength` is negative or not finite.

    Examples
    --------
    >>> image = np.zeros((1, 28, 28), np.uint8)
    >>> image[:, 4:24, 12:16] = 255
    >>> bent = augment(image, seed=1)
    >>> np.array_equal(bent, augment(image, seed=1)), np.array_equal(bent, image)
    (True, False)
    """
    if not (np.isfinite(strength) and strength >= 0):
        raise ValueError(f"strength must be 0 or more, not {strength!r}")
    images = np.asarray(images)
    if strength == 0:
        return images.copy()
    out = np.empty_like(images)
    starts = range(0, len(images), _BATCH)
    seeds = np.random.SeedSequence(seed).spawn(len(starts))

    def work(index: int) -> None:
        part = slice(starts[index], starts[index] + _BATCH)
        out[part] = _warped(images[part], np.random.default_rng(seeds[index]), strength)

    # One BLAS thread in each of ours: small products don't pay for more.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(cpu_count() or 1) as threads:
        for _ in threads.map(work, range(len(starts))):
            pass
    return out


def _warped(batch: np.ndarray, random: np.random.Generator, strength: float) -> np.ndarray:
    count, side, _ = batch.shape
    middle = (side - 1) / 2

    def draw(deviation, *shape):
        return random.normal(0, deviation * strength, shape).astype(np.float32)

    angle, slant = draw(_ROTATION, count), draw(_SLANT, count)
    stretch, shift = 1 + draw(_STRETCH, 2, count), draw(_SHIFT, 2, count) + np.float32(middle)
    cos, sin = np.cos(angle), np.sin(angle)
    # Where each pixel of the result comes from: rotation × slant × stretch, around the middle.
    down, across = np.mgrid[:side, :side].astype(np.float32) - np.float32(middle)
    smooth = _spline(side)
    bend = smooth @ draw(_BEND, 2, count, _KNOTS, _KNOTS) @ smooth.T

    def source(first, second, shift, bend):
        at = first[:, None, None] * across + second[:, None, None] * down + bend
        at += shift[:, None, None]
        return at

    x = source(cos * stretch[0], (slant * cos - sin) * stretch[1], shift[0], bend[0])
    y = source(sin * stretch[0], (slant * sin + cos) * stretch[1], shift[1], bend[1])
    return sample(batch, x, y)


def sample(batch: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Images read at other places, bilinearly.

    Parameters
    ----------
    batch : ndarray of shape (N, S, S), dtype uint8
    x, y : ndarray of shape (N, S, S), dtype float32
        Column and row where each pixel is read; outside, the edge's.

    Returns
    -------
    ndarray of shape (N, S, S), dtype uint8
    """
    count, side, _ = batch.shape
    x, y = np.clip(x, 0, side - 1.001), np.clip(y, 0, side - 1.001)
    column, at = x.astype(np.int32), y.astype(np.int32)
    x -= column
    y -= at
    at *= side
    at += column
    at += (np.arange(count, dtype=np.int32) * side * side)[:, None, None]
    flat = batch.reshape(-1).astype(np.float32)
    above = flat.take(at)
    above += (flat.take(at + 1) - above) * x
    at += side
    below = flat.take(at)
    below += (flat.take(at + 1) - below) * x
    above += (below - above) * y
    above += 0.5  # rounds, as uint8 cuts
    return above.astype(np.uint8)


def _spline(side: int) -> np.ndarray:
    """Cubic B-spline weights, (side, knots) float32: each knot's share in a row of pixels."""
    place = (np.arange(side) + 0.5) / side * (_KNOTS - 1)
    distance = np.abs(place[:, None] - np.arange(_KNOTS))
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.clip(2 - distance, 0, None) ** 3 / 6
    weights = np.where(distance < 1, near, far)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
