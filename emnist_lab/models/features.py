"""Representations of images, as scikit-learn transformers on uint8 (N, 28, 28)."""

from concurrent.futures import ThreadPoolExecutor
from os import cpu_count

import numpy as np
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.callback import CallbackSupportMixin, with_callbacks
from threadpoolctl import threadpool_limits

from .trusted_types import trusted

_BATCH = 256  # images in work at a time and thread: their intermediates fit a core's cache
_GROUP = 32 * _BATCH  # images between two reports of progress


@trusted
class Pixels(TransformerMixin, BaseEstimator):
    """The 784 pixels of an image, row by row, as they are: 0..255, float64."""

    def fit(self, X, y=None):
        """Learn nothing; see `transform`."""
        self.n_features_out_ = X.shape[1] * X.shape[2]
        return self

    def transform(self, X):
        """Flatten.

        Parameters
        ----------
        X : ndarray of shape (N, 28, 28), dtype uint8

        Returns
        -------
        ndarray of shape (N, 784), dtype float64
        """
        return np.asarray(X).reshape(len(X), -1).astype(np.float64)


@trusted
class ScaledPixels(Pixels):
    """The 784 pixels of an image, row by row, 0..1, float32: half the memory of `Pixels`."""

    def transform(self, X):
        """Flatten and scale.

        Parameters
        ----------
        X : ndarray of shape (N, 28, 28), dtype uint8

        Returns
        -------
        ndarray of shape (N, 784), dtype float32
        """
        flat = np.asarray(X).reshape(len(X), -1).astype(np.float32)
        flat *= np.float32(1 / 255)
        return flat


