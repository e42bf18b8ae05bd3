"""What visitors are told of errors: a sentence without paths, and a number that the log has too."""

import logging
import os
import re
import secrets
from pathlib import Path

from ..errors import LabError
from ..files import PROJECT, home
from .visitor import Visitor

_log = logging.getLogger(__name__)
# An absolute path, but no fraction, no address of the web and no choice as in 0/O.
_PATH = re.compile(r"""(?<![\w/:.])(?:~|[A-Za-z]:)?[/\\](?:[^\s/\\'"()]+[/\\])+[^\s/\\'"():,;]*""")


def without_paths(text: str) -> str:
    """A sentence with the last part of each path in place of the path.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> without_paths("The disk that holds /srv/lab/runs is full: free some space.")
    'The disk that holds runs is full: free some space.'
    >>> without_paths("0/O and 1/I are confused; see https://example.org/a/b")
    '0/O and 1/I are confused; see https://example.org/a/b'
    """
    places = {os.fspath(PROJECT), os.fspath(home()), os.environ.get("EMNIST_DIR", "").strip()}
    for place in sorted(places - {"", "/"}, key=len, reverse=True):  # they may hold spaces
        text = re.sub(rf"{re.escape(place)}(?=$|[\s/\\'\"():,;.])", _shortened(place), text)
    return _PATH.sub(lambda found: re.split(r"[/\\]", found[0].rstrip("/\\"))[-1], text)


def _shortened(place: str) -> str:
    """A path of two parts that the general rule makes one of."""
    return "/-/" + (re.sub(r"[^\w.-]+", "-", Path(place).name) or "folder")


def sentence(visitor: Visitor, error: LabError | str) -> str:
    """What a visitor is told of an error.

    Parameters
    ----------
    visitor : Visitor
    error : LabError or str

    Returns
    -------
    str
        The error's own sentence. Where that holds a path and the visitor names no folders here,
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


def report_unexpected(error: BaseException) -> str:
    """Write a defect into the log.

    Parameters
    ----------
    error : Exception

    Returns
    -------
    str
        What anyone may be told: a sentence with the number that it has there.
    """
    number = _number()
    _log.error("%s: unexpected %s", number, type(error).__name__, exc_info=error)
    return (
        f"Something went wrong that is no fault of yours: try again, and if it stays so, tell the "
        f"operator of this server the number {number}."
    )


def _number() -> str:
    return secrets.token_hex(4)
