"""How pages say what is wrong."""

import functools
from collections.abc import Callable

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


def fragment_with_errors(work: Callable[..., None]) -> Callable[..., None]:
    """A fragment of a page that says what is wrong, where it would break: a run may be gone."""

    @functools.wraps(work)
    def safely(*args, **kwargs) -> None:
        try:
            work(*args, **kwargs)
        except LabError as error:
            say_error(error)

    return st.fragment(safely)
