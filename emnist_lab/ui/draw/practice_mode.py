"""Practice on the Draw page: a character is asked for, drawn, scored; then both are looked at."""

import html
import secrets
from collections.abc import Callable, Sequence

import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.errors import LabError
from emnist_lab.handwriting import drawing_reader
from emnist_lab.handwriting import practice as drill
from emnist_lab.handwriting.practice import Practice
from emnist_lab.runs.run import Run
from emnist_lab.ui import ownership
from emnist_lab.ui.draw import practice_report
from emnist_lab.ui.formatting import plain

_KEY = "draw-practice"  # of what is going on, in the session


def practice(
    run: Run,
    strokes: Sequence,
    clear: Callable[[], None],
    pen_width: float = 20,
) -> None:
    """Ask for characters, one after the other; at the end show what came of it.

    To be drawn beside the canvas, in the fragment that runs after each stroke.

    Parameters
    ----------
    run : Run
        Opened; it reads. With another one practice begins anew.
    strokes : sequence of arrays of shape (n, 2)
        What is on the canvas now, in its pixels.
    clear : callable
        Clears the canvas; called from a callback, before the page runs again.
    pen_width : float
        Same unit.
    """
    ownership.owner()  # asks the browser, so that it is known by the time drawings are kept
    now = going_on(run)
    if now is None:
        _start(run, clear)
    elif now.asked is None:
        _end(run, now, clear)
    else:
        _ask(run, now, strokes, clear, pen_width)


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
        "misread, beside those that it misreads on EMNIST."
    )

    def begin() -> None:
        _set(drill.begin(run.name, run.classes, secrets.randbelow(2**32)))
        clear()

    st.button("Begin", type="primary", icon=":material/play_arrow:", on_click=begin)


def _ask(
    run: Run, now: Practice, strokes: Sequence, clear: Callable[[], None], pen_width: float
) -> None:
    name = now.names[now.asked]
    st.html(
        '<div style="display:flex;align-items:baseline;gap:.7rem"><span>Draw</span>'
        f'<b style="font-size:3.4rem;line-height:1">{_shown(name)}</b></div>'
    )
    st.caption(_kind(name))

    def take() -> None:
        try:
            image, probabilities = drawing_reader.read(run, strokes, pen_width)
        except LabError as error:  # a dot, say: nothing is scored
            st.session_state["draw-practice-refused"] = str(error)
            return
        _set(now.answer(strokes, image, probabilities, pen_width))
        clear()

    def step(after: Practice) -> None:
        _set(after)
        clear()

    if refused := st.session_state.pop("draw-practice-refused", ""):
        st.info(plain(refused), icon=":material/draw:")
    with st.container(horizontal=True):
        st.button(
            "That's it",
            type="primary",
            icon=":material/check:",
            key="draw-practice-take",
            disabled=not len(strokes),
            on_click=take,
            shortcut="Enter",
        )
        st.button("Leave out", key="draw-practice-out", on_click=step, args=(now.skip(),))
        st.button(
            "Once more",
            icon=":material/undo:",
            key="draw-practice-back",
            disabled=not now.attempts,
            on_click=step,
            args=(now.back(),),
            help="Takes your last drawing back.",
        )
        st.button(
            "End",
            icon=":material/flag:",
            key="draw-practice-end",
            disabled=not now.attempts,
            on_click=step,
            args=(now.end(),),
        )
    total = len(now.classes)
    st.progress(
        now.place / total,
        text=f"{now.place} of {total}; {now.right} of {len(now.attempts)} read as you meant",
    )
    if now.attempts:
        _last(now)


def _kind(name: str) -> str:
    """What 0 and O, or 1 and l, can't be told apart by."""
    if " " in name:
        return "A letter, in either form: this run reads both as one class."
    if name.isalpha():
        return "A capital letter." if name.isupper() else "A small letter."
    return "A digit." if name.isdigit() else "A sign."


def _shown(name: str) -> str:
    return html.escape(" or ".join(name.split(" ")))


def _last(now: Practice) -> None:
    last = now.attempts[-1]
    asked, read = now.names[last.asked], now.names[last.read]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(thumbnails.png(last.image, 3), width=64)
        probability = f"{last.probabilities[last.read]:.0%}"
        if last.right:
            st.markdown(
                f":green[:material/check:] **{plain(asked)}** is read as meant ({probability})."
            )
        else:
            st.markdown(
                f":red[:material/close:] **{plain(asked)}** is read as **{plain(read)}** "
                f"({probability}); {last.probabilities[last.asked]:.0%} for {plain(asked)}."
            )


def _end(run: Run, now: Practice, clear: Callable[[], None]) -> None:
    def again() -> None:
        _set(None)
        clear()

    if not now.attempts:
        st.info("Nothing was drawn.", icon=":material/draw:")
        st.button("Begin anew", icon=":material/replay:", on_click=again)
        return
    practice_report.show(run, now, again)
