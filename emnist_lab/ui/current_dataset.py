"""The dataset in use: chosen once for all pages, its parts found and read once."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import streamlit as st

from emnist_lab import files
from emnist_lab.commands import label_check
from emnist_lab.commands.job_queue import Job
from emnist_lab.commands.label_check import LabelCheck
from emnist_lab.commands.specs import FetchSpec
from emnist_lab.data import discovery, loading
from emnist_lab.data.dataset_address import (
    AddressKind,
    DatasetAddress,
    environment_folder,
)
from emnist_lab.data.formats.base import Source
from emnist_lab.data.part import Part
from emnist_lab.errors import DatasetError
from emnist_lab.server import dataset_access, job_access
from emnist_lab.ui import current_visitor, job_queues, messages
from emnist_lab.ui.formatting import plain

_DEFAULT = DatasetAddress()
_DEMO = DatasetAddress(AddressKind.DEMO)
_FETCHED = DatasetAddress(AddressKind.FETCHED)
_MOST_FILES = 64  # of a part, that are looked at on each rerun to see whether they changed
_REMEMBERED = 10.0  # seconds for which what a place holds is known
_MOST_SCANS = 64  # places whose content is remembered


def datasets() -> list[DatasetAddress]:
    """Datasets to choose from, the one to start with first."""
    # A folder that $EMNIST_DIR names wrongly is listed, so that the page says what is wrong.
    default = [_DEFAULT] if _first() == _DEFAULT else []
    fetched = [_FETCHED] if environment_folder() and _scan(_FETCHED)[0] else []
    visitor = current_visitor.visitor()
    folders = [DatasetAddress.parse(one) for one in st.session_state.get("dataset_folders", [])]
    folders = [one for one in folders if dataset_access.may_use(visitor, one)]
    known = dataset_access.imported_names(visitor)
    imported = [DatasetAddress(AddressKind.IMPORTED, name) for name in known]
    own = [*fetched, *folders, *imported]
    return [*default, *own, _DEMO] if default else [_DEMO, *own]


def _first() -> DatasetAddress:
    return _DEFAULT if environment_folder() or _scan(_DEFAULT)[0] else _DEMO


def dataset_in_use() -> DatasetAddress:
    """Address of the chosen dataset."""
    first, chosen = _first(), st.session_state.get("data")
    if chosen in (None, first.name):  # pages ask a dozen times a run: most need no list
        return first
    return next((one for one in datasets() if one.name == chosen), first)


def short_name() -> str:
    """Name of the dataset in use without the folders that it lies in."""
    return Path(dataset_in_use().name).name or dataset_in_use().name


def use_dataset(address: DatasetAddress) -> None:
    """Choose a dataset; for callbacks, which run before the selection is drawn.

    Parameters
    ----------
    address : DatasetAddress
        One of `datasets`.
    """
    messages.withdraw_notice("dataset")
    if address.name != st.session_state.get("data"):
        forget_image()
    st.session_state.data = address.name


def use_folder(path: str) -> None:
    """Add a folder or file of this machine to what this person can choose, and choose it.

    Parameters
    ----------
    path : str
        Absolute.
    """
    _add_folder(path)
    use_dataset(DatasetAddress.parse(path))


def use_said(choices: tuple[str, ...]) -> None:
    """Use the chosen dataset with something else said of it.

    Parameters
    ----------
    choices : tuple of str
        See `DatasetAddress.choices`.
    """
    address = replace(dataset_in_use(), choices=choices)
    if address.choices:
        _add_folder(address.name)
    use_dataset(address)


def _add_folder(path: str) -> None:
    folders = st.session_state.get("dataset_folders", [])
    st.session_state.dataset_folders = list(dict.fromkeys([*folders, path]))


def choose_dataset() -> None:
    """Selection of the dataset in use, kept in the address; drawn on every page."""
    session = st.session_state
    for job in job_queues.fetches().jobs:
        if job.key in session.setdefault("dataset_awaited", {}) and job.state == "done":
            del session.dataset_awaited[job.key]  # who asked for it wants to see it
            address = dataset_of(job)
            for changed in (address, _DEFAULT, _FETCHED):
                forget_scan(changed)
            use_dataset(address)
            st.toast(f"In use now: {plain(address.name)}", icon=":material/check:")
    asked = session.get("data") or st.query_params.get("data", "")
    names = [one.name for one in datasets()]
    if asked not in ("", *names):
        linked = DatasetAddress.parse(asked)  # a folder of the server, or something said of one
        is_one = Path(asked).is_absolute() or linked.choices
        usable = is_one and dataset_access.may_use(current_visitor.visitor(), linked)
        if usable and _scan(linked)[0]:
            _add_folder(asked)
            names = [one.name for one in datasets()]
    if asked not in ("", *names):
        session.pop("data", None)
        messages.keep_notice(
            "dataset",
            f"There is no dataset “{plain(asked[:200])}” here (any more): “{plain(names[0])}” is "
            "shown. The Data page has others.",
        )
    if session.get("data", names[0]) != names[0] and "data" not in st.query_params:
        session.data = session.data  # a page that was opened by `st.switch_page` came without it
    st.selectbox(
        "Dataset",
        names,
        key="data",
        bind="query-params",
        on_change=_chosen,
        help="The Data page gets more.",
    )


def _chosen() -> None:
    forget_image()
    messages.withdraw_notice("dataset")


def forget_image() -> None:
    """Drop the picked image from the address: elsewhere its index means another image."""
    st.query_params.pop("image", None)


def root() -> str | None:
    """The chosen dataset as job specs and the command line name it; None for the default place."""
    return dataset_in_use().root


def generated() -> bool:
    """Whether the images of the chosen dataset are a model's."""
    return any(source.generated for source in available()[0].values())


