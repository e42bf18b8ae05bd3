"""A forest that reports its progress every few trees."""

from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.ensemble import ExtraTreesClassifier

from .trusted_types import trusted

_STEP = 5  # trees between two reports of progress


@trusted
class ExtraTreesWithProgress(CallbackSupportMixin, ExtraTreesClassifier):
    """`sklearn.ensemble.ExtraTreesClassifier` (Geurts et al. 2006) that reports every five trees.

    The same trees as scikit-learn grows: it is made to go on with a forest
    that it has begun. Parameters and attributes are scikit-learn's.
    """

    @with_callbacks
    def fit(self, X, y, sample_weight=None):
        """Grow the forest.

        Parameters
        ----------
        X : ndarray of shape (N, D)
        y : ndarray of shape (N,), dtype int
        sample_weight : ndarray of shape (N,), optional

        Returns
        -------
        ExtraTreesWithProgress
        """
        wanted, warm = self.n_estimators, self.warm_start
        sizes = [*range(_STEP, wanted, _STEP), wanted]
        context = self._init_callback_context(max_subtasks=len(sizes))
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        self.estimators_ = []
        self.warm_start = True
        try:
            for size in sizes:
                step = context.subcontext(task_name="trees")
                step.call_on_fit_task_begin(estimator=self)
                self.n_estimators = size
                super().fit(X, y, sample_weight)
                grown = ("estimators_", "classes_", "n_classes_", "n_outputs_", "n_features_in_")
                step.call_on_fit_task_end(
                    estimator=self,
                    reconstruction_attributes={name: getattr(self, name) for name in grown},
                )
        finally:
            self.n_estimators, self.warm_start = wanted, warm
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self
