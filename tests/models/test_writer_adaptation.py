"""A classifier that learns one hand: what it learns, what it leaves alone, when it falls back."""

import numpy as np
import pytest
from helpers import glyph
from sklearn.base import BaseEstimator, ClassifierMixin

from emnist_lab.models.writer_adaptation import MOST_PER_CLASS, WriterAdaptedClassifier

CHARACTERS = "ABEHKMRSTXZ247"


class Unsure(ClassifierMixin, BaseEstimator):
    """Says the same of every image: all it is asked for comes from the drawings."""

    def __init__(self, probabilities):
        self.probabilities = np.asarray(probabilities, float)
        self.classes_ = np.arange(len(self.probabilities))

    def predict_proba(self, X):
        return np.tile(self.probabilities / self.probabilities.sum(), (len(X), 1))


def drawn(characters, each=1, seed=0):
    """Images (N, 1, 28, 28) of printed characters, and their places in `CHARACTERS`."""
    random = np.random.default_rng(seed)
    images = [glyph(one, random) for one in characters for _ in range(each)]
    labels = [CHARACTERS.index(one) for one in characters for _ in range(each)]
    return np.stack(images)[:, None], np.array(labels)


@pytest.fixture(scope="module")
def base():
    return Unsure(np.ones(len(CHARACTERS)))


def accuracy(model, images, labels):
    return (model.predict(images[:, 0]) == labels).mean()


def test_one_drawing_of_each_teaches_a_base_that_knows_nothing(base):
    model = WriterAdaptedClassifier(base).fit(*drawn(CHARACTERS, 3))
    images, labels = drawn(CHARACTERS, 10, seed=1)
    found = model.predict_proba(images[:, 0])
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)
    assert accuracy(model, images, labels) > 0.5  # guessing: 0.07


def test_classes_without_a_drawing_keep_their_probability_all_but(base):
    model = WriterAdaptedClassifier(base).fit(*drawn("AB", 2))
    images, _ = drawn("KMX", 5, seed=1)
    found = model.predict_proba(images[:, 0])
    others = [CHARACTERS.index(one) for one in "KMX"]
    even = 1 / len(CHARACTERS)
    np.testing.assert_allclose(found[:, others], even, rtol=0.2)
    assert found[:, :2].sum(axis=1) == pytest.approx(2 * even, rel=0.8)


def test_the_base_decides_where_drawings_are_alike():
    sure = Unsure(np.where(np.arange(len(CHARACTERS)) == 3, 40, 1))
    images, labels = drawn("HK", seed=4)
    both = np.concatenate([images, images[::-1]])  # each image has both labels
    model = WriterAdaptedClassifier(sure).fit(both, np.tile(labels, 2))
    assert set(model.predict(images[:, 0])) == {3}


def test_labels_that_the_base_contradicts_are_taken_for_wrong():
    """Of a base that is right and sure, shuffled labels teach nothing."""
    images, labels = drawn(CHARACTERS, 2)

    class Right(Unsure):
        def predict_proba(self, X):
            known = {one.tobytes(): label for one, label in zip(images[:, 0], labels, strict=True)}
            out = np.full((len(X), len(CHARACTERS)), 1e-6)
            for row, image in enumerate(X):
                out[row, known[image.tobytes()]] = 1
            return out / out.sum(axis=1, keepdims=True)

    base = Right(np.ones(len(CHARACTERS)))
    wrong = np.roll(labels, 5)
    model = WriterAdaptedClassifier(base).fit(images, wrong)
    assert model.wrong_labels_ > 0.7
    assert accuracy(model, images, labels) == 1
    right = WriterAdaptedClassifier(base).fit(images, labels)
    assert right.wrong_labels_ < 0.05 < right.reliability_.min()


def test_leave_one_out_weighs_the_evidence(base):
    images, labels = drawn(CHARACTERS, 3)
    helped = WriterAdaptedClassifier(base).fit(images, labels)
    before, after = helped.leave_one_out()
    assert (after.argmax(axis=1) == labels).mean() > (before.argmax(axis=1) == labels).mean()
    assert helped.scale_ >= 1
    noise = np.random.default_rng(0).integers(0, 255, images.shape).astype(np.uint8)
    assert WriterAdaptedClassifier(base).fit(noise, labels).scale_ < helped.scale_
    once = WriterAdaptedClassifier(base).fit(*drawn(CHARACTERS))
    assert once.scale_ == 1 and not once.repeated_.any()


def test_only_the_last_of_many_are_kept(base):
    images, labels = drawn("AB", MOST_PER_CLASS + 3)
    model = WriterAdaptedClassifier(base).fit(images, labels)
    assert np.bincount(model.labels_).tolist() == [MOST_PER_CLASS] * 2
    assert model.kept_.tolist() == [*range(3, 13), *range(16, 26)]
    assert np.allclose(np.diag(model.similarities()), 1, atol=1e-5)


def test_a_class_that_the_base_does_not_know_is_refused(base):
    images, _ = drawn("AB")
    with pytest.raises(ValueError, match="isn't one of the base's classes"):
        WriterAdaptedClassifier(base).fit(images, [0, 99])


def test_a_temperature_makes_the_base_less_sure():
    images, labels = drawn(CHARACTERS)
    sure = Unsure(np.arange(1, len(CHARACTERS) + 1) ** 3)
    own, flat = (
        WriterAdaptedClassifier(sure, one).fit(images, labels).leave_one_out()[0] for one in (1, 5)
    )
    np.testing.assert_allclose(own, sure.predict_proba(images))
    assert flat.max() < own.max()
