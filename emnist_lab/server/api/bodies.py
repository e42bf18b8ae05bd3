"""What is in the body of a request: an image, strokes, or a picture."""

import json
from typing import Any

import numpy as np
from starlette.requests import Request

from ...data.formats.base import SIDE
from ...errors import InkError, first_line
from ..visitor import Visitor
from .problem_details import Problem

MOST_IMAGES = 256  # of one request
_KINDS = "strokes, image or images"
_FORM = "multipart/form-data"


async def picture(request: Request, visitor: Visitor) -> bytes:
    """The picture in a request: its body, or the field ``file`` of a form.

    Parameters
    ----------
    request : starlette.requests.Request
    visitor : Visitor

    Returns
    -------
    bytes

    Raises
    ------
    AccessError
        Visitors may not send pictures here; nothing of it was read.
    Problem
        413: it is too large. 415: it is neither. 422: the form has no file.
    """
    kind = media_type(request)
    if not (kind.startswith("image/") or kind in ("application/octet-stream", _FORM)):
        raise Problem(
            415,
            f"A body of the type {kind[:60]!r} can't be read: send a picture as image/png or "
            "image/jpeg, a form with a field 'file', or strokes and images as application/json.",
        )
    visitor.require("uploads")
    if kind != _FORM:
        return await request.body()
    async with request.form(max_files=1, max_fields=8) as form:
        file = form.get("file")
        if file is None or isinstance(file, str):
            raise Problem(422, "The form has no file: send the picture in a field 'file'.")
        return await file.read()


def media_type(request: Request) -> str:
    """Type of a body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def is_json(request: Request) -> bool:
    """Whether a body says that it is JSON."""
    return media_type(request) == "application/json"


def decode(body: bytes) -> dict[str, Any]:
    """Strokes or images as they came, one kind of them.

    Parameters
    ----------
    body : bytes
        JSON.

    Returns
    -------
    dict
        With ``strokes`` (and perhaps ``pen_width``), ``image`` or ``images``.

    Raises
    ------
    Problem
        400: it is no JSON.
    InkError
        It holds something else.

    Examples
    --------
    >>> decode(b'{"strokes": [[[0, 0], [0, 9]]]}')
    {'strokes': [[[0, 0], [0, 9]]]}
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Problem(
            400, f"The body isn't JSON ({first_line(error)[:100]}): send an object with {_KINDS}."
        ) from error
    if not isinstance(value, dict):
        raise InkError(f"The body isn't an object: send one with {_KINDS}.")
    given = [name for name in ("strokes", "image", "images") if name in value]
    if len(given) != 1:
        raise InkError(f"The body has {len(given)} of {_KINDS}: send one of them.")
    for name in value.keys() - {*given, *(["pen_width"] if given == ["strokes"] else [])}:
        raise InkError(f"The body has a field {name[:40]!r} that isn't known: leave it out.")
    return value


def pen_width(value: dict[str, Any]) -> float:
    """Width of the pen of strokes; 20 by default. Raises `InkError` where it is no such number."""
    width = value.get("pen_width", 20)
    if isinstance(width, bool) or not isinstance(width, int | float) or not 0 <= width <= 1e9:
        raise InkError("The pen's width isn't a usable number: send one from 0 on, as in 20.")
    return float(width)


def images(value: dict[str, Any]) -> np.ndarray:
    """Images that were sent as numbers.

    Parameters
    ----------
    value : dict
        See `decode`.

    Returns
    -------
    ndarray of shape (N, 28, 28), dtype uint8

    Raises
    ------
    InkError
        They aren't 28 rows of 28 whole numbers each, or there are too many.

    Examples
    --------
    >>> images({"image": [[0] * 28] * 28}).shape
    (1, 28, 28)
    """
    several = value["images"] if "images" in value else [value["image"]]
    if not isinstance(several, list) or not several:
        raise InkError("There is no image among the images: send one or more.")
    if len(several) > MOST_IMAGES:
        raise InkError(
            f"{len(several):,} images are more than the {MOST_IMAGES} of one request: send them in "
            "several."
        )
    try:
        found = np.array(several)
    except (ValueError, OverflowError, RecursionError):
        found = np.array("")
    if (
        found.shape[1:] != (SIDE, SIDE)
        or found.dtype.kind not in "iu"
        or found.min() < 0
        or found.max() > 255
    ):
        raise InkError(
            f"An image isn't {SIDE} rows of {SIDE} whole numbers from 0 to 255: send it so, "
            "upright, ink bright on black."
        )
    return found.astype(np.uint8)
