"""What a convolutional network makes of images, and the slope of its loss at every weight.

Images lie in memory as (N, height, width, channels), so that the inputs of one output pixel are
runs of neighbouring numbers: a convolution is one copy and one matrix product.
"""

import math
import threading
from collections.abc import Sequence

import numpy as np

from .epoch_training import softmax

# Side of the window and its step: of the first convolution, and of the others.
FIRST, NEXT = (5, 2), (3, 1)

Layers = list[list[np.ndarray]]


class Memory(threading.local):
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
    x: np.ndarray, size: int, step: int, memory: Memory | None = None, name: str = ""
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
    memory = memory or Memory()
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


def _product(seen: np.ndarray, weights: np.ndarray, memory: Memory, name: str) -> np.ndarray:
    out = memory.empty((name, "product"), (*seen.shape[:-1], weights.shape[1]))
    width = seen.shape[-1]
    np.matmul(seen.reshape(-1, width), weights, out=out.reshape(-1, weights.shape[1]))
    return out


def _convolved(seen: np.ndarray, layer: list[np.ndarray], memory: Memory, name: str) -> np.ndarray:
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
    slope: np.ndarray, pooled: np.ndarray, x: np.ndarray, memory: Memory, name: str
) -> np.ndarray:
    """Slope at `x`, a ReLU's output, from that at its `_pooled`: it goes where the maximum was."""
    slope = slope * (pooled > 0)
    out = memory.empty((name, "slope"), x.shape)
    out.fill(0)  # an odd last row and column have no part in it
    for part, place in zip(_quarters(x), _quarters(out), strict=True):
        np.multiply(slope, part == pooled, out=place)
    return out


def _to_inputs(slope: np.ndarray, weights: np.ndarray, memory: Memory, name: str) -> np.ndarray:
    """Slope at the inputs of a convolution of step 1: one with the weights turned around."""
    size = NEXT[0]
    turned = weights.reshape(size, size, -1, weights.shape[1])[::-1, ::-1].transpose(0, 1, 3, 2)
    seen = windows(slope, size, 1, memory, name)
    return _product(seen, turned.reshape(-1, turned.shape[-1]), memory, name)


def _to_layer(seen: np.ndarray, slope: np.ndarray) -> list[np.ndarray]:
    """Slope at weights and bias."""
    flat = slope.reshape(-1, slope.shape[-1])
    return [seen.reshape(-1, seen.shape[-1]).T @ flat, flat.sum(axis=0)]


def _ink(images: np.ndarray) -> np.ndarray:
    return images[..., None].astype(np.float32) / np.float32(255)


def flat_features(layers: Layers, images: np.ndarray) -> np.ndarray:
    """What the hidden layer is given, (N, F) float32."""
    first, *others = layers[:-2]
    memory = Memory()
    x = _convolved(windows(_ink(images), *FIRST, memory), first, memory, "")
    for layer in others:
        x = _pooled(_convolved(windows(x, *NEXT, memory), layer, memory, ""))
    return x.reshape(len(x), np.prod(x.shape[1:]))


def gradients(
    layers: Layers,
    images: np.ndarray,
    places: np.ndarray,
    kept: Sequence[np.ndarray],
    memory: Memory,
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
    memory : Memory

    Returns
    -------
    list of [weights, bias]
    """
    *convolutions, hidden, last = layers
    seen = [windows(_ink(images), *FIRST, memory, "first")]
    values = [_convolved(seen[0], convolutions[0], memory, "first")]
    inputs = [values[0]]
    for place, layer in enumerate(convolutions[1:]):
        seen.append(windows(inputs[-1], *NEXT, memory, f"next {place}"))
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
