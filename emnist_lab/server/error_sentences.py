"""What visitors are told of errors: a sentence without paths, and a number that the log has too."""

import logging
import os
import re
import secrets
import tempfile

from .. import files
from ..data.dataset_address import environment_folder
from ..errors import LabError
from .visitor import Visitor

_log = logging.getLogger(__name__)
# Addresses of the API are what a caller needs.
_PATH = re.compile(r"""(?<![\w.:/\\])(?!/api/v1/)(?:[A-Za-z]:[\\/]|/|\\\\|~/)[^\s'",;:()]+""")
_ADDRESS = re.compile(r"""\b(?:tcp|tls)://[^\s'",;()]+""")  # of a cluster
_HIDDEN = "…"


def without_paths(text: str) -> str:
    """A sentence without the folders of the server's machine, and addresses of its cluster.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> without_paths("The disk is full (/data/runs/one): free some space.")
    'The disk is full (…): free some space.'
    >>> without_paths("0/O and 1/I are confused; see https://example.org/a/b")
    '0/O and 1/I are confused; see https://example.org/a/b'
    """
    # Folders that may hold spaces are known; the pattern takes what is left.
    places = {files.home(), files.SHIPPED, files.PROJECT, tempfile.gettempdir()}
    places.add(environment_folder() or files.PROJECT)
    places.add(files.home_address() or files.PROJECT)
    for place in sorted(map(os.fspath, places), key=len, reverse=True):
        if len(place) > 1:
            text = re.sub(re.escape(place) + r"""[^\s'",;:()]*""", _HIDDEN, text)
    return _PATH.sub(_HIDDEN, _ADDRESS.sub(_HIDDEN, text))


def sentence(visitor: Visitor, error: LabError | str) -> str:
    """What a visitor is told of an error.

    Parameters
    ----------
    visitor : Visitor
    error : LabError or str

    Returns
    -------
    str
        The error's own sentence. Where that holds a path, and the visitor names no folders here,
        without it, and with a number under which the log has the whole.
    """
    text = str(error)
    if visitor.rights.folders:
        return text
    shown = without_paths(text)
    if shown == text:
        return text
    number = _number()
    _log.warning("%s: %s", number, text)
    return f"{shown} (The server's log has more under number {number}.)"


def report_unexpected(error: BaseException, what: str = "a page") -> tuple[str, str]:
    """Write a defect into the log.

    Parameters
    ----------
    error : Exception
    what : str
        Where it came up.

    Returns
    -------
    number : str
        That it has in the log.
    sentence : str
        What anyone may be told, with the number.
    """
    number = _number()
    _log.error("error %s: %s: %s", number, what, type(error).__name__, exc_info=error)
    return number, (
        "Something went wrong that is no fault of yours: try again, or tell the server's operator "
        f"the number {number}."
    )


def _number() -> str:
    return secrets.token_hex(4)
