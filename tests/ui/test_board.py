"""The board and the bars in a real Chromium, without Streamlit: what hands do, what is sent."""

from types import SimpleNamespace

import numpy as np
import pytest

from emnist_lab.maintenance import browser
from emnist_lab.ui.components import board, readings

chromed = pytest.mark.skipif(
    browser.chromium() is None, reason="needs Chromium: apt-get install it"
)
DATA = {
    "strokes": [], "version": 0, "turn": 0, "pen": 20, "width": 280, "height": 280,
    "label": "Board", "hint": "Draw",
}  # fmt: skip
# What Streamlit does with a component, as far as these need it.
_HOST = """async ([html, css, js, data]) => {
  document.body.innerHTML = '<input id="words"><div id="host"></div>';
  const host = document.querySelector('#host');
  host.innerHTML = `<style>${css}</style>${html}`;
  const url = URL.createObjectURL(new Blob([js], { type: 'text/javascript' }));
  const start = (await import(url)).default;
  window.told = [];
  window.run = (data) => start({ parentElement: host, data,
    setStateValue: (name, value) => window.told.push(JSON.parse(JSON.stringify(value))) });
  window.run(data);
  await new Promise(requestAnimationFrame);
}"""
_STYLE = (
    "<style>body { margin: 20px; --st-text-color: #1f2430; --st-primary-color: #1f6feb }</style>"
)
LINE, OTHER = [(40, 40), (40, 200)], [(200, 40), (200, 200)]


@pytest.fixture
def hosted(chromium):
    """Shows a component: files, data, and whatever a browser context takes -> page."""
    contexts = []

    def show(files, data, **kind):
        contexts.append(chromium.new_context(**{"viewport": {"width": 700, "height": 600}, **kind}))
        page = contexts[-1].new_page()
        page.set_content(f"<!doctype html><head>{_STYLE}</head><body></body>")
        page.evaluate(_HOST, [*files, data])
        return page

    yield show
    for context in contexts:
        context.close()


@pytest.fixture
def drawn(hosted):
    def show(**more):
        kind = {key: more.pop(key) for key in ("viewport", "has_touch") if key in more}
        return hosted([board._read(one) for one in ("html", "css", "js")], {**DATA, **more}, **kind)

    return show


def last(page):
    return page.evaluate("window.told.at(-1)")


def points(page):
    """The strokes that were sent last."""
    return [one["points"] for one in last(page)["strokes"]]


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


@chromed
def test_the_canvas_is_seen_once_strokes_are_heard(hosted, drawn):
    """Streamlit shows markup before the script has loaded: a stroke there would be lost."""
    waiting = hosted([board._read("html"), board._read("css"), "export default () => {}"], DATA)
    assert not waiting.locator("canvas").is_visible()
    assert waiting.locator(browser.USEFUL["draw"]).count() == 0
    assert drawn().locator(browser.USEFUL["draw"]).is_visible()


@chromed
def test_a_stroke_is_sent_when_the_pointer_is_lifted_edges_included(drawn):
    page = drawn()
    browser.draw(page, [[(60, 60), (200, 60), (130, 340)]])
    assert page.evaluate("window.told.length") == 1
    sent = last(page)
    assert (sent["version"], sent["pen"], len(sent["strokes"])) == (1, 20, 1)
    assert sent["strokes"][0]["points"][0] == [60, 60]
    assert sent["strokes"][0]["points"][-1] == [130, 340]
    assert [200, 60] in sent["strokes"][0]["points"] and sent["strokes"][0]["width"] == 20
    browser.draw(page, [[(100, 100)]])  # a dot, for an i
    assert points(page)[1] == [[100, 100]]


@chromed
def test_undo_redo_and_clear_by_buttons_and_keys(drawn):
    page = drawn()
    for name in ("Undo", "Redo", "Clear"):
        assert page.get_by_role("button", name=name, exact=True).is_disabled()
    browser.draw(page, [LINE, OTHER])
    both = points(page)
    press(page, "Undo")
    assert points(page) == both[:1]
    page.keyboard.press("Control+y")
    assert points(page) == both
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+z")
    assert points(page) == both
    page.keyboard.press("Delete")
    assert points(page) == []
    press(page, "Undo")
    assert points(page) == both
    press(page, "Clear")
    browser.draw(page, [LINE])
    assert page.get_by_role("button", name="Redo", exact=True).is_disabled()
    versions = page.evaluate("window.told.map((one) => one.version)")
    assert versions == list(range(1, len(versions) + 1))


