"""A small convolutional network (LeCun et al. 1998), fitted with NumPy alone, an epoch at a time.

Images lie in memory as (N, height, width, channels), so that the inputs of one output pixel are
runs of neighbouring numbers: a convolution is one copy and one matrix product. Each batch is cut
into pieces that cores work on side by side.
"""

import math
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count

import numpy as np
from threadpoolctl import threadpool_limits

from .epoch_training import AugmentedEpochs, EpochClassifier, Part, softmax
from .trusted_types import trusted

_PIECE = 16  # images in work at a time and thread: their intermediates stay near the caches
_READ = 256  # the same where nothing is kept for the way back
_TOLD = 32  # batches after which it is told how far the epoch is
_FIRST, _NEXT = (
    (5, 2),
    (3, 1),
)  # size of the window and its step, of the first convolution and others
_SIDE = 14  # pixels that are left of 28 after the first
_MOMENTS = (0.9, 0.999)  # of Adam (Kingma and Ba 2015)
_TINY = 1e-8

Layers = list[list[np.ndarray]]


class _Memory(threading.local):
    """Arrays that each thread uses again and again.

    Fresh ones of this size are pages that the system gives, zeroes and takes back each time, which
    took a quarter of the whole.
    """

    def __init__(self):
        self.held: dict = {}

    def empty(self, name, shape: tuple[int, ...]) -> np.ndarray:
        """An array of float32 with any content: the one that this name had before, if it fits."""
        size = math.prod(shape)
        if name not in self.held or self.held[name].size < size:
            self.held[name] = np.empty(size, np.float32)
        return self.held[name][:size].reshape(shape)


