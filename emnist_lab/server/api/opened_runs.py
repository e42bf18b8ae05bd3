"""Runs that requests read with, opened once."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from ...errors import RunError
from ...runs.run import Run
from .. import run_access
from ..visitor import Visitor
from .batching import BatchedRun
from .problem_details import answering

DEFAULT_RUN = "warped-blend"  # the shipped run that reads best


@dataclass(eq=False)
class _Opened:
    run: BatchedRun
    opening: threading.Lock = field(default_factory=threading.Lock)


class OpenedRuns:
    """Runs by name, as a visitor sees them; the models of the last ones stay in memory.

    Parameters
    ----------
    kept : int
        How many.
    told : callable, optional
        Is told how many images each reading had.
    """

    def __init__(self, kept: int = 8, told: Callable[[int], None] = lambda images: None):
        self._kept, self._told = kept, told
        self._runs: OrderedDict[tuple[str, int], _Opened] = OrderedDict()
        self._changed = threading.Lock()

    def get(self, visitor: Visitor, name: str) -> Run:
        """A run; its model is read when it is first asked for.

        Parameters
        ----------
        visitor : Visitor
        name : str

        Returns
        -------
        Run

        Raises
        ------
        Problem
            404: they see none of that name.
        RunError
            It is damaged.
        """
        return self._entry(visitor, name).run.plain

    def opened(self, visitor: Visitor, name: str) -> BatchedRun:
        """A run to read with, its model in memory; raises as `get`."""
        entry = self._entry(visitor, name)
        with entry.opening:
            entry.run.plain.warm_up()
        return entry.run

    def _entry(self, visitor: Visitor, name: str) -> _Opened:
        with answering(404, RunError):
            run = run_access.open_run(visitor, name)
            key = run.version_key()
        with self._changed:
            if key not in self._runs:
                self._runs[key] = _Opened(BatchedRun(run, self._told))
            self._runs.move_to_end(key)
            while len(self._runs) > self._kept:
                self._runs.popitem(last=False)
            return self._runs[key]
