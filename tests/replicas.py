"""The parts of compose.yaml as processes on loopback: nginx, two replicas, PostgreSQL, S3."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import object_store
import postgresql
from helpers import until

from emnist_lab.files import PROJECT
from emnist_lab.maintenance.replica_load import proxy

BASE = "lab"


@dataclass
class Stack:
    """What runs.

    Attributes
    ----------
    proxy : str
        Address of the proxy, with the base path.
    replicas : list of str
        Addresses of the replicas.
    """

    proxy: str
    replicas: list[str]
    processes: list[subprocess.Popen] = field(default_factory=list)
    environments: list[dict[str, str]] = field(default_factory=list)

    def kill(self, at: int) -> None:
        """End a replica as a crash does."""
        if self.processes[at].poll() is None:
            os.killpg(self.processes[at].pid, signal.SIGKILL)
            self.processes[at].wait()

    def start(self, at: int) -> None:
        """Start a replica, once more if it was there before."""
        address = self.replicas[at]
        port = re.search(r":(\d+)/", address)[1]
        command = [
            sys.executable, "-m", "streamlit", "run", "app.py",
            f"--server.port={port}", "--server.address=127.0.0.1",
        ]  # fmt: skip
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=self.environments[at],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.processes[at : at + 1] = [process]

    def ready(self, at: int) -> None:
        until(lambda: get(f"{self.replicas[at]}/_stcore/health")[0] == 200)


def get(address: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of an answer; status 0 where there is none."""
    asked = urllib.request.Request(
        address, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers)
    except OSError:
        return 0, b"", {}


def settings(s3: int, database: str, copy: Path) -> dict[str, str]:
    """Variables of a replica, as compose.yaml sets them."""
    return {
        **object_store.variables(s3),
        "EMNIST_LAB_HOME": f"s3://{object_store.BUCKET}/lab",
        "EMNIST_LAB_CACHE": str(copy),
        "EMNIST_LAB_DATABASE": database,
        "EMNIST_LAB_MODE": "class",
        "STREAMLIT_SERVER_BASE_URL_PATH": BASE,
    }


@contextlib.contextmanager
def stack(place: Path, **more: str) -> Iterator[Stack]:
    """All parts, ready; `more` are further variables of the replicas."""
    ports = [object_store.free_port() for _ in range(3)]
    with contextlib.ExitStack() as parts:
        s3 = parts.enter_context(object_store.moto())
        database = parts.enter_context(postgresql.cluster())
        (place / "nginx").mkdir()
        parts.enter_context(proxy(place / "nginx", ports[0], ports[1:]))
        made = Stack(
            f"http://127.0.0.1:{ports[0]}/{BASE}",
            [f"http://127.0.0.1:{port}/{BASE}" for port in ports[1:]],
        )
        parts.callback(lambda: [made.kill(at) for at in range(len(made.processes))])
        for at in range(2):
            made.environments.append(
                {**os.environ, **settings(s3, database.url, place / f"replica-{at}"), **more}
            )
            made.start(at)
        for at in range(2):
            made.ready(at)
        yield made
