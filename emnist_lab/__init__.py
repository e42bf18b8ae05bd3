"""EMNIST Lab: browse EMNIST, train classifiers on it, read what they do, draw and see it read."""

from . import metrics
from .data.loading import load
from .data.part import Part
from .errors import LabError
from .evaluation.evaluation import evaluate
from .evaluation.sweeps.cross_validated_comparison import compare_recipes, paired_differences
from .evaluation.sweeps.hyperparameter_search import resume as resume_sweep
from .evaluation.sweeps.hyperparameter_search import sweep
from .evaluation.sweeps.results import Sweep
from .evaluation.sweeps.sweep_store import open_sweep
from .handwriting import context, ink
from .handwriting import drawing_reader as drawings
from .handwriting import word_reader as word
from .handwriting.adaptation import adapt
from .handwriting.character_set import limit
from .handwriting.page_images import page_reader as scan
from .runs.progress import Progress
from .runs.registry import list_runs, open_run
from .runs.run import Run
from .runs.training import fit
from .version import __version__

__all__ = [
    "LabError",
    "Part",
    "Progress",
    "Run",
    "Sweep",
    "__version__",
    "adapt",
    "compare_recipes",
    "context",
    "drawings",
    "evaluate",
    "fit",
    "ink",
    "limit",
    "list_runs",
    "load",
    "metrics",
    "open_run",
    "open_sweep",
    "paired_differences",
    "resume_sweep",
    "scan",
    "sweep",
    "word",
]
