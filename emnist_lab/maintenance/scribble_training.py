"""Fits the network that tells scribbles from characters, and measures how often it errs."""

import json
import statistics
import time
import warnings

import numpy as np
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from ..data.part import Part
from ..errors import InkError
from ..handwriting import ink, scribble_detector
from ..handwriting.scribble_detector import (
    WEIGHT_NAMES,
    is_scribble,
    load_weights,
    log_odds,
    operating_point,
    scribble_features,
)
from ..models.augmentation import augment
from . import synthetic_scribbles
from .synthetic_scribbles import KINDS

_HIDDEN, _EPOCHS, _SEED = 32, 12, 25
_OF_EACH = 4_000  # scribbles of a kind to learn from
_TESTED = 1_000  # others of a kind, to measure on
# Of held-out characters, this share is refused.
_REFUSED = 0.01
_HELD_OUT = 10_000  # of them, to set the threshold on
# Half of the training images are augmented, so that other people's handwriting isn't refused.
# Components that characters hardly vary in are left out: they tell lines of pens from scans.
_STRENGTH, _COMPONENTS = 1.5, 80


def measure_scribbles(test: Part | None, drawings: list[dict], seed: int = _SEED + 2) -> dict:
    """How often scribbles are refused, and characters wrongly; and how long one image takes.

    Parameters
    ----------
    test : Part, optional
        Real characters.
    drawings : list of dict
        See `emnist_lab.handwriting.stroke_files.read_drawings`; may be empty.
    seed : int
        Of the scribbles: others than those that the network learned from.

    Returns
    -------
    dict
        What -> share of images that are refused; ``median_ms``.
    """
    shares = {}
    for kind in KINDS:
        images = synthetic_scribbles.make_scribbles(kind, _TESTED, seed)
        shares[kind] = float(is_scribble(images).mean())
    if test is not None:
        shares[f"wrongly, of {test.name}"] = float(is_scribble(test.images).mean())
    if drawings:
        shares[f"wrongly, of {len(drawings):,} drawings"] = float(
            is_scribble(_images(drawings)).mean()
        )
    times = []
    for image in images[:100]:
        begun = time.perf_counter()
        is_scribble(image[None])
        times.append(time.perf_counter() - begun)
    return shares | {"median_ms": statistics.median(times[10:]) * 1e3}


def _fit(features: np.ndarray, scribbled: np.ndarray) -> list[np.ndarray]:
    """Weights as `scribble_detector.WEIGHTS` holds them, rounded to float16: float32."""
    pca = PCA(_COMPONENTS, svd_solver="covariance_eigh").fit(features[~scribbled])
    inputs = pca.transform(features)
    scale = 1 / inputs.std()
    network = MLPClassifier((_HIDDEN,), max_iter=_EPOCHS, random_state=_SEED, alpha=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # so few epochs aren't meant to
        network.fit(inputs * scale, scribbled)
    (first, second), (bias, last) = network.coefs_, network.intercepts_
    first = pca.components_.T @ first * scale
    weights = (first, bias - pca.mean_ @ first, second[:, 0], last)
    return [one.astype(np.float16).astype(np.float32) for one in weights]


def _half_augmented(images: np.ndarray, seed: int) -> np.ndarray:
    half = len(images) // 2
    return np.concatenate([augment(images[:half], seed, _STRENGTH), images[half:]])


def refit_detector(train: Part, test: Part, drawings: list[dict], progress=lambda _: None) -> dict:
    """Fit anew, keep weights and threshold, and measure how often they err.

    Parameters
    ----------
    train, test : Part
        Real characters; the threshold is set on some of `train` that are held out.
    drawings : list of dict
        See `emnist_lab.handwriting.stroke_files.read_drawings`; only measured.
    progress : callable
        Called with what is being done.

    Returns
    -------
    dict
        What `emnist_lab.handwriting.scribble_detector.operating_point` gives from now on.
    """
    progress("making scribbles")
    learned, tested = {}, {}
    for number, kind in enumerate(KINDS):
        made = synthetic_scribbles.make_scribbles(kind, _OF_EACH, _SEED)
        learned[kind] = scribble_features(_half_augmented(made, number))
        tested[kind] = scribble_features(
            synthetic_scribbles.make_scribbles(kind, _TESTED, _SEED + 1)
        )
    order = np.random.default_rng(_SEED).permutation(len(train))
    count = min(_HELD_OUT, len(train) // 4)
    held_out = scribble_features(train.images[order[:count]])
    known = train.images[order[count : count + _OF_EACH * len(KINDS)]]  # as many as scribbles
    characters = scribble_features(_half_augmented(known, _SEED))

    def learn(kinds) -> tuple[list[np.ndarray], float]:
        features = np.concatenate([characters, *(learned[kind] for kind in kinds)])
        weights = _fit(features, np.arange(len(features)) >= len(characters))
        return weights, float(np.quantile(log_odds(held_out, weights), 1 - _REFUSED))

    def refused(features: np.ndarray, fit: tuple[list[np.ndarray], float]) -> float:
        return float((log_odds(features, fit[0]) > fit[1]).mean())

    unseen = {}
    for kind in KINDS:
        progress(f"fitting without {kind}")
        unseen[kind] = refused(tested[kind], learn([one for one in KINDS if one != kind]))
    progress("fitting")
    kept = learn(KINDS)
    measured = {
        "threshold": kept[1],
        "refused": {kind: refused(tested[kind], kept) for kind in KINDS},
        "refused_unseen": unseen,
        "wrongly_refused": {
            test.name: refused(scribble_features(test.images), kept),
            f"{len(drawings):,} drawings": refused(scribble_features(_images(drawings)), kept),
        },
    }
    packed = {name: one.astype(np.float16) for name, one in zip(WEIGHT_NAMES, kept[0], strict=True)}
    np.savez_compressed(scribble_detector.WEIGHTS, **packed)
    scribble_detector.MEASURED.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    load_weights.cache_clear()
    operating_point.cache_clear()
    return measured


def _images(drawings: list[dict]) -> np.ndarray:
    made = []
    for one in drawings:
        try:
            made.append(ink.from_strokes(one["strokes"]))
        except InkError:
            continue  # refused before it is an image
    return np.stack(made)
