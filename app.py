"""EMNIST Lab: the frame around the pages."""

import streamlit as st
from PIL import Image

from emnist_lab.commands.specs import CurveSpec
from emnist_lab.handwriting import ink
from emnist_lab.ui import (
    current_dataset,
    current_run,
    formatting,
    frame,
    job_panel,
    job_queues,
    messages,
    page_address,
)

LETTER = [(20, 52), (80, 48), (72, 26), (50, 18), (28, 30), (20, 58), (32, 82), (56, 88), (80, 74)]

st.set_page_config(
    page_title="EMNIST Lab",
    page_icon=Image.fromarray(ink.from_strokes([LETTER])),
    layout="wide",
    initial_sidebar_state="collapsed",
)

current_run.warm_up()

page = st.navigation(
    [
        st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
        st.Page("pages/data.py", title="Data", icon=":material/database:"),
        st.Page("pages/samples.py", title="Samples", icon=":material/apps:"),
        st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
        st.Page("pages/evaluate.py", title="Evaluate", icon=":material/grid_on:"),
        st.Page("pages/compare.py", title="Compare", icon=":material/leaderboard:"),
        st.Page("pages/draw.py", title="Draw", icon=":material/draw:"),
        st.Page("pages/handwriting.py", title="Handwriting", icon=":material/history_edu:"),
    ],
    position="top",
)

with st.sidebar:
    current_dataset.choose_dataset()
    parts, problem = current_dataset.available()
    if problem:
        st.caption(f":material/folder_off: {formatting.plain(problem)}")
    elif not parts:
        st.caption(":material/folder_off: There is no complete part of EMNIST in it.")
    else:
        what = "generated images: " if current_dataset.generated() else ""
        st.caption(f":material/check: {what}{', '.join(' '.join(key) for key in parts)}")
    st.page_link("pages/data.py", label="Get or choose a dataset", icon=":material/database:")

    for queue, at in ((job_queues.jobs(), "Train"), (job_queues.fetches(), "Data")):
        for job in queue.jobs:
            measures = isinstance(job.spec, CurveSpec) and page.title == "Compare"
            if job.active and page.title != at and not measures:
                job_panel.job_panel(job, queue, brief=True)
    frame.less_room_above()  # last, for it leaves a gap

page_address.enter_page(page)
messages.show_notice("dataset")
page.run()