@chromed
def test_keys_that_are_typed_elsewhere_do_nothing_here(drawn):
    page = drawn()
    browser.draw(page, [LINE])
    page.locator("#words").focus()
    for key in ("Control+z", "Delete", "e"):
        page.keyboard.press(key)
    assert len(points(page)) == 1 and page.evaluate("window.told.length") == 1
    assert page.locator("[data-do=eraser]").get_attribute("aria-pressed") == "false"


@chromed
def test_the_eraser_takes_strokes_and_they_come_back(drawn):
    page = drawn()
    browser.draw(page, [LINE, OTHER, [(240, 40), (240, 200)]])
    three = points(page)
    page.keyboard.press("e")
    browser.draw(page, [[(100, 100), (120, 120)]])  # touches nothing
    assert points(page) == three
    browser.draw(page, [[(190, 120), (250, 120)]])  # two at once
    assert points(page) == three[:1]
    press(page, "Undo")
    assert points(page) == three
    page.keyboard.press("e")
    browser.draw(page, [[(100, 100), (120, 120)]])
    assert len(points(page)) == 4


@chromed
def test_a_rerun_eats_no_stroke(drawn):
    page = drawn()
    browser.draw(page, [LINE])
    box = page.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 40)
    page.mouse.down()
    page.evaluate("(data) => window.run(data)", DATA)  # what the server knew before
    page.mouse.move(box["x"] + 200, box["y"] + 200, steps=4)
    page.evaluate("(data) => window.run(data)", DATA)
    page.mouse.up()
    sent = points(page)
    assert len(sent) == 2 and sent[1][0] == [200, 40] and sent[1][-1] == [200, 200]
    assert page.evaluate("window.told.length") == 2


@chromed
def test_what_the_server_puts_there_replaces_what_it_knew_and_no_more(drawn):
    page = drawn()
    browser.draw(page, [LINE, OTHER])  # the server has seen the first one only
    page.evaluate("(data) => window.run(data)", {**DATA, "turn": 1, "version": 1})
    assert points(page)[0][0] == [200, 40] and len(points(page)) == 1
    press(page, "Undo")
    assert len(points(page)) == 2


@chromed
def test_a_board_that_is_come_back_to_can_be_undone(drawn):
    strokes = [{"points": one, "width": 20} for one in (LINE, OTHER)]
    page = drawn(strokes=strokes, version=7, turn=3)
    assert page.evaluate("window.told.length") == 0
    press(page, "Undo")
    assert len(points(page)) == 1 and last(page)["version"] == 8
    press(page, "Redo")
    assert len(points(page)) == 2


@chromed
def test_one_finger_draws_and_a_narrow_board_keeps_its_pixels(drawn):
    page = drawn(viewport={"width": 240, "height": 600}, has_touch=True)
    box = page.locator("canvas").bounding_box()
    scale = box["width"] / 280
    assert scale < 0.7
    hand = page.context.new_cdp_session(page)

    def touch(kind, *places):
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [
            {"x": box["x"] + x * scale, "y": box["y"] + y * scale, "id": index}
            for index, (x, y) in enumerate(places)
        ]})  # fmt: skip

    touch("touchStart", (40, 40))
    touch("touchStart", (40, 40), (200, 240))  # a palm
    touch("touchMove", (40, 200), (220, 240))
    touch("touchEnd")
    sent = points(page)
    assert len(sent) == 1
    assert np.allclose([sent[0][0], sent[0][-1]], [(40, 40), (40, 200)], atol=1)


@chromed
def test_the_pen_has_a_width(drawn):
    page = drawn()
    browser.draw(page, [LINE])
    page.get_by_role("slider").focus()
    page.keyboard.press("Home")
    browser.draw(page, [OTHER])
    assert [one["width"] for one in last(page)["strokes"]] == [20, 8] and last(page)["pen"] == 8


