"""One fit of a sweep, as scikit-learn's searches call it: a run, measured on its fold.

A search is given splits, not images: each process reads the images once, from memory or from one
file of uint8 that all of them map, and a task is a few numbers.
"""

import hashlib
import json
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin

from ...data.part import Part
from ...errors import RunError, TrainingCancelled, TrainingError, first_line
from ...metrics.report import Report
from ...models.recipe import Recipe
from ...runs import class_prior, training
from ...runs.blas_threads import one_blas_thread
from ...runs.class_prior import Prior
from ...runs.learning_curve import nested_labels
from ...runs.progress import Progress
from .candidates import Candidate, better
from .fit_journal import FitJournal, FitRecord
from .pipeline_description import described
from .plan import Plan

CANCELLED = "The sweep was cancelled; the fits that ended are kept."
_ARRAYS = ("images", "labels", "fold_of")
_CANCEL = ".cancel"  # a file that tells processes to stop
_WATCH = 0.25  # seconds between looks at it
_GRACE = 1.0  # seconds that a process has to stop by itself
_KEYS = 1  # version of what a key is made of

# What this process has opened of a sweep that another one began: of the last one only.
_opened: dict[str, "Opened"] = {}


@dataclass(frozen=True, eq=False)
class Opened:
    """What a process has opened of a sweep: images, their folds, and the fits that ended."""

    part: Part
    fold_of: np.ndarray
    journal: FitJournal


