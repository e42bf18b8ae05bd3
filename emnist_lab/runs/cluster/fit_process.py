"""Processes of a worker in which fits run: a thread can't be ended in the middle of a fit.

Each is used again and again, and ends with its worker, however that ends, or once it is idle.
Workers run on Linux and macOS.
"""

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import distributed

from ...errors import TrainingCancelled, TrainingError
from ...files import PROJECT

_CHILD = str(Path(__file__).with_name("_fit_child.py"))
_POLL = 0.1  # seconds between looks at whether a task is still wanted
_WANTED = ("executing", "long-running")  # states of a task, by a worker's own account

# What Dask sets for its workers: memory that is given back at once is asked for again by the next
# array, page by page. A fit takes half as long again.
_NOT_INHERITED = ("MALLOC_TRIM_THRESHOLD_",)

_lock = threading.Lock()
_idle: list["FitProcess"] = []


class Ended(Exception):
    """The process was ended, from outside or by its own fault."""


class FitProcess:
    """A process that calls functions, one after the other."""

    def __init__(self) -> None:
        ours, theirs = multiprocessing.Pipe()
        path = os.pathsep.join(filter(None, [str(PROJECT), *sys.path]))
        environment = {key: value for key, value in os.environ.items() if key not in _NOT_INHERITED}
        with theirs:
            self._process = subprocess.Popen(
                # -P: what lies beside that file mustn't hide modules of Python's
                [sys.executable, "-P", _CHILD, str(theirs.fileno())],
                stdin=subprocess.PIPE,  # held open: its end tells it that the worker is gone
                pass_fds=(theirs.fileno(),),
                env={**environment, "PYTHONPATH": path},
            )
        self._connection = ours

    def call(
        self, function: Callable, given: tuple, wanted: Callable[[], bool], told: Callable
    ) -> Any:
        """Call a function in it.

        Parameters
        ----------
        function : callable
        given : tuple
            Its arguments; its ``told`` takes what is to be passed on.
        wanted : callable
            Asked all the time; the process is ended once it returns False.
        told : callable
            Called with what it says meanwhile.

        Returns
        -------
        object

        Raises
        ------
        TrainingCancelled
            It isn't wanted any more.
        Ended
            The process ended before the function did.
        """
        try:
            self._connection.send_bytes(cloudpickle.dumps((function, given)))
            while True:
                while not self._connection.poll(_POLL):
                    if not wanted():
                        self.end()
                        raise TrainingCancelled("The work was cancelled.")
                kind, value = self._connection.recv()
                if kind == "done":
                    return value
                if kind == "failed":
                    raise value
                told(value)
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            self.end()
            raise Ended from error

    def alive(self) -> bool:
        """Whether it waits for work."""
        return self._process.poll() is None

    def end(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.stdin.close()
        self._process.wait()
        self._connection.close()


def prepare(dask_worker=None) -> None:
    """Start as many processes as a worker has threads, so that they wait when fits come.

    Parameters
    ----------
    dask_worker : distributed.Worker
        Where it is called.
    """
    with _lock:
        _idle[:] = [one for one in _idle if one.alive()]
        _idle.extend(FitProcess() for _ in range(dask_worker.state.nthreads - len(_idle)))


def call(function: Callable, *given: Any, told: Callable[[Any], None] = lambda value: None) -> Any:
    """Call a function in a process of this worker; called in a task.

    Parameters
    ----------
    function : callable
        With a parameter ``told``.
    *given : object
    told : callable
        Called with what the function tells.

    Returns
    -------
    object

    Raises
    ------
    TrainingCancelled
        Nobody waits for the task any more; its process was ended.
    TrainingError
        Two processes were ended in it, by the system most likely.
    """
    worker = distributed.get_worker()
    key = worker.get_current_task()

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        running = worker.status.name in ("running", "paused", "closing_gracefully")
        return running and task is not None and task.state in _WANTED

    for fresh in (False, True):
        process = _take(fresh)
        try:
            value = process.call(function, given, wanted, told)
        except Ended:
            continue
        finally:
            if process.alive():
                with _lock:
                    _idle.append(process)
        return value
    raise TrainingError(
        f"A process of the worker {worker.address} was ended by the system, most likely for lack "
        "of memory: use fewer images, or workers with fewer threads."
    )


def _take(fresh: bool) -> FitProcess:
    while not fresh:
        with _lock:
            if not _idle:
                break
            process = _idle.pop()
        if process.alive():
            return process
        process.end()
    return FitProcess()
