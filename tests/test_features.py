"""Representations, held against a plain implementation pixel by pixel."""

import numpy as np
import pytest
from sklearn.base import clone

from emnist_lab.features import HOG, Pixels


def plain_hog(image, cell=4, directions=9, sharpness=8, damping=0.1):
    """The docstring's definition, one pixel and one cell at a time, in double precision."""
    side = len(image)
    cells = side // cell
    histogram = np.zeros((directions, cells, cells))
    grey = image / 255
    for y in range(side):
        for x in range(side):
            dx = grey[y, x + 1] - grey[y, x - 1] if 0 < x < side - 1 else 0.0
            dy = grey[y + 1, x] - grey[y - 1, x] if 0 < y < side - 1 else 0.0
            length = np.hypot(dx, dy)
            angle = np.arctan2(dy, dx)
            for direction in range(directions):
                t = np.pi * direction / directions
                value = length * abs(np.cos(angle - t)) ** sharpness
                for row in range(cells):
                    for column in range(cells):
                        down = 1 - abs(y - ((row + 0.5) * cell - 0.5)) / cell
                        across = 1 - abs(x - ((column + 0.5) * cell - 0.5)) / cell
                        if down > 0 and across > 0:
                            histogram[direction, row, column] += value * down * across
    out = np.zeros_like(histogram)
    energy = (histogram**2).sum(axis=0)
    for row in range(cells):
        for column in range(cells):
            around = energy[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2].sum()
            out[:, row, column] = np.sqrt(histogram[:, row, column] / np.sqrt(around + damping))
    return out.ravel()


@pytest.mark.parametrize(
    "parameters", [{}, {"cell": 7, "directions": 5, "sharpness": 2, "damping": 0.01}]
)
def test_hog_is_what_its_docstring_says(test, parameters):
    images = test.images[[0, 50, 100]]
    fast = HOG(**parameters).fit(images).transform(images)
    assert fast.dtype == np.float32
    for image, row in zip(images, fast, strict=True):
        np.testing.assert_allclose(row, plain_hog(image, **parameters), atol=2e-4)


def test_batches_do_not_matter(train):
    hog = HOG()
    together = hog.fit_transform(train.images[:700])
    assert together.shape == (700, hog.n_features_out_)
    np.testing.assert_array_equal(together, hog.transform(train.images[:700]))
    np.testing.assert_allclose(together[300:301], hog.transform(train.images[300:301]), atol=1e-6)


def test_blank_images_are_all_zero():
    blank = HOG().fit_transform(np.zeros((2, 28, 28), np.uint8))
    assert np.isfinite(blank).all() and blank.max() < 1e-2


@pytest.mark.parametrize(("name", "value"), [("sharpness", 3), ("cell", 0), ("cell", 29)])
def test_parameters_are_checked(test, name, value):
    with pytest.raises(ValueError, match=name):
        HOG(**{name: value}).fit(test.images)


def test_pixels_are_the_reference_s(test):
    flat = Pixels().fit_transform(test.images)
    assert flat.dtype == np.float64 and flat.shape == (len(test), 784)
    np.testing.assert_array_equal(flat[3].reshape(28, 28), test.images[3])


def test_scikit_learn_can_clone_them():
    assert clone(HOG(cell=7)).cell == 7
    clone(Pixels())
