"""Nearest training images: exactly those that scikit-learn finds, among those trained on."""

import copy
import functools
from dataclasses import replace

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import Pipeline

import emnist_lab as lab
from emnist_lab.errors import RunError
from emnist_lab.evaluation import neighbours
from emnist_lab.evaluation.neighbours import (
    NearestNeighbours,
    feature_extractor,
    find_training_images,
)
from emnist_lab.models import memory
from emnist_lab.models.features import Pixels
from emnist_lab.models.recipe import Recipe

WIDTHS = {  # numbers that each classifier sees
    "hog-qda": 60,
    "hog-mlp": 100,
    "hog-neighbours": 60,
    "hog-lda": 9 * (49 + 16),
    "pixels-tree": 784,
    "whitened-logistic": 100,
    "warped-mlp": 250,
    "warped-blend": 300,
    "warped-cnn": 24,
}
QUICK = {
    "hog-qda": {"n_components": 60},
    "hog-mlp": {"max_iter": 1, "n_components": 100},
    "warped-mlp": {"max_iter": 1, "hidden_layer_sizes": (32,)},
    "warped-blend": {"max_iter": 1, "hidden_layer_sizes": (32,), "channels": (4,), "hidden": 8},
    "warped-cnn": {"max_iter": 1, "channels": (4, 8), "hidden": 24},
}


def own(*steps):
    """A recipe of one's own."""
    named = [(f"step{index}", step) for index, step in enumerate(steps)]
    return Recipe("own", "Own", "", "pixels", lambda seed: Pipeline(named), (("Fitting", 1.0),))


@pytest.fixture(scope="module")
def few(train):
    return train.choose("0123ABLQX")


@pytest.fixture(scope="module")
def fitted(few):
    @functools.cache
    def fit(name):
        return lab.fit(name, few, params=QUICK.get(name))

    return fit


@pytest.mark.parametrize("name", WIDTHS)
def test_finds_what_scikit_learn_finds(fitted, few, test, name):
    run = fitted(name)
    told = []
    made = NearestNeighbours(run, few, lambda *now: told.append(now))
    seen = np.asarray(feature_extractor(run)(few.images), np.float64)
    assert made.features.dtype == np.float32 and made.features.shape == seen.shape
    np.testing.assert_allclose(made.features, seen, atol=1e-4)
    assert told == [(1.0, f"{len(few):,} of {len(few):,} training images")]
    brute = NearestNeighbors(algorithm="brute").fit(np.float64(made.features))
    for image in test.images[:25]:
        wanted = np.float64(np.float32(feature_extractor(run)(image[None])))
        for count in (1, 5, 40):
            indices, distances = made.find(image, count)
            expected, order = brute.kneighbors(wanted, count)
            np.testing.assert_array_equal(indices, order[0])
            np.testing.assert_allclose(distances, expected[0], rtol=1e-6, atol=1e-4)
            assert indices.dtype == np.int64 and distances.dtype == np.float64


@pytest.mark.parametrize("name", WIDTHS)
def test_a_space_is_what_the_classifier_sees(fitted, few, name):
    run = fitted(name)
    seen = feature_extractor(run)(few.images[:7])
    assert seen.shape == (7, WIDTHS[name])
    if not name.startswith("warped"):
        np.testing.assert_allclose(
            run.model[-1].predict_proba(seen), run.model.predict_proba(few.images[:7]), atol=1e-6
        )


def test_networks_and_blends_show_what_their_first_and_weightiest_member_sees(fitted, few):
    images = few.images[:7]
    network = fitted("warped-mlp").model[-1]
    np.testing.assert_array_equal(
        feature_extractor(fitted("warped-mlp"))(images), network.features_[0].transform(images)
    )
    hidden = fitted("warped-cnn").model[-1].embed(images)
    np.testing.assert_array_equal(feature_extractor(fitted("warped-cnn"))(images), hidden)
    run = copy.deepcopy(fitted("warped-blend"))
    networks, convolution = run.model[-1].estimators_
    np.testing.assert_array_equal(
        feature_extractor(run)(images), networks.features_[0].transform(images)
    )
    run.model[-1].weights = [0.2, 0.8]
    np.testing.assert_array_equal(feature_extractor(run)(images), convolution.embed(images))


def test_near_ties_and_twins_are_told_apart_exactly(few):
    """Large norms and small differences: what float32 products alone can't order."""
    run = lab.fit(own(Pixels(), GaussianNB()), few)
    random = np.random.default_rng(5)
    base = random.integers(200, 256, (28, 28)).astype(np.uint8)
    images = np.repeat(base[None], 300, axis=0)
    for row, image in enumerate(images[:-2]):
        changed = random.choice(784, row % 30 + 1, replace=False)
        image.ravel()[changed] -= np.uint8(1)
    part = replace(few, images=images, labels=np.zeros(300, np.int64))
    made = NearestNeighbours(run, part)
    indices, distances = made.find(base, 40)
    exact = ((images.astype(np.int64) - base) ** 2).sum(axis=(1, 2))
    np.testing.assert_array_equal(indices, np.argsort(exact, kind="stable")[:40])
    np.testing.assert_allclose(distances**2, exact[indices], atol=1e-9)
    assert indices[:2].tolist() == [298, 299] and not distances[:2].any()
    # The quick formula alone gets them wrong, so the test can fail.
    rough = np.square(made.features).sum(1) - 2 * made.features @ base.ravel().astype(np.float32)
    assert not np.array_equal(np.argsort(rough, kind="stable")[:40], indices)


