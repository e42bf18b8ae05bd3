"""What every request passes: who asks, from where, how often, how much; and what went wrong."""

import ipaddress
import math
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...handwriting.page_images.photo import LARGEST_FILE
from ..rights import Mode, Rights
from . import callers, problem_details
from .callers import Caller
from .metrics import Metrics
from .problem_details import Problem
from .settings import HOSTS, Settings
from .token_bucket import TokenBuckets

LARGEST_JSON = 2 * 2**20  # bytes: 256 images, or as many points as a drawing may have
_MULTIPART = 2**16  # bytes that a form has around its file
_MOST_KEYS = 10  # clients that may share an address at full rate, and so keys that one may make up
_HEALTH = "/v1/health"  # what is watched without an account
_SAFE = ("GET", "HEAD", "OPTIONS")
_PORTS = {"http": ":80", "https": ":443"}


class Guard:
    """An application behind everything that is asked of each request.

    Parameters
    ----------
    app : ASGI application
    rights : Rights
        Of this server's visitors.
    settings : Settings
    metrics : Metrics
    limited : bool
        Whether the rate counts, and whether one has signed in.
    """

    def __init__(
        self,
        app: ASGIApp,
        rights: Rights,
        settings: Settings,
        metrics: Metrics,
        limited: bool = True,
    ):
        self._app, self._rights, self._settings, self._metrics = app, rights, settings, metrics
        self._limited = limited
        rate = settings.rate if limited else None
        self._buckets = TokenBuckets(rate) if rate else None
        self._addresses = TokenBuckets(rate * _MOST_KEYS) if rate else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        if scope["type"] != "http":
            return
        began, status = time.perf_counter(), 0

        async def telling(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._answer(scope, receive, telling)
        except Exception as error:
            if problem_details.is_told(scope):
                return  # Starlette raises once more what it has had answered
            if status:  # a part of an answer is sent: the connection breaks off
                raise
            await problem_details.defect(scope, error)(scope, receive, telling)
        finally:
            route = getattr(scope.get("route"), "path", "other").removeprefix("/v1")
            took = time.perf_counter() - began
            self._metrics.request(route, _method(scope["method"]), status, took)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        try:
            if self._rights.mode is Mode.OWN:
                check_host(headers.get("host", ""), self._settings.hosts)
                check_origin(scope["method"], headers)
            caller = callers.identify(self._rights, scope)
            self._check_rate(caller)
            self._check_sign_in(caller, scope)
            limited = _Limited(receive, self._largest(headers), headers)
        except Problem as error:
            answer = problem_details.response(error.status_code, error.detail, error.headers)
            await answer(scope, receive, send)
            return
        await self._app(scope, limited, send)

    def _check_rate(self, caller: Caller) -> None:
        if self._buckets is None:
            return
        wait = 0.0
        if caller.owner is not None:
            wait = self._addresses.take(caller.address)
        wait = wait or self._buckets.take(caller.owner or caller.address)
        if wait:
            seconds = math.ceil(wait)
            raise Problem(
                429,
                f"A client may ask {self._settings.rate:g} times a second here: try again in "
                f"{seconds} s.",
                {"Retry-After": str(seconds)},
            )

    def _check_sign_in(self, caller: Caller, scope: Scope) -> None:
        """Refuse who hasn't signed in, which a key doesn't: anyone can make one up."""
        health = scope["path"] == scope.get("root_path", "") + _HEALTH
        open_to_all = health or not self._limited
        if not self._settings.sign_in or open_to_all:
            return
        if caller.owner is None or not caller.visitor.operator:
            raise Problem(
                401,
                "This server is for people who sign in, and its API knows no accounts: use its "
                "pages.",
                {"WWW-Authenticate": "Bearer"},
            )

    def _largest(self, headers: Headers) -> int:
        if "json" in headers.get("content-type", "").lower():
            return LARGEST_JSON
        return min(self._rights.upload_mb * 2**20, LARGEST_FILE) + _MULTIPART


def _method(method: str) -> str:
    return method if method in (*_SAFE, "POST", "DELETE", "PUT", "PATCH") else "other"


def check_host(host: str, known: tuple[str, ...] = ()) -> None:
    """Refuse a name that somebody else may have given this machine (DNS rebinding).

    A page of the web can have its own name point to this machine, and then counts as the same
    site. It can't do so with an address, with localhost, or with a name without a dot.

    Parameters
    ----------
    host : str
        What the request says, with or without a port.
    known : tuple of str
        Further names that are right.

    Raises
    ------
    Problem
        403

    Examples
    --------
    >>> for host in ("localhost:8501", "127.0.0.1", "[::1]:8501", "192.168.1.7:8501", "my-box"):
    ...     check_host(host)
    >>> check_host("evil.example:8501")
    Traceback (most recent call last):
    ...
    emnist_lab.server.api.problem_details.Problem: 403: This server is one person's own ...
    """
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        name = ""
    if name and (name in known or "." not in name.removesuffix(".localhost") or _is_address(name)):
        return
    raise Problem(
        403,
        f"This server is one person's own and isn't called {host[:80]!r}: ask for localhost or its "
        f"address, or name it in ${HOSTS}.",
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def check_origin(method: str, headers: Headers) -> None:
    """Refuse what a page of another site has a browser send.

    Parameters
    ----------
    method : str
    headers : starlette.datastructures.Headers

    Raises
    ------
    Problem
        403

    Examples
    --------
    >>> own = Headers({"host": "localhost:8501", "origin": "http://localhost:8501"})
    >>> check_origin("POST", own)
    >>> check_origin("POST", Headers({"host": "localhost:8501", "origin": "https://evil.example"}))
    Traceback (most recent call last):
    ...
    emnist_lab.server.api.problem_details.Problem: 403: A page of another site can't ...
    """
    origin = headers.get("origin")
    if origin is None or method in _SAFE:
        return
    scheme, _, place = origin.lower().partition("://")
    usual = _PORTS.get(scheme, "")
    host = headers.get("host", "").lower()
    if not place or place.removesuffix(usual) != host.removesuffix(usual):
        raise Problem(
            403,
            "A page of another site can't ask for this: use the app's own pages, or a program "
            "that sends no Origin.",
        )


class _Limited:
    """The body of a request, up to a limit; what its header says of its size is only a hint."""

    def __init__(self, receive: Receive, most: int, headers: Headers):
        self._receive, self._most, self._had = receive, most, 0
        said = headers.get("content-length", "")
        if said.isascii() and said.isdecimal() and (len(said) > 15 or int(said) > most):
            raise self._too_large()

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._had += len(message.get("body", b""))
            if self._had > self._most:
                raise self._too_large()
        return message

    def _too_large(self) -> Problem:
        return Problem(
            413,
            f"The request has more than the {self._most / 2**20:,.0f} MiB that are taken here: "
            "send a smaller picture, or fewer images at a time.",
        )
