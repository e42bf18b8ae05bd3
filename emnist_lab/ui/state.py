"""What every page asks for: the dataset, the run in use, reports; read once, then cached."""

import importlib
import os
import threading
import time
from pathlib import Path

import numpy as np
import streamlit as st

from emnist_lab import bootstrap, dataset, imports, nearest, places, runs, sources, training
from emnist_lab.bootstrap import Intervals
from emnist_lab.errors import DatasetError, LabError, RunError
from emnist_lab.formats.base import Source
from emnist_lab.jobs import Job, JobQueue
from emnist_lab.journal import Journal
from emnist_lab.metrics import Report
from emnist_lab.nearest import Neighbours
from emnist_lab.runs import SCORES, Run
from emnist_lab.sources import DEMO, FETCHED
from emnist_lab.specs import FetchSpec
from emnist_lab.ui.markup import plain

FIRST_RUN = "warped-blend"  # the shipped run that reads best
HERE = "EMNIST"  # the dataset in $EMNIST_DIR, or what was fetched
_LONGEST_READ = 60.0  # seconds that a run may read a part for, while a page waits
_MANY = 64  # files of a part that are looked at on each rerun, to see whether they changed


def dark() -> bool:
    """Whether the page is shown on dark ground."""
    return st.context.theme.type == "dark"


def datasets() -> list[str]:
    """Names of the datasets to choose from, the one to start with first."""
    # A folder that was named wrongly is said, not passed over.
    real = [HERE] if _named() or _available(None, "")[0] else []
    brought = [FETCHED] if _named() and _available(FETCHED, "")[0] else []
    own = [*brought, *st.session_state.get("folders", []), *imports.names()]
    return [*real, *own, DEMO] if real else [DEMO, *own]


def dataset_in_use() -> str:
    """Name of the chosen dataset: `HERE`, ``"fetched"``, ``"demo"``, an import's, or a folder."""
    names = datasets()
    chosen = st.session_state.get("data")
    return chosen if chosen in names else names[0]


def use_dataset(name: str) -> None:
    """Choose a dataset; for callbacks, which run before the selection is drawn.

    Parameters
    ----------
    name : str
        See `dataset_in_use`.
    """
    _scans().clear()
    if name != st.session_state.get("data"):
        _forget_image()
    st.session_state.data = name


def choose_dataset() -> None:
    """Selection of the dataset in use, kept in the address; drawn on every page."""
    session = st.session_state
    for job in fetches().jobs:
        if job.key in session.setdefault("awaited", {}) and job.state == "done":
            del session.awaited[job.key]  # what this person asked for is what they want to see
            use_dataset(came_as(job))
            st.toast(f"In use now: {plain(came_as(job))}", icon=":material/check:")
    asked = session.get("data") or st.query_params.get("data", "")
    if asked not in ("", *datasets()) and Path(asked).is_absolute() and _available(asked, "")[0]:
        session.folders = [*session.get("folders", []), asked]  # a link to a folder of the server
    names = datasets()
    if asked not in ("", *names):
        session.pop("data", None)
        session.gone = asked
    st.selectbox(
        "Dataset",
        names,
        key="data",
        bind="query-params",
        on_change=_forget_image,
        help="The Data page gets more.",
    )


def say_gone() -> None:
    """Say once that the dataset that was asked for isn't there, and what is shown instead."""
    if gone := st.session_state.pop("gone", ""):
        st.warning(
            f"There is no dataset “{plain(gone[:200])}” here (any more): “"
            f"{plain(dataset_in_use())}” is shown. The Data page has others.",
            icon=":material/link_off:",
        )


def _forget_image() -> None:
    """An index means another image in another dataset."""
    st.query_params.pop("image", None)


def root() -> str | None:
    """The chosen dataset as the library knows it; None for the default place."""
    name = dataset_in_use()
    return None if name == HERE else name


def generated() -> bool:
    """Whether the images of the chosen dataset are a model's."""
    return any(source.generated for source in available()[0].values())


def _named() -> str:
    return os.environ.get("EMNIST_DIR", "").strip()


def _stamp(split: str, part: str, folder: str | None) -> tuple:
    """What changes when a file of the part does; raises what `locate` raises."""
    source = available()[0].get((split, part)) or sources.locate(split, part, folder)
    try:
        stats = [(str(path), path.stat()) for path in source.paths[:_MANY]]
    except OSError:
        _scans().clear()  # it was moved a moment ago
        stats = [(str(path), path.stat()) for path in sources.locate(split, part, folder).paths]
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


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


@st.cache_resource(show_spinner=False)
def _scans() -> dict[tuple, tuple[float, tuple]]:
    """What places held when they were looked through last, and until when that counts."""
    return {}


