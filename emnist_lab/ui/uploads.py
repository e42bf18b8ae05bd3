"""Files that a person uploads, and folders of the server that they name."""

import os
from pathlib import Path

import streamlit as st

from emnist_lab.data import discovery
from emnist_lab.data.dataset_address import DatasetAddress
from emnist_lab.errors import DatasetError, LabError
from emnist_lab.server import job_access
from emnist_lab.ui import current_dataset, current_visitor, job_queues, messages


def _import(files: list, name: str) -> None:
    job = job_access.import_files(current_visitor.visitor(), job_queues.fetches(), files, name)
    current_dataset.await_fetch(job)


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
        current_visitor.visitor().require("folders")
        if not discovery.find(typed):
            raise DatasetError(discovery.why_not(typed))
    except LabError as error:
        session.data_folder_problem = str(error)
        return
    session.data_typed = ""
    path = os.fspath(Path(typed).expanduser().resolve())
    current_dataset.forget_scan(DatasetAddress.parse(path))
    current_dataset.use_folder(path)


def form() -> None:
    """The upload, and the field for a folder of the server."""
    st.session_state.setdefault("data_uploads", 0)
    rights = current_visitor.visitor().rights
    left, right = st.columns(2, gap="large")
    if rights.uploads:
        with left, st.container(border=True):
            _upload_form(rights.upload_mb)
    if rights.folders:
        with right if rights.uploads else left, st.container(border=True):
            _folder_form()


def _upload_form(largest: int) -> None:
    session = st.session_state
    files = st.file_uploader(
        "Files from your machine",
        accept_multiple_files=True,
        key=f"data_upload_{session.data_uploads}",
        max_upload_size=largest,
        help="The train and the test file together, where there are two. A dataset without a "
        "test part has one image in six put aside.",
    )
    name = st.text_input("Name it", placeholder="from the file's name", max_chars=60)
    if st.button("Import", icon=":material/upload:", disabled=not files):
        try:
            _import(files, name.strip())
        except LabError as error:
            messages.say_error(error)
        else:
            session.data_uploads += 1  # an empty field for the next
            st.rerun()


def _folder_form() -> None:
    st.text_input(
        "Or a folder or file on the machine that runs this app",
        key="data_typed",
        placeholder=os.environ.get("EMNIST_DIR") or "/data/EMNIST/raw",
        on_change=_name_folder,
        help="It stays where it is; nothing is copied.",
    )
    st.button("Use it", icon=":material/folder_open:", on_click=_name_folder)
    if problem := st.session_state.get("data_folder_problem"):
        messages.say_error(problem)
