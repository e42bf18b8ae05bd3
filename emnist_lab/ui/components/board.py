"""A board to draw on: streamlit-drawable-canvas, with what a drawing needs beside it.

The component keeps a drawing only while it is on the page, and sends it 200 ms after a stroke.
So the session keeps what was drawn, and a small script beside the canvas presses the component's
own "Update the app" when a stroke ends. `docs/canvas.md` says what was worked around.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from emnist_lab.errors import InkError
from emnist_lab.handwriting.canvas_strokes import strokes_from_canvas
from emnist_lab.ui.components.component_files import files_beside

PEN = 20  # canvas pixels
SIDE = 280
_PENS = (8, 36)
_TOOLBAR = 44  # CSS pixels that the component's toolbar takes above the canvas
_companion = st.components.v2.component(
    "emnist_lab_board",
    html='<span style="display: block; white-space: pre; font: 500 14px/1.4 var(--st-font)"></span>'
    '<p role="alert" hidden>The canvas didn\'t load: reload the page, or use '
    "<b>Picture</b> above.</p>",
    **files_beside(__file__),
)


class Board(NamedTuple):
    """What is on a board.

    Attributes
    ----------
    strokes : list of ndarray of shape (n, 2), dtype float64
        (x, y) in canvas pixels, y down, in the order they were drawn; points
        beyond the edge included.
    pen_width : float
        Width of the pen in canvas pixels.
    clear : callable
        Empties the board when the page runs next; for callbacks.
    latest : callable
        Strokes at the time of a callback: with one that came after the page ran.
    """

    strokes: list[np.ndarray]
    pen_width: float
    clear: Callable[[], None]
    latest: Callable[[], list[np.ndarray]] = list


class Drawn(NamedTuple):
    """What a session keeps of a board; it outlives reruns and page changes."""

    json: dict[str, Any] | None = None  # as the canvas sent it, and takes it again
    pen: int = PEN
    turn: int = 0  # grows each time the board is emptied from here


def board(
    key: str,
    *,
    width: int = SIDE,
    height: int = SIDE,
    label: str = "Board: draw one digit or letter",
    hint: str = "Draw a digit or a letter.",
    cleared_by: Mapping[str, str] | None = None,
    brief: bool = False,
) -> Board:
    """Show a board, and say what is drawn on it.

    A stroke reruns the fragment that the board stands in, or the page. What
    was drawn stays in the session under `key`, wherever else the person goes.

    Parameters
    ----------
    key : str
        Of the widget.
    width, height : int
        Canvas pixels, and CSS pixels; a canvas wider than its place scrolls inside it.
    label : str
        For those who can't see it.
    hint : str
        What a board invites to.
    cleared_by : mapping of str to str, optional
        Keys of buttons whose callback clears the board, and the shortcut of each or "".
        From their press to the answer the canvas takes no stroke: it would be lost.
    brief : bool
        Without the pen's width and the word on editing; its hint stands above the canvas.

    Returns
    -------
    Board

    Raises
    ------
    InkError
        The canvas holds what can't be read as strokes; it stays as it is.
    """
    session, of_drawing = st.session_state, f"{key}-drawn"
    drawn: Drawn = session.setdefault(of_drawing, Drawn())
    widget, here = f"{key}-canvas-{drawn.turn}", session.get("page_shown")
    if widget not in session or here != session.get(f"{key}-page"):
        session[f"{key}-page"] = here
        # The browser makes the canvas anew, with what was drawn before. Until it is gone again
        # that mustn't change: a changed one would be loaded over the stroke that is on its way.
        session[f"{key}-first"] = drawn
    first: Drawn = session[f"{key}-first"]
    clearing = {f"{key}-clear": "", **(cleared_by or {})}
    data = {"label": label, "clearedBy": clearing, "hint": hint if brief else ""}
    _companion(key=f"{key}-companion", data=data, height=_TOOLBAR)
    try:
        from streamlit_drawable_canvas import st_canvas

        sent = st_canvas(
            stroke_width=session.get(f"{key}-pen", first.pen),
            stroke_color="#fff",
            background_color="#000",
            initial_drawing=first.json,
            width=width,
            height=height,
            key=widget,
        ).json_data
    except (ImportError, st.errors.StreamlitAPIException) as error:
        raise InkError(
            f"The canvas can't be shown ({type(error).__name__}): install the requirements again, "
            "or use Picture above."
        ) from error
    if first.json and first.json.get("objects"):
        # The canvas's own reset goes back to what it started with, and undo no further.
        st.button(
            "Clear", icon=":material/delete:", key=f"{key}-clear", on_click=clear, args=(key,)
        )
    pen = first.pen
    if not brief:
        pen = st.slider(
            "Pen width",
            *_PENS,
            first.pen,
            key=f"{key}-pen",
            width=width,
            help="For your eyes. Predictions hardly depend on it: they are of an image whose lines "
            "are always as wide as those of EMNIST's pens.",
        )
        st.caption(
            f"{hint} :material/edit: above it moves, turns, scales and removes strokes; press it "
            "again to draw.",
            width=width,
        )
    session[of_drawing] = drawn = Drawn(sent, pen, drawn.turn)
    return Board(
        strokes_from_canvas(sent), float(pen), lambda: clear(key), lambda: _latest(key, widget)
    )


def _latest(key: str, widget: str) -> list[np.ndarray]:
    """Strokes that the canvas has sent by now; those of the last run if it has sent none."""
    sent = st.session_state.get(widget, {}).get("drawing")
    return strokes_from_canvas(sent["raw"] if sent else st.session_state[f"{key}-drawn"].json)


def clear(key: str) -> None:
    """Empty a board, before it is shown next.

    Parameters
    ----------
    key : str
        Of the widget.
    """
    drawn: Drawn = st.session_state.get(f"{key}-drawn", Drawn())
    st.session_state[f"{key}-drawn"] = Drawn(None, drawn.pen, drawn.turn + 1)
