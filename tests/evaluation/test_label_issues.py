"""Label issues: wrong labels that were put in are found, as a naive reading of the paper finds."""

import numpy as np
import pytest
from helpers import data

from emnist_lab.errors import DatasetError
from emnist_lab.evaluation import label_issues
from emnist_lab.metrics.report import Report

COLUMNS = [
    "image", "given", "suggested", "given_probability", "suggested_probability", "label_quality",
]  # fmt: skip


def naive(labels, scores):
    """The paper's definition, image by image: (image, given, suggested, label quality)."""
    size = scores.shape[1]
    mean = {
        k: np.mean([row[k] for row, own in zip(scores, labels, strict=True) if own == k])
        for k in range(size)
        if k in labels
    }
    found = []
    for image, (given, row) in enumerate(zip(labels, scores, strict=True)):
        possible = [k for k in mean if row[k] >= mean[k] - 1e-9]
        if not possible:
            continue
        best = max(possible, key=lambda k: row[k])
        if best != given:
            margin = row[given] - max(row[k] for k in range(size) if k != given)
            found.append((image, given, best, (margin + 1) / 2))
    return sorted(found, key=lambda one: (one[3], one[0]))


def separated(classes=10, per_class=60, wrong=40, seed=0):
    """A report whose model is nearly always right, and which of its labels were falsified."""
    random = np.random.default_rng(seed)
    truth = random.permutation(np.repeat(np.arange(classes), per_class))
    logits = random.normal(size=(len(truth), classes))
    logits[np.arange(len(truth)), truth] += 8
    scores = np.exp(logits)
    labels, false = truth.copy(), random.choice(len(truth), wrong, replace=False)
    labels[false] = (truth[false] + random.integers(1, classes, wrong)) % classes
    scores /= scores.sum(axis=1, keepdims=True)
    return Report(labels, scores, list("ABCDEFGHIJ"[:classes])), truth, set(false.tolist())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("classes", [2, 3, 7, 26])
def test_equals_a_naive_loop(classes, seed):
    labels, scores = data(classes, 500, seed, uneven=seed % 2 == 1)
    found = label_issues.find_label_issues(
        Report(labels, scores, [chr(65 + one) for one in range(classes)])
    )
    expected = naive(labels, scores)
    assert list(found.columns) == COLUMNS and len(expected) > 5
    names = ("image", "given", "suggested", "label_quality")
    for column, name in enumerate(names):
        np.testing.assert_allclose(found[name], [one[column] for one in expected], atol=1e-12)
    images = found["image"].to_numpy()
    np.testing.assert_array_equal(found["given_probability"], scores[images, found["given"]])
    np.testing.assert_array_equal(
        found["suggested_probability"], scores[images, found["suggested"]]
    )


