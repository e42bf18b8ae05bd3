"""A page with a board alone, for tests in a browser: shows the strokes that the server has."""

import json
import os
import time

import streamlit as st

from emnist_lab.ui.components.board import SIDE, board

other = st.toggle("Away")
if not other:

    @st.fragment
    def show() -> None:
        time.sleep(float(os.environ.get("BOARD_DELAY", 0)))
        width = int(os.environ.get("BOARD_WIDTH", SIDE))
        drawn = board("board", width=width, cleared_by={"empty": "x"})
        strokes = [stroke.round(2).tolist() for stroke in drawn.strokes]
        st.button("Empty it", key="empty", shortcut="x", on_click=drawn.clear)
        st.text(f"{len(strokes)} strokes, pen {drawn.pen_width:g}")
        st.code(json.dumps(strokes), language=None)

    show()
