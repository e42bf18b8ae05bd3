"""A page with a board alone, for tests in a browser: shows the strokes that the server has.

Its address says how wide the board is, and how many seconds each answer takes.
"""

import json
import time

import streamlit as st

from emnist_lab.ui.components.board import SIDE, board

other = st.toggle("Away")
if not other:

    @st.fragment
    def show() -> None:
        time.sleep(float(st.query_params.get("delay", 0)))
        width = int(st.query_params.get("width", SIDE))
        drawn = board("board", width=width, cleared_by={"empty": "x"})
        strokes = [stroke.round(2).tolist() for stroke in drawn.strokes]
        st.button("Empty it", key="empty", shortcut="x", on_click=drawn.clear)
        st.text(f"{len(strokes)} strokes, pen {drawn.pen_width:g}")
        st.code(json.dumps(strokes), language=None)

    show()
