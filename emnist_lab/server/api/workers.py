"""Work that would hold up the event loop, in threads: so many at a time, and so many that wait."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .problem_details import Problem

T = TypeVar("T")


class Pool:
    """Threads for one kind of work.

    Parameters
    ----------
    name : str
        Of the threads.
    threads : int
        How much is done at a time.
    waiting : int
        How much more may wait; the rest is refused, so that a crowd doesn't fill the memory.
    seconds : int
        After which who is refused may ask again.
    """

    def __init__(self, name: str, threads: int, waiting: int, seconds: int = 1):
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most, self._seconds = threads + waiting, seconds
        self._lock, self._taken = threading.Lock(), 0

    @property
    def taken(self) -> int:
        """How much is being done or waits."""
        return self._taken

    async def run(self, work: Callable[[], T]) -> T:
        """Have work done, and wait for it without holding up anyone.

        Parameters
        ----------
        work : callable

        Returns
        -------
        object
            What it returns.

        Raises
        ------
        Problem
            503: too much waits already.
        BaseException
            Whatever the work raises.
        """
        with self._lock:
            if self._taken >= self._most:
                raise Problem(
                    503,
                    f"{self._most} requests of this kind are in work already: try again in "
                    f"{self._seconds} s.",
                    {"Retry-After": str(self._seconds)},
                )
            self._taken += 1
        try:
            future = self._executor.submit(work)
        except BaseException:
            self._leave()
            raise
        # Counted by the work's end: a client that has gone doesn't end it.
        future.add_done_callback(lambda _: self._leave())
        return await asyncio.wrap_future(future)

    def _leave(self) -> None:
        with self._lock:
            self._taken -= 1
