"""Why a run reads an image so: evidence adds up to what it answers, occlusion finds what counts."""

from types import SimpleNamespace

import numpy as np
import pytest
from helpers import data
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

import emnist_lab as lab
from emnist_lab.errors import RunError
from emnist_lab.evaluation import explain
from emnist_lab.evaluation.explain import evidence, is_linear, occlusion
from emnist_lab.metrics import calibration
from emnist_lab.metrics.ranking import top_classes
from emnist_lab.models.features import HOG, Pixels, ScaledPixels
from emnist_lab.models.recipe import Recipe
from emnist_lab.runs.run import Run


@pytest.fixture(scope="module")
def few(train):
    """Of some classes: fitted in a moment."""
    return train.choose("012358ABEPq")


def custom(*steps):
    """A recipe of one's own, in float64."""
    named = [(f"step{index}", step) for index, step in enumerate(steps)]
    return Recipe("own", "Own", "", "pixels", lambda seed: Pipeline(named), (("Fitting", 1.0),))


SHIPPED = ("hog-qda", "pixels-logistic", "warped-blend")
LINEAR = {
    "raw": custom(Pixels(), LogisticRegression()),
    "discriminant": custom(Pixels(), LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.1)),
    "components": custom(Pixels(), PCA(30), LogisticRegression()),
    # As many components as images: the last has no variance, and what divides is bounded.
    "whitened": custom(
        Pixels(), PCA(440, whiten=True, svd_solver="covariance_eigh"), LogisticRegression()
    ),
    "twice": custom(Pixels(), PCA(40), PCA(20, whiten=True), LinearDiscriminantAnalysis()),
}


@pytest.fixture(scope="module", params=LINEAR)
def exact(request, few):
    return lab.fit(LINEAR[request.param], few)


def odds(run, image, first, second):
    """What the run answers, by hand."""
    probabilities = run.predict_proba(image[None])[0]
    return np.log(probabilities[first]) - np.log(probabilities[second])


def test_evidence_adds_up_to_what_the_run_answers(exact, few):
    assert is_linear(exact)
    random = np.random.default_rng(3)
    for image in few.images[:12]:
        first, second = random.choice(len(few.classes), 2, replace=False)
        found = evidence(exact, image, first, second)
        assert found.pixels.shape == (28, 28) and found.pixels.dtype == np.float64
        total = found.pixels.sum() + found.constant
        assert total == pytest.approx(odds(exact, image, first, second), rel=1e-6, abs=1e-6)
        assert found.log_odds == total
        other_way = evidence(exact, image, second, first)
        np.testing.assert_allclose(other_way.pixels, -found.pixels, atol=1e-9)
        assert other_way.constant == pytest.approx(-found.constant)


def test_the_constant_is_what_the_baseline_image_gets(exact, few):
    """The mean image gets the constant and nothing else; without a PCA, blank paper does."""
    steps = exact.model.steps
    found = evidence(exact, few.images[0], 4, 1)
    if isinstance(steps[1][1], PCA):
        assert found.baseline == "mean"
        flat = steps[1][1].mean_[None]
        np.testing.assert_allclose(flat[0], few.images.reshape(len(few), -1).mean(axis=0))
    else:
        assert found.baseline == "blank"
        flat = np.zeros((1, 784))
    probabilities = exact.model[1:].predict_proba(flat)[0]
    assert found.constant == pytest.approx(
        np.log(probabilities[4] / probabilities[1]), rel=1e-6, abs=1e-8
    )
    # The split is on the side that the baseline says: a pixel like it adds nothing.
    own = few.images[0].ravel() - flat[0]
    assert not found.pixels.ravel()[own == 0].any() and (found.pixels.ravel()[own != 0]).any()
    weights = found.pixels.ravel()[own != 0] / own[own != 0]
    again = evidence(exact, few.images[1], 4, 1).pixels.ravel()[own != 0]
    np.testing.assert_allclose(
        again, weights * (few.images[1].ravel() - flat[0])[own != 0], atol=1e-9
    )


