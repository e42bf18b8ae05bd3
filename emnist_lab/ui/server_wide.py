"""What a server has once, for all its visitors and for as long as it runs."""

import functools
import threading
from collections.abc import Callable, Hashable
from typing import TypeVar

T = TypeVar("T")


def server_wide(make: Callable[..., T]) -> Callable[..., T]:
    """Make something once for each value of its arguments, and keep it.

    `streamlit.cache_resource` doesn't keep it: any visitor's browser may send the message that
    clears all caches, and jobs of everybody would be gone.

    Parameters
    ----------
    make : callable
        With hashable positional arguments.

    Returns
    -------
    callable
        The same, called by one thread at a time; its ``forget()`` is for tests.

    Examples
    --------
    >>> jobs = server_wide(list)
    >>> jobs() is jobs()
    True
    """
    kept: dict[Hashable, T] = {}
    changed = threading.Lock()

    @functools.wraps(make)
    def given(*args: Hashable) -> T:
        with changed:
            if args not in kept:
                kept[args] = make(*args)
            return kept[args]

    given.forget = kept.clear
    return given
