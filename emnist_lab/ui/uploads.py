"""Files that a person uploads, and folders of the server that they name."""

import os
import secrets
import shutil
from pathlib import Path, PurePosixPath

import streamlit as st

from emnist_lab.commands.specs import FetchSpec
from emnist_lab.data import discovery, user_datasets
from emnist_lab.data.dataset_address import DatasetAddress, imports_folder
from emnist_lab.errors import DatasetError
from emnist_lab.ui import current_dataset, messages

_LARGEST = 1_024  # MB a file


def _keep(files: list) -> tuple[str, ...]:
    """Write uploads where the import finds them; it removes what is older than a day."""
    place = imports_folder() / f"{user_datasets.UPLOAD}{secrets.token_hex(8)}"
    kept = []
    try:
        for file in files:
            path = place / _plain_name(file.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "wb") as target:
                shutil.copyfileobj(file, target, 2**20)
            kept.append(str(path))
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        raise DatasetError(
            f"The upload can't be kept ({error.strerror or error}): free some space on the server, "
            "or name a writable folder in $EMNIST_LAB_HOME."
        ) from error
    return tuple(kept)


def _plain_name(name: str) -> str:
    """A browser's name of a file as one that every disk takes; its ending tells its kind."""
    last = PurePosixPath(name.replace("\\", "/").replace("\0", "")).name
    return last[-150:].lstrip(".") or "file"


def _import(files: list, name: str) -> None:
    if not files:
        raise DatasetError("There is nothing to import yet: choose one or more files first.")
    if len({_plain_name(file.name) for file in files}) < len(files):
        raise DatasetError("Two of the files have the same name: put them into a zip, or rename.")
    if name:
        user_datasets.check_name(name)
    current_dataset.submit_fetch(FetchSpec(files=_keep(files), name=name or None))


def _name_folder() -> None:
    """Take up the folder that was typed, where it can be."""
    session = st.session_state
    typed = session.data_typed.strip()
    if not typed:
        return
    session.data_folder_problem = ""
    listed = [one for one in current_dataset.datasets() if one.name == typed]
    if listed:
        session.data_typed = ""
        current_dataset.use_dataset(listed[0])
        return
    try:
        if not discovery.find(typed):
            raise DatasetError(
                f"{typed} holds no dataset that is known: name the folder with the files in it."
            )
    except DatasetError as error:
        session.data_folder_problem = str(error)
        return
    session.data_typed = ""
    path = os.fspath(Path(typed).expanduser().resolve())
    current_dataset.forget_scan(DatasetAddress.parse(path))
    current_dataset.use_folder(path)


def form() -> None:
    """The upload, and the field for a folder of the server."""
    session = st.session_state
    session.setdefault("data_uploads", 0)
    left, right = st.columns(2, gap="large")
    with left, st.container(border=True):
        files = st.file_uploader(
            "Files from your machine",
            accept_multiple_files=True,
            key=f"data_upload_{session.data_uploads}",
            max_upload_size=_LARGEST,
            help="The train and the test file together, where there are two. A dataset without a "
            "test part has one image in six put aside.",
        )
        name = st.text_input("Name it", placeholder="from the file's name", max_chars=60)
        if st.button("Import", icon=":material/upload:", disabled=not files):
            try:
                _import(files, name.strip())
            except DatasetError as error:
                messages.say_error(error)
            else:
                session.data_uploads += 1  # an empty field for the next
                st.rerun()
    with right, st.container(border=True):
        st.text_input(
            "Or a folder or file on the machine that runs this app",
            key="data_typed",
            placeholder=os.environ.get("EMNIST_DIR") or "/data/EMNIST/raw",
            on_change=_name_folder,
            help="It stays where it is; nothing is copied.",
        )
        st.button("Use it", icon=":material/folder_open:", on_click=_name_folder)
        if session.get("data_folder_problem"):
            messages.say_error(session.data_folder_problem)
