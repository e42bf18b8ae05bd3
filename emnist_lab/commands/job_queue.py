"""Long work in the background: one process a queue at a time, watched from the server.

A fit or a download runs in a process of its own (``python -m emnist_lab train
--events``, begun by `emnist_lab.commands.job_process`), so that a cancel acts at once in any
stage, a crash or a lack of memory takes no page with it, and pages stay quick: it has all cores,
but only while pages leave them to it. The process ends by itself when the server does.
"""

import contextlib
import dataclasses
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import joblib

from ..files import PROJECT
from . import events, job_limits
from .events import DoneEvent, ErrorEvent, Event, ProgressEvent
from .job_journal import JobRecord, Journal
from .specs import JobSpec

_PROCESS = str(Path(__file__).with_name("job_process.py"))
_GRACE = 1.0  # seconds that a cancelled process has to end by itself
_REMEMBERED = 50  # jobs that have ended
# How far work steps back behind pages: to a tenth of their share of a core (a thirtieth at 15,
# where a fit beside four busy processes hadn't begun after minutes).
_NICE = 10
NICE = "EMNIST_LAB_NICE"  # where a server has cores to spare: another number, from 0


@dataclass(eq=False)
class Job:
    """Work that was asked for.

    Attributes
    ----------
    spec : TrainSpec, CurveSpec, SweepSpec or FetchSpec
    key : str
        Names it in an address.
    state : {"queued", "running", "done", "failed", "cancelled", "interrupted"}
        The last one when an earlier server was stopped before its end.
    progress : dict or None
        Newest `emnist_lab.Progress` or `emnist_lab.data.download.Transfer` as plain values.
    stage : str
        What it is doing, or was doing last, in words; empty before the first sign of life.
    curve : list of dict
        Step, loss and score of each iteration so far.
    result : str or None
        Name of the finished run, or of the imported dataset.
    message : str
        Why it failed.
    owner : str or None
        Visitor of a server whom it and its result belong to; see `emnist_lab.files.owner_of`.
    seconds : float or None
        How long it may run.
    limits : callable or None
        Gives further variables of its process, asked when it begins; see `job_limits.variables`.
    """

    spec: JobSpec
    key: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    state: str = "queued"
    progress: dict | None = None
    stage: str = ""
    curve: list[dict] = field(default_factory=list)
    result: str | None = None
    message: str = ""
    submitted: float = field(default_factory=time.time)
    begun: float | None = None
    ended: float | None = None
    owner: str | None = None
    seconds: float | None = None
    limits: Callable[[], dict[str, str]] | None = field(default=None, repr=False)
    process: subprocess.Popen | None = field(default=None, repr=False)

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("queued", "running")

    @property
    def elapsed(self) -> float:
        """Seconds since it began to run."""
        return (self.ended or time.time()) - self.begun if self.begun else 0.0

    def remaining(self) -> float | None:
        """Seconds that it may still take, counted down since the last sign of life.

        None where there is nothing to go by, or when that time is over.
        """
        left = (self.progress or {}).get("remaining")
        if left is None or self.state != "running":
            return None
        left -= self.elapsed - self.progress["at"]
        return left if left > 0 else None


