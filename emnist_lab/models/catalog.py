"""The catalogue: a name, a scikit-learn pipeline, and why it is there.

A recipe is a representation × a classifier, named so: ``hog-qda``.
"""

from dataclasses import replace

import numpy as np
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from ..errors import TrainingError
from .ensemble import LogOpinionPool
from .features import HOG, InkDensity, Pixels, ScaledPixels, WithinClassWhitening
from .forest import ExtraTreesWithProgress
from .hyperparameters import Hyperparameter
from .mlp import AugmentedMLPEnsemble, MLPNetwork
from .normalization import MomentNormalizer
from .recipe import SEED, Recipe

REFERENCE = "pixels-logistic"


def _pca(components: int, seed: int, whiten: bool = True) -> tuple[str, PCA]:
    # The covariance of some hundred features is exact and quick, however many images there are.
    return "pca", PCA(components, whiten=whiten, svd_solver="covariance_eigh", random_state=seed)


def _calibrated(classifier) -> CalibratedClassifierCV:
    return CalibratedClassifierCV(
        classifier, method="temperature", cv=StratifiedShuffleSplit(n_splits=1, random_state=SEED)
    )


def _hold_out(pipeline: Pipeline, counts: np.ndarray) -> None:
    """Keep one image in a hundred from the fit: enough to set one number, the temperature."""
    cv = pipeline[-1].cv
    cv.test_size = max(int(counts.sum()) // 100, 2 * len(counts))


def _pixels_logistic(seed):
    return Pipeline([("pixels", Pixels()), ("classifier", LogisticRegression(random_state=seed))])


def _whitened_logistic(seed):
    classifier = LogisticRegression(max_iter=20, random_state=seed)
    return Pipeline([("pixels", ScaledPixels()), _pca(100, seed), ("classifier", classifier)])


def _hog_logistic(seed):
    classifier = LogisticRegression(C=0.03, max_iter=25, random_state=seed)
    hog = HOG(cell=(4, 7), sharpness=8)
    return Pipeline([("hog", hog), *_whitened(250, seed), ("classifier", classifier)])


def _hog_qda(seed):
    return Pipeline([_edges_and_ink(HOG(cell=(4, 7)), InkDensity(), 0.2), *_gaussians(seed, 0.3)])


def _adapt_qda(pipeline: Pipeline, counts: np.ndarray) -> None:
    _hold_out(pipeline, counts)
    if counts.min() * 0.9 <= pipeline.named_steps["pca"].n_components:
        # Fewer images than dimensions: each class's covariance is shrunk as far as it needs.
        shrunk = QuadraticDiscriminantAnalysis(solver="eigen", shrinkage="auto")
        pipeline[-1].set_params(estimator=shrunk)


def _hog_mlp(seed):
    network = MLPNetwork((512,), max_iter=12, random_state=seed)
    return Pipeline([("hog", HOG(cell=(4, 7))), _pca(250, seed, whiten=False),
                     ("classifier", network)])  # fmt: skip


def _warped_mlp(seed):
    edges = Pipeline([("hog", HOG(cell=(4, 7))), _pca(250, seed, whiten=False)])
    network = AugmentedMLPEnsemble(
        [edges], sets=3, hidden_layer_sizes=(512,), max_iter=15, random_state=seed
    )
    return Pipeline([("classifier", network)])


def _warped_blend(seed):
    edges = Pipeline([("hog", HOG(cell=(4, 7))), _pca(250, seed, whiten=False)])
    both = Pipeline(
        [
            _edges_and_ink(HOG(cell=(3, 5), sharpness=8), ScaledPixels(), 0.5),
            _pca(300, seed, whiten=False),
        ]
    )
    # Slant and proportions are what hands differ in most: a network and the Gaussians read
    # what is left without them.
    normal = Pipeline([("normal", MomentNormalizer()), *clone(edges).steps])
    networks = AugmentedMLPEnsemble(
        [edges, both, normal], hidden_layer_sizes=(1024,), max_iter=26, random_state=seed
    )
    gaussians = Pipeline(
        [
            ("normal", MomentNormalizer()),
            _edges_and_ink(HOG(), ScaledPixels(), 0.5),
            *_gaussians(seed, 0.4),
        ]
    )
    # The Gaussians are steadier on hands unlike those of training; the share is the one at which
    # pen drawings by others are least surprising (log loss).
    blend = LogOpinionPool([("networks", networks), ("gaussians", gaussians)], [0.75, 0.25])
    return Pipeline([("classifier", blend)])


def _adapt_blend(pipeline: Pipeline, counts: np.ndarray) -> None:
    _adapt_qda(pipeline[-1].estimators[1][1], counts)


def _edges_and_ink(hog: HOG, ink, share: float) -> tuple[str, FeatureUnion]:
    """Edges are normalised, so how thick a stroke is, a hint at its size, is told by the ink."""
    return "features", FeatureUnion(
        [("hog", hog), ("ink", ink)], transformer_weights={"ink": share}
    )


def _gaussians(seed, shrunk):
    """One Gaussian a class, each shrunk towards the one that all share (Friedman 1989)."""
    # QDA alone is far too sure of itself.
    classifier = _calibrated(QuadraticDiscriminantAnalysis(reg_param=shrunk))
    classifier.cv.random_state = seed
    return [*_whitened(110, seed), ("classifier", classifier)]


def _whitened(components: int, seed: int) -> list[tuple]:
    return [_pca(components, seed, whiten=False), ("whiten", WithinClassWhitening())]


def _hog_svm(seed):
    classifier = _calibrated(SVC(C=10, cache_size=500))
    classifier.cv.random_state = seed
    return Pipeline([("hog", HOG()), _pca(80, seed, whiten=False), ("classifier", classifier)])


def _hog_lda(seed):
    classifier = LinearDiscriminantAnalysis()
    return Pipeline([("hog", HOG(cell=(4, 7))), ("classifier", classifier)])


def _hog_neighbours(seed):
    classifier = KNeighborsClassifier(10, weights="distance", algorithm="brute")
    return Pipeline([("hog", HOG()), _pca(60, seed, whiten=False), ("classifier", classifier)])


def _pixels_neighbours(seed):
    classifier = KNeighborsClassifier(weights="distance", algorithm="brute")
    return Pipeline(
        [("pixels", ScaledPixels()), _pca(60, seed, whiten=False), ("classifier", classifier)]
    )


def _pixels_lda(seed):
    classifier = LinearDiscriminantAnalysis()
    return Pipeline([("pixels", ScaledPixels()), _pca(200, seed), ("classifier", classifier)])


def _pixels_bayes(seed):
    classifier = GaussianNB(var_smoothing=0.05)
    return Pipeline([("pixels", ScaledPixels()), ("classifier", classifier)])


def _pixels_tree(seed):
    classifier = DecisionTreeClassifier(min_samples_leaf=5, random_state=seed)
    return Pipeline([("pixels", ScaledPixels()), ("classifier", classifier)])


def _pixels_forest(seed):
    classifier = ExtraTreesWithProgress(100, max_leaf_nodes=2000, n_jobs=-1, random_state=seed)
    return Pipeline([("pixels", ScaledPixels()), ("classifier", classifier)])


_C = Hyperparameter(
    "classifier__C", "Inverse strength of regularisation: smaller is simpler.", low=1e-5, high=1e5
)
_ITERATIONS = Hyperparameter(
    "classifier__max_iter", "Iterations of the optimiser at most.", "whole", 1, 2000
)
_EPOCHS = Hyperparameter("classifier__max_iter", "Epochs: passes over the images.", "whole", 1, 500)
_CELL = Hyperparameter(
    "hog__cell",
    "Distance of the cells in pixels; several: histograms at several scales.",
    "choice",
    choices=(4, 5, 7, (4, 7)),
)
_DIRECTIONS = Hyperparameter(
    "hog__directions", "Directions of edges that are told apart.", "whole", 2, 16
)
_LAYERS = Hyperparameter(
    "classifier__hidden_layer_sizes", "Neurons in each hidden layer.", "layers", 1, 4096
)
_ALPHA = Hyperparameter("classifier__alpha", "Strength of the L2 penalty.", low=0, high=100)
_RATE = Hyperparameter(
    "classifier__learning_rate_init", "Size of the first steps.", low=1e-6, high=1
)
_NEIGHBOURS = (
    Hyperparameter("classifier__n_neighbors", "How many neighbours vote.", "whole", 1, 100),
    Hyperparameter(
        "classifier__weights",
        "Whether nearer neighbours count for more.",
        "choice",
        choices=("uniform", "distance"),
    ),
)


def _components(high: int) -> Hyperparameter:
    return Hyperparameter(
        "pca__n_components", "Principal components that are kept.", "whole", 2, high
    )


_NETWORKS = "classifier__networks"
_FLATTEN, _GRADIENTS = "Flattening images", "Computing gradients"
_PCA = "Finding principal components"


def _catalogue(*recipes: Recipe) -> dict[str, Recipe]:
    return {recipe.name: recipe for recipe in recipes}


RECIPES = _catalogue(
    Recipe(
        "pixels-logistic",
        "Logistic regression on raw pixels",
        "The reference: the plainest model there is, on the image as it comes.",
        _pixels_logistic,
        ((_FLATTEN, 0.01), ("Fitting logistic regression", 0.99)),
        (_C, _ITERATIONS),
    ),
    Recipe(
        "whitened-logistic",
        "Logistic regression on whitened components",
        "The reference made easy: with inputs of one size the optimiser needs a tenth of the time.",
        _whitened_logistic,
        ((_FLATTEN, 0.05), (_PCA, 0.25), ("Fitting logistic regression", 0.7)),
        (_components(784), _C, _ITERATIONS),
    ),
    Recipe(
        "hog-logistic",
        "Logistic regression on gradients (HOG)",
        "The lesson: the reference's classifier, given edges instead of pixels.",
        _hog_logistic,
        (
            (_GRADIENTS, 0.35),
            (_PCA, 0.1),
            ("Whitening within classes", 0.05),
            ("Fitting logistic regression", 0.5),
        ),
        (_CELL, _DIRECTIONS, _components(441), _C, _ITERATIONS),
        fewest=3,
    ),
    Recipe(
        "hog-qda",
        "Quadratic discriminant on gradients (HOG)",
        "The fast one: describes edges instead of pixels, and fits one Gaussian a class.",
        _hog_qda,
        (
            (_GRADIENTS, 0.45),
            (_PCA, 0.08),
            ("Whitening within classes", 0.02),
            ("Fitting and calibrating Gaussians", 0.45),
        ),
        (
            *(replace(one, name=f"features__{one.name}") for one in (_CELL, _DIRECTIONS)),
            _components(300),
            Hyperparameter(
                "classifier__estimator__reg_param",
                "How far each class's covariance is shrunk towards the one that all share.",
                low=0,
                high=1,
            ),
        ),
        _adapt_qda,
        fewest=5,
    ),
    Recipe(
        "hog-mlp",
        "Neural network on gradients (HOG at two scales)",
        "One hidden layer on good features: strong in a quarter of a minute.",
        _hog_mlp,
        ((_GRADIENTS, 0.15), (_PCA, 0.05), ("Training the network", 0.8)),
        (_CELL, _DIRECTIONS, _components(441), _LAYERS, _EPOCHS, _ALPHA, _RATE),
        fewest=2,
    ),
    Recipe(
        "warped-mlp",
        "Neural network on gradients of warped images",
        "Bends each image in three ways: more handwriting from the same, in the reference's time.",
        _warped_mlp,
        (("Training the network", 1.0),),
        (
            Hyperparameter(
                "classifier__strength", "How far images are bent; 0: not at all.", low=0, high=3
            ),
            _LAYERS,
            _EPOCHS,
            _ALPHA,
            _RATE,
        ),
        fewest=2,
    ),
    Recipe(
        "warped-blend",
        "Neural networks on warped images, and Gaussians",
        "The best one: three networks that never see an image twice as it is, and Gaussians.",
        _warped_blend,
        (("Training the networks, then the Gaussians", 1.0),),
        (
            Hyperparameter(
                f"{_NETWORKS}__strength", "How far images are bent; 0: not at all.", low=0, high=3
            ),
            *(
                replace(one, name=f"{_NETWORKS}__{one.label}")
                for one in (_LAYERS, _EPOCHS, _ALPHA, _RATE)
            ),
        ),
        _adapt_blend,
        fewest=5,
    ),
    Recipe(
        "hog-svm",
        "Support vector machine (RBF) on gradients (HOG)",
        "The classic before deep learning: accurate, but slow to read, and large.",
        _hog_svm,
        ((_GRADIENTS, 0.05), (_PCA, 0.01), ("Fitting and calibrating the machine", 0.94)),
        (
            _DIRECTIONS,
            _components(441),
            Hyperparameter(
                "classifier__estimator__C",
                "Price of an image on the wrong side: smaller is smoother.",
                low=1e-3,
                high=1e4,
            ),
        ),
        _hold_out,
        fewest=5,
    ),
    Recipe(
        "hog-lda",
        "Linear discriminant on gradients (HOG)",
        "Shows how much the representation does: the simplest classifier, on edges.",
        _hog_lda,
        ((_GRADIENTS, 0.4), ("Fitting the discriminant", 0.6)),
        (_CELL, _DIRECTIONS),
        fewest=2,
    ),
    Recipe(
        "hog-neighbours",
        "Nearest neighbours on gradients (HOG)",
        "What looks alike by its edges: no training at all, slow to answer.",
        _hog_neighbours,
        ((_GRADIENTS, 0.75), (_PCA, 0.2), ("Storing the images", 0.05)),
        (_DIRECTIONS, _components(441), *_NEIGHBOURS),
    ),
    Recipe(
        "pixels-neighbours",
        "Nearest neighbours on pixels",
        "What looks alike, pixel by pixel: no training at all, slow to answer.",
        _pixels_neighbours,
        ((_FLATTEN, 0.2), (_PCA, 0.75), ("Storing the images", 0.05)),
        (_components(784), *_NEIGHBOURS),
    ),
    Recipe(
        "pixels-lda",
        "Linear discriminant on pixels",
        "One Gaussian shape for all classes: linear like the reference, fitted in a moment.",
        _pixels_lda,
        ((_FLATTEN, 0.1), (_PCA, 0.4), ("Fitting the discriminant", 0.5)),
        (_components(784),),
        fewest=2,
    ),
    Recipe(
        "pixels-bayes",
        "Naive Bayes on pixels",
        "Takes pixels for independent of each other, which they aren't: fast, and often wrong.",
        _pixels_bayes,
        ((_FLATTEN, 0.3), ("Averaging each class", 0.7)),
        (
            Hyperparameter(
                "classifier__var_smoothing",
                "Share of the largest variance that is added to all.",
                low=1e-12,
                high=10,
            ),
        ),
    ),
    Recipe(
        "pixels-tree",
        "Decision tree on pixels",
        "Questions to single pixels, one after the other: easy to read, easily fooled.",
        _pixels_tree,
        ((_FLATTEN, 0.02), ("Growing the tree", 0.98)),
        (
            Hyperparameter(
                "classifier__criterion",
                "What makes a question a good one.",
                "choice",
                choices=("gini", "entropy"),
            ),
            Hyperparameter(
                "classifier__min_samples_leaf", "Images a leaf at least.", "whole", 1, 1000
            ),
        ),
    ),
    Recipe(
        "pixels-forest",
        "Forest of extremely randomised trees on pixels",
        "Many bad trees vote: each is fooled by other images.",
        _pixels_forest,
        ((_FLATTEN, 0.02), ("Growing trees", 0.98)),
        (
            Hyperparameter("classifier__n_estimators", "Trees.", "whole", 1, 300),
            Hyperparameter(
                "classifier__max_leaf_nodes", "Leaves of a tree at most.", "whole", 2, 5000
            ),
        ),
    ),
)


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
