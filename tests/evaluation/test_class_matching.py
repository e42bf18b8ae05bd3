"""A run measured on images of other classes than its own: fewer, more, cases merged or apart."""

import tarfile
from dataclasses import replace

import numpy as np
import pytest
import sklearn.metrics as sk
from helpers import BALANCED, BYCLASS, make_part

import emnist_lab as lab
from emnist_lab.errors import RunError, TrainingError
from emnist_lab.evaluation import class_matching, results
from emnist_lab.evaluation.evaluation import among_present, evaluate_part
from emnist_lab.runs.run import Run


@pytest.fixture(scope="module")
def run():
    """The 47 classes of balanced."""
    return lab.open_run("hog-qda")


def named(classes, split: str) -> Run:
    return Run({"name": "some", "classes": list(classes), "data": {"split": split}})


def pairs(run, part) -> list[tuple[str, str]]:
    """What each image was labelled, and what it counts as."""
    found, _ = class_matching.match(run, part)
    before = [part.classes[one] for one in part.labels]
    return sorted(
        {(old, found.classes[one]) for old, one in zip(before, found.labels, strict=True)}
    )


def test_the_same_classes_stay_as_they_are(run, test):
    found, coverage = class_matching.match(run, test)
    assert found is test and coverage == class_matching.Coverage()


def test_some_of_the_runs_classes_are_numbered_as_the_runs(run):
    digits = make_part("mnist", 3, 5, "test")
    found, coverage = class_matching.match(run, digits)
    assert found.classes == list(BALANCED) and coverage.members is None
    assert pairs(run, digits) == [(one, one) for one in "0123456789"]
    assert found.name == digits.name and not coverage.left_out and not coverage.joined


@pytest.mark.parametrize("split", ["digits", "letters"])
def test_probabilities_over_all_classes_or_over_those_present(run, split):
    part = make_part(split, 3, 6, "test")
    over_all = evaluate_part(run, part)
    over_present = evaluate_part(run, part, over="present")
    present = np.unique(over_all.report.labels)
    scores = over_all.report.scores[:, present]
    np.testing.assert_allclose(
        over_present.report.scores, scores / scores.sum(axis=1, keepdims=True)
    )
    assert over_present.report.classes == part.classes and not over_present.report.absent
    assert over_present.absent == over_all.absent == over_all.report.absent
    area = sk.roc_auc_score(part.labels, over_present.report.scores, multi_class="ovo")
    assert over_present.report.roc_auc_ovo == pytest.approx(area)
    assert over_present.report.accuracy >= over_all.report.accuracy
    assert "AUC are undefined" in over_all.remarks()[0]
    assert "over the other classes" in over_present.remarks()[0]
    assert results.as_json(over_present)["over"] == "present"
    assert over_all.key != over_present.key and over_all.fingerprint == over_present.fingerprint


def test_areas_are_of_the_classes_present(run):
    digits = make_part("digits", 3, 6, "test")
    report = lab.evaluate(run, digits)
    own = report.scores[:, :10] / report.scores[:, :10].sum(axis=1, keepdims=True)
    each = [sk.roc_auc_score(digits.labels == one, report.scores[:, one]) for one in range(10)]
    assert report.roc_auc_ovr == pytest.approx(np.mean(each)) and own.shape == (30, 10)
    assert len(report.absent) == 37


def test_small_letters_that_emnist_merges_count_as_capitals(run):
    part = make_part("byclass", 1, 7, "test")
    expected = [(one, one if one in BALANCED else one.upper()) for one in BYCLASS]
    assert pairs(run, part) == sorted(expected)
    found, coverage = class_matching.match(run, part)
    assert found.classes == list(BALANCED) and coverage.joined == tuple("CIJKLMOPSUVWXYZ")


