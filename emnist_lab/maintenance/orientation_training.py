"""Fits the network that tells the orientation of images, and measures how often it errs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.ndimage import affine_transform

from ..data.formats.base import SIDE, allocate_in_memory
from ..data.orientation import (
    CHARACTERS,
    HIDDEN,
    INPUTS,
    POSES,
    WEIGHTS,
    estimate_from,
    load_weights,
    log_shares,
    network_scores,
    pose_histograms,
    pose_targets,
    split_weights,
)
from ..data.part import Part

SIZES = (1, 2, 5, 10, 20, 50, 100)  # images in a draw, of `error_rates`


def fit(
    parts: Sequence[Part], aside: Sequence[Part] = (), epochs: int = 6, seed: int = 25
) -> np.ndarray:
    """Fit the network: predict character and pose together.

    Some images are turned, slanted, speckled or made black and white a little
    before, so that scans and drawings are told as well as NIST's images.
    Every upright image is shown in all eight poses at once, and the softmax
    over all pairs of a pose and a character is to choose the upright one and
    its character. Adam (Kingma and Ba 2015, arXiv:1412.6980) with a step that
    falls to nothing.

    Parameters
    ----------
    parts : sequence of Part
        Upright images to learn from.
    aside : sequence of Part
        Images that must not be learned from, for a fair test: each image of
        `parts` that is identical to one of theirs is left out.
    epochs : int
        Passes over the images.
    seed : int
        Seed of the first weights and of the order.

    Returns
    -------
    ndarray of shape (58302,), dtype float16
        What `WEIGHTS` holds.
    """
    held = {image.tobytes() for part in aside for image in np.ascontiguousarray(part.images)}
    random = np.random.default_rng(seed)
    histograms, targets = [], []
    for part in parts:
        free = np.array([image.tobytes() not in held for image in part.images])
        names = np.array(part.classes)[part.labels[free]]
        histograms.append(pose_histograms(_varied(part.images[free], random)).astype(np.float16))
        targets.append(pose_targets(names.tolist(), part.classes))
    return _descend(np.concatenate(histograms), np.concatenate(targets), epochs, random)


def _varied(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A copy in which two images in five are turned, slanted, speckled or black and white."""
    varied = images.copy()
    for index in np.flatnonzero(random.random(len(images)) < 0.4):
        image = varied[index]
        if random.random() < 0.7:
            angle, slant = random.normal(0, 0.25), random.normal(0, 0.2)
            turned = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
            matrix = turned @ [[1, 0], [slant, 1]]
            centre = np.full(2, (SIDE - 1) / 2)
            image = affine_transform(image, matrix, centre - matrix @ centre, order=1)
        if random.random() < 0.2:
            image = np.where(image > random.integers(60, 180), 255, 0)
        if random.random() < 0.6:
            spots = random.random(image.shape) < random.uniform(0, 0.15)
            image = np.where(spots, random.integers(0, 256, image.shape), image)
        varied[index] = image
    return varied


def _descend(histograms, targets, epochs, random, batch=128, step=2e-3) -> np.ndarray:
    flat = np.zeros(INPUTS * HIDDEN + HIDDEN + (HIDDEN + 1) * len(CHARACTERS), np.float32)
    weights = split_weights(flat)  # views
    weights[0][:] = random.standard_normal(weights[0].shape) * np.sqrt(2 / INPUTS)
    weights[2][:] = random.standard_normal(weights[2].shape) * np.sqrt(0.2 / HIDDEN)
    gradient, mean, square = np.zeros_like(flat), np.zeros_like(flat), np.zeros_like(flat)
    slopes = split_weights(gradient)
    starts = range(0, len(histograms) - batch + 1, batch)
    steps = epochs * len(starts)
    for number in range(steps):
        if number % len(starts) == 0:
            order = random.permutation(len(histograms))
        chosen = order[starts[number % len(starts)] :][:batch]
        scores, inputs, hidden = network_scores(histograms[chosen].astype(np.float32), weights)
        shares = np.exp(scores - scores.max((1, 2), keepdims=True))
        # of the characters that an image may show, each gets the part that it explains
        explained = np.where(targets[chosen], shares[:, 0] + 1e-30, 0)
        shares /= shares.sum((1, 2), keepdims=True)
        shares[:, 0] -= explained / explained.sum(1, keepdims=True)
        outer = (shares / batch).reshape(-1, len(CHARACTERS))
        inner = (outer @ weights[2].T) * (hidden > 0)
        for slope, value in zip(
            slopes, (inputs.T @ inner, inner.sum(0), hidden.T @ outer, outer.sum(0)), strict=True
        ):
            slope[:] = value
        mean += 0.1 * (gradient - mean)
        square += 0.001 * (gradient * gradient - square)
        rate = step * (1 - number / steps)
        spread = np.sqrt(square / (1 - 0.999 ** (number + 1))) + 1e-8
        flat -= rate * mean / (1 - 0.9 ** (number + 1)) / spread
    return flat.astype(np.float16)


