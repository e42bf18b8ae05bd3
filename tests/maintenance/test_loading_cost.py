"""Loading holds one copy of the images, however many there are."""

import sys

import numpy as np
import pytest

import emnist_lab as lab
from emnist_lab.data.splits import OFFICIAL
from emnist_lab.errors import LabError
from emnist_lab.maintenance import loading_cost

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@linux
def test_files_as_large_as_official_ones(folder, tmp_path):
    loading_cost.write_official_size_copy("digits", "test", folder, tmp_path)
    data, some = lab.load("digits", "test", tmp_path), lab.load("digits", "test", folder)
    assert len(data) == OFFICIAL["digits"][1]
    np.testing.assert_array_equal(data.images[: len(some)], some.images)
    np.testing.assert_array_equal(data.labels[-3:], np.resize(some.labels, len(data))[-3:])
    measured = loading_cost.measure_loading("digits", "test", tmp_path)
    assert measured["images"] == len(data)
    # 31 MB of images beside some 40 MB that any loading takes: a second copy would show
    held = measured["peak_of_first / array"] * measured["array_MB"]
    assert held < measured["array_MB"] + 60


@linux
def test_what_cannot_be_loaded_is_one_sentence(tmp_path):
    with pytest.raises(LabError, match="holds no dataset that is known"):
        loading_cost.measure_loading("digits", "test", tmp_path)


@linux
def test_loading_real_images_holds_one_copy(real):
    measured = loading_cost.measure_loading("bymerge", "train", real)
    assert measured["peak_of_first / array"] <= 1.3