def test_a_split_that_merges_all_cases_makes_the_runs_two_classes_one(run):
    part = make_part("letters", 2, 8, "test")
    evaluation = evaluate_part(run, part)
    report, probabilities = evaluation.report, run.predict_proba(part.images)
    assert report.classes == list(BYCLASS[:36]) and evaluation.coverage.joined == tuple(
        "ABDEFGHNQRT"
    )
    both = probabilities[:, [BALANCED.index("A"), BALANCED.index("a")]].sum(axis=1)
    np.testing.assert_allclose(report.scores[:, report.classes.index("A")], both)
    np.testing.assert_allclose(report.scores.sum(axis=1), 1)
    assert evaluation.coverage.members[10] == (10, BALANCED.index("a"))


def test_files_of_some_letters_say_no_more_than_they_name(run):
    few = make_part("letters", 2, 9, "test", only="ABCDE")
    found, coverage = class_matching.match(run, few)
    assert found.classes == list(BALANCED) and not coverage.joined
    assert pairs(run, few) == [(one, one) for one in "ABCDE"]


def test_a_run_of_all_characters_on_merged_ones():
    part = make_part("balanced", 1, 2, "test")
    found, coverage = class_matching.match(named(BYCLASS, "byclass"), part)
    assert found.classes == list(BALANCED) and len(coverage.members) == 47
    assert coverage.members[BALANCED.index("C")] == (BYCLASS.index("C"), BYCLASS.index("c"))


def test_a_choice_of_a_split_does_not_merge_what_the_split_tells_apart(test):
    found, coverage = class_matching.match(named("0OQ", "balanced"), test)
    chosen = test.choose("0OQ")
    assert found.fingerprint == chosen.fingerprint and found.name == chosen.name
    assert coverage.left_out["q"] == 6 and len(coverage.left_out) == 44


def test_images_of_unknown_classes_are_left_out_or_refused(test):
    letters = named(BYCLASS[10:36], "letters")
    found, coverage = class_matching.match(letters, test)
    assert coverage.left_out == dict.fromkeys("0123456789", 6) and len(found) == 6 * 37
    assert pairs_of(found, test) == {("a", "A"), ("A", "A")}
    with pytest.raises(RunError, match="no class for 60 of the 282 images, those of 0, 1, 2"):
        class_matching.match(letters, test, "refuse")
    with pytest.raises(RunError, match="choose a run or a split that fits"):
        class_matching.match(letters, make_part("digits", 3, 6))


def pairs_of(found, test) -> set:
    kept = test.labels >= 10
    before = [test.classes[one] for one in test.labels[kept]]
    both = zip(before, [found.classes[one] for one in found.labels], strict=True)
    return {(old, new) for old, new in both if old in "aA"}


def test_what_cannot_be_is_refused(run, test):
    for choice in ({"over": "some"}, {"unknown": "guess"}):
        with pytest.raises(TrainingError, match="There is no choice"):
            evaluate_part(run, test, **choice)
    with pytest.raises(TrainingError, match="no images"):
        evaluate_part(run, replace(test, images=test.images[:0], labels=test.labels[:0]))


def test_one_class_alone_has_an_accuracy(run):
    sevens = make_part("digits", 4, 3, "test")
    rows = np.flatnonzero(sevens.labels == 7)
    found = among_present(evaluate_part(run, sevens.take(rows)))
    assert found.report.accuracy == 1 and np.isnan(found.report.roc_auc_ovo)
    assert len(found.absent) == 46


def test_splits_that_a_run_can_be_measured_on(run):
    every = ["balanced", "byclass", "bymerge", "letters", "digits", "mnist"]
    assert class_matching.measurable(run, every) == every
    digits = named("0123456789", "digits")
    assert class_matching.measurable(digits, every)[:2] == ["digits", "mnist"]
    assert "letters" not in class_matching.measurable(digits, every)


def test_a_folder_of_five_letters(run, real, tmp_path):
    archive = real.parent / "files" / "five_letters_28px.tar.gz"
    if not archive.exists():
        pytest.skip(f"needs {archive.name} beside the real images")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    part = lab.load("letters", "test", tmp_path)
    found = evaluate_part(run, part)
    assert found.report.classes == run.classes and len(found.absent) == 42
    assert found.report.accuracy > 0.8
    expected = [run.classes.index(part.classes[one]) for one in part.labels]
    assert found.report.labels.tolist() == expected
