"""The gallery and the tour's strip in a real Chromium, without Streamlit."""

import base64

import numpy as np
import pytest
from helpers import COMPONENT_HOST, COMPONENT_STYLE

from emnist_lab.data import thumbnails
from emnist_lab.maintenance import browser
from emnist_lab.ui.components import gallery
from emnist_lab.ui.components.component_files import files_beside
from emnist_lab.ui.home import tour

pytestmark = pytest.mark.skipif(
    browser.chromium() is None, reason="needs Chromium: apt-get install it"
)
COUNT, COLUMNS = 100, 32
GRID = '<div class="grid" role="group"></div>'


@pytest.fixture
def place(chromium):
    """A page of some width that shows a component."""
    context = chromium.new_context(viewport={"width": 700, "height": 700})
    made = context.new_page()

    def shows(html, css, js, data):
        made.set_content(f"<!doctype html><head>{COMPONENT_STYLE}</head><body></body>")
        made.evaluate(COMPONENT_HOST, [html, css, js, data])
        return made

    yield shows
    context.close()


def of(**changed) -> dict:
    """What a gallery of images is given."""
    images = np.random.default_rng(7).integers(0, 256, (COUNT, 28, 28)).astype(np.uint8)
    sheet = thumbnails.png(thumbnails.sprite(images, COLUMNS))
    return {
        "key": "one", "sprite": base64.b64encode(sheet).decode(), "columns": COLUMNS,
        "rows": -(-COUNT // COLUMNS), "titles": [f"image {i}" for i in range(COUNT)],
        "ids": list(range(1000, 1000 + COUNT)), "selected": -1, "tile": 30, "height": 330,
        "label": "Images", "whole": False, **changed,
    }  # fmt: skip


def focused(page) -> str:
    return page.evaluate("document.activeElement.getAttribute('aria-label')")


def stops(page) -> list[str]:
    return page.locator(".tile[tabindex='0']").evaluate_all("all => all.map((e) => e.title)")


def test_a_gallery_is_one_stop_with_arrows_inside(place):
    page = place(GRID, gallery._CSS, gallery._JS, of(selected=4))
    assert stops(page) == ["image 4"]
    page.keyboard.press("Tab")
    assert focused(page) == "image 4"
    across = page.evaluate(
        "[...document.querySelectorAll('.tile')].filter((e, i, all) => "
        "e.offsetTop === all[0].offsetTop).length"
    )
    for key, at in (
        ("ArrowRight", 5), ("ArrowLeft", 4), ("ArrowDown", 4 + across), ("ArrowUp", 4),
        ("End", COUNT - 1), ("ArrowRight", COUNT - 1), ("Home", 0), ("ArrowUp", 0),
    ):  # fmt: skip
        page.keyboard.press(key)
        assert focused(page) == f"image {at}" and stops(page) == [f"image {at}"]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.evaluate("window.told") == [["picked", 1001]]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") != "tile"
    page.evaluate("(data) => window.run(data)", of(selected=4))  # the same again keeps the place
    assert stops(page) == ["image 1"]
    page.evaluate("(data) => window.run(data)", of(selected=7))
    assert stops(page) == ["image 7"]


@pytest.mark.parametrize("width", [1280, 700, 360])
def test_every_row_that_shows_is_whole(place, width):
    page = place(GRID, gallery._CSS, gallery._JS, of(whole=True))
    page.set_viewport_size({"width": width, "height": 700})
    page.wait_for_timeout(100)
    rows = page.evaluate(
        "Object.values(Object.groupBy([...document.querySelectorAll('.tile')].filter((e) => "
        "!e.hidden), (e) => e.offsetTop)).map((row) => row.length)"
    )
    assert (len(set(rows)) == 1 and sum(rows) > COUNT - rows[0]) or width == 360
    grid = page.locator(".grid")
    assert grid.evaluate("(e) => e.scrollHeight - e.clientHeight") <= 0
    assert grid.evaluate("(e) => e.clientHeight") <= 336
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    assert focused(page) == f"image {sum(rows) - 1}"


def test_the_tour_goes_on_is_skipped_and_taken_again_where_storage_is_refused(place):
    steps = [{"text": f"Step {i}.", "link": f"Page {i}", "address": f"page{i}"} for i in range(5)]
    files = (
        '<div class="tour"></div>',
        *files_beside(tour.__file__).values(),
    )
    page = place(*files, {"steps": steps})  # about:blank has no localStorage
    said = page.get_by_role("region", name="Tour")
    assert "Tour, step 1 of 5" in said.inner_text() and "Step 0." in said.inner_text()
    page.get_by_role("button", name="Next").click()
    assert "step 2 of 5" in said.inner_text()
    page.get_by_role("link", name="Page 1").click()
    assert page.evaluate("window.told") == [["went", 1]]
    page.evaluate("(data) => window.run(data)", {"steps": steps})
    assert "step 3 of 5" in said.inner_text()  # it is remembered, and next
    for _ in range(2):
        page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Finish").click()
    page.get_by_role("button", name="Take the tour").click()
    page.get_by_role("button", name="Skip the tour").click()
    assert said.inner_text() == "Take the tour"
