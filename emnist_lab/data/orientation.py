"""Which way up images of characters are, by the images themselves.

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

import numpy as np

from ..models.features import HOG
from .splits import mapping

WEIGHTS = Path(__file__).with_name("orientation.npy")

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
_DIRECTIONS, _CELLS, HIDDEN = 8, 7, 128  # eight directions map onto themselves when turned
INPUTS = _DIRECTIONS * _CELLS * _CELLS
CHARACTERS = "".join(mapping("byclass").values())
_BATCH = 512  # images scored at a time: all their poses fit into 10 MB
# An image in 25 is taken to say nothing at all, however it looks. It bounds what one image can
# say (odds of 49 to 1), so that a few odd ones can't outweigh the others.
_LAPSE = 0.04
_ENOUGH = 7.0  # log-odds, summed: odds of 1,000 to 1
_AGREEMENT = 2.0  # by how many of its standard errors the sum must differ from nothing
_MEAN = 0.6  # log-odds an image: below, a class alone may pass for another one turned (L, 7)


@dataclass(frozen=True)
class OrientationEstimate:
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


def apply_pose(images: np.ndarray, pose: str) -> np.ndarray:
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
    return _evidence(log_shares(np.asarray(images), characters))


def detect_orientation(
    images: np.ndarray,
    most: int = 1000,
    seed: int = 25,
    characters: Sequence[str] | None = None,
) -> OrientationEstimate:
    """Estimate how a set of images is stored.

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
    OrientationEstimate
        Identical images count once. Without images it is not sure.

    Examples
    --------
    >>> from emnist_lab.data import load
    >>> images = load("balanced", "test", root="demo").images[:300]
    >>> detect_orientation(images).pose
    'upright'
    >>> detect_orientation(images.transpose(0, 2, 1)).pose
    'transposed'
    """
    chosen = np.arange(len(images))
    if len(images) > most:
        chosen = np.sort(np.random.default_rng(seed).choice(len(images), most, replace=False))
    drawn = np.asarray(images)[chosen]
    single = list({image.tobytes(): index for index, image in enumerate(drawn)}.values())
    named = None if characters is None else [characters[index] for index in chosen[single]]
    return estimate_from(log_shares(drawn[single], named))


def estimate_from(shares: np.ndarray) -> OrientationEstimate:
    evidence = _evidence(shares)
    total = float(evidence.sum())
    poses = _bounded(shares).sum(axis=0)
    first, second = np.argsort(-poses, kind="stable")[:2]
    pose_sure = _sure(_bounded(shares)[:, first] - _bounded(shares)[:, second])
    return OrientationEstimate(
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


def log_shares(images: np.ndarray, characters: Sequence[str] | None = None) -> np.ndarray:
    """Log-probability of each pose: (N, 8) float64."""
    weights = load_weights()
    shares = np.empty((len(images), len(POSES)))
    wanted = None if characters is None else pose_targets(characters)
    for start in range(0, len(images), _BATCH):
        stop = start + _BATCH
        scores = network_scores(pose_histograms(images[start:stop]), weights)[0].astype(np.float64)
        if wanted is not None:
            scores = np.where(wanted[start:stop, None], scores, -1e9)
        poses = np.logaddexp.reduce(scores, axis=2)
        shares[start:stop] = poses - np.logaddexp.reduce(poses, axis=1)[:, None]
    return shares


def pose_targets(characters: Sequence[str], classes: Iterable[str] = ()) -> np.ndarray:
    """Characters -> (N, 62) bool, which of all they may be.

    A letter may be of either case, unless `classes` tells both apart; what is
    no character may be anything.
    """
    known = set(classes)
    rows = {}
    for name in set(characters):
        cases = {name} if name.swapcase() in known else {name, name.swapcase()}
        row = np.array([character in cases for character in CHARACTERS])
        rows[name] = row if row.any() else ~row
    return np.array([rows[name] for name in characters], bool).reshape(-1, len(CHARACTERS))


def pose_histograms(images: np.ndarray) -> np.ndarray:
    """Histograms of oriented gradients: (N, 392) float32."""
    hog = HOG(cell=4, directions=_DIRECTIONS, sharpness=8)
    hog.n_features_out_ = INPUTS
    return hog.transform(images)


@functools.cache
def _turned() -> np.ndarray:
    """Where the histograms of an image in each pose stand among those of the upright one.

    Returns
    -------
    ndarray of shape (8, 392), dtype int64
        ``histograms(turn(x, POSES[k])) == histograms(x)[:, turned[k]]``.
    """
    place = np.arange(INPUTS).reshape(_DIRECTIONS, _CELLS, _CELLS)
    direction = np.arange(_DIRECTIONS)
    rows = []
    for pose in POSES:
        moved = apply_pose(place, pose)
        # transposing takes an edge's angle to a right angle less it; mirroring, to its negative
        if "transposed" in pose:
            moved = moved[(4 - direction) % _DIRECTIONS]
        elif pose in ("rotated left", "rotated right"):
            moved = moved[(direction + 4) % _DIRECTIONS]
        elif pose in ("mirrored", "flipped"):
            moved = moved[-direction % _DIRECTIONS]
        rows.append(moved.ravel())
    return np.stack(rows)


def network_scores(
    histograms: np.ndarray, weights: tuple
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores (N, 8, 62) of undoing each pose and finding each character; inputs; hidden layer.

    Pose k stands for the image with that pose undone.
    """
    inner, inner_bias, outer, outer_bias = weights
    inputs = histograms[:, _undone()].reshape(-1, INPUTS)
    hidden = np.maximum(inputs @ inner + inner_bias, 0)
    scores = hidden @ outer + outer_bias
    return scores.reshape(len(histograms), len(POSES), -1), inputs, hidden


@functools.cache
def _undone() -> np.ndarray:
    """As `_turned`, for the image with each pose undone."""
    order = [POSES.index(_OPPOSITE.get(pose, pose)) for pose in POSES]
    return _turned()[order]


_OPPOSITE = {"rotated left": "rotated right", "rotated right": "rotated left"}


def split_weights(flat: np.ndarray) -> tuple[np.ndarray, ...]:
    shapes = [(INPUTS, HIDDEN), (HIDDEN,), (HIDDEN, len(CHARACTERS)), (len(CHARACTERS),)]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    return tuple(
        part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)
    )


@functools.cache
def load_weights() -> tuple[np.ndarray, ...]:
    return split_weights(np.load(WEIGHTS, allow_pickle=False).astype(np.float32))
