"""Events of a process that a server started: it writes them as JSON lines, the server reads them.

A line is an object whose ``event`` is ``progress`` (with the fields of
`emnist_lab.runs.progress.Progress` or `emnist_lab.data.download.nist.Transfer`), ``done`` (with
``result``: the name of what is kept, or null) or ``error`` (with ``message``).
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..runs.progress import Progress, as_json
from .output import print_json, say


@dataclass(frozen=True)
class ProgressEvent:
    """How far the work is: plain values, ``title`` and ``remaining`` among them."""

    values: dict[str, Any]


@dataclass(frozen=True)
class DoneEvent:
    """The work is done."""

    result: str | None


@dataclass(frozen=True)
class ErrorEvent:
    """The work can't be done."""

    message: str


Event = ProgressEvent | DoneEvent | ErrorEvent


def take_events(verb: argparse.ArgumentParser) -> None:
    """Let a verb take ``--events``, which has it write events in place of words."""
    verb.add_argument("--events", action="store_true", help=argparse.SUPPRESS)


def write(event: Event) -> None:
    """Write an event as a line on standard output."""
    print_json(_as_json(event))


def teller(as_events: bool, more: dict[str, Any] | None = None) -> Callable[[Progress], None]:
    """What takes a fit's progress and tells it: in events, or in words on standard error.

    Parameters
    ----------
    as_events : bool
    more : dict, optional
        Plain values that stand in events too; they may come later.

    Returns
    -------
    callable
    """

    def tell(progress: Progress) -> None:
        if as_events:
            write(ProgressEvent({**as_json(progress), **(more or {})}))
            return
        step = f" {progress.unit} {progress.step}/{progress.steps}" if progress.step else ""
        loss = f", loss {progress.loss:.3f}" if progress.loss is not None else ""
        say(f"{progress.stage}/{progress.stages} {progress.title}{step}{loss}")

    return tell


def read(line: str) -> Event | None:
    """The event in a line, or None where it is none.

    Libraries write to standard output too, and a process may be ended in the middle of a line.

    Parameters
    ----------
    line : str

    Returns
    -------
    Event or None

    Examples
    --------
    >>> read('{"event": "done", "result": "hog-qda-digits"}')
    DoneEvent(result='hog-qda-digits')
    >>> read('{"event": "do') is None
    True
    """
    if not line.startswith('{"event"'):
        return None
    try:
        values = json.loads(line)
        kind = values.pop("event")
        if kind == "progress":
            return ProgressEvent(values)
        if kind == "done":
            return DoneEvent(values["result"])
        return ErrorEvent(values["message"]) if kind == "error" else None
    except (json.JSONDecodeError, KeyError):
        return None


def _as_json(event: Event) -> dict[str, Any]:
    if isinstance(event, ProgressEvent):
        return {"event": "progress", **event.values}
    if isinstance(event, DoneEvent):
        return {"event": "done", "result": event.result}
    return {"event": "error", "message": event.message}
