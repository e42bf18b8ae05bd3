"""Practice on the Draw page: a character is asked for, drawn, scored; then both are looked at."""

import html
import secrets
from collections.abc import Callable, Sequence

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.errors import InkError, LabError
from emnist_lab.handwriting import drawing_reader, ink
from emnist_lab.handwriting import practice as drill
from emnist_lab.handwriting.character_set import names_of
from emnist_lab.handwriting.drawing_store import Drawing
from emnist_lab.handwriting.practice import Practice, learning_progress
from emnist_lab.metrics.percent import percent
from emnist_lab.runs.run import Run
from emnist_lab.ui import current_visitor, own_hand
from emnist_lab.ui.components.board import Board
from emnist_lab.ui.draw import practice_report
from emnist_lab.ui.formatting import plain

_KEY = "draw-practice"  # of what is going on, in the session
_ROUNDS = f"{_KEY}-rounds"  # those that ended, of the same run
_TICKS, _COLORS = [0, 0.5, 1], ["#8b95a5", "#2e75e8"]
_LEAST = 5  # drawings before the curve shows
# What ends with an empty board: the keys of its buttons, and their shortcuts.
CLEARED_BY = {f"{_KEY}-take": "Enter", f"{_KEY}-out": "", f"{_KEY}-back": "", f"{_KEY}-end": ""}


def practice(run: Run, drawn: Board) -> None:
    """Ask for characters, one after the other; at the end show what came of it.

    To be drawn beside the canvas, in the fragment that runs after each stroke.

    Parameters
    ----------
    run : Run
        Opened; it reads. With another one practice begins anew.
    drawn : Board
        What is on the canvas now; cleared by the buttons of `CLEARED_BY`.
    """
    current_visitor.owner()  # asks the browser, so that it is known by the time drawings are kept
    now = going_on(run)
    if now is None:
        _start(run, drawn.clear)
    elif now.asked is None and not now.attempts:
        st.info("You finished without a drawing: there is nothing to show.", icon=":material/draw:")
        _start(run, drawn.clear)
    elif now.asked is None:
        _end(run, now, drawn.clear)
    else:
        _ask(run, now, drawn)


def going_on(run: Run) -> Practice | None:
    """Practice that this session has begun with a run, at its end too.

    Parameters
    ----------
    run : Run
    """
    now = st.session_state.get(_KEY)
    return (
        now if now is not None and (now.run, list(now.classes)) == (run.name, run.classes) else None
    )


def asks(run: Run) -> bool:
    """Whether a character is asked for now, so that a board is needed.

    Parameters
    ----------
    run : Run
    """
    now = going_on(run)
    return now is not None and now.asked is not None


def _set(now: Practice | None) -> None:
    st.session_state[_KEY] = now


def _start(run: Run, clear: Callable[[], None]) -> None:
    st.markdown(
        f"**Practice.** You are asked for {len(run.classes)} characters, each once. Draw them as "
        f"you usually write; `{run.name}` reads them. At the end you see which of yours are "
        "misclassified, beside those of EMNIST that are."
    )

    def begin() -> None:
        _set(drill.begin(run.name, run.classes, secrets.randbelow(2**32), names_of(run)))
        clear()

    st.button("Start", type="primary", icon=":material/play_arrow:", on_click=begin)


def _ask(run: Run, now: Practice, drawn: Board) -> None:
    name = now.names[now.asked]
    st.html(
        '<div style="display:flex;align-items:baseline;gap:.7rem"><span>Draw</span>'
        f'<b style="font-size:3.4rem;line-height:1">{_shown(name)}</b></div>'
    )
    st.caption(_kind(name))

    def take() -> None:
        strokes = drawn.latest()  # on a slow server more than this page was made with
        try:
            image, probabilities = drawing_reader.read(run, strokes, drawn.pen_width)
            adapted = _read_by_hand(run, strokes, drawn.pen_width)
        except LabError as error:  # nothing is scored
            st.session_state["draw-practice-refused"] = str(error)
            return
        _set(now.answer(strokes, image, probabilities, drawn.pen_width, adapted))
        drawn.clear()

    def step(after: Practice) -> None:
        _set(after)
        drawn.clear()

    problem = _problem(drawn)
    if refused := st.session_state.pop("draw-practice-refused", "") or problem:
        st.info(plain(refused), icon=":material/draw:")
    with st.container(horizontal=True):
        st.button(
            "Submit",
            type="primary",
            icon=":material/check:",
            key="draw-practice-take",
            disabled=not drawn.strokes or bool(problem),
            on_click=take,
            shortcut="Enter",
        )
        st.button("Skip", key="draw-practice-out", on_click=step, args=(now.skip(),))
        st.button(
            "Redo",
            icon=":material/undo:",
            key="draw-practice-back",
            disabled=not now.attempts,
            on_click=step,
            args=(now.back(),),
            help="Takes your last drawing back, to draw that character again.",
        )
        st.button(
            "Finish",
            icon=":material/flag:",
            key="draw-practice-end",
            on_click=step,
            args=(now.end(),),
        )
    total = len(now.classes)
    st.progress(
        now.place / total,
        text=f"{now.place} of {total}; {now.right} of {len(now.attempts)} predicted correctly",
    )
    if now.attempts:
        _last(now)
    _learning(run, now)


