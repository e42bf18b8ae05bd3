"""The matrix in a real Chromium, without Streamlit: what the mouse and keys choose and tell."""

import numpy as np
import pytest
from helpers import COMPONENT_HOST, COMPONENT_STYLE

from emnist_lab.maintenance import browser
from emnist_lab.ui.components import matrix
from emnist_lab.ui.components.component_files import files_beside

pytestmark = pytest.mark.skipif(
    browser.chromium() is None, reason="needs Chromium: apt-get install it"
)

NAMES = list("ABCDEF")
ORDER = np.array([2, 0, 3, 1, 5, 4])  # C A D B F E from the top left
ABSENT = 3  # D: third row and column
EDGE = 24  # pixels of one-letter labels, as in matrix.js


@pytest.fixture(scope="module")
def areas():
    random = np.random.default_rng(5).uniform(0.6, 1, (len(NAMES),) * 2)
    made = (random + random.T) / 2
    np.fill_diagonal(made, np.nan)
    made[ABSENT] = made[:, ABSENT] = np.nan
    return made


@pytest.fixture(scope="module")
def counts():
    return np.random.default_rng(6).integers(1, 50, (len(NAMES),) * 2)


@pytest.fixture
def shown(chromium, monkeypatch):
    """Shows what one of the module's functions gives the component: -> page, data."""
    context = chromium.new_context(viewport={"width": 700, "height": 600})
    given = {}
    monkeypatch.setattr(matrix, "_matrix", lambda **all_of_it: given.update(all_of_it))

    def show(function, *numbers, **more):
        function(*numbers, NAMES, ORDER, key="m", on_pick=print, **more)
        page = context.new_page()
        page.set_content(f"<!doctype html><head>{COMPONENT_STYLE}</head><body></body>")
        files = (
            matrix._HTML,
            *files_beside(matrix.__file__).values(),
        )
        page.evaluate(COMPONENT_HOST, [*files, given["data"]])
        return page, given["data"]

    yield show
    context.close()


def spot(page, row, column):
    """Middle of a cell on the page, in CSS pixels."""
    box = page.locator("canvas").bounding_box()
    cell = (box["width"] - EDGE - 2) / len(NAMES)
    return box["x"] + EDGE + (column + 0.5) * cell, box["y"] + EDGE + (row + 0.5) * cell


def press(page, *keys):
    """Press keys with the canvas in focus; what the live region says then."""
    page.locator("canvas").focus()
    for key in keys:
        page.keyboard.press(key)
    return page.locator(".said").text_content()


def told(page):
    heard = page.evaluate("window.told")
    assert all(name == "picked" for name, _ in heard)
    return [value for _, value in heard]


def pair(areas, a, b):
    return f"{a} and {b}: AUC {areas[NAMES.index(a), NAMES.index(b)]:.4f}"


def test_keys_walk_the_pairs_that_there_are(shown, areas):
    page, _ = shown(matrix.pair_matrix, areas)
    assert press(page, "ArrowRight") == pair(areas, "C", "A")
    assert press(page, "ArrowRight") == pair(areas, "C", "B")  # D is absent
    assert press(page, "ArrowDown") == pair(areas, "A", "B")
    assert press(page, "ArrowDown") == pair(areas, "F", "B")  # over D and the diagonal
    assert press(page, "ArrowLeft", "ArrowLeft", "ArrowLeft") == pair(areas, "F", "C")
    assert press(page, "ArrowDown", "ArrowDown") == pair(areas, "E", "C")
    assert press(page, "ArrowRight", "ArrowRight", "ArrowRight") == pair(areas, "E", "F")
    assert press(page, "ArrowRight") == pair(areas, "E", "F")  # nothing beyond but the diagonal
    assert page.locator(".tip").inner_text() == pair(areas, "E", "F")
    assert told(page) == []
    press(page, "Enter")
    assert told(page) == [{"true": 4, "read": 5}]


@pytest.mark.parametrize("key", ["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"])
def test_any_key_enters_the_pairs(shown, areas, key):
    page, _ = shown(matrix.pair_matrix, areas)
    assert press(page, key) == pair(areas, *("AC" if key == "ArrowDown" else "CA"))


def test_a_pick_keeps_the_cursor(shown, areas):
    page, data = shown(matrix.pair_matrix, areas)
    press(page, "ArrowRight", "ArrowDown", "ArrowLeft", "Enter")
    picked = told(page)[-1]
    assert picked == {"true": 1, "read": 2}  # B and C: from C and A down, over A and D
    page.evaluate("(data) => window.run(data)", {**data, "selected": picked})
    assert page.locator(".said").text_content() == pair(areas, "B", "C")
    assert press(page, "ArrowRight", "ArrowRight") == pair(areas, "B", "F")
    page.locator("canvas").blur()
    assert page.locator(".tip").is_hidden() and not page.locator(".said").text_content()
    assert press(page, "ArrowRight") == pair(areas, "B", "C")  # in again at what is selected


def test_escape_clears_and_a_cursor_of_other_data_goes(shown, areas):
    page, data = shown(matrix.pair_matrix, areas)
    assert press(page, "ArrowRight", "Escape") == "" and page.locator(".tip").is_hidden()
    press(page, "Enter")
    assert told(page) == []
    press(page, "ArrowRight")
    without = {**data, "values": [None] * len(data["values"])}
    page.evaluate("(data) => window.run(data)", without)
    assert page.locator(".tip").is_hidden() and press(page, "ArrowRight", "Enter") == ""
    assert told(page) == []


def test_pairs_that_are_not_there_cannot_be_picked(shown, areas):
    page, _ = shown(matrix.pair_matrix, areas)
    for row, column in [(0, 2), (2, 0), (2, 2), (1, 1)]:
        page.mouse.click(*spot(page, row, column))
        assert page.locator(".tip").is_hidden()
    assert told(page) == []
    page.mouse.click(*spot(page, 0, 1))
    assert told(page) == [{"true": 2, "read": 0}]
    assert page.locator(".tip").inner_text() == pair(areas, "C", "A")


def test_the_pointer_and_the_cursor_are_apart(shown, areas):
    page, _ = shown(matrix.pair_matrix, areas)
    press(page, "ArrowRight")
    page.mouse.move(*spot(page, 5, 0))
    assert page.locator(".tip").inner_text() == pair(areas, "E", "C")
    assert page.locator(".said").text_content() == pair(areas, "C", "A")
    page.mouse.move(2, 2)
    assert page.locator(".tip").inner_text() == pair(areas, "C", "A")
    page.mouse.move(*spot(page, 5, 0))
    assert press(page, "ArrowRight") == pair(areas, "C", "B")


def test_a_hidden_diagonal_is_not_there_a_shown_one_is(shown, counts):
    page, _ = shown(matrix.confusion_matrix, counts, counts, hide_diagonal=True)
    page.mouse.click(*spot(page, 1, 1))
    assert told(page) == [] and page.locator(".tip").is_hidden()
    assert press(page, "ArrowRight").startswith("C predicted as A: ")
    assert press(page, "ArrowDown", "ArrowLeft").startswith("D predicted as C: ")
    box = page.locator("canvas").bounding_box()
    page.mouse.click(box["x"] + 8, spot(page, 2, 0)[1])  # a row's label
    assert told(page) == [{"true": 3}]
    page, _ = shown(matrix.confusion_matrix, counts, counts)
    assert press(page, "ArrowRight").startswith("C, correct: ")
    assert press(page, "ArrowDown", "ArrowRight").startswith("A, correct: ")
    press(page, "Enter")
    assert told(page) == [{"true": 0, "read": 0}]