def test_a_pixels_evidence_is_what_changing_it_changes(exact, few):
    image = few.images[5]
    found = evidence(exact, image, 2, 7)
    row, column = np.unravel_index(np.abs(found.pixels).argmax(), (28, 28))
    changed = image.copy()
    changed[row, column] = 255 - image[row, column]
    assert odds(exact, changed, 2, 7) - odds(exact, image, 2, 7) == pytest.approx(
        evidence(exact, changed, 2, 7).pixels[row, column] - found.pixels[row, column], rel=1e-6
    )


@pytest.mark.parametrize("name", ["pixels-logistic", "whitened-logistic", "pixels-lda"])
def test_linear_recipes_of_the_catalogue(few, name):
    run = lab.fit(name, few)
    assert is_linear(run)
    for image in few.images[:10]:
        first, second = top_classes(run.predict_proba(image[None])[0])
        found = evidence(run, image, first, second)
        # Scaled pixels are float32, and so are the answers.
        close = {"rel": 1e-6} if name == "pixels-logistic" else {"rel": 1e-4, "abs": 1e-4}
        assert found.log_odds == pytest.approx(odds(run, image, first, second), **close)


def test_two_classes_a_temperature_and_classes_without_images(train):
    both = train.choose("1L")
    run = lab.fit(LINEAR["raw"], both)
    assert run.model[-1].coef_.shape == (1, 784)
    for first, second in ((0, 1), (1, 0)):
        found = evidence(run, both.images[0], first, second)
        assert found.log_odds == pytest.approx(odds(run, both.images[0], first, second), rel=1e-6)
    warm = Run({**run.manifest, "temperature": 2.5})
    warm.model = run.model
    np.testing.assert_allclose(evidence(warm, both.images[0], 0, 1).pixels, -found.pixels / 2.5)
    scaled = calibration.apply_temperature(run.predict_proba(both.images[:1]), 2.5)[0]
    expected = np.log(scaled[0] / scaled[1])
    assert evidence(warm, both.images[0], 0, 1).log_odds == pytest.approx(expected, rel=1e-6)

    three = train.choose("1LZ")
    kept = three.labels != 1
    gap = lab.Part(
        three.images[kept], three.labels[kept], three.classes, "balanced", "train", "copy"
    )
    run = lab.fit(LINEAR["components"], gap)
    assert run.model.classes_.tolist() == [0, 2]
    found = evidence(run, gap.images[3], 2, 0)
    assert found.log_odds == pytest.approx(odds(run, gap.images[3], 2, 0), rel=1e-6)
    for pair in ((0, 1), (1, 2)):
        with pytest.raises(RunError, match=r"without images of 'L'.*choose another"):
            evidence(run, gap.images[3], *pair)
    assert np.isfinite(occlusion(run, gap.images[3], 0, 1)).all()


def test_what_is_not_linear_is_refused(few):
    for recipe in ("pixels-tree", "hog-lda", "pixels-bayes", "warped-mlp"):
        quick = {"max_iter": 1, "hidden_layer_sizes": (8,)} if recipe == "warped-mlp" else None
        run = lab.fit(recipe, few, params=quick)
        assert not is_linear(run)
        with pytest.raises(RunError, match=r"isn't linear in the pixels.*choose a run on pixels"):
            evidence(run, few.images[0], 0, 1)


def test_nonsense_and_damaged_models_are_refused(few):
    run = lab.fit(LINEAR["components"], few)
    image = few.images[0]
    for ask in (evidence, occlusion):
        for wrong in (image[:20], image.astype(float), image[None]):
            with pytest.raises(RunError, match="can't be explained: send uint8"):
                ask(run, wrong, 0, 1)
        for pair in ((0, 11), (-1, 0)):
            with pytest.raises(ValueError, match=r"choose 0\.\.10"):
                ask(run, image, *pair)
    good = run.model[-1].coef_
    for bad in (good[:, :7], np.full_like(good, np.nan), good[:4]):
        run.model[-1].coef_ = bad
        with pytest.raises(RunError, match="is damaged"):
            evidence(run, image, 10, 1)


class Stub(SimpleNamespace):
    """Answers "yes" the surer, the more ink a region holds; counts how often it is asked."""

    classes = ("no", "yes")

    def predict_proba(self, images):
        self.asked.append(len(images))
        ink = images[:, self.rows, self.columns].mean(axis=(1, 2)) / 255 * self.weight
        yes = 1 / (1 + np.exp(-ink))
        return np.stack([1 - yes, yes], axis=1)


