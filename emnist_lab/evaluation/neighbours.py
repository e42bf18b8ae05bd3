"""Training images that are most like an image, as a run's classifier sees them; typical images."""

from collections.abc import Callable

import numpy as np

from ..callbacks import ProgressCallback
from ..data.formats.base import SIDE
from ..data.part import Part
from ..errors import RunError, first_line
from ..models import memory
from ..models.convolution import AugmentedConvolutionalNetwork
from ..models.ensemble import LogOpinionPool
from ..models.mlp import AugmentedMLPEnsemble
from ..runs.manifest import MODEL, Damaged
from ..runs.run import Run

_BATCH = 4096  # images whose features are made at a time


def most_typical(images: np.ndarray) -> int:
    """The image that is nearest to the mean of all, pixel by pixel.

    Parameters
    ----------
    images : ndarray of shape (N, 28, 28), dtype uint8
        At least one.

    Returns
    -------
    int
        Its index; the first of equals.

    Examples
    --------
    >>> most_typical(np.array([0, 90, 100, 110, 255], np.uint8).reshape(5, 1, 1))
    3
    """
    flat = images.reshape(len(images), -1).astype(np.float32)
    return int(np.square(flat - flat.mean(axis=0)).sum(axis=1).argmin())


def find_training_images(run: Run, train: Part) -> Part:
    """The images that a run was trained on, drawn from a part again where it was trained on some.

    Chooses the run's classes and draws a sample as ``python -m emnist_lab
    train --classes --images`` does, and compares fingerprints.

    Parameters
    ----------
    run : Run
    train : Part
        All images at hand.

    Returns
    -------
    Part
        `train` itself where the run was trained on all of it, and perhaps on more.

    Raises
    ------
    RunError
        The run was trained on other images.
    """
    wanted = run.manifest["data"]["train"]
    if train.fingerprint in (wanted["fingerprint"], *wanted.get("joined_from", ())):
        return train
    if set(run.classes) <= set(train.classes):
        chosen = train.choose(run.classes)
        # Where every class had to get its one image, fewer were asked for than were drawn.
        for count in range(wanted["images"], max(wanted["images"] - len(run.classes), 0), -1):
            drawn = chosen.sample(count, run.manifest["seed"])
            if len(drawn) < wanted["images"]:
                break
            if len(drawn) == wanted["images"] and drawn.fingerprint == wanted["fingerprint"]:
                return drawn
    raise RunError(
        f"The run {run.name} was not trained on images of {train.name}: choose the dataset that "
        f"it was trained on ({wanted['name']}), or train it again on this one."
    )


def feature_extractor(run: Run) -> Callable[[np.ndarray], np.ndarray] | None:
    """The numbers that a run's classifier sees of an image.

    Parameters
    ----------
    run : Run

    Returns
    -------
    callable or None
        From uint8 (N, 28, 28) to (N, D) floats: all steps of the pipeline but the
        last. Of networks with features of their own, those of the first; of a
        convolutional network, its hidden layer; of a blend, those of the member
        with the most weight. None for a recipe of one's own that keeps them where
        this doesn't look.

    Raises
    ------
    RunError
        The model can't be opened.

    Examples
    --------
    >>> from emnist_lab import open_run
    >>> extract = feature_extractor(open_run("hog-qda"))
    >>> extract(np.zeros((2, 28, 28), np.uint8)).shape
    (2, 140)
    """
    return _before(run.model)


def _before(model) -> Callable[[np.ndarray], np.ndarray] | None:
    steps = getattr(model, "steps", None)
    if steps is not None and len(steps) > 1:
        return model[:-1].transform
    final = steps[0][1] if steps else model
    if isinstance(final, AugmentedMLPEnsemble):
        return final.features_[0].transform
    if isinstance(final, AugmentedConvolutionalNetwork):
        return final.embed
    if isinstance(final, LogOpinionPool):
        return _before(final.estimators_[int(np.argmax(final.weights))])
    return None


