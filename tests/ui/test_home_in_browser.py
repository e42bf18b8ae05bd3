"""Home in a real Chromium, as somebody sees it who has just come, with no data and no network."""

import re

import pytest
from helpers import SEVEN, go, press, settled

from emnist_lab.maintenance import browser

pytestmark = [
    pytest.mark.skipif(browser.chromium() is None, reason="needs Chromium: apt-get install it"),
    pytest.mark.timeout(600),
]


def test_a_first_visit_from_the_board_through_the_tour(page, empty_site):
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(empty_site)
    page.locator(f"{browser.USEFUL['draw']}[aria-label]").wait_for()
    tour = page.get_by_role("region", name="Tour")
    tour.get_by_text("Tour, step 1 of 5").wait_for()
    page.locator(".tile").first.wait_for()
    settled(page)
    for seen in (
        page.get_by_role("heading", name="EMNIST Lab"),
        page.locator(browser.USEFUL["draw"]),
        page.locator(".el-readings .row").last,
        page.get_by_role("button", name="See every step on Draw"),
        tour,
    ):
        box = seen.bounding_box()
        assert box["y"] > 0 and box["y"] + box["height"] <= 800
    browser.draw(page, SEVEN[:1])
    page.get_by_text("What three classifiers see of your drawing").wait_for()
    read = page.locator(browser.BARS).inner_text()
    press(page, "See every step on Draw")
    page.wait_for_url(re.compile("/draw"))
    page.get_by_text("How your drawing becomes an array").wait_for()
    assert page.locator(f"{browser.BARS} .one").first.inner_text() in read
    go(page, "Home")
    page.get_by_text("What three classifiers see of your drawing").wait_for()
    press(page, "Next")
    press(page, "Samples, at a B", role="link")
    page.wait_for_url(re.compile(r"/samples\?classes=B"))
    go(page, "Home")
    tour.get_by_text("Tour, step 3 of 5").wait_for()
    press(page, "Skip the tour")
    page.reload()
    page.get_by_role("button", name="Take the tour").wait_for()
    page.locator(".tile").first.wait_for()
    press(page, "F predicted as f: 39 of 100", role="link", exact=False)
    page.wait_for_url(re.compile("/evaluate.*true=F&read=f"))


def test_on_a_phone_the_board_and_the_start_of_the_readings_are_in_sight(chromium, empty_site):
    size = {"width": 360, "height": 740}
    with chromium.new_context(viewport=size, has_touch=True) as context:
        page = context.new_page()
        page.goto(empty_site)
        page.locator(browser.USEFUL["draw"]).wait_for(timeout=60_000)
        page.locator(".tile").first.wait_for(timeout=60_000)
        settled(page)
        for seen in (page.locator(browser.USEFUL["draw"]), page.locator(".el-readings .answer")):
            box = seen.bounding_box()
            assert box["y"] > 0 and box["y"] + box["height"] <= 740
