"""What the server needs once, beside the pages: its settings, routes, and a word on defects."""

import contextlib
import os
import socket
import stat
import sys
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from streamlit import config
from streamlit.runtime.pages_manager import PagesManager

from emnist_lab import files
from emnist_lab.errors import LabError
from emnist_lab.server import api, error_sentences, rights
from emnist_lab.server.rights import Mode
from emnist_lab.server.visitor import requires_sign_in
from emnist_lab.ui import drawing_database, job_queues
from emnist_lab.ui.upload_guard import UploadGuard

T = TypeVar("T")
_PATIENCE = 2.0  # seconds that a page waits for the home that replicas share
_HERE = ("localhost", "127.0.0.1", "::1")


def prepare() -> None:
    """Read the settings before anyone comes; a wrong one ends the server with a sentence."""
    # Else a visit that goes straight to a page, before any other, would run it without its frame,
    # because of the folder pages/: without a sign-in, too.
    # https://docs.streamlit.io/develop/concepts/multipage-apps/overview
    PagesManager.uses_pages_directory = False
    files.set_patience(_PATIENCE)
    mode = _or_end(rights.from_environment).mode
    _or_end(requires_sign_in)
    if files.is_shared():
        _or_end(job_queues.jobs)  # which may have something to do before anyone comes
        files.refresh("runs")  # what is imported for that takes as long as a page
    if mode is not Mode.OWN:
        st.set_option("client.showErrorDetails", "none")
    elif config.get_option("server.address") not in _HERE:
        print(
            "warning: everyone who reaches this machine may do everything in EMNIST Lab, and name "
            f"its folders: set ${rights.MODE} to class or show, or leave --server.address out.",
            file=sys.stderr,
        )


@contextlib.asynccontextmanager
async def lifespan(app: object) -> AsyncIterator[None]:
    """What is done between the server's start and its end."""
    send_at_once()
    yield


def send_at_once() -> None:
    """Have connections of this process's listening sockets send small packets without a wait.

    Streamlit makes its socket without naming a protocol, so asyncio doesn't switch off Nagle's
    algorithm on what it accepts: an answer's second part waits for the receipt of its first, which
    the other side holds back for 40 ms. Systems without ``/dev/fd`` go on waiting.
    """
    try:
        numbers = [int(name) for name in os.listdir("/dev/fd")]
    except OSError:
        return
    for number in numbers:
        with contextlib.suppress(OSError):  # it was closed meanwhile
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as one:
                listens = one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                if listens and one.family in (socket.AF_INET, socket.AF_INET6):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def routes() -> list[BaseRoute]:
    """Addresses that are no pages: the JSON API, and what it tells Prometheus."""
    return _or_end(
        lambda: api.routes(
            jobs=job_queues.jobs,
            shared_drawings=drawing_database.shared,
            base=config.get_option("server.baseUrlPath"),
        )
    )


def middleware() -> list[Middleware]:
    """What requests pass before Streamlit has them; nothing on a server of one's own."""
    own = _or_end(rights.from_environment).mode is Mode.OWN
    return [] if own else [Middleware(UploadGuard)]


def _or_end(work: Callable[[], T]) -> T:
    try:
        return work()
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from error


def say_unexpected(error: Exception) -> bool:
    """Tell a visitor of a defect by its number in the log.

    Parameters
    ----------
    error : Exception

    Returns
    -------
    bool
        Whether Streamlit is to show nothing of it: it shows the traceback on a server of one's own.
    """
    _, sentence = error_sentences.report_unexpected(error)
    st.error(sentence, icon=":material/error:")
    return rights.from_environment().mode is not Mode.OWN
