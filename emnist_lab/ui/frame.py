"""The frame around every page: its title, navigation, and the sidebar with the dataset in use."""

import functools

import streamlit as st

from emnist_lab.commands.specs import CurveSpec
from emnist_lab.data import thumbnails
from emnist_lab.handwriting import ink
from emnist_lab.server import job_access
from emnist_lab.ui import (
    current_dataset,
    current_run,
    current_visitor,
    job_panel,
    job_queues,
    messages,
    page_address,
    upload_guard,
)

_LETTER = [(20, 52), (80, 48), (72, 26), (50, 18), (28, 30), (20, 58), (32, 82), (56, 88), (80, 74)]
_PAGES = {
    "home": ("Home", "home"),
    "data": ("Data", "database"),
    "samples": ("Samples", "apps"),
    "train": ("Train", "model_training"),
    "evaluate": ("Evaluate", "grid_on"),
    "compare": ("Compare", "leaderboard"),
    "draw": ("Draw", "draw"),
    "handwriting": ("Handwriting", "history_edu"),
}

# A component: as a style in `st.html` it would be loaded for itself, arrive after the first
# picture, and move it under the pointer: a stroke that was begun meanwhile missed the canvas.
_style = st.components.v2.component(
    "emnist_lab_frame",
    html="<i></i>",
    css=".stMainBlockContainer { padding-top: 4.2rem }",
    isolate_styles=False,
)


@functools.cache
def _icon() -> bytes:
    """A handwritten letter as PNG."""
    return thumbnails.png(ink.from_strokes([_LETTER]))


def show() -> None:
    """Draw the page that was asked for, in its frame."""
    st.set_page_config(
        page_title="EMNIST Lab",
        page_icon=_icon(),
        layout="wide",
        initial_sidebar_state="collapsed",
    )
    current_visitor.require_sign_in()
    current_run.warm_up()
    page = st.navigation(
        [
            st.Page(f"pages/{name}.py", title=title, icon=f":material/{icon}:", default=not at)
            for at, (name, (title, icon)) in enumerate(_PAGES.items())
        ],
        position="top",
    )
    upload_guard.allow(current_visitor.visitor().rights)
    with st.sidebar:
        _await_visitor()
        _sidebar(page.title)
    page_address.enter_page(page)
    messages.show_notice("dataset")
    page.run()


def _await_visitor() -> None:
    """Ask the browser who is there, and wait where the address may name what is theirs."""
    session = st.session_state
    if not current_visitor.knows_visitors():
        return
    if current_visitor.owner() is None:
        # An address forgets what no widget asks for in the first run.
        asked = {name: st.query_params.get_all(name) for name in st.query_params}
        session.setdefault("frame_asked", {}).update(asked)
        if session.frame_asked:
            st.skeleton()
            st.stop()
    elif asked := session.pop("frame_asked", {}):
        st.query_params.from_dict({**asked, **st.query_params.to_dict()})


def _sidebar(page: str) -> None:
    current_dataset.choose_dataset()
    parts, problem = current_dataset.available()
    if problem:  # the pages say what would be read instead
        st.caption(f":material/folder_off: {messages.sentence(problem.partition(';')[0])}")
    else:
        what = "generated images: " if current_dataset.generated() else ""
        st.caption(f":material/check: {what}{', '.join(' '.join(key) for key in parts)}")
    st.page_link("pages/data.py", label="Get or choose a dataset", icon=":material/database:")
    current_visitor.sign_in()
    for queue, at in ((job_queues.jobs(), "Train"), (job_queues.fetches(), "Data")):
        for job in job_access.list_jobs(current_visitor.visitor(), queue):
            measures = isinstance(job.spec, CurveSpec) and page == "Compare"
            if job.active and page != at and not measures:
                job_panel.job_panel(job, queue, brief=True)
    _less_room_above()  # last, for it leaves a gap


def _less_room_above() -> None:
    """Have the first picture seen without scrolling: Streamlit leaves eight rem above the title.

    In the sidebar, where the element takes no room from pages.
    """
    _style(key="frame", height=1)
