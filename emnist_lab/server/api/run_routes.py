"""Routes of runs: which there are, what one is, what it takes for what."""

from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ...errors import RunError
from ...evaluation import evaluation
from ...runs import class_prior, registry
from .. import run_access
from ..visitor import Visitor
from . import answers, schemas
from .callers import caller_of
from .problem_details import answering
from .services import Services, services_of

router = APIRouter(tags=["runs"])


@router.get("/runs", **answers.documented(schemas.Runs, 503))
async def runs(request: Request) -> Response:
    """Runs that can read: one's own and the operator's, newest first, then those shipped."""
    visitor = caller_of(request).visitor
    return answers.answer(await services_of(request).quick.run(partial(_runs, visitor)))


def _runs(visitor: Visitor) -> bytes:
    found, problems = run_access.list_runs(visitor)
    return answers.as_json({"runs": [registry.summary(run) for run in found], "problems": problems})


@router.get("/runs/{name}", **answers.documented(schemas.RunDetails, 404, 503))
async def run(request: Request, name: str) -> Response:
    """A run: its scores, what it was trained and measured on, and how."""
    services, visitor = services_of(request), caller_of(request).visitor
    return answers.answer(await services.quick.run(partial(_run, services, visitor, name)))


def _run(services: Services, visitor: Visitor, name: str) -> bytes:
    found = services.runs.get(visitor, name)
    manifest = found.manifest
    test = manifest["data"].get("test")
    more: dict[str, Any] = {
        "title": manifest["title"],
        "classes": found.classes,
        "answers_for": class_prior.describe(manifest.get("prior")),
        "measured_on": test["name"] if test else None,
        "seed": manifest.get("seed"),
        "hyperparameters": manifest.get("params") or {},
        "own": run_access.is_own(visitor, found),
    }
    return answers.as_json({**registry.summary(found), **more})


@router.get("/runs/{name}/confusion", **answers.documented(schemas.Confusion, 404, 503))
async def confusion(request: Request, name: str) -> Response:
    """What a run takes for what, on the test images that it was measured on."""
    services, visitor = services_of(request), caller_of(request).visitor
    return answers.answer(await services.quick.run(partial(_confusion, services, visitor, name)))


def _confusion(services: Services, visitor: Visitor, name: str) -> bytes:
    found = services.runs.get(visitor, name)
    with answering(404, RunError):
        stored = evaluation.stored_evaluation(found)
    report = stored.report
    return answers.as_json(
        {
            **answers.about(found),
            "data": stored.name,
            "images": len(report.labels),
            "accuracy": report.accuracy,
            "classes": report.classes,
            "matrix": report.confusion.tolist(),
            "confused_pairs": report.confused_pairs(10).to_dict("records"),
        }
    )
