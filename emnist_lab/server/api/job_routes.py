"""Routes of jobs: have a recipe trained, watch it, stop it."""

import datetime
from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ...commands import specs
from ...commands.job_queue import Job, JobQueue
from ...commands.specs import TrainSpec
from ...data import discovery, splits
from ...errors import DatasetError
from ...models import catalog
from ...runs import run_folders
from .. import job_access
from ..visitor import Visitor
from . import answers, datasets, schemas
from .callers import Caller, caller_of
from .problem_details import Problem, answering, sentence_for
from .services import Services, services_of

router = APIRouter(tags=["jobs"])


@router.post("/jobs", **answers.documented(schemas.Job, 404, 503, status=202))
async def submit(request: Request, asked: schemas.TrainRequest) -> Response:
    """Have a recipe trained; the run is kept under the job's `result` when it is done."""
    services, caller = services_of(request), caller_of(request)
    key, content = await services.quick.run(partial(_submit, services, caller, asked))
    place = request.scope.get("root_path", "")
    return answers.answer(content, 202, Location=f"{place}/v1/jobs/{key}")


def _submit(services: Services, caller: Caller, asked: schemas.TrainRequest) -> tuple[str, bytes]:
    visitor, queue = caller.visitor, services.jobs()
    visitor.require("training")
    if visitor.id is None and not visitor.operator:
        raise _key_needed("A job belongs to somebody")
    spec = _spec(caller, asked)
    job = job_access.submit(visitor, queue, spec, services.shared_drawings())
    return job.key, answers.as_json(_described(visitor, queue, job))


def _key_needed(why: str) -> Problem:
    return Problem(
        401,
        f"{why}: send 'Authorization: Bearer' and the number that your browser keeps as "
        "emnist-lab-owner.",
        {"WWW-Authenticate": "Bearer"},
    )


def _spec(caller: Caller, asked: schemas.TrainRequest) -> TrainSpec:
    """What is asked for, once all that can be told beforehand is known to be right."""
    recipe = catalog.get(asked.recipe)
    recipe.checked(dict(asked.hyperparameters))
    if asked.name is not None:
        run_folders.check_name(asked.name)
    address = datasets.address_of(caller.visitor, asked.data)
    wanted = [(asked.split, part) for part in splits.PARTS]
    if asked.add_split is not None:
        wanted.append((asked.add_split, "train"))
    with answering(404, DatasetError):
        for split, part in wanted:
            discovery.locate(split, part, address)
    whose = {"own": caller.visitor.id or caller.owner, "all": "all", None: None}[asked.handwriting]
    if asked.handwriting == "own" and whose is None:
        raise _key_needed("It isn't known whose drawings are yours")
    return TrainSpec(
        recipe=recipe.name,
        split=asked.split,
        images=asked.images,
        seed=asked.seed,
        root=address.root,
        name=asked.name,
        classes=asked.classes,
        hyperparameters=tuple(f"{key}={one}" for key, one in asked.hyperparameters.items()),
        handwriting=whose,
        repeat=asked.repeat,
        add_split=asked.add_split,
        prior=asked.prior,
    )


@router.get("/jobs", **answers.documented(schemas.Jobs, 503))
async def jobs(request: Request) -> Response:
    """One's own jobs, newest first; an operator sees all."""
    services, visitor = services_of(request), caller_of(request).visitor

    def work() -> bytes:
        queue = services.jobs()
        found = job_access.list_jobs(visitor, queue)
        return answers.as_json({"jobs": [_described(visitor, queue, one) for one in found]})

    return answers.answer(await services.quick.run(work))


@router.get("/jobs/{key}", **answers.documented(schemas.JobDetails, 404, 503))
async def job(request: Request, key: str) -> Response:
    """A job: how far it is, what came of it, and its learning curve so far."""
    return await _with_job(request, key, lambda visitor, queue, job: None)


@router.delete("/jobs/{key}", **answers.documented(schemas.JobDetails, 404, 409, 503))
async def cancel(request: Request, key: str) -> Response:
    """Stop a job; nothing of it is kept."""
    return await _with_job(request, key, _cancel)


def _cancel(visitor: Visitor, queue: JobQueue, job: Job) -> None:
    if not job.active:
        raise Problem(409, f"The job {job.key} has ended already, as {job.state}: leave it.")
    job_access.cancel(visitor, queue, job)


async def _with_job(
    request: Request, key: str, act: Callable[[Visitor, JobQueue, Job], None]
) -> Response:
    services, visitor = services_of(request), caller_of(request).visitor

    def work() -> bytes:
        queue = services.jobs()
        found = [one for one in job_access.list_jobs(visitor, queue) if one.key == key]
        if not found:
            raise Problem(
                404, f"There is no job {key[:40]!r} of yours: GET /api/v1/jobs lists those."
            )
        act(visitor, queue, found[0])
        told = _described(visitor, queue, found[0])
        return answers.as_json({**told, "curve": list(found[0].curve)})

    return answers.answer(await services.quick.run(work))


def _described(visitor: Visitor, queue: JobQueue, job: Job) -> dict[str, Any]:
    spec = specs.as_json(job.spec)
    submitted = datetime.datetime.fromtimestamp(job.submitted, datetime.UTC)
    return {
        "key": job.key,
        "state": job.state,
        "kind": spec.pop("kind"),
        "spec": spec,
        "place": queue.place(job),
        "stage": job.stage,
        "elapsed": job.elapsed,
        "remaining": job.remaining(),
        "result": job.result,
        "message": sentence_for(visitor, job.message),
        "submitted": submitted.isoformat(timespec="seconds"),
    }