class NearestNeighbours:
    """All images of a part in a run's own space, to look for those nearest to an image.

    Holds N × D float32: for 99,090 images 55 MB with hog-qda (D = 140), 99 MB
    with hog-mlp (250), 311 MB with the 784 pixels.

    Parameters
    ----------
    run : Run
    part : Part
        Images to look among; see `find_training_images`.
    progress : callable, optional
        Told how far it is, after every few thousand images (see
        `emnist_lab.callbacks.ProgressCallback`); what it raises ends the work.

    Attributes
    ----------
    part : Part
    features : ndarray of shape (N, D), dtype float32
        See `feature_extractor`.

    Raises
    ------
    RunError
        The run has no such space, its model can't be opened or is damaged, or
        the features don't fit into memory.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> train = lab.load("balanced", "train", root="demo").sample(94)
    >>> space = NearestNeighbours(lab.open_run("hog-qda"), train)
    >>> indices, distances = space.find(train.images[5], 3)
    >>> int(indices[0]), round(float(distances[0]), 3)
    (5, 0.0)
    """

    def __init__(self, run: Run, part: Part, progress: ProgressCallback | None = None):
        self.part = part
        self._name, self._space = run.name, feature_extractor(run)
        if self._space is None:
            raise RunError(
                f"What the classifier of {run.name} sees isn't known, so its nearest images can't "
                "be found: choose another run."
            )
        if not len(part):
            raise RunError(f"{part.name} holds no images to look among: choose another subset.")
        self.features = self._room(self._features(part.images[:1]).shape[1])
        self._squares = np.empty(len(part))
        for start in range(0, len(part), _BATCH):
            rows = slice(start, start + _BATCH)
            self.features[rows] = self._features(part.images[rows])
            self._squares[rows] = np.square(self.features[rows], dtype=np.float64).sum(axis=1)
            if progress is not None:
                done = min(start + _BATCH, len(part))
                progress(done / len(part), f"{done:,} of {len(part):,} training images")

    def find(self, image: np.ndarray, count: int = 5) -> tuple[np.ndarray, np.ndarray]:
        """Nearest images by Euclidean distance, exactly.

        One product of matrix and vector leaves few candidates, whose distances
        are then computed in float64.

        Parameters
        ----------
        image : ndarray of shape (28, 28), dtype uint8
        count : int
            How many; all images where there are no more.

        Returns
        -------
        indices : ndarray of shape (count,), dtype int64
            In `part`, nearest first; of equals the first comes first.
        distances : ndarray of shape (count,), dtype float64
            In the units of the features: only to be compared within a run.

        Raises
        ------
        RunError
            The image has another shape or type, or the model is damaged.
        ValueError
            `count` is below 1.
        """
        image = np.asarray(image)
        if image.shape != (SIDE, SIDE) or image.dtype != np.uint8:
            raise RunError(
                f"An image of shape {image.shape} and type {image.dtype} can't be looked for: send "
                f"uint8 of shape ({SIDE}, {SIDE}), upright."
            )
        if count < 1:
            raise ValueError(f"count must be 1 or more, not {count!r}")
        count = min(count, len(self.part))
        wanted = self._features(image[None])[0]
        rough = self._squares - 2 * (self.features @ wanted)  # |x - y|², less |y|²
        # What rounding may have moved at most: |fl(x·y) - x·y| <= D/2 eps |x| |y| (Higham 2002).
        size = np.sqrt(self._squares.max() * np.square(wanted, dtype=np.float64).sum())
        error = len(wanted) * np.finfo(np.float32).eps * size
        limit = np.partition(rough, count - 1)[count - 1] + 2 * error
        near = np.flatnonzero(rough <= limit)
        distances = np.sqrt(((np.float64(self.features[near]) - wanted) ** 2).sum(axis=1))
        order = np.argsort(distances, kind="stable")[:count]
        return near[order], distances[order]

    def _room(self, width: int) -> np.ndarray:
        needed, free = 4.0 * width * len(self.part), memory.available()
        if needed > free:
            raise RunError(
                f"{len(self.part):,} images in the space of {self._name} need "
                f"{needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free: choose a run "
                "with fewer features, or fewer images."
            )
        return np.empty((len(self.part), width), np.float32)

    def _features(self, images: np.ndarray) -> np.ndarray:
        try:
            made = np.asarray(self._space(images), np.float32)
            if made.ndim != 2 or len(made) != len(images) or not np.isfinite(made).all():
                raise ValueError("its features aren't finite numbers, a row an image")
        except MemoryError:
            raise
        except Exception as error:  # whatever is wrong with a model that somebody made
            raise Damaged(self._name, MODEL, first_line(error)) from error
        return made
