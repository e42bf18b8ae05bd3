"""The route of health: that the server answers."""

from fastapi import APIRouter
from starlette.responses import Response

from ...version import __version__
from . import answers, schemas

router = APIRouter(tags=["server"])


@router.get("/health", **answers.documented(schemas.Health))
async def health() -> Response:
    """That the server answers, and its version."""
    return answers.answer(answers.as_json({"status": "ok", "version": __version__}))
