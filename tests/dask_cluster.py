"""A Dask cluster of the tests' own: a scheduler and workers, processes on loopback."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import distributed
from helpers import until

from emnist_lab.files import PROJECT


def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@dataclass
class DaskCluster:
    """A scheduler and workers that do one fit at a time and can't import Streamlit."""

    folder: Path
    port: int = field(default_factory=free_port)
    scheduler: subprocess.Popen | None = None
    workers: list[subprocess.Popen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "streamlit.py").write_text('raise ImportError("workers have none")\n')

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start(self, workers: int) -> None:
        self.scheduler = self._run(
            "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"
        )
        for _ in range(workers):
            self.add_worker()
        self.wait(workers)

    def add_worker(self, before: str = "") -> subprocess.Popen:
        """One more, which finds modules in a folder first."""
        number = len(self.workers)
        one = self._run(
            "worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
            "--name", f"w{number}", "--local-directory", str(self.folder / f"w{number}"),
            before=before,
        )  # fmt: skip
        self.workers.append(one)
        return one

    def _run(self, *words: str, before: str = "") -> subprocess.Popen:
        path = os.pathsep.join(filter(None, [before, str(self.folder), str(PROJECT)]))
        with open(self.folder / "log", "a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *words],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": path},
            )

    def wait(self, count: int) -> None:
        """Wait until the scheduler knows so many workers."""
        with distributed.Client(self.address, set_as_default=False, timeout=120) as client:
            until(lambda: len(client.scheduler_info(n_workers=-1)["workers"]) == count)

    def fits(self) -> list[int]:
        """Processes in which the workers fit."""
        return [pid for one in self.workers if one.poll() is None for pid in children(one.pid)]

    def kept_by(self, one: subprocess.Popen, pattern: str) -> list[Path]:
        """Files and folders of a worker."""
        return [*(self.folder / f"w{self.workers.index(one)}").glob(f"**/{pattern}")]

    def kill(self, one: subprocess.Popen) -> None:
        one.send_signal(signal.SIGKILL)
        one.wait()

    def stop(self) -> None:
        for one in filter(None, [*self.workers, self.scheduler]):
            self.kill(one)


def children(pid: int) -> list[int]:
    """Processes that a process has started, in whichever of its threads."""
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        found += map(int, listed.read_text().split())
    return found
