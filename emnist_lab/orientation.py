"""Which way up images of characters are, told from the images themselves.

NIST's files hold every image transposed, and most who pass them on leave it so,
but many turn them upright, and some get half-way. A small network scores each
pair of a character and a pose, of the eight that a square has; the poses'
shares of its softmax are the evidence. Turning an image permutes its
histograms of gradients, so the network sees all eight poses of one image with
the same weights, and by construction the odds of an image and of its transpose
are each other's inverse.

``python -m emnist_lab orientation --root DIR`` fits the network anew and
prints how often it errs on test images.
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import affine_transform

from .features import HOG
from .formats.base import SIDE, in_memory
from .splits import mapping

if TYPE_CHECKING:
    from .dataset import Part

WEIGHTS = Path(__file__).with_name("orientation.npy")
SIZES = (1, 2, 5, 10, 20, 50, 100)  # images in a draw, of `error_rates`

# What was done to an upright image; "transposed" is NIST's way.
POSES = (
    "upright",
    "transposed",
    "rotated left",
    "rotated right",
    "rotated by half",
    "mirrored",
    "flipped",
    "transposed and rotated by half",
)
_DIRECTIONS, _CELLS, _HIDDEN = 8, 7, 128  # eight directions map onto themselves when turned
_INPUTS = _DIRECTIONS * _CELLS * _CELLS
_CHARACTERS = "".join(mapping("byclass").values())
_BATCH = 512  # images scored at a time: all their poses fit into 10 MB
# An image in 25 is taken to say nothing at all, however it looks. It bounds what one image can
# say (odds of 49 to 1), so that a few odd ones can't outweigh the others.
_LAPSE = 0.04
_ENOUGH = 7.0  # log-odds, summed: odds of 1,000 to 1
_AGREEMENT = 2.0  # by how many of its standard errors the sum must differ from nothing
_MEAN = 0.6  # log-odds an image: below, a class alone may pass for another one turned (L, 7)


@dataclass(frozen=True)
class Verdict:
    """What images say about the way they are stored.

    Attributes
    ----------
    transposed : bool
        Whether transposed is likelier than upright.
    log_odds : float
        Natural logarithm of the odds that they are transposed rather than
        upright, summed over images, each bounded to ±3.9.
    images : int
        Number of different images that were looked at.
    sure : bool
        Whether to believe `transposed`: the evidence is strong, the images
        agree, and none of the other six poses fits them better.
    pose : str
        The likeliest of `POSES`.
    pose_sure : bool
        Whether to believe `pose`.
    """

    transposed: bool
    log_odds: float
    images: int
    sure: bool
    pose: str
    pose_sure: bool


def turn(images: np.ndarray, pose: str) -> np.ndarray:
    """Put upright images into a pose.

    Parameters
    ----------
    images : ndarray of shape (N, 28, 28)
    pose : str
        One of `POSES`.

    Returns
    -------
    ndarray of shape (N, 28, 28)
        A view. Undone by the same pose, but for "rotated left", undone by
        "rotated right" and the other way round.
    """
    transposed = images.transpose(0, 2, 1)
    return {
        "upright": images,
        "transposed": transposed,
        "rotated left": transposed[:, ::-1],
        "rotated right": transposed[:, :, ::-1],
        "rotated by half": images[:, ::-1, ::-1],
        "mirrored": images[:, :, ::-1],
        "flipped": images[:, ::-1],
        "transposed and rotated by half": transposed[:, ::-1, ::-1],
    }[pose]


def log_odds(images: np.ndarray, characters: Sequence[str] | None = None) -> np.ndarray:
    """Evidence of each image that it is stored transposed rather than upright.

    Parameters
    ----------
    images : ndarray of shape (N, 28, 28), dtype uint8
        Ink bright on black.
    characters : sequence of str, optional
        What each image shows, where known: one character, its case aside. The
        error falls to about a third.

    Returns
    -------
    ndarray of shape (N,), dtype float64
        Natural logarithm of the odds, within ±3.9. That of the transposed
        image is its negative.
    """
    return _evidence(_log_shares(np.asarray(images), characters))


def judge(
    images: np.ndarray,
    most: int = 1000,
    seed: int = 25,
    characters: Sequence[str] | None = None,
) -> Verdict:
    """Judge how a set of images is stored.

    Parameters
    ----------
    images : ndarray of shape (N, 28, 28), dtype uint8
        Ink bright on black; all in the same pose.
    most : int
        How many to look at, drawn at random where there are more.
    seed : int
        Seed of the draw.
    characters : sequence of str, optional
        What each image shows; see `log_odds`.

    Returns
    -------
    Verdict
        Identical images count once. Of no images nothing is told: not sure.
    """
    chosen = np.arange(len(images))
    if len(images) > most:
        chosen = np.sort(np.random.default_rng(seed).choice(len(images), most, replace=False))
    drawn = np.asarray(images)[chosen]
    single = list({image.tobytes(): index for index, image in enumerate(drawn)}.values())
    named = None if characters is None else [characters[index] for index in chosen[single]]
    return _verdict(_log_shares(drawn[single], named))


def _verdict(shares: np.ndarray) -> Verdict:
    evidence = _evidence(shares)
    total = float(evidence.sum())
    poses = _bounded(shares).sum(axis=0)
    first, second = np.argsort(-poses, kind="stable")[:2]
    pose_sure = _sure(_bounded(shares)[:, first] - _bounded(shares)[:, second])
    return Verdict(
        transposed=total > 0,
        log_odds=total,
        images=len(shares),
        sure=bool(_sure(evidence) and first < 2),
        pose=POSES[first],
        pose_sure=bool(pose_sure),
    )


def _sure(evidence: np.ndarray) -> bool:
    """Whether evidence is strong in sum, on average, and against its own scatter."""
    total = abs(evidence.sum())
    needed = max(_ENOUGH, _MEAN * len(evidence), _AGREEMENT * float(np.sqrt((evidence**2).sum())))
    return bool(total >= needed)


def _bounded(shares: np.ndarray) -> np.ndarray:
    """Log-shares of the poses, with a lapse mixed in: none says more than an image can."""
    return np.log((1 - _LAPSE) * np.exp(shares) + _LAPSE / shares.shape[1])


def _evidence(shares: np.ndarray) -> np.ndarray:
    """Log-odds of transposed against upright, given that it is one of the two."""
    difference = shares[:, 1] - shares[:, 0]
    share = 1 / (1 + np.exp(-np.clip(difference, -50, 50)))
    bounded = (1 - _LAPSE) * share + _LAPSE / 2
    return np.log(bounded) - np.log1p(-bounded)


def _log_shares(images: np.ndarray, characters: Sequence[str] | None = None) -> np.ndarray:
    """Log-probability of each pose: (N, 8) float64."""
    weights = _weights()
    shares = np.empty((len(images), len(POSES)))
    wanted = None if characters is None else _targets(characters)
    for start in range(0, len(images), _BATCH):
        stop = start + _BATCH
        scores = _scores(_histograms(images[start:stop]), weights)[0].astype(np.float64)
        if wanted is not None:
            scores = np.where(wanted[start:stop, None], scores, -1e9)
        poses = np.logaddexp.reduce(scores, axis=2)
        shares[start:stop] = poses - np.logaddexp.reduce(poses, axis=1)[:, None]
    return shares


def _targets(characters: Sequence[str], classes: Iterable[str] = ()) -> np.ndarray:
    """Characters -> (N, 62) bool, which of all they may be.

    A letter may be of either case, unless `classes` tells both apart; what is
    no character may be anything.
    """
    known = set(classes)
    rows = {}
    for name in set(characters):
        cases = {name} if name.swapcase() in known else {name, name.swapcase()}
        row = np.array([character in cases for character in _CHARACTERS])
        rows[name] = row if row.any() else ~row
    return np.array([rows[name] for name in characters], bool).reshape(-1, len(_CHARACTERS))


def _histograms(images: np.ndarray) -> np.ndarray:
    """Histograms of oriented gradients: (N, 392) float32."""
    hog = HOG(cell=4, directions=_DIRECTIONS, sharpness=8)
    hog.n_features_out_ = _INPUTS
    return hog.transform(images)


@functools.cache
def _turned() -> np.ndarray:
    """Where the histograms of an image in each pose stand among those of the upright one.

    Returns
    -------
    ndarray of shape (8, 392), dtype int64
        ``histograms(turn(x, POSES[k])) == histograms(x)[:, turned[k]]``.
    """
    place = np.arange(_INPUTS).reshape(_DIRECTIONS, _CELLS, _CELLS)
    direction = np.arange(_DIRECTIONS)
    rows = []
    for pose in POSES:
        moved = turn(place, pose)
        # transposing takes an edge's angle to a right angle less it; mirroring, to its negative
        if "transposed" in pose:
            moved = moved[(4 - direction) % _DIRECTIONS]
        elif pose in ("rotated left", "rotated right"):
            moved = moved[(direction + 4) % _DIRECTIONS]
        elif pose in ("mirrored", "flipped"):
            moved = moved[-direction % _DIRECTIONS]
        rows.append(moved.ravel())
    return np.stack(rows)


def _scores(histograms: np.ndarray, weights: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores (N, 8, 62) of undoing each pose and finding each character; inputs; hidden layer.

    Pose k stands for the image with that pose undone.
    """
    inner, inner_bias, outer, outer_bias = weights
    inputs = histograms[:, _undone()].reshape(-1, _INPUTS)
    hidden = np.maximum(inputs @ inner + inner_bias, 0)
    scores = hidden @ outer + outer_bias
    return scores.reshape(len(histograms), len(POSES), -1), inputs, hidden


