"""How pages say what is wrong."""

import streamlit as st

from emnist_lab.errors import LabError
from emnist_lab.ui.formatting import plain


def dark() -> bool:
    """Whether the page is shown on dark ground."""
    return st.context.theme.type == "dark"


def say_error(error: LabError | str) -> None:
    """Show an error with its remedy; names from files in it stay text."""
    st.error(plain(str(error)), icon=":material/error:")


def stop_on(error: LabError) -> None:
    """Show an error with its remedy, and end the page there."""
    say_error(error)
    st.stop()
