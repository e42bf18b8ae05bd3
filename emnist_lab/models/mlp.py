"""Multilayer perceptrons fitted an epoch at a time, on images as they are or warped anew."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from .epoch_training import AugmentedEpochs, EpochClassifier, EpochPart, Rate, softmax
from .trusted_types import trusted


class _Learner:
    """An `MLPClassifier` that is taken through one epoch at a time.

    Inputs are divided by one number, their overall standard deviation: components
    whitened each by its own would let the network learn the noise in small ones by heart.
    """

    def __init__(self, estimator: "MLPNetwork", images: int, random: np.random.RandomState):
        self.scale: np.float32 | None = None
        self.model = MLPClassifier(
            estimator.hidden_layer_sizes,
            alpha=estimator.alpha,
            batch_size=min(estimator.batch_size, images),
            max_iter=1,
            warm_start=True,
            random_state=random,
        )

    def epoch(self, X: np.ndarray, y: np.ndarray, rate: Rate, part: EpochPart) -> None:
        if self.scale is None:
            self.scale = np.float32(1 / max(float(X.std()), 1e-12))
        self.model.set_params(learning_rate_init=rate(0.0))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # one epoch isn't meant to
            self.model.fit(X * self.scale, y)

    @property
    def layers(self) -> list[list[np.ndarray]]:
        """Weights and bias of each layer, for inputs as they come."""
        pairs = [list(pair) for pair in zip(self.model.coefs_, self.model.intercepts_, strict=True)]
        pairs[0][0] = pairs[0][0] * self.scale
        weights, bias = pairs[-1]
        if len(bias) == 1:  # of two classes scikit-learn has one output, the log-odds of the second
            pairs[-1] = [np.hstack([np.zeros_like(weights), weights]), np.append(bias * 0, bias)]
        return pairs


def _answer(layers: list[list[np.ndarray]], X: np.ndarray) -> np.ndarray:
    """Softmax of the last layer; ReLU between layers."""
    out = X
    for weights, bias in layers[:-1]:
        out = out @ weights + bias
        np.maximum(out, 0, out=out)
    out = out @ layers[-1][0] + layers[-1][1]
    return softmax(out)


@trusted
class MLPNetwork(EpochClassifier):
    """Multilayer perceptron: scikit-learn's, with a learning rate that falls; reports every epoch.

    Each epoch is one pass of `sklearn.neural_network.MLPClassifier` (ReLU,
    softmax, Adam) over the data; the learning rate falls linearly towards zero.

    Parameters
    ----------
    hidden_layer_sizes : tuple of int
    max_iter : int
        Epochs.
    alpha, batch_size, learning_rate_init
        As in `MLPClassifier`.
    random_state : int or None

    Attributes
    ----------
    classes_ : ndarray of shape (C,)
    networks_ : list
        Of one network: for each layer [weights, bias], float32.
    n_iter_ : int
        Epochs done.
    """

    def __init__(
        self,
        hidden_layer_sizes=(512,),
        max_iter=10,
        alpha=1e-4,
        batch_size=256,
        learning_rate_init=1e-3,
        random_state=None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.max_iter = max_iter
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.random_state = random_state

    def predict_proba(self, X):
        """Probability of each class.

        Parameters
        ----------
        X : ndarray of shape (N, D), dtype float32

        Returns
        -------
        ndarray of shape (N, C), dtype float32
        """
        answers = [
            _answer(layers, values)
            for layers, values in zip(self.networks_, self._features(X), strict=True)
        ]
        return sum(answers) / np.float32(len(answers))

    def _learners(self, X, random) -> list[_Learner]:
        return [_Learner(self, len(X), random)]

    def _features(self, X) -> list[np.ndarray]:
        return [np.asarray(X, np.float32)]


@trusted
class AugmentedMLPEnsemble(AugmentedEpochs, MLPNetwork):
    """Networks on features of images that are warped anew in every epoch; they answer together.

    No image is seen often as it is, so the networks learn what stays when a
    character is turned, slanted or drawn by a less steady hand; see
    `emnist_lab.models.augmentation`. The last epoch sees the images as they are. Each
    network has features of its own, and their probabilities are averaged:
    they err on different images.

    Parameters
    ----------
    features : list of transformer
        One a network, from uint8 (N, 28, 28) to float32 (N, D); fitted on
        the images as they are.
    strength : float
        Of the warp; 0 leaves images as they are.
    sets : int or None
        Warp every image so many times only and take turns: quicker, learns a
        little less. None never takes the same ones again.
    reuse : int
        Epochs that see the same warped images before they are warped anew; making
        features takes longer than an epoch of learning from them.
    hidden_layer_sizes, max_iter, alpha, batch_size, learning_rate_init, random_state
        As in `MLPNetwork`.
    """

    reuse = 1  # runs of a version before it was a parameter lack it

    def __init__(
        self,
        features,
        strength=1.0,
        sets=None,
        hidden_layer_sizes=(512,),
        max_iter=10,
        alpha=1e-4,
        batch_size=256,
        learning_rate_init=1e-3,
        random_state=None,
        reuse=1,
    ):
        super().__init__(
            hidden_layer_sizes, max_iter, alpha, batch_size, learning_rate_init, random_state
        )
        self.features = features
        self.strength = strength
        self.sets = sets
        self.reuse = reuse

    def _learners(self, X, random) -> list[_Learner]:
        return [_Learner(self, len(X), random) for _ in self.features]

    def _prepare(self, X, y) -> None:
        super()._prepare(X, y)
        self.features_ = [one.fit(X, y) for one in self.features]

    def _features(self, X) -> list[np.ndarray]:
        return [one.transform(X) for one in self.features_]
