"""Long work in the background: one process a queue at a time, watched from the server.

A fit or a download runs in a process of its own (``python -m emnist_lab train
--events``), so that a cancel acts at once in any stage, a crash or a lack of memory takes
no page with it, and pages stay quick. The process ends by itself when the
server does.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass, field

from .places import PROJECT
from .recipes import SEED

_GRACE = 2.0  # seconds that a cancelled process has to end by itself


@dataclass(frozen=True)
class Spec:
    """What to train.

    Attributes
    ----------
    recipe, split : str
    images : int or None
        Number of training images; all when None.
    seed : int
        Of the sample and of the recipe.
    root : str or None
        Folder of the dataset; see `emnist_lab.sources.resolve_root`.
    name : str or None
        Name of the run; made up when None.
    """

    recipe: str
    split: str
    images: int | None = None
    seed: int = SEED
    root: str | None = None
    name: str | None = None

    def arguments(self) -> list[str]:
        """Command line that does it."""
        given = {
            "--split": self.split,
            "--images": self.images,
            "--seed": self.seed,
            "--root": self.root,
            "--name": self.name,
        }
        pairs = [(flag, str(value)) for flag, value in given.items() if value is not None]
        return ["train", self.recipe, *(word for pair in pairs for word in pair)]


@dataclass(frozen=True)
class FetchSpec:
    """What data to bring.

    Attributes
    ----------
    split : str or None
        One of NIST's splits, from the configured mirrors.
    files : tuple of str
        Or the files of a dataset that is to be kept under `name`.
    name : str or None
    """

    split: str | None = None
    files: tuple[str, ...] = ()
    name: str | None = None

    def arguments(self) -> list[str]:
        """Command line that does it."""
        if self.split:
            return ["fetch", self.split]
        name = ["--name", self.name] if self.name else []
        return ["fetch", *(word for file in self.files for word in ("--from", file)), *name]


@dataclass(eq=False)
class Job:
    """Work that was asked for.

    Attributes
    ----------
    spec : Spec or FetchSpec
    key : str
        Names it in an address.
    state : {"queued", "running", "done", "failed", "cancelled"}
    progress : dict or None
        Newest `emnist_lab.Progress` or `emnist_lab.fetch.Transfer` as plain values.
    curve : list of dict
        Step, loss and score of each iteration so far.
    result : str or None
        Name of the finished run, or of the imported dataset.
    message : str
        Why it failed.
    """

    spec: Spec | FetchSpec
    key: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    state: str = "queued"
    progress: dict | None = None
    curve: list[dict] = field(default_factory=list)
    result: str | None = None
    message: str = ""
    begun: float | None = None
    ended: float | None = None
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
        """Seconds that it may still take, counted down since the last sign of life."""
        left = (self.progress or {}).get("remaining")
        if left is None or self.state != "running":
            return None
        return max(left - (self.elapsed - self.progress["at"]), 0.0)


class JobQueue:
    """Jobs of one server; one runs at a time, the others wait in turn."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        threading.Thread(target=self._work, name="jobs", daemon=True).start()

    def submit(self, spec: Spec | FetchSpec) -> Job:
        """Add a job at the end of the queue.

        Parameters
        ----------
        spec : Spec or FetchSpec

        Returns
        -------
        Job
            It changes in place as it goes on.
        """
        job = Job(spec)
        with self._changed:
            self._jobs.append(job)
            self._waiting.append(job)
            self._changed.notify()
        return job

    @property
    def jobs(self) -> list[Job]:
        """All jobs since the server began, newest first."""
        with self._changed:
            return self._jobs[::-1]

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
            process = job.process
        if process is not None:
            process.terminate()
            threading.Timer(_GRACE, process.kill).start()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                job = self._waiting.popleft()
                job.state, job.begun = "running", time.time()
            with tempfile.TemporaryFile("w+", errors="replace") as complaints:
                try:
                    self._run(job, complaints)
                except Exception as error:  # noqa: BLE001  the next job must have its turn
                    self._end(job, "failed", f"The work broke off ({error}): try again.")

    def _run(self, job: Job, complaints) -> None:
        command = [sys.executable, "-m", "emnist_lab", *job.spec.arguments(), "--events"]
        # Leave a core to the pages: BLAS threads that fight for it are slower than one alone.
        threads = str(max((os.cpu_count() or 1) - 1, 1))
        limits = {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,  # held open: its end tells the process that the server is gone
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**limits, **os.environ, "PYTHONPATH": path},
        )
        with process:
            with self._changed:
                job.process = process
                cancelled = job.state == "cancelled"
            if cancelled:
                process.terminate()
            for line in process.stdout:
                self._hear(job, line)
        if job.state != "running":
            return
        complaints.seek(0)
        last = [line.strip() for line in complaints if line.strip()][-1:]
        if process.returncode in (-9, 137):
            last = ["The system stopped it, most likely for lack of memory: use fewer images."]
        self._end(job, "failed", last[0] if last else f"The work ended with {process.returncode}.")

    def _hear(self, job: Job, line: str) -> None:
        try:
            event = json.loads(line) if line.startswith('{"event"') else {"event": None}
        except json.JSONDecodeError:
            return  # the process was ended in the middle of a line
        if event["event"] == "progress":
            job.progress = {**event, "at": job.elapsed}
            if event.get("loss") is not None:
                job.curve.append({name: event[name] for name in ("step", "loss", "score")})
        elif event["event"] == "done":
            self._end(job, "done", result=event["result"])
        elif event["event"] == "error":
            self._end(job, "failed", event["message"])

    def _end(self, job: Job, state: str, message: str = "", result: str | None = None) -> None:
        with self._changed:
            # What was kept before its cancel arrived is there, so it is shown as it is.
            if job.state == "running" or (job.state == "cancelled" and state == "done"):
                job.result, job.message, job.ended = result, message, time.time()
                job.state = state
