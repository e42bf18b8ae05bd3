"""The steps from a drawing to its image are those that the image is made by."""

import numpy as np
import pytest

from emnist_lab.errors import InkError
from emnist_lab.handwriting import ink, ink_steps

SEVEN = [[(60, 60), (200, 60), (110, 230)]]


@pytest.fixture(scope="module")
def seven():
    return {step.key: step.pixels for step in ink_steps.from_strokes(SEVEN)}


def test_they_end_in_the_image_that_models_see(seven):
    assert list(seven) == ["ink", "blur", "crop", "centre", "shrink", "scale"]
    assert (seven["scale"] == ink.from_strokes(SEVEN)).all()
    assert all(one.dtype == np.uint8 for one in seven.values())


def test_each_does_what_it_says(seven):
    assert seven["ink"].shape == seven["blur"].shape
    edges = [np.unique(seven[key]).size for key in ("ink", "blur")]
    assert edges[0] < edges[1]  # hard edges, then soft ones
    assert (seven["crop"][:, [0, -1]].any(axis=0)).all() and seven["crop"][[0, -1]].any(
        axis=1
    ).all()
    height, width = seven["centre"].shape
    assert height == width == round(max(seven["crop"].shape) * 28 / 24)
    rows, columns = (np.flatnonzero(seven["centre"].any(axis=axis)) for axis in (1, 0))
    for found in (rows, columns):  # as far from the one edge as from the other
        assert abs(found[0] - (height - 1 - found[-1])) <= 1
    assert seven["shrink"].shape == seven["scale"].shape == (28, 28)
    assert seven["scale"].max() == 255


def test_neither_place_nor_size_nor_pen_changes_a_step_much(seven):
    small = [[(x / 4 + 180, y / 4 + 190) for x, y in SEVEN[0]]]
    for step in ink_steps.from_strokes(small, 12):
        assert step.pixels.shape == pytest.approx(seven[step.key].shape, abs=1)
    assert np.abs(step.pixels.astype(int) - seven["scale"]).mean() < 1


def test_a_drawing_that_cannot_be_read_has_no_steps():
    with pytest.raises(InkError, match="single dot"):
        ink_steps.from_strokes([[(5, 5)]])
