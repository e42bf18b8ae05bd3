"""EMNIST Lab: the frame around the pages."""

import os

import streamlit as st

from emnist_lab.ui import panel, state

st.set_page_config(
    page_title="EMNIST Lab",
    page_icon=":material/stylus_note:",
    layout="wide",
    initial_sidebar_state="collapsed",
)

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
        st.caption(
            ":material/check: " + ", ".join(f"{split} {part}" for split, part in parts)
        )

    for job in state.jobs().jobs:
        if job.active and page.title != "Train":
            st.subheader("Training")
            panel.job_panel(job)

page.run()
