"""Answers as JSON, and what the OpenAPI document says of them."""

import json
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from ...commands.output import finite
from ...runs.run import Run
from .schemas import ProblemDetails


def as_json(value: dict[str, Any]) -> bytes:
    """Bytes of an answer; NaN becomes null.

    Examples
    --------
    >>> as_json({"auc": float("nan")})
    b'{"auc":null}'
    """
    text = json.dumps(finite(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def answer(content: bytes, status: int = 200, **headers: str) -> Response:
    """An answer that is JSON already: it is written where the work is done, not on the event loop.

    Parameters
    ----------
    content : bytes
        See `as_json`.
    status : int
    **headers

    Returns
    -------
    starlette.responses.Response
    """
    return Response(content, status, headers, "application/json")


def documented(model: Any, *refusals: int, status: int = 200) -> dict[str, Any]:
    """Arguments of a route that put its answers into the OpenAPI document.

    Parameters
    ----------
    model : type
        Of the answer.
    *refusals : int
        Statuses of refusals, beside those of every route.
    status : int
        Of the answer.

    Returns
    -------
    dict
    """
    refused = {"model": ProblemDetails, "description": "Refused; a sentence says why."}
    every = dict.fromkeys((*refusals, 401, 403, 422, 429), refused)
    return {
        "response_model": None,
        "status_code": status,
        "responses": {status: {"model": model}, **every},
    }


def about(run: Run) -> dict[str, Any]:
    """What every answer of a run says: which one, and what it learned from."""
    return {
        "run": run.name,
        "trained_on": run.manifest["data"]["train"]["name"],
        "generated": run.generated,
    }


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """JSON schema of a model, whole, for what a route reads by itself."""
    return model.model_json_schema()