class JobQueue:
    """Jobs of one server; one runs at a time, the others wait in turn.

    Parameters
    ----------
    journal : Journal, optional
        Keeps on disk what is queued or running. Jobs that a stopped server
        left in it are there from the start, as interrupted ones.
    environment : callable, optional
        Variables that a process needs beside the server's own, name -> value;
        asked before each one starts. For what mustn't stand in a command line.
    """

    def __init__(
        self,
        journal: Journal | None = None,
        environment: Callable[[], dict[str, str]] = dict,
    ) -> None:
        self._journal, self._environment = journal, environment
        self._jobs: list[Job] = [
            Job(
                one.spec,
                one.key,
                "interrupted",
                stage=one.stage,
                submitted=one.submitted,
                begun=one.begun,
                ended=one.begun,
                owner=one.owner,
                seconds=one.seconds,
            )
            for one in (journal.adopt_interrupted() if journal else [])
        ]
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        threading.Thread(target=self._work, name="jobs", daemon=True).start()

    def submit(
        self,
        spec: JobSpec,
        owner: str | None = None,
        seconds: float | None = None,
        most: int | None = None,
        limits: Callable[[], dict[str, str]] | None = None,
    ) -> Job | None:
        """Add a job at the end of the queue.

        Parameters
        ----------
        spec : TrainSpec, CurveSpec, SweepSpec or FetchSpec
        owner : str, optional
            Visitor of a server whom it and its result belong to.
        seconds : float, optional
            How long it may run; no limit by default.
        most : int, optional
            Jobs of this owner that may wait or run, this one counted; no limit by default.
        limits : callable, optional
            See `Job`; no limits by default.

        Returns
        -------
        Job or None
            It changes in place as it goes on; None where the owner has `most` already.
        """
        job = Job(spec, owner=owner, seconds=seconds, limits=limits)
        with self._changed:
            if most is not None:
                own = sum(one.active and one.owner == owner for one in self._jobs)
                if own >= most:
                    return None
            self._jobs.append(job)
            self._waiting.append(job)
            ended = [one for one in self._jobs if not (one.active or one.state == "interrupted")]
            for old in ended[:-_REMEMBERED]:
                self._jobs.remove(old)
            self._record(job)
            self._changed.notify()
        return job

    def again(
        self,
        job: Job,
        seconds: float | None = None,
        most: int | None = None,
        limits: Callable[[], dict[str, str]] | None = None,
    ) -> Job | None:
        """Submit the same work once more, in place of a job that has ended.

        Parameters
        ----------
        job : Job
        seconds, most, limits : optional
            See `submit`; it may run as long as before by default.

        Returns
        -------
        Job or None
            The new one; None where someone else was quicker, or its owner has `most` already.
        """
        with self._changed:
            if job.active or job not in self._jobs:
                return None
            fresh = self.submit(job.spec, job.owner, seconds or job.seconds, most, limits)
            if fresh is not None:
                self.dismiss(job)
            return fresh

    def dismiss(self, job: Job) -> None:
        """Forget a job that has ended. No effect while it waits or runs.

        Parameters
        ----------
        job : Job
        """
        with self._changed:
            if job.active or job not in self._jobs:
                return
            self._jobs.remove(job)
            self._record(job)

    @property
    def jobs(self) -> list[Job]:
        """All jobs since the server began, and interrupted ones before, newest first."""
        with self._changed:
            return self._jobs[::-1]

    @property
    def running(self) -> Job | None:
        """The job whose turn it is."""
        with self._changed:
            return next((one for one in self._jobs if one.state == "running"), None)

    def place(self, job: Job) -> int:
        """How many jobs come before this one; 0 when it runs or has ended."""
        with self._changed:
            if job not in self._waiting:
                return 0
            return self._waiting.index(job) + any(one.state == "running" for one in self._jobs)

    def cancel(self, job: Job) -> None:
        """Stop a job; nothing of it is kept. No effect once it has ended.

        Parameters
        ----------
        job : Job
        """
        with self._changed:
            if not job.active:
                return
            job.state = "cancelled"
            job.ended = time.time()
            if job in self._waiting:
                self._waiting.remove(job)
            self._record(job)
            process = job.process
        if process is not None:
            stop(process)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                job = self._waiting.popleft()
                job.state, job.begun = "running", time.time()
                self._record(job)
            with tempfile.TemporaryFile("w+", errors="replace") as stderr:
                try:
                    self._run(job, stderr)
                except Exception as error:  # noqa: BLE001  the next job must have its turn
                    self._end(job, "failed", f"The work broke off ({error}): try again.")

    def _run(self, job: Job, stderr) -> None:
        # -P: what lies beside that file mustn't hide modules of Python's.
        command = [sys.executable, "-P", _PROCESS, *job.spec.arguments(), "--events"]
        path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # held open: its end tells the process that the server is gone
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={
                **_all_cores(),
                **os.environ,
                **self._environment(),
                "PYTHONPATH": path,
                **(job.limits or job_limits.variables)(),
                job_limits.OWNER: job.owner or "",
            },
            start_new_session=True,
        )
        _lower_priority(process.pid)
        with process:
            with self._changed:
                job.process = process
                cancelled = job.state != "running"
            if cancelled:
                stop(process)
            limit = threading.Timer(job.seconds or 0, self._overdue, (job, process))
            if job.seconds:
                limit.daemon = True
                limit.start()
            for line in process.stdout:
                self._handle_event(job, events.read(line))
        limit.cancel()
        if job.state != "running":
            return
        stderr.seek(0)
        last = [line.strip() for line in stderr if line.strip()][-1:]
        if process.returncode in (-9, 137):
            last = ["The system stopped it, most likely for lack of memory: use fewer images."]
        self._end(job, "failed", last[0] if last else f"The work ended with {process.returncode}.")

    def _overdue(self, job: Job, process: subprocess.Popen) -> None:
        """End a job that has run for as long as it may."""
        self._end(
            job,
            "failed",
            f"It was stopped after the {job.seconds:,.0f} seconds that a job may run here: use "
            "fewer images, or a recipe that is quicker.",
        )
        stop(process)

    def _handle_event(self, job: Job, event: Event | None) -> None:
        match event:
            case ProgressEvent(values):
                self._record_stage(job, values)
                job.progress = {**values, "at": job.elapsed}
                if values.get("loss") is not None:
                    job.curve.append({name: values[name] for name in ("step", "loss", "score")})
            case DoneEvent(result):
                self._end(job, "done", result=result)
            case ErrorEvent(message):
                self._end(job, "failed", message)

    def _record_stage(self, job: Job, progress: dict) -> None:
        many = f"Stage {progress['stage']} of {progress['stages']}: " if "stage" in progress else ""
        stage = f"{many}{progress['title']}"
        with self._changed:
            if stage != job.stage:
                job.stage = stage
                self._record(job)

    def _record(self, job: Job) -> None:
        """Bring the journal up to date; the lock is held, so that records keep their order."""
        if self._journal is None:
            return
        if job.active:
            known = {one.name: getattr(job, one.name) for one in dataclasses.fields(JobRecord)}
            record = JobRecord(**known)
            self._journal.write(record)
        else:
            self._journal.remove(job.key)

    def _end(self, job: Job, state: str, message: str = "", result: str | None = None) -> None:
        with self._changed:
            # What was kept before its cancel arrived is there, so it is shown as it is.
            if job.state == "running" or (job.state == "cancelled" and state == "done"):
                job.result, job.message, job.ended = result, message, time.time()
                job.state = state
                self._record(job)


def stop(process: subprocess.Popen) -> None:
    """End a job's process, by force where it doesn't end by itself."""
    process.terminate()
    threading.Timer(_GRACE, process.kill).start()


def _all_cores() -> dict[str, str]:
    # On an idle machine two threads take 0.55 of one's time, and beside pages they aren't slower.
    # Only where other heavy work fills the cores they crawl: the variables are then set to 1.
    cores = str(joblib.cpu_count())  # that this process or container may use
    return {"OPENBLAS_NUM_THREADS": cores, "OMP_NUM_THREADS": cores}


def _lower_priority(pid: int) -> None:
    """Let pages go first; done before the process has threads, which inherit it."""
    if not hasattr(os, "setpriority"):
        return
    asked = os.environ.get(NICE, "")
    further = int(asked[:9]) if asked.isdecimal() else _NICE
    with contextlib.suppress(OSError):  # it has ended already, or may not: it works the same
        nice = min(os.getpriority(os.PRIO_PROCESS, 0) + further, 19)
        os.setpriority(os.PRIO_PROCESS, pid, nice)
        # Linux may share the cores out by session first: then it is the session that steps back.
        Path(f"/proc/{pid}/autogroup").write_text(str(nice))
