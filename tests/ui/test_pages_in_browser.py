"""Pages that show images and numbers in a real Chromium, and all pages at two widths."""

import re
from pathlib import Path

import pytest
from helpers import comes_from, go, press, settled

import emnist_lab as lab
from emnist_lab.maintenance import browser

pytestmark = [
    pytest.mark.skipif(browser.chromium() is None, reason="needs Chromium: apt-get install it"),
    pytest.mark.timeout(600),
]


def test_pick_an_image_and_share_its_address(page, site):
    page.goto(site)
    page.locator(".tile").nth(7).wait_for()
    settled(page)
    page.locator(".tile").nth(7).click()  # on the home page: leads to Samples
    page.get_by_role("heading", name=re.compile("^Image [0-9,]+ is")).wait_for()
    page.wait_for_url("**/samples?*image=*")
    assert page.locator(".tile[aria-pressed=true]").count() == 1
    page.goto(f"{site}/samples")
    tiles = page.locator(".tile")
    tiles.nth(3).wait_for()
    settled(page)
    tiles.nth(3).click()
    page.wait_for_url("**image=3")
    page.get_by_text("Image 3 is").wait_for()
    numbers = page.locator(".el-grid td")
    numbers.nth(783).wait_for()
    assert numbers.count() == 784
    tiles.nth(3).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url("**image=4")
    page.get_by_role("combobox", name="Classes").fill("C c")
    page.keyboard.press("Enter")
    page.get_by_text("40 images", exact=True).wait_for()
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    page.get_by_text("40 images", exact=True).wait_for()
    page.get_by_text("Image 4 is").wait_for()


def test_a_split_chosen_on_one_page_is_not_chosen_on_another(page, site, folder):
    page.goto(f"{site}/samples?data={folder}&split=digits")
    page.get_by_text("· 10 classes ·").first.wait_for()
    go(page, "Train")
    comes_from(page, "EMNIST balanced, train part")
    go(page, "Samples")
    page.get_by_text("· 10 classes ·").first.wait_for()
    page.wait_for_url("**split=digits*")
    assert f"data={folder}".replace("/", "%2F") in page.url
    go(page, "Train")
    comes_from(page, "EMNIST balanced, train part")
    assert "split=" not in page.url


def test_browse_one_class_from_its_mean_image(page, site):
    page.goto(f"{site}/samples?view=Mean+images")
    mean = page.get_by_role("group", name="Mean image of each class").locator(".tile").nth(11)
    mean.wait_for()
    settled(page)
    mean.click()
    page.get_by_text("40 images", exact=True).wait_for()
    assert "classes=B" in page.url


def test_figures_and_tables_download(page, site):
    page.goto(f"{site}/evaluate?run=pixels-logistic&scale=by+row")
    page.locator(browser.USEFUL["evaluate"]).wait_for()
    browser.wait_for_intervals(page)  # the page runs once more with them, and a file would be gone
    settled(page)
    starts = {"PNG": b"\x89PNG", "SVG": b"<?xml", "CSV": b"true,0,1,2"}
    for kind, start in starts.items():
        with page.expect_download() as waiting:
            press(page, kind)
        content = Path(waiting.value.path()).read_bytes()
        assert content.startswith(start)
        assert waiting.value.suggested_filename == (
            f"pixels-logistic-confusion-normalised-by-true-class.{kind.lower()}"
        )


def test_the_confusion_matrix_opens_cells_and_classes(page, site):
    report = lab.open_run("hog-qda").report()
    pair = report.confused_pairs(1).iloc[0]
    true, read = (report.names.index(pair[key]) for key in ("true", "predicted"))
    page.goto(f"{site}/evaluate?run=hog-qda")
    canvas = page.locator(browser.USEFUL["evaluate"])
    canvas.wait_for()
    settled(page)
    edge = 34  # pixels of the labels, as in matrix.js
    cell = (canvas.bounding_box()["width"] - edge - 2) / len(report.classes)
    x, y = edge + (read + 0.5) * cell, edge + (true + 0.5) * cell
    canvas.hover(position={"x": x, "y": y})
    page.get_by_text(f"{pair['true']} predicted as {pair['predicted']}: {pair['count']}").wait_for()
    canvas.click(position={"x": x, "y": y})
    page.get_by_role("heading", name=f"{pair['true']} predicted as {pair['predicted']}").wait_for()
    page.wait_for_url(re.compile(f"true={report.classes[true]}&read={report.classes[read]}"))
    canvas.click(position={"x": 12, "y": y})  # the row's label
    page.get_by_role("heading", name=f"What {pair['true']} is predicted as").wait_for()
    canvas.click(position={"x": x, "y": 24})  # the column's
    page.get_by_role("heading", name=f"What is predicted as {pair['predicted']}").wait_for()
    canvas.focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.get_by_role("heading", name=re.compile("predicted as|correct")).wait_for()


def test_a_pair_of_a_card_opens_its_cell(page, site):
    page.goto(f"{site}/evaluate?run=hog-qda&look=Pairs")
    card = page.get_by_role("button", name=re.compile("predicted as .*: [0-9]+")).first
    card.wait_for()
    settled(page)  # until then pairs still come, before this one too
    said = card.inner_text().rsplit(":", 1)[0]
    card.click()
    page.get_by_role("heading", name=said).wait_for()
    page.locator(browser.USEFUL["evaluate"]).wait_for()
