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

_ANY = "any character"
_KEY, _KEPT = "characters", "draw-characters"  # of the widget and the address; of the session


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
        "It can be",
        [_ANY, *character_set.SETS],
        key=_KEY,
        bind="query-params",
        accept_new_options=True,
        width=180,
        help="What is read can be nothing else: choose a set, or type characters, as in 0123456789 "
        "or A-F. Probabilities are over these alone.",
    )
    session[_KEPT] = chosen
    return None if chosen in (None, _ANY) else chosen


def limited(runs: Sequence[Run], text: str | None) -> list[Run]:
    """Runs that read nothing but some characters; says which can't, and leaves these out.

    Parameters
    ----------
    runs : sequence of Run
    text : str or None
        See `choose_characters`.

    Returns
    -------
    list of Run
        At least one: else the script ends.
    """
    found, problems = [], {}
    for run in runs:
        try:
            found.append(character_set.limit(run, text))
        except LabError as error:
            problems[str(error)] = error  # what is wrong with the text is said once
    for problem in problems.values():
        messages.say_error(problem)
    if not found:
        st.stop()
    return found


def say_limit(run: Run) -> None:
    """Say that a run reads some characters only; nothing where it isn't so."""
    if isinstance(run, LimitedRun):
        few, many = len(run.classes), len(run.whole.classes)
        st.caption(
            f":material/filter_alt: It can only be one of {plain(run.characters)}: probabilities "
            f"are over {few} of the {many} classes of `{run.name}`."
        )


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
