"""The server's queues of background work."""

import streamlit as st

from emnist_lab import files
from emnist_lab.commands.job_journal import Journal
from emnist_lab.commands.job_queue import JobQueue
from emnist_lab.ui import drawing_database


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
    return JobQueue(Journal(files.home() / "jobs"), drawing_database.environment)
