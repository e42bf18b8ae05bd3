"""The board in a real Chromium: no stroke is lost, and an edited one is where it is seen."""

import base64
import io
import json

import numpy as np
import pytest
from helpers import SEVEN, WAIT, press
from PIL import Image

from emnist_lab.files import PROJECT
from emnist_lab.handwriting import ink
from emnist_lab.maintenance import browser

APP = PROJECT / "tests" / "ui" / "board_app.py"
CANVAS = browser.USEFUL["draw"]
FIVE = [[(40 + 45 * turn, 40), (40 + 45 * turn, 240)] for turn in range(5)]

pytestmark = pytest.mark.skipif(
    browser.chromium() is None, reason="needs Chromium: apt-get install it"
)


@pytest.fixture(scope="module")
def site():
    with browser.server(script=APP) as address:
        yield address


@pytest.fixture
def opened(chromium, window):
    made = []

    def show(address, **kind):
        made.append(chromium.new_context(**kind) if kind else window.new_page())
        page = made[-1].new_page() if kind else made[-1]
        page.set_default_timeout(WAIT)
        page.goto(address)
        page.locator(CANVAS).wait_for()
        return page

    yield show
    for one in made:
        one.close()


@pytest.fixture
def page(opened, site):
    return opened(site)


# What the server has: so many strokes, one of them elsewhere than before, if that is asked. While
# Streamlit draws the page anew, the old text may stand beside the new.
KNOWN = """([count, before]) => {
  const codes = document.querySelectorAll('[data-testid=stCode]');
  if (codes.length !== 1) return null;
  const text = codes[0].innerText, now = JSON.parse(text);
  const far = before?.some((stroke, i) => stroke.some(([x, y], j) =>
    Math.hypot(x - now[i]?.[j]?.[0], y - now[i]?.[j]?.[1]) > 5)) ?? true;
  return now.length === count && far ? text : null;
}"""


def strokes(page, count: int, before: list | None = None) -> list[np.ndarray]:
    """What the server has, once it has so many, and they moved."""
    text = page.wait_for_function(KNOWN, arg=[count, before], polling=50).json_value()
    return [np.array(one) for one in json.loads(text)]


def changed(page, before: list[np.ndarray]) -> list[np.ndarray]:
    """What the server has, once it is elsewhere than before: more than a selection moves it."""
    return strokes(page, len(before), [one.tolist() for one in before])


def shown(page) -> np.ndarray:
    """What is seen on the canvas, without handles: uint8 (280, 280), ink bright."""
    url = page.evaluate("""() => {
      const find = (node, name) => node.querySelector(name) ?? [...node.querySelectorAll('*')]
        .map((one) => one.shadowRoot && find(one.shadowRoot, name)).find(Boolean);
      return find(document, '.dc-canvas').toDataURL();
    }""")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("L"))


def drag(page, start, stop, *, key=None):
    box = page.locator(CANVAS).bounding_box()
    if key:
        page.keyboard.down(key)
    page.mouse.move(box["x"] + start[0], box["y"] + start[1])
    page.mouse.down()
    page.mouse.move(box["x"] + stop[0], box["y"] + stop[1], steps=8)
    page.mouse.up()
    if key:
        page.keyboard.up(key)


def same(page, found) -> float:
    """How alike the image made of strokes and that made of what is seen are: correlation."""
    pictures = ink.from_strokes(found), ink.from_picture(shown(page))
    return float(np.corrcoef(*(one.ravel().astype(float) for one in pictures))[0, 1])


def test_strokes_undo_redo_reset_and_the_pen(page):
    browser.draw(page, SEVEN)
    found = strokes(page, 2)
    np.testing.assert_allclose(found[0][0], SEVEN[0][0], atol=1)
    np.testing.assert_allclose(found[0][-1], SEVEN[0][-1], atol=1)
    assert same(page, found) > 0.9
    press(page, "Undo")
    strokes(page, 1)
    page.keyboard.press("Control+y")
    strokes(page, 2)
    page.keyboard.press("Control+z")
    strokes(page, 1)
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    page.get_by_text("1 strokes, pen 8").wait_for()
    browser.draw(page, SEVEN[1:])
    strokes(page, 2)
    press(page, "Reset canvas & history")
    strokes(page, 0)


