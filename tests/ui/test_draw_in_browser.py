"""The Draw page in a real Chromium, with the mouse on the canvas."""

import pytest
from helpers import WAIT, go, press, settled, until
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from emnist_lab.maintenance import browser

SEVEN = [[(60, 60), (200, 60), (110, 230)]]
STEM = [[(140, 60), (140, 230)]]
ROOF = [[(70, 60), (210, 60)]]

pytestmark = [
    pytest.mark.skipif(browser.chromium() is None, reason="needs Chromium: apt-get install it"),
    pytest.mark.timeout(600),
]


def likeliest(page) -> str:
    page.locator(browser.BARS).wait_for()
    return page.locator(f"{browser.BARS} b").first.inner_text()


def waits_for(page, words: str) -> None:
    """The bars say exactly this."""
    page.wait_for_function(
        "(words) => document.querySelector('.el-bars')?.innerText === words",
        arg=words, polling=50,
    )  # fmt: skip


def reads(page, name: str) -> None:
    """The likeliest is this; a stroke's points, and so the other bars, differ from time to time."""
    page.wait_for_function(
        "(name) => document.querySelector('.el-bars b')?.innerText === name",
        arg=name, polling=50,
    )  # fmt: skip


def test_first_visit_straight_to_a_page_has_its_frame(chromium, tmp_path):
    environment = {"EMNIST_LAB_HOME": str(tmp_path), "EMNIST_DIR": ""}
    with browser.server(environment) as address, chromium.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.goto(f"{address}/draw?run=pixels-logistic")
        page.locator(browser.USEFUL["draw"]).wait_for()
        page.get_by_role("link", name="Evaluate", exact=True).wait_for()
        page.locator(".el-readings .who").get_by_text("pixels-logistic").wait_for()


def test_draw_undo_clear_and_return(page, empty_site):
    page.goto(f"{empty_site}/draw")
    page.locator(browser.USEFUL["draw"]).wait_for()
    page.get_by_text("The canvas is empty").wait_for()
    page.get_by_text("An example, not yours:").wait_for()
    browser.draw(page, STEM)
    page.get_by_text("An example, not yours:").wait_for(state="detached")
    stem = page.locator(browser.BARS).inner_text()
    browser.draw(page, ROOF)
    reads(page, "T")
    press(page, "Undo")
    waits_for(page, stem)
    browser.draw(page, ROOF)  # the first stroke must still be there
    reads(page, "T")
    both = page.locator(browser.BARS).inner_text()
    go(page, "Home")
    page.get_by_text("Images of the dataset in use").wait_for()
    go(page, "Draw")
    waits_for(page, both)
    press(page, "Clear")
    page.get_by_text("The canvas is empty").wait_for()
    browser.draw(page, SEVEN)
    page.get_by_text("The canvas is empty").wait_for(state="detached")
    reads(page, "7")
    wide = page.viewport_size
    page.set_viewport_size({"width": 360, "height": 740})  # on a phone predictions come first
    bars, pen = (page.locator(one) for one in (browser.BARS, ".st-key-draw-board-pen"))
    until(lambda: bars.bounding_box()["y"] < pen.bounding_box()["y"])
    assert bars.bounding_box()["y"] < 740
    page.set_viewport_size(wide)
    press(page, "Reset canvas & history")
    page.get_by_text("The canvas is empty").wait_for()


def test_no_message_refers_to_an_earlier_one(page, empty_site):
    """Streamlit drops what such a message stands behind when a stroke comes early: a white page."""
    kinds = []

    def note(frame):
        message = ForwardMsg()
        message.ParseFromString(frame)
        kinds.append(message.WhichOneof("type"))

    page.on("websocket", lambda socket: socket.on("framereceived", note))
    page.goto(f"{empty_site}/draw")
    example = page.get_by_text("How the example becomes an array")
    example.wait_for()
    settled(page)
    go(page, "Home")
    page.get_by_text("Images of the dataset in use").wait_for()
    go(page, "Draw")
    example.wait_for()  # the same large elements again
    settled(page)
    assert "delta" in kinds and "ref_hash" not in kinds


def test_strokes_faster_than_answers_are_all_read(page, empty_site):
    page.goto(f"{empty_site}/draw")
    page.locator(browser.USEFUL["draw"]).wait_for()
    browser.draw(page, SEVEN)
    page.locator(browser.BARS).wait_for()
    seven = page.locator(browser.BARS).inner_text()
    browser.draw(page, [[(20 + 20 * turn, 20), (20 + 20 * turn, 260)] for turn in range(12)])
    for _ in range(12):
        page.get_by_role("button", name="Undo", exact=True).click()
    waits_for(page, seven)


def test_another_run_reads_the_same_drawing(page, empty_site):
    page.goto(f"{empty_site}/draw?why=true")
    page.locator(browser.USEFUL["draw"]).wait_for()
    browser.draw(page, SEVEN)
    assert likeliest(page) == "7"
    page.get_by_text("Why 7 and not").first.wait_for()
    names = page.locator(f"{browser.BARS} .who")
    assert names.all_inner_texts() == ["warped-blend", "pixels-logistic"]
    settled(page)
    page.get_by_role("button", name="Runs", exact=True).click()
    page.get_by_role("combobox", name="Predictions from").click()
    page.get_by_role("option", name="hog-qda", exact=True).click()
    names.get_by_text("hog-qda").wait_for()
    page.wait_for_url("**run=hog-qda*")
    assert likeliest(page) == "7"


def test_a_dot_and_a_stroke_that_leaves_the_canvas(page, empty_site):
    page.goto(f"{empty_site}/draw")
    page.locator(browser.USEFUL["draw"]).wait_for()
    browser.draw(page, [[(100, 100)]])
    page.get_by_text("A single dot").wait_for()
    press(page, "Reset canvas & history")
    page.get_by_text("The canvas is empty").wait_for()
    browser.draw(page, [[(40, 60), (200, 60), (130, 340)]])
    assert likeliest(page) == "7"


def test_a_small_drawing_in_a_corner_is_read_like_a_large_one(page, empty_site):
    page.goto(f"{empty_site}/draw")
    page.locator(browser.USEFUL["draw"]).wait_for()
    browser.draw(page, [[(200 + x / 5, 220 + y / 5) for x, y in SEVEN[0]]])
    assert likeliest(page) == "7"


def test_a_stroke_right_after_the_first_picture_is_read(page, empty_site):
    """What loads later moves no canvas away: a stroke is read where the canvas was first seen."""
    late = []
    page.route("**/Html.*.js", lambda route: late.append(route))  # of `st.html`
    page.goto(f"{empty_site}/draw", wait_until="commit")
    canvas = page.locator(browser.USEFUL["draw"])
    canvas.wait_for(state="attached")  # not the settled page that `browser.draw` waits for
    box = canvas.bounding_box()
    while not late:
        page.wait_for_timeout(20)
    for one in late:
        one.continue_()
    page.locator(".el-steps").wait_for()
    # Near the lower edge: it misses a canvas that has moved up meanwhile.
    (x, y), *rest = [(box["x"] + 200 + x / 5, box["y"] + 220 + y / 5) for x, y in SEVEN[0]]
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in rest:
        page.mouse.move(x, y, steps=6)
    page.mouse.up()
    assert likeliest(page) == "7"