@pytest.mark.parametrize("seed", range(3))
def test_falsified_labels_are_found(seed):
    report, truth, false = separated(seed=seed)
    found = label_issues.find_label_issues(report)
    hits = found["image"].isin(false)
    assert hits.sum() / len(false) > 0.95 and hits.mean() > 0.95
    assert hits[: len(hits) // 2].all()  # the lowest quality comes first
    right = found[hits]
    assert (right["suggested"].to_numpy() == truth[right["image"]]).mean() > 0.95
    assert separated(wrong=0, seed=seed)[0].accuracy > 0.99
    assert len(label_issues.find_label_issues(separated(wrong=0, seed=seed)[0])) <= 3


def test_lowest_quality_first_and_no_more_than_asked_for():
    labels, scores = data(6, 600, seed=2)
    report = Report(labels, scores, list("ABCDEF"))
    found = label_issues.find_label_issues(report)
    quality = found["label_quality"]
    assert quality.is_monotonic_increasing and quality.between(0, 1).all()
    assert found["image"].is_unique and (found["given"] != found["suggested"]).all()
    for count in (0, 5, 10_000):
        assert label_issues.find_label_issues(report, count).equals(found[:count])


def test_below_a_half_the_model_reads_another_character():
    labels, scores = data(6, 600, seed=2)
    scores[:, 0] *= 4  # sure of one class: what is unusual for it is usual for others
    report = Report(labels, scores / scores.sum(axis=1, keepdims=True), list("ABCDEF"))
    found = label_issues.find_label_issues(report)
    contradicts = report.predicted[found["image"]] != found["given"]
    np.testing.assert_array_equal(found["label_quality"] < 0.5, contradicts)
    assert len(label_issues.predicted_otherwise(found)) == contradicts.sum()
    assert contradicts.any() and not contradicts.all()
    unusual = found[~contradicts]
    usual = label_issues.thresholds(report)[unusual["given"]]
    assert (unusual["given_probability"] < usual).all()


@pytest.mark.parametrize("absent", [0, 3, 5])
def test_classes_without_images_are_never_suggested(absent):
    labels, scores = data(6, 600, seed=3)
    kept = labels != absent
    labels, scores = labels[kept], scores[kept]
    scores[::3, absent] = 5
    scores /= scores.sum(axis=1, keepdims=True)
    report = Report(labels, scores, list("ABCDEF"))
    found = label_issues.find_label_issues(report)
    assert np.isinf(label_issues.thresholds(report)[absent])
    assert len(found) and (found["suggested"] != absent).all()
    assert list(found["image"]) == [one[0] for one in naive(labels, scores)]


def test_no_issue():
    labels = np.repeat(np.arange(4), 5)
    for scores in (np.eye(4)[labels], np.eye(4)[labels] * 0.7 + 0.075):
        found = label_issues.find_label_issues(Report(labels, scores, list("ABCD")))
        assert found.empty and list(found.columns) == COLUMNS
    alone = Report(np.zeros(3, int), np.full((3, 2), 0.5), ["A", "B"])
    assert label_issues.find_label_issues(alone).empty


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6, 0.7])
def test_equal_votes_reach_their_own_mean(share):
    labels = np.concatenate([np.repeat(np.arange(2), 11), [0]])
    votes = np.where(np.arange(2) == labels[:, None], 1 - share, share)
    votes[-1] = votes[-1][::-1]  # labelled 0, and all votes as for a 1
    below = np.concatenate([votes, np.zeros((len(votes), 1))], axis=1)
    found = label_issues.find_label_issues(Report(labels, below, list("ABC")))
    assert (22 in set(found["image"])) == (share < 0.5)
    same = np.full((11, 2), [share, 1 - share])
    constant = Report(np.ones(11, int), same, ["A", "B"])
    assert label_issues.find_label_issues(constant).empty


def test_without_some_images():
    labels, scores = data(6, 600, seed=2)
    report = Report(labels, scores, list("ABCDEF"))
    left = [3, 0, 17, 17]
    rest = label_issues.drop_images(report, left)
    kept = [i for i in range(len(labels)) if i not in left]
    np.testing.assert_array_equal(rest.labels, labels[kept])
    np.testing.assert_array_equal(rest.scores, scores[kept])
    assert rest.classes == report.classes and len(report.labels) == len(labels)
    wrong = np.flatnonzero(report.predicted != labels)
    assert 0 < report.accuracy < 1 and label_issues.drop_images(report, wrong).accuracy == 1
    assert (
        label_issues.drop_images(
            report, label_issues.find_label_issues(report, 4)["image"]
        ).confusion.sum()
        == 602
    )
    assert (
        label_issues.drop_images(report, []) is report
        and label_issues.drop_images(report, iter([])) is report
    )


def test_what_can_not_be_left_out():
    labels, scores = data(3, 10)
    report = Report(labels, scores, list("ABC"))
    for images in (range(13), list(range(13)) * 2):
        with pytest.raises(DatasetError, match="nothing to measure: leave out fewer") as caught:
            label_issues.drop_images(report, images)
        assert "\n" not in str(caught.value)
    for outside in (-1, 13, 2**40):
        with pytest.raises(DatasetError, match="from 0 to 12"):
            label_issues.drop_images(report, [0, outside])
