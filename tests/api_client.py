"""What tests of the API share: a client of an application that has only the API."""

from starlette.applications import Starlette
from starlette.testclient import TestClient

from emnist_lab.commands.job_queue import JobQueue
from emnist_lab.server import api
from emnist_lab.server.api import schemas
from emnist_lab.server.rights import from_environment

KEYS = ("a" * 32, "b" * 32)


def client_of(
    variables: dict[str, str], queue: JobQueue | None = None, key: str | None = None, **more
) -> TestClient:
    """A client of the API, on a server with these variables.

    Its queue does nothing by itself where none is given.
    """
    jobs = queue or JobQueue()
    routes = api.routes(jobs=lambda: jobs, rights=from_environment(variables), **more)
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return TestClient(Starlette(routes=routes), "http://localhost:8501", headers=headers)


def said(answer) -> dict:
    """The body of a refusal, once it has the form of one."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    schemas.ProblemDetails.model_validate(body)
    assert body["status"] == answer.status_code
    return body