@pytest.mark.parametrize("top", [0, 5, 11, 24])
@pytest.mark.parametrize("left", [0, 9, 24])
@pytest.mark.parametrize(("side", "stride"), [(6, 2), (4, 1), (5, 3), (7, 7), (28, 5)])
def test_occlusion_peaks_where_the_answer_is(top, left, side, stride):
    run = Stub(rows=slice(top, top + 4), columns=slice(left, left + 4), weight=4.0, asked=[])
    image = np.random.default_rng(1).integers(1, 255, (28, 28)).astype(np.uint8)
    found = occlusion(run, image, 1, 0, side, stride)
    assert len(run.asked) == 1 and run.asked[0] > 1
    assert found.shape == (28, 28) and found.dtype == np.float64
    if side < 28:
        row, column = np.unravel_index(found.argmax(), found.shape)
        reach = stride if side > 4 else 1
        assert top - reach <= row < top + 4 + reach
        assert left - reach <= column < left + 4 + reach
        far = np.ones((28, 28), bool)  # no square covers both this pixel and the region
        far[max(top - side + 1, 0) : top + 3 + side, max(left - side + 1, 0) : left + 3 + side] = 0
        assert far.any() and not far[found != 0].any()
    np.testing.assert_allclose(occlusion(run, image, 0, 1, side, stride), -found, atol=1e-9)


@pytest.mark.parametrize(("side", "stride"), [(6, 2), (5, 3), (9, 4)])
def test_occlusion_equals_a_naive_loop(few, side, stride):
    run = lab.fit("hog-logistic", few)
    image = few.images[2]
    total, count = np.zeros((28, 28)), np.zeros((28, 28))
    starts = sorted({*range(0, 28 - side + 1, stride), 28 - side})
    whole = odds(run, image, 1, 5)
    for row in starts:
        for column in starts:
            covered = image.copy()
            covered[row : row + side, column : column + side] = 0
            total[row : row + side, column : column + side] += whole - odds(run, covered, 1, 5)
            count[row : row + side, column : column + side] += 1
    found = occlusion(run, image, 1, 5, side, stride)
    np.testing.assert_allclose(found, total / count, atol=2e-4)  # float32, another batch
    assert np.abs(found).max() > 0.1


def test_covering_blank_paper_changes_nothing(few):
    for name in ("hog-qda", "pixels-tree", "whitened-logistic"):
        run = lab.fit(name, few)
        assert not occlusion(run, np.zeros((28, 28), np.uint8), 0, 1).any()
        half = few.images[0].copy()
        half[:, 10:] = 0
        assert not occlusion(run, half, 0, 1)[:, 16:].any()


def test_a_run_that_excludes_a_class_gives_finite_falls(few):
    run = lab.fit("pixels-tree", few)
    probabilities = run.predict_proba(few.images[:1])[0]
    assert (probabilities == 0).any()
    second = int(probabilities.argmin())
    found = occlusion(run, few.images[0], int(probabilities.argmax()), second)
    assert np.isfinite(found).all() and np.abs(found).max() < 73


def test_squares_out_of_range_are_refused(few):
    run = lab.fit("pixels-bayes", few)
    for side, stride in ((0, 0), (6, 0), (6, 7), (29, 2)):
        with pytest.raises(ValueError, match="stride <= side"):
            occlusion(run, few.images[0], 0, 1, side, stride)


def test_likeliest_classes_come_first():
    _, scores = data(7, 50, seed=1)
    for row in scores:
        assert top_classes(row) == sorted(range(7), key=lambda k: -row[k])[:2]
    assert top_classes([0.2, 0.4, 0.4], 3) == [1, 2, 0]


def test_shipped_runs():
    linear = {name: is_linear(lab.open_run(name)) for name in SHIPPED}
    assert linear == {"hog-qda": False, "pixels-logistic": True, "warped-blend": False}


def test_types_are_taken_as_they_are_not_as_they_are_called(few):
    """A subclass may do something else to pixels, so it isn't split."""

    class Squared(ScaledPixels):
        def transform(self, X):
            return super().transform(X) ** 2

    for first in (Squared(), HOG()):
        run = lab.fit(custom(first, LogisticRegression(max_iter=5)), few)
        assert not explain.is_linear(run)
