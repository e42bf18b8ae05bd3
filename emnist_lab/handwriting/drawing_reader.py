"""Files of drawings (strokes with labels), and how well a run reads them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..data.classes import class_index
from ..errors import InkError
from ..metrics import scores
from ..runs import class_prior
from ..runs.run import Run
from . import character_set, ink, look_alikes


@dataclass(frozen=True, eq=False)
class DrawingPredictions:
    """What a run made of drawings.

    Attributes
    ----------
    probabilities : ndarray of shape (N, C), dtype float64
        NaN where a drawing could not be read.
    problems : list of str or None
        Why it couldn't.
    labels : ndarray of shape (N,), dtype int64
        True class; -1 without a label, or with one that the run has no class for.
    classes : list of str
        The run's.
    """

    probabilities: np.ndarray
    problems: list[str | None]
    labels: np.ndarray
    classes: list[str]

    def summary(self) -> dict:
        """Shares of labelled drawings that are read right; an unreadable one counts as wrong.

        Returns
        -------
        dict
            ``labelled``, how many; ``accuracy``; ``top3_accuracy``; ``alike_accuracy``, where
            look-alikes count as one (see `emnist_lab.handwriting.look_alikes`). Empty
            without labels.
        """
        labelled = self.labels >= 0
        if not labelled.any():
            return {}
        usable = labelled & np.isfinite(self.probabilities).all(axis=1)
        total = int(labelled.sum())
        found = {"accuracy": 0.0, "top3_accuracy": 0.0, "alike_accuracy": 0.0}
        if usable.any():
            labels, probabilities = self.labels[usable], self.probabilities[usable]
            of = look_alikes.look_alike_groups(self.classes)
            found = {
                "accuracy": scores.top_accuracy(labels, probabilities, 1),
                "top3_accuracy": scores.top_accuracy(labels, probabilities, 3),
                "alike_accuracy": float((of[probabilities.argmax(axis=1)] == of[labels]).mean()),
            }
        share = usable.sum() / total
        return {"labelled": total} | {name: float(share * one) for name, one in found.items()}


def case_prior(run: Run) -> np.ndarray:
    """How many of the characters that a person may draw each class stands for.

    Parameters
    ----------
    run : Run

    Returns
    -------
    ndarray of shape (C,), dtype float64
        2 for a class that both cases of a letter count as, else 1, of all 62 characters or of the
        set that the run is limited to (`emnist_lab.handwriting.character_set`): the prior by which
        probabilities of a run that answers for equally frequent classes are corrected (see
        `emnist_lab.metrics.label_shift`). All 1 for a run that answers for other frequencies,
        given ones or its training's, unless these were about equal, as balanced's are.

    Examples
    --------
    >>> from emnist_lab.runs.registry import open_run
    >>> run = open_run("hog-qda")
    >>> case_prior(run)[[run.classes.index("a"), run.classes.index("C")]].tolist()
    [1.0, 2.0]
    """
    counts = np.ones(len(run.classes))
    split = run.manifest["data"]["split"]
    answers_for = run.manifest.get("prior", {}).get("answers_for", class_prior.TRAINING)
    if {
        class_prior.EQUAL: split in ("balanced", "bymerge"),
        class_prior.TRAINING: split == "balanced",
    }.get(answers_for, False):
        named = [class_index(one, run.classes) for one in character_set.characters_of(run)]
        counts = np.bincount([one for one in named if one is not None], minlength=len(counts))
    return np.maximum(counts, 1).astype(np.float64)


def predict_variations(run: Run, images: np.ndarray) -> np.ndarray:
    """Probabilities of characters, each from its image and its variations.

    The one way in which a drawing is read: probabilities of its images are averaged, and
    a class that stands for both cases of a letter counts twice (`case_prior`).

    Parameters
    ----------
    run : Run
    images : ndarray of shape (N, V, 28, 28), dtype uint8
        See `emnist_lab.handwriting.ink.Raster`; V is 1 where an image is all there is.

    Returns
    -------
    ndarray of shape (N, C), dtype float64
        Rows sum to 1.

    Raises
    ------
    RunError
        See `emnist_lab.runs.run.Run.predict_proba`.

    Examples
    --------
    >>> from emnist_lab.runs.registry import open_run
    >>> image = ink.from_strokes([[(0, 0), (70, 0), (30, 100)]])
    >>> predict_variations(open_run("hog-qda"), image[None, None]).shape
    (1, 47)
    """
    flat = run.predict_proba(images.reshape(-1, *images.shape[2:]))
    found = flat.reshape(*images.shape[:2], -1).mean(axis=1) * case_prior(run)
    return found / found.sum(axis=1, keepdims=True)


def predict_raster(run: Run, raster: ink.Raster) -> np.ndarray:
    """Probabilities of one character whose images are made already, or are made now.

    Parameters
    ----------
    run : Run
    raster : Raster
        Of strokes or of a picture; several runs may read one.

    Returns
    -------
    ndarray of shape (C,), dtype float64

    Raises
    ------
    RunError
        See `emnist_lab.runs.run.Run.predict_proba`.

    Examples
    --------
    >>> from emnist_lab.runs.registry import open_run
    >>> drawing = ink.rasterize([[(0, 0), (70, 0), (30, 100)]])
    >>> [run.classes[predict_raster(run, drawing).argmax()] for run in [open_run("hog-qda")]]
    ['7']
    """
    return predict_variations(run, raster.variations[None])[0]


def read(
    run: Run, strokes: Iterable[Sequence[Sequence[float]]], pen_width: float = 20
) -> tuple[np.ndarray, np.ndarray]:
    """Read one drawing, as it is and drawn wider; see `predict_variations`.

    Parameters
    ----------
    run : Run
    strokes, pen_width
        See `emnist_lab.handwriting.ink.from_strokes`.

    Returns
    -------
    image : ndarray of shape (28, 28), dtype uint8
        The drawing as it is.
    probabilities : ndarray of shape (C,), dtype float64
        Probability of each class; they sum to 1.

    Raises
    ------
    InkError
        See `emnist_lab.handwriting.ink.from_strokes`.
    RunError
        See `emnist_lab.runs.run.Run.predict_proba`.

    Examples
    --------
    >>> from emnist_lab.runs.registry import open_run
    >>> run = open_run("hog-qda")
    >>> image, probabilities = read(run, [[(0, 0), (70, 0), (30, 100)]])
    >>> run.classes[probabilities.argmax()]
    '7'
    """
    raster = ink.rasterize(strokes, pen_width)
    return raster.image, predict_raster(run, raster)


def predict_drawings(
    run: Run, drawings: list[dict], pen_width: float | Sequence[float] = 20
) -> DrawingPredictions:
    """Read drawings with a run, each as `read` does.

    Parameters
    ----------
    run : Run
    drawings : list of dict
        See `read_drawings`.
    pen_width : float or sequence of float
        Of all drawings, or of each; see `emnist_lab.handwriting.ink.from_strokes`.

    Returns
    -------
    DrawingPredictions

    Examples
    --------
    >>> from emnist_lab.runs.registry import open_run
    >>> seven = {"strokes": [[(0, 0), (70, 0), (30, 100)]], "label": "7"}
    >>> found = predict_drawings(open_run("hog-qda"), [seven, {"strokes": []}])
    >>> found.summary()["accuracy"], found.problems[1]
    (1.0, 'The canvas is empty: draw a digit or a letter.')
    """
    return predict_rasters(run, drawings, *rasterize_drawings(drawings, pen_width))


def rasterize_drawings(
    drawings: list[dict], pen_width: float | Sequence[float] = 20
) -> tuple[np.ndarray, list[str | None]]:
    """Make the images of drawings, which several runs may read.

    Parameters
    ----------
    drawings, pen_width
        As for `predict_drawings`.

    Returns
    -------
    images : ndarray of shape (N, V, 28, 28), dtype uint8
        See `emnist_lab.handwriting.ink.Raster`; black where a drawing can't be read.
    problems : list of str or None
        Why it can't.

    Examples
    --------
    >>> images, problems = rasterize_drawings([{"strokes": [[(0, 0), (70, 0), (30, 100)]]}])
    >>> images.shape, problems
    ((1, 3, 28, 28), [None])
    """
    widths = np.broadcast_to(pen_width, len(drawings))
    images = np.zeros((len(drawings), ink.VARIATIONS, ink.SIDE, ink.SIDE), np.uint8)
    problems: list[str | None] = []
    for index, (one, width) in enumerate(zip(drawings, widths, strict=True)):
        try:
            images[index] = ink.rasterize(one["strokes"], width).variations
            problems.append(None)
        except InkError as error:
            problems.append(str(error))
    return images, problems


def predict_rasters(
    run: Run, drawings: list[dict], images: np.ndarray, problems: list[str | None]
) -> DrawingPredictions:
    """As `predict_drawings`, of drawings whose images are made already.

    Parameters
    ----------
    run, drawings
        As for `predict_drawings`.
    images, problems
        What `rasterize_drawings` made of them.

    Returns
    -------
    DrawingPredictions

    Examples
    --------
    >>> from emnist_lab.runs.registry import open_run
    >>> seven = [{"strokes": [[(0, 0), (70, 0), (30, 100)]], "label": "7"}]
    >>> made = rasterize_drawings(seven)
    >>> runs = [open_run("hog-qda"), open_run("pixels-logistic")]
    >>> [predict_rasters(run, seven, *made).summary()["accuracy"] for run in runs]
    [1.0, 1.0]
    """
    found = predict_variations(run, images)
    found[[problem is not None for problem in problems]] = np.nan
    labels = [class_index(str(one.get("label", "")), run.classes) for one in drawings]
    return DrawingPredictions(
        found,
        problems,
        np.array([-1 if label is None else label for label in labels], np.int64),
        run.classes,
    )