def error_rates(
    part: Part,
    sizes: Sequence[int] = SIZES,
    draws: int = 2000,
    seed: int = 25,
    *,
    labelled: bool = False,
    one_class: bool = False,
) -> dict:
    """How often `detect_orientation` errs on random draws of upright images.

    Parameters
    ----------
    part : Part
        Images that the network wasn't fitted on.
    sizes : sequence of int
        Numbers of images in a draw.
    draws : int
        Draws of each size, with replacement.
    seed : int
        Seed of the draws.
    labelled : bool
        Whether the labels are given.
    one_class : bool
        Whether each draw is of one class only, as in a folder of one character.

    Returns
    -------
    dict
        ``split``, ``images``, ``draws``, ``labelled``, ``one_class`` and, each
        a dict by size (as text, for JSON): ``error``, the share of draws that
        were called transposed, which by construction is that of transposed
        draws called upright; ``pose_error``, the share whose pose of eight was
        missed; ``unsure``, the share estimated without confidence; ``sure_error``, the
        share that is wrong though confident; ``sure_pose_error``, likewise.
    """
    random = np.random.default_rng(seed)
    names = np.array(part.classes)[part.labels]
    shares = log_shares(part.images, names.tolist() if labelled else None)
    members = [np.flatnonzero(part.labels == label) for label in np.unique(part.labels)]
    kinds = ("error", "pose_error", "unsure", "sure_error", "sure_pose_error")
    rates: dict[str, dict[str, float]] = {kind: {} for kind in kinds}
    for size in sizes:
        counts = dict.fromkeys(kinds, 0)
        for _ in range(draws):
            pool = members[random.integers(len(members))] if one_class else np.arange(len(part))
            estimate = estimate_from(shares[pool[random.integers(len(pool), size=size)]])
            wrong, missed = estimate.log_odds >= 0, estimate.pose != POSES[0]
            counts["error"] += wrong
            counts["pose_error"] += missed
            counts["unsure"] += not estimate.sure
            counts["sure_error"] += wrong and estimate.sure
            counts["sure_pose_error"] += missed and estimate.pose_sure
        for kind in kinds:
            rates[kind][str(size)] = counts[kind] / draws
    return {
        "split": part.split,
        "images": len(part),
        "draws": draws,
        "labelled": labelled,
        "one_class": one_class,
        **rates,
    }


def refit(roots: Sequence[Path], into: Path | None = WEIGHTS) -> list[dict]:
    """Fit on the training parts of folders, keep the weights, measure on the test parts.

    Parameters
    ----------
    roots : sequence of pathlib.Path
        Folders of official files, whose images are transposed because they are NIST's.
    into : pathlib.Path, optional
        Where the weights go; with None those that are there are measured.

    Returns
    -------
    list of dict
        See `error_rates`; each test part with and without characters, of all classes and of one.
    """
    parts = [part for root in roots for part in _official(root)]
    train = [part for part in parts if part.part == "train"]
    test = [part for part in parts if part.part == "test"]
    if into is not None:
        np.save(into, fit(train, test), allow_pickle=False)
        load_weights.cache_clear()
    return [
        error_rates(part, labelled=labelled, one_class=one_class)
        for part in test
        for one_class in (False, True)
        for labelled in (False, True)
    ]


def _official(root: Path) -> list[Part]:
    """Parts in NIST's own format, turned upright because they are NIST's, not by judgement."""
    from ..data.formats import official_files

    parts = []
    for source in official_files.find(sorted(path for path in root.rglob("*") if path.is_file())):
        if source.split != "bymerge":  # which adds many images, and nothing to learn from them
            decoded = source.read(allocate_in_memory)
            values = sorted(decoded.classes)
            parts.append(
                Part(
                    images=decoded.images.transpose(0, 2, 1).copy(),
                    labels=np.searchsorted(values, decoded.labels),
                    classes=[decoded.classes[value] for value in values],
                    split=source.split,
                    part=source.part,
                    origin="re-partition",
                )
            )
    return parts
