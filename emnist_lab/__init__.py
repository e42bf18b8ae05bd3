"""EMNIST Lab: browse EMNIST, train classifiers on it, read what they do, draw and see it read."""

from . import drawings, ink, metrics, scan, word
from .dataset import load
from .errors import LabError
from .evaluate import evaluate
from .part import Part
from .progress import Progress
from .run import Run
from .runs import list_runs, open_run
from .training import fit

__version__ = "0.1.0"
__all__ = [
    "LabError",
    "Part",
    "Progress",
    "Run",
    "drawings",
    "evaluate",
    "fit",
    "ink",
    "list_runs",
    "load",
    "metrics",
    "open_run",
    "scan",
    "word",
]
