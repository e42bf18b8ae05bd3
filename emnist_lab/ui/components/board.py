"""A board to draw on: pen, eraser, undo, redo, clear; by mouse, finger or pen; with shortcuts.

streamlit-drawable-canvas won't do: its toolbar can't be hidden while one draws, and the pencil in
it turns strokes into things to move; it waits 200 ms before it sends; it has no eraser and a fixed
size; and a drawing that it is given drops the stroke that is on its way. None of these has a
setting, and its styles are isolated. So this is a board of our own.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

PEN = 20.0  # canvas pixels
SIDE = 280


def _read(kind: str) -> str:
    return Path(__file__).with_name(f"board.{kind}").read_text(encoding="utf-8")


# The canvas's class is the one that Fabric gives to what is drawn on: other programs look for it.
# It has it, and is seen, once the script hears what is drawn.
_board = st.components.v2.component(
    "emnist_lab_board", html=_read("html"), css=_read("css"), js=_read("js")
)


class Board(NamedTuple):
    """What is on a board.

    Attributes
    ----------
    strokes : list of ndarray of shape (n, 2), dtype float64
        (x, y) in canvas pixels, y down, in the order they were drawn; points
        beyond the edge included.
    pen_width : float
        Width of the pen in canvas pixels, when the last stroke was drawn.
    clear : callable
        Wipes the board when the page runs next; for callbacks. The person
        can undo it.
    """

    strokes: list[np.ndarray]
    pen_width: float
    clear: Callable[[], None]


class _Drawn(NamedTuple):
    """What a session keeps of a board; it outlives reruns and page changes."""

    sent: Sequence[dict[str, Any]] = ()  # as the browser sent it: to show it again
    strokes: Sequence[np.ndarray] = ()
    pen: float = PEN
    version: int = 0  # of what the browser sent: it grows with each change there
    turn: int = 0  # grows with each change here


def board(
    key: str,
    *,
    width: int = SIDE,
    height: int = SIDE,
    label: str = "Board: draw one digit or letter",
    hint: str = "Draw a digit or a letter",
) -> Board:
    """Show a board, and say what is drawn on it.

    A stroke reruns the fragment that the board stands in, or the page. What
    was drawn stays in the session under `key`, wherever else the person goes.

    Parameters
    ----------
    key : str
        Of the widget.
    width, height : int
        Canvas pixels; CSS pixels too, where there is room for it and, up to a
        width of 400, the tools beside it. It shrinks where there isn't, and
        its pixels with it.
    label : str
        For those who can't see it.
    hint : str
        What an empty board invites to.

    Returns
    -------
    Board
    """
    drawn: _Drawn = st.session_state.setdefault(f"{key}-drawn", _Drawn())
    _board(
        key=key,
        data={
            "strokes": list(drawn.sent),
            "version": drawn.version,
            "turn": drawn.turn,
            "pen": drawn.pen,
            "width": width,
            "height": height,
            "label": label,
            "hint": hint,
        },
        on_drawing_change=lambda: _take(key),
    )
    return Board(list(drawn.strokes), drawn.pen, lambda: put(key, []))


def put(key: str, strokes: Sequence[np.ndarray], pen_width: float = PEN) -> None:
    """Replace what is on a board, before it is shown next; the person can undo it.

    Parameters
    ----------
    key : str
        Of the widget.
    strokes : sequence of array-like of shape (n, 2)
        Canvas pixels.
    pen_width : float
        What they are drawn with.
    """
    known: _Drawn = st.session_state.get(f"{key}-drawn", _Drawn())
    given = [np.asarray(points, np.float64).reshape(-1, 2) for points in strokes]
    st.session_state[f"{key}-drawn"] = _Drawn(
        [{"points": points.tolist(), "width": pen_width} for points in given],
        given,
        pen_width,
        known.version,
        known.turn + 1,
    )


def _take(key: str) -> None:
    """Take over what the browser sent, unless it is older than what is known."""
    sent = st.session_state[key].drawing
    known: _Drawn = st.session_state.get(f"{key}-drawn", _Drawn())
    try:
        if sent["version"] <= known.version:
            return  # an old state that the browser repeats when a page is come back to
        strokes = [np.array(one["points"], np.float64).reshape(-1, 2) for one in sent["strokes"]]
        pen, version = float(sent["pen"]), int(sent["version"])
    except (KeyError, TypeError, ValueError):
        return  # the board's own script never sends that
    st.session_state[f"{key}-drawn"] = _Drawn(sent["strokes"], strokes, pen, version, known.turn)
