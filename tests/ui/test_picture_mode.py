"""A picture instead of a drawing, on a page: chosen, shown, corrected, refused; in Chromium too."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from streamlit.testing.v1 import AppTest

from emnist_lab.handwriting.page_images import example, page_reader, photo
from emnist_lab.ui.components import character_boxes

PAGE = """
import streamlit as st
from emnist_lab import runs
from emnist_lab.ui.draw.picture_mode import scanned

st.session_state.returned = scanned(runs.open_run("hog-qda"))
"""


def written(says="HAX\n734"):
    picture = Image.new("L", (700, 300), 240)
    ImageDraw.Draw(picture).text((60, 20), says, 20, ImageFont.load_default(size=90))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def opened(data=None):
    page = AppTest.from_string(PAGE, default_timeout=300)
    if data is not None:
        page.session_state.draw_picture_file = data
        page.session_state.draw_picture_name = "page_[1].png"
    page.run()
    assert not page.exception
    return page


def given(page):
    return next(one for one in page.selectbox if one.label == "True label")


def test_an_example_is_there_before_anything_is_chosen():
    page = opened()
    assert page.code[0].value.count("\n") == 2
    assert "generated images" in " ".join(one.value for one in page.caption)
    assert "True label" not in [one.label for one in page.selectbox]  # no person wrote it
    assert page.session_state.returned == []


def test_a_picture_is_read_and_corrected():
    page = opened(written())
    assert page.code[0].value == "HAX\n734"
    least_sure = page.session_state.draw_picture_at
    page.session_state.draw_picture_at = 1
    page.run()
    assert [one.value for one in page.markdown if "Character" in one.value] == [
        "**Character 2** of 6"
    ]
    given(page).set_value("R").run()
    assert page.code[0].value == "HRX\n734"
    (made,) = page.session_state.returned
    assert made.given == "R" and made.readings[0][0] == "A" and len(made.readings) == 5
    assert made.image.shape == (28, 28) and made.image.dtype == np.uint8
    assert made.box == page_reader.find(written()).characters[1].box
    assert made.run == "hog-qda" and len(made.picture) == 64
    page.button("draw_picture_Next").click().run()
    assert given(page).value is None
    given(page).set_value("8").run()
    assert [one.given for one in page.session_state.returned] == ["R", "8"]
    page.button("draw_picture_Previous").click().run()
    assert given(page).value == "R"
    given(page).set_value(None).run()
    assert [one.given for one in page.session_state.returned] == ["8"]
    assert 0 <= least_sure < 6


def test_neighbours_are_used_where_they_are_wanted_and_the_plain_reading_stays():
    page = opened(written("H0ME\n734"))
    plain = page.code[0].value
    assert len(page.code) == 1
    page.toggle(key="draw-picture-context").set_value(True).run()
    assert not page.exception and page.code[0].value == plain
    assert page.code[1].value == "HOME\n734"
    page.text_input(key="draw-picture-words").set_value("home, some").run()
    assert not page.exception and page.code[1].value == "HOME\n734"


def test_corrections_stay_when_another_picture_comes():
    page = opened(written())
    given(page).set_value("Z").run()
    page.session_state.draw_picture_file = written("KKK")
    page.run()
    assert page.session_state.returned == [] and page.code[0].value == "KKK"
    page.session_state.draw_picture_file = written()
    page.run()
    assert [one.given for one in page.session_state.returned] == ["Z"]


@pytest.mark.parametrize("data", [b"", b"I am text", b"\x89PNG\r\n\x1a\n"])
def test_bad_pictures_are_one_sentence_and_can_be_put_away(data):
    page = opened(data)
    assert len(page.error) == 1 and ":" in page.error[0].value
    assert page.session_state.returned == []
    next(one for one in page.button if one.label == "Remove").click().run()
    assert not page.error and page.code  # the example again


def test_small_writing_and_joined_characters_are_said():
    picture = Image.open(io.BytesIO(written())).convert("L")
    loops = [(300 + 4 * t + 40 * np.sin(t / 3), 160 + 30 * np.cos(t / 3)) for t in range(90)]
    ImageDraw.Draw(picture).line(loops, 20, 9)
    out = io.BytesIO()
    picture.save(out, "PNG")
    page = opened(out.getvalue())
    assert any("touch" in one.value for one in page.warning)
    small = Image.open(io.BytesIO(written())).resize((175, 75))
    out = io.BytesIO()
    small.save(out, "PNG")
    assert any("pixels high" in one.value for one in opened(out.getvalue()).info)


def png(picture):
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def button(page, label):
    return next(one for one in page.button if one.label == label)


def test_a_picture_on_its_side_is_turned_and_turned_back():
    picture = Image.new("L", (700, 500), 240)
    font = ImageFont.load_default(size=90)
    ImageDraw.Draw(picture).text((60, 30), "A7RK4G\n2E3BHA\nK47RGE", 20, font)
    page = opened(png(picture.rotate(90, expand=True)))
    assert page.code[0].value.count("\n") == 2
    assert any("turned by 90°" in one.value for one in page.info)
    button(page, "Turn it back").click().run()
    assert not any("turned by" in one.value for one in page.info)
    assert page.code[0].value.count("\n") > 2
    button(page, "Turn right").click().run()
    assert page.code[0].value.count("\n") == 2


def test_a_part_is_cut_out_and_the_whole_comes_back():
    page = opened(written())
    across = next(one for one in page.slider if one.label == "From left to right")
    down = next(one for one in page.slider if one.label == "From top to bottom")
    assert button(page, "Cut out").disabled
    across.set_value((0, 60))
    down.set_value((0, 45)).run()
    button(page, "Cut out").click().run()
    assert page.code[0].value == "HAX" and not page.exception
    button(page, "The whole picture").click().run()
    assert page.code[0].value == "HAX\n734"
    assert not any(one.label == "The whole picture" for one in page.button)


def test_a_picture_without_writing_can_still_be_cut():
    page = opened(png(Image.new("L", (800, 600), 255)))
    assert len(page.error) == 1 and button(page, "Cut out")


def test_a_grid_is_a_table_to_take_along():
    picture = Image.new("L", (500, 400), 240)
    draw = ImageDraw.Draw(picture)
    for at in range(4):
        draw.line((50, 50 + 100 * at, 350, 50 + 100 * at), 20, 4)
        draw.line((50 + 100 * at, 50, 50 + 100 * at, 350), 20, 4)
    for (row, column), one in {(0, 0): "H", (1, 1): "A", (2, 2): "X", (0, 2): "3"}.items():
        middle = (100 + 100 * column, 100 + 100 * row)
        draw.text(middle, one, 20, ImageFont.load_default(size=60), anchor="mm")
    page = opened(png(picture))
    table = page.dataframe[0].value.to_numpy().tolist()
    assert table == [["H", "", "3"], ["", "A", ""], ["", "", "X"]]
    assert any("a grid of 3 by 3" in one.value for one in page.caption)


def test_the_example_is_the_same_each_time(train):
    lines = ("4nd", "A7")
    assert example.example_page(train, lines) == example.example_page(train, lines)


def test_what_each_box_is_called():
    page = page_reader.find(written())
    titles = character_boxes._titles(page.characters, list("HAX734"), {1: "R"})
    assert titles[0] == "1: read as H" and titles[1] == "2: read as A, corrected to R"
    assert character_boxes._kinds(page.characters, {1: "R"})[:2] == ["", "given"]


# What Streamlit does with a component, as far as these need it.
_HOST = """async ([html, css, js, data]) => {
  document.body.innerHTML = '<div id="host" style="width:100%"></div>';
  const host = document.querySelector('#host');
  host.innerHTML = `<style>${css}</style>${html}`;
  const url = URL.createObjectURL(new Blob([js], { type: 'text/javascript' }));
  const start = (await import(url)).default;
  window.told = [];
  window.run = (data) => {
    if (window.stop) window.stop();
    window.stop = start({ parentElement: host, data,
      setTriggerValue: (name, value) => window.told.push([name, value]) });
  };
  window.run(data);
  await new Promise((done) => setTimeout(done, 100));
}"""


@pytest.fixture
def sent(monkeypatch):
    """What the components are given for a page, by name."""
    caught = {}
    monkeypatch.setattr(
        character_boxes, "_picture", lambda **how: caught.update(picture=how["data"])
    )
    monkeypatch.setattr(character_boxes, "_cards", lambda **how: caught.update(cards=how["data"]))
    page = page_reader.find(written())
    how = {"key": "k", "selected": 2, "on_pick": lambda index: None}
    said = list("HAX734")
    shown = photo.preview(written())
    character_boxes.boxes(shown, page.size, page.characters, said, {1: "R"}, **how)
    readings = [[(one, 0.9), ("Q", 0.1)] for one in said]
    character_boxes.cards(page.characters, readings, {1: "R"}, **how)
    return page, caught


@pytest.mark.parametrize("width", [360, 1100])
def test_boxes_and_cards_in_a_browser(chromium, sent, width):
    found, data = sent
    context = chromium.new_context(viewport={"width": width, "height": 700})
    page = context.new_page()
    page.set_content("<!doctype html><body style='margin:0'></body>")
    page.evaluate(
        _HOST,
        [
            character_boxes._PICTURE_HTML,
            character_boxes._PICTURE_CSS,
            character_boxes._PICTURE_JS,
            data["picture"],
        ],
    )
    shown = page.locator(".shown img").bounding_box()
    assert shown["width"] <= width and shown["height"] == pytest.approx(
        shown["width"] * 300 / 700, abs=2
    )
    every = page.locator(".box")
    assert every.count() == 6
    for index, one in enumerate(found.characters):
        drawn = every.nth(index).bounding_box()
        assert drawn["x"] / shown["width"] == pytest.approx(one.box[0] / 700, abs=0.01)
        assert drawn["y"] / shown["width"] == pytest.approx(one.box[1] / 700, abs=0.01)
        box = every.nth(index)
        assert box.get_attribute("aria-pressed") == str(index == 2).lower()
    assert "given" in every.nth(1).get_attribute("class")
    middle = every.nth(4).bounding_box()
    page.mouse.click(middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2)
    assert page.evaluate("window.told") == [["picked", 4]]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert page.evaluate("window.told")[-1] == ["picked", 3]

    page.evaluate(
        _HOST,
        [
            character_boxes._CARDS_HTML,
            character_boxes._CARDS_CSS,
            character_boxes._CARDS_JS,
            data["cards"],
        ],
    )
    cards = page.locator(".card")
    assert cards.count() == 6 and "2: is R" in cards.nth(1).inner_text()
    assert "H" in cards.nth(0).inner_text() and "90%" in cards.nth(0).inner_text()
    cards.nth(5).click()
    assert page.evaluate("window.told")[-1] == ["picked", 5]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
