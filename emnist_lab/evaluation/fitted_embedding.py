"""Embeddings that were fitted beforehand: a small network from probabilities to the plane.

A t-SNE has to be computed anew for every sample. What it makes of a shipped run's training images
is learned by a network with two hidden layers (parametric t-SNE, van der Maaten 2009, with the
points of an ordinary t-SNE as targets), which then places any images at once.
`emnist_lab.maintenance.embedding_training` fits it; no image is in the file.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..runs.manifest import MODEL
from ..runs.run import Run
from .embedding import PARAMETRIC, Projection, log_probabilities

FOLDER = Path(__file__).with_name("embeddings")


@dataclass(frozen=True, eq=False)
class FittedEmbedding:
    """A network from a run's probabilities to the plane.

    Attributes
    ----------
    classes : list of str
        Of the run, in the order of its probabilities.
    model : str
        SHA-256 of the run's model: the probabilities of another don't fit.
    weights, biases : list of ndarray
        Of each layer; a ReLU lies between two.
    seed : int
        Of the fit.
    """

    classes: list[str]
    model: str
    weights: list[np.ndarray]
    biases: list[np.ndarray]
    seed: int

    def project(self, scores: np.ndarray) -> Projection:
        """Place images.

        Parameters
        ----------
        scores : ndarray of shape (N, C), dtype float64
            The run's probabilities of all its classes.

        Returns
        -------
        Projection

        Examples
        --------
        >>> from emnist_lab import open_run
        >>> run = open_run("hog-qda")
        >>> of(run).project(run.report().scores[:100]).points.shape
        (100, 2)
        """
        points = log_probabilities(scores)
        for place, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            points = (np.maximum(points, 0) if place else points) @ weight + bias
        return Projection(
            points,
            PARAMETRIC,
            self.seed,
            "Placed by a network that learned a t-SNE of training images: near means similar; "
            "sizes of groups and distances between them mean little.",
        )


def of(run: Run, classes: list[str] | None = None) -> FittedEmbedding | None:
    """The embedding that was fitted for a shipped run.

    Parameters
    ----------
    run : Run
    classes : list of str, optional
        Those that probabilities are of, where these may be other than the run's.

    Returns
    -------
    FittedEmbedding or None
        None for any other run, and for other classes.

    Examples
    --------
    >>> from emnist_lab import open_run
    >>> of(open_run("hog-qda")).classes == open_run("hog-qda").classes
    True
    >>> of(open_run("hog-qda"), ["A", "B"]) is None
    True
    """
    path = FOLDER / f"{run.name}.npz"
    if not run.shipped or not path.is_file():
        return None
    found = _load(path)
    fits = found.model == run.manifest["files"][MODEL].get("sha256")
    return found if fits and found.classes == (classes or run.classes) == run.classes else None


@functools.lru_cache(maxsize=8)
def _load(path: Path) -> FittedEmbedding:
    with np.load(path, allow_pickle=False) as file:
        layers = range(int(file["layers"]))
        return FittedEmbedding(
            file["classes"].tolist(),
            str(file["model"]),
            [file[f"weight{layer}"].astype(np.float64) for layer in layers],
            [file[f"bias{layer}"].astype(np.float64) for layer in layers],
            int(file["seed"]),
        )


def save(fitted: FittedEmbedding, path: Path) -> None:
    """Write an embedding to a file of numbers, in half precision.

    Parameters
    ----------
    fitted : FittedEmbedding
    path : pathlib.Path
    """
    layers = {}
    for place, (weight, bias) in enumerate(zip(fitted.weights, fitted.biases, strict=True)):
        layers |= {
            f"weight{place}": weight.astype(np.float16),
            f"bias{place}": bias.astype(np.float32),
        }
    np.savez_compressed(
        path,
        classes=np.array(fitted.classes),
        model=np.array(fitted.model),
        seed=np.array(fitted.seed),
        layers=np.array(len(fitted.weights)),
        **layers,
    )
