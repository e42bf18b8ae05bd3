"""What Streamlit's frame lacks: words on the sidebar's button, one step of history a choice.

A component: as a style in `st.html` it would be loaded for itself, arrive after the first picture,
and move it under the pointer: a stroke that was begun meanwhile missed the canvas.
"""

import streamlit as st

from emnist_lab.ui.components.component_files import files_beside

_frame = st.components.v2.component(
    "emnist_lab_frame",
    html="<i></i>",
    **files_beside(__file__),
    isolate_styles=False,
)


def complete(dataset: str) -> None:
    """Complete the frame around a page; in the sidebar, where it takes no room from pages.

    Parameters
    ----------
    dataset : str
        Name of the one in use, for people: on the button that opens its choice.
    """
    names = {"label": f"Dataset: {dataset}", "phone": f"Menu · {dataset}"}
    _frame(key="frame", data=names, height=1)
