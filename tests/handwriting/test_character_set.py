"""Sets of characters that a reading may be: named, listed, refused; runs limited to one."""

import numpy as np
import pytest
from helpers import BALANCED, BYCLASS, SEVEN

import emnist_lab as lab
from emnist_lab.errors import RunError
from emnist_lab.handwriting import character_set, drawing_reader, results, word_reader
from emnist_lab.handwriting.practice import begin
from emnist_lab.metrics import label_shift

BAR = [[(300, 60), (300, 230)]]


@pytest.fixture(scope="module")
def run():
    return lab.open_run("hog-qda")


@pytest.mark.parametrize(
    ("text", "classes", "found"),
    [
        ("digits", BALANCED, "0123456789"),
        ("Capital letters", BYCLASS, BYCLASS[10:36]),
        ("small letters", BALANCED, BYCLASS[36:]),
        ("letters", "01Ab", "abAB"),
        ("digits, A-C", BALANCED, "0123456789ABC"),
        ("digits capitals", BYCLASS, BYCLASS[:36]),
        ("0 1 1 c", BALANCED, "01c"),
        ("x", "xyz", "x"),
    ],
)
def test_what_a_text_names(text, classes, found):
    assert character_set.characters_in(text, classes) == found


@pytest.mark.parametrize(
    ("text", "classes", "says"),
    [
        ("", BALANCED, "No character is named"),
        (" , ", BALANCED, "No character is named"),
        ("0ß", BALANCED, "no class for 'ß'"),
        ("A", "0123", "no class for 'A'"),
        ("letters", "0123", "has none of 'letters'"),
        ("digts", BALANCED, "write digits"),
        ("9-0", BALANCED, "no range"),
        ("A-f", BALANCED, "no range"),
    ],
)
def test_a_set_that_cannot_be_is_one_sentence(text, classes, says):
    with pytest.raises(RunError, match=says) as refused:
        character_set.characters_in(text, classes)
    assert "\n" not in str(refused.value) and str(refused.value).endswith(".")


def test_a_limited_run_reads_nothing_else(run):
    digits, images = lab.limit(run, "digits"), np.stack([lab.ink.from_strokes(SEVEN)] * 2)
    assert digits.classes == list("0123456789") and digits.name == run.name
    whole = run.predict_proba(images)[:, :10]
    np.testing.assert_allclose(digits.predict_proba(images), whole / whole.sum(1, keepdims=True))
    _, probabilities = lab.drawings.read(digits, SEVEN)
    assert probabilities.shape == (10,) and probabilities.sum() == pytest.approx(1)
    assert lab.limit(run, None) is run


def test_a_letter_without_a_class_is_its_other_case(run):
    few = lab.limit(run, "abc")
    assert few.classes == ["c", "a", "b"] == few.names and few.whole_classes == ["C", "a", "b"]
    both = lab.limit(run, "cCA")
    assert both.classes == ["A", "C"] and both.names == ["A", "C c"]
    assert character_set.names_of(run)[10:13] == ["A", "B", "C c"]


def test_a_class_counts_for_the_characters_of_the_set(run):
    def counts(text):
        return drawing_reader.case_prior(lab.limit(run, text)).tolist()

    assert counts("0C") == [1, 1] and counts("0Cc") == [1, 2] and counts("letters").count(2) == 15


def test_where_nothing_has_a_probability_all_are_equal():
    found = label_shift.restrict(np.array([[0.0, 0.0, 1.0], [np.nan] * 3, [1e-320, 0, 1]]), [0, 1])
    assert found[0].tolist() == [0.5, 0.5] == found[2].tolist() and np.isnan(found[1]).all()


def test_drawings_of_other_characters_do_not_count(run):
    drawings = [{"strokes": SEVEN, "label": "7"}, {"strokes": SEVEN, "label": "A"}]
    found = results.of_drawings(lab.limit(run, "digits"), drawings)
    assert (found["labelled"], found["left_out"], found["accuracy"]) == (1, 1, 1.0)
    assert {one["class"] for one in found["predictions"][1]["top"]} <= set("0123456789")
    assert results.of_drawings(run, drawings)["left_out"] == 0