def test_the_canvas_has_a_name_and_its_tools_are_in_sight(page):
    page.locator(f"{CANVAS}[aria-label]").wait_for()
    assert "draw one digit or letter" in page.locator(CANVAS).get_attribute("aria-label")
    page.mouse.move(0, 0)
    page.wait_for_function("""() => {
      const find = (node, name) => node.querySelector(name) ?? [...node.querySelectorAll('*')]
        .map((one) => one.shadowRoot && find(one.shadowRoot, name)).find(Boolean);
      return getComputedStyle(find(document, '.dc-toolbar')).opacity === '1';
    }""")


def test_what_was_drawn_is_there_again_and_can_be_emptied(page):
    browser.draw(page, SEVEN)
    before = strokes(page, 2)
    away = page.get_by_text("Away", exact=True)
    away.click()
    page.locator(CANVAS).wait_for(state="detached")
    away.click()
    page.locator(CANVAS).wait_for()
    after = strokes(page, 2)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(one, other, atol=0.1)
    browser.draw(page, [[(20, 20), (20, 260)]])
    strokes(page, 3)
    press(page, "Empty it", exact=False)
    strokes(page, 0)
    browser.draw(page, SEVEN[1:])
    strokes(page, 1)


@pytest.mark.parametrize("turn", range(2))
def test_five_strokes_at_once_all_count_on_a_slow_server(opened, site, turn):
    page = opened(f"{site}?delay=1")
    browser.draw(page, FIVE[:1])
    browser.draw(page, FIVE[1:])
    found = strokes(page, 5)
    np.testing.assert_allclose([one[0] for one in found], [one[0] for one in FIVE], atol=1)


# Holds what the browser sends, until it is released: the server answers no sooner.
HOLD = """() => {
  const send = WebSocket.prototype.send, held = [];
  let holding = true;
  WebSocket.prototype.send = function (...all) {
    if (holding) held.push([this, all]); else send.apply(this, all);
  };
  window.release = () => { holding = false; for (const [to, all] of held) send.apply(to, all); };
}"""


@pytest.mark.parametrize("press_it", ["button", "shortcut"])
def test_no_stroke_is_drawn_on_a_canvas_that_is_being_cleared(page, press_it):
    """It would be lost: the answer brings another canvas."""
    browser.draw(page, SEVEN)
    strokes(page, 2)
    box = page.locator(CANVAS).bounding_box()
    page.evaluate(HOLD)
    if press_it == "button":
        press(page, "Empty it", exact=False)
    else:
        page.keyboard.press("x")
    page.locator(CANVAS).wait_for(state="detached")  # no program takes it for the new one, either
    before = shown(page)
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + 260, steps=5)
    page.mouse.up()
    np.testing.assert_array_equal(shown(page), before)
    page.evaluate("window.release()")
    strokes(page, 0)
    browser.draw(page, SEVEN[1:])
    strokes(page, 1)


def test_a_canvas_whose_clearing_is_never_answered_takes_strokes_again(opened, site):
    page = opened(site)
    browser.draw(page, SEVEN[:1])
    strokes(page, 1)
    page.evaluate("""() => {
      const send = WebSocket.prototype.send;
      window.lost = 0;
      window.mute = true;
      WebSocket.prototype.send = function (...all) {
        if (window.mute) window.lost += 1; else send.apply(this, all);
      };
      const later = window.setTimeout;
      window.setTimeout = (call, ms, ...rest) => later(call, ms === 10000 ? 300 : ms, ...rest);
    }""")
    press(page, "Empty it", exact=False)
    page.locator(CANVAS).wait_for(state="detached")
    page.wait_for_function("window.lost", polling=50)
    page.evaluate("window.mute = false")
    browser.draw(page, SEVEN[1:])
    strokes(page, 2)


