"""A file on a web server: asks for it, copies byte ranges of it, goes on after a cut.

No call blocks for ever: a server that doesn't answer is given up within
`PATIENCE` seconds, name resolution included, which sockets' timeouts leave out.
"""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from ...errors import DatasetError, first_line

PATIENCE = 8.0  # seconds until a server that doesn't answer is given up
_TRIES = 3  # attempts in a row that bring nothing, until a transfer is given up
_PAUSE = 0.5  # seconds before the second attempt; doubles each time
_BLOCK = 2**16
_AGAIN = (408, 425, 429, 500, 502, 503, 504)  # statuses that may pass

_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, TimeoutError)

BytesCallback = Callable[[int], None]


class Unreachable(DatasetError):
    """This server doesn't give what is wanted; another may."""


def _session() -> requests.Session:
    session = requests.Session()
    # Ranges count bytes as they are stored: nothing may be packed on the way.
    session.headers.update({"Accept-Encoding": "identity", "User-Agent": "emnist-lab"})
    return session


def host(url: str) -> str:
    """Server's name, for sentences: ``"biometrics.nist.gov"``."""
    return urlsplit(url).netloc.rpartition("@")[2] or url


def with_deadline(seconds: float, work: Callable[[], Any]) -> Any:
    """What `work` returns or raises, or TimeoutError; its thread may go on, its result is dropped.

    Parameters
    ----------
    seconds : float
    work : callable

    Returns
    -------
    object

    Raises
    ------
    TimeoutError
        It took longer.
    """
    answer: queue.Queue = queue.Queue()

    def run():
        try:
            answer.put((work(), None))
        except BaseException as error:  # noqa: BLE001  raised again, in the thread that waits
            answer.put((None, error))

    threading.Thread(target=run, name="ask", daemon=True).start()
    try:
        value, error = answer.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError("no answer") from None
    if error is not None:
        raise error
    return value


@dataclass(eq=False)
class Remote:
    """A file that a server has offered.

    Attributes
    ----------
    url : str
    total : int or None
        Bytes; None where the server doesn't say.
    ranges : bool
        Whether it gives parts of the file.
    stamp : str
        What changes when the file does, as far as the server tells.
    """

    url: str
    total: int | None
    ranges: bool
    stamp: str
    session: requests.Session = field(default_factory=_session, repr=False)

    def close(self) -> None:
        """Let go of its connections."""
        self.session.close()

    def copy(
        self,
        path: Path,
        start: int,
        size: int,
        progress: BytesCallback,
        on_retry: Callable[[str], None] = lambda reason: None,
    ) -> None:
        """Bring `path` to `size` bytes, which begin at `start` of the file; goes on where it ends.

        Parameters
        ----------
        path : pathlib.Path
            May hold the first bytes already.
        start, size : int
        progress : callable
            Gets the bytes that `path` holds; what it raises ends the transfer.
        on_retry : callable
            Gets a few words when the connection broke off and is tried again.

        Raises
        ------
        Unreachable
            The connection breaks off again and again, or the server refuses.
        OSError
            `path` can't be written.
        """
        fruitless, before, reason = 0, -1, ""
        path.touch()
        while True:
            have = path.stat().st_size
            if have > size:
                path.write_bytes(b"")
                continue
            progress(have)
            if have == size:
                return
            fruitless = 0 if have > before else fruitless + 1
            before = max(before, have)
            if fruitless:
                if fruitless >= _TRIES:
                    raise Unreachable(
                        f"The connection to {host(self.url)} breaks off again and again after "
                        f"{have:,} of {size:,} bytes ({reason}): try again later, it goes on "
                        "where it stopped."
                    )
                _sleep(_PAUSE * 2 ** (fruitless - 1), lambda have=have: progress(have))
            try:
                self._some(path, have, start, size, progress)
                reason = "it ends early"
            except _FAILURES as error:
                reason = describe(error)
                on_retry(reason)

    def _some(self, path: Path, have: int, start: int, size: int, progress: BytesCallback) -> None:
        """Append what one connection brings."""
        first, headers = start + have, {}
        if self.ranges or have:
            headers["Range"] = f"bytes={first}-{start + size - 1}"
        with with_deadline(PATIENCE, lambda: self._get(headers)) as answer:
            if answer.status_code == 206:
                if not answer.headers.get("Content-Range", "").startswith(f"bytes {first}-"):
                    raise Unreachable(
                        f"{host(self.url)} sends another part of the archive than was asked for: "
                        "try another mirror."
                    )
                skip = 0
            elif answer.status_code == 200:
                skip = first  # it always sends the whole: bytes that are here already are skipped
            elif answer.status_code in _AGAIN:
                raise requests.HTTPError(f"status {answer.status_code}")
            else:
                raise refused(self.url, answer.status_code)
            with open(path, "ab") as file:
                while have < size:
                    block = answer.raw.read1(_BLOCK)
                    if not block:
                        return
                    if skip:
                        block, skip = block[skip:], max(skip - len(block), 0)
                    block = block[: size - have]
                    file.write(block)
                    have += len(block)
                    progress(have)

    def _get(self, headers: dict[str, str]) -> requests.Response:
        return self.session.get(
            self.url, headers=headers, stream=True, timeout=(PATIENCE / 2, PATIENCE)
        )


