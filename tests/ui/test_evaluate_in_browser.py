"""Evaluate in a real Chromium: what is in sight on a laptop and on a phone, and what is pressed."""

import re

import pytest
from helpers import settled

import emnist_lab as lab
from emnist_lab.maintenance import browser

pytestmark = [
    pytest.mark.skipif(browser.chromium() is None, reason="needs Chromium: apt-get install it"),
    pytest.mark.timeout(600),
]


def test_the_matrix_is_in_sight_and_the_list_beside_it_opens_its_cells(page, site):
    told = []
    page.on("console", lambda message: told.append(message.text))
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{site}/evaluate?run=hog-qda")
    canvas = page.locator(browser.USEFUL["evaluate"])
    canvas.wait_for()
    browser.wait_for_intervals(page)
    settled(page)
    box = canvas.bounding_box()
    assert box["y"] < 350
    column = page.locator(".plot").bounding_box()
    assert box["width"] > column["width"] - 30
    assert [page.locator(f".{axis}").inner_text() for axis in ("across", "down")] == [
        "predicted class",
        "true class",
    ]
    assert page.locator(".ticks span").first.inner_text() == "0"
    pair = lab.open_run("hog-qda").report().confused_pairs(1).iloc[0]
    words = f"{pair['true']} predicted as {pair['predicted']}"
    row = page.locator(".row").first
    assert row.get_attribute("title").startswith(f"{words}: {pair['count']} of {pair['of']}")
    row.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=words, exact=True).wait_for()
    page.wait_for_url(re.compile("true=.*&read="))
    assert not [one for one in told if "WARN" in one]


def test_on_a_phone_tabs_are_in_sight_and_the_matrix_scrolls_in_its_box(page, site):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{site}/evaluate?run=hog-qda")
    canvas = page.locator(browser.USEFUL["evaluate"])
    canvas.wait_for()
    browser.wait_for_intervals(page)
    settled(page)
    tabs = page.get_by_role("tab", name="Confusion").bounding_box()
    assert tabs["y"] + tabs["height"] < 740
    right, left = page.locator(".more.right"), page.locator(".more.left")
    assert right.is_visible() and left.is_hidden()
    page.locator(".frame").first.evaluate("(frame) => { frame.scrollLeft = 9999; }")
    left.wait_for()
    assert right.is_hidden()
