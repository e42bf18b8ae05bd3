"""The bars in a real Chromium, without Streamlit: what moves, and what stays."""

import numpy as np
import pytest
from helpers import COMPONENT_HOST, COMPONENT_STYLE

from emnist_lab.maintenance import browser
from emnist_lab.ui.components import readings
from emnist_lab.ui.components.component_files import files_beside

chromed = pytest.mark.skipif(
    browser.chromium() is None, reason="needs Chromium: apt-get install it"
)


@pytest.fixture
def hosted(chromium):
    """Shows a component: files, data, and whatever a browser context takes -> page."""
    contexts = []

    def show(files, data, **kind):
        contexts.append(chromium.new_context(**{"viewport": {"width": 700, "height": 600}, **kind}))
        page = contexts[-1].new_page()
        page.set_content(f"<!doctype html><head>{COMPONENT_STYLE}</head><body></body>")
        page.evaluate(COMPONENT_HOST, [*files, data])
        return page

    yield show
    for context in contexts:
        context.close()


CLASSES = list("0O17B8")
BEFORE, AFTER = np.array([0.01, 0.02, 0.3, 0.6, 0.04, 0.03]), np.array([0, 0, 0.7, 0.2, 0.1, 0])
# Whether the row of class 1 is the same element as before, and what moves.
_KEPT = """() => { const row = [...document.querySelectorAll('.row')].find((one) =>
  one.querySelector('b').textContent === '1'); const same = row === window.row; window.row = row;
  return [same, row.getAnimations().length, row.bar.getAnimations().length]; }"""


def bars(*probabilities, example=None):
    found = [readings.Prediction(f"run-{i}", CLASSES, one) for i, one in enumerate(probabilities)]
    columns = [readings._column(one) for one in found]
    return {"columns": columns, "heading": "Your drawing", "example": example}


def files():
    return [
        readings._HTML,
        *files_beside(readings.__file__).values(),
    ]


@chromed
def test_bars_move_and_keep_their_rows(hosted):
    page = hosted(files(), bars(BEFORE))
    page.evaluate(_KEPT)
    assert page.locator(".row b").all_inner_texts() == ["7", "1", "B b", "8", "O o"]
    # In one step: an animation of a quarter of a second may end before a second call arrives.
    page.evaluate("() => document.getAnimations().forEach((one) => one.finish())")
    same, slides, grows = page.evaluate(
        f"(data) => {{ window.run(data); return ({_KEPT})(); }}", bars(AFTER)
    )
    assert same and slides == grows == 1
    assert page.locator(".row b").all_inner_texts()[:3] == ["1", "7", "B b"]
    assert page.locator(".row span").first.inner_text() == "70.0%"


@chromed
def test_nothing_moves_for_those_who_asked_for_that(hosted):
    page = hosted(files(), bars(BEFORE), reduced_motion="reduce")
    page.evaluate(_KEPT)
    page.evaluate("(data) => window.run(data)", bars(AFTER))
    assert page.evaluate(_KEPT) == [True, 0, 0]


@chromed
def test_runs_come_and_go_and_an_example_is_no_drawing(hosted):
    page = hosted(files(), bars(BEFORE, AFTER, example="data:,"))
    assert page.locator(browser.BARS).count() == 0
    page.evaluate("(data) => window.run(data)", bars(AFTER))
    assert page.locator(f"{browser.BARS} .who").all_inner_texts() == ["run-0"]


def test_an_answer_is_either_of_or_not_sure():
    both = readings._column(readings.Prediction("r", CLASSES, np.array([0.5, 0.4, 0.1, 0, 0, 0])))
    assert (both["answer"], both["beside"]) == ("0 / O o", "90%") and "One of these" in both["note"]
    assert [row["named"] for row in both["rows"]] == [True, True, False, False, False]
    unsure = readings._column(readings.Prediction("r", CLASSES, np.full(6, 1 / 6)))
    assert unsure["answer"] == "Not sure" and unsure["beside"] == "perhaps 0 / O o"
