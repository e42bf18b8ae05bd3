"""Kept drawings, and what a visitor may do to them; whose are seen is the store's to tell."""

from collections.abc import Callable, Sequence
from typing import BinaryIO

from ..errors import AccessError
from ..handwriting.drawing_store import Drawing, Store, files
from . import storage
from .visitor import Visitor


def keep(visitor: Visitor, store: Store, drawings: Sequence[Drawing]) -> int:
    """Keep drawings for a visitor; see `Store.keep`.

    Parameters
    ----------
    visitor : Visitor
    store : Store
    drawings : sequence of Drawing

    Returns
    -------
    int
        How many are new.

    Raises
    ------
    AccessError
        They may not, or it isn't known yet who they are.
    HandwritingError
        The database is away.
    """
    visitor.require("drawings")
    return store.keep(_known(visitor), drawings, most=visitor.rights.drawings_most)


def import_drawings(
    visitor: Visitor,
    store: Store,
    file: BinaryIO,
    progress: Callable[[float], None] | None = None,
) -> tuple[int, int]:
    """Keep drawings that a visitor uploads.

    Parameters
    ----------
    visitor : Visitor
    store : Store
    file : binary file
        With a ``name``; see `emnist_lab.handwriting.drawing_store.files.from_json`.
    progress : callable, optional
        Told the share that is read, 0..1.

    Returns
    -------
    new, found : int
        How many are new, of how many.

    Raises
    ------
    AccessError
        They may not, it is too large, or it isn't known yet who they are.
    HandwritingError or InkError
        It is no such file, or the database is away.
    """
    visitor.require("uploads")
    visitor.require("drawings")
    storage.require_size(visitor, file)
    found = files.from_json(file.read(), file.name, progress)
    return keep(visitor, store, found), len(found)


def correct(visitor: Visitor, store: Store, number: int, label: str) -> None:
    """Give a visitor's drawing another label; raises as `keep` does."""
    visitor.require("drawings")
    store.correct(number, label, _known(visitor))


def delete(visitor: Visitor, store: Store, numbers: Sequence[int] | None = None) -> None:
    """Delete drawings of a visitor.

    Parameters
    ----------
    visitor : Visitor
    store : Store
    numbers : sequence of int, optional
        Of their drawings; all by default.

    Raises
    ------
    AccessError
        They may not, or it isn't known yet who they are.
    HandwritingError
        The database is away.
    """
    visitor.require("deletes")
    store.delete(numbers, _known(visitor))


def _known(visitor: Visitor) -> str:
    if visitor.id is None:
        raise AccessError(
            "This browser hasn't told yet which drawings are its own: press again in a moment."
        )
    return visitor.id
