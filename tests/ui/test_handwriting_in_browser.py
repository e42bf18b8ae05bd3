"""Whose drawings are whose, in a real Chromium: only there are there browsers to tell apart."""

import json
import re

import pytest
from helpers import WAIT, press, settled

from emnist_lab.handwriting.stroke_files import read_drawings
from emnist_lab.maintenance import browser

MANY = re.compile(r"^3 drawings\. Only")

pytestmark = [
    pytest.mark.skipif(browser.chromium() is None, reason="needs Chromium: apt-get install it"),
    pytest.mark.timeout(600),
]


@pytest.fixture
def drawings(tmp_path):
    path = tmp_path / "three.json"
    seven = [[60, 60], [200, 60], [110, 230]]
    rows = [{"label": "7", "strokes": [[[x + n, y] for x, y in seven]]} for n in range(3)]
    path.write_text(json.dumps(rows))
    return path


def opened(context, address, query=""):
    page = context.new_page()
    page.set_default_timeout(WAIT)
    page.goto(f"{address}/handwriting{query}")
    return page


def bring(page, path) -> None:
    page.get_by_text("No drawings are kept yet").wait_for()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(path)
    page.get_by_text("Imported: 3 drawings are new").wait_for()


def test_a_browser_finds_its_own_again_and_no_other_does(chromium, empty_site, drawings, tmp_path):
    with chromium.new_context(viewport={"width": 1280, "height": 900}) as mine:
        page = opened(mine, empty_site)
        bring(page, drawings)
        assert re.fullmatch("[0-9a-f]{32}", page.evaluate("localStorage['emnist-lab-owner']"))
        page.reload()
        page.get_by_text(MANY).wait_for()
        other_tab = opened(mine, empty_site, "?run=hog-qda&char=7")
        other_tab.get_by_text(MANY).wait_for()
        press(other_tab, "About these figures")
        other_tab.get_by_text("hog-qda was trained on").wait_for()
        assert "char=7" in other_tab.url
        with chromium.new_context() as theirs:
            opened(theirs, empty_site).get_by_text("No drawings are kept yet").wait_for()
        with page.expect_download() as waiting:
            press(page, "JSON")
        waiting.value.save_as(tmp_path / "out.json")
        assert [one["label"] for one in read_drawings(tmp_path / "out.json")] == ["7"] * 3

        settled(page)
        page.locator(".tile").first.click()
        page.wait_for_url("**drawing=*")
        settled(page)
        field = page.get_by_role("textbox", name="True label")
        field.fill("T")
        field.press("Enter")
        page.get_by_text("is labelled T now").wait_for()
        press(page, "Delete")
        press(page, "Delete it", within="stDialog")
        page.get_by_text("One T is deleted").wait_for()
        press(page, "Delete all of mine")
        press(page, "Delete them")
        page.get_by_text("No drawings are kept yet").wait_for()


def test_a_browser_that_refuses_storage_is_told_and_can_keep_for_a_while(
    chromium, empty_site, drawings
):
    with chromium.new_context() as context:
        context.add_init_script(
            "const set = Storage.prototype.setItem;"
            "Storage.prototype.setItem = function (key, value) {"
            "  if (key === 'emnist-lab-owner') throw new Error('refused');"
            "  return set.call(this, key, value); };"
        )
        page = opened(context, empty_site)
        page.get_by_text("until the page is closed").wait_for()
        bring(page, drawings)
        page.get_by_text(MANY).wait_for()
        page.reload()
        page.get_by_text("No drawings are kept yet").wait_for()
