"""The convolutional network: its slopes, its sameness on any number of cores, what it learns."""

import numpy as np
import pytest

from emnist_lab.models import convolution
from emnist_lab.models.backpropagation import Memory, flat_features, gradients, windows
from emnist_lab.models.convolution import AugmentedConvolutionalNetwork


@pytest.fixture
def random():
    return np.random.default_rng(7)


def small(**more):
    more = {"channels": (4, 6), "hidden": 16, "max_iter": 1, "random_state": 3, **more}
    return AugmentedConvolutionalNetwork(**more)


@pytest.mark.parametrize(("size", "step"), [(5, 2), (3, 1)])
def test_a_convolution_is_the_textbook_s(random, size, step):
    x = random.random((2, 7, 6, 3), np.float32)
    weights = random.random((size, size, 3, 4), np.float32)
    found = windows(x, size, step) @ weights.reshape(-1, 4)
    edge = size // 2
    around = np.pad(x, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
    for image, row, column in np.ndindex(found.shape[:3]):
        down, across = row * step, column * step
        seen = around[image, down : down + size, across : across + size]
        expected = np.einsum("ijc,ijco->o", seen, weights)
        np.testing.assert_allclose(found[image, row, column], expected, rtol=1e-5)


def test_slopes_are_those_of_the_loss(random):
    """Along random directions, small enough that few maxima and few ReLUs change sides."""
    estimator = small(channels=(4, 6, 8))
    layers = convolution._Learner(estimator, 5, seed=1).layers
    images = random.integers(0, 256, (8, 28, 28)).astype(np.uint8)
    labels = np.arange(8) % 5
    kept = (
        (random.random((8, 72)) > 0.3).astype(np.float32),
        (random.random((8, 16)) > 0.3).astype(np.float32),
    )
    slopes = gradients(layers, images, labels, kept, Memory())

    def loss(at: float, which: int, direction: np.ndarray) -> float:
        moved = [list(layer) for layer in layers]
        moved[which][0] = layers[which][0] + np.float32(at) * direction
        flat = flat_features(moved, images) * kept[0]
        middle = np.maximum(flat @ moved[-2][0] + moved[-2][1], 0) * kept[1]
        values = (middle @ moved[-1][0] + moved[-1][1]).astype(np.float64)
        values -= np.log(np.exp(values).sum(axis=1, keepdims=True))
        return -values[np.arange(8), labels].sum()

    for which, (slope, _) in enumerate(slopes):
        direction = slope / np.linalg.norm(slope)
        found = (loss(5e-3, which, direction) - loss(-5e-3, which, direction)) / 1e-2
        assert found == pytest.approx(np.linalg.norm(slope), rel=0.05), which


def test_cores_change_nothing(monkeypatch, train):
    found = []
    for cores in (1, 3):
        monkeypatch.setattr(convolution, "cpu_count", lambda cores=cores: cores)
        model = small().fit(train.images[:400], train.labels[:400])
        found.append(model.predict_proba(train.images[:50]))
    np.testing.assert_array_equal(*found)


def test_an_image_is_read_alike_in_any_batch(train):
    model = small().fit(train.images[:400], train.labels[:400])
    many = model.predict_proba(train.images[:300])
    assert many.dtype == np.float32 and many.shape == (300, 47)
    np.testing.assert_allclose(model.predict_proba(train.images[:1])[0], many[0], rtol=1e-4)
    assert model.embed(train.images[:3]).shape == (3, 16)
    assert model.predict_proba(train.images[:0]).shape == (0, 47)


@pytest.mark.parametrize("channels", [(6,), (4, 4, 4, 4)])
def test_one_to_four_convolutions(train, channels):
    model = small(channels=channels).fit(train.images[:200], train.labels[:200])
    assert len(model.networks_[0]) == len(channels) + 2
    assert np.isfinite(model.predict_proba(train.images[:5])).all()


def test_the_learning_rate_rises_then_falls_within_epochs_too(monkeypatch, train):
    seen = []
    step = convolution._Learner._step

    def noted(learner, images, places, rate, threads):
        seen.append(rate)
        step(learner, images, places, rate, threads)

    monkeypatch.setattr(convolution._Learner, "_step", noted)
    model = small(max_iter=2, batch_size=20, learning_rate_init=0.01)
    model.fit(train.images[:200], train.labels[:200])
    peak = seen.index(max(seen))
    assert len(seen) == 20 and peak == 6 and seen[peak] == pytest.approx(0.01)
    assert seen[0] == 0 and seen[-1] < 0.001
    assert np.all(np.diff(seen[: peak + 1]) > 0) and np.all(np.diff(seen[peak:]) < 0)
