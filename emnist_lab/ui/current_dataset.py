"""What every page asks for: the dataset in use, its parts, and how errors are said."""

import os
import time
from pathlib import Path

import numpy as np
import streamlit as st

from emnist_lab import files
from emnist_lab.commands.job_queue import Job
from emnist_lab.commands.specs import FetchSpec
from emnist_lab.data import discovery, loading, part, user_datasets
from emnist_lab.data.discovery import DEMO, FETCHED
from emnist_lab.data.formats.base import Source
from emnist_lab.errors import DatasetError
from emnist_lab.ui import job_queues
from emnist_lab.ui.formatting import plain

DEFAULT = "EMNIST"  # the dataset in $EMNIST_DIR, or what was fetched
_MANY = 64  # files of a part that are looked at on each rerun, to see whether they changed


def datasets() -> list[str]:
    """Names of the datasets to choose from, the one to start with first."""
    # A folder that was named wrongly is said, not passed over.
    real = [DEFAULT] if _named() or _available(None, "")[0] else []
    brought = [FETCHED] if _named() and _available(FETCHED, "")[0] else []
    own = [*brought, *st.session_state.get("folders", []), *user_datasets.names()]
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
    for job in job_queues.fetches().jobs:
        if job.key in session.setdefault("awaited", {}) and job.state == "done":
            del session.awaited[job.key]  # what this person asked for is what they want to see
            use_dataset(dataset_name_of(job))
            st.toast(f"In use now: {plain(dataset_name_of(job))}", icon=":material/check:")
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


def warn_missing_dataset() -> None:
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
    return None if name == DEFAULT else name


def generated() -> bool:
    """Whether the images of the chosen dataset are a model's."""
    return any(source.generated for source in available()[0].values())


def _named() -> str:
    return os.environ.get("EMNIST_DIR", "").strip()


def version_key(split: str, part: str, folder: str | None) -> tuple:
    """What changes when a file of a part does, for caches.

    Parameters
    ----------
    split, part : str
    folder : str or None
        See `root`.

    Returns
    -------
    tuple

    Raises
    ------
    DatasetError
        There is no such part.
    """
    source = available()[0].get((split, part)) or discovery.locate(split, part, folder)
    try:
        stats = [(str(path), path.stat()) for path in source.paths[:_MANY]]
    except OSError:
        _scans().clear()  # it was moved a moment ago
        stats = [(str(path), path.stat()) for path in discovery.locate(split, part, folder).paths]
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


@st.cache_resource(max_entries=4, show_spinner="Reading images …")
def load_from(split: str, part: str, folder: str | None, stamp: tuple) -> part.Part:
    """Part of a folder, read once for each `stamp`."""
    return loading.load(split, part, folder)


def load(split: str, part: str) -> part.Part:
    """Part of the chosen dataset; raises `DatasetError`."""
    return load_from(split, part, root(), version_key(split, part, root()))


@st.cache_data(max_entries=8, show_spinner="Averaging images …")
def _means(split: str, part: str, folder: str | None, stamp: tuple) -> np.ndarray:
    return load_from(split, part, folder, stamp).mean_images()


def mean_images(split: str, part: str) -> np.ndarray:
    """Mean image of each class, (C, 28, 28) float32; raises `DatasetError`."""
    return _means(split, part, root(), version_key(split, part, root()))


@st.cache_resource(show_spinner=False)
def _scans() -> dict[tuple, tuple[float, tuple]]:
    """What places held when they were looked through last, and until when that counts."""
    return {}


def _available(folder: str | None, environment: str) -> tuple[dict, str]:
    key, now = (folder, environment, str(files.home())), time.monotonic()
    until, found = _scans().get(key, (0.0, ({}, "")))
    if now < until:
        return found
    try:
        found = discovery.find(folder), ""
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


def dataset_name_of(job: Job) -> str:
    """Name of the dataset that a job brought."""
    return job.result or (FETCHED if _named() else DEFAULT)


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
    job = job_queues.fetches().submit(spec)
    st.session_state.setdefault("awaited", {})[job.key] = True
    st.session_state.setdefault("brought", []).append(job.key)


def transfers(imported: bool) -> list[Job]:
    """Downloads or imports to show: whoever's is going on, and how this person's ended.

    Parameters
    ----------
    imported : bool
        Imports; else downloads.
    """
    mine, there = st.session_state.get("brought", []), user_datasets.names()
    jobs = [job for job in job_queues.fetches().jobs if (job.spec.split is None) == imported]
    ended = [
        job for job in jobs if job.key in mine and not job.active and job.result in (None, *there)
    ]
    return [job for job in jobs if job.active] + ended[:1]
