"""Routes that read: one character, several images, a page."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from ...handwriting import character_set, drawing_reader, ink, results
from ...handwriting.page_images import page_rotation
from ...metrics.ranking import top_labels
from ...runs.run import Run
from ..visitor import Visitor
from . import answers, bodies, schemas
from .callers import caller_of
from .opened_runs import DEFAULT_RUN
from .services import Services, services_of

router = APIRouter(tags=["reading"])

RunName = Annotated[str, Query(description="Name of the run that reads.")]
Top = Annotated[int, Query(ge=1, le=100, description="How many of the likeliest classes to list.")]
Classes = Annotated[
    str | None,
    Query(
        max_length=400,
        description="What a reading may be, nothing else: digits, capitals, small letters, "
        "letters, or a list as in 0123456789 or A-F; all that the run has by default. A page that "
        "is evidently all digits is read as digits unless something is named: any character.",
    ),
]
Context = Annotated[
    bool, Query(description="Whether neighbours and heights are used too: digits among digits.")
]
_PICTURES = {
    kind: {"schema": {"type": "string", "format": "binary"}}
    for kind in ("image/png", "image/jpeg", "image/webp", "application/octet-stream")
} | {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {"file": {"type": "string", "format": "binary"}},
        }
    }
}
_CHARACTER = {
    "application/json": {
        "schema": {
            "anyOf": [
                answers.schema_of(one)
                for one in (schemas.Strokes, schemas.OneImage, schemas.SeveralImages)
            ]
        },
        "examples": {
            "strokes": {"value": {"strokes": [[[0, 0], [70, 0], [30, 100]]], "pen_width": 20}}
        },
    }
}


@router.post(
    "/predict",
    openapi_extra={"requestBody": {"required": True, "content": {**_CHARACTER, **_PICTURES}}},
    **answers.documented(schemas.Prediction | schemas.Predictions, 404, 413, 415, 503),
)
async def predict(
    request: Request, run: RunName = DEFAULT_RUN, top: Top = 5, classes: Classes = None
) -> Response:
    """Read one character: a picture, strokes, or an image of 28×28; or several such images.

    Strokes and pictures are read as the Draw page and `python -m emnist_lab predict` read them,
    images of 28×28 as `Run.predict_proba` does.
    """
    services, visitor = services_of(request), caller_of(request).visitor
    if bodies.is_json(request):
        body = await request.body()
        pool, work = services.quick, partial(_read_json, body)
    else:
        body = await bodies.picture(request, visitor)
        pool, work = services.pictures, partial(_read_picture, body)
    job = partial(_predict, services, visitor, run, classes, top, work)
    return answers.answer(await pool.run(job))


def _predict(
    services: Services,
    visitor: Visitor,
    name: str,
    classes: str | None,
    top: int,
    work: Callable[[Run, int], dict],
) -> bytes:
    run = character_set.limit(services.runs.opened(visitor, name), classes)
    return answers.as_json({**answers.about(run), **work(run, top)})


def _read_json(body: bytes, run: Run, top: int) -> dict[str, Any]:
    value = bodies.decode(body)
    if "strokes" in value:
        raster = ink.rasterize(value["strokes"], bodies.pen_width(value))
        return _reading(run, drawing_reader.predict_raster(run, raster), top)
    rows = run.predict_proba(bodies.images(value))
    if "image" in value:
        return _reading(run, rows[0], top)
    return {"predictions": [_reading(run, row, top) for row in rows]}


def _read_picture(body: bytes, run: Run, top: int) -> dict[str, Any]:
    return _reading(run, drawing_reader.predict_raster(run, results.picture_raster(body)), top)


def _reading(run: Run, probabilities: np.ndarray, top: int) -> dict[str, Any]:
    best = top_labels(run.classes, probabilities, top)
    return {
        "class": best[0][0],
        "probability": best[0][1],
        "top": [{"class": label, "probability": one} for label, one in best],
        "probabilities": dict(zip(run.classes, probabilities.tolist(), strict=True)),
    }


@router.post(
    "/pages",
    openapi_extra={"requestBody": {"required": True, "content": _PICTURES}},
    **answers.documented(schemas.Page, 404, 413, 415, 503),
)
async def pages(
    request: Request,
    run: RunName = DEFAULT_RUN,
    classes: Classes = None,
    context: Context = False,
) -> Response:
    """Find and read all characters of a photo, scan or screenshot, line by line.

    As `python -m emnist_lab predict --page` does. It takes seconds: two are read at a time.
    """
    services, visitor = services_of(request), caller_of(request).visitor
    body = await bodies.picture(request, visitor)
    job = partial(_page, services, visitor, run, classes, context, body)
    return answers.answer(await services.pages.run(job))


def _page(
    services: Services,
    visitor: Visitor,
    name: str,
    classes: str | None,
    context: bool,
    body: bytes,
) -> bytes:
    # plain, else small requests would wait for pages
    run = character_set.limit(services.runs.opened(visitor, name).plain, classes)
    page, rotation = page_rotation.find_upright(run, body)
    found = results.of_found_page(
        run, page, rotation, [] if context else None, as_evident=classes is None
    )
    return answers.as_json({**answers.about(run), **found})
