"""How many requests a second the JSON API answers: a server in a process of its own, clients here.

It isn't imported: a process serves it, as a user's would. What a request costs is told in
processor time too, which other work on the machine doesn't change much.
"""

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

import numpy as np

from ..data import loading
from ..data.dataset_address import DEMO
from ..errors import LabError
from ..files import PROJECT

CLIENTS, SECONDS = 16, 15.0
_APPLICATION = "emnist_lab.server.api.standalone:application"
_START, _ANSWER = 120.0, 60.0  # seconds: limits for a busy machine
_CPU = re.compile(r"^process_cpu_seconds_total (\S+)", re.MULTILINE)
_IMAGES = re.compile(r"^emnist_lab_batch_images_(sum|count) (\S+)", re.MULTILINE)


@contextlib.contextmanager
def served(environment: dict[str, str] | None = None) -> Iterator[str]:
    """Serve the API on a free port of this machine, and stop it at the end.

    Parameters
    ----------
    environment : dict of str to str, optional
        Variables for the server, beside those of this process.

    Yields
    ------
    str
        Its address.

    Raises
    ------
    LabError
        It ends at once, or doesn't answer within two minutes.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "uvicorn", "--factory", _APPLICATION,
        "--port", str(port), "--no-access-log",
    ]  # fmt: skip
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={**os.environ, "PYTHONPATH": str(PROJECT), **(environment or {})},
        )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            limit = time.monotonic() + _START
            while not _healthy(address):
                if time.monotonic() > limit or process.poll() is not None:
                    log.seek(0)
                    raise LabError(f"The API doesn't start: {log.read()[-400:].strip()}")
                time.sleep(0.1)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/api/v1/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def measure_load(
    address: str, run: str, clients: int = CLIENTS, seconds: float = SECONDS
) -> dict[str, float]:
    """Have clients send one image after the other, each as soon as the last one is read.

    Parameters
    ----------
    address : str
        Of a server; see `served`.
    run : str
        Name of the run that reads.
    clients : int
        That ask at the same time, a connection each.
    seconds : float

    Returns
    -------
    dict
        ``requests``, how many were answered; ``failed``; ``per_s``; ``median_ms`` and ``p95_ms``
        from a request to its answer; ``cpu_ms``, the server's processor time for one, NaN where it
        doesn't say; ``batch``, images that were read together on average.
    """
    images = loading.load("balanced", "test", DEMO).images[: 16 * clients]
    bodies = [json.dumps({"image": image.tolist()}) for image in images]
    place, path = urlsplit(address).netloc, f"/api/v1/predict?run={run}"
    with contextlib.closing(http.client.HTTPConnection(place, timeout=_ANSWER)) as first:
        _ask(first, path, bodies[0])  # the run is opened
    times: list[list[float]] = [[] for _ in range(clients)]
    failed = [0] * clients
    started = threading.Barrier(clients + 1)

    def client(at: int) -> None:
        connection = http.client.HTTPConnection(place, timeout=_ANSWER)
        started.wait()
        end, number = time.perf_counter() + seconds, at
        while (begun := time.perf_counter()) < end:
            if _ask(connection, path, bodies[number % len(bodies)]):
                times[at].append(time.perf_counter() - begun)
            else:
                failed[at] += 1
            number += clients
        connection.close()

    threads = [threading.Thread(target=client, args=(at,)) for at in range(clients)]
    for thread in threads:
        thread.start()
    before = _told(address)
    started.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    took, after = time.perf_counter() - begun, _told(address)
    every = np.concatenate([*times, [] if any(times) else [np.nan]])
    answered = sum(map(len, times))
    batches = after["count"] - before["count"]
    return {
        "requests": answered,
        "failed": sum(failed),
        "per_s": answered / took,
        "median_ms": float(np.median(every)) * 1e3,
        "p95_ms": float(np.percentile(every, 95)) * 1e3,
        "cpu_ms": (after["cpu"] - before["cpu"]) * 1e3 / max(answered, 1),
        "batch": (after["sum"] - before["sum"]) / max(batches, 1),
    }


def _ask(connection: http.client.HTTPConnection, path: str, body: str) -> bool:
    """Whether an image was read."""
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return bool(answer.read()) and answer.status == 200
    except (http.client.HTTPException, OSError):
        connection.close()  # the next request opens it again
        return False


def _told(address: str) -> dict[str, float]:
    """What the server says of itself: processor time in seconds, readings and their images."""
    with urllib.request.urlopen(f"{address}/metrics", timeout=_ANSWER) as answer:
        text = answer.read().decode()
    cpu = _CPU.search(text)
    return {"cpu": float(cpu[1]) if cpu else float("nan")} | {
        name: float(value) for name, value in _IMAGES.findall(text)
    }


def measure_api(runs: list[str], seconds: float = SECONDS) -> dict[str, dict[str, float]]:
    """What 16 clients get at once, and what one gets alone, of each run.

    Parameters
    ----------
    runs : list of str
    seconds : float
        For each of both.

    Returns
    -------
    dict
        Run -> figures of `measure_load`, and ``alone_ms``, the median of a single client.
    """
    rows = {}
    with served() as address:
        for run in runs:
            alone = measure_load(address, run, 1, seconds / 3)
            rows[run] = measure_load(address, run, CLIENTS, seconds)
            rows[run]["alone_ms"] = alone["median_ms"]
    return rows
