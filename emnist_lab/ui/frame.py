"""The frame around every page."""

import streamlit as st

# A component: as a style in `st.html` it would be loaded for itself, arrive after the first
# picture, and move it under the pointer: a stroke that was begun meanwhile missed the canvas.
_style = st.components.v2.component(
    "emnist_lab_frame",
    html="<i></i>",
    css=".stMainBlockContainer { padding-top: 4.2rem }",
    isolate_styles=False,
)


def less_room_above() -> None:
    """Have the first picture seen without scrolling: Streamlit leaves eight rem above the title.

    To be called in the sidebar, where the element takes no room from pages.
    """
    _style(key="frame", height=1)