@dataclass(eq=False)
class FitSource:
    """What every fit of a sweep needs beside its candidate and its rows.

    It is sent with each task, so images and what is asked in the first process stay out of it.

    Attributes
    ----------
    recipes : dict of str to Recipe
    part : Part
        Without images in other processes than the first.
    fold_of : ndarray of shape (R, N), or None in other processes
    fingerprint : str
        Of the part.
    seed : int
    metric : str
    prior : str, mapping, sequence or None
    folder : pathlib.Path
        Of the journal, and of the arrays once they are shared.
    token : str
        Names these arrays.
    parent : int
        Process that began the sweep.
    ended : callable or None
        Called in the first process with each record.
    progress, cancel : callable or None
        As for `emnist_lab.runs.training.fit`, in the first process.
    """

    recipes: dict[str, Recipe]
    part: Part
    fold_of: np.ndarray | None
    fingerprint: str
    seed: int
    metric: str
    prior: Prior | None
    folder: Path
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    parent: int = field(default_factory=os.getpid)
    ended: Callable[[FitRecord], None] | None = None
    progress: Callable[[Candidate, Progress], None] | None = None
    cancel: Callable[[], bool] | None = None

    @classmethod
    def of(cls, plan: Plan, folder: Path) -> "FitSource":
        """Of a plan, with the folder of its journal."""
        return cls(
            recipes={one.name: one for one in plan.recipes},
            part=plan.part,
            fold_of=plan.folds.fold_of,
            fingerprint=plan.part.fingerprint,
            seed=plan.seed,
            metric=plan.metric,
            prior=plan.prior,
            folder=folder,
        )

    def __getstate__(self) -> dict[str, Any]:
        empty = replace(
            self.part,
            images=np.empty((0, 28, 28), np.uint8),
            labels=np.empty(0, np.int64),
            writers=None,
            notes=(),
        )
        kept = {"part": empty, "fold_of": None, "ended": None, "progress": None, "cancel": None}
        return {**self.__dict__, **kept}

    def share(self) -> None:
        """Write the arrays, for other processes to map; raises `OSError`."""
        arrays = (self.part.images, self.part.labels, self.fold_of)
        for name, array in zip(_ARRAYS, arrays, strict=True):
            np.save(self.folder / f".{name}-{self.token}.npy", array, allow_pickle=False)

    def unshare(self) -> None:
        """Remove what `share` wrote, an earlier process's that was killed too."""
        for pattern in (*(f".{name}-*.npy" for name in _ARRAYS), _CANCEL):
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of what this process has opened."""
        _opened.pop(self.token, None)

    def stop(self) -> None:
        """Tell other processes to stop; raises `OSError`."""
        (self.folder / _CANCEL).touch()

    def stopped(self) -> bool:
        """Whether the sweep is to stop."""
        return self.cancel() if self.cancel is not None else (self.folder / _CANCEL).exists()

    def fit(self, candidate: Candidate, split: int) -> FitRecord:
        """Fit a candidate on a split and measure it; see `fit_split`."""
        return fit_split(self, candidate, split)

    def opened(self) -> Opened:
        """The arrays and the journal, as this process has them."""
        if self.token not in _opened:
            _opened.clear()
            if self.fold_of is not None:
                part, fold_of = self.part, self.fold_of
            else:
                images, labels, fold_of = (
                    np.load(self.folder / f".{name}-{self.token}.npy", "r", allow_pickle=False)
                    for name in _ARRAYS
                )
                part = replace(self.part, images=images, labels=np.asarray(labels))
                self._watch()
            _opened[self.token] = Opened(part, fold_of, FitJournal(self.folder))
        return _opened[self.token]

    def _watch(self) -> None:
        """End this process when the first one has ended or asks for it, in whatever fit it is."""
        if os.getppid() != self.parent:
            return
        threading.Thread(target=self._end_with_parent, name="sweep", daemon=True).start()

    def _end_with_parent(self) -> None:
        images = self.folder / f".{_ARRAYS[0]}-{self.token}.npy"
        while images.exists():
            if os.getppid() != self.parent:
                os._exit(1)
            if (self.folder / _CANCEL).exists():
                time.sleep(_GRACE)
                if images.exists():
                    os._exit(1)
            time.sleep(_WATCH)


def fit_split(source: FitSource, candidate: Candidate, split: int) -> FitRecord:
    """Fit a candidate on a split and measure it, unless the journal has it.

    Parameters
    ----------
    source : FitSource
    candidate : Candidate
    split : int
        See `emnist_lab.evaluation.sweeps.folds.Folds`.

    Returns
    -------
    FitRecord
        In the journal. Its scores are those of a run: by the same class prior. Fits use one thread
        of BLAS, so that they are the same however many run side by side.

    Raises
    ------
    TrainingCancelled
        The sweep is to stop.
    """
    if source.stopped():
        raise TrainingCancelled(CANCELLED)
    opened = source.opened()
    record, train, test = planned_fit(source, opened, candidate, split)
    known = opened.journal.records.get(record.key)
    if known is None or known.failed:
        known = measured(source, candidate, record, opened.part.take(train), opened.part.take(test))
        opened.journal.append(known)
    if source.ended is not None:
        source.ended(known)
    return known


def planned_fit(
    source: FitSource, opened: Opened, candidate: Candidate, split: int
) -> tuple[FitRecord, np.ndarray, np.ndarray]:
    """What a fit will be: its record without scores, and its images.

    Parameters
    ----------
    source : FitSource
    opened : Opened
    candidate : Candidate
    split : int

    Returns
    -------
    record : FitRecord
    train, test : ndarray of int
        Images.
    """
    folds = int(opened.fold_of.max()) + 1
    repeat, fold = divmod(split, folds)
    fold_of = opened.fold_of[repeat]
    train, test = (
        np.flatnonzero(one).astype(np.int32) for one in (fold_of != fold, fold_of == fold)
    )
    seed = source.seed + repeat
    if candidate.images is not None and candidate.images < len(train):
        train = train[nested_labels(opened.part.labels[train], seed)[: candidate.images]]
    record = FitRecord(
        key=fit_key(source, candidate, seed, train, test),
        recipe=candidate.recipe,
        settings=candidate.settings,
        images=candidate.images,
        repeat=repeat,
        fold=fold,
        seed=seed,
        train_images=len(train),
        test_images=len(test),
    )
    return record, train, test


def measured(
    source: FitSource, candidate: Candidate, record: FitRecord, train: Part, test: Part
) -> FitRecord:
    """Do a fit.

    Parameters
    ----------
    source : FitSource
    candidate : Candidate
    record : FitRecord
        Of `planned_fit`.
    train, test : Part

    Returns
    -------
    FitRecord
        With scores, or with the reason why there are none.

    Raises
    ------
    TrainingCancelled
        The sweep is to stop.
    """

    def told(progress: Progress) -> None:
        source.progress(candidate, progress)

    recipe = source.recipes[candidate.recipe]
    try:
        with one_blas_thread():
            run = training.fit(
                recipe,
                train,
                seed=record.seed,
                params=candidate.settings,
                prior=source.prior,
                progress=told if source.progress is not None else None,
                cancel=source.stopped,
                follow=False,
            )
            begun = time.perf_counter()
            report = Report(test.labels, run.predict_proba(test.images), test.classes)
            scores = {
                name: float("nan") if value is None else float(value)
                for name, value in report.recorded().items()
            }
    except TrainingCancelled as error:
        raise TrainingCancelled(CANCELLED) from error
    except RunError:
        reason = (
            f"{recipe.name} was fitted, but doesn't answer with probabilities (NaN): give it other "
            "settings, or more images."
        )
    except (TrainingError, ArithmeticError) as error:
        reason = str(error) if isinstance(error, TrainingError) else first_line(error)
    else:
        return replace(
            record,
            scores=scores,
            fit_s=run.manifest["timings"]["fit_s"],
            score_s=round(time.perf_counter() - begun, 3),
        )
    return replace(record, reason=reason)


def fit_key(
    source: FitSource, candidate: Candidate, seed: int, train: np.ndarray, test: np.ndarray
) -> str:
    """Digest of all that determines a fit and its scores.

    Parameters
    ----------
    source : FitSource
    candidate : Candidate
    seed : int
    train, test : ndarray of int
        Images.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    recipe = source.recipes[candidate.recipe]
    prior = class_prior.entry(
        [1] * len(source.part.classes),
        recipe.prior if source.prior is None else source.prior,
        source.part.classes,
    )
    made = [
        _KEYS,
        sklearn.__version__,
        recipe.name,
        described(recipe.pipeline(seed, None, candidate.settings)),
        prior,
        source.fingerprint,
        [hashlib.sha256(rows.astype("<i8").tobytes()).hexdigest() for rows in (train, test)],
    ]
    text = json.dumps(made, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


class FoldFit(ClassifierMixin, BaseEstimator):
    """Estimator whose samples are splits of a sweep; it is fitted when it is asked for its score.

    Parameters
    ----------
    source : FitSource
    recipe : str
    images : int or None
        See `emnist_lab.evaluation.sweeps.plan.Candidate`.
    settings : dict or None
        Of the recipe; `set_params` takes each by its own name too.
    """

    def __init__(self, source, recipe, images=None, settings=None):
        self.source, self.recipe = source, recipe
        self.images, self.settings = images, settings

    def __sklearn_clone__(self):
        return FoldFit(self.source, self.recipe, self.images, dict(self.settings or {}))

    def set_params(self, **params):
        """Set hyperparameters of the recipe, ``recipe`` and ``images``."""
        for name in ("source", "recipe", "images"):
            if name in params:
                setattr(self, name, params.pop(name))
        self.settings = {**(self.settings or {}), **params}
        return self

    def fit(self, splits, labels=None):
        """Take the splits whose folds are learned from: the one that is measured on tells them."""
        return self

    def score(self, splits, labels=None):
        """Score on the fold of a split, (1, 1) int: higher is better, NaN where the fit fails."""
        images = None if self.images is None else int(self.images)
        candidate = Candidate(self.recipe, dict(self.settings or {}), images)
        record = self.source.fit(candidate, int(splits[0, 0]))
        return better(self.source.metric, record.scores.get(self.source.metric, np.nan))
