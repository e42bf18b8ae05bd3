"""Drawings that people keep with their true label: a database, files, and data to measure on."""

from .data import added, part, unseen
from .drawing import Drawing, likeliest
from .store import Store, open_store

__all__ = ["Drawing", "Store", "added", "likeliest", "open_store", "part", "unseen"]
