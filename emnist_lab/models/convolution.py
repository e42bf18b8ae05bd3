"""A small convolutional network (LeCun et al. 1998), fitted with NumPy alone, an epoch at a time.

Each batch is cut into pieces that cores work on side by side; see
`emnist_lab.models.backpropagation`.
"""

from concurrent.futures import ThreadPoolExecutor
from os import cpu_count

import numpy as np
from threadpoolctl import threadpool_limits

from .backpropagation import FIRST, NEXT, Layers, Memory, flat_features, gradients
from .epoch_training import AugmentedEpochs, EpochClassifier, EpochPart, Rate, softmax
from .trusted_types import trusted

_PIECE = 16  # images in work at a time and thread: their intermediates stay near the caches
_READ = 256  # the same where nothing is kept for the way back
_TOLD = 32  # batches after which it is told how far the epoch is
_BLOCK = (
    2**15
)  # weights that are updated at a time and thread: what Adam keeps of them fits a cache
_RISE = 0.3  # share of training in which the learning rate rises
_SIDE = 14  # pixels that are left of 28 after the first convolution
_MOMENTS = (0.9, 0.999)  # of Adam (Kingma and Ba 2015)
_TINY = 1e-8


class _Learner:
    """Weights and what Adam keeps of their slopes."""

    def __init__(self, estimator: "AugmentedConvolutionalNetwork", classes: int, seed: int):
        self.seed, self.random = seed, np.random.default_rng(seed)
        self.batch, self.dropout, self.steps = estimator.batch_size, estimator.dropout, 0
        self.memory = Memory()
        self.weights = self._fresh(estimator._shapes(classes))
        self.moments = [
            [[np.zeros_like(one) for one in layer] for layer in self.weights] for _ in _MOMENTS
        ]
        self.blocks = [
            (layer, which, slice(start, start + rows))
            for layer, pair in enumerate(self.weights)
            for which, one in enumerate(pair)
            for rows in [max(1, _BLOCK * len(one) // one.size)]
            for start in range(0, len(one), rows)
        ]

    def _fresh(self, shapes: list[tuple[int, int]]) -> Layers:
        """Normal weights whose outputs vary as much as their inputs (He et al. 2015)."""
        return [
            [
                self.random.normal(0, np.sqrt(2 / before), (before, after)).astype(np.float32),
                np.zeros(after, np.float32),
            ]
            for before, after in shapes
        ]

    def epoch(self, X: np.ndarray, y: np.ndarray, rate: Rate, part: EpochPart) -> None:
        _, places = np.unique(y, return_inverse=True)
        order, batch = self.random.permutation(len(X)), min(self.batch, len(X))
        # One BLAS thread in each of ours: small products don't pay for more.
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(cpu_count() or 1) as threads:
            starts = range(0, len(X) - batch + 1, batch)  # a smaller rest waits for its turn
            for group in range(0, len(starts), _TOLD):
                with part():
                    for start in starts[group : group + _TOLD]:
                        chosen = order[start : start + batch]
                        self._step(X[chosen], places[chosen], rate(start / len(X)), threads)

    def _step(self, images, places, rate: float, threads: ThreadPoolExecutor) -> None:
        def work(start: int) -> Layers:
            part = slice(start, start + _PIECE)
            random = np.random.default_rng([self.seed, self.steps, start])
            kept = [
                (random.random((len(images[part]), len(layer[0])), np.float32) >= self.dropout)
                / np.float32(1 - self.dropout)
                for layer in self.weights[-2:]
            ]
            return gradients(self.weights, images[part], places[part], kept, self.memory)

        parts = list(threads.map(work, range(0, len(images), _PIECE)))
        self.steps += 1
        first, second = (1 - moment**self.steps for moment in _MOMENTS)
        step = np.float32(rate * np.sqrt(second) / first)

        def update(block: tuple[int, int, slice]) -> None:
            layer, which, rows = block
            # Summed in their order: whichever core was first, the weights are the same.
            slope, *others = (one[layer][which][rows] for one in parts)
            for other in others:
                slope += other
            slope /= np.float32(len(images))
            mean, square = (moments[layer][which][rows] for moments in self.moments)
            mean += np.float32(1 - _MOMENTS[0]) * (slope - mean)
            square += np.float32(1 - _MOMENTS[1]) * (slope * slope - square)
            self.weights[layer][which][rows] -= step * mean / (np.sqrt(square) + np.float32(_TINY))

        for _ in threads.map(update, self.blocks):
            pass

    @property
    def layers(self) -> Layers:
        return [[one.copy() for one in layer] for layer in self.weights]


@trusted
class AugmentedConvolutionalNetwork(AugmentedEpochs, EpochClassifier):
    """Convolutional network on images that are warped anew every few epochs.

    A convolution of 5×5 in steps of 2, then convolutions of 3×3, each followed by the maximum over
    2×2 pixels, then one hidden layer; ReLU, dropout before both dense layers, softmax, log loss,
    Adam with a learning rate that rises for a while, then falls (one cycle, Smith and Topin 2019,
    doi:10.1117/12.2520589). It sees pixels and learns its own features; see
    `emnist_lab.models.augmentation` for the warp. The last epoch sees the images as they are.

    Parameters
    ----------
    channels : tuple of int
        Of each convolution; one to four.
    hidden : int
    dropout : float
        Share of the dense layers' inputs that each step leaves out.
    strength : float
        Of the warp; 0 leaves images as they are.
    reuse : int
        Epochs that see the same warped images before they are warped anew.
    max_iter : int
        Epochs.
    batch_size : int
    learning_rate_init : float
        The largest.
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
        channels=(24, 48, 96),
        hidden=512,
        dropout=0.2,
        strength=1.0,
        reuse=1,
        max_iter=10,
        batch_size=128,
        learning_rate_init=3e-3,
        random_state=None,
    ):
        self.channels = channels
        self.hidden = hidden
        self.dropout = dropout
        self.strength = strength
        self.reuse = reuse
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.random_state = random_state

    def predict_proba(self, X):
        """Probability of each class.

        Parameters
        ----------
        X : ndarray of shape (N, 28, 28), dtype uint8

        Returns
        -------
        ndarray of shape (N, C), dtype float32
        """
        weights, bias = self.networks_[0][-1]
        return softmax(self.embed(X) @ weights + bias)

    def embed(self, X):
        """What the last layer is given: an embedding, in which images of a class lie together.

        Parameters
        ----------
        X : ndarray of shape (N, 28, 28), dtype uint8

        Returns
        -------
        ndarray of shape (N, hidden), dtype float32
        """
        layers = self.networks_[0]
        weights, bias = layers[-2]
        parts = [X[start : start + _READ] for start in range(0, max(len(X), 1), _READ)]
        found = np.concatenate([flat_features(layers, part) @ weights for part in parts])
        found += bias
        return np.maximum(found, 0, out=found)

    def numbers(self, classes: int) -> int:
        """Numbers in memory while it learns: weights, their slopes and moments, pieces of images.

        Parameters
        ----------
        classes : int

        Returns
        -------
        int
        """
        pieces, cores = -(-self.batch_size // _PIECE), cpu_count() or 1
        weights = sum((before + 1) * after for before, after in self._shapes(classes))
        # Windows and values, on the way to the answer and back; each maximum halves the side.
        sides = [_SIDE, *(_SIDE >> place for place in range(len(self.channels) - 1))]
        seen = sum(
            side * side * (2 * before + 3 * after)
            for side, (before, after) in zip(sides, self._shapes(classes)[:-2], strict=True)
        )
        return weights * (4 + pieces) + cores * _PIECE * seen

    def _shapes(self, classes: int) -> list[tuple[int, int]]:
        """Inputs and outputs of each layer."""
        channels = self.channels
        inputs = [FIRST[0] ** 2, *(NEXT[0] ** 2 * one for one in channels[:-1])]
        side = _SIDE >> (len(channels) - 1)
        inputs += [side * side * channels[-1], self.hidden]
        return list(zip(inputs, [*channels, self.hidden, classes], strict=True))

    def _parts(self, X) -> int:
        batches = len(X) // min(self.batch_size, len(X))
        return super()._parts(X) + -(-batches // _TOLD)

    def _learners(self, X, random) -> list[_Learner]:
        return [_Learner(self, len(self.classes_), random.randint(2**31))]

    def _rate(self, done: float) -> float:
        return self.learning_rate_init * min(done / _RISE, (1 - done) / (1 - _RISE))

    def _features(self, X) -> list[np.ndarray]:
        return [np.asarray(X)]
