"""Why a run reads an image as it does: evidence pixel by pixel, and occlusion."""

from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression

from ..data.formats.base import SIDE
from ..errors import RunError, first_line
from ..metrics.scores import SMALLEST_PROBABILITY
from ..models.features import Pixels, ScaledPixels
from ..runs.manifest import MODEL, Damaged
from ..runs.run import Run

_UNITS = {Pixels: 1.0, ScaledPixels: 1 / 255}  # what a grey level becomes
_CLASSIFIERS = (LogisticRegression, LinearDiscriminantAnalysis)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Log-odds of one class against another, split over the pixels of an image.

    Attributes
    ----------
    pixels : ndarray of shape (28, 28), dtype float64
        What each pixel adds, in nats: above 0 it speaks for the first class,
        below 0 for the second.
    constant : float
        What the run says without looking: of the mean training image where
        `baseline` is ``"mean"``, of blank paper where it is ``"blank"``.
    baseline : {"mean", "blank"}
        What pixels are compared with.
    """

    pixels: np.ndarray
    constant: float
    baseline: str

    @property
    def log_odds(self) -> float:
        """``log(p_first / p_second)`` in nats: the sum over the pixels, and the constant."""
        return float(self.pixels.sum() + self.constant)


def is_linear(run: Run) -> bool:
    """Whether a run's log-odds are a weighted sum of pixels, so that `evidence` can split them.

    Parameters
    ----------
    run : Run

    Returns
    -------
    bool
        True for logistic regression and linear discriminants on pixels or on
        their principal components.

    Raises
    ------
    RunError
        The model can't be opened.

    Examples
    --------
    >>> from emnist_lab import open_run
    >>> is_linear(open_run("pixels-logistic")), is_linear(open_run("hog-qda"))
    (True, False)
    """
    *before, last = [step for _, step in run.model.steps]
    return (
        type(last) in _CLASSIFIERS
        and bool(before)
        and type(before[0]) in _UNITS
        and all(type(step) is PCA for step in before[1:])
    )


def evidence(run: Run, image: np.ndarray, first: int, second: int) -> Evidence:
    """Split the log-odds of one class against another over the pixels, exactly.

    The weights of a linear classifier are brought back through the principal
    components to the pixels. A pixel counts by how much it differs from the
    mean training image, which a PCA keeps; without one, from blank paper.

    Parameters
    ----------
    run : Run
        One that `is_linear`.
    image : ndarray of shape (28, 28), dtype uint8
    first, second : int
        Indices of `Run.classes`.

    Returns
    -------
    Evidence
        Its log-odds are those of `Run.predict_proba`, before rounding: recipes
        on `ScaledPixels` answer in float32.

    Raises
    ------
    RunError
        The run isn't linear, had no training image of a class, or is damaged;
        or the image has another shape or type.
    ValueError
        A class isn't the run's.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> run = lab.open_run("pixels-logistic")
    >>> image = lab.load("balanced", "test", root="demo").images[0]
    >>> found = evidence(run, image, 0, 1)
    >>> zero, one = run.predict_proba(image[None])[0][:2]
    >>> bool(np.isclose(found.log_odds, np.log(zero / one), rtol=1e-3))
    True
    """
    image = _checked(run, image, first, second)
    if not is_linear(run):
        raise RunError(
            f"The run {run.name} isn't linear in the pixels, so what it says can't be split over "
            "them: look at what covering them changes instead, or choose a run on pixels."
        )
    known = np.asarray(run.model.classes_).tolist()
    for index in (first, second):
        if index not in known:
            raise RunError(
                f"The run {run.name} was trained without images of {run.classes[index]!r}, so it "
                "has no evidence about it: choose another class."
            )
    try:
        found = _split(run.model, image, known.index(first), known.index(second))
    except Exception as error:  # whatever is wrong with a model that somebody made
        raise Damaged(run.name, MODEL, first_line(error)) from error
    constant = found.constant
    if run.class_weights is not None:  # for the class frequencies that the run answers for
        constant += float(np.log(run.class_weights[first] / run.class_weights[second]))
    return Evidence(found.pixels / run.temperature, constant / run.temperature, found.baseline)


def _split(model, image: np.ndarray, first: int, second: int) -> Evidence:
    """Evidence at temperature 1; classes as the classifier counts them."""
    pixels, *between, last = [step for _, step in model.steps]
    rows, offsets = np.float64(last.coef_), np.float64(last.intercept_)
    if len(rows) == 1:  # of two classes only the second one's are kept
        rows, offsets = np.vstack([0 * rows, rows]), np.append(0, offsets)
    weights, constant = rows[first] - rows[second], float(offsets[first] - offsets[second])
    for pca in reversed(between):
        if pca.whiten:
            least = np.finfo(pca.explained_variance_.dtype).eps  # as scikit-learn bounds it
            weights = weights / np.maximum(np.sqrt(np.float64(pca.explained_variance_)), least)
        weights = weights @ np.float64(pca.components_)
        constant -= float(weights @ pca.mean_)
    # The first PCA is fitted to the pixels: its mean is their mean image.
    baseline = np.float64(between[0].mean_) if between else np.zeros(SIDE * SIDE)
    values = weights * (image.ravel() * _UNITS[type(pixels)] - baseline)
    constant += float(weights @ baseline)
    if not (np.isfinite(values).all() and np.isfinite(constant)):
        raise ValueError("its weights aren't finite")
    return Evidence(values.reshape(SIDE, SIDE), constant, "mean" if between else "blank")


def occlusion(
    run: Run, image: np.ndarray, first: int, second: int, side: int = 6, stride: int = 2
) -> np.ndarray:
    """How the log-odds of one class against another fall when parts of an image are covered.

    A square of blank paper is slid over the image; Zeiler and Fergus (2014),
    doi:10.1007/978-3-319-10590-1_53, section 4.2. Works for any run.

    Parameters
    ----------
    run : Run
    image : ndarray of shape (28, 28), dtype uint8
    first, second : int
        Indices of `Run.classes`.
    side : int
        Pixels a side of the square; 1..28.
    stride : int
        Pixels that it moves by; 1..side.

    Returns
    -------
    ndarray of shape (28, 28), dtype float64
        Mean fall, in nats, over the squares that cover a pixel: above 0 its ink
        speaks for the first class, below 0 for the second; exactly 0 where no
        square covers ink. The falls don't add up to the log-odds: squares
        overlap, and a run needn't be linear. Probabilities are clipped to
        2.2e-16.

    Raises
    ------
    RunError
        The image has another shape or type, or the model can't be opened.
    ValueError
        A class isn't the run's, or the square or its stride is out of range.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> image = lab.load("balanced", "test", root="demo").images[0]
    >>> occlusion(lab.open_run("hog-qda"), image, 0, 1).shape
    (28, 28)
    """
    image = _checked(run, image, first, second)
    if not 1 <= stride <= side <= SIDE:
        raise ValueError(f"1 <= stride <= side <= {SIDE} must hold, not {stride!r} and {side!r}")
    starts = [*range(0, SIDE - side, stride), SIDE - side]  # the last one ends at the edge
    spans = np.zeros((len(starts), SIDE), bool)
    for span, start in zip(spans, starts, strict=True):
        span[start : start + side] = True
    squares = (spans[:, None, :, None] & spans[None, :, None, :]).reshape(-1, SIDE, SIDE)
    # Blank on blank changes nothing, where reading it again may differ by rounding.
    touched = squares[(squares & (image > 0)).any(axis=(1, 2))]
    variants = np.concatenate([image[None], np.where(touched, np.uint8(0), image)])
    logs = np.log(np.maximum(run.predict_proba(variants)[:, [first, second]], SMALLEST_PROBABILITY))
    odds = logs[:, 0] - logs[:, 1]
    return np.tensordot(odds[0] - odds[1:], touched, 1) / squares.sum(axis=0)


def _checked(run: Run, image, first: int, second: int) -> np.ndarray:
    """The image, or an error: see `evidence`."""
    image = np.asarray(image)
    if image.shape != (SIDE, SIDE) or image.dtype != np.uint8:
        raise RunError(
            f"An image of shape {image.shape} and type {image.dtype} can't be explained: send "
            f"uint8 of shape ({SIDE}, {SIDE}), upright."
        )
    for index in (first, second):
        if not 0 <= index < len(run.classes):
            raise ValueError(f"there is no class {index!r}: choose 0..{len(run.classes) - 1}")
    return image