def test_batches_join_and_few_images_give_few(fitted, few, monkeypatch):
    run = fitted("hog-qda")
    whole = NearestNeighbours(run, few)
    monkeypatch.setattr(neighbours, "_BATCH", 37)
    told = []
    batched = NearestNeighbours(run, few, lambda share, words: told.append(share))
    np.testing.assert_allclose(batched.features, whole.features, atol=1e-4)
    assert len(told) == -(-len(few) // 37) and told == sorted(told) and told[-1] == 1
    assert sorted(batched.find(few.images[0], 10_000)[0]) == list(range(len(few)))
    index, distance = batched.find(few.images[100], 1)
    assert index.tolist() == [100] and distance[0] < 1e-3


def test_what_cannot_be_searched_is_refused(fitted, few, monkeypatch):
    run = fitted("hog-qda")
    made = NearestNeighbours(run, few)
    for wrong in (few.images[:1], few.images[0].astype(float), few.images[0, :20]):
        with pytest.raises(RunError, match="can't be looked for: send uint8"):
            made.find(wrong)
    with pytest.raises(ValueError, match="count must be 1"):
        made.find(few.images[0], 0)
    with pytest.raises(RunError, match="no images to look among"):
        NearestNeighbours(run, replace(few, images=few.images[:0], labels=few.labels[:0]))
    monkeypatch.setattr(memory, "available", lambda: 1000.0)
    with pytest.raises(RunError, match=r"need 0\.0 GB of memory.*fewer features"):
        NearestNeighbours(run, few)


def test_a_classifier_on_the_images_themselves_has_no_space_that_is_known(few):
    class OnImages(GaussianNB):
        def fit(self, X, y):
            return super().fit(X.reshape(len(X), -1), y)

        def predict_proba(self, X):
            return super().predict_proba(X.reshape(len(X), -1))

    run = lab.fit(own(OnImages()), few)
    assert feature_extractor(run) is None
    with pytest.raises(RunError, match=r"isn't known.*choose another run"):
        NearestNeighbours(run, few)


def test_a_damaged_model_is_refused(few):
    run = lab.fit("whitened-logistic", few)
    run.model.named_steps["pca"].components_ = np.full((100, 784), np.nan, np.float32)
    with pytest.raises(RunError, match="is damaged"):
        NearestNeighbours(run, few)
    run.model.named_steps["pca"].components_ = np.ones((100, 3), np.float32)
    with pytest.raises(RunError, match="is damaged"):
        NearestNeighbours(run, few)


def uneven(train):
    """A part whose rare classes' shares in a small sample are below one image."""
    kept = (train.labels < 3) | (np.arange(len(train)) < 300)
    return replace(train, images=train.images[kept], labels=train.labels[kept])


@pytest.mark.parametrize(
    ("at_hand", "draw"),
    [
        (None, lambda part: part.choose("OQ0")),
        (None, lambda part: part.sample(300, 7)),
        (None, lambda part: part.choose("ABC12").sample(60, 7)),
        (uneven, lambda part: part.sample(15, 7)),
    ],
    ids=["classes", "sample", "both", "more than asked for"],
)
def test_the_images_trained_on_are_drawn_again(train, at_hand, draw):
    part = at_hand(train) if at_hand else train
    wanted = draw(part)
    assert 0 < len(wanted) < len(part)
    if at_hand:  # as many as were drawn, asked for, would be others
        assert len(wanted) > 15
        assert part.sample(len(wanted), 7).fingerprint != wanted.fingerprint
    found = find_training_images(lab.fit("pixels-bayes", wanted, seed=7), part)
    assert found.fingerprint == wanted.fingerprint and found.classes == wanted.classes
    np.testing.assert_array_equal(found.images, wanted.images)
    np.testing.assert_array_equal(found.labels, wanted.labels)


def test_a_part_that_was_trained_on_whole_is_given_back(train):
    assert find_training_images(lab.fit("pixels-bayes", train), train) is train


def test_a_part_that_was_trained_on_with_more_is_given_back(train, test, tmp_path):
    run = lab.fit("pixels-bayes", train.joined(test)).save(folder=tmp_path)
    assert find_training_images(lab.open_run(run.folder), train) is train
    with pytest.raises(RunError, match="was not trained on images of"):
        find_training_images(run, train.joined(train))


def test_other_images_than_those_trained_on_are_refused(train, test):
    refusal = r"was not trained on images of .*: choose the dataset that it was trained on \(.*\)"
    whole = lab.fit("pixels-bayes", train)
    some = lab.fit("pixels-bayes", train.choose("OQ0").sample(30, 7), seed=7)
    for run in (whole, some):
        for part in (test, train.choose("12"), replace(train, images=train.images[::-1])):
            with pytest.raises(RunError, match=refusal):
                find_training_images(run, part)
    # The same sample by another seed is another.
    other = lab.fit("pixels-bayes", train.sample(200, 7), seed=8)
    with pytest.raises(RunError, match=refusal):
        find_training_images(other, train)
