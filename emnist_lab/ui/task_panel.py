"""Work of some seconds on a page: how far it is, a cancel, and what came of it."""

from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st

from emnist_lab.callbacks import ProgressCallback
from emnist_lab.ui.background_task import Background, Task
from emnist_lab.ui.formatting import about_seconds, plain

T = TypeVar("T")
_AT_ONCE = 0.3  # seconds that a page waits before it shows how far the work is
_EVERY = 0.5  # seconds between two looks


def result_or_progress(
    background: Background[T],
    key: Hashable,
    work: Callable[[ProgressCallback], T],
    *,
    about: str,
    name: str,
) -> T | None:
    """What came of work in the background; until it is there, how far it is.

    Parameters
    ----------
    background : Background
    key, work
        As for `Background.of`.
    about : str
        What is being done, for people: "Laying out the map".
    name : str
        Of the widgets.

    Returns
    -------
    object or None
        None while it isn't done, and where it was cancelled: both are shown.

    Raises
    ------
    BaseException
        What the work raised.
    """
    task = background.of(key, work)
    if not task.wait(_AT_ONCE):
        st.fragment(run_every=_EVERY)(_progress)(background, task, about, name)
        return None
    if not task.cancelled:
        return task.result()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/cancel: {plain(about)}: cancelled.", width="content")
        st.button(
            "Start again",
            icon=":material/replay:",
            key=f"again-{name}",
            on_click=background.forget,
            args=(key,),
        )
    return None


def _progress(background: Background, task: Task, about: str, name: str) -> None:
    if task.done:
        st.rerun()  # the page shows what came of it
    words = f": {task.words}" if task.words else " …"
    if task.begun is None:
        before = background.place(task)
        words = f": waiting for its turn, {before} before it" if before else ": starting"
    left = task.remaining()
    more = f"; about {about_seconds(left)} more" if left is not None else ""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.progress(min(task.share, 1.0), text=plain(f"{about}{words}{more}"))
        st.button("Cancel", icon=":material/cancel:", key=f"stop-{name}", on_click=task.cancel)
