"""The app in a real Chromium: serves it, opens pages, draws with the mouse; for tests and bench."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..errors import LabError
from ..files import PROJECT

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# What a person waits for on each page.
USEFUL = {
    "": ".el-readings .row",  # of the example, beside the board
    "data": ".tile",
    "samples": ".tile",
    "train": ".recipes",
    "evaluate": "canvas[role=application]",
    "compare": "[data-testid=stDataFrame]",
    "draw": "canvas.upper-canvas",
}
# Every page and mode: name -> address, and what is there once it can be used.
PLACES = {
    "home": ("", USEFUL[""]),
    "data": ("data", USEFUL["data"]),
    "samples": ("samples", USEFUL["samples"]),
    "samples-image": ("samples?image=3", ".el-grid td"),
    "train": ("train?recipe=hog-logistic", USEFUL["train"]),
    "train-sweep": (
        "train?recipe=pixels-neighbours&task=Sweep", "[class*=st-key-train-sweep-search]",
    ),
    "evaluate": ("evaluate?run=hog-qda", USEFUL["evaluate"]),
    "evaluate-cell": ("evaluate?run=hog-qda&true=q&read=9", USEFUL["evaluate"]),
    "evaluate-pairs": ("evaluate?run=hog-qda&look=Pairs", "[role=tabpanel] p >> visible=true"),
    "evaluate-roc": ("evaluate?run=hog-qda&look=ROC+AUC", "[data-testid=stVegaLiteChart]"),
    "evaluate-calibration": (
        "evaluate?run=hog-qda&look=Calibration", "[data-testid=stVegaLiteChart]",
    ),
    "evaluate-labels": ("evaluate?run=hog-qda&look=Label+issues", "[role=tabpanel] button"),
    "evaluate-embedding": (
        "evaluate?run=hog-qda&look=Embedding", "[role=tabpanel] p >> visible=true",
    ),
    "evaluate-classes": ("evaluate?run=hog-qda&look=Classes", "[data-testid=stDataFrame]"),
    "compare": ("compare?first=warped-blend&second=hog-qda", USEFUL["compare"]),
    "draw": ("draw?array=true&why=true", USEFUL["draw"]),
    "draw-practice": ("draw?mode=Practice", "[data-testid=stMain] button:visible"),
    "draw-word": ("draw?mode=Word", USEFUL["draw"]),
    "draw-picture": ("draw?mode=Picture", "[data-testid=stFileUploader]"),
    "handwriting": ("handwriting", "[data-testid=stMain] h1"),
}  # fmt: skip
BARS = ".el-bars"
_START = 240.0  # seconds that the server may take to answer, on a busy machine


def chromium() -> str | None:
    """Path of a Chromium or Chrome on this machine, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    return None


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served(NamedTuple):
    """A server that was started here.

    Attributes
    ----------
    address : str
        ``"http://127.0.0.1:PORT"``.
    pid : int
        Of its process.
    """

    address: str
    pid: int


@contextlib.contextmanager
def server(
    environment: dict[str, str] | None = None,
    script: Path = PROJECT / "app.py",
    port: int | None = None,
) -> Iterator[str]:
    """Serve the app on a port of this machine, and stop it at the end.

    Parameters
    ----------
    environment : dict of str to str, optional
        Variables for the server, beside those of this process.
    script : pathlib.Path
        What is served.
    port : int, optional
        A free one by default.

    Yields
    ------
    str
        Its address.

    Raises
    ------
    LabError
        It doesn't answer within a minute.
    """
    with served(environment, script, port) as started:
        yield started.address


@contextlib.contextmanager
def served(
    environment: dict[str, str] | None = None,
    script: Path = PROJECT / "app.py",
    port: int | None = None,
    project: Path = PROJECT,
) -> Iterator[Served]:
    """Serve an app as `server` does, and say by which process.

    Parameters
    ----------
    environment, script, port
        As for `server`.
    project : pathlib.Path
        The checkout whose library is served.

    Yields
    ------
    Served

    Raises
    ------
    LabError
        It doesn't answer within a minute.
    """
    port = port or free_port()
    command = [
        sys.executable, "-m", "streamlit", "run", str(script),
        f"--server.port={port}", "--server.address=127.0.0.1", "--server.fileWatcherType=none",
    ]  # fmt: skip
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command, cwd=project, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={**os.environ, "PYTHONPATH": str(project), **(environment or {})},
        )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            limit = time.monotonic() + _START
            while not _healthy(address):
                if time.monotonic() > limit or process.poll() is not None:
                    log.seek(0)
                    raise LabError(f"The app doesn't start: {log.read()[-400:]}")
                time.sleep(0.2)
            yield Served(address, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@contextlib.contextmanager
def launched(*arguments: str) -> Iterator:
    """A headless Chromium, driven by Playwright.

    Parameters
    ----------
    *arguments : str
        Of Chromium's command line, beside `ARGUMENTS`.

    Yields
    ------
    playwright.sync_api.Browser

    Raises
    ------
    LabError
        Playwright or Chromium is missing.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise LabError(
            "Playwright is missing: pip install -r requirements-dev.txt, then try again."
        ) from error
    path = chromium()
    if path is None:
        raise LabError("There is no Chromium: apt-get install chromium, then try again.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *arguments])
        try:
            yield browser
        finally:
            browser.close()


def draw(page, strokes: list[list[tuple[float, float]]]) -> None:
    """Draw on the Draw page's canvas with the mouse.

    Parameters
    ----------
    page : playwright.sync_api.Page
        Shows the Draw page.
    strokes : list of lists of (x, y)
        In pixels of the canvas.
    """
    canvas = page.locator(f"{USEFUL['draw']}[aria-label]")  # has it once it stands in its place
    canvas.hover()
    box = canvas.bounding_box()
    for stroke in strokes:
        (x, y), *rest = stroke
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.down()
        for x, y in rest:
            page.mouse.move(box["x"] + x, box["y"] + y, steps=6)
        page.mouse.up()


def settled(page) -> None:
    """Wait until the page's script has ended: until then what it shows no more is still there.

    Parameters
    ----------
    page : playwright.sync_api.Page
    """
    page.wait_for_function(
        "!document.querySelector('[data-test-script-state=running]')", polling=50
    )


def wait_for_intervals(page) -> None:
    """Wait until Evaluate shows the intervals of its metrics: until then it reruns by itself.

    Parameters
    ----------
    page : playwright.sync_api.Page
        Shows the Evaluate page.
    """
    page.get_by_text(re.compile(r"^95% CI [\d.]+ – [\d.]+%$")).first.wait_for(timeout=60_000)