def _available(folder: str | None, environment: str) -> tuple[dict, str]:
    key, now = (folder, environment, str(places.home())), time.monotonic()
    until, found = _scans().get(key, (0.0, ({}, "")))
    if now < until:
        return found
    try:
        found = sources.find(folder), ""
    except DatasetError as error:
        found = {}, str(error)
    took = time.monotonic() - now  # a folder of a hundred thousand pictures takes a second
    _scans()[key] = (now + max(10.0, 50 * took), found)
    return found


def available() -> tuple[dict[tuple[str, str], Source], str]:
    """Parts of the chosen dataset, and a sentence where it can't be used."""
    return _available(root(), _named())


def splits() -> list[str]:
    """Splits with both parts or one at hand, in the usual order."""
    return list(dict.fromkeys(split for split, _ in available()[0]))


def no_dataset(purpose: str) -> None:
    """Say that the chosen dataset holds nothing, and what to do.

    Parameters
    ----------
    purpose : str
        What it would be needed for, to end "… needs images".
    """
    problem = available()[1] or "There is no complete part of EMNIST in it."
    st.info(
        f"**{purpose} needs images, and the dataset “{plain(dataset_in_use())}” gives none.** "
        f"{plain(problem)}",
        icon=":material/folder_open:",
    )
    with st.container(horizontal=True):
        st.page_link("pages/data.py", label="Get or choose a dataset", icon=":material/database:")
        if dataset_in_use() != DEMO:
            st.button("Use the demo set", on_click=use_dataset, args=(DEMO,))


def say_generated(link: bool = True) -> None:
    """Label a page whose images are generated; nothing where they are people's.

    Parameters
    ----------
    link : bool
        Whether to show the way to real ones.
    """
    if not generated():
        return
    st.warning(
        "**Generated images.** Made by a model in EMNIST's manner; no person wrote them.",
        icon=":material/robot_2:",
    )
    if link:
        st.page_link("pages/data.py", label="Get the real ones", icon=":material/download:")


def say_trained_on_generated(run: Run) -> None:
    """Label a page that shows a run made from generated images; nothing for others."""
    if run.generated:
        st.warning(
            "**Made from generated images.** A model made this run's images, no person wrote them: "
            "its scores say nothing about real handwriting.",
            icon=":material/robot_2:",
        )


def came_as(job: Job) -> str:
    """Name of the dataset that a job brought."""
    return job.result or (FETCHED if _named() else HERE)


def fetched() -> set[str]:
    """Splits that were fetched, whichever dataset is chosen."""
    found = _available(FETCHED, "")[0]
    return {split for split, _ in found if {(split, "train"), (split, "test")} <= found.keys()}


def submit_fetch(spec: FetchSpec) -> None:
    """Have data brought; what comes is used when it is there.

    Parameters
    ----------
    spec : FetchSpec
    """
    job = fetches().submit(spec)
    st.session_state.setdefault("awaited", {})[job.key] = True
    st.session_state.setdefault("brought", []).append(job.key)


def transfers(imported: bool) -> list[Job]:
    """Downloads or imports to show: whoever's is going on, and how this person's ended.

    Parameters
    ----------
    imported : bool
        Imports; else downloads.
    """
    mine, there = st.session_state.get("brought", []), imports.names()
    jobs = [job for job in fetches().jobs if (job.spec.split is None) == imported]
    ended = [
        job for job in jobs if job.key in mine and not job.active and job.result in (None, *there)
    ]
    return [job for job in jobs if job.active] + ended[:1]


@st.cache_resource(show_spinner=False)
def fetches() -> JobQueue:
    """The server's one queue of downloads and imports.

    Without a journal: what came of a download is on disk anyway and the next attempt goes on
    with it, and files that were uploaded for an import are gone with the server.
    """
    return JobQueue()


@st.cache_resource(show_spinner=False)
def jobs() -> JobQueue:
    """The server's one training queue."""
    return JobQueue(Journal(places.home() / "jobs"))


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
    at_hand = (split, "test") in available()[0] and generated() == run.generated
    if SCORES not in run.manifest["files"] and at_hand:
        stamp = (run.folder / runs.MANIFEST).stat().st_mtime_ns
        return _measured(str(run.folder), stamp, split, root(), _stamp(split, "test", root()))
    return _report(str(run.folder), (run.folder / runs.MANIFEST).stat().st_mtime_ns)


@st.cache_resource(max_entries=4, show_spinner="Reading the images with the run …")
def _read(folder: str, stamp: int, split: str, part: str, root: str | None, files: tuple) -> Report:
    return training.evaluate(_open(folder, stamp), _load(split, part, root, files))


