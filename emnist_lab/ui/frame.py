"""The frame around every page: titles, navigation, what runs, and the dataset in use."""

import functools

import streamlit as st

from emnist_lab import files
from emnist_lab.data import thumbnails
from emnist_lab.handwriting import ink
from emnist_lab.ui import (
    current_dataset,
    current_run,
    current_visitor,
    job_chips,
    messages,
    page_address,
    upload_guard,
)
from emnist_lab.ui.components import page_frame

_NAME = "EMNIST Lab"
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


@functools.cache
def _icon() -> bytes:
    """A handwritten letter as PNG."""
    return thumbnails.png(ink.from_strokes([_LETTER]))


def show() -> None:
    """Draw the page that was asked for, in its frame."""
    session = st.session_state
    st.set_page_config(
        # What it was so far: which page is asked for isn't known yet, and a title mustn't flicker.
        page_title=session.setdefault("frame_title", _NAME),
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
    session.frame_title = _NAME if page.title == "Home" else f"{page.title} – {_NAME}"
    st.set_page_config(page_title=session.frame_title)
    upload_guard.allow(current_visitor.visitor().rights)
    with st.sidebar:
        _await_visitor()
        _sidebar()
    page_address.enter_page(page)
    job_chips.show()
    messages.show_notice("dataset")
    if not files.is_shared():
        page.run()
        return
    said = st.container()
    try:
        page.run()
    finally:  # a page may stop itself
        if trouble := files.trouble():
            said.warning(messages.standing(trouble), icon=":material/cloud_off:")


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


def _sidebar() -> None:
    current_dataset.choose_dataset()
    parts, problem = current_dataset.available()
    if problem:  # the pages say what would be read instead
        st.caption(f":material/folder_off: {messages.sentence(problem.partition(';')[0])}")
    else:
        what = "generated images: " if current_dataset.generated() else ""
        st.caption(f":material/check: {what}{', '.join(' '.join(key) for key in parts)}")
    st.page_link("pages/data.py", label="Get or choose a dataset", icon=":material/database:")
    current_visitor.sign_in()
    page_frame.complete(current_dataset.short_name())  # last, for it leaves a gap
