"""The route of samples: labelled images of a dataset."""

from functools import partial
from typing import Annotated, Literal

import numpy as np
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from ...data.classes import class_index
from ...models.catalog import SEED
from ..visitor import Visitor
from . import answers, datasets, schemas
from .callers import caller_of
from .problem_details import Problem
from .services import Services, services_of

router = APIRouter(tags=["data"])


@router.get("/samples", **answers.documented(schemas.Samples, 404, 503))
async def samples(
    request: Request,
    split: Annotated[str, Query(description="One of NIST's six splits.")] = "balanced",
    part: Literal["train", "test"] = "test",
    label: Annotated[
        str | None, Query(alias="class", max_length=20, description="Only images of this one.")
    ] = None,
    n: Annotated[int, Query(ge=1, le=256, description="How many, at most.")] = 16,
    seed: Annotated[int, Query(ge=0, lt=2**32, description="Of the draw.")] = SEED,
    data: Annotated[
        str | None, Query(description="demo, or an import; the server's own dataset by default.")
    ] = None,
) -> Response:
    """Images as arrays, drawn at random, with their labels; generated ones are called so."""
    services, visitor = services_of(request), caller_of(request).visitor
    work = partial(_samples, services, visitor, data, split, part, label, n, seed)
    return answers.answer(await services.pictures.run(work))


def _samples(
    services: Services,
    visitor: Visitor,
    data: str | None,
    split: str,
    part: str,
    label: str | None,
    count: int,
    seed: int,
) -> bytes:
    address = datasets.address_of(visitor, data)
    found = services.parts.load(address, split, part)
    rows = np.arange(len(found))
    if label is not None:
        index = class_index(label, found.classes)
        if index is None:
            raise Problem(
                404,
                f"{split} has no class {label[:20]!r}: choose among {''.join(found.classes)}.",
            )
        rows = np.flatnonzero(found.labels == index)
    chosen = np.random.default_rng(seed).permutation(rows)[:count]
    return answers.as_json(
        {
            "data": address.name,
            "name": found.name,
            "generated": found.generated,
            "split": split,
            "part": part,
            "classes": found.classes,
            "seed": seed,
            "labels": [found.classes[one] for one in found.labels[chosen]],
            "indices": chosen.tolist(),
            "images": found.images[chosen].tolist(),
        }
    )
