"""Neural networks fitted an epoch at a time, on images as they are or warped anew each epoch."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.utils import check_random_state

from .augmentation import augment
from .trusted_types import trusted

_GROUP = 8192  # images whose features are made at a time: bounds memory, and lets a cancel act


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

    def epoch(self, X: np.ndarray, y: np.ndarray, rate: float) -> None:
        if self.scale is None:
            self.scale = np.float32(1 / max(float(X.std()), 1e-12))
        self.model.set_params(learning_rate_init=rate)
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


def _rounded(weights: np.ndarray) -> np.ndarray:
    """To 8 binary digits, as bfloat16 has: the noise behind them can't be compressed."""
    mantissa, exponent = np.frexp(weights)
    return np.ldexp(np.round(mantissa * 256) / 256, exponent).astype(weights.dtype)


def _answer(layers: list[list[np.ndarray]], X: np.ndarray) -> np.ndarray:
    """Softmax of the last layer; ReLU between layers."""
    out = X
    for weights, bias in layers[:-1]:
        out = out @ weights + bias
        np.maximum(out, 0, out=out)
    out = out @ layers[-1][0] + layers[-1][1]
    out -= out.max(axis=1, keepdims=True)
    np.exp(out, out=out)
    out /= out.sum(axis=1, keepdims=True)
    return out


@trusted
class MLPNetwork(CallbackSupportMixin, ClassifierMixin, BaseEstimator):
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

    @with_callbacks
    def fit(self, X, y):
        """Learn.

        Parameters
        ----------
        X : ndarray of shape (N, D), dtype float32
        y : ndarray of shape (N,), dtype int

        Returns
        -------
        MLPNetwork

        Raises
        ------
        ValueError
            A parameter is out of range, or the weights don't stay finite.
        """
        if self.max_iter < 1:
            raise ValueError(f"max_iter must be 1 or more, not {self.max_iter!r}")
        context = self._init_callback_context(max_subtasks=self.max_iter)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        random = check_random_state(self.random_state)
        self.classes_ = np.unique(y)
        self._prepare(X, y)
        learners = [_Learner(self, len(X), random) for _ in range(self._members())]
        for epoch in range(self.max_iter):
            step = context.subcontext(task_name="epoch", max_subtasks=self._parts(X))
            step.call_on_fit_task_begin(estimator=self)
            rate = self.learning_rate_init * (1 - epoch / self.max_iter)
            inputs = self._inputs(X, epoch, random, step)
            for learner, values in zip(learners, inputs, strict=True):
                learner.epoch(values, y, rate)
            self.networks_ = [learner.layers for learner in learners]
            self.n_iter_ = epoch + 1
            step.call_on_fit_task_end(
                estimator=self,
                reconstruction_attributes={
                    name: value for name, value in vars(self).items() if name.endswith("_")
                },
            )
        self.networks_ = [
            [[_rounded(one) for one in layer] for layer in layers] for layers in self.networks_
        ]
        self._finish()
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

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

    def predict(self, X):
        """Likeliest class: ndarray of shape (N,); see `predict_proba`."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _members(self) -> int:
        return 1

    def _prepare(self, X, y) -> None:
        """What is learned before the first epoch."""

    def _finish(self) -> None:
        """Let go of what only fitting needs."""

    def _parts(self, X) -> int:
        """Reports within an epoch, at most."""
        return 0

    def _inputs(self, X, epoch, random, step) -> list[np.ndarray]:
        """What each network learns from in this epoch, (N, D) float32."""
        return [np.asarray(X, np.float32)]

    def _features(self, X) -> list[np.ndarray]:
        return [np.asarray(X, np.float32)]


@trusted
class AugmentedMLPEnsemble(MLPNetwork):
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

    def _members(self) -> int:
        return len(self.features)

    def _prepare(self, X, y) -> None:
        self.features_ = [one.fit(X, y) for one in self.features]
        self._made: dict = {}  # features of this fit's sets of warped images

    def _finish(self) -> None:
        del self._made

    def _parts(self, X) -> int:
        return -(-len(X) // _GROUP)

    def _inputs(self, X, epoch, random, step) -> list[np.ndarray]:
        last = epoch == self.max_iter - 1
        turn = "as they are" if last else epoch // self.reuse
        if self.sets is not None and not last:
            turn %= self.sets
        if turn in self._made:
            return self._made[turn]
        if self.sets is None:
            self._made.clear()  # before others are made: they take much memory
        strength = 0.0 if last else self.strength
        parts = []
        for start in range(0, len(X), _GROUP):
            part = step.subcontext(task_name="warp-batch")
            part.call_on_fit_task_begin(estimator=self)
            images = X[start : start + _GROUP]
            if strength > 0:
                images = augment(images, random.randint(2**31), strength)
            parts.append(self._features(images))
            part.call_on_fit_task_end(estimator=self)
        made = [np.concatenate(values) for values in zip(*parts, strict=True)]
        self._made[turn] = made
        return made

    def _features(self, X) -> list[np.ndarray]:
        return [one.transform(X) for one in self.features_]
