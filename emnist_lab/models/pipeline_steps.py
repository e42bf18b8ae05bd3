"""Steps and hyperparameters that recipes share."""

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.pipeline import Pipeline

from .features import WithinClassWhitening
from .hyperparameters import Hyperparameter
from .recipe import SEED

FLATTEN, GRADIENTS = "Flattening images", "Computing gradients"
FIND_COMPONENTS = "Finding principal components"

C = Hyperparameter(
    "classifier__C", "Inverse strength of regularisation: smaller is simpler.", low=1e-5, high=1e5
)
ITERATIONS = Hyperparameter(
    "classifier__max_iter", "Iterations of the optimiser at most.", "whole", 1, 2000
)
EPOCHS = Hyperparameter("classifier__max_iter", "Epochs: passes over the images.", "whole", 1, 500)
CELL = Hyperparameter(
    "hog__cell",
    "Distance of the cells in pixels; several: histograms at several scales.",
    "choice",
    choices=(4, 5, 7, (4, 7)),
)
DIRECTIONS = Hyperparameter(
    "hog__directions", "Directions of edges that are told apart.", "whole", 2, 16
)
LAYERS = Hyperparameter(
    "classifier__hidden_layer_sizes", "Neurons in each hidden layer.", "layers", 1, 4096
)
ALPHA = Hyperparameter("classifier__alpha", "Strength of the L2 penalty.", low=0, high=100)
RATE = Hyperparameter(
    "classifier__learning_rate_init", "Size of the first steps.", low=1e-6, high=1
)
STRENGTH = Hyperparameter(
    "classifier__strength", "How far images are bent; 0: not at all.", low=0, high=3
)
CHANNELS = Hyperparameter(
    "classifier__channels", "Features that each convolution learns.", "layers", 1, 512
)
HIDDEN = Hyperparameter(
    "classifier__hidden", "Neurons between convolutions and classes.", "whole", 1, 4096
)
NEIGHBOURS = (
    Hyperparameter("classifier__n_neighbors", "How many neighbours vote.", "whole", 1, 100),
    Hyperparameter(
        "classifier__weights",
        "Whether nearer neighbours count for more.",
        "choice",
        choices=("uniform", "distance"),
    ),
)


def components(high: int) -> Hyperparameter:
    """How many principal components are kept, of so many at most."""
    return Hyperparameter(
        "pca__n_components", "Principal components that are kept.", "whole", 2, high
    )


def pca(components: int, seed: int, whiten: bool = True) -> tuple[str, PCA]:
    """Principal components: exact, however many images there are."""
    # The covariance of some hundred features is exact and quick, however many images there are.
    return "pca", PCA(components, whiten=whiten, svd_solver="covariance_eigh", random_state=seed)


def calibrated(classifier) -> CalibratedClassifierCV:
    """A classifier whose probabilities are scaled by a temperature, set on images kept from it."""
    return CalibratedClassifierCV(
        classifier, method="temperature", cv=StratifiedShuffleSplit(n_splits=1, random_state=SEED)
    )


def hold_out(pipeline: Pipeline, counts: np.ndarray) -> None:
    """Keep one image in a hundred from the fit: enough to set one number, the temperature."""
    cv = pipeline[-1].cv
    cv.test_size = max(int(counts.sum()) // 100, 2 * len(counts))


def whitened(components: int, seed: int) -> list[tuple]:
    """Principal components, scaled so that images vary alike within classes along each."""
    return [pca(components, seed, whiten=False), ("whiten", WithinClassWhitening())]
