"""Runs: a fitted recipe with its manifest and test scores; training, storage, export, import.

A run's folder is opened here and nowhere else, and opening it executes nothing that it brings.
"""

from .progress import Progress
from .registry import list_runs, open_run
from .run import Run
from .training import fit

__all__ = ["Progress", "Run", "fit", "list_runs", "open_run"]
