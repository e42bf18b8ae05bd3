"""The queue of jobs that several replicas share: rows of a table, each run by one of them."""

import logging
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable

import sqlalchemy as sa

from .. import files
from ..errors import LabError
from ..handwriting.drawing_store import database
from .job_journal import Journal
from .job_queue import Job, JobQueue, stop
from .job_table import JobRow, JobTable
from .specs import JobSpec

_log = logging.getLogger(__name__)
_EVERY = 0.5  # seconds between two looks at the table
_SILENT = 12.0  # seconds without a sign of life, after which a replica's job counts as interrupted


class SharedJobQueue(JobQueue):
    """Jobs of all replicas; each replica runs one at a time.

    Pages see what a thread of its own has read last, so that none of them waits for the database.

    Parameters
    ----------
    table : JobTable
    environment : callable, optional
        See `JobQueue`.
    silent : float, optional
        Seconds without a sign of life, after which a replica's job counts as interrupted.

    Attributes
    ----------
    trouble : str
        Why the table can't be read, in a sentence; empty while it can.
    """

    def __init__(
        self,
        table: JobTable,
        environment: Callable[[], dict[str, str]] = dict,
        silent: float = _SILENT,
    ) -> None:
        self.trouble = ""
        self._table, self._silent = table, silent
        self._journal, self._environment = None, environment
        self._jobs: list[Job] = []
        self._own: dict[str, Job] = {}  # that this replica runs, or hasn't told the end of
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._look, self._closed = threading.Event(), threading.Event()
        self._reached: float | None = None  # since when the table can be read
        threading.Thread(target=self._work, name="jobs", daemon=True).start()
        self._watcher = threading.Thread(target=self._watch, name="job-table", daemon=True)
        self._watcher.start()

    def submit(
        self,
        spec: JobSpec,
        owner: str | None = None,
        seconds: float | None = None,
        most: int | None = None,
        limits: Callable[[], dict[str, str]] | None = None,
    ) -> Job | None:
        """Add a job at the end of the queue of all replicas; see `JobQueue.submit`.

        `limits` are asked now, for another replica may run it. Raises `HandwritingError` where the
        database is away.
        """
        return self._add(Job(spec, owner=owner, seconds=seconds, limits=limits), most)

    def again(
        self,
        job: Job,
        seconds: float | None = None,
        most: int | None = None,
        limits: Callable[[], dict[str, str]] | None = None,
    ) -> Job | None:
        """Submit the same work once more; see `JobQueue.again`, and `submit`."""
        if job.active:
            return None
        fresh = Job(job.spec, owner=job.owner, seconds=seconds or job.seconds, limits=limits)
        return self._add(fresh, most, instead_of=job)

    def _add(self, job: Job, most: int | None, instead_of: Job | None = None) -> Job | None:
        if not self._table.add(job, most, instead_of and instead_of.key):
            return None
        with self._changed:
            self._jobs.append(job)
            if instead_of in self._jobs:
                self._jobs.remove(instead_of)
        self._look.set()
        return job

    def dismiss(self, job: Job) -> None:
        """Forget a job that has ended; see `JobQueue.dismiss`. Raises `HandwritingError`."""
        if job.active:
            return
        self._table.dismiss(job.key)
        with self._changed:
            if job in self._jobs:
                self._jobs.remove(job)

    def place(self, job: Job) -> int:
        """How many jobs come before this one, those that run counted; 0 when it runs or ended."""
        with self._changed:
            if job.state != "queued":
                return 0
            before = self._jobs[: self._jobs.index(job)] if job in self._jobs else self._jobs
            return sum(one.state == "queued" for one in before) + any(
                one.state == "running" for one in self._jobs
            )

    def cancel(self, job: Job) -> None:
        """Stop a job, on whichever replica it runs; see `JobQueue.cancel`.

        Raises `HandwritingError` where the database is away.
        """
        if not job.active:
            return
        self._table.cancel(job.key)
        with self._changed:
            if job.active:
                job.state, job.ended = "cancelled", time.time()
            if job in self._waiting:
                self._waiting.remove(job)
            process = job.process
        if process is not None:
            stop(process)
        self._look.set()

    def close(self) -> None:
        """Take and tell nothing more, as a replica's end does."""
        self._closed.set()
        self._look.set()
        self._watcher.join(10)

    def _record(self, job: Job) -> None:
        self._look.set()

    def _watch(self) -> None:
        while not self._closed.is_set():
            try:
                self._synchronize()
                self.trouble = ""
            except LabError as error:
                if not self.trouble:
                    _log.warning("%s", error)
                self.trouble, self._reached = str(error), None
            except Exception as error:  # noqa: BLE001  the next look must have its turn
                _log.error("the table of jobs can't be read", exc_info=error)
                self._reached = None
            self._look.wait(_EVERY)
            self._look.clear()

    def _synchronize(self) -> None:
        with self._changed:
            own = list(self._own.values())
            told = {job.key: job.state for job in own}
        # After an absence of the database all others are late too: they have their time again.
        sure = self._reached is not None and time.monotonic() - self._reached > self._silent
        idle = not any(state == "running" for state in told.values())
        rows, now = self._table.synchronize(own, self._silent if sure else None, idle)
        self._reached = self._reached or time.monotonic()
        ahead = time.time() - now  # of this machine's clock
        with self._changed:
            for key, state in told.items():
                if state != "running":
                    del self._own[key]
            known = {job.key: job for job in self._jobs}
            self._jobs = [self._updated(known.get(row.values["key"]), row, ahead) for row in rows]

    def _updated(self, job: Job | None, row: JobRow, ahead: float) -> Job:
        """The job of a row, as the row has it; the lock is held."""
        values = dict(row.values)
        for name in ("submitted", "begun", "ended"):
            values[name] = None if values[name] is None else values[name] + ahead
        if job is None:
            job = Job(**values)
        job.limits = lambda: row.limits
        mine = row.replica == self._table.replica
        if job.key in self._own and mine:
            if values["state"] != "running" and job.state == "running":
                job.state, job.ended = values["state"], values["ended"]
                if job in self._waiting:
                    self._waiting.remove(job)
                if job.process is not None:
                    stop(job.process)
            return job
        for name, value in values.items():
            if name != "curve" or len(value) != len(job.curve):
                setattr(job, name, value)
        if mine and job.state == "running" and job.process is None:
            self._own[job.key] = job
            self._waiting.append(job)
            self._changed.notify()
        return job


def training_queue(environment: Callable[[], dict[str, str]] = dict) -> JobQueue:
    """The queue of a server: with a shared home and PostgreSQL that of all replicas, else its own.

    Parameters
    ----------
    environment : callable, optional
        See `JobQueue`; what it says of the database counts before this process's own variables.

    Returns
    -------
    JobQueue

    Raises
    ------
    HandwritingError
        The address of the database can't be understood, or its driver is missing.
    """
    named = environment().get(database.ENVIRONMENT) or os.environ.get(database.ENVIRONMENT, "")
    if files.is_shared() and named.strip().startswith("postgres"):
        with database.address_errors():
            engine = sa.create_engine(named.strip())
        return SharedJobQueue(JobTable(engine, secrets.token_hex(16)), environment)
    return JobQueue(Journal(files.home() / "jobs"), environment)
