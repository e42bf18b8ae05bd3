"""A tour of the app in five steps: a strip that the browser remembers, or a button to take it."""

from typing import NamedTuple

import streamlit as st

from emnist_lab.ui.components.component_files import files_beside
from emnist_lab.ui.home import page_links


class Step(NamedTuple):
    """One step of the tour.

    Attributes
    ----------
    text : str
        One sentence: what to do there.
    link : str
        What the link says.
    page : str
        Name of the page.
    parameters : dict of str to str
        Of its address, so that it opens where something is to be seen.
    """

    text: str
    link: str
    page: str
    parameters: dict[str, str]


STEPS = (
    Step(
        "Draw a character on the board above; the Draw page shows how it becomes an array, and "
        "why it is read so.",
        "Draw, with the array",
        "draw",
        {"array": "true"},
    ),
    Step(
        "Look at the images that a classifier learns from: each is 28 × 28 numbers.",
        "Samples, at a B",
        "samples",
        {"classes": "B"},
    ),
    Step(
        "Train a classifier of your own: choose a recipe, press Train, and watch it learn.",
        "Train, with a quick recipe",
        "train",
        {"recipe": "hog-qda"},
    ),
    Step(
        "See what a run gets wrong: each cell of the confusion matrix opens its images.",
        "Evaluate, at L predicted as 1",
        "evaluate",
        {"run": "pixels-logistic", "true": "L", "read": "1"},
    ),
    Step(
        "Compare two runs: which images only one of them gets right, and whether that is chance.",
        "Compare, two runs",
        "compare",
        {"first": "warped-blend", "second": "pixels-logistic"},
    ),
)


_tour = st.components.v2.component(
    "emnist_lab_tour",
    html='<div class="tour"></div>',
    **files_beside(__file__),
)


def strip() -> None:
    """Show the step that this browser is at, or the way to take the tour again."""

    def went() -> None:
        place = st.session_state["home-tour"].went
        if isinstance(place, int) and 0 <= place < len(STEPS):
            page_links.ask(STEPS[place].page, **STEPS[place].parameters)

    steps = [
        {
            "text": step.text,
            "link": step.link,
            "address": page_links.address(step.page, **step.parameters),
        }
        for step in STEPS
    ]
    _tour(key="home-tour", data={"steps": steps}, on_went_change=went)
