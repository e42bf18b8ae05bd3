"""Small matrix products on one thread: several wait for each other longer than they compute."""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_inside = 0  # threads of this process that are in `one_blas_thread`
_before: list[int] = []  # threads of each library when the first of them came in


@functools.cache
def _libraries() -> list:
    """BLAS libraries, looked for once: that takes as long as a reading."""
    return ThreadpoolController().select(user_api="blas").lib_controllers


def _set(library, threads: int) -> None:
    """Set a library's threads, whichever thread of this process asks."""
    # Since 3.8 threadpoolctl listens only to the thread that set them first, as long as that one
    # lives: on a server the others would read with all of BLAS's threads.
    free = getattr(library, "clear_controlling_thread", lambda force: None)
    free(force=True)
    library.set_num_threads(threads)
    free(force=True)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Have BLAS use one thread.

    The number belongs to the process in some builds of BLAS, and to the thread that set it in
    others. So each who leaves gives back, in its own thread, what was there before the first came
    in: with `threadpoolctl.threadpool_limits`, one of two that overlap would give back the other's.
    Until the others leave too, they may use more threads again, which is only slower.

    Examples
    --------
    >>> from threadpoolctl import threadpool_info
    >>> with one_blas_thread():
    ...     {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}
    {1}
    """
    global _inside
    with _lock:
        if _inside == 0:
            _before[:] = [one.get_num_threads() for one in _libraries()]
        _inside += 1
        for one in _libraries():
            _set(one, 1)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            for one, threads in zip(_libraries(), _before, strict=True):
                _set(one, threads)
