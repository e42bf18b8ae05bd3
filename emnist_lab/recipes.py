"""The catalogue: a name, a scikit-learn pipeline, and why it is there."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.pipeline import Pipeline

from .errors import TrainingError
from .features import HOG, Pixels

_COMPONENTS = 100  # principal components of the gradients
SEED = 25  # the reference's random_state


@dataclass(frozen=True)
class Recipe:
    """A representation and a classifier.

    Attributes
    ----------
    name, title : str
        ``"hog-qda"``, and what people read.
    why : str
        One line on why it is in the catalogue.
    make : callable
        (seed, images of each class that has any) -> unfitted pipeline on
        uint8 (N, 28, 28).
    stages : tuple of (str, float)
        What each step of the pipeline does, for people, and its usual share
        of the time.
    fewest : int
        Training images a class that it needs at least.
    seconds : float
        Rough fit time of 100,000 images on two cores.
    """

    name: str
    title: str
    why: str
    make: Callable[[int, np.ndarray], Pipeline]
    stages: tuple[tuple[str, float], ...]
    fewest: int
    seconds: float

    def expected_seconds(self, images: int) -> float:
        """Rough time to train and measure on so many images, with the start of a process.

        Parameters
        ----------
        images : int

        Returns
        -------
        float
            Seconds on two cores; a guess to choose by, not a promise.
        """
        return 4 + self.seconds * (images / 100_000) ** 0.8


def _pixels_logistic(seed: int, counts: np.ndarray) -> Pipeline:
    return Pipeline([("pixels", Pixels()), ("classifier", LogisticRegression(random_state=seed))])


def _hog_pca(seed: int) -> list[tuple]:
    pca = PCA(_COMPONENTS, whiten=True, svd_solver="covariance_eigh", random_state=seed)
    return [("hog", HOG()), ("pca", pca)]


def _hog_logistic(seed: int, counts: np.ndarray) -> Pipeline:
    classifier = LogisticRegression(max_iter=60, random_state=seed)
    return Pipeline([*_hog_pca(seed), ("classifier", classifier)])


def _hog_qda(seed: int, counts: np.ndarray) -> Pipeline:
    # One image in twenty is kept from the fit to set the temperature: QDA alone is far too sure.
    held_out = max(int(counts.sum()) // 20, 2 * len(counts))
    if counts.min() * 0.9 > _COMPONENTS:
        qda = QuadraticDiscriminantAnalysis(reg_param=0.1)
    else:  # fewer images than dimensions: each class's covariance is shrunk as far as it needs
        qda = QuadraticDiscriminantAnalysis(solver="eigen", shrinkage="auto")
    classifier = CalibratedClassifierCV(
        qda,
        method="temperature",
        cv=StratifiedShuffleSplit(n_splits=1, test_size=held_out, random_state=seed),
    )
    return Pipeline([*_hog_pca(seed), ("classifier", classifier)])


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="pixels-logistic",
            title="Logistic regression on raw pixels",
            why="The reference: the plainest model there is, on the image as it comes.",
            make=_pixels_logistic,
            stages=(("Flattening images", 0.01), ("Fitting logistic regression", 0.99)),
            fewest=1,
            seconds=75,
        ),
        Recipe(
            name="hog-qda",
            title="Quadratic discriminant on gradients (HOG)",
            why="The fast one: describes edges instead of pixels, and fits one Gaussian a class.",
            make=_hog_qda,
            stages=(
                ("Computing gradients", 0.55),
                ("Finding 100 principal components", 0.1),
                ("Fitting and calibrating Gaussians", 0.35),
            ),
            fewest=5,
            seconds=7,
        ),
        Recipe(
            name="hog-logistic",
            title="Logistic regression on gradients (HOG)",
            why="The lesson: the reference's classifier, given edges instead of pixels.",
            make=_hog_logistic,
            stages=(
                ("Computing gradients", 0.3),
                ("Finding 100 principal components", 0.05),
                ("Fitting logistic regression", 0.65),
            ),
            fewest=3,
            seconds=15,
        ),
    )
}


def get(name: str) -> Recipe:
    """Recipe by name.

    Parameters
    ----------
    name : str
        A key of `RECIPES`.

    Returns
    -------
    Recipe

    Raises
    ------
    TrainingError
        There is none of that name; the message lists those there are.
    """
    try:
        return RECIPES[name]
    except KeyError:
        raise TrainingError(
            f"There is no recipe {name!r}: choose one of {', '.join(RECIPES)}."
        ) from None