def test_a_word_of_a_set(run):
    found = word_reader.read(lab.limit(run, "71"), SEVEN + BAR, 10)
    assert found.text == "71" and found.classes == ["1", "7"]


def test_practice_asks_for_the_set_alone(run):
    digits = lab.limit(run, "digits")
    assert set(begin(digits.name, digits.classes).classes) == set("0123456789")
    capitals = lab.limit(run, "capitals")
    assert begin(run.name, capitals.classes, 1, capitals.names).names == list(BYCLASS[10:36])


@pytest.mark.parametrize(
    ("read", "suggested"),
    [
        ("1234L6789", "digits"),
        ("g23", None),  # too few to say
        ("12345678", None),  # nothing to change
        ("12345678A", None),
        ("CALL 999", None),
    ],
)
def test_a_page_that_is_nearly_all_digits_is_suggested_to_be_read_so(read, suggested):
    rows = np.eye(len(BYCLASS))[[BYCLASS.index(one) for one in read if one != " "]]
    assert character_set.suggestion(rows, list(BYCLASS)) == suggested


def masses(read: str, digit_share) -> np.ndarray:
    """Readings of characters, with so much of each probability on digits."""
    rows = np.zeros((len(read), len(BYCLASS)))
    for row, one, share in zip(rows, read, digit_share, strict=True):
        row[:10], row[10:] = share / 100, 1e-6
        row[BYCLASS.index(one)] = 0.9 * share if one.isdigit() else 1 - share
    return rows / rows.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("read", "shares", "in_grid", "evident"),
    [
        ("1234L6789", [0.9] * 4 + [0.3] + [0.9] * 4, False, "digits"),
        ("12345678g", [0.9] * 8 + [0.001], False, "digits"),  # a 9 with a tail
        ("12345678A", [0.9] * 8 + [0.001], False, None),
        ("12345678A", [0.9] * 8 + [0.001], True, None),
        ("1234567890A", [0.9] * 10 + [0.001], True, "digits"),
        ("123456", [0.9] * 6, False, None),  # nothing to change
        ("12L", [0.9, 0.9, 0.3], False, None),  # too few to say
        ("ZSLI12", [0.4] * 4 + [0.9] * 2, False, None),  # most are read as letters
        ("12SO", [0.6, 0.6, 0.2, 0.2], False, None),  # nothing is sure
    ],
)
def test_what_is_evidently_all_digits(read, shares, in_grid, evident):
    rows = masses(read, shares)
    assert character_set.evident_set(rows, list(BYCLASS), in_grid) == evident


def test_a_run_of_digits_or_of_letters_alone_has_nothing_that_is_evident():
    rows = np.full((6, 10), 0.1)
    assert character_set.evident_set(rows, list(BYCLASS[:10])) is None
    assert character_set.evident_set(rows, list(BYCLASS[10:20])) is None


def test_any_character_is_the_run_as_it_is(run):
    for name in (None, "any character", "Any-Character"):
        assert lab.limit(run, name) is run
    assert lab.limit(run, "any").classes == ["y", "a", "n"]  # a list, as ever


def test_a_photo_of_digits_is_read_right_once_it_is_known_to_be_one(real):
    photo = real.parent / "photos" / "digits_only.jpg"
    if not photo.exists():
        pytest.skip(f"needs {photo.name} beside the real images")
    run, page = lab.open_run("warped-blend"), lab.scan.find(photo)
    found = lab.scan.read(run, page, as_evident=True)
    assert found.read_as == "digits" and found.text == "12345\n67899\n07921"
    found = lab.scan.read(run, page)
    assert found.read_as is None and found.classes == run.classes
    assert lab.scan.read(lab.limit(run, "digits"), page).text == "12345\n67899\n07921"
    lines = (page.lines, found.classes, found.probabilities)
    assert lab.context.read_in_context(*lines).text == "12345\n67899\n07921"
