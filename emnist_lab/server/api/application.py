"""The application: its routes, its documents, and how refusals are answered."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ...commands.job_queue import JobQueue
from ...errors import LabError
from ...version import __version__
from .. import rights as server_rights
from ..rights import Rights
from . import (
    health_routes,
    job_routes,
    prediction_routes,
    problem_details,
    run_routes,
    sample_routes,
    settings,
)
from .callers import visitor_of
from .guard import Guard
from .services import Services

_ABOUT = """\
Read characters, list runs, get labelled images, train. Answers are those of the app, the library
and the command line. Refusals are problem details (RFC 9457) whose `detail` is one sentence.

A caller without a key sees what is for everybody. Who sends the number that their browser keeps as
`emnist-lab-owner` acts as that browser.
"""
_KEY = HTTPBearer(
    auto_error=False, description="32 hexadecimal digits; see localStorage, emnist-lab-owner."
)


def routes(
    jobs: Callable[[], JobQueue],
    shared_drawings: Callable[[], bool] | None = None,
    rights: Rights | None = None,
    base: str = "",
) -> list[BaseRoute]:
    """Routes of the API, for a server's application.

    Parameters
    ----------
    jobs : callable
        Gives the training queue; called when somebody asks for jobs.
    shared_drawings : callable, optional
        Tells whether everybody may use all kept drawings; nobody may by default.
    rights : Rights, optional
        Of this server's visitors; those of its variables by default.
    base : str
        Path that all addresses of the server begin with, as "lab"; none by default.

    Returns
    -------
    list of starlette.routing.BaseRoute
        ``/api`` and ``/metrics``, below the base.

    Raises
    ------
    LabError
        A variable holds something else than it can.

    Examples
    --------
    >>> [route.path for route in routes(jobs=lambda: None)]
    ['/api', '/metrics']
    >>> [route.path for route in routes(jobs=lambda: None, base="lab")]
    ['/lab/api', '/lab/metrics']
    """
    rights = server_rights.from_environment() if rights is None else rights
    set_up = settings.from_environment(rights.mode)
    more = {} if shared_drawings is None else {"shared_drawings": shared_drawings}
    services = cache(lambda: Services(jobs, **more))

    def api() -> Guard:
        return Guard(_application(services()), rights, set_up, services().metrics)

    def metrics() -> Guard:
        own = services().metrics
        return Guard(own.app, rights, set_up, own, limited=False)

    below = f"/{base.strip('/')}".rstrip("/")
    return [
        Mount(f"{below}/api", _Deferred(api), name="api"),
        Route(f"{below}/metrics", _Deferred(metrics)),
    ]


class _Deferred:
    """An application that is made when the first request comes.

    An app's script may ask for its routes each time that it runs, and only the first ones serve.
    """

    def __init__(self, make: Callable[[], ASGIApp]):
        self._make = cache(make)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._make()(scope, receive, send)


def _application(services: Services) -> FastAPI:
    app = FastAPIOffline(
        docs_url="/v1/docs",
        redoc_url=None,
        static_url="/v1/docs/files",
        swagger_ui_oauth2_redirect_url="/v1/docs/oauth2-redirect",
        openapi_url="/v1/openapi.json",
        swagger_ui_parameters={"validatorUrl": None},  # else it sends the document to another site
        title="EMNIST Lab",
        version=__version__,
        description=_ABOUT,
    )
    app.state.services = services
    app.openapi = partial(_document, app, app.openapi)
    for one in (prediction_routes, run_routes, sample_routes, job_routes, health_routes):
        app.include_router(one.router, prefix="/v1", dependencies=[Depends(_KEY)])
    app.add_exception_handler(LabError, _refuse)
    app.add_exception_handler(HTTPException, _refuse_http)
    app.add_exception_handler(RequestValidationError, _refuse_invalid)
    app.add_exception_handler(Exception, _refuse_defect)
    return app


def _document(app: FastAPI, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The OpenAPI document, in which refusals have the type that they are sent with."""
    if app.openapi_schema is None:
        for path in make()["paths"].values():
            for status, one in (
                pair for each in path.values() for pair in each["responses"].items()
            ):
                if int(status) >= 400:
                    one["content"] = {
                        problem_details.MEDIA_TYPE: one["content"]["application/json"]
                    }
    return app.openapi_schema


async def _refuse(request: Request, error: LabError) -> Response:
    sentence = problem_details.sentence_for(visitor_of(request.scope), str(error))
    return problem_details.response(problem_details.status_of(error), sentence)


async def _refuse_http(request: Request, error: HTTPException) -> Response:
    known = {
        404: "There is nothing at this address: see /api/v1/docs for those there are.",
        405: "This address doesn't take this method: see /api/v1/docs.",
    }
    sentence = error.detail
    if not isinstance(error, problem_details.Problem):
        sentence = known.get(error.status_code, f"The request can't be read ({sentence}).")
    sentence = problem_details.sentence_for(visitor_of(request.scope), sentence)
    return problem_details.response(error.status_code, sentence, error.headers)


async def _refuse_invalid(request: Request, error: RequestValidationError) -> Response:
    one = error.errors()[0]
    kind, *place = map(str, one["loc"])
    what = "".join(one for one in ".".join(place) or kind if one.isprintable())
    where = "query" if kind == "query" else "body"
    sentence = f"{what[:80]} in the {where} can't be used ({one['msg']}): correct it."
    return problem_details.response(
        422, problem_details.sentence_for(visitor_of(request.scope), sentence)
    )


async def _refuse_defect(request: Request, error: Exception) -> Response:
    return problem_details.defect(request.scope, error)
