"""A PostgreSQL of the tests' own: a cluster in a temporary folder, on loopback, gone afterwards."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

USER = "postgres"  # root may not run it


def binaries() -> Path | None:
    """Folder of initdb and pg_ctl, which Debian keeps out of the path; None where there is none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    found = shutil.which("initdb") or (debian[-1] if debian else None)
    return Path(found).resolve().parent if found else None


def _version(path: Path) -> float:
    return float(path.parts[-3]) if path.parts[-3].replace(".", "").isdigit() else 0.0


@dataclass
class Cluster:
    """A running server."""

    folder: Path
    tools: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/postgres"

    def control(self, *what: str) -> None:
        """``pg_ctl`` with these words, as the user that the server runs as."""
        _as_user(str(self.tools / "pg_ctl"), "-D", str(self.folder / "data"), "-w", *what)

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self.control("-l", str(self.folder / "log"), "-o", f"{options} -c fsync=off", "start")

    def stop(self) -> None:
        self.control("-m", "immediate", "stop")

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Every process of it stopped: it takes what is sent, and answers nothing."""
        first = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        all_of_it = [first, *_children(first)]
        for one in all_of_it:
            os.kill(one, signal.SIGSTOP)
        try:
            yield
        finally:
            for one in all_of_it:
                os.kill(one, signal.SIGCONT)


def _children(parent: int) -> list[int]:
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(one) for one in listed.split()]


def _as_user(*command: str) -> None:
    user = {"user": USER} if os.getuid() == 0 else {}
    environment = {**os.environ, "LC_ALL": "C"}
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, cwd="/", env=environment, timeout=60, **user
    )


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """A server that runs; `binaries` must have found some."""
    tools = binaries()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="emnist-lab-postgresql-"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, USER)
        made = Cluster(folder, tools, port)
        _as_user(
            str(tools / "initdb"), "-D", str(folder / "data"), "-U", USER, "-A", "trust",
            "-E", "UTF8", "--no-locale", "--no-sync",
        )  # fmt: skip
        made.start()
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
