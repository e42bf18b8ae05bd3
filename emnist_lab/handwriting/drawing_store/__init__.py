"""Drawings that people keep with their true label: the database, its files, data made from them.

`Store` is what others use; `database` holds what differs between SQLite and PostgreSQL.
"""

from .drawing import Drawing, as_predictions
from .parts import as_part, evaluate_kept, not_trained_on, with_kept_drawings
from .store import Store, open_store

__all__ = [
    "Drawing",
    "Store",
    "as_part",
    "as_predictions",
    "evaluate_kept",
    "not_trained_on",
    "open_store",
    "with_kept_drawings",
]
