"""Maps: PCA, LDA, t-SNE, and the draw of the images that they show."""

import numpy as np
import pytest
from helpers import data
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.manifold import TSNE, trustworthiness
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits

from emnist_lab.callbacks import Cancelled
from emnist_lab.errors import DatasetError
from emnist_lab.evaluation import _tsne, embedding
from emnist_lab.evaluation._tsne import WatchedTSNE
from emnist_lab.evaluation.embedding import project, sample_of
from emnist_lab.metrics.report import Report


@pytest.fixture(scope="module")
def digits(test):
    """Pixels and labels of the printed digits."""
    own = test.labels < 10
    return test.images[own].reshape(-1, 784) / 255, test.labels[own]


def blobs(count, classes, dimensions=12, seed=4, apart=3.0):
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    return random.normal(size=(classes, dimensions))[labels] * apart + random.normal(
        size=(count, dimensions)
    ), labels


def same_up_to_sign(a, b):
    return all(
        np.allclose(x, y, atol=1e-6) or np.allclose(x, -y, atol=1e-6)
        for x, y in zip(a.T, b.T, strict=True)
    )


@pytest.mark.parametrize("shape", [(60, 20), (10, 300), (4, 784)])
def test_pca_is_scikit_learns(shape):
    features = np.random.default_rng(1).normal(size=shape) * np.linspace(3, 1, shape[1])
    reference = PCA(2, svd_solver="full").fit(features)
    made = project(features, np.zeros(len(features)), "PCA")
    assert made.points.shape == (len(features), 2) and made.points.dtype == np.float64
    assert same_up_to_sign(made.points, reference.transform(features))
    assert f"{reference.explained_variance_ratio_.sum():.0%}" in made.note


def test_lda_tells_classes_apart_better_than_pca(digits):
    features, labels = digits
    pca, lda = (project(features, labels, method).points for method in ("PCA", "LDA"))
    assert silhouette_score(lda, labels) > silhouette_score(pca, labels) + 0.1
    # More features than images: without shrinkage every class would be a single point.
    within = np.mean([lda[labels == one].std() for one in np.unique(labels)])
    assert within > 0.02 * lda.std()


def test_lda_is_scikit_learns_where_images_are_many():
    features, labels = blobs(4_000, 5, dimensions=8, apart=0.7)
    features[:, :3] *= 2
    reference = LinearDiscriminantAnalysis(n_components=2).fit(features, labels)
    theirs, ours = reference.transform(features), project(features, labels, "LDA").points
    for axis in range(2):
        assert abs(np.corrcoef(theirs[:, axis], ours[:, axis])[0, 1]) > 0.999


def test_lda_of_two_classes_has_a_second_axis():
    features, labels = blobs(80, 2)
    made = project(features, labels, "LDA")
    across, up = made.points.T
    low, high = sorted((across[labels == 0], across[labels == 1]), key=np.mean)
    assert low.max() < high.min()  # one direction tells them apart without an error
    # The second axis is orthogonal to the first, and the longest that is.
    basis, *_ = np.linalg.lstsq(features - features.mean(0), made.points, rcond=None)
    assert abs(basis[:, 0] @ basis[:, 1]) < 1e-6
    first = basis[:, 0] / np.linalg.norm(basis[:, 0])
    centred = features - features.mean(0)
    residual = centred - np.outer(centred @ first, first)
    assert up.var() == pytest.approx(np.linalg.svd(residual, compute_uv=False)[0] ** 2 / 80)
    assert "Two classes" in made.note


def test_tsne_keeps_neighbours_and_is_repeated():
    features, labels = blobs(150, 6, dimensions=80)
    told = []
    made = project(features, labels, "t-SNE", seed=3, progress=lambda *now: told.append(now))
    assert trustworthiness(features, made.points, n_neighbors=8) > 0.8
    assert silhouette_score(made.points, labels) > 0.5
    assert list(dict.fromkeys(words for _, words in told)) == [
        "Principal components",
        "t-SNE of 150 images",
    ]
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and len(shares) > 250 and 0.2 < shares[-1] < 1
    assert "first 50 principal components" in made.note and made.seed == 3
    assert np.array_equal(project(features, labels, "t-SNE", seed=3).points, made.points)