@dataclass(frozen=True)
class FoundPart:
    """A part of the dataset in use, as it lies on disk now.

    Attributes
    ----------
    source : Source
        Where it was found.
    part : {"train", "test"}
    version : tuple
        Changes when the dataset, the part or one of its files does; caches keep by it.
    """

    source: Source
    part: str
    version: tuple


BY_VERSION = {FoundPart: lambda found: found.version}  # the `hash_funcs` of caches


def find_part(split: str, part: str) -> FoundPart:
    """Where a part of the chosen dataset lies, and what its files are like now.

    Parameters
    ----------
    split, part : str

    Returns
    -------
    FoundPart

    Raises
    ------
    DatasetError
        There is no such part.
    """
    address = dataset_in_use()
    source = available()[0].get((split, part)) or discovery.locate(split, part, address)
    try:
        stats = [(str(path), path.stat()) for path in source.paths[:_MOST_FILES]]
    except OSError:
        forget_scan(address)  # it was moved a moment ago
        source = discovery.locate(split, part, address)
        stats = [(str(path), path.stat()) for path in source.paths[:_MOST_FILES]]
    files_now = tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)
    return FoundPart(source, part, (address.name, split, part, files_now))


def version_key(split: str, part: str) -> tuple:
    """What changes when a part of the chosen dataset does, for caches; raises `DatasetError`."""
    return find_part(split, part).version


@st.cache_resource(max_entries=4, show_spinner="Reading images …", hash_funcs=BY_VERSION)
def load_from(found: FoundPart) -> Part:
    """Images of a part, read once for each version of its files; raises `DatasetError`."""
    return loading.read_part(found.source, found.part)


def load(split: str, part: str) -> Part:
    """Part of the chosen dataset; raises `DatasetError`."""
    return load_from(find_part(split, part))


@st.cache_data(max_entries=16, show_spinner="Comparing labels …", hash_funcs=BY_VERSION)
def _check_labels(found: FoundPart) -> LabelCheck | None:
    return label_check.check(load_from(found))


def check_labels(split: str, part: str) -> LabelCheck | None:
    """How far a part's labels agree with what a shipped run reads; raises `LabError`."""
    return _check_labels(find_part(split, part))


@st.cache_data(max_entries=8, show_spinner="Averaging images …", hash_funcs=BY_VERSION)
def _means(found: FoundPart) -> np.ndarray:
    return load_from(found).mean_images()