def rounds(run: Run) -> list[Practice]:
    """Rounds of practice in this session that a run read, the one that is going on at last."""
    done = [one for one in st.session_state.get(_ROUNDS, []) if one.run == run.name]
    now = going_on(run)
    return done if now is None else [*done, now]


def _fresh(run: Run) -> list[Drawing]:
    """What was drawn in these rounds, as it is learned from."""
    return [drawing for one in rounds(run) for drawing in one.drawings()]


def _read_by_hand(run: Run, strokes: Sequence, pen_width: float) -> np.ndarray | None:
    """What the run says of a drawing with the earlier ones; None where it doesn't learn."""
    if (mine := own_hand.applied(run, _fresh(run))) is run:
        return None
    return drawing_reader.read(mine, strokes, pen_width)[1]


def _learning(run: Run, now: Practice) -> None:
    """What was learned of the hand, and a curve once there is something to see."""
    if not own_hand.on():
        return
    own_hand.say(run, _fresh(run))
    progress = learning_progress(rounds(run))
    if len(progress) >= _LEAST:
        _curve(progress)


def _curve(progress: pd.DataFrame) -> None:
    rows = progress.reset_index().melt("drawings", var_name="read", value_name="share")
    lines = list(progress.columns)
    chart = (
        alt.Chart(rows)
        .mark_line()
        .encode(
            alt.X("drawings:Q", title=None, axis=alt.Axis(tickMinStep=1, grid=False)),
            alt.Y("share:Q", title=None, scale=alt.Scale(domain=[0, 1])).axis(
                format="%", values=_TICKS
            ),
            alt.Color("read:N", title=None, sort=lines)
            .scale(domain=lines, range=_COLORS)
            .legend(orient="top"),
        )
        .properties(height=240)
    )
    st.altair_chart(chart)
    st.caption(
        "Drawings of these rounds, from the first: the share of the last 20 that is correct. Each "
        "is predicted before it is learned from."
    )


def _problem(drawn: Board) -> str:
    """Why what is drawn can't be read: a dot, say."""
    try:
        if drawn.strokes:
            ink.rasterize(drawn.strokes, drawn.pen_width)
    except InkError as error:
        return str(error)
    return ""


def _kind(name: str) -> str:
    """What 0 and O, or 1 and l, can't be told apart by."""
    if " " in name:
        return "A letter, in either form: this run has one class for both."
    if name.isalpha():
        return "A capital letter." if name.isupper() else "A small letter."
    return "A digit." if name.isdigit() else "A sign."


def _shown(name: str) -> str:
    return html.escape(" or ".join(name.split(" ")))


def _last(now: Practice) -> None:
    last = now.attempts[-1]
    asked, read = now.names[last.asked], now.names[last.read]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(thumbnails.png(last.image, 3), width=64, alt=f"Your drawing of {asked}")
        probability = percent(float(last.best[last.read]))
        if last.right:
            st.markdown(
                f":green[:material/check:] **{plain(asked)}** is predicted correctly "
                f"({probability})."
            )
        else:
            st.markdown(
                f":red[:material/close:] **{plain(asked)}** is predicted as **{plain(read)}** "
                f"({probability}); {percent(float(last.best[last.asked]))} for {plain(asked)}."
            )


def _end(run: Run, now: Practice, clear: Callable[[], None]) -> None:
    def again() -> None:
        st.session_state[_ROUNDS] = rounds(run)
        _set(None)
        clear()

    _learning(run, now)
    practice_report.show(run, now, again)
