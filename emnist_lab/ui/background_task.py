"""Work of some seconds in a thread of the server: pages look in on it, and don't wait.

For what has to stay in the server's memory. What takes minutes, or must outlive a
crash, is a process: see `emnist_lab.commands.job_queue`.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from ..callbacks import Cancelled, ProgressCallback

T = TypeVar("T")


class Task(Generic[T]):
    """Work that was asked for.

    Attributes
    ----------
    share : float
        How much of it is done, 0..1, as it says itself.
    words : str
        What it does now; empty before it said so.
    begun : float or None
        When it began (`time.monotonic`); None while it waits for its turn.
    cancelled : bool
        Whether it was asked to stop: it has no result then.
    """

    def __init__(self, work: Callable[[ProgressCallback], T]):
        self.share, self.words = 0.0, ""
        self.begun: float | None = None
        self.cancelled = False
        self._work, self._ended = work, threading.Event()
        self._result: T | None = None
        self._error: BaseException | None = None

    @property
    def done(self) -> bool:
        """Whether it has ended: with a result, with an error, or because it was cancelled."""
        return self.cancelled or self._ended.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end, at most so long; gives `done`."""
        self._ended.wait(seconds)
        return self.done

    def result(self) -> T:
        """What came of it; waits for its end.

        Raises
        ------
        Cancelled
            It was cancelled.
        BaseException
            Whatever the work raised.
        """
        self._ended.wait()
        if self.cancelled:
            raise Cancelled
        if self._error is not None:
            raise self._error.with_traceback(None)  # each raising would make it longer
        return self._result

    def remaining(self) -> float | None:
        """Seconds that it may still take; None where there is nothing to go by."""
        if self.begun is None or self.share < 0.05:
            return None
        return (time.monotonic() - self.begun) * (1 - self.share) / self.share

    def cancel(self) -> None:
        """Stop it, the next time that it tells how far it is. No effect once it has ended."""
        if not self._ended.is_set():
            self.cancelled = True
            self._ended.set()

    def _tell(self, share: float, words: str) -> None:
        if self.cancelled:
            raise Cancelled
        self.share, self.words = share, words

    def _run(self) -> None:
        if self.cancelled:
            return
        self.begun = time.monotonic()
        try:
            self._result = self._work(self._tell)
        except Cancelled:
            self.cancelled = True
        except BaseException as error:  # noqa: BLE001  it is raised where the result is asked for
            self._error = error
        self._work = None  # it may hold arrays
        self._ended.set()


class Background(Generic[T]):
    """Tasks of one kind, done in their turn; the results of the last ones are kept.

    Parameters
    ----------
    name : str
        Of the threads.
    kept : int
        How many tasks are remembered. Beyond that, the one that nobody has
        asked for for the longest time is cancelled and forgotten.
    threads : int
        How many are done at a time.
    """

    def __init__(self, name: str, kept: int, threads: int = 1):
        self._kept = kept
        self._tasks: OrderedDict[Hashable, Task[T]] = OrderedDict()
        self._waiting: deque[Task[T]] = deque()
        self._changed = threading.Condition()
        for _ in range(threads):
            # Daemons: a server that is stopped doesn't wait for their end.
            threading.Thread(target=self._serve, name=name, daemon=True).start()

    def of(self, key: Hashable, work: Callable[[ProgressCallback], T]) -> Task[T]:
        """The task by that key; begun now if there is none.

        Parameters
        ----------
        key : hashable
            All that the result depends on.
        work : callable
            Does it. It is given a `ProgressCallback`, to be called now and then, which raises
            `Cancelled` when the work is no longer wanted.

        Returns
        -------
        Task
            The same one for everyone who asks, also when it was cancelled or failed.
        """
        with self._changed:
            if key not in self._tasks:
                self._tasks[key] = task = Task(work)
                self._waiting.append(task)
                self._changed.notify()
            self._tasks.move_to_end(key)
            while len(self._tasks) > self._kept:
                self._tasks.popitem(last=False)[1].cancel()
            return self._tasks[key]

    def forget(self, key: Hashable) -> None:
        """Have the next one who asks begin it anew; what runs is cancelled."""
        with self._changed:
            if task := self._tasks.pop(key, None):
                task.cancel()

    def place(self, task: Task[T]) -> int:
        """How many tasks have their turn before this one; 0 once it has begun or ended."""
        with self._changed:
            waiting = [one for one in self._waiting if not one.done]
            if task not in waiting:
                return 0
            running = sum(one.begun is not None and not one.done for one in self._tasks.values())
            return waiting.index(task) + running

    def tasks(self) -> list[Task[T]]:
        """Those that are remembered, the one asked for last at the end."""
        with self._changed:
            return [*self._tasks.values()]

    def _serve(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                task = self._waiting.popleft()
            task._run()
            del task  # else the last result would be held beyond its time
