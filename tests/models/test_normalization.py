"""Characters without their slant and proportions."""

import numpy as np
import pytest
from helpers import SEVEN

from emnist_lab.handwriting import ink
from emnist_lab.models.normalization import MomentNormalizer


def normalised(*images) -> np.ndarray:
    batch = np.stack(images)
    return MomentNormalizer().fit(batch).transform(batch)


def drawn(strokes, wide=1.0, slant=0.0) -> np.ndarray:
    return ink.from_strokes([[(x * wide - y * slant, y) for x, y in one] for one in strokes])


@pytest.mark.parametrize("change", [{"slant": 0.25}, {"slant": -0.25}, {"wide": 0.8}])
def test_slanted_and_narrow_hands_come_closer(change):
    plain, other = drawn(SEVEN), drawn(SEVEN, **change)
    before = np.abs(plain.astype(int) - other).mean()
    same, like = normalised(plain, other)
    assert np.abs(same.astype(int) - like).mean() < 0.9 * before


def test_the_middle_of_the_ink_comes_to_the_middle():
    image = np.zeros((28, 28), np.uint8)
    image[3:15, 2:9] = 200
    ink_ = normalised(image)[0].astype(float)
    at = np.arange(28)
    for axis in (0, 1):
        assert (ink_.sum(axis=axis) @ at) / ink_.sum() == pytest.approx(13.5, abs=0.2)


def test_narrow_stays_narrower_than_wide():
    bar = ink.from_strokes([[(0, 0), (0, 200)]])
    upright = normalised(bar)[0] > 60
    assert upright.any(axis=1).sum() > 1.5 * upright.any(axis=0).sum()


def test_empty_and_full_images_are_taken():
    empty, full = normalised(np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8))
    assert empty.max() == 0 and full.dtype == np.uint8 and full[14, 14] == 255


def test_many_images_are_what_each_is_alone(train):
    some = train.images[:600]
    alone = np.concatenate([normalised(image) for image in some[::97]])
    np.testing.assert_array_equal(normalised(*some)[::97], alone)


def test_an_image_is_normalised_alike_in_any_batch(train):
    whole = normalised(*train.images)
    for size in (1, 7, 100):
        parts = [normalised(*train.images[at : at + size]) for at in range(0, 600, size)]
        np.testing.assert_array_equal(np.concatenate(parts)[:600], whole[:600])
