"""Embeddings of images in two dimensions, by PCA, LDA or t-SNE."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh
from sklearn.covariance import ledoit_wolf
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from ..callbacks import ProgressCallback
from ..errors import DatasetError
from ..metrics.percent import percent
from ..metrics.report import Report
from ..models.recipe import SEED
from ._tsne import WatchedTSNE

METHODS = ("PCA", "LDA", "t-SNE")
PARAMETRIC = "Parametric t-SNE"  # fitted beforehand: see `emnist_lab.evaluation.fitted_embedding`
_LEAST = 1e-4  # probability: below, one more or less means nothing
_FEWEST = 4  # images
_COMPONENTS = 50  # t-SNE sees no more: the rest is mostly noise, and costs time
_PERPLEXITY = 30.0


@dataclass(frozen=True, eq=False)
class Projection:
    """Images in two dimensions.

    Attributes
    ----------
    points : ndarray of shape (N, 2), dtype float64
        Where each image lies; units mean nothing, but both axes share one.
    method : str
        One of `METHODS`, or `PARAMETRIC`.
    seed : int
    note : str
        How to read it, for people.
    """

    points: np.ndarray
    method: str
    seed: int
    note: str


def log_probabilities(scores: np.ndarray) -> np.ndarray:
    """Probabilities as numbers to embed: logarithms from a floor up, each row less its mean.

    Two images lie near each other where a run finds the same classes likely for both.

    Parameters
    ----------
    scores : ndarray of shape (N, C), dtype float64
        Probabilities.

    Returns
    -------
    ndarray of shape (N, C), dtype float64

    Examples
    --------
    >>> log_probabilities(np.array([[0.5, 0.5], [1.0, 0.0]])).round(2).tolist()
    [[0.0, 0.0], [4.61, -4.61]]
    """
    logs = np.log(np.maximum(scores, _LEAST))
    return logs - logs.mean(axis=1, keepdims=True)


def project(
    features,
    labels,
    method: str,
    seed: int = SEED,
    progress: ProgressCallback | None = None,
) -> Projection:
    """Embed images by their features; the same input gives the same points.

    - **PCA**: the two directions of most variance.
    - **LDA**: the two directions that tell classes apart best (Fisher 1936; Rao
      1948). The covariance within classes is shrunk (Ledoit and Wolf 2004), else
      classes of few images collapse to points. Two classes have one such
      direction: the second axis is then the first principal component of what
      the first one leaves.
    - **t-SNE**: van der Maaten and Hinton (2008), by Barnes-Hut, begun at the
      principal components (Kobak and Berens 2019), on the first 50 of them.

    Parameters
    ----------
    features : array-like of shape (N, D)
        Numbers that describe each image, e.g. what a run's classifier sees.
    labels : array-like of shape (N,)
        Classes; only LDA looks at them.
    method : {"PCA", "LDA", "t-SNE"}
    seed : int
    progress : callable, optional
        Told how far it is (see `emnist_lab.callbacks.ProgressCallback`); what it raises
        ends the work.

    Returns
    -------
    Projection

    Raises
    ------
    DatasetError
        Fewer than four images, images that all have the same features, or for
        LDA only one class, or no class with two images that differ.
    ValueError
        The method is unknown, shapes don't fit, or features aren't finite.

    Examples
    --------
    >>> features = np.arange(40.0).reshape(10, 4) ** 2
    >>> project(features, np.zeros(10), "PCA").points.shape
    (10, 2)
    """
    features, labels = np.asarray(features, dtype=np.float64), np.asarray(labels)
    if method not in METHODS:
        raise ValueError(f"there is no method {method!r}: choose among {', '.join(METHODS)}")
    if features.ndim != 2 or features.shape[1] < 2 or labels.shape != (len(features),):
        raise ValueError(
            f"features {features.shape} and labels {labels.shape} don't fit: expected (N, D) with "
            "D of 2 or more, and (N,)"
        )
    if not np.isfinite(features).all():
        raise ValueError("features hold NaN or infinite values")
    if len(features) < _FEWEST:
        raise DatasetError(
            f"An embedding needs at least {_FEWEST} images, here are {len(features)}: choose more."
        )
    if not np.ptp(features, axis=0).any():
        raise DatasetError("All images have the same features, so no embedding tells them apart.")
    tell = progress or (lambda share, words: None)
    points, note = {"PCA": _pca, "LDA": _lda, "t-SNE": _tsne}[method](features, labels, seed, tell)
    return Projection(points.astype(np.float64), method, seed, note)


def _components(features: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, float]:
    """Principal components, and the share of the variance that they hold."""
    # Exact where it is cheap; else scikit-learn may choose a randomised solver.
    solver = "covariance_eigh" if features.shape[1] <= 2_000 else "auto"
    model = PCA(count, svd_solver=solver, random_state=seed)
    points = model.fit_transform(features)
    return points, float(model.explained_variance_ratio_.sum())


def _pca(features, labels, seed, tell) -> tuple[np.ndarray, str]:
    tell(0.0, "Principal components")
    points, share = _components(features, 2, seed)
    return points, f"The two directions of most variance: they hold {percent(share, 0)} of it."


def _lda(features, labels, seed, tell) -> tuple[np.ndarray, str]:
    present, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if len(present) < 2:
        raise DatasetError(
            "All images here are of one class, and LDA tells classes apart: choose PCA or t-SNE, "
            "or images of more classes."
        )
    centred = features - features.mean(axis=0)
    totals = np.zeros((len(present), centred.shape[1]))
    np.add.at(totals, place, centred)
    means = (totals / counts[:, None])[place]
    within = centred - means
    if not within.any():
        raise DatasetError(
            "LDA needs a class with two images that differ, here is none: choose more images."
        )
    tell(0.0, "Linear discriminants")
    spread = ledoit_wolf(within, assume_centered=True)[0]
    spread.flat[:: len(spread) + 1] += 1e-9 * np.trace(spread) / len(spread)
    last, count = len(spread) - 1, min(2, len(present) - 1)
    # Fisher's criterion: most variance between classes for that within them.
    _, directions = eigh(means.T @ means, spread, subset_by_index=[last - count + 1, last])
    points = centred @ directions[:, ::-1]
    caution = "It was fitted on these very images: others are told apart less well."
    if count == 2:
        return points, f"The two directions that tell the classes apart best. {caution}"
    direction = directions[:, 0] / np.linalg.norm(directions[:, 0])
    along = centred @ direction
    rest, _ = _components(centred - np.outer(along, direction), 1, seed)
    note = (
        "Two classes have one direction that tells them apart best, across; up is the direction "
        f"of most variance in what is left. {caution}"
    )
    return np.column_stack([along, rest[:, 0]]), note


def _tsne(features, labels, seed, tell) -> tuple[np.ndarray, str]:
    words = ""
    if features.shape[1] > _COMPONENTS:
        tell(0.0, "Principal components")
        count = min(_COMPONENTS, len(features) - 1)
        features, share = _components(features, count, seed)
        words = f", on the first {count} principal components ({percent(share, 0)} of the variance)"
    perplexity = min(_PERPLEXITY, (len(features) - 1) / 3)
    title = f"t-SNE of {len(features):,} images"
    tell(0.0, title)
    model = WatchedTSNE(perplexity=perplexity, init="pca", random_state=seed)
    model.watch = lambda iteration: tell(iteration / model.max_iter, title)
    # A second thread saves little, and waits for seconds on a core that is busy with a training.
    with threadpool_limits(1, "openmp"):
        points = model.fit_transform(features)
    note = (
        "Near means similar; sizes of groups and distances between them mean little. Perplexity "
        f"{perplexity:.3g}{words}."
    )
    return points, note


def sample_of(report: Report, count: int, seed: int = SEED) -> np.ndarray:
    """Draw test images for an embedding, each with the same probability.

    Systematic sampling from a random order sorted by class, and within a class
    by right and wrong: every class, and its errors, keep their share to within
    one image, where a simple random sample could draw them unevenly.

    Parameters
    ----------
    report : Report
    count : int
        How many; all where there are no more.
    seed : int

    Returns
    -------
    ndarray of shape (min(count, N),), dtype int64
        Indices, ascending.

    Raises
    ------
    DatasetError
        `count` is below 1.

    Examples
    --------
    >>> report = Report([0, 1] * 50, [[0.7, 0.3], [0.2, 0.8]] * 50, ["A", "B"])
    >>> chosen = sample_of(report, 10)
    >>> len(chosen), int((report.labels[chosen] == 1).sum())
    (10, 5)
    """
    if count < 1:
        raise DatasetError("A sample needs at least one image: ask for 1 or more.")
    total = len(report.labels)
    if count >= total:
        return np.arange(total)
    random = np.random.default_rng(seed)
    order = np.lexsort((random.random(total), report.predicted != report.labels, report.labels))
    steps = (np.arange(count) + random.random()) * (total / count)
    return np.sort(order[np.minimum(steps.astype(np.int64), total - 1)])
