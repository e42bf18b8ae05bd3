"""Which characters a reading on the Draw page may be: one choice for all modes, in the address."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from emnist_lab.errors import LabError
from emnist_lab.handwriting import character_set
from emnist_lab.handwriting.character_set import LimitedRun
from emnist_lab.runs.run import Run
from emnist_lab.ui import messages
from emnist_lab.ui.formatting import plain

_KEY, _KEPT = "characters", "draw-characters"  # of the widget and the address; of the session
_PLAIN = "draw-characters-plain"  # the picture that is not to be read as what it evidently is


def choose_characters() -> str | None:
    """Have a set of characters chosen, or typed.

    Returns
    -------
    str or None
        See `emnist_lab.handwriting.character_set.characters_in`; None for all.
    """
    session = st.session_state
    if _KEY not in session and _KEY not in st.query_params and session.get(_KEPT):
        session[_KEY] = session[_KEPT]  # Streamlit forgets a widget that another page doesn't show
    chosen = st.selectbox(
        "Characters",
        [character_set.ANY, *character_set.SETS],
        key=_KEY,
        bind="query-params",
        accept_new_options=True,
        width=180,
        help="Predictions can be nothing else: choose a set, or type characters, as in 0123456789 "
        "or A-F. Probabilities are over these alone.",
    )
    session[_KEPT] = chosen
    return None if chosen in (None, character_set.ANY) else chosen


def limited(runs: Sequence[Run], text: str | None) -> list[Run]:
    """Runs that read nothing but some characters; says which can't, and leaves these out.

    Where none can, what is wrong is said once, and all are given as they are.

    Parameters
    ----------
    runs : sequence of Run
    text : str or None
        See `choose_characters`.

    Returns
    -------
    list of Run
        At least one.
    """
    found, problems = [], []
    for run in runs:
        try:
            found.append(character_set.limit(run, text))
        except LabError as error:
            problems.append(error)
    if not found:  # then it is the text
        messages.say_error(f"{problems[0]} Until then predictions can be any character.")
        return list(runs)
    for problem in problems:
        messages.say_error(problem)
    return found


def say_limit(run: Run) -> None:
    """Say that a run reads some characters only; nothing where it isn't so."""
    if isinstance(run, LimitedRun):
        few, many = len(run.classes), len(run.whole.classes)
        st.caption(
            f":material/filter_alt: Only {plain(run.characters)}: probabilities "
            f"are over {few} of the {many} classes of `{run.name}`."
        )


def as_evident(picture: str) -> bool:
    """Whether a picture that is evidently all digits is read as digits; see `say_evident`.

    Parameters
    ----------
    picture : str
        What tells it from others.

    Returns
    -------
    bool
    """
    return picture != st.session_state.get(_PLAIN)


def say_evident(name: str | None, picture: str) -> None:
    """Say that a picture was read as digits unasked, with one click back.

    Parameters
    ----------
    name : str or None
        What it was read as; None where it wasn't.
    picture : str
        See `as_evident`.
    """
    if name is None:
        return

    def undo() -> None:
        st.session_state[_PLAIN] = picture

    st.caption(
        f":material/filter_alt: Read as {name}, since it evidently holds nothing else: "
        f"probabilities are over {name} alone."
    )
    if st.button(
        f"Read as {character_set.ANY}",
        icon=":material/undo:",
        key="draw-characters-any",
        on_click=undo,
        help="It may hold letters after all: each character is then what it is likeliest.",
    ):
        st.rerun()  # the whole page: this may be a part of it that runs alone


def suggest(run: Run, probabilities: np.ndarray) -> None:
    """Where a page is nearly all digits, offer to read it as digits, with one click.

    Parameters
    ----------
    run : Run
    probabilities : ndarray of shape (N, C)
        Of the page's characters.
    """
    name = character_set.suggestion(probabilities, run.classes)
    if name is None:
        return

    def use() -> None:
        st.session_state[_KEY] = name

    if st.button(
        f"Read as {name}",
        icon=":material/filter_alt:",
        key="draw-characters-suggested",
        on_click=use,
        help=f"Nearly all of it is read as {name}. Nothing else can be read then: probabilities "
        "are over these alone.",
    ):
        st.rerun()  # the whole page: this may be a part of it that runs alone