def windows(
    x: np.ndarray, size: int, step: int, memory: _Memory | None = None, name: str = ""
) -> np.ndarray:
    """What each output pixel of a convolution sees; outside an image is 0.

    Parameters
    ----------
    x : ndarray of shape (N, H, W, C), dtype float32
    size, step : int
        Side of the window, odd, and the distance of two.
    memory, name : optional
        Where the result lies until it is asked for under this name again.

    Returns
    -------
    ndarray of shape (N, H / step, W / step, size * size * C), dtype float32
        Sides rounded up.

    Examples
    --------
    >>> windows(np.ones((1, 4, 4, 2), np.float32), 3, 2).shape
    (1, 2, 2, 18)
    """
    count, height, width, channels = x.shape
    edge = size // 2
    memory = memory or _Memory()
    around = (count, height + 2 * edge, width + 2 * edge, channels)
    padded = memory.empty((name, "padded"), around)
    padded.fill(0)
    padded[:, edge : edge + height, edge : edge + width] = x
    image, row, column, one = padded.strides
    down, across = -(-height // step), -(-width // step)
    view = np.lib.stride_tricks.as_strided(
        padded,
        (count, down, across, size, size * channels),
        (image, row * step, column * step, row, one),
        writeable=False,
    )
    out = memory.empty((name, "windows"), view.shape)
    np.copyto(out, view)
    return out.reshape(count, down, across, size * size * channels)


def _product(seen: np.ndarray, weights: np.ndarray, memory: _Memory, name: str) -> np.ndarray:
    out = memory.empty((name, "product"), (*seen.shape[:-1], weights.shape[1]))
    width = seen.shape[-1]
    np.matmul(seen.reshape(-1, width), weights, out=out.reshape(-1, weights.shape[1]))
    return out


def _convolved(seen: np.ndarray, layer: list[np.ndarray], memory: _Memory, name: str) -> np.ndarray:
    """ReLU of a convolution, from its `windows`."""
    out = _product(seen, layer[0], memory, name)
    out += layer[1]
    return np.maximum(out, 0, out=out)


def _quarters(x: np.ndarray) -> list[np.ndarray]:
    """Views on the four pixels of each block of 2×2; an odd last row and column are left out."""
    height, width = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    return [x[:, down:height:2, across:width:2] for down in (0, 1) for across in (0, 1)]


def _pooled(x: np.ndarray) -> np.ndarray:
    """Maximum of each block of 2×2."""
    first, second, third, fourth = _quarters(x)
    return np.maximum(np.maximum(first, second), np.maximum(third, fourth))


def _to_largest(
    slope: np.ndarray, pooled: np.ndarray, x: np.ndarray, memory: _Memory, name: str
) -> np.ndarray:
    """Slope at `x`, a ReLU's output, from that at its `_pooled`: it goes where the maximum was."""
    slope = slope * (pooled > 0)
    out = memory.empty((name, "slope"), x.shape)
    out.fill(0)  # an odd last row and column have no part in it
    for part, place in zip(_quarters(x), _quarters(out), strict=True):
        np.multiply(slope, part == pooled, out=place)
    return out


def _to_inputs(slope: np.ndarray, weights: np.ndarray, memory: _Memory, name: str) -> np.ndarray:
    """Slope at the inputs of a convolution of step 1: one with the weights turned around."""
    size = _NEXT[0]
    turned = weights.reshape(size, size, -1, weights.shape[1])[::-1, ::-1].transpose(0, 1, 3, 2)
    seen = windows(slope, size, 1, memory, name)
    return _product(seen, turned.reshape(-1, turned.shape[-1]), memory, name)


def _to_layer(seen: np.ndarray, slope: np.ndarray) -> list[np.ndarray]:
    """Slope at weights and bias."""
    flat = slope.reshape(-1, slope.shape[-1])
    return [seen.reshape(-1, seen.shape[-1]).T @ flat, flat.sum(axis=0)]


def _ink(images: np.ndarray) -> np.ndarray:
    return images[..., None].astype(np.float32) / np.float32(255)


def _flat(layers: Layers, images: np.ndarray) -> np.ndarray:
    """What the hidden layer is given, (N, F) float32."""
    first, *others = layers[:-2]
    memory = _Memory()
    x = _convolved(windows(_ink(images), *_FIRST, memory), first, memory, "")
    for layer in others:
        x = _pooled(_convolved(windows(x, *_NEXT, memory), layer, memory, ""))
    return x.reshape(len(x), np.prod(x.shape[1:]))


def gradients(
    layers: Layers,
    images: np.ndarray,
    places: np.ndarray,
    kept: Sequence[np.ndarray],
    memory: _Memory,
) -> Layers:
    """Slope of the summed log loss at every weight (back-propagation).

    Parameters
    ----------
    layers : list of [weights, bias]
        Convolutions, hidden layer, output; float32.
    images : ndarray of shape (N, 28, 28), dtype uint8
    places : ndarray of shape (N,), dtype int
        True class, as its place among the outputs.
    kept : sequence of ndarray
        What the inputs of the hidden layer, (N, F), and of the output, (N, H), are multiplied
        with (dropout).
    memory : _Memory

    Returns
    -------
    list of [weights, bias]
    """
    *convolutions, hidden, last = layers
    seen = [windows(_ink(images), *_FIRST, memory, "first")]
    values = [_convolved(seen[0], convolutions[0], memory, "first")]
    inputs = [values[0]]
    for place, layer in enumerate(convolutions[1:]):
        seen.append(windows(inputs[-1], *_NEXT, memory, f"next {place}"))
        values.append(_convolved(seen[-1], layer, memory, f"next {place}"))
        inputs.append(_pooled(values[-1]))
    flat = inputs[-1].reshape(len(images), -1) * kept[0]
    middle = np.maximum(flat @ hidden[0] + hidden[1], 0)
    thinned = middle * kept[1]
    slope = softmax(thinned @ last[0] + last[1])
    slope[np.arange(len(images)), places] -= 1

    found = [_to_layer(thinned, slope)]
    slope = (slope @ last[0].T) * kept[1] * (middle > 0)
    found.append(_to_layer(flat, slope))
    slope = ((slope @ hidden[0].T) * kept[0]).reshape(inputs[-1].shape)
    for index in range(len(convolutions) - 1, 0, -1):
        slope = _to_largest(slope, inputs[index], values[index], memory, f"back {index}")
        found.append(_to_layer(seen[index], slope))
        slope = _to_inputs(slope, convolutions[index][0], memory, f"back {index}")
    slope *= values[0] > 0
    found.append(_to_layer(seen[0], slope))
    return found[::-1]


class _Learner:
    """Weights and what Adam keeps of their slopes."""

    def __init__(self, estimator: "AugmentedConvolutionalNetwork", classes: int, seed: int):
        self.seed, self.random = seed, np.random.default_rng(seed)
        self.batch, self.dropout, self.steps = estimator.batch_size, estimator.dropout, 0
        self.memory = _Memory()
        self.weights = self._fresh(estimator._shapes(classes))
        self.moments = [
            [[np.zeros_like(one) for one in layer] for layer in self.weights] for _ in _MOMENTS
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

    def epoch(self, X: np.ndarray, y: np.ndarray, rate: float, part: Part) -> None:
        _, places = np.unique(y, return_inverse=True)
        order, batch = self.random.permutation(len(X)), min(self.batch, len(X))
        # One BLAS thread in each of ours: small products don't pay for more.
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(cpu_count() or 1) as threads:
            starts = range(0, len(X) - batch + 1, batch)  # a smaller rest waits for its turn
            for group in range(0, len(starts), _TOLD):
                with part():
                    for start in starts[group : group + _TOLD]:
                        chosen = order[start : start + batch]
                        self._step(X[chosen], places[chosen], rate, threads)

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

        # Summed in their order: whichever core was first, the weights are the same.
        slopes, *others = threads.map(work, range(0, len(images), _PIECE))
        for other in others:
            for layer, more in zip(slopes, other, strict=True):
                for one, added in zip(layer, more, strict=True):
                    one += added
        self.steps += 1
        first, second = (1 - moment**self.steps for moment in _MOMENTS)
        step = np.float32(rate * np.sqrt(second) / first)
        for at, layer in enumerate(self.weights):
            for which, weights in enumerate(layer):
                slope = slopes[at][which]
                slope /= np.float32(len(images))
                mean, square = (moments[at][which] for moments in self.moments)
                mean += np.float32(1 - _MOMENTS[0]) * (slope - mean)
                square += np.float32(1 - _MOMENTS[1]) * (slope * slope - square)
                weights -= step * mean / (np.sqrt(square) + np.float32(_TINY))

    @property
    def layers(self) -> Layers:
        return [[one.copy() for one in layer] for layer in self.weights]


@trusted
class AugmentedConvolutionalNetwork(AugmentedEpochs, EpochClassifier):
    """Convolutional network on images that are warped anew every few epochs.

    A convolution of 5×5 in steps of 2, then convolutions of 3×3, each followed by the maximum over
    2×2 pixels, then one hidden layer; ReLU, dropout before both dense layers, softmax, log loss,
    Adam with a learning rate that falls. It sees pixels and learns its own features; see
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
        hidden=256,
        dropout=0.3,
        strength=1.0,
        reuse=1,
        max_iter=10,
        batch_size=128,
        learning_rate_init=2e-3,
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
        found = np.concatenate([_flat(layers, part) @ weights for part in parts])
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
        inputs = [_FIRST[0] ** 2, *(_NEXT[0] ** 2 * one for one in channels[:-1])]
        side = _SIDE >> (len(channels) - 1)
        inputs += [side * side * channels[-1], self.hidden]
        return list(zip(inputs, [*channels, self.hidden, classes], strict=True))

    def _parts(self, X) -> int:
        batches = len(X) // min(self.batch_size, len(X))
        return super()._parts(X) + -(-batches // _TOLD)

    def _learners(self, X, random) -> list[_Learner]:
        return [_Learner(self, len(self.classes_), random.randint(2**31))]

    def _features(self, X) -> list[np.ndarray]:
        return [np.asarray(X)]
