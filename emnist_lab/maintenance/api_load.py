"""How many requests a second the JSON API answers beside the pages: clients here, a real server.

What a request costs is told in processor time too, which other work on the machine doesn't change
much.
"""

import asyncio
import contextlib
import http.client
import json
import re
import threading
import time
import urllib.request
from urllib.parse import urlsplit

import numpy as np

from ..data import loading
from ..data.dataset_address import DEMO
from ..errors import LabError
from . import browser
from .visit import Visit
from .visitors import Person

CLIENTS, SECONDS = 16, 15.0
_STROKES, _PAUSE = 5, 0.5  # of a drawing; seconds between two
_ANSWER = 60.0  # seconds: a limit for a busy machine
_CPU = re.compile(r"^process_cpu_seconds_total (\S+)", re.MULTILINE)
_IMAGES = re.compile(r"^emnist_lab_batch_images_(sum|count) (\S+)", re.MULTILINE)


def measure_load(
    address: str, run: str, clients: int = CLIENTS, seconds: float = SECONDS
) -> dict[str, float]:
    """Have clients send one image after the other, each as soon as the last one is read.

    Parameters
    ----------
    address : str
        Of a server; see `emnist_lab.maintenance.browser.server`.
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
    """What 16 clients get at once, what one gets alone, and what a page beside them, of each run.

    Parameters
    ----------
    runs : list of str
    seconds : float
        For each.

    Returns
    -------
    dict
        Run -> figures of `measure_load`; ``alone_ms``, the median of a single client;
        ``stroke_ms`` and ``stroke_p95_ms``, of a stroke on Draw while 16 clients ask again.
    """
    rows = {}
    with browser.server() as address:
        for run in runs:
            alone = measure_load(address, run, 1, seconds / 3)
            rows[run] = measure_load(address, run, CLIENTS, seconds)
            rows[run]["alone_ms"] = alone["median_ms"]
            waits = measure_strokes(address, run, CLIENTS, seconds)
            rows[run]["stroke_ms"] = float(np.median(waits)) * 1e3
            rows[run]["stroke_p95_ms"] = float(np.percentile(waits, 95)) * 1e3
    return rows


def measure_strokes(
    address: str, run: str, clients: int = CLIENTS, seconds: float = SECONDS
) -> list[float]:
    """What a stroke on Draw takes while clients ask the API.

    Parameters
    ----------
    address, run, clients, seconds
        As for `measure_load`.

    Returns
    -------
    list of float
        Seconds of each stroke.

    Raises
    ------
    LabError
        The page wasn't answered, or reported an error.
    """

    async def draw() -> list[float]:
        async with Visit(address) as visit:
            person, waits = Person(visit), []
            await person.act("Draw")
            await person.act("a stroke")  # the runs are opened
            load = asyncio.create_task(
                asyncio.to_thread(measure_load, address, run, clients, seconds)
            )
            while not load.done():
                if len(waits) % _STROKES == 0:
                    await person.act("Draw")  # a new drawing
                waits.append((await person.act("a stroke")).seconds)
                await asyncio.sleep(_PAUSE)
            await load
            if visit.errors:
                raise LabError(f"A page said under load: {visit.errors[0]}")
            return waits

    return asyncio.run(draw())
