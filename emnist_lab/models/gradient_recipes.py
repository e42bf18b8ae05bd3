"""Recipes whose classifier sees edges: histograms of gradients (HOG)."""

from dataclasses import replace

import numpy as np
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import SVC

from .convolution import AugmentedConvolutionalNetwork
from .ensemble import LogOpinionPool
from .features import HOG, InkDensity, ScaledPixels
from .hyperparameters import Hyperparameter
from .mlp import AugmentedMLPEnsemble, MLPNetwork
from .normalization import MomentNormalizer
from .pipeline_steps import (
    ALPHA,
    CELL,
    CHANNELS,
    DIRECTIONS,
    EPOCHS,
    FIND_COMPONENTS,
    GRADIENTS,
    HIDDEN,
    ITERATIONS,
    LAYERS,
    NEIGHBOURS,
    RATE,
    STRENGTH,
    C,
    calibrated,
    components,
    hold_out,
    pca,
    whitened,
)
from .recipe import Recipe

_NETWORKS = "classifier__networks"


def _hog_logistic(seed):
    classifier = LogisticRegression(C=0.03, max_iter=25, random_state=seed)
    hog = HOG(cell=(4, 7), sharpness=8)
    return Pipeline([("hog", hog), *whitened(250, seed), ("classifier", classifier)])


def _hog_qda(seed):
    """One Gaussian a class, each shrunk towards the one that all share (Friedman 1989)."""
    # QDA alone is far too sure of itself.
    classifier = calibrated(QuadraticDiscriminantAnalysis(reg_param=0.4))
    classifier.cv.random_state = seed
    return Pipeline([("normal", MomentNormalizer()),
                     _edges_and_ink(HOG(cell=(4, 7)), InkDensity(), 0.2),
                     *whitened(140, seed),
                     ("classifier", classifier)])  # fmt: skip


def _adapt_qda(pipeline: Pipeline, counts: np.ndarray) -> None:
    hold_out(pipeline, counts)
    if counts.min() * 0.9 <= pipeline.named_steps["pca"].n_components:
        # Fewer images than dimensions: each class's covariance is shrunk as far as it needs.
        shrunk = QuadraticDiscriminantAnalysis(solver="eigen", shrinkage="auto")
        pipeline[-1].set_params(estimator=shrunk)


def _hog_mlp(seed):
    network = MLPNetwork((512,), max_iter=12, random_state=seed)
    return Pipeline([("hog", HOG(cell=(4, 7))), pca(250, seed, whiten=False),
                     ("classifier", network)])  # fmt: skip


def _warped_mlp(seed):
    edges = Pipeline([("hog", HOG(cell=(4, 7))), pca(250, seed, whiten=False)])
    network = AugmentedMLPEnsemble(
        [edges], sets=3, hidden_layer_sizes=(512,), max_iter=15, random_state=seed
    )
    return Pipeline([("classifier", network)])


def _warped_blend(seed):
    edges = Pipeline(
        [
            _edges_and_ink(HOG(cell=(3, 5), sharpness=8), ScaledPixels(), 0.5),
            pca(300, seed, whiten=False),
        ]
    )
    # Slant and proportions are what hands differ in most: one network reads what is left
    # without them.
    normal = Pipeline(
        [
            ("normal", MomentNormalizer()),
            ("hog", HOG(cell=(4, 7))),
            pca(250, seed, whiten=False),
        ]
    )
    networks = AugmentedMLPEnsemble(
        [edges, normal],
        hidden_layer_sizes=(1024,),
        max_iter=18,
        random_state=seed,
        reuse=2,
    )
    # Learns features of its own from pixels, and so errs on other images.
    convolution = AugmentedConvolutionalNetwork(max_iter=14, random_state=seed)
    # Gaussians beside them brought nothing more, on images that neither part has and on drawings.
    members = {"networks": networks, "convolution": convolution}
    blend = LogOpinionPool(list(members.items()), [0.6, 0.4])
    return Pipeline([("classifier", blend)])


def _edges_and_ink(hog: HOG, ink, share: float) -> tuple[str, FeatureUnion]:
    """Edges are normalised; how thick a stroke is, a hint at its size, is seen in the ink."""
    return "features", FeatureUnion(
        [("hog", hog), ("ink", ink)], transformer_weights={"ink": share}
    )


def _hog_svm(seed):
    classifier = calibrated(SVC(C=10, cache_size=500))
    classifier.cv.random_state = seed
    return Pipeline([("hog", HOG()), pca(80, seed, whiten=False), ("classifier", classifier)])


def _hog_lda(seed):
    classifier = LinearDiscriminantAnalysis()
    return Pipeline([("hog", HOG(cell=(4, 7))), ("classifier", classifier)])


