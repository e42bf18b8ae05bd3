"""A connection to a Dask cluster whose workers were checked."""

import contextlib
import logging
import queue
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import Any

import distributed

from ...errors import ClusterError
from . import address as addresses
from . import worker_check

_SECONDS = 20.0  # that a scheduler may take which listens, but is busy
_ANSWER = 2.0  # that it may take once there is a connection, before it is asked again
WAIT = 2.0  # seconds in which a first worker may still come
_LOOK = 1.0  # seconds between looks at which workers are left
_TOLD = "emnist-lab"  # key of a message


class LostScheduler(ClusterError):
    """The scheduler ended, or can't be reached any more."""


class LostWorkers(ClusterError):
    """None of the workers that were checked is left."""


@dataclass(eq=False)
class Cluster:
    """A cluster that work may be sent to.

    Attributes
    ----------
    address : str
        The scheduler's.
    client : distributed.Client
    threads : dict of str to int
        Address of a worker that was checked -> how many tasks it does at a time. Only these are
        used.
    refused : dict of str to str
        Address of a worker that isn't used -> a sentence on why.
    dashboard : str
        Address of Dask's own pages; empty where the scheduler has none.
    messages : queue.SimpleQueue
        What tasks say, see `tell`.
    """

    address: str
    client: distributed.Client
    threads: dict[str, int]
    refused: dict[str, str]
    dashboard: str
    messages: queue.SimpleQueue = field(default_factory=queue.SimpleQueue)
    _looked: float = 0.0
    _there: dict[str, int] = field(default_factory=dict)

    @property
    def workers(self) -> list[str]:
        """Addresses of the workers that are used."""
        return list(self.threads)

    @property
    def topic(self) -> str:
        """Where tasks tell it something: the scheduler forgets this topic with the client."""
        return self.client.id

    @property
    def sentence(self) -> str:
        """What it is, for people."""
        count, threads = len(self.threads), sum(self.threads.values())
        workers = "1 worker" if count == 1 else f"{count} workers"
        fits = "1 fit" if threads == 1 else f"{threads} fits"
        return f"on the cluster {self.address}: {workers}, {fits} at a time"

    def listen(self) -> None:
        """Take what tasks tell from now on."""

        def hear(event: tuple[float, Any]) -> None:
            message = event[1]
            if isinstance(message, dict) and _TOLD in message:  # the scheduler tells more there
                self.messages.put(message[_TOLD])

        self.client.subscribe_topic(self.topic, hear)

    def heard(self) -> Iterator[Any]:
        """What tasks have told since."""
        while True:
            try:
                yield self.messages.get_nowait()
            except queue.Empty:
                return

    def run(self, function: Callable, *given: Any, workers: list[str] | None = None) -> dict:
        """Call a function once in each of the workers.

        Parameters
        ----------
        function : callable
            Of a module that workers have; its ``dask_worker`` is the worker.
        *given : object
        workers : list of str, optional
            All by default.

        Returns
        -------
        dict of str to object
            Answers by address.

        Raises
        ------
        LostWorkers or LostScheduler
        """
        chosen = self.workers if workers is None else workers
        try:
            return self.client.run(function, *given, workers=chosen)
        except (OSError, CancelledError, KeyError, ValueError) as error:
            self.check(at_once=True)
            raise LostWorkers(f"A worker of {self.address} ended.") from error

    def check(self, at_once: bool = False) -> None:
        """Ask whether it is still there; to be called again and again.

        Parameters
        ----------
        at_once : bool
            Whether the workers are looked for even though they were just now.

        Raises
        ------
        LostScheduler
            The connection broke off.
        LostWorkers
            All workers that were checked have ended; `threads` has those that are left otherwise.
        """
        if self.client.status != "running":
            raise self.lost()
        if not at_once and time.monotonic() < self._looked + _LOOK:
            return
        self._looked = time.monotonic()
        try:
            ask = self.client.scheduler.ncores  # as Client.nthreads, which waits for its timeout
            self._there = self.client.sync(ask, workers=None, callback_timeout=_ANSWER)
        except (OSError, CancelledError) as error:
            if isinstance(error, TimeoutError) and self.client.status == "running":
                return  # it is busy
            raise self.lost() from error
        self.threads = {one: count for one, count in self.threads.items() if one in self._there}
        if not self.threads:
            raise LostWorkers(f"All workers of {self.address} ended.")

    def newcomers(self) -> dict[str, int]:
        """Workers that `check` saw come since, and that can be used; they aren't yet.

        Returns
        -------
        dict of str to int
            As `threads`, to which they may be added. Others are `refused`.
        """
        fresh = self._there.keys() - self.threads.keys() - self.refused.keys()
        if not fresh:
            return {}
        try:
            threads, refused = worker_check.checked(self.client, fresh)
        except (OSError, CancelledError):  # as the next `check` will say
            return {}
        self.refused.update(refused)
        return threads

    def lost(self) -> LostScheduler:
        """What is said once the scheduler is gone."""
        return LostScheduler(
            f"The Dask scheduler at {self.address} ended, or can't be reached: start it again, or "
            f"{addresses.HERE}."
        )


def tell(topic: str, message: Any) -> None:
    """Tell the client that sent a task something; called in a task, on a worker.

    Parameters
    ----------
    topic : str
        See `Cluster.topic`.
    message : object
        Plain values or bytes.
    """
    distributed.get_worker().log_event(topic, {_TOLD: message})


@contextlib.contextmanager
def connect(address: str, wait: float = WAIT) -> Iterator[Cluster]:
    """Connect to a cluster, and check its workers before anything runs there.

    A worker with other versions isn't used, and said by name: one machine that was forgotten
    doesn't stop everybody's work, and none of it goes there.

    Parameters
    ----------
    address : str
        See `emnist_lab.runs.cluster.address.given`.
    wait : float
        Seconds in which a worker may still come.

    Yields
    ------
    Cluster
        Whatever was sent and hasn't ended is given up with the connection, so workers are free.

    Raises
    ------
    ClusterError
        Nobody listens there, or there is no worker that can be used: one sentence.
    """
    addresses.require(address)
    with quiet():
        try:
            client = distributed.Client(address, timeout=_SECONDS, set_as_default=False)
        except (OSError, ValueError, RuntimeError, MemoryError) as error:
            why = "it took too long" if isinstance(error, TimeoutError) else "it is no scheduler"
            raise addresses.nobody(address, why) from error
        try:
            yield _checked(address, client, wait)
        finally:
            with contextlib.suppress(OSError, CancelledError, ValueError):
                # else the scheduler complains that it can't tell the client of its own end
                client.unsubscribe_topic(client.id)
            with contextlib.suppress(OSError, CancelledError):
                client.close(timeout=1)


def _checked(address: str, client: distributed.Client, wait: float) -> Cluster:
    until = time.monotonic() + wait
    try:
        while not client.nthreads() and time.monotonic() < until:
            time.sleep(0.1)
        dashboard = worker_check.require_scheduler(client, address)
        threads, refused = worker_check.checked(client)
    except (OSError, CancelledError) as error:
        raise addresses.nobody(address, "the connection broke off") from error
    if not threads:
        if refused:
            raise ClusterError(f"{' '.join(refused.values())} No other worker is there.")
        raise ClusterError(
            f"The cluster {address} has no workers: start some (dask worker {address}), or "
            f"{addresses.HERE}."
        )
    return Cluster(address, client, threads, refused, dashboard)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without what distributed logs: what people should know of it is said in one sentence."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    before = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for one, level in zip(loggers, before, strict=True):
            one.setLevel(level)
