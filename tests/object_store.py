"""Object stores of the tests' own: moto's S3 server, and ones that refuse, on loopback."""

import contextlib
import importlib.util
import logging
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BUCKET = "bucket"
EXTRAS = "needs s3fs and moto: make test-extras"


def can_be_made() -> bool:
    """Whether the packages of an S3 and of its client are there."""
    return all(importlib.util.find_spec(one) for one in ("s3fs", "moto"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def variables(port: int) -> dict[str, str]:
    """Environment variables by which S3 is found there."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@contextlib.contextmanager
def moto() -> Iterator[int]:
    """Port of an S3 that has an empty bucket.

    moto looks whether an object is there, and writes then: two requests at once could both find
    that it isn't. Amazon's doesn't do that, so here one request is answered after the other.
    """
    import requests
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    application, turn = DomainDispatcherApplication(create_backend_app), threading.Lock()

    def in_turn(environ, start_response):
        with turn:
            return list(application(environ, start_response))

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, in_turn, True, request_handler=MotoRequestHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        made = requests.put(f"http://127.0.0.1:{server.server_port}/{BUCKET}", timeout=60)
        made.raise_for_status()
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)


class _Refuses(BaseHTTPRequestHandler):
    """Lists nothing, and takes nothing."""

    protocol_version = "HTTP/1.1"  # before that, nobody says that the body may come
    code, status = "AccessDenied", 403

    def do_GET(self) -> None:
        self._answer(200, "<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>")

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(self.status, f"<Error><Code>{self.code}</Code><Message>no</Message></Error>")

    def _answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *words) -> None:
        pass


@contextlib.contextmanager
def refusing(code: str, status: int) -> Iterator[int]:
    """Port of an S3 that answers every write with this error."""
    handler = type("Refuses", (_Refuses,), {"code": code, "status": status})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def silent() -> Iterator[int]:
    """Port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
