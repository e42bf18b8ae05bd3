"""Home through Streamlit's own test harness: what it shows, the tour, the exercises."""

import json
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from helpers import SEVEN, canvas_json, opened, said
from streamlit.testing.v1 import AppTest

from emnist_lab.files import PROJECT
from emnist_lab.ui.components import board
from emnist_lab.ui.home import exercises, lesson, page_links, tour

LINKS = re.findall(r"\]\((http://localhost:8501/[^)]*)\)", exercises._TEXT.read_text("utf-8"))


def shown(app: AppTest, name: str) -> dict:
    """Data of a component; empty where it isn't there."""
    found = [one.proto for one in app.get("bidi_component")]
    return next((json.loads(p.json) for p in found if p.component_name.endswith(name)), {})


def drawn() -> AppTest:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60)
    app.session_state["draw-board-drawn"] = board.Drawn(canvas_json(SEVEN))
    return app.run()


def sees(app: AppTest) -> list[str]:
    """The pictures of what classifiers are given."""
    bodies = [one.proto.body for one in app.get("html") if "el-sees" in one.proto.body]
    return [re.search(r'src="([^"]+)"', body)[1] for body in bodies]


def test_a_first_visit_shows_an_example_and_says_so():
    app = opened("home")
    assert not app.exception and not app.error
    (column,) = shown(app, "readings")["columns"]
    assert shown(app, "readings")["example"] and column["who"] == "warped-blend"
    assert "correct on 4,700 test images of a re-partition of EMNIST." in said(app)
    assert column["answer"] == "B"
    words = said(app)
    assert "The example: **B**" in words and "Your drawing:" not in words
    assert "not the official split" in words
    heads = [one.value for one in (*app.header, *app.subheader)]
    assert "What three classifiers see of the example" in heads
    assert len(set(sees(app))) == len(lesson.CARDS) == len(app.metric)
    primary = [one.label for one in app.button if one.proto.type == "primary"]
    assert primary == ["See every step on Draw"]


def test_the_lesson_is_about_what_was_drawn():
    app = drawn()
    assert not app.exception
    assert not shown(app, "readings")["example"]
    assert shown(app, "readings")["columns"][0]["answer"] == "7"
    assert said(app).count("Your drawing: **") == len(lesson.CARDS)
    assert not set(sees(app)) & set(sees(opened("home")))


def test_the_drawing_goes_along_to_draw():
    app = drawn()
    app.button(key="home-draw").click().run()
    assert not app.exception and app.title[0].value == "Draw"
    assert shown(app, "readings")["heading"] == "Your drawing"
    assert shown(app, "readings")["columns"][0]["answer"] == "7"


def test_another_run_in_use_reads_the_board():
    app = opened("evaluate", run="hog-qda")
    app.switch_page("pages/home.py").run()
    assert shown(app, "readings")["columns"][0]["who"] == "hog-qda"
    app.run()  # its widget is forgotten by now
    assert shown(app, "readings")["columns"][0]["who"] == "hog-qda"


def test_a_dot_on_the_board_is_one_sentence():
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60)
    app.session_state["draw-board-drawn"] = board.Drawn(canvas_json([[(60, 60), (61, 61)]]))
    app.run()
    assert not app.exception and "A single dot can't be read" in said(app)
    assert [one.label for one in app.button if one.proto.type == "primary"] == [
        "See every step on Draw"
    ]


def test_what_is_confused_most_is_text_without_the_images_that_were_measured_on():
    app = opened("home")
    assert not shown(app, "confused_pairs")
    links = [one.proto for one in app.get("page_link") if "predicted as" in one.proto.label]
    assert len(links) == 6
    first = dict(parse_qsl(links[0].query_string))
    assert first == {"run": "warped-blend", "true": "F", "read": "f"}


def test_what_is_confused_most_is_pictures_with_them(real, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", str(real))
    app = opened("home")
    cards = shown(app, "confused_pairs")["cards"]
    assert not app.exception and len(cards) == 6
    assert cards[0]["address"] == "evaluate?run=warped-blend&true=F&read=f"
    assert [one["words"] for one in cards[0]["images"]] == ["true F", "typical f"]


@pytest.mark.parametrize("step", tour.STEPS, ids=lambda step: step.page)
def test_a_step_of_the_tour_opens_its_page(step):
    app = opened(step.page, **step.parameters)
    assert not app.exception and not app.error
    assert "There is no" not in said(app)
    assert page_links.address(step.page, **step.parameters).startswith(f"{step.page}?")


def test_the_tour_says_each_step_in_one_sentence():
    steps = shown(opened("home"), "tour")["steps"]
    assert [one["address"].split("?")[0] for one in steps] == [
        "draw", "samples", "train", "evaluate", "compare",
    ]  # fmt: skip
    assert all(one["text"].count(".") == 1 and one["text"].endswith(".") for one in steps)


@pytest.mark.parametrize("link", dict.fromkeys(LINKS), ids=lambda link: urlsplit(link).query)
def test_a_link_of_the_exercises_opens_the_app_in_the_right_state(link):
    parts = urlsplit(link)
    asked = dict(parse_qsl(parts.query))
    app = opened(parts.path.strip("/"), **asked)
    assert not app.exception and not app.error
    assert "There is no" not in said(app) and "has no class" not in said(app)


def test_there_are_five_exercises_each_with_all_its_parts():
    _, *found = re.split(r"^## Exercise \d: ", exercises._TEXT.read_text("utf-8"), flags=re.M)
    assert len(found) == 5
    for one in found:
        for part in ("**Goal.**", "**Begin here:** [", "\n1. ", "**Question.**", "**Answer.**"):
            assert one.count(part) == 1


def test_home_shows_the_exercises_where_they_are_asked_for():
    assert "Exercise 1" not in said(opened("home"))
    app = opened("home", exercises="true")
    assert "### Exercise 1: a drawing becomes an array" in said(app)
    assert "(draw?run=pixels-logistic&array=true)" in said(app) and "localhost" not in said(app)
    assert "http://localhost:8501/?exercises=true" in (PROJECT / "docs/exercises.md").read_text()
