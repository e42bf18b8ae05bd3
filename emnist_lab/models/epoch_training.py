"""Classifiers fitted an epoch at a time, on images as they are or warped anew each epoch."""

import contextlib
import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils import check_random_state

from .augmentation import augment

_GROUP = 8192  # images whose features are made at a time: bounds memory, and lets a cancel act

EpochPart = Callable[[], AbstractContextManager[None]]
Rate = Callable[[float], float]  # learning rate after a share of the epoch


class Learner(Protocol):
    """A network in the making."""

    def epoch(self, X: np.ndarray, y: np.ndarray, rate: Rate, part: EpochPart) -> None:
        """Take one pass over the data; `part` is entered for each part of it."""

    @property
    def layers(self) -> list[list[np.ndarray]]:
        """Weights and bias of each layer, float32."""


def rounded(weights: np.ndarray) -> np.ndarray:
    """To 8 binary digits, as bfloat16 has: the noise behind them can't be compressed."""
    mantissa, exponent = np.frexp(weights)
    return np.ldexp(np.round(mantissa * 256) / 256, exponent).astype(weights.dtype)


def softmax(values: np.ndarray) -> np.ndarray:
    """Softmax of each row, in place: (N, C) float32."""
    values -= values.max(axis=1, keepdims=True)
    np.exp(values, out=values)
    values /= values.sum(axis=1, keepdims=True)
    return values


class EpochClassifier(CallbackSupportMixin, ClassifierMixin, BaseEstimator):
    """What classifiers have in common that are fitted an epoch at a time and report each.

    The learning rate falls linearly towards zero, unless a subclass says otherwise. A subclass has
    the parameters `max_iter`, `learning_rate_init` and `random_state`, and `predict_proba`.

    Attributes
    ----------
    classes_ : ndarray of shape (C,)
    networks_ : list
        For each network, for each layer, [weights, bias], float32.
    n_iter_ : int
        Epochs done.
    """

    @with_callbacks
    def fit(self, X, y):
        """Learn.

        Parameters
        ----------
        X : ndarray
            As `predict_proba` takes it.
        y : ndarray of shape (N,), dtype int

        Returns
        -------
        EpochClassifier

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
        learners = self._learners(X, random)
        for epoch in range(self.max_iter):
            step = context.subcontext(task_name="epoch", max_subtasks=self._parts(X))
            step.call_on_fit_task_begin(estimator=self)

            def rate(share: float, epoch=epoch) -> float:
                return self._rate((epoch + share) / self.max_iter)

            inputs = self._inputs(X, epoch, random, step)
            for learner, values in zip(learners, inputs, strict=True):
                learner.epoch(values, y, rate, functools.partial(self._part, step))
            self.networks_ = [learner.layers for learner in learners]
            self.n_iter_ = epoch + 1
            step.call_on_fit_task_end(
                estimator=self,
                reconstruction_attributes={
                    name: value for name, value in vars(self).items() if name.endswith("_")
                },
            )
        self.networks_ = [
            [[rounded(one) for one in layer] for layer in layers] for layers in self.networks_
        ]
        self._finish()
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def predict(self, X):
        """Likeliest class: ndarray of shape (N,); see `predict_proba`."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _learners(self, X, random) -> list[Learner]:
        raise NotImplementedError

    def _features(self, X) -> list[np.ndarray]:
        """What each network is given of these images."""
        raise NotImplementedError

    def _rate(self, done: float) -> float:
        """Learning rate after this share of training."""
        return self.learning_rate_init * (1 - done)

    def _prepare(self, X, y) -> None:
        """What is learned before the first epoch."""

    def _finish(self) -> None:
        """Let go of what only fitting needs."""

    def _parts(self, X) -> int:
        """Reports within an epoch, at most."""
        return 0

    @contextlib.contextmanager
    def _part(self, step):
        """One of an epoch's `_parts`: tells how far it is, and lets a cancel act."""
        part = step.subcontext(task_name="epoch-part")
        part.call_on_fit_task_begin(estimator=self)
        yield
        part.call_on_fit_task_end(estimator=self)

    def _inputs(self, X, epoch, random, step) -> list[np.ndarray]:
        """What each network learns from in this epoch."""
        return self._features(X)


class AugmentedEpochs:
    """Warps images anew for each epoch, or for every few; the last one sees them as they are.

    For an `EpochClassifier` of images, with the parameters `strength`, of the warp, `reuse`, how
    many epochs see the same warped images, and `sets`, how often images are warped at most before
    their features take turns (None: as often as it takes).
    """

    sets: int | None = None

    def _prepare(self, X, y) -> None:
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
            with self._part(step):
                images = X[start : start + _GROUP]
                if strength > 0:
                    images = augment(images, random.randint(2**31), strength)
                parts.append(self._features(images))
        made = [np.concatenate(values) for values in zip(*parts, strict=True)]
        self._made[turn] = made
        return made
