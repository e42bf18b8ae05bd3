"""“How it works, and five exercises”: the text that docs link to, on Home."""

import functools
from pathlib import Path

import streamlit as st

_TEXT = Path(__file__).with_name("exercises.md")
SERVER = "http://localhost:8501/"  # where the text's links lead: on a page, to its own server


@functools.cache
def text() -> str:
    """The text below its title, links seen from Home.

    Returns
    -------
    str
        Markdown whose largest heading is of the third level.
    """
    whole = _TEXT.read_text(encoding="utf-8")
    below = whole.split("\n", 1)[1]
    return below.replace("\n## ", "\n### ").strip().replace(f"({SERVER}", "(")


def show() -> None:
    """Show the text where it is opened; whether it is, is kept in the address."""
    more = st.expander(
        "How it works, and five exercises",
        key="exercises",
        icon=":material/school:",
        on_change="rerun",
        bind="query-params",
    )
    if more.open:
        more.markdown(text())
