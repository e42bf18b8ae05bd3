"""Marks of label errors as a visitor sees them: everybody has their own."""

from ..errors import RunError
from ..evaluation import label_marks
from ..evaluation.label_marks import Mark
from .visitor import Visitor

table = label_marks.table


def read(visitor: Visitor, fingerprint: str) -> list[Mark]:
    """A visitor's marks of a test part; raises `RunError` as `label_marks.read` does.

    None as long as it isn't known who they are: marks without an owner are the operator's.
    """
    if visitor.id is None and not visitor.operator:
        return []
    return label_marks.read(fingerprint, _whose(visitor))


def read_if_sound(visitor: Visitor, fingerprint: str) -> list[Mark] | None:
    """A visitor's marks of a test part; None where they can't be read."""
    try:
        return read(visitor, fingerprint)
    except RunError:
        return None


def mark(visitor: Visitor, fingerprint: str, one: Mark) -> None:
    """Keep a visitor's mark; raises `AccessError`, and `RunError` as `label_marks.mark` does."""
    visitor.require("marks")
    label_marks.mark(fingerprint, one, visitor.new_owner())


def unmark(visitor: Visitor, fingerprint: str, image: int) -> None:
    """Take a visitor's mark back; raises as `mark` does."""
    visitor.require("marks")
    label_marks.unmark(fingerprint, image, visitor.new_owner())


def _whose(visitor: Visitor) -> str | None:
    """Owner of the marks that a visitor sees."""
    return None if visitor.operator else visitor.id
