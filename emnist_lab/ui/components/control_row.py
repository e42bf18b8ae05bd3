"""A row of choices above a page: level, and on a phone behind a button: pictures come first.

A page can't ask how wide it is before it is drawn, so the browser decides, by style alone.
"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from emnist_lab.ui.components.component_files import files_beside

_fold = st.components.v2.component(
    "emnist_lab_control_row",
    html='<button type="button" class="el-fold"><span></span><i aria-hidden="true">▾</i></button>',
    **files_beside(__file__),
    isolate_styles=False,
)


def button_place(key: str) -> DeltaGenerator:
    """Where the button goes that opens a row of `folded_row`; only a phone shows it.

    Parameters
    ----------
    key : str
        Of the row.

    Returns
    -------
    DeltaGenerator
    """
    return st.container(key=f"fold-of-{key}")


def folded_row(key: str) -> DeltaGenerator:
    """A row of widgets that a phone shows on demand.

    Parameters
    ----------
    key : str

    Returns
    -------
    DeltaGenerator
        Where they go.
    """
    return st.container(key=f"folded-{key}", horizontal=True, vertical_alignment="bottom")


def show_button(place: DeltaGenerator, label: str, key: str) -> None:
    """What opens the row on a phone, once it is known what is chosen in it.

    Parameters
    ----------
    place : DeltaGenerator
        Of `button_place`.
    label : str
        What is chosen: "Filters: train, A".
    key : str
        Of the widget.
    """
    with place:
        _fold(key=key, data={"label": label})
