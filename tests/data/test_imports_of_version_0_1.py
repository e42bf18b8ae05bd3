"""A dataset that version 0.1 imported is read."""

import numpy as np

import emnist_lab as lab
from emnist_lab.data import user_datasets


def test_a_dataset_that_version_0_1_imported_is_read(old_home):
    assert "few" in user_datasets.names()
    whole, train, test = (
        lab.load("balanced", part, root)
        for part, root in (("test", "demo"), ("train", "few"), ("test", "few"))
    )
    assert (len(train), len(test)) == (10, 2)
    assert {train.classes[label] for label in train.labels} == {"0", "A"}
    for image in np.concatenate([train.images, test.images]):
        assert (whole.images == image).all(axis=(1, 2)).any()