@trusted
class InkDensity(TransformerMixin, BaseEstimator):
    """Mean ink in blocks of pixels, 0..1, float32: how thick strokes are, in few numbers.

    Parameters
    ----------
    block : int
        Pixels a side of a block; divides 28.
    """

    def __init__(self, block=2):
        self.block = block

    def fit(self, X, y=None):
        """Learn nothing; see `transform`."""
        if self.block < 1 or X.shape[1] % self.block:
            raise ValueError(f"block must divide {X.shape[1]}, not {self.block!r}")
        self.n_features_out_ = (X.shape[1] // self.block) ** 2
        return self

    def transform(self, X):
        """Average.

        Parameters
        ----------
        X : ndarray of shape (N, 28, 28), dtype uint8

        Returns
        -------
        ndarray of shape (N, (28 // block) ** 2), dtype float32
        """
        X, step = np.asarray(X), self.block
        cells = X.shape[1] // step
        total = np.zeros((len(X), cells, cells), np.uint32)
        for row in range(step):
            for column in range(step):
                total += X[:, row::step, column::step]
        means = total.reshape(len(X), -1).astype(np.float32)
        means *= np.float32(1 / (255 * self.block**2))
        return means


@trusted
class HOG(CallbackSupportMixin, TransformerMixin, BaseEstimator):
    """Histograms of oriented gradients: which way the edges run, and where.

    After Dalal and Triggs (2005, doi:10.1109/CVPR.2005.177), made for whole
    batches: a pixel's gradient counts for direction ``t`` by its length times
    ``|cos(angle - t)| ** sharpness`` (a smooth stand-in for bilinear binning
    without `arctan2`), and for the cells around it by bilinear weights. Each
    cell is divided by the energy of its 3×3 neighbourhood, and square roots
    even out strong and weak edges.

    Parameters
    ----------
    cell : int or tuple of int
        Distance of cell centres in pixels; a cell reaches twice as far. With
        several, the histograms of each stand side by side: small cells see
        strokes, large ones the whole shape.
    directions : int
        Number of directions in a half turn; edges have no sign.
    sharpness : {2, 4, 8, 16}
        How narrow a direction is.
    damping : float
        Added to the energy, so that noise on empty paper isn't blown up.

    Attributes
    ----------
    n_features_out_ : int
        ``directions * (28 // cell) ** 2``, summed over cell sizes.

    Examples
    --------
    >>> images = np.zeros((2, 28, 28), np.uint8)
    >>> images[:, 4:24, 12:16] = 255
    >>> HOG(cell=(4, 7)).fit_transform(images).shape
    (2, 585)
    """

    def __init__(self, cell=4, directions=9, sharpness=16, damping=0.1):
        self.cell = cell
        self.directions = directions
        self.sharpness = sharpness
        self.damping = damping

    @with_callbacks
    def fit(self, X, y=None):
        """Learn nothing; see `transform`."""
        context = self._init_callback_context()
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        self._check(X)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    @with_callbacks
    def fit_transform(self, X, y=None):
        """Transform, and tell scikit-learn's callbacks how far it is; see `transform`."""
        groups = range(0, len(X), _GROUP)
        context = self._init_callback_context(max_subtasks=len(groups))
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        self._check(X)
        out = np.empty((len(X), self.n_features_out_), np.float32)
        for start in groups:
            step = context.subcontext(task_name="hog-batch")
            step.call_on_fit_task_begin(estimator=self)
            self._fill(X[start : start + _GROUP], out[start : start + _GROUP])
            step.call_on_fit_task_end(estimator=self)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return out

    def transform(self, X):
        """Histograms of every image.

        Parameters
        ----------
        X : ndarray of shape (N, 28, 28), dtype uint8

        Returns
        -------
        ndarray of shape (N, n_features_out_), dtype float32
            Ordered by cell size, direction, row of cells, column of cells; 0..1.
        """
        out = np.empty((len(X), self.n_features_out_), np.float32)
        self._fill(np.asarray(X), out)
        return out

    def _check(self, X):
        if self.sharpness not in (2, 4, 8, 16):
            raise ValueError(f"sharpness must be 2, 4, 8 or 16, not {self.sharpness!r}")
        if self.directions < 1:
            raise ValueError(f"directions must be 1 or more, not {self.directions!r}")
        for cell in self._cells:
            if not 1 <= cell <= X.shape[1]:
                raise ValueError(f"cell must be 1 to {X.shape[1]} pixels, not {cell!r}")
        self.n_features_out_ = sum(self._lengths(X.shape[1]))

    @property
    def _cells(self) -> tuple[int, ...]:
        return tuple(self.cell) if isinstance(self.cell, (tuple, list)) else (self.cell,)

    def _lengths(self, side: int) -> list[int]:
        """Number of features of each cell size."""
        return [self.directions * (side // cell) ** 2 for cell in self._cells]

    def _fill(self, X, out):
        pools = [_pooling(X.shape[1], cell) for cell in self._cells]

        def work(start):
            batch = X[start : start + _BATCH]
            out[start : start + _BATCH] = self._histograms(batch, pools)

        if len(X) <= _BATCH:
            work(0)
            return
        # One BLAS thread in each of ours: small products don't pay for more.
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(cpu_count() or 1) as threads:
            for _ in threads.map(work, range(0, len(X), _BATCH)):
                pass

    def _histograms(self, batch, pools):
        grey = batch.astype(np.float32)
        grey *= 1 / 255
        across, down = np.zeros_like(grey), np.zeros_like(grey)
        np.subtract(grey[:, :, 2:], grey[:, :, :-2], out=across[:, :, 1:-1])
        np.subtract(grey[:, 2:], grey[:, :-2], out=down[:, 1:-1])
        squared = across * across
        squared += down * down
        squared += 1e-12
        inverse = 1 / np.sqrt(squared)
        across *= inverse
        down *= inverse
        length = np.multiply(squared, inverse, out=squared)
        sums = [
            np.empty((len(batch), self.directions, len(pool), len(pool)), np.float32)
            for pool in pools
        ]
        for index in range(self.directions):
            angle = np.pi * index / self.directions
            response = across * np.float32(np.cos(angle))
            response += down * np.float32(np.sin(angle))
            for _ in range(int(self.sharpness).bit_length() - 1):
                response *= response
            response *= length
            for out, pool in zip(sums, pools, strict=True):
                out[:, index] = pool @ response @ pool.T
        return np.hstack([self._normalised(out) for out in sums])

    def _normalised(self, out):
        energy = np.pad((out * out).sum(axis=1), ((0, 0), (1, 1), (1, 1)))
        rows = energy[:, :-2] + energy[:, 1:-1] + energy[:, 2:]
        around = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
        out /= np.sqrt(around + np.float32(self.damping))[:, None]
        return np.sqrt(out).reshape(len(out), -1)


@trusted
class WithinClassWhitening(TransformerMixin, BaseEstimator):
    """Turn and stretch so that the covariance that all classes share is a sphere.

    A classifier that shrinks a covariance towards a sphere then shrinks it
    towards the shared one, as regularised discriminant analysis does
    (Friedman 1989, doi:10.1080/01621459.1989.10478752).

    Attributes
    ----------
    mean_ : ndarray of shape (D,)
    components_ : ndarray of shape (D, D)
    """

    def fit(self, X, y):
        """Learn the shared covariance.

        Parameters
        ----------
        X : ndarray of shape (N, D)
        y : ndarray of shape (N,), dtype int

        Returns
        -------
        WithinClassWhitening
        """
        _, places = np.unique(y, return_inverse=True)
        counts = np.bincount(places)
        member = csr_array(
            (np.ones(len(X), X.dtype), (places, np.arange(len(X)))), (len(counts), len(X))
        )
        means = (member @ X) / counts[:, None].astype(X.dtype)
        apart = X - means[places]
        covariance = apart.T @ apart / len(X)
        values, vectors = np.linalg.eigh(covariance)
        values = np.maximum(values, values[-1] * 1e-6)  # fewer images than dimensions leave zeros
        self.mean_ = X.mean(axis=0)
        self.components_ = (vectors / np.sqrt(values)).astype(X.dtype)
        return self

    def transform(self, X):
        """Whiten: ndarray of shape (N, D), of the type of X."""
        return (X - self.mean_) @ self.components_


def _pooling(side: int, cell: int) -> np.ndarray:
    """Bilinear weights, (side // cell, side) float32: a pixel's share in each cell of its row."""
    centres = (np.arange(side // cell) + 0.5) * cell - 0.5
    distance = np.abs(np.arange(side) - centres[:, None]) / cell
    return np.maximum(0, 1 - distance).astype(np.float32)