def _sleep(seconds: float, look: Callable[[], None]) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        look()
        time.sleep(0.1)


def describe(error: BaseException) -> str:
    """What went wrong on the network, in a few words."""
    text = f"{type(error).__name__} {error}".lower()
    for sign, words in (
        ("nameresolution", "its name can't be resolved"),
        ("timeout", "no answer in time"),
        ("timed out", "no answer in time"),
        ("refused", "the connection is refused"),
        ("unreachable", "the network can't be reached"),
        ("certificate", "its certificate isn't trusted"),
        ("proxy", "the proxy doesn't let it through"),
        ("incompleteread", "it breaks off"),
        ("reset", "it breaks off"),
        ("aborted", "it breaks off"),
        ("broken", "it breaks off"),
    ):
        if sign in text:
            return words
    return first_line(error)[:80]


def refused(url: str, status: int) -> Unreachable:
    """The error for an answer that isn't the file."""
    meaning = {403: "forbidden", 404: "there is no such file", 401: "it asks for a login"}
    words = meaning.get(status, "its own failure" if status >= 500 else "it refuses")
    return Unreachable(
        f"{host(url)} answers {status} ({words}): check the address, or try another mirror or "
        "later."
    )


def _ask(url: str) -> Remote:
    session = _session()
    with session.get(
        url, headers={"Range": "bytes=0-3"}, stream=True, timeout=(PATIENCE / 2, PATIENCE)
    ) as answer:
        if answer.status_code not in (200, 206):
            raise refused(url, answer.status_code)
        if answer.raw.read(4)[:2] != b"PK":
            raise Unreachable(
                f"What {host(url)} sends isn't a zip archive: check the address, or try another "
                "mirror."
            )
        ranges = answer.status_code == 206
        if ranges:
            total = answer.headers.get("Content-Range", "").rpartition("/")[2]
        else:
            total = answer.headers.get("Content-Length", "")
        stamp = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
        return Remote(url, int(total) if total.isdecimal() else None, ranges, stamp, session)


def ask(urls: list[str]) -> Remote:
    """Ask all servers at once; the first in order that answers well counts.

    Parameters
    ----------
    urls : list of str
        http or https.

    Returns
    -------
    Remote

    Raises
    ------
    Unreachable
        None of them answers well within `PATIENCE` seconds.
    """
    for url in urls:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
            raise DatasetError(
                f"{url[:80]!r} isn't the address of an archive: it must begin with http:// or "
                "https://."
            )
    answers: queue.Queue = queue.Queue()

    def one(url: str) -> None:
        try:
            answers.put((url, _ask(url)))
        except DatasetError as error:
            answers.put((url, error))
        except Exception as error:  # noqa: BLE001  put in the queue, for the thread that waits
            answers.put((url, _unreachable(url, describe(error))))

    for url in urls:
        threading.Thread(target=one, args=(url,), name="ask", daemon=True).start()
    answered: dict[str, Remote | Unreachable] = {}
    end = time.monotonic() + PATIENCE
    while len(answered) < len(urls) and (left := end - time.monotonic()) > 0:
        try:
            url, answer = answers.get(timeout=left)
        except queue.Empty:
            break
        answered[url] = answer
        if url == urls[0] and isinstance(answer, Remote):
            break  # the first choice needs no comparison
    for url in urls:
        if isinstance(answered.get(url), Remote):
            return answered[url]
    raise answered.get(urls[0]) or _unreachable(urls[0], "no answer in time")


def _unreachable(url: str, reason: str) -> Unreachable:
    return Unreachable(
        f"{host(url)} can't be reached ({reason}): check the network and try again, or bring a "
        "copy of the dataset from elsewhere."
    )
