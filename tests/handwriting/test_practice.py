"""Practice: every character once, and what comes of it, without a page."""

import numpy as np
import pytest
from helpers import BALANCED

import emnist_lab as lab
from emnist_lab.errors import HandwritingError
from emnist_lab.handwriting import ink, practice
from emnist_lab.metrics.report import Report

STROKES = [np.array([[60, 60], [200, 60], [110, 230]])]
IMAGE = ink.from_strokes(STROKES)


def probabilities(classes, best: str) -> np.ndarray:
    return np.where(np.array(classes) == best, 0.9, 0.1 / (len(classes) - 1))


def through(reading: dict[str, str], classes=BALANCED) -> practice.Practice:
    """A whole practice; each character is read as itself, but for those in `reading`."""
    one = practice.begin("a-run", classes)
    while one.asked is not None:
        name = classes[one.asked]
        one = one.answer(STROKES, IMAGE, probabilities(list(classes), reading.get(name, name)))
    return one


def test_every_character_is_asked_for_once_in_an_order_of_its_seed():
    first, again, other = (practice.begin("a", BALANCED, seed) for seed in (1, 1, 2))
    assert first.order == again.order != other.order
    done = through({})
    asked = [one.asked for one in done.attempts]
    assert sorted(asked) == list(range(47)) and asked == list(done.order)
    assert done.right == done.place == 47
    assert done.answer(STROKES, IMAGE, np.ones(47)) is done and done.skip() is done


def test_leave_out_take_back_and_end_early():
    one = practice.begin("a", "abcd", 3)
    order = one.order
    one = one.skip()
    assert one.asked == order[1] and one.place == 1
    one = one.answer(STROKES, IMAGE, probabilities(list("abcd"), "a"))
    assert one.asked == order[2] and one.place == 2
    one = one.back()
    assert one.asked == order[1] and not one.attempts
    one = one.back()
    assert one.asked == order[1]
    one = one.answer(STROKES, IMAGE, probabilities(list("abcd"), "b")).end()
    assert one.asked is None and len(one.attempts) == 1
    assert one.back().asked == order[1]
    nothing = practice.begin("a", "ab").skip().skip()
    assert nothing.asked is None and nothing.place == 2
    with pytest.raises(HandwritingError, match="Nothing was drawn"):
        nothing.report()


def test_the_report_is_one_as_on_a_test_part():
    report = through({"L": "1", "O": "0"}).report()
    assert report.accuracy == 45 / 47
    places = {name: index for index, name in enumerate(BALANCED)}
    assert report.confusion[places["L"], places["1"]] == 1


def test_drawings_are_kept_with_what_was_asked_for():
    drawings = through({"L": "1"}).drawings()
    assert sorted(one.label for one in drawings) == sorted(BALANCED)
    (wrong,) = (one for one in drawings if one.label == "L")
    assert next(iter(wrong.predictions["a-run"])) == "1" and wrong.strokes[0][0] == (60.0, 60.0)
    assert wrong.pen_width == 20 and np.array_equal(wrong.image, IMAGE)


def known(classes: str, confusion: list[list[int]]) -> Report:
    cells = [(t, r) for t, row in enumerate(confusion) for r, n in enumerate(row) for _ in range(n)]
    labels, read = np.array(cells).T
    return Report(labels, np.eye(len(classes))[read], list(classes))


def test_own_errors_beside_those_on_emnist():
    emnist = known("123", [[8, 2, 0], [0, 9, 1], [5, 0, 5]])
    own = through({"1": "2", "2": "1", "3": "1"}, "123").report()
    table = practice.confusions_vs_reference(own, emnist)
    assert table["asked"].tolist() == ["2", "1", "3"]  # the hand's own error comes first
    assert table["emnist_same"].tolist() == [0, 0.2, 0.5]
    assert table["emnist_wrong"].tolist() == pytest.approx([0.1, 0.2, 0.5])
    assert table["emnist_as"].tolist() == ["3", "2", "1"]
    assert practice.reference_accuracy(own, emnist) == pytest.approx((0.8 + 0.9 + 0.5) / 3)
    bare = practice.confusions_vs_reference(own, None)
    assert len(bare) == 3 and bare["emnist_same"].isna().all()
    assert practice.confusions_vs_reference(through({}, "123").report(), emnist).empty
    named = practice.confusions_vs_reference(own, emnist, ["one", "two", "three"])
    assert named["asked"].tolist() == ["two", "one", "three"]
    assert named["emnist_as"].tolist() == ["three", "two", "one"]


def test_expected_counts_only_what_was_drawn_and_is_known():
    emnist = known("abc", [[8, 2, 0], [0, 9, 1], [0, 0, 0]])
    own = Report(np.array([0, 0, 1, 2]), np.eye(3)[[0, 0, 1, 2]], list("abc"))
    assert practice.reference_accuracy(own, emnist) == pytest.approx((2 * 0.8 + 0.9) / 3)
    alone = Report(np.array([2]), np.eye(3)[[2]], list("abc"))
    assert np.isnan(practice.reference_accuracy(alone, emnist))


def test_against_a_run_that_is_shipped():
    run = lab.open_run("hog-qda")
    one = practice.begin(run.name, run.classes)
    for _ in range(3):
        one = one.answer(STROKES, IMAGE, run.predict_proba(IMAGE[None])[0])
    table = practice.confusions_vs_reference(one.report(), run.report())
    assert (table["read_as"] == "7").all() and table["emnist_same"].between(0, 1).all()