# By Fabric's handles, on the box around the ink: from (60, 60) to (180, 230).
EDITS = {
    "moved": lambda page: drag(page, (100, 100), (140, 120)),
    "scaled": lambda page: drag(page, (180, 230), (150, 190)),
    "turned": lambda page: drag(page, (120, 20), (190, 60)),
    "stretched": lambda page: drag(page, (180, 145), (230, 145)),
    "skewed": lambda page: drag(page, (120, 230), (160, 230), key="Shift"),
    "flipped": lambda page: drag(page, (180, 145), (-30, 145)),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_stroke_is_where_the_screen_shows_it(page, edit):
    browser.draw(page, [[(70, 70), (170, 70), (70, 220), (170, 220)]])
    before = strokes(page, 1)
    press(page, "Edit")
    drag(page, (120, 70), (120, 70))  # selects it
    EDITS[edit](page)
    after = changed(page, before)
    drag(page, (276, 4), (276, 4))  # selects nothing: handles are no ink
    picture = shown(page)
    assert np.abs(after[0] - before[0]).max() > 10
    inside = after[0][((after[0] > 4) & (after[0] < 276)).all(axis=1)]
    assert len(inside) > len(after[0]) / 2
    x, y = inside.round().astype(int).T
    assert (picture[y, x] > 128).mean() > 0.97  # the middle of each stroke lies on ink
    if len(inside) == len(after[0]):
        rows, columns = np.nonzero(picture > 128)
        seen = [columns.min(), rows.min(), columns.max(), rows.max()]
        reach = [*after[0].min(axis=0), *after[0].max(axis=0)]
        assert np.abs(np.subtract(seen, reach)).max() < 30  # half a pen, stretched


def test_several_strokes_selected_together_are_moved_and_turned(page):
    browser.draw(page, SEVEN)
    before = strokes(page, 2)
    press(page, "Edit")
    drag(page, (20, 20), (270, 270))  # a marquee
    drag(page, (130, 10), (190, 30))  # its handle, above the middle
    after = changed(page, before)
    drag(page, (276, 4), (276, 4))
    picture = shown(page)
    for one, other in zip(before, after, strict=True):
        assert np.abs(one - other).max() > 5
        x, y = other.round().astype(int).clip(0, 279).T
        assert (picture[y, x] > 128).mean() > 0.95
    lengths = [[np.linalg.norm(one[0] - one[-1]) for one in both] for both in (before, after)]
    np.testing.assert_allclose(*lengths, rtol=0.02)  # turned, not scaled


def test_a_stroke_is_removed_by_itself(page):
    browser.draw(page, SEVEN)
    strokes(page, 2)
    press(page, "Edit")
    drag(page, (140, 140), (140, 141))
    press(page, "Delete selected")
    (left,) = strokes(page, 1)
    np.testing.assert_allclose(left[0], SEVEN[0][0], atol=1)


def test_one_finger_draws_and_a_wide_board_scrolls_inside_its_box(opened, site):
    page = opened(f"{site}?width=560", viewport={"width": 360, "height": 740}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    box = page.locator(CANVAS).bounding_box()
    hand = page.context.new_cdp_session(page)

    def touch(kind, *places):
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [
            {"x": box["x"] + x, "y": box["y"] + y, "id": 0} for x, y in places
        ]})  # fmt: skip

    top = page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    touch("touchStart", (40, 200))
    for y in range(180, 39, -20):
        touch("touchMove", (40, y))
    touch("touchEnd")
    (found,) = strokes(page, 1)
    np.testing.assert_allclose([found[0], found[-1]], [(40, 200), (40, 40)], atol=2)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == top


def test_a_canvas_that_does_not_load_is_said(chromium, site):
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(WAIT)
    page.route("**/index-*.js", lambda route: (
        route.abort() if "drawable" in route.request.url else route.continue_()
    ))  # fmt: skip
    page.goto(site)
    said = page.get_by_text("The canvas didn't load")
    said.wait_for(state="attached")
    assert said.is_hidden()
    page.evaluate("const now = Date.now; Date.now = () => now() + 20000")
    said.wait_for()
    context.close()
