"""Datasets: file formats, where a dataset lies, orientation, download, import, the cache.

What comes out is a `Part`: upright images with labels and class names. May import `models`
(orientation needs gradient features), and nothing above it.
"""

from .classes import class_index, display_names
from .loading import load
from .part import Part
from .splits import PARTS, SPLITS

__all__ = ["PARTS", "SPLITS", "Part", "class_index", "display_names", "load"]