@pytest.mark.parametrize("count", [40, 150])
def test_tsne_is_scikit_learns(count):
    features, _ = blobs(count, 6)
    settings = {"perplexity": 12.0, "init": "pca", "random_state": 5}
    with threadpool_limits(1, "openmp"):
        reference = TSNE(**settings)
        points = reference.fit_transform(features)
        made = WatchedTSNE(**settings)
        assert np.array_equal(made.fit_transform(features), points)
    assert (made.n_iter_, made.kl_divergence_) == (reference.n_iter_, reference.kl_divergence_)


def test_without_the_known_private_parts_the_points_are_the_same(monkeypatch):
    assert _tsne.has_known_parts()  # of the scikit-learn that is installed
    features, labels = blobs(60, 4)
    expected = project(features, labels, "t-SNE").points
    with monkeypatch.context() as patched:
        patched.delattr("sklearn.manifold._t_sne._kl_divergence_bh")
        assert not _tsne.has_known_parts()
    monkeypatch.setattr(_tsne, "_KNOWN", False)
    told = []
    made = project(features, labels, "t-SNE", progress=lambda *now: told.append(now))
    assert np.array_equal(made.points, expected)
    assert {share for share, _ in told} == {0.0}


def test_tsne_ends_where_it_is_told_to():
    features, labels = blobs(100, 4)
    told = []

    def stop(share, words):
        told.append(share)
        if share > 0.1:
            raise Cancelled

    with pytest.raises(Cancelled):
        project(features, labels, "t-SNE", progress=stop)
    assert 100 < len(told) < 110  # of 1,000 iterations


@pytest.mark.parametrize("count", [4, 5, 20])
@pytest.mark.parametrize("method", embedding.METHODS)
def test_few_images(method, count):
    features, labels = blobs(count, 3, dimensions=100)
    made = project(features, labels, method)
    assert made.points.shape == (count, 2) and np.isfinite(made.points).all()


def test_what_cannot_be_mapped_is_refused():
    features, labels = blobs(20, 2)
    with pytest.raises(DatasetError, match="one class, and LDA tells classes apart"):
        project(features, np.zeros(20, int), "LDA")
    with pytest.raises(DatasetError, match="a class with two images that differ"):
        project(features, np.arange(20), "LDA")
    for method in embedding.METHODS:
        with pytest.raises(DatasetError, match="at least 4 images, here are 3"):
            project(features[:3], labels[:3], method)
        with pytest.raises(DatasetError, match="same features"):
            project(np.ones((20, 5)), labels, method)
    with pytest.raises(ValueError, match="no method 'UMAP'"):
        project(features, labels, "UMAP")
    with pytest.raises(ValueError, match="don't fit"):
        project(features, labels[:5], "PCA")
    with pytest.raises(ValueError, match="NaN"):
        project(np.where(features > 3, np.nan, features), labels, "PCA")


def test_a_sample_keeps_the_shares_of_classes_and_errors():
    labels, scores = data(6, 900, seed=5)
    report = Report(labels, scores, list("ABCDEF"))
    labels, wrong = report.labels, report.predicted != report.labels
    total = len(labels)
    assert wrong.any()
    for count in (47, 300, total - 1):
        chosen = sample_of(report, count, seed=1)
        assert len(chosen) == len(set(chosen)) == count and (np.diff(chosen) > 0).all()
        for one in range(6):
            own = (labels == one).sum() * count / total
            assert abs((labels[chosen] == one).sum() - own) < 1 + 1e-9
            errors = (wrong & (labels == one)).sum() * count / total
            assert abs((wrong & (labels == one))[chosen].sum() - errors) < 1 + 1e-9
        assert np.array_equal(chosen, sample_of(report, count, seed=1))
        assert not np.array_equal(chosen, sample_of(report, count, seed=2))
    assert np.array_equal(sample_of(report, 5_000), np.arange(total))
    with pytest.raises(DatasetError, match="at least one image"):
        sample_of(report, 0)


def test_every_image_is_drawn_as_often_as_any_other():
    labels, scores = data(4, 60, seed=6)
    report = Report(labels, scores, list("ABCD"))
    total = len(report.labels)
    drawn = np.concatenate([sample_of(report, 20, seed) for seed in range(900)])
    share = 20 / total
    # Binomial: five standard deviations.
    far = 5 * (900 * share * (1 - share)) ** 0.5
    assert abs(np.bincount(drawn, minlength=total) - 900 * share).max() < far
