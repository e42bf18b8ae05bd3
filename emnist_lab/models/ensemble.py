"""Classifiers that answer together, each with its weight."""

import numpy as np
from sklearn.base import ClassifierMixin, clone
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils.metaestimators import _BaseComposition

from .trusted_types import trusted

_LEAST = 1e-12  # probability: a member that gives a class no chance mustn't decide alone


@trusted
class LogOpinionPool(CallbackSupportMixin, ClassifierMixin, _BaseComposition):
    """Weighted geometric mean of classifiers' probabilities: a logarithmic opinion pool.

    Genest and Zidek (1986, doi:10.1214/ss/1177013825). Where one member all but
    excludes a class, it has little chance, which suits members that err on
    different sides; `sklearn.ensemble.VotingClassifier` averages
    arithmetically, and passes no callbacks on.

    Parameters
    ----------
    estimators : list of (str, estimator)
    weights : list of float
        One an estimator; they needn't sum to 1.

    Attributes
    ----------
    classes_ : ndarray of shape (C,)
    estimators_ : list of estimator
        Fitted.
    """

    def __init__(self, estimators, weights):
        self.estimators = estimators
        self.weights = weights

    def get_params(self, deep=True):
        """Parameters, those of the estimators as ``name__parameter``."""
        return self._get_params("estimators", deep=deep)

    def set_params(self, **params):
        """Set parameters; see `get_params`."""
        self._set_params("estimators", **params)
        return self

    @with_callbacks
    def fit(self, X, y):
        """Fit each estimator, one after the other.

        Parameters
        ----------
        X : ndarray
        y : ndarray of shape (N,), dtype int

        Returns
        -------
        Blend
        """
        context = self._init_callback_context(max_subtasks=len(self.estimators))
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        self.classes_ = np.unique(y)
        self.estimators_ = []
        for _, estimator in self.estimators:
            fresh = clone(estimator)
            part = context.subcontext(task_name="member")
            with part.propagate_callback_context(fresh):
                part.call_on_fit_task_begin(estimator=self)
                self.estimators_.append(fresh.fit(X, y))
                part.call_on_fit_task_end(estimator=self)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    def predict_proba(self, X):
        """Probability of each class.

        Parameters
        ----------
        X : ndarray

        Returns
        -------
        ndarray of shape (N, C)
        """
        logs = 0
        for weight, one in zip(self.weights, self.estimators_, strict=True):
            logs = logs + weight / sum(self.weights) * np.log(
                np.maximum(one.predict_proba(X), _LEAST)
            )
        powers = np.exp(logs - logs.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def predict(self, X):
        """Likeliest class: ndarray of shape (N,); see `predict_proba`."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
