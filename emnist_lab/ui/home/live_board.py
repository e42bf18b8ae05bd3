"""The top of Home: a board, what the run in use reads on it, and the way to Draw."""

import streamlit as st

from emnist_lab.errors import InkError
from emnist_lab.metrics.percent import percent
from emnist_lab.runs.run import Run
from emnist_lab.ui import current_run, own_hand
from emnist_lab.ui.components.board import SIDE, board
from emnist_lab.ui.components.readings import Prediction
from emnist_lab.ui.draw import live_reading
from emnist_lab.ui.draw.live_reading import Shown
from emnist_lab.ui.formatting import plain

_CHOSEN = "home-run"  # session key: the run in use when this page was opened
# The Draw page's: a drawing is kept in the session by its board's key, and so goes along.
_BOARD = "draw-board"


def run_in_use(runs: list[Run]) -> Run | None:
    """The run that this visitor chose on another page, else the first one; None without runs.

    Parameters
    ----------
    runs : list of Run

    Returns
    -------
    Run or None
    """
    session, names = st.session_state, [run.name for run in runs]
    if session.get("run") in names:  # a widget's, which is forgotten where it doesn't show
        session[_CHOSEN] = session.run
    name = session.get(_CHOSEN)
    return runs[names.index(name) if name in names else 0] if runs else None


def _about(run: Run) -> str:
    """What predicts, and how well it does, in a sentence."""
    found, test = run.manifest["scores"].get("accuracy"), run.manifest["data"]["test"]
    about = f"`{run.name}`: {plain(run.manifest['title'])}"
    if found is None or test is None:
        return f"{about}."
    made = "generated " if test["generated"] else ""
    of = " of a re-partition of EMNIST" if test["origin"] == "re-partition" else ""
    return f"{about}, {percent(found)} correct on {test['images']:,} {made}test images{of}."


def show(in_use: Run) -> tuple[Shown, list[tuple[Run, Prediction]]] | None:
    """Show the board beside what a run reads on it; for a fragment.

    Parameters
    ----------
    in_use : Run

    Returns
    -------
    shown : Shown
    found : list of (Run, Prediction)
        What the run reads, as it lies on disk; empty where it reads this person's hand, or fails.

    Raises
    ------
    InkError
        There is no canvas.
    RunError
        The run can't be opened.
    """
    row = st.container(horizontal=True, gap="medium")
    with row.container(width=SIDE + 48):
        drawn = board(_BOARD, hint="Draw here:\na digit or a letter", brief=True)
    place = row.container(width=360)
    run = current_run.open_run(in_use.name)
    reader = own_hand.applied(run)
    with place:
        problem = None
        try:
            shown = live_reading.take(drawn)
        except InkError as error:
            problem = error
        else:
            found = live_reading.read(shown.drawing, [reader])
            live_reading.show(shown, found, "home-readings")
        if problem is not None:
            st.info(str(problem), icon=":material/draw:")
        own_hand.say(run)
        if st.button(
            "See every step on Draw", type="primary", icon=":material/draw:", key="home-draw"
        ):
            chosen = {} if run.name == current_run.FIRST_RUN else {"run": run.name}
            st.switch_page("pages/draw.py", query_params=chosen)
        st.caption(f"{_about(run)} Predicts after every stroke; your drawing goes along to Draw.")
    if problem is not None:
        return None
    return shown, found if reader is run else []
