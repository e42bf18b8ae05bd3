"""Who asks: the visitor that a request's key stands for."""

import ipaddress
import re
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Scope

from .. import visitor as visitors
from ..rights import Rights
from ..visitor import Visitor
from .problem_details import Problem

_IN_SCOPE = "emnist_lab.caller"
_SECRET = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class Caller:
    """A client of the API.

    Attributes
    ----------
    visitor : Visitor
        What they may do, and see.
    owner : str or None
        Whom their key stands for; None without one. On a server of one's own a visitor needs
        none, but kept drawings still belong to a browser.
    address : str
        Of the network; of IPv6 its first half, which one client has for itself.
    """

    visitor: Visitor
    owner: str | None
    address: str


def identify(rights: Rights, scope: Scope) -> Caller:
    """Who sent a request; the request remembers it.

    Parameters
    ----------
    rights : Rights
        Of this server's visitors.
    scope : dict
        Of ASGI.

    Returns
    -------
    Caller

    Raises
    ------
    Problem
        401: there is a key, and it can't be one.
    """
    owner = None
    if (given := Headers(scope=scope).get("authorization")) is not None:
        kind, _, secret = given.strip().partition(" ")
        if kind.lower() != "bearer" or not _SECRET.fullmatch(secret.strip()):
            raise Problem(
                401,
                "The key isn't one: send 'Authorization: Bearer' and the 32 hexadecimal digits "
                "that your browser keeps as emnist-lab-owner, or no such header.",
                {"WWW-Authenticate": "Bearer"},
            )
        owner = visitors.owner_id(secret.strip())
    caller = Caller(visitors.identify(rights, owner), owner, _address(scope))
    scope[_IN_SCOPE] = caller
    return caller


def caller_of(request: Request) -> Caller:
    """Who sent a request; see `identify`."""
    return request.scope[_IN_SCOPE]


def visitor_of(scope: Scope) -> Visitor | None:
    """The visitor who sent a request; None before they were identified."""
    return scope[_IN_SCOPE].visitor if _IN_SCOPE in scope else None


def _address(scope: Scope) -> str:
    text = (scope.get("client") or ("unknown",))[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if address.version == 4:
        return text
    return str(ipaddress.ip_network((text.partition("%")[0], 64), strict=False))
