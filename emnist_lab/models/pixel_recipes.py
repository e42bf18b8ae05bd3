"""Recipes whose classifier sees pixels."""

from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.tree import DecisionTreeClassifier

from .convolution import AugmentedConvolutionalNetwork
from .features import Pixels, ScaledPixels
from .forest import ExtraTreesWithProgress
from .hyperparameters import Hyperparameter
from .pipeline_steps import (
    CHANNELS,
    EPOCHS,
    FIND_COMPONENTS,
    FLATTEN,
    HIDDEN,
    ITERATIONS,
    NEIGHBOURS,
    RATE,
    STRENGTH,
    C,
    components,
    pca,
)
from .recipe import Recipe


def _pixels_logistic(seed):
    return Pipeline([("pixels", Pixels()), ("classifier", LogisticRegression(random_state=seed))])


def _whitened_logistic(seed):
    classifier = LogisticRegression(max_iter=20, random_state=seed)
    return Pipeline([("pixels", ScaledPixels()), pca(100, seed), ("classifier", classifier)])


def _pixels_neighbours(seed):
    classifier = KNeighborsClassifier(weights="distance", algorithm="brute")
    return Pipeline(
        [("pixels", ScaledPixels()), pca(60, seed, whiten=False), ("classifier", classifier)]
    )


def _pixels_lda(seed):
    classifier = LinearDiscriminantAnalysis()
    return Pipeline([("pixels", ScaledPixels()), pca(200, seed), ("classifier", classifier)])


def _pixels_bayes(seed):
    classifier = GaussianNB(var_smoothing=0.05)
    return Pipeline([("pixels", ScaledPixels()), ("classifier", classifier)])


def _pixels_tree(seed):
    classifier = DecisionTreeClassifier(min_samples_leaf=5, random_state=seed)
    return Pipeline([("pixels", ScaledPixels()), ("classifier", classifier)])


def _pixels_forest(seed):
    classifier = ExtraTreesWithProgress(100, max_leaf_nodes=2000, n_jobs=-1, random_state=seed)
    return Pipeline([("pixels", ScaledPixels()), ("classifier", classifier)])


def _warped_cnn(seed):
    network = AugmentedConvolutionalNetwork(random_state=seed)
    return Pipeline([("classifier", network)])


RECIPES = (
    Recipe(
        "pixels-logistic",
        "Logistic regression on raw pixels",
        "The reference: the plainest model there is, on the image as it comes.",
        "pixels",
        _pixels_logistic,
        ((FLATTEN, 0.01), ("Fitting logistic regression", 0.99)),
        (C, ITERATIONS),
        prior="training",  # as the service that it succeeds answers
        group="pixels",
    ),
    Recipe(
        "whitened-logistic",
        "Logistic regression on whitened components",
        "The reference made easy: with inputs of one size the optimiser needs a tenth of the time.",
        "pixels",
        _whitened_logistic,
        ((FLATTEN, 0.05), (FIND_COMPONENTS, 0.25), ("Fitting logistic regression", 0.7)),
        (components(784), C, ITERATIONS),
        group="whitened",
    ),
    Recipe(
        "pixels-neighbours",
        "Nearest neighbours on pixels",
        "What looks alike, pixel by pixel: no training at all, slow to answer.",
        "pixels",
        _pixels_neighbours,
        ((FLATTEN, 0.2), (FIND_COMPONENTS, 0.75), ("Storing the images", 0.05)),
        (components(784), *NEIGHBOURS),
        group="pixels",
    ),
    Recipe(
        "pixels-lda",
        "Linear discriminant on pixels",
        "One Gaussian shape for all classes: linear like the reference, fitted in a moment.",
        "pixels",
        _pixels_lda,
        ((FLATTEN, 0.1), (FIND_COMPONENTS, 0.4), ("Fitting the discriminant", 0.5)),
        (components(784),),
        min_images_per_class=2,
        group="whitened",
    ),
    Recipe(
        "pixels-bayes",
        "Naive Bayes on pixels",
        "Takes pixels for independent of each other, which they aren't: fast, and often wrong.",
        "pixels",
        _pixels_bayes,
        ((FLATTEN, 0.3), ("Averaging each class", 0.7)),
        (
            Hyperparameter(
                "classifier__var_smoothing",
                "Share of the largest variance that is added to all.",
                low=1e-12,
                high=10,
            ),
        ),
        group="pixels",
    ),
    Recipe(
        "pixels-tree",
        "Decision tree on pixels",
        "Questions to single pixels, one after the other: easy to read, easily fooled.",
        "pixels",
        _pixels_tree,
        ((FLATTEN, 0.02), ("Growing the tree", 0.98)),
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
        group="pixels",
    ),
    Recipe(
        "pixels-forest",
        "Forest of extremely randomised trees on pixels",
        "Many bad trees vote: each is fooled by other images.",
        "pixels",
        _pixels_forest,
        ((FLATTEN, 0.02), ("Growing trees", 0.98)),
        (
            Hyperparameter("classifier__n_estimators", "Trees.", "whole", 1, 300),
            Hyperparameter(
                "classifier__max_leaf_nodes", "Leaves of a tree at most.", "whole", 2, 5000
            ),
        ),
        group="pixels",
    ),
    Recipe(
        "warped-cnn",
        "Convolutional network on warped images",
        "Learns its own features from pixels, in windows of a few pixels, on bent images.",
        "pixels",
        _warped_cnn,
        (("Training the network", 1.0),),
        (
            STRENGTH,
            CHANNELS,
            HIDDEN,
            EPOCHS,
            RATE,
        ),
        min_images_per_class=2,
        group="augmented",
    ),
)
