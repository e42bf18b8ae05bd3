"""EMNIST Lab: the frame around the pages."""

import os

import streamlit as st
from PIL import Image

from emnist_lab import ink
from emnist_lab.ui import panel, state

LETTER = [(20, 52), (80, 48), (72, 26), (50, 18), (28, 30), (20, 58), (32, 82), (56, 88), (80, 74)]

st.set_page_config(
    page_title="EMNIST Lab",
    page_icon=Image.fromarray(ink.from_strokes([LETTER])),
    layout="wide",
    initial_sidebar_state="collapsed",
)

state.warm_up()
# Streamlit leaves six rem above the title; the first picture should be seen without scrolling.
st.html("<style>.stMainBlockContainer{padding-top:4.2rem}</style>")

page = st.navigation(
    [
        st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
        st.Page("pages/samples.py", title="Samples", icon=":material/apps:"),
        st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
        st.Page("pages/evaluate.py", title="Evaluate", icon=":material/grid_on:"),
        st.Page("pages/draw.py", title="Draw", icon=":material/draw:"),
    ],
    position="top",
)

with st.sidebar:
    st.subheader("Dataset")
    st.text_input(
        "Folder of EMNIST files",
        key="root",
        placeholder=os.environ.get("EMNIST_DIR") or "none named",
        help="On the machine that runs this app: the official files, gzipped or not, flat or in "
        "the folders that NIST's archive or torchvision make. Empty: `$EMNIST_DIR`.",
    )
    parts, problem = state.available()
    if problem:
        st.caption(f":material/folder_off: {problem}")
    elif not parts:
        st.caption(":material/folder_off: The folder holds no complete EMNIST part.")
    else:
        st.caption(":material/check: " + ", ".join(f"{split} {part}" for split, part in parts))

    for job in state.jobs().jobs:
        if job.active and page.title != "Train":
            st.subheader("Training")
            panel.job_panel(job)

# So that a page knows whether it was just come to: a canvas, say, is then a new one.
st.session_state.came_from = st.session_state.get("shown")
st.session_state.shown = page.title
page.run()
