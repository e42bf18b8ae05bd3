"""The choice of the Draw page which characters a reading may be."""

import pytest
from helpers import opened, said
from streamlit.testing.v1 import AppTest

import emnist_lab as lab

CHOICE = """
import numpy as np, streamlit as st
import emnist_lab as lab
from emnist_lab.ui.draw import character_choice

(run,) = character_choice.limited([lab.open_run("hog-qda")], character_choice.choose_characters())
st.session_state.classes = run.classes
read = np.eye(47)[[1, 2, 3, 4, 21]][:, [*map(lab.open_run("hog-qda").classes.index, run.classes)]]
character_choice.suggest(run, read)
"""

EVIDENT = """
from emnist_lab.ui.draw import character_choice

character_choice.say_evident("digits" if character_choice.as_evident("one") else None, "one")
"""


@pytest.mark.parametrize("mode", ["Draw", "Practice"])
def test_a_set_in_the_address(mode):
    app = opened("draw", characters="digits", mode=mode)
    assert not app.exception and not app.error
    assert "Only 0123456789: probabilities are over 10 of the 47" in said(app)
    assert mode != "Practice" or "You are asked for 10 characters" in said(app)


@pytest.mark.parametrize(
    ("text", "says"), [("small letters", "Why b and not"), ("B", "nothing else")]
)
def test_an_answer_of_a_set_is_explained(text, says):
    app = opened("draw", characters=text, why="true", run="hog-qda", beside="pixels-logistic")
    assert not app.exception and not app.error and says in said(app)


@pytest.mark.parametrize("text", ["digts", ",", "xyzé"])
def test_a_set_that_cannot_be_is_said_once_and_any_character_is_read(text):
    app = opened("draw", characters=text)
    assert not app.exception and len(app.error) == 1
    assert "Until then predictions can be any character" in app.error[0].value
    assert "The canvas is empty" in said(app)  # it is there
    app.selectbox(key="characters").set_value("digits").run()
    assert not app.exception and not app.error and "0123456789" in said(app)


def test_characters_that_are_typed():
    app = AppTest.from_string(CHOICE, default_timeout=300).run()
    assert app.session_state.classes == lab.open_run("hog-qda").classes
    app = AppTest.from_string(CHOICE, default_timeout=300)
    app.session_state.characters = "A-C, 7"
    app.run()
    assert not app.exception and app.session_state.classes == list("7ABC")


def test_one_click_reads_a_page_as_digits():
    app = AppTest.from_string(CHOICE, default_timeout=300).run()
    app.button(key="draw-characters-suggested").click().run()
    assert not app.exception and app.session_state.classes == list("0123456789")
    assert app.selectbox(key="characters").value == "digits" and not app.button


def test_a_page_that_was_read_as_digits_is_read_as_anything_after_a_click():
    app = AppTest.from_string(EVIDENT, default_timeout=300).run()
    assert "Read as digits, since it evidently holds nothing else" in said(app)
    app.button(key="draw-characters-any").click().run()
    assert not app.exception and not app.button and "Read as digits" not in said(app)
