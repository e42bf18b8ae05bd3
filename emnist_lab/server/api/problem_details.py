"""Refusals as problem details (RFC 9457): a status, and the library's own sentence."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from ...errors import AccessError, InkError, LabError, RunError, TrainingError
from ...runs.manifest import Damaged
from .. import error_sentences
from ..visitor import Visitor

MEDIA_TYPE = "application/problem+json"
# The first that fits; what is wrong with a request's content is 422.
_STATUS: tuple[tuple[type[LabError], int], ...] = (
    (AccessError, 403),
    (Damaged, 500),
    (InkError, 422),
    (RunError, 422),
    (TrainingError, 422),
    (LabError, 400),
)
_TOLD = "emnist_lab.defect"


class Problem(HTTPException):
    """A refusal with a status of its own.

    Parameters
    ----------
    status : int
        Of HTTP, 400 or more.
    sentence : str
        What is wrong, with its remedy.
    headers : mapping, optional
        Beside the usual ones: ``Retry-After``.
    """

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None):
        super().__init__(status, sentence, headers)


@contextlib.contextmanager
def answering(status: int, *errors: type[LabError]) -> Iterator[None]:
    """Give errors of these types a status, where the place tells more than the type.

    Parameters
    ----------
    status : int
    *errors : types
        A damaged run stays one.

    Raises
    ------
    Problem

    Examples
    --------
    >>> with answering(404, RunError):
    ...     raise RunError("There is no such run: choose another.")
    Traceback (most recent call last):
    ...
    emnist_lab.server.api.problem_details.Problem: 404: There is no such run: choose another.
    """
    try:
        yield
    except Damaged:
        raise
    except errors as error:
        raise Problem(status, str(error)) from error


def status_of(error: LabError) -> int:
    """Status of HTTP that an error of the library's is answered with.

    Parameters
    ----------
    error : LabError

    Returns
    -------
    int

    Examples
    --------
    >>> status_of(InkError("The canvas is empty: draw a digit or a letter."))
    422
    """
    return next(status for kind, status in _STATUS if isinstance(error, kind))


def sentence_for(visitor: Visitor | None, text: str) -> str:
    """A sentence as a visitor may read it: operators see folders, others don't.

    Parameters
    ----------
    visitor : Visitor or None
        None where it isn't known who asks.
    text : str

    Returns
    -------
    str
    """
    hidden = visitor is None or not visitor.operator
    return error_sentences.without_paths(text) if hidden else text


def response(
    status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """A refusal as it is sent.

    Parameters
    ----------
    status : int
    detail : str
        The sentence.
    headers : mapping, optional
    **more
        Members beside the usual ones.

    Returns
    -------
    starlette.responses.Response
    """
    body = {
        "type": "about:blank", "title": HTTPStatus(status).phrase, "status": status,
        "detail": detail, **more,
    }  # fmt: skip
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Response(content, status, dict(headers or {}), MEDIA_TYPE)


def defect(scope: Scope, error: Exception) -> Response:
    """The answer to a defect of ours: a number, under which the log has everything else.

    Parameters
    ----------
    scope : dict
        Of ASGI.
    error : Exception

    Returns
    -------
    starlette.responses.Response
    """
    what = f"{scope['method']} {scope['path'][:200]!r}"
    number, sentence = error_sentences.report_unexpected(error, what)
    scope[_TOLD] = number
    return response(500, sentence, number=number)


def is_told(scope: Scope) -> bool:
    """Whether a request was answered by `defect`."""
    return _TOLD in scope
