"""What runs say of images: reports, intervals, the images behind them; computed once."""

import functools
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import streamlit as st

from emnist_lab import bootstrap, nearest, runs, training
from emnist_lab.bootstrap import Intervals
from emnist_lab.dataset import Part
from emnist_lab.errors import DatasetError, LabError, RunError
from emnist_lab.metrics import Report
from emnist_lab.nearest import Neighbours
from emnist_lab.runs import SCORES, Run
from emnist_lab.ui import inuse, state
from emnist_lab.ui.markup import plain

_LONGEST_READ = 60.0  # seconds that a run may read a part for, while a page waits
_KEPT = 32  # runs whose intervals are kept


def guarded(work: Callable[..., None]) -> Callable[..., None]:
    """A fragment of a page that says what is wrong, where it would break: a run may be gone."""

    @functools.wraps(work)
    def safely(*args, **kwargs) -> None:
        try:
            work(*args, **kwargs)
        except LabError as error:
            state.say_error(error)

    return st.fragment(safely)


def measurement(run: Run) -> tuple:
    """What a run's numbers depend on, to keep what is computed from them by.

    Parameters
    ----------
    run : Run

    Returns
    -------
    tuple

    Raises
    ------
    DatasetError or RunError
        The run, or the images that it would be measured on, are gone.
    """
    if SCORES in run.manifest["files"]:
        return inuse.mark(run)
    split = run.manifest["data"]["split"]
    return (*inuse.mark(run), state.root(), state.stamp(split, "test", state.root()))


@st.cache_resource(max_entries=8, show_spinner="Computing the numbers …")
def _report(folder: str, stamp: int) -> Report:
    return inuse.opened(folder, stamp).report()


@st.cache_resource(max_entries=4, show_spinner="Reading the images with the run …")
def _read(folder: str, stamp: int, split: str, part: str, root: str | None, files: tuple) -> Report:
    run = inuse.opened(folder, stamp)
    return training.evaluate(run, state.load_from(split, part, root, files))


def report(name: str) -> Report:
    """Report on the run's kept test scores, or on the dataset at hand where it has none.

    Computed once; raises `RunError` or `DatasetError`.
    """
    run = runs.open_run(name)
    split, mark = run.manifest["data"]["split"], inuse.mark(run)
    at_hand = (split, "test") in state.available()[0] and state.generated() == run.generated
    if SCORES not in run.manifest["files"] and at_hand:
        root = state.root()
        return _read(*mark, split, "test", root, state.stamp(split, "test", root))
    return _report(*mark)


def read_by(run: Run, split: str, part: str) -> Report:
    """What a run says of a part of the chosen dataset; kept scores where it was measured on it.

    Parameters
    ----------
    run : Run
        Of the part's classes.
    split, part : str

    Returns
    -------
    Report

    Raises
    ------
    DatasetError or RunError
        The images or the model can't be read, or it would take minutes.
    """
    data, test = state.load(split, part), run.manifest["data"].get("test")
    if test and test["fingerprint"] == data.fingerprint and SCORES in run.manifest["files"]:
        return report(run.name)
    took = run.manifest["timings"].get("predict_s")
    needs = took * len(data) / max(test["images"], 1) if took and test else 0.0
    if needs > _LONGEST_READ:
        raise RunError(
            f"{run.name} would need about {needs / 60:.0f} minutes to read these {len(data):,} "
            "images: choose its test part, or a quicker run."
        )
    root = state.root()
    return _read(*inuse.mark(run), split, part, root, state.stamp(split, part, root))


@st.cache_resource(max_entries=4, show_spinner=False)
def _own_part(folder: str, stamp: int, split: str, root: str | None, files: tuple) -> Part:
    return inuse.opened(folder, stamp).own_part(state.load_from(split, "test", root, files))


def test_part(run: Run) -> tuple[Part | None, str]:
    """The images that a run's numbers are about.

    Parameters
    ----------
    run : Run

    Returns
    -------
    part : Part or None
        None where the dataset in use doesn't have exactly these images.
    problem : str
        Why not, and what to do: one sentence, as Markdown.
    """
    split, recorded = run.manifest["data"]["split"], run.manifest["data"].get("test")
    wanted = plain(recorded["name"]) if recorded else "any test part"
    name = plain(state.dataset_in_use())
    why = f"the dataset in use, “{name}”, isn't the one that was measured on ({wanted})"
    try:
        if (split, "test") in state.available()[0]:
            root = state.root()
            part = _own_part(*inuse.mark(run), split, root, state.stamp(split, "test", root))
            if recorded is None or part.fingerprint == recorded["fingerprint"]:
                return part, ""
            if part.name == recorded["name"]:
                why = (
                    f"“{name}” holds other images by the same name ({wanted}) now than when the "
                    "run was made"
                )
    except DatasetError as error:
        why = plain(str(error))
    return None, (
        f"The images themselves can't be shown: {why}. Choose that dataset on the Data page, or "
        "train a run on the dataset in use: its images show."
    )


def measured_on(run: Run) -> tuple[str, str]:
    """Honest name and fingerprint of the images that a run's numbers are about.

    Parameters
    ----------
    run : Run

    Returns
    -------
    name, fingerprint : str

    Raises
    ------
    DatasetError
        They aren't recorded, and not at hand.
    """
    if recorded := run.manifest["data"].get("test"):
        return recorded["name"], recorded["fingerprint"]
    part, problem = test_part(run)
    if part is None:
        raise DatasetError(problem)
    return part.name, part.fingerprint


@st.cache_resource(max_entries=2, show_spinner="Looking at the training images …")
def _neighbours(
    folder: str, stamp: int, split: str, root: str | None, files: tuple
) -> tuple[Neighbours | None, str]:
    run = inuse.opened(folder, stamp)
    try:
        part = nearest.training_part(run, state.load_from(split, "train", root, files))
        return Neighbours(run, part), ""
    except LabError as error:  # kept too: to find it out again takes seconds
        return None, str(error)


def neighbours(run: Run) -> tuple[Neighbours | None, str]:
    """A run's own training images in its own space, from the dataset in use.

    Parameters
    ----------
    run : Run

    Returns
    -------
    neighbours : Neighbours or None
    problem : str
        Why there are none.

    Raises
    ------
    DatasetError or RunError
        The run or the images are gone.
    """
    split, root = run.manifest["data"]["split"], state.root()
    return _neighbours(*inuse.mark(run), split, root, state.stamp(split, "train", root))


class _Work:
    """Intervals of runs, computed one after the other in a thread: a page mustn't wait."""

    def __init__(self):
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "intervals")
        self._kept: dict[tuple, Future] = {}

    def of(self, key: tuple, report: Report) -> Future:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = self._thread.submit(bootstrap.intervals, report)
                for old in [*self._kept][:-_KEPT]:
                    self._kept.pop(old).cancel()
            return self._kept[key]


@st.cache_resource(show_spinner=False)
def _work() -> _Work:
    return _Work()


def intervals(run: Run, wait: bool = True) -> Intervals | None:
    """95 % intervals of a run's numbers; see `emnist_lab.bootstrap`.

    Parameters
    ----------
    run : Run
    wait : bool
        Until they are there; else None is given meanwhile, and they are
        computed in the background.

    Returns
    -------
    Intervals or None

    Raises
    ------
    DatasetError or RunError
        The run or the images are gone.
    """
    found = _work().of(measurement(run), report(run.name))
    return found.result() if wait or found.done() else None
