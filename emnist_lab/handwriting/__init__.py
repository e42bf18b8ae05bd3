"""Handwriting that isn't EMNIST's: drawings, words, pictures, and the drawings that people keep.

From strokes or pixels to 28×28 images as EMNIST's makers would make them, and to readings by a
run. May import `runs` and what is below it.
"""

from .drawing_store import (
    Drawing,
    Store,
    as_part,
    evaluate_kept,
    not_trained_on,
    open_store,
    with_kept_drawings,
)

# The names that these had before: people's programs go on working.
added, part, unseen = with_kept_drawings, as_part, not_trained_on

__all__ = [
    "Drawing",
    "Store",
    "added",
    "as_part",
    "evaluate_kept",
    "not_trained_on",
    "open_store",
    "part",
    "unseen",
    "with_kept_drawings",
]