def _hog_neighbours(seed):
    classifier = KNeighborsClassifier(10, weights="distance", algorithm="brute")
    return Pipeline([("hog", HOG()), pca(60, seed, whiten=False), ("classifier", classifier)])


RECIPES = (
    Recipe(
        "hog-logistic",
        "Logistic regression on gradients (HOG)",
        "The lesson: the reference's classifier, given edges instead of pixels.",
        "edges",
        _hog_logistic,
        (
            (GRADIENTS, 0.35),
            (FIND_COMPONENTS, 0.1),
            ("Whitening within classes", 0.05),
            ("Fitting logistic regression", 0.5),
        ),
        (CELL, DIRECTIONS, components(441), C, ITERATIONS),
        min_images_per_class=3,
        group="edges",
    ),
    Recipe(
        "hog-qda",
        "Quadratic discriminant on gradients (HOG)",
        "The fast one: edges of characters without their slant, and one Gaussian a class.",
        "edges",
        _hog_qda,
        (
            ("Normalising characters", 0.15),
            (GRADIENTS, 0.35),
            (FIND_COMPONENTS, 0.08),
            ("Whitening within classes", 0.02),
            ("Fitting and calibrating Gaussians", 0.4),
        ),
        (
            *(replace(one, name=f"features__{one.name}") for one in (CELL, DIRECTIONS)),
            components(300),
            Hyperparameter(
                "classifier__estimator__reg_param",
                "How far each class's covariance is shrunk towards the one that all share.",
                low=0,
                high=1,
            ),
        ),
        _adapt_qda,
        min_images_per_class=5,
        group="edges",
    ),
    Recipe(
        "hog-mlp",
        "Neural network on gradients (HOG at two scales)",
        "One hidden layer on good features: strong in a quarter of a minute.",
        "edges",
        _hog_mlp,
        ((GRADIENTS, 0.15), (FIND_COMPONENTS, 0.05), ("Training the network", 0.8)),
        (CELL, DIRECTIONS, components(441), LAYERS, EPOCHS, ALPHA, RATE),
        min_images_per_class=2,
        group="edges",
    ),
    Recipe(
        "warped-mlp",
        "Neural network on gradients of warped images",
        "Bends each image in three ways: more handwriting from the same, in the reference's time.",
        "edges",
        _warped_mlp,
        (("Training the network", 1.0),),
        (
            STRENGTH,
            LAYERS,
            EPOCHS,
            ALPHA,
            RATE,
        ),
        min_images_per_class=2,
        group="augmented",
    ),
    Recipe(
        "warped-blend",
        "Neural and convolutional networks on warped images",
        "The best one: networks that see bent images, on edges and on pixels.",
        "edges",
        _warped_blend,
        (("Training the networks", 1.0),),
        (
            *(
                replace(one, name=f"{_NETWORKS}__{one.label}")
                for one in (STRENGTH, LAYERS, EPOCHS, ALPHA, RATE)
            ),
            *(
                replace(one, name=f"classifier__convolution__{one.label}")
                for one in (CHANNELS, HIDDEN)
            ),
        ),
        min_images_per_class=2,
        members=(0.3, 0.7),
        group="augmented",
    ),
    Recipe(
        "hog-svm",
        "Support vector machine (RBF) on gradients (HOG)",
        "The classic before deep learning: accurate, but slow to read, and large.",
        "edges",
        _hog_svm,
        ((GRADIENTS, 0.05), (FIND_COMPONENTS, 0.01), ("Fitting and calibrating the machine", 0.94)),
        (
            DIRECTIONS,
            components(441),
            Hyperparameter(
                "classifier__estimator__C",
                "Price of an image on the wrong side: smaller is smoother.",
                low=1e-3,
                high=1e4,
            ),
        ),
        hold_out,
        min_images_per_class=5,
        group="edges",
    ),
    Recipe(
        "hog-lda",
        "Linear discriminant on gradients (HOG)",
        "Shows how much the representation does: the simplest classifier, on edges.",
        "edges",
        _hog_lda,
        ((GRADIENTS, 0.4), ("Fitting the discriminant", 0.6)),
        (CELL, DIRECTIONS),
        min_images_per_class=2,
        group="edges",
    ),
    Recipe(
        "hog-neighbours",
        "Nearest neighbours on gradients (HOG)",
        "What looks alike by its edges: no training at all, slow to answer.",
        "edges",
        _hog_neighbours,
        ((GRADIENTS, 0.75), (FIND_COMPONENTS, 0.2), ("Storing the images", 0.05)),
        (DIRECTIONS, components(441), *NEIGHBOURS),
        group="edges",
    ),
)
