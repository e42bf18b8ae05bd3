"""Routes that read: one character, several images, a page."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from ...handwriting import drawing_reader, ink, results
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
async def predict(request: Request, run: RunName = DEFAULT_RUN, top: Top = 5) -> Response:
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
    return answers.answer(await pool.run(partial(_predict, services, visitor, run, top, work)))


def _predict(
    services: Services, visitor: Visitor, name: str, top: int, work: Callable[[Run, int], dict]
) -> bytes:
    run = services.runs.opened(visitor, name)
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
async def pages(request: Request, run: RunName = DEFAULT_RUN) -> Response:
    """Find and read all characters of a photo, scan or screenshot, line by line.

    As `python -m emnist_lab predict --page` does. It takes seconds: two are read at a time.
    """
    services, visitor = services_of(request), caller_of(request).visitor
    body = await bodies.picture(request, visitor)
    return answers.answer(await services.pages.run(partial(_page, services, visitor, run, body)))


def _page(services: Services, visitor: Visitor, name: str, body: bytes) -> bytes:
    run = services.runs.opened(visitor, name).plain  # else small requests would wait for pages
    page, rotation = page_rotation.find_upright(run, body)
    return answers.as_json({**answers.about(run), **results.of_found_page(run, page, rotation)})