@pytest.fixture
def session(monkeypatch):
    """Streamlit as far as the board needs it; what the page would show is kept."""
    made = SimpleNamespace(session_state={}, shown={})
    monkeypatch.setattr(board, "st", made)
    monkeypatch.setattr(board, "_board", lambda **given: made.shown.update(given["data"]))
    return made


def send(session, **value):
    session.session_state["b"] = SimpleNamespace(drawing=value)
    board._take("b")


def test_strokes_come_as_arrays_and_go_back_as_they_came(session):
    sent = [{"points": [[1, 2], [3, 4.5]], "width": 20}]
    send(session, version=1, pen=12, strokes=sent)
    strokes, pen, _ = board.board("b")
    assert pen == 12 and strokes[0].tolist() == [[1, 2], [3, 4.5]]
    assert strokes[0].dtype == np.float64
    assert session.shown["strokes"] == sent and session.shown["version"] == 1


def test_clear_wipes_it_and_an_old_state_does_not_bring_it_back(session):
    send(session, version=4, pen=20, strokes=[{"points": [[1, 2]], "width": 20}])
    board.board("b").clear()
    assert board.board("b").strokes == [] and session.shown["turn"] == 1
    send(session, version=4, pen=20, strokes=[{"points": [[1, 2]], "width": 20}])
    assert board.board("b").strokes == []


@pytest.mark.parametrize("value", [{}, {"strokes": []}, {"strokes": [{"points": [[1, 2], [3]]}]}])
def test_what_no_board_sends_changes_nothing(session, value):
    send(session, version=1, pen=20, strokes=[{"points": [[1, 2]], "width": 20}])
    send(session, **{"version": 2, "pen": 20, "strokes": None, **value} if value else value)
    assert len(board.board("b").strokes) == (0 if value == {"strokes": []} else 1)


def test_a_board_can_be_given_a_drawing(session):
    board.put("b", [LINE], 10)
    strokes, pen, _ = board.board("b")
    assert strokes[0].tolist() == [[40, 40], [40, 200]] and pen == 10
    assert session.shown["strokes"] == [{"points": [[40, 40], [40, 200]], "width": 10}]


CLASSES = list("0O17B8")
BEFORE, AFTER = np.array([0.01, 0.02, 0.3, 0.6, 0.04, 0.03]), np.array([0, 0, 0.7, 0.2, 0.1, 0])
# Whether the row of class 1 is the same element as before, and what moves.
_KEPT = """() => { const row = [...document.querySelectorAll('.row')].find((one) =>
  one.querySelector('b').textContent === '1'); const same = row === window.row; window.row = row;
  return [same, row.getAnimations().length, row.bar.getAnimations().length]; }"""


def bars(*probabilities, example=False):
    found = [readings.Prediction(f"run-{i}", CLASSES, one) for i, one in enumerate(probabilities)]
    columns = [readings._column(one) for one in found]
    return {"columns": columns, "heading": "Your drawing", "example": example}


def files():
    return [readings._HTML, readings._read("css"), readings._read("js")]


@chromed
def test_bars_move_and_keep_their_rows(hosted):
    page = hosted(files(), bars(BEFORE))
    page.evaluate(_KEPT)
    assert page.locator(".row b").all_inner_texts() == ["7", "1", "B b", "8", "O o"]
    page.evaluate("(data) => window.run(data)", bars(AFTER))
    same, slides, grows = page.evaluate(_KEPT)
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
    page = hosted(files(), bars(BEFORE, AFTER, example=True))
    assert page.locator(browser.BARS).count() == 0
    page.evaluate("(data) => window.run(data)", bars(AFTER))
    assert page.locator(f"{browser.BARS} .who").all_inner_texts() == ["run-0"]


def test_an_answer_is_either_of_or_not_sure():
    both = readings._column(readings.Prediction("r", CLASSES, np.array([0.5, 0.4, 0.1, 0, 0, 0])))
    assert (both["answer"], both["beside"]) == ("0 / O o", "90%") and "One of these" in both["note"]
    assert [row["named"] for row in both["rows"]] == [True, True, False, False, False]
    unsure = readings._column(readings.Prediction("r", CLASSES, np.full(6, 1 / 6)))
    assert unsure["answer"] == "Not sure" and unsure["beside"] == "perhaps 0 / O o"