@functools.cache
def _undone() -> np.ndarray:
    """As `_turned`, for the image with each pose undone."""
    order = [POSES.index(_OPPOSITE.get(pose, pose)) for pose in POSES]
    return _turned()[order]


_OPPOSITE = {"rotated left": "rotated right", "rotated right": "rotated left"}


def _split_weights(flat: np.ndarray) -> tuple[np.ndarray, ...]:
    shapes = [(_INPUTS, _HIDDEN), (_HIDDEN,), (_HIDDEN, len(_CHARACTERS)), (len(_CHARACTERS),)]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    return tuple(
        part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)
    )


@functools.cache
def _weights() -> tuple[np.ndarray, ...]:
    return _split_weights(np.load(WEIGHTS, allow_pickle=False).astype(np.float32))


def fit(
    parts: Sequence["Part"], aside: Sequence["Part"] = (), epochs: int = 6, seed: int = 25
) -> np.ndarray:
    """Fit the network: find character and pose together.

    Some images are turned, slanted, speckled or made black and white a little
    before, so that scans and drawings are judged as well as NIST's images.
    Every upright image is shown in all eight poses at once, and the softmax
    over all pairs of a pose and a character is to choose the upright one and
    its character. Adam (Kingma and Ba 2015, arXiv:1412.6980) with a step that
    falls to nothing.

    Parameters
    ----------
    parts : sequence of Part
        Upright images to learn from.
    aside : sequence of Part
        Images that must not be learned from, for an honest test: each image of
        `parts` that is identical to one of theirs is left out.
    epochs : int
        How often each image is seen.
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
        histograms.append(_histograms(_varied(part.images[free], random)).astype(np.float16))
        targets.append(_targets(names.tolist(), part.classes))
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
    flat = np.zeros(_INPUTS * _HIDDEN + _HIDDEN + (_HIDDEN + 1) * len(_CHARACTERS), np.float32)
    weights = _split_weights(flat)  # views
    weights[0][:] = random.standard_normal(weights[0].shape) * np.sqrt(2 / _INPUTS)
    weights[2][:] = random.standard_normal(weights[2].shape) * np.sqrt(0.2 / _HIDDEN)
    gradient, mean, square = np.zeros_like(flat), np.zeros_like(flat), np.zeros_like(flat)
    slopes = _split_weights(gradient)
    starts = range(0, len(histograms) - batch + 1, batch)
    steps = epochs * len(starts)
    for number in range(steps):
        if number % len(starts) == 0:
            order = random.permutation(len(histograms))
        chosen = order[starts[number % len(starts)] :][:batch]
        scores, inputs, hidden = _scores(histograms[chosen].astype(np.float32), weights)
        shares = np.exp(scores - scores.max((1, 2), keepdims=True))
        # of the characters that an image may show, each gets the part that it explains
        explained = np.where(targets[chosen], shares[:, 0] + 1e-30, 0)
        shares /= shares.sum((1, 2), keepdims=True)
        shares[:, 0] -= explained / explained.sum(1, keepdims=True)
        outer = (shares / batch).reshape(-1, len(_CHARACTERS))
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
    part: "Part",
    sizes: Sequence[int] = SIZES,
    draws: int = 2000,
    seed: int = 25,
    *,
    labelled: bool = False,
    one_class: bool = False,
) -> dict:
    """How often `judge` errs on random draws of upright images.

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
        Whether the judge is told what each image shows.
    one_class : bool
        Whether each draw is of one class only, as in a folder of one character.

    Returns
    -------
    dict
        ``split``, ``images``, ``draws``, ``labelled``, ``one_class`` and, each
        a dict by size (as text, for JSON): ``error``, the share of draws that
        were called transposed, which by construction is that of transposed
        draws called upright; ``pose_error``, the share whose pose of eight was
        missed; ``unsure``, the share judged with doubt; ``sure_error``, the
        share judged wrong without doubt; ``sure_pose_error``, likewise.
    """
    random = np.random.default_rng(seed)
    names = np.array(part.classes)[part.labels]
    shares = _log_shares(part.images, names.tolist() if labelled else None)
    members = [np.flatnonzero(part.labels == label) for label in np.unique(part.labels)]
    kinds = ("error", "pose_error", "unsure", "sure_error", "sure_pose_error")
    rates: dict[str, dict[str, float]] = {kind: {} for kind in kinds}
    for size in sizes:
        counts = dict.fromkeys(kinds, 0)
        for _ in range(draws):
            pool = members[random.integers(len(members))] if one_class else np.arange(len(part))
            verdict = _verdict(shares[pool[random.integers(len(pool), size=size)]])
            wrong, missed = verdict.log_odds >= 0, verdict.pose != POSES[0]
            counts["error"] += wrong
            counts["pose_error"] += missed
            counts["unsure"] += not verdict.sure
            counts["sure_error"] += wrong and verdict.sure
            counts["sure_pose_error"] += missed and verdict.pose_sure
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
        _weights.cache_clear()
    return [
        error_rates(part, labelled=labelled, one_class=one_class)
        for part in test
        for one_class in (False, True)
        for labelled in (False, True)
    ]


def _official(root: Path) -> list["Part"]:
    """Parts in NIST's own format, turned upright because they are NIST's, not by judgement."""
    from .dataset import Part
    from .formats import idx

    parts = []
    for source in idx.find(sorted(path for path in root.rglob("*") if path.is_file())):
        if source.split != "bymerge":  # which adds many images, and nothing to learn from them
            decoded = source.read(in_memory)
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
