"""Fits the embeddings of the shipped runs, and measures how well they keep classes apart."""

from collections.abc import Callable

import numpy as np
from sklearn.manifold import TSNE
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPRegressor

from ..data.part import Part
from ..evaluation import embedding, fitted_embedding, neighbours
from ..evaluation.fitted_embedding import FittedEmbedding
from ..metrics.report import Report
from ..models.recipe import SEED
from ..runs.manifest import MODEL
from ..runs.registry import list_runs
from ..runs.run import Run

_IMAGES = 8_000  # training images that the t-SNE is made of
_HIDDEN = (128, 64)
_MEASURED, _NEAREST = 1_000, 10  # test images, and neighbours that vote


def fit(run: Run, train: Part, seed: int = SEED) -> FittedEmbedding:
    """Fit an embedding: a t-SNE of training images, and a network that learns it.

    Parameters
    ----------
    run : Run
    train : Part
        Images that the run was trained on.
    seed : int

    Returns
    -------
    FittedEmbedding
    """
    sample = train.sample(_IMAGES, seed)
    inputs = embedding.log_probabilities(run.predict_proba(sample.images))
    model = TSNE(perplexity=30.0, init="pca", random_state=seed, n_jobs=1)
    points = model.fit_transform(inputs).astype(np.float64)
    points = (points - points.mean(axis=0)) / points.std()
    scale = inputs.std()
    network = MLPRegressor(
        hidden_layer_sizes=_HIDDEN,
        early_stopping=True,
        max_iter=150,
        batch_size=128,
        random_state=seed,
    ).fit(inputs / scale, points)
    weights = [network.coefs_[0] / scale, *network.coefs_[1:]]
    digest = run.manifest["files"][MODEL]["sha256"]
    return FittedEmbedding(run.classes, digest, weights, list(network.intercepts_), seed)


def separation(points: np.ndarray, labels: np.ndarray) -> float:
    """How well neighbours in the plane tell a class: 10 vote, in five folds.

    Parameters
    ----------
    points : ndarray of shape (N, 2)
    labels : ndarray of shape (N,)

    Returns
    -------
    float
        Accuracy, 0..1.
    """
    return float(cross_val_score(KNeighborsClassifier(_NEAREST), points, labels, cv=5).mean())


def measure(run: Run, report: Report, images: np.ndarray) -> dict[str, float]:
    """`separation` of every embedding of test images, of log-probabilities and of features.

    Parameters
    ----------
    run : Run
        Shipped.
    report : Report
        Its kept test scores.
    images : ndarray of shape (N, 28, 28), dtype uint8
        The test images.

    Returns
    -------
    dict of str to float
    """
    chosen = embedding.sample_of(report, _MEASURED)
    labels, scores = report.labels[chosen], report.scores[chosen]
    fitted = fitted_embedding.of(run)
    found = {embedding.PARAMETRIC: separation(fitted.project(scores).points, labels)}
    extract = neighbours.feature_extractor(run)
    spaces = {
        "log-probabilities": embedding.log_probabilities(scores),
        "features": extract(images[chosen]) if extract else images[chosen].reshape(len(chosen), -1),
    }
    for space, numbers in spaces.items():
        for method in embedding.METHODS:
            points = embedding.project(numbers, labels, method).points
            found[f"{method} of {space}"] = separation(points, labels)
    return found


def refit(train: Part, test: Part, say: Callable[[str], None]) -> dict[str, dict[str, float]]:
    """Fit and keep the embeddings of all shipped runs, and measure them.

    Parameters
    ----------
    train, test : Part
        What the runs were trained and measured on.
    say : callable
        Told how far it is.

    Returns
    -------
    dict of str to dict of str to float
        Run -> `measure`.
    """
    fitted_embedding.FOLDER.mkdir(exist_ok=True)
    measured = {}
    for run in list_runs()[0]:
        if not run.shipped:
            continue
        say(f"embedding of {run.name}")
        fitted = fit(run, neighbours.find_training_images(run, train))
        fitted_embedding.save(fitted, fitted_embedding.FOLDER / f"{run.name}.npz")
        measured[run.name] = measure(run, run.report(), test.images)
    return measured
