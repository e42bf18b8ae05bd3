"""A web server on this machine that serves one file well, or in any way that servers fail."""

import contextlib
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """What the server does, and what it was asked for.

    Attributes
    ----------
    content : bytes
    ranges : bool
        Whether it gives parts.
    suffixes : bool
        Whether it knows "the last n bytes".
    status : int
        What it answers instead, unless 200.
    failures : int
        How many answers have that status before it serves; -1 for ever.
    cuts : list of int
        Each answer in turn breaks off after so many bytes; whole when the list is empty.
    damage : list of int
        Each answer of over 1,000 bytes in turn has the byte at that place flipped.
    pause : float
        Seconds before each block of 16 kB.
    silent : float
        Seconds before any answer.
    length : bool
        Whether it says how long the content is.
    """

    content: bytes
    ranges: bool = True
    suffixes: bool = True
    status: int = 200
    failures: int = -1
    cuts: list[int] = field(default_factory=list)
    damage: list[int] = field(default_factory=list)
    pause: float = 0.0
    silent: float = 0.0
    length: bool = True
    requests: list[str] = field(default_factory=list)
    sent: int = 0
    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *words):
        pass

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        told: Served = self.server.told
        wanted = self.headers.get("Range", "")
        told.requests.append(wanted or self.command)
        time.sleep(told.silent)
        if told.status != 200 and told.failures:
            told.failures -= 1
            self.send_error(told.status)
            return
        size, first, last = len(told.content), 0, len(told.content) - 1
        match = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted) if told.ranges else None
        if match and not match[1] and not told.suffixes:
            self.send_error(416)
            return
        if match:
            first = int(match[1]) if match[1] else max(size - int(match[2]), 0)
            last = min(int(match[2]), last) if match[1] and match[2] else last
            if first > last:
                self.send_error(416)
                return
        self.send_response(206 if match else 200)
        if match:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        if told.length:
            self.send_header("Content-Length", str(last - first + 1))
        self.send_header("ETag", f'"{hash(told.content)}"')
        self.end_headers()
        if body:
            self._send(told, told.content[first : last + 1])

    def _send(self, told: Served, content: bytes) -> None:
        if len(content) > 1_000 and told.damage:
            content = bytearray(content)
            content[min(told.damage.pop(0), len(content) - 1)] ^= 0xFF
        if len(content) > 1_000 and told.cuts:
            content = content[: told.cuts.pop(0)]
        with contextlib.suppress(ConnectionError):
            for start in range(0, len(content), 2**14):
                time.sleep(told.pause)
                told.sent += len(content[start : start + 2**14])
                self.wfile.write(content[start : start + 2**14])
        self.close_connection = True


@contextlib.contextmanager
def serving(content: bytes, **how):
    """Serve `content` on a free port; yields what is told to the server, changeable at any time."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.told = Served(content, **how)
    server.told.url = f"http://127.0.0.1:{server.server_port}/gzip.zip"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.told
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