def mean_images(split: str, part: str) -> np.ndarray:
    """Mean image of each class, (C, 28, 28) float32; raises `DatasetError`."""
    return _means(find_part(split, part))


@st.cache_resource(show_spinner=False)
def _scans() -> dict[tuple, tuple[float, tuple]]:
    """What places held when they were looked through last, and until when that counts."""
    return {}


def forget_scan(address: DatasetAddress) -> None:
    """Have one place looked through anew, because what it holds has changed.

    Parameters
    ----------
    address : DatasetAddress
    """
    scans = _scans()
    for key in list(scans):
        if key[0] == address:
            scans.pop(key, None)


def _scan(address: DatasetAddress) -> tuple[discovery.Parts, str]:
    """What a place holds, and a sentence where it can't be used; remembered for some seconds."""
    scans, now = _scans(), time.monotonic()
    key = (address, environment_folder(), str(files.home()))
    until, found = scans.get(key, (0.0, ({}, "")))
    if now < until:
        return found
    try:
        parts = discovery.find(address)
        found = parts, "" if parts else discovery.why_not(address)
    except DatasetError as error:
        found = {}, str(error)
    took = time.monotonic() - now  # a folder of a hundred thousand pictures takes a second
    for oldest in list(scans)[: max(len(scans) - _MOST_SCANS, 0)]:
        scans.pop(oldest, None)
    scans[key] = (now + max(_REMEMBERED, 50 * took), found)
    return found


def available() -> tuple[discovery.Parts, str]:
    """Parts of the chosen dataset, and a sentence where it can't be used."""
    return _scan(dataset_in_use())


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
    st.info(
        f"**{purpose} needs images, and the dataset “{plain(dataset_in_use().name)}” gives none.** "
        f"{messages.sentence(available()[1])}",
        icon=":material/folder_open:",
    )
    with st.container(horizontal=True):
        st.page_link("pages/data.py", label="Get or choose a dataset", icon=":material/database:")
        if dataset_in_use() != _DEMO:
            st.button("Use the demo set", on_click=use_dataset, args=(_DEMO,))


def warn_generated(link: bool = True) -> None:
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
    rights = current_visitor.visitor().rights
    if link and (rights.downloads or rights.uploads or rights.folders):
        st.page_link("pages/data.py", label="Get the real ones", icon=":material/download:")


def dataset_of(job: Job) -> DatasetAddress:
    """Address of the dataset that a job brought."""
    if job.result:
        return DatasetAddress(AddressKind.IMPORTED, job.result)
    return _FETCHED if environment_folder() else _DEFAULT


def fetched() -> set[str]:
    """Splits that were fetched, whichever dataset is chosen."""
    found = _scan(_FETCHED)[0]
    return {split for split, _ in found if {(split, "train"), (split, "test")} <= found.keys()}


def submit_fetch(spec: FetchSpec) -> None:
    """Have data brought; what comes is used when it is there.

    Parameters
    ----------
    spec : FetchSpec

    Raises
    ------
    AccessError
        This visitor may not.
    """
    await_fetch(job_access.submit(current_visitor.visitor(), job_queues.fetches(), spec))


def await_fetch(job: Job) -> None:
    """Use what a job brings when it is there.

    Parameters
    ----------
    job : Job
        Of this person.
    """
    st.session_state.setdefault("dataset_awaited", {})[job.key] = True
    st.session_state.setdefault("dataset_brought", []).append(job.key)


def transfers(imported: bool) -> list[Job]:
    """Downloads or imports to show: those going on, and how this person's ended.

    Parameters
    ----------
    imported : bool
        Imports; else downloads.
    """
    visitor, mine = current_visitor.visitor(), st.session_state.get("dataset_brought", [])
    names = dataset_access.imported_names(visitor)
    seen = job_access.list_jobs(visitor, job_queues.fetches())
    jobs = [job for job in seen if (job.spec.split is None) == imported]
    ended = [
        job for job in jobs if job.key in mine and not job.active and job.result in (None, *names)
    ]
    return [job for job in jobs if job.active] + ended[:1]
