"""Representations, held against a plain implementation pixel by pixel."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier

from emnist_lab.models.augmentation import augment, sample
from emnist_lab.models.features import HOG, InkDensity, Pixels, ScaledPixels
from emnist_lab.models.forest import ExtraTreesWithProgress


def plain_hog(image, cell=4, directions=9, sharpness=16, damping=0.1):
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


def test_two_scales_are_the_two_side_by_side(test):
    images = test.images[:20]
    both = HOG(cell=(4, 7)).fit_transform(images)
    alone = [HOG(cell=cell).fit_transform(images) for cell in (4, 7)]
    np.testing.assert_allclose(both, np.hstack(alone), atol=1e-6)
    assert both.shape == (20, HOG(cell=(4, 7)).fit(images).n_features_out_)


def test_scaled_pixels(test):
    flat = ScaledPixels().fit_transform(test.images)
    assert flat.dtype == np.float32 and flat.min() == 0 and flat.max() == 1
    np.testing.assert_allclose(flat, Pixels().fit_transform(test.images) / 255, rtol=1e-6)


def test_ink_is_the_mean_of_blocks(test):
    found = InkDensity(4).fit_transform(test.images)
    assert found.shape == (len(test), 49) and found.dtype == np.float32
    assert found[3, 8] == pytest.approx(test.images[3, 4:8, 4:8].mean() / 255, rel=1e-5)
    with pytest.raises(ValueError, match="divide"):
        InkDensity(5).fit(test.images)


def plain_warp(image, x, y):
    """Bilinear sampling, one pixel at a time."""
    side = len(image)
    out = np.zeros((side, side))
    for row in range(side):
        for column in range(side):
            a, b = (min(max(v, 0), side - 1.001) for v in (x[row, column], y[row, column]))
            i, j = int(a), int(b)
            u, v = a - i, b - j
            grey = image.astype(float)
            above = grey[j, i] * (1 - u) + grey[j, i + 1] * u
            below = grey[j + 1, i] * (1 - u) + grey[j + 1, i + 1] * u
            out[row, column] = above * (1 - v) + below * v
    return out


def test_a_warp_bends_a_little_and_is_seeded(train):
    images = train.images[:600]
    once, again, other = augment(images, 5), augment(images, 5), augment(images, 6)
    np.testing.assert_array_equal(once, again)
    assert once.dtype == np.uint8 and once.shape == images.shape
    assert (once != other).any(axis=(1, 2)).mean() > 0.99
    np.testing.assert_array_equal(augment(images, 5, 0), images)
    np.testing.assert_array_equal(augment(images[:300], 5)[:256], once[:256])
    # what was in the middle stays there, and no two are bent alike
    moved = np.abs(once.astype(float) - images).mean()
    assert 5 < moved < 60
    weak = np.abs(augment(images, 5, 0.3).astype(float) - images).mean()
    assert weak < moved
    for bad in (-1, np.nan):
        with pytest.raises(ValueError, match="strength"):
            augment(images, 1, bad)


def test_a_warp_samples_bilinearly(train):
    image = train.images[0]
    down, across = np.mgrid[:28, :28].astype(float)
    x, y = across * 0.9 + 1.3 + down * 0.05, down * 1.05 - 0.7
    sampled = sample(image[None], x[None].astype(np.float32), y[None].astype(np.float32))[0]
    np.testing.assert_allclose(sampled, plain_warp(image, x, y), atol=0.51)  # rounded


def test_the_forest_is_scikit_learn_s(train):
    flat = ScaledPixels().fit_transform(train.images)
    params = {"n_estimators": 12, "max_leaf_nodes": 40, "random_state": 3}
    ours = ExtraTreesWithProgress(**params).fit(flat, train.labels)
    theirs = ExtraTreesClassifier(**params).fit(flat, train.labels)
    np.testing.assert_array_equal(ours.predict_proba(flat), theirs.predict_proba(flat))
    assert ours.get_params() == theirs.get_params()