@st.cache_resource(max_entries=2, show_spinner="Looking at the training images …")
def _neighbours(folder: str, stamp: int, split: str, root: str | None, files: tuple) -> Neighbours:
    run = _open(folder, stamp)
    return Neighbours(run, nearest.training_part(run, _load(split, "train", root, files)))


def neighbours(run: Run) -> Neighbours:
    """A run's own training images in its own space, from the chosen dataset.

    Parameters
    ----------
    run : Run

    Returns
    -------
    Neighbours

    Raises
    ------
    DatasetError or RunError
        It was trained on other images, or they can't be read.
    """
    split = run.manifest["data"]["split"]
    stamp = (run.folder / runs.MANIFEST).stat().st_mtime_ns
    return _neighbours(str(run.folder), stamp, split, root(), _stamp(split, "train", root()))


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
    data, test = load(split, part), run.manifest["data"].get("test")
    if test and test["fingerprint"] == data.fingerprint and SCORES in run.manifest["files"]:
        return report(run.name)
    took = run.manifest["timings"].get("predict_s")
    needs = took * len(data) / max(test["images"], 1) if took and test else 0.0
    if needs > _LONGEST_READ:
        raise RunError(
            f"{run.name} would need about {needs / 60:.0f} minutes to read these {len(data):,} "
            "images: choose its test part, or a quicker run."
        )
    stamp = (run.folder / runs.MANIFEST).stat().st_mtime_ns
    return _read(str(run.folder), stamp, split, part, root(), _stamp(split, part, root()))


@st.cache_resource(max_entries=64, show_spinner=False)
def _intervals() -> dict[tuple, Intervals]:
    """Intervals that were computed, by run and data."""
    return {}


def measurement(run: Run) -> tuple:
    """What a run's numbers depend on, to keep what is computed from them by."""
    data = () if SCORES in run.manifest["files"] else (root(), _named())
    return (str(run.folder), (run.folder / runs.MANIFEST).stat().st_mtime_ns, *data)


def intervals_at_hand(run: Run) -> dict[str, tuple[float, float]] | None:
    """Intervals of a run's numbers, where they were computed before."""
    found = _intervals().get(measurement(run))
    return found.of if found else None


def intervals(run: Run) -> Intervals:
    """95 % intervals of a run's numbers; see `emnist_lab.bootstrap`."""
    known, key = _intervals(), measurement(run)
    if key not in known:
        known[key] = bootstrap.intervals(report(run.name))
        if len(known) > _MANY:
            del known[next(iter(known))]
    return known[key]


def test_part(run: Run) -> tuple[dataset.Part | None, str]:
    """The images that a run was measured on.

    Parameters
    ----------
    run : Run
        With a test part.

    Returns
    -------
    part : Part or None
        None where the dataset in use doesn't have exactly these images.
    problem : str
        Why not, and what to do: one sentence, as Markdown.
    """
    data = run.manifest["data"]
    wanted, name = plain(data["test"]["name"]), plain(dataset_in_use())
    why = f"the dataset in use, “{name}”, isn't the one that was measured on ({wanted})"
    try:
        if (data["split"], "test") in available()[0]:
            part = load(data["split"], "test")
            if set(run.classes) < set(part.classes):  # a run on chosen classes only
                part = part.choose(run.classes)
            if part.fingerprint == data["test"]["fingerprint"]:
                return part, ""
            if part.name == data["test"]["name"]:
                why = (
                    f"“{name}” holds other images by the same name ({wanted}) now than when the "
                    "run was made"
                )
    except DatasetError as error:
        why = plain(str(error))
    return None, (
        f"The images themselves can't be shown: {why}. Choose that dataset in the sidebar or on "
        "the Data page."
    )


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
    names = [run.name for run in found]
    session = st.session_state
    asked = session.get("run") or st.query_params.get("run", "")
    if asked not in ("", *names):
        session.pop("run", None)
        if names:  # said, not left to the default: the browser would go on showing the old one
            session.run = names[0]
        instead = f": “{plain(names[0])}” is shown." if names else "."
        st.warning(
            f"There is no run “{plain(asked[:200])}” here (any more){instead} Compare lists all.",
            icon=":material/link_off:",
        )
    if not found:
        return None
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


def say_error(error: LabError | str) -> None:
    """Show an error with its remedy; names from files in it stay text."""
    st.error(plain(str(error)), icon=":material/error:")


def stop_on(error: LabError) -> None:
    """Show an error with its remedy, and end the page there."""
    say_error(error)
    st.stop()
