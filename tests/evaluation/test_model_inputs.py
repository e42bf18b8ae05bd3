"""Pictures of what classifiers are given."""

import numpy as np
import pytest

from emnist_lab.evaluation import model_inputs
from emnist_lab.models import augmentation
from emnist_lab.models.features import HOG


@pytest.fixture(scope="module")
def bar():
    """An upright bar of ink."""
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 12:16] = 255
    return image


@pytest.mark.parametrize(("cell", "directions"), [(4, 9), (7, 4)])
def test_edges_are_the_features_by_place_and_direction(bar, cell, directions):
    found = model_inputs.oriented_edges(bar, cell, directions)
    features = HOG(cell=cell, directions=directions).fit_transform(bar[None])[0]
    count = 28 // cell
    for direction, row, column in ((0, 1, 2), (directions - 1, count - 1, 0)):
        place = (direction * count + row) * count + column
        assert found[row, column, direction] == features[place]


def test_glyphs_run_along_the_edges(bar):
    upright, lying = (
        model_inputs.edge_glyphs(model_inputs.oriented_edges(one)) for one in (bar, bar.T)
    )
    assert upright.shape == (168, 168) and upright.dtype == np.uint8
    middle = slice(72, 96)  # the middle row of cells: edges of the bar's sides, which run down
    assert upright[middle].max(axis=0).sum() < upright[middle].max(axis=1).sum()
    assert lying[:, middle].max(axis=0).sum() > lying[:, middle].max(axis=1).sum()


def test_a_blank_image_has_no_glyphs():
    blank = np.zeros((28, 28), np.uint8)
    picture = model_inputs.edge_glyphs(model_inputs.oriented_edges(blank))
    assert picture.max() < 256 and not picture[:, 0].any()


def test_variants_are_those_of_training(bar):
    found = model_inputs.warped_variants(bar, 2, seed=3)
    assert np.array_equal(found, augmentation.augment(np.stack([bar, bar]), 3))
    assert not np.array_equal(found[0], found[1])


def test_an_upright_image_has_lost_its_slant(bar):
    slanted = np.stack([np.roll(row, (14 - y) // 4) for y, row in enumerate(bar)])
    rows = np.flatnonzero(slanted.any(axis=1))
    found = model_inputs.upright(slanted)
    centres = [np.average(np.arange(28), weights=found[y]) for y in np.flatnonzero(found.any(1))]
    before = [np.average(np.arange(28), weights=slanted[y]) for y in rows]
    assert np.ptp(centres) < 0.5 * np.ptp(before)
