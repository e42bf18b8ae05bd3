"""Whether an image shows one character at all, or a scribble that should not be given a name.

A small network (histograms of gradients, 32 neurons) tells EMNIST's images
from scribbles made at random: outlier exposure (Hendrycks, Mazeika and
Dietterich 2019, arXiv:1812.04606), which refuses far more of them than a
distance to what is known, or how sure a classifier is. It sees the image
alone, so it serves every run whatever its recipe; what it takes for a
character is one of EMNIST's 62, also where a run was taught fewer.

``python -m emnist_lab fit-scribble-detector --root DIR --drawings FILE`` fits it anew,
and measures how often it errs.
"""

import functools
import json
from pathlib import Path

import numpy as np

from ..models.features import HOG, InkDensity
from . import ink

WEIGHTS = Path(__file__).with_name("scribble_detector.npz")
MEASURED = Path(__file__).with_name("scribble_detector.json")
REJECTED = "This doesn't look like one digit or letter: clear it and draw a single one."
WEIGHT_NAMES = ("first", "bias", "second", "last")  # of what WEIGHTS holds, float16


def scribble_log_odds(images: np.ndarray) -> np.ndarray:
    """How much images look like scribbles.

    Parameters
    ----------
    images : ndarray of shape (N, 28, 28), dtype uint8
        Upright, ink bright on black.

    Returns
    -------
    ndarray of shape (N,), dtype float64
        Log-odds of a scribble, as many of either having been learned from.

    Examples
    --------
    >>> seven = ink.from_strokes([[(0, 0), (70, 0), (30, 100)]])
    >>> bool(scribble_log_odds(seven[None])[0] < 0)
    True
    """
    return log_odds(scribble_features(images), load_weights())


def is_scribble(images: np.ndarray) -> np.ndarray:
    """Whether images show no character that could be named.

    Parameters
    ----------
    images : ndarray of shape (N, 28, 28), dtype uint8

    Returns
    -------
    ndarray of shape (N,), dtype bool
        How often that is wrong: `operating_point`.

    Examples
    --------
    >>> seven = ink.from_strokes([[(0, 0), (70, 0), (30, 100)]])
    >>> is_scribble(seven[None]).tolist()
    [False]
    """
    return scribble_log_odds(images) > operating_point()["threshold"]


@functools.cache
def operating_point() -> dict:
    """Threshold and error rates, as measured when the network was fitted.

    Returns
    -------
    dict
        ``threshold``, log-odds; ``refused``, the share of scribbles that are told, by kind;
        ``refused_unseen``, the same of a kind that was left out of the fit;
        ``wrongly_refused``, the share of EMNIST's test images and of people's drawings.

    Examples
    --------
    >>> sorted(operating_point())[-2:]
    ['threshold', 'wrongly_refused']
    """
    return json.loads(MEASURED.read_text(encoding="utf-8"))


@functools.cache
def load_weights() -> list[np.ndarray]:
    with np.load(WEIGHTS, allow_pickle=False) as kept:
        return [kept[name].astype(np.float32) for name in WEIGHT_NAMES]


@functools.cache
def _hog() -> HOG:
    return HOG(cell=(4, 7)).fit(np.zeros((1, ink.SIDE, ink.SIDE), np.uint8))


def scribble_features(images: np.ndarray) -> np.ndarray:
    """Edges, and half as strongly ink: ndarray of shape (N, 781), dtype float32."""
    images = np.asarray(images)
    return np.hstack([_hog().transform(images), InkDensity().transform(images) * np.float32(0.5)])


def log_odds(features: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    first, bias, second, last = weights
    return (np.maximum(features @ first + bias, 0) @ second + last).astype(np.float64)
