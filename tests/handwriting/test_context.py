"""Characters by the company and the height they stand in; the plain reading stays as it is."""

import numpy as np
import pytest
from helpers import BALANCED

from emnist_lab.handwriting.characters import Character
from emnist_lab.handwriting.context import ALPHABET, read_in_context

HIGH, SMALL, TAIL = (0, 100), (40, 100), (40, 150)  # top and bottom


def line(*places: tuple[int, int], spaces: tuple[int, ...] = (), lean: float = 0):
    found = []
    for at, (top, bottom) in enumerate(places):
        down = lean * 60 * at
        box = (60 * at, top + down, 60 * at + 45, bottom + down)
        image = np.zeros((1, 28, 28), np.uint8)
        found.append(Character(box=box, variations=image, space=at in spaces))
    return found


def seen(*readings: dict[str, float], classes: str = BALANCED) -> np.ndarray:
    rows = np.full((len(readings), len(classes)), 1e-6)
    for row, reading in zip(rows, readings, strict=True):
        for name, probability in reading.items():
            row[classes.index(name)] = probability
    return rows / rows.sum(axis=1, keepdims=True)


def text(lines, rows, classes=BALANCED, **more) -> str:
    found = read_in_context(lines, list(classes), rows, **more)
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, atol=1e-9)
    assert "".join(found.characters) == found.text.replace("\n", "").replace(" ", "")
    return found.text


@pytest.mark.parametrize("lean", [0, 0.1, -0.1])
def test_a_digit_among_digits(lean):
    rows = seen({"L": 0.9, "1": 0.1}, {"2": 1}, {"O": 0.7, "0": 0.3}, {"g": 0.6, "9": 0.4})
    assert text([line(*[HIGH] * 4, lean=lean)], rows) == "1209"


def test_a_letter_among_letters():
    rows = seen({"B": 1}, {"0": 0.6, "O": 0.4}, {"A": 1}, {"T": 1})
    assert text([line(HIGH, HIGH, HIGH, HIGH)], rows) == "BOAT"


@pytest.mark.parametrize(
    ("places", "says"),
    [
        ((HIGH, SMALL, HIGH, SMALL), "Code"),
        ((SMALL, SMALL, HIGH, SMALL), "code"),
    ],
)
def test_the_case_of_a_merged_class_by_its_height(places, says):
    rows = seen({"C": 1}, {"O": 0.5, "0": 0.5}, {"d": 1}, {"e": 1})
    assert text([line(*places)], rows) == says


def test_what_hangs_below_the_line():
    rows = seen({"P": 1}, {"e": 1}, {"n": 1}, {"P": 1}, {"a": 1}, {"h": 1})
    places = (TAIL, SMALL, SMALL, HIGH, SMALL, HIGH)
    assert text([line(*places, spaces=(3,))], rows) == "pen Pah"


def test_letters_then_digits_stay_so():
    rows = seen({"A": 1}, {"B": 1}, {"2": 1}, {"7": 1}, {"4": 1})
    assert text([line(*[HIGH] * 5)], rows) == "AB274"


def test_words_to_expect():
    rows = seen({"r": 0.6, "P": 0.4}, {"e": 1}, {"n": 0.7, "d": 0.3})
    places = [line(SMALL, SMALL, HIGH)]
    assert text(places, rows, words=["red", "green", "77", "ré"]) == "red"
    assert text(places, rows, words=["blue"]) == text(places, rows)


def test_lines_and_words_stay_apart_and_sets_hold():
    rows = seen({"O": 1}, {"L": 1}, {"2": 1}, {"Z": 1})
    lines = [line(HIGH, HIGH, spaces=(1,)), line(HIGH, HIGH)]
    found = text(lines, rows, characters="0123456789")
    assert found[1] == " " and found[3] == "\n" and set(found) <= set("0123456789 \n")


def test_a_character_alone_keeps_its_reading():
    for name in BALANCED:
        found = read_in_context([line(HIGH)], list(BALANCED), seen({name: 1}))
        assert found.characters[0].upper() == name.upper()
    assert len(ALPHABET) == 62
