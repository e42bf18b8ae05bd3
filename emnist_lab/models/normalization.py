"""Characters stood upright and brought to like proportions, before their features are taken."""

from concurrent.futures import ThreadPoolExecutor
from os import cpu_count

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from .augmentation import sample
from .trusted_types import trusted

_BATCH = 256  # images in work at a time and thread: their intermediates fit a core's cache
_STEEPEST = 0.8  # slant that is taken back at most: beyond, it is the shape's own, as a 7's
_LEAST = 0.05  # pixels², added to variances: a line has none across
_REACH = 4.0  # standard deviations of the ink that a character is taken to be wide
_FRAME = 24.0  # pixels that the larger side then fills


@trusted
class MomentNormalizer(TransformerMixin, BaseEstimator):
    """Images normalised by the moments of their ink: slant, place, size and proportions.

    The slant that the ink's covariance has is taken back, its centre comes to
    the middle, and its height and width, four standard deviations each, are
    brought closer to each other: a ratio ``r`` becomes ``sqrt(sin(r * pi / 2))``.
    Moment normalisation with an adaptive aspect ratio after Liu, Nakashima, Sako
    and Fujisawa (2004, doi:10.1016/S0031-3203(03)00224-3). How slanted and how
    narrow a person writes then matters less.
    """

    def fit(self, X, y=None):
        """Learn nothing; see `transform`."""
        self.n_features_out_ = X.shape[1] * X.shape[2]
        return self

    def transform(self, X):
        """Normalise.

        Parameters
        ----------
        X : ndarray of shape (N, 28, 28), dtype uint8

        Returns
        -------
        ndarray of shape (N, 28, 28), dtype uint8
        """
        X = np.asarray(X)
        out = np.empty_like(X)

        def work(start: int) -> None:
            out[start : start + _BATCH] = _normalised(X[start : start + _BATCH])

        if len(X) <= _BATCH:
            work(0)
            return out
        with ThreadPoolExecutor(cpu_count() or 1) as threads:
            for _ in threads.map(work, range(0, len(X), _BATCH)):
                pass
        return out


def _normalised(batch: np.ndarray) -> np.ndarray:
    side = batch.shape[1]
    at = np.arange(side, dtype=np.float32)
    # Sums of whole numbers, exact: a product by BLAS rounds otherwise in another batch, and with
    # it a pixel of the result.
    ink, place = batch.astype(np.int64), np.arange(side)
    columns, rows = ink.sum(axis=1), ink.sum(axis=2)
    total = np.maximum(columns.sum(axis=1), 1)

    def mean(weights, of):
        return ((weights * of).sum(axis=1) / total).astype(np.float32)

    x, y = mean(columns, place), mean(rows, place)
    across = mean(columns, place**2) - x**2 + _LEAST
    down = mean(rows, place**2) - y**2 + _LEAST
    both = mean((ink * place).sum(axis=2), place) - x * y
    slant = np.clip(both / down, -_STEEPEST, _STEEPEST)
    width = _REACH * np.sqrt(np.maximum(across - 2 * slant * both + slant**2 * down, _LEAST))
    height = _REACH * np.sqrt(down)
    ratio = np.sqrt(np.sin(np.pi / 2 * np.minimum(width, height) / np.maximum(width, height)))
    wide = width >= height
    # Pixels of the image for one of the result, along each side.
    right = (width / (_FRAME * np.where(wide, 1, ratio)))[:, None, None]
    below = (height / (_FRAME * np.where(wide, ratio, 1)))[:, None, None]
    middle = at - np.float32((side - 1) / 2)
    lower = below * middle[:, None]
    from_x = right * middle + slant[:, None, None] * lower + x[:, None, None]
    from_y = np.broadcast_to(lower + y[:, None, None], from_x.shape)
    inside = (np.abs(from_x * 2 - side + 1) < side) & (np.abs(from_y * 2 - side + 1) < side)
    return sample(batch, from_x, from_y) * inside
