"""Runs on pages: the one in use, chosen and opened once, and an honest sentence about it."""

import gc
import importlib
import threading
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from emnist_lab.errors import RunError
from emnist_lab.runs import class_prior, manifest
from emnist_lab.runs.run import Run
from emnist_lab.server import run_access
from emnist_lab.server.visitor import Visitor
from emnist_lab.ui import current_visitor, messages
from emnist_lab.ui.formatting import plain
from emnist_lab.ui.server_wide import server_wide

FIRST_RUN = "warped-blend"  # the shipped run that reads best


@server_wide
def warm_up() -> None:
    """Have the slow imports and the first run ready before a page asks for them.

    In a thread, once a server: the page that came first isn't held up.
    """

    def work():
        try:
            run_access.open_run(Visitor.alone(), FIRST_RUN).warm_up()
        except RunError:
            return  # pages say what is wrong with it, where it matters
        importlib.import_module("seaborn")
        importlib.import_module("emnist_lab.evaluation.figures")
        # Most of what a server ever holds is there now and stays: no collection looks at it again.
        gc.collect()
        gc.freeze()

    threading.Thread(target=work, name="warm-up", daemon=True).start()


def all_runs() -> tuple[list[Run], list[str]]:
    """Runs that this visitor sees, the one to start with first, and what is wrong with others."""
    found, problems = run_access.list_runs(current_visitor.visitor())
    found.sort(key=lambda run: run.name != FIRST_RUN)
    return found, problems


@st.cache_resource(max_entries=8, show_spinner="Opening the run …")
def opened(folder: str, stamp: int) -> Run:
    """Run of a folder that `Run.version_key` named, opened once for each `stamp`."""
    return Run(manifest.read(Path(folder)), Path(folder))


def open_run(name: str) -> Run:
    """Run by name, opened once; raises `RunError`."""
    return opened(*run_access.open_run(current_visitor.visitor(), name).version_key())


def replace_run(old: str, new: str | None) -> None:
    """Where the run of a name is in use, have another one in use; for callbacks.

    Parameters
    ----------
    old : str
        It is renamed or deleted.
    new : str or None
        None for the one to start with.
    """
    if st.session_state.get("run") == old:
        use_run(new)


def use_run(name: str | None) -> None:
    """Choose a run, on every page that has one in use; for callbacks.

    Parameters
    ----------
    name : str or None
        None for the one to start with.
    """
    messages.withdraw_notice("run")
    if name is None:
        st.session_state.pop("run", None)
    else:
        st.session_state.run = name


def choose_run(
    label: str = "Run in use", place: DeltaGenerator | None = None, width: int = 420
) -> Run | None:
    """Selection of the run in use, kept in the address; None where there is no run.

    Parameters
    ----------
    label : str
        Of the widget.
    place : DeltaGenerator, optional
        Where it goes; what is to be said about runs is said here, in the page.
    width : int
        Of the widget, in CSS pixels.
    """
    found, problems = all_runs()
    for problem in problems:
        st.warning(messages.sentence(problem), icon=":material/broken_image:")
    names = [run.name for run in found]
    session = st.session_state
    asked = session.get("run") or st.query_params.get("run", "")
    if asked not in ("", *names):
        session.pop("run", None)
        if names:  # said, not left to the default: the browser would go on showing the old one
            session.run = names[0]
        instead = f": “{plain(names[0])}” is shown." if names else "."
        messages.keep_notice(
            "run",
            f"There is no run “{plain(asked[:200])}” here (any more){instead} Compare lists all.",
        )
    messages.show_notice("run")
    if not found:
        return None
    # What the address says must be what the list shows, so no prettier labels here.
    name = (place or st).selectbox(
        label,
        names,
        key="run",
        bind="query-params",
        on_change=messages.withdraw_notice,
        args=("run",),
        width=width,
        help="Evaluate measures it, Draw predicts with it. Train makes more.",
    )
    return found[names.index(name)]


def trained_on(run: Run) -> str:
    """One honest sentence on the run's data, for every page that shows what it does."""
    data = run.manifest["data"]
    test = data.get("test")
    measured = f" Measured on: {plain(test['name'])}." if test else ""
    shipped = "Came with EMNIST Lab. " if run.shipped else ""
    title, train = plain(run.manifest["title"]), plain(data["train"]["name"])
    scaled = (
        f" Its probabilities are scaled (temperature {run.temperature:.2f}, fitted on that subset)."
        if run.temperature != 1
        else ""
    )
    about = run.manifest.get("prior")
    answers = f" Answers for {class_prior.describe(about)}." if about else ""
    return f"{title}. {shipped}Trained on: {train}.{measured}{answers}{scaled}"


def say_trained_on_generated(run: Run) -> None:
    """Label a page that shows a run made from generated images; nothing for others."""
    if run.generated:
        st.warning(
            "**Made from generated images.** A model made this run's images, no person wrote them: "
            "its scores say nothing about real handwriting.",
            icon=":material/robot_2:",
        )
