"""Files that a person uploads, and folders of the server that they name."""

import os
from pathlib import Path

import streamlit as st

from emnist_lab.data import discovery
from emnist_lab.data.dataset_address import DatasetAddress
from emnist_lab.data.splits import KNOWN, title
from emnist_lab.errors import DatasetError, LabError
from emnist_lab.server import job_access
from emnist_lab.ui import current_dataset, current_visitor, job_queues, messages


def _import(files: list, name: str, choice: str | None) -> None:
    visitor, queue = current_visitor.visitor(), job_queues.fetches()
    current_dataset.await_fetch(job_access.import_files(visitor, queue, files, name, choice))


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
    choice = st.selectbox(
        "Which set is it?",
        KNOWN,
        index=None,
        format_func=title,
        placeholder="what the files tell",
        key="data_choice",
        help="MNIST, Fashion-MNIST and KMNIST call their files the same; and a table of numbers "
        "doesn't say what they stand for.",
    )
    if st.button("Import", icon=":material/upload:", disabled=not files):
        try:
            _import(files, name.strip(), choice)
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
        help="It stays where it is; nothing is copied. What it doesn't tell can stand behind it: "
        "`/data/raw#fashion-mnist`.",
    )
    st.button("Use it", icon=":material/folder_open:", on_click=_name_folder)
    if problem := st.session_state.get("data_folder_problem"):
        messages.say_error(problem)
