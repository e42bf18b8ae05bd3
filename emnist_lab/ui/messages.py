"""How pages say what is wrong."""

import contextlib
import functools
from collections.abc import Callable, Iterator

import streamlit as st

from emnist_lab.errors import LabError
from emnist_lab.server import error_sentences
from emnist_lab.ui import current_visitor
from emnist_lab.ui.formatting import plain


def dark() -> bool:
    """Whether the page is shown on dark ground."""
    return st.context.theme.type == "dark"


def sentence(error: LabError | str) -> str:
    """An error with its remedy, as Markdown in which names from files stay text.

    Visitors of a server aren't told its paths.
    """
    return plain(error_sentences.sentence(current_visitor.visitor(), error))


def standing(text: str) -> str:
    """As `sentence`, for what is said at every click: the log needn't have it each time."""
    told = current_visitor.visitor().rights.folders
    return plain(text if told else error_sentences.without_paths(text))


def say_error(error: LabError | str) -> None:
    """Show an error with its remedy; names from files in it stay text."""
    st.error(sentence(error), icon=":material/error:")


def stop_on(error: LabError) -> None:
    """Show an error with its remedy, and end the page there."""
    say_error(error)
    st.stop()


@contextlib.contextmanager
def said_errors() -> Iterator[None]:
    """Show an error of what is done here with its remedy, and end the page there."""
    try:
        yield
    except LabError as error:
        stop_on(error)


def keep_notice(about: str, text: str) -> None:
    """Have a page say something for as long as it is open; see `show_notice`.

    A page runs again by itself, when work in the background is done: what it said in one run alone
    would be gone before it was read.
    """
    st.session_state[f"notice-{about}"] = (text, None)


def show_notice(about: str) -> None:
    """Show what `keep_notice` was given, until another page is opened or it is withdrawn."""
    session, key = st.session_state, f"notice-{about}"
    if key not in session:
        return
    text, at = session[key]
    if at not in (None, session.get("page_shown")):
        del session[key]
        return
    session[key] = text, session.get("page_shown")
    st.warning(text, icon=":material/link_off:")


def withdraw_notice(about: str) -> None:
    """Forget what `keep_notice` was given; for callbacks."""
    st.session_state.pop(f"notice-{about}", None)


def fragment_with_errors(work: Callable[..., None]) -> Callable[..., None]:
    """A fragment of a page that says what is wrong, where it would break: a run may be gone."""

    @functools.wraps(work)
    def safely(*args, **kwargs) -> None:
        try:
            work(*args, **kwargs)
        except LabError as error:
            say_error(error)

    return st.fragment(safely)
