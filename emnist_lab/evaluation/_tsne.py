"""scikit-learn's t-SNE, told of while it runs: its own knows no callbacks (scikit-learn 1.9)."""

from collections.abc import Callable

from sklearn.manifold import TSNE
from sklearn.manifold._t_sne import _gradient_descent, _kl_divergence_bh


class WatchedTSNE(TSNE):
    """Barnes-Hut t-SNE on one thread, with a callback; the points are `sklearn.manifold.TSNE`'s.

    Only the loop over iterations is anew, from scikit-learn's own parts.

    Attributes
    ----------
    watch : callable
        Told the number of the iteration, from 0, before each; what it raises ends the fit.
    """

    watch: Callable[[int], None] = staticmethod(lambda iteration: None)

    def _tsne(
        self,
        P,
        degrees_of_freedom,
        n_samples,
        X_embedded,
        neighbors=None,
        skip_num_points=0,
    ):
        """Exaggerated at first, with little momentum; then as it is (van der Maaten 2014)."""
        count = iter(range(self.max_iter + 1))

        def objective(*args, **kwargs):
            self.watch(next(count))
            return _kl_divergence_bh(*args, **kwargs)

        points, first = X_embedded.ravel(), self._EXPLORATION_MAX_ITER
        iteration = -1
        for until, momentum, patience, scale in (
            (first, 0.5, first, self.early_exaggeration),
            (self.max_iter, 0.8, self.n_iter_without_progress, 1.0),
        ):
            if iteration + 1 >= until:
                break
            P *= scale
            points, self.kl_divergence_, iteration = _gradient_descent(
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
