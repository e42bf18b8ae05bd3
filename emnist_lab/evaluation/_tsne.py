"""scikit-learn's t-SNE with a progress callback, which its own API lacks.

The loop over iterations is put together from private parts of scikit-learn (as of 1.9). Where an
installed scikit-learn has other parts, its own loop runs instead: the same points, no progress.
"""

import inspect
from collections.abc import Callable

from sklearn.manifold import TSNE, _t_sne

_ARGUMENTS = (
    "P", "degrees_of_freedom", "n_samples", "X_embedded", "neighbors", "skip_num_points",
)  # fmt: skip


def has_known_parts() -> bool:
    """Whether scikit-learn's private parts are those that `WatchedTSNE` is made for."""
    return (
        all(hasattr(_t_sne, name) for name in ("_gradient_descent", "_kl_divergence_bh"))
        and all(hasattr(TSNE, name) for name in ("_EXPLORATION_MAX_ITER", "_N_ITER_CHECK", "_tsne"))
        and tuple(inspect.signature(TSNE._tsne).parameters) == ("self", *_ARGUMENTS)
    )


_KNOWN = has_known_parts()


class WatchedTSNE(TSNE):
    """Barnes-Hut t-SNE on one thread, with a callback; the points are `sklearn.manifold.TSNE`'s.

    Attributes
    ----------
    watch : callable
        Called with the number of the iteration, from 0, before each; what it raises ends the
        fit. Never called where `has_known_parts` is False.
    """

    watch: Callable[[int], None] = staticmethod(lambda iteration: None)

    def _tsne(self, *args, **kwargs):
        if not _KNOWN:
            return super()._tsne(*args, **kwargs)
        return self._watched(**dict(zip(_ARGUMENTS, args, strict=False)), **kwargs)

    def _watched(
        self,
        P,
        degrees_of_freedom,
        n_samples,
        X_embedded,
        neighbors=None,
        skip_num_points=0,
    ):
        """Early exaggeration with little momentum, then plain descent (van der Maaten 2014)."""
        count = iter(range(self.max_iter + 1))

        def objective(*args, **kwargs):
            self.watch(next(count))
            return _t_sne._kl_divergence_bh(*args, **kwargs)

        points, first = X_embedded.ravel(), self._EXPLORATION_MAX_ITER
        iteration = -1
        for until, momentum, patience, scale in (
            (first, 0.5, first, self.early_exaggeration),
            (self.max_iter, 0.8, self.n_iter_without_progress, 1.0),
        ):
            if iteration + 1 >= until:
                break
            P *= scale
            points, self.kl_divergence_, iteration = _t_sne._gradient_descent(
                objective,
                points,
                it=iteration + 1,
                max_iter=until,
                n_iter_check=self._N_ITER_CHECK,
                n_iter_without_progress=patience,
                momentum=momentum,
                learning_rate=self.learning_rate_,
                min_grad_norm=self.min_grad_norm,
                args=[P, degrees_of_freedom, n_samples, self.n_components],
                kwargs={
                    "skip_num_points": skip_num_points,
                    "angle": self.angle,
                    "verbose": False,
                    "num_threads": 1,
                },
            )
            P /= scale
        self.n_iter_ = iteration
        return points.reshape(n_samples, self.n_components)
