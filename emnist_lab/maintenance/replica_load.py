"""Waits of many people at two replicas behind a proxy, beside those at one."""

import asyncio
import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ..errors import LabError
from ..files import PROJECT
from .browser import free_port, served
from .visit import Visit
from .visitors import ACTIONS, SHORT, TOUR, Answer, Person, summarize

SETTINGS = PROJECT / "docs" / "nginx.conf"
_ROUNDS, _STARTS = 3, 60.0  # seconds that nginx has to begin


def nginx_program() -> str | None:
    """Path of nginx, which Debian keeps where only root looks; None where there is none."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@contextlib.contextmanager
def proxy(place: Path, port: int, replicas: list[int]) -> Iterator[str]:
    """nginx by the settings of ``docs/nginx.conf``, with addresses on this machine.

    Parameters
    ----------
    place : pathlib.Path
        Empty folder for what it writes; ``log`` in it has a line a request: replica, session.
    port : int
        To listen on.
    replicas : list of int
        Ports of one or two replicas.

    Yields
    ------
    str
        Its address.

    Raises
    ------
    LabError
        There is no nginx, or it doesn't start.
    """
    program = nginx_program()
    if program is None:
        raise LabError("There is no nginx here: install it (apt-get install nginx-light).")
    settings = SETTINGS.read_text(encoding="utf-8")
    for number in (1, 2):
        name = f"server app-{number}:8501 "
        if name not in settings:
            raise LabError(f"{SETTINGS} names no replica app-{number}: restore that file.")
        here = f"server 127.0.0.1:{replicas[number - 1]} " if number <= len(replicas) else "#"
        settings = settings.replace(name, here)
    settings = settings.replace("listen 80;", f"listen 127.0.0.1:{port};")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    kept = "".join(f"{kind}_temp_path {place};\n" for kind in kinds)
    (place / "nginx.conf").write_text(
        f"daemon off;\nworker_processes 1;\npid {place}/pid;\nerror_log {place}/errors;\n"
        f"events {{}}\nhttp {{\nlog_format told '$upstream_addr $lab_session';\n"
        f"access_log {place}/log told;\n{kept}{settings}}}\n",
        encoding="utf-8",
    )
    process = subprocess.Popen(
        [program, "-p", str(place), "-c", str(place / "nginx.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _await(port: int, process: subprocess.Popen) -> None:
    limit = time.monotonic() + _STARTS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > limit:
                raise LabError(
                    f"nginx doesn't start on port {port}: try again, another may have taken it."
                ) from error
            time.sleep(0.05)


@contextlib.contextmanager
def _replicas(root: str | None, count: int, home: Path) -> Iterator[str]:
    """Address of the proxy before some replicas with one home, each of which is warm."""
    with contextlib.ExitStack() as parts:
        servers = []
        for number in range(count):
            environment = {
                "EMNIST_DIR": str(Path(root).resolve()) if root else "",
                "EMNIST_LAB_HOME": f"file://{home}/store",
                "EMNIST_LAB_CACHE": str(home / f"replica-{number}"),
                "EMNIST_LAB_DATABASE": f"sqlite:///{home}/drawings.db",
                "EMNIST_LAB_MODE": "class",
            }
            servers.append(parts.enter_context(served(environment, port=free_port())))
            asyncio.run(_warm(servers[-1].address))
        place = home / "proxy"
        place.mkdir()
        ports = [int(one.address.rpartition(":")[2]) for one in servers]
        yield parts.enter_context(proxy(place, free_port(), ports))


async def _warm(address: str) -> None:
    async with Visit(address) as visit:
        person = Person(visit)
        for action in TOUR:
            await person.act(action)
            await visit.settle()


async def _crowd(address: str, people: int, actions: int) -> list[Answer]:
    """As `visitors.crowd`, each with a cookie of its own, as the proxy gives browsers."""

    async def one(number: int) -> list[Answer]:
        async with Visit(address, f"lab_session={secrets.token_hex(16)}") as visit:
            person = Person(visit, number)
            answers = [await person.act(action) for action in islice(person.actions, actions)]
            if visit.errors:
                raise LabError(f"A page said under load: {visit.errors[0]}")
            return answers

    every = await asyncio.gather(*map(one, range(people)))
    return [answer for answers in every for answer in answers]


def measure_replicas(
    root: str | None, replicas: int = 2, people: int = 20, actions: int = ACTIONS
) -> dict:
    """Have people act at once, at one replica and at several, both behind the proxy.

    Parameters
    ----------
    root : str or None
        Folder of the dataset; the demo set without it.
    replicas : int
        1 or 2.
    people : int
        Visits at once.
    actions : int
        Of each of them, in each of three rounds.

    Returns
    -------
    dict
        ``cores``, and for "1 replica" and "2 replicas": ``any action`` and ``clicks`` (those that
        open no page), as of `summarize`.

    Raises
    ------
    LabError
        There is no nginx, a server doesn't start, or an action was answered by an error.
    """
    if not 1 <= replicas <= 2:
        raise LabError("One or two replicas can be measured: docs/nginx.conf names two.")
    found: dict[str, list[Answer]] = {}
    for _ in range(_ROUNDS):  # in turns, so that a busy machine slows both alike
        for count in sorted({1, replicas}):
            with (
                tempfile.TemporaryDirectory() as home,
                _replicas(root, count, Path(home)) as address,
            ):
                name = f"{count} replica{'s' if count > 1 else ''}"
                answers = asyncio.run(_crowd(address, people, actions))
                found.setdefault(name, []).extend(answers)
    result: dict = {"cores": len(os.sched_getaffinity(0))}
    for name, answers in found.items():
        short = [one for one in answers if one.action in SHORT]
        result[name] = {
            "any action": summarize(answers, people),
            "clicks": summarize(short, people),
        }
    return result
