"""Candidates of a sweep, and what they scored on the splits."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...metrics import definitions
from ...models.hyperparameters import as_text
from .fit_journal import FitRecord


@dataclass(frozen=True)
class Candidate:
    """What is fitted on every split.

    Attributes
    ----------
    recipe : str
    settings : dict
        Hyperparameters by scikit-learn's names; the recipe's own for all others.
    images : int or None
        Training images of each fit; None for all of the other folds.
    """

    recipe: str
    settings: dict[str, Any] = field(default_factory=dict)
    images: int | None = None

    @property
    def label(self) -> str:
        """For people.

        Examples
        --------
        >>> Candidate("pixels-logistic", {"classifier__C": 0.1}, 500).label
        'C=0.1, 500 images'
        """
        words = [
            f"{name.rpartition('__')[2]}={as_text(value)}" for name, value in self.settings.items()
        ]
        words += [f"{self.images:,} images"] if self.images is not None else []
        return ", ".join(words) or self.recipe

    @property
    def name(self) -> str:
        """For people, beside candidates of other recipes.

        Examples
        --------
        >>> Candidate("pixels-logistic", {"classifier__C": 0.1}).name, Candidate("hog-qda").name
        ('pixels-logistic, C=0.1', 'hog-qda')
        """
        return self.recipe if self.label == self.recipe else f"{self.recipe}, {self.label}"


@dataclass(frozen=True, eq=False)
class Result:
    """A candidate with what it scored on the splits.

    Attributes
    ----------
    candidate : Candidate
    records : tuple of FitRecord
        In the order of repeats and folds, those that there are.
    splits : int
        How many there are to be.
    """

    candidate: Candidate
    records: tuple[FitRecord, ...]
    splits: int

    @property
    def complete(self) -> bool:
        """Whether it was fitted on every split, and none failed."""
        return len(self.records) == self.splits and not self.reason

    @property
    def reason(self) -> str:
        """Why it can't be ranked: a fit that failed. Empty where none did."""
        return next((one.reason for one in self.records if one.failed), "")

    def scores(self, metric: str) -> np.ndarray:
        """Score on each split: ndarray of float64, NaN where it is undefined."""
        return np.array([one.scores.get(metric, math.nan) for one in self.records], float)

    def mean(self, metric: str) -> float:
        """Mean over the splits so far; NaN where one failed."""
        scores = self.scores(metric)
        return float(scores.mean()) if len(scores) else math.nan

    def std(self, metric: str) -> float:
        """Standard deviation over the splits (of a sample: ddof 1); NaN below two."""
        scores = self.scores(metric)
        return float(scores.std(ddof=1)) if len(scores) > 1 else math.nan

    @property
    def train_images(self) -> int | None:
        """Training images of its fits, the mean; None before the first."""
        sizes = [one.train_images for one in self.records]
        return round(float(np.mean(sizes))) if sizes else self.candidate.images


def better(metric: str, value: float) -> float:
    """A score that is higher for what is better: log loss is turned round."""
    return value if definitions.get(metric).higher_is_better else -value
