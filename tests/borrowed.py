"""What several files of tests use and is slow to start: kept until a test needs none of it."""

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager

_started = contextlib.ExitStack()
_known: dict[str, object] = {}


def borrow(name: str, start: Callable[[], AbstractContextManager]):
    """What `start` gives, started by who asks first.

    Parameters
    ----------
    name : str
        What is the same under one name is shared.
    start : callable
        Gives a context manager; it is left by `give_back`.
    """
    if name not in _known:
        _known[name] = _started.enter_context(start())
    return _known[name]


def give_back() -> None:
    """End all that was started: Playwright's event loop would be in the way of other tests."""
    _known.clear()
    _started.close()
