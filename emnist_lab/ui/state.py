"""What every page asks for: the dataset, the run in use, reports; read once, then cached."""

import importlib
import os
import threading

import numpy as np
import streamlit as st

from emnist_lab import dataset, runs, sources, training
from emnist_lab.errors import DatasetError, RunError
from emnist_lab.jobs import JobQueue
from emnist_lab.metrics import Report
from emnist_lab.runs import SCORES, Run
from emnist_lab.ui.markup import plain

FIRST_RUN = "hog-qda"  # the shipped run that reads best


def dark() -> bool:
    """Whether the page is shown on dark ground."""
    return st.context.theme.type == "dark"


def root() -> str | None:
    """Folder of the dataset that this session has chosen; None for the default."""
    return st.session_state.get("root") or None


def _stamp(split: str, part: str, folder: str | None) -> tuple:
    """What changes when a file of the part does; raises what `locate` raises."""
    files = sources.locate(split, part, folder)
    paths = (files.images, files.labels, files.mapping)
    return tuple((str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in paths)


@st.cache_resource(max_entries=4, show_spinner="Reading images …")
def _load(split: str, part: str, folder: str | None, stamp: tuple) -> dataset.Part:
    return dataset.load(split, part, folder)


def load(split: str, part: str) -> dataset.Part:
    """Part of the chosen dataset; raises `DatasetError`."""
    return _load(split, part, root(), _stamp(split, part, root()))


@st.cache_data(max_entries=8, show_spinner="Averaging images …")
def _means(split: str, part: str, folder: str | None, stamp: tuple) -> np.ndarray:
    return _load(split, part, folder, stamp).mean_images()


def mean_images(split: str, part: str) -> np.ndarray:
    """Mean image of each class, (C, 28, 28) float32; raises `DatasetError`."""
    return _means(split, part, root(), _stamp(split, part, root()))


@st.cache_data(ttl=10, show_spinner=False)
def _available(folder: str | None, environment: str) -> list[tuple[str, str]] | str:
    try:
        return sources.available(folder)
    except DatasetError as error:
        return str(error)


def available() -> tuple[list[tuple[str, str]], str]:
    """Parts at hand, and a sentence where the folder can't be used."""
    named = os.environ.get("EMNIST_DIR", "").strip()
    found = _available(root(), named)
    if not isinstance(found, str):
        return found, ""
    # The library's sentence speaks of the command line; a page has its own way to name a folder.
    return [], found if root() or named else "No folder of EMNIST files is named yet."


def splits() -> list[str]:
    """Splits with both parts or one at hand, in the usual order."""
    return list(dict.fromkeys(split for split, _ in available()[0]))


def no_dataset(purpose: str) -> None:
    """Say that there is no dataset, and what to do, and what works without.

    Parameters
    ----------
    purpose : str
        What it would be needed for, to end "… needs the images".
    """
    problem = available()[1] or "The folder holds no complete EMNIST part."
    st.info(f"**{purpose} needs the images.** {problem}", icon=":material/folder_open:")
    st.markdown(
        "1. Download EMNIST from [NIST](https://www.nist.gov/itl/products-and-services/"
        "emnist-dataset) (the binary format, *gzip.zip*) and unpack it; a copy that torchvision "
        "made is as good.\n"
        "2. Name that folder under **Dataset** in the sidebar, or start the app with "
        "`EMNIST_DIR=/that/folder`.\n\n"
        "Reading your drawings and studying the shipped classifiers work without it:"
    )
    with st.container(horizontal=True):
        st.page_link("pages/draw.py", label="Draw", icon=":material/draw:")
        st.page_link("pages/evaluate.py", label="Evaluate", icon=":material/grid_on:")


@st.cache_resource(show_spinner=False)
def jobs() -> JobQueue:
    """The server's one training queue."""
    return JobQueue()


@st.cache_resource(show_spinner=False)
def warm_up() -> None:
    """Have the slow imports and the first run ready before a page asks for them.

    In a thread, once a server: the page that came first isn't held up.
    """

    def work():
        try:
            runs.open_run(FIRST_RUN).warm_up()
        except RunError:
            return  # pages say what is wrong with it, where it matters
        importlib.import_module("seaborn")
        importlib.import_module("emnist_lab.figures")

    threading.Thread(target=work, name="warm-up", daemon=True).start()


def all_runs() -> tuple[list[Run], list[str]]:
    """All runs at hand, the one to start with first, and what is wrong with others."""
    found, problems = runs.list_runs()
    found.sort(key=lambda run: run.name != FIRST_RUN)
    return found, problems


@st.cache_resource(max_entries=8, show_spinner="Opening the run …")
def _open(folder: str, stamp: int) -> Run:
    return runs.open_run(folder)


def open_run(name: str) -> Run:
    """Run by name, opened once; raises `RunError`."""
    run = runs.open_run(name)
    return _open(str(run.folder), (run.folder / runs.MANIFEST).stat().st_mtime_ns)


@st.cache_resource(max_entries=8, show_spinner="Computing the numbers …")
def _report(folder: str, stamp: int) -> Report:
    return _open(folder, stamp).report()


@st.cache_resource(max_entries=4, show_spinner="Measuring on the test part …")
def _measured(folder: str, stamp: int, split: str, root: str | None, files: tuple) -> Report:
    return training.evaluate(_open(folder, stamp), _load(split, "test", root, files))


def report(name: str) -> Report:
    """Report on the run's kept test scores, or on the dataset at hand where it has none.

    Computed once; raises `RunError` or `DatasetError`.
    """
    run = runs.open_run(name)
    split = run.manifest["data"]["split"]
    if SCORES not in run.manifest["files"] and (split, "test") in available()[0]:
        stamp = (run.folder / runs.MANIFEST).stat().st_mtime_ns
        return _measured(str(run.folder), stamp, split, root(), _stamp(split, "test", root()))
    return _report(str(run.folder), (run.folder / runs.MANIFEST).stat().st_mtime_ns)


def choose_run(label: str = "Run in use") -> Run | None:
    """Selection of the run in use, kept in the address; None where there is no run.

    Parameters
    ----------
    label : str
        Of the widget.
    """
    found, problems = all_runs()
    for problem in problems:
        st.warning(problem, icon=":material/broken_image:")
    if not found:
        return None
    names = [run.name for run in found]
    # What the address says must be what the list shows, so no prettier labels here.
    name = st.selectbox(
        label,
        names,
        key="run",
        bind="query-params",
        width=420,
        help="Evaluate shows it, Draw reads with it. Train makes more.",
    )
    return found[names.index(name)]


def trained_on(run: Run) -> str:
    """One honest sentence on the run's data, for every page that shows what it does."""
    data = run.manifest["data"]
    test = data.get("test")
    measured = f" Measured on: {plain(test['name'])}." if test else ""
    shipped = "Came with EMNIST Lab. " if run.shipped else ""
    title, train = plain(run.manifest["title"]), plain(data["train"]["name"])
    return f"{title}. {shipped}Trained on: {train}.{measured}"


def stop_on(error: DatasetError | RunError) -> None:
    """Show an error with its remedy, and end the page there."""
    st.error(str(error), icon=":material/error:")
    st.stop()
