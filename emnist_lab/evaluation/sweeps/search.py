"""Run a sweep by scikit-learn's own searches: grid, random, successive halving."""

import contextlib
import functools
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError  # as other backends of joblib's tell it
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from joblib.externals.loky.process_executor import TerminatedWorkerError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
)

from ...errors import RunError, TrainingCancelled, TrainingError
from ...models import cost_estimates, memory
from ...runs.progress import Progress
from . import search_space
from .fit_journal import FitJournal, FitRecord
from .fold_fit import CANCELLED, FitSource, FoldFit
from .halving import FACTOR
from .plan import Plan
from .sweep_progress import SweepProgress

_POLL = 0.25  # seconds between looks at what other processes have done
_WORTH = 20.0  # seconds of work from which further processes pay for their start


def run(
    plan: Plan,
    folder: Path,
    *,
    jobs: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    search: Callable[[Plan, FitSource, SweepProgress, Callable[[], bool] | None], None]
    | None = None,
) -> list[FitRecord]:
    """Do all fits of a plan that its journal doesn't have.

    Parameters
    ----------
    plan : Plan
    folder : pathlib.Path
        Of the journal; it exists.
    jobs : int, optional
        Processes that fit side by side; `jobs_for` by default.
    progress : callable, optional
        Called with a `Progress` of the whole sweep when it begins and after every fit.
    cancel : callable, optional
        Asked between fits and while they go on; the sweep stops once it returns True.
    search : callable, optional
        Does the fits in another place than this machine; `jobs` doesn't count then.

    Returns
    -------
    list of FitRecord
        All of the journal.

    Raises
    ------
    TrainingError
        No candidate can be fitted.
    TrainingCancelled
        `cancel` returned True; the fits that ended are in the journal.
    RunError
        The disk is full or can't be written.
    """
    if search is None:
        jobs = jobs_for(plan) if jobs is None else jobs
        if not 1 <= jobs <= 1024:
            raise TrainingError(f"A sweep can't have {jobs} processes: choose 1 or more.")
        search = functools.partial(search_here, jobs=jobs)
    try:
        journal = FitJournal(folder)
        journal.mend()
        source = FitSource.of(plan, folder)
        source.unshare()
        tell = SweepProgress(plan, progress, journal.records)
        search(plan, source, tell, cancel)
        journal.refresh()
    except OSError as error:
        raise RunError(
            f"The sweep can't be written to {folder} ({error.strerror or error}): free some space; "
            "the fits that ended are kept."
        ) from error
    records = list(journal.records.values())
    if all(record.failed for record in records):
        raise TrainingError(records[-1].reason)
    return records


def jobs_for(plan: Plan) -> int:
    """Processes that a sweep uses: one a core, where that is worth it and memory has room.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    int

    Examples
    --------
    >>> import emnist_lab as lab
    >>> train = lab.load("balanced", "train", root="demo").choose("0123456789").sample(300)
    >>> from emnist_lab.evaluation.sweeps import plan
    >>> jobs_for(plan.make("pixels-bayes", train))
    1
    """
    cores = joblib.cpu_count()
    seconds = plan.expected_seconds()
    if cores == 1 or not seconds > _WORTH:
        return 1
    images = plan.folds.train_images()
    peak = max(cost_estimates.estimate(one.name, images).peak for one in plan.recipes)
    room = memory.available() / peak if np.isfinite(peak) else cores
    return int(max(min(cores, room, plan.fits), 1))


def search_here(
    plan: Plan, source: FitSource, tell: SweepProgress, cancel: Callable[[], bool] | None, jobs: int
) -> None:
    """Do all fits on this machine, in this process or in several of joblib's."""
    with _alone(source, tell, cancel) if jobs == 1 else _side_by_side(source, tell, cancel):
        done = -1
        while True:
            try:
                search_all(plan, source, jobs)
                return
            except (TerminatedWorkerError, CancelledError) as error:
                done = _go_on(source, done, error)


def search_all(plan: Plan, source: Any, jobs: int | None = 1) -> None:
    """Have scikit-learn search, size by size where there are several.

    Parameters
    ----------
    plan : Plan
    source : FitSource
        Or whatever does a fit of a candidate on a split, and knows the metric.
    jobs : int or None
        Of `searches`; None for what joblib's backend has.
    """
    splits = np.arange(plan.splits)[:, None]
    for search in searches(plan, source, jobs):
        with warnings.catch_warnings():
            # of scores that are NaN: their candidates are listed with the reason
            warnings.filterwarnings("ignore", ".*non-finite", UserWarning)
            search.fit(splits)


def _go_on(source: FitSource, before: int, error: Exception) -> int:
    """How many fits have ended, when a process was killed: only the fits under way are lost."""
    done = len(FitJournal(source.folder).records)
    if source.stopped():
        raise TrainingCancelled(CANCELLED) from error
    if done <= before:  # it would go on for ever
        raise TrainingError(
            "A process of the sweep was ended by the system, most likely for lack of memory: use "
            "fewer images, or one process (--jobs 1); the fits that ended are kept."
        ) from error
    return done


def searches(plan: Plan, source: Any, jobs: int | None = 1) -> Iterator[Any]:
    """scikit-learn's searches that a plan consists of, unfitted.

    Parameters
    ----------
    plan : Plan
    source : FitSource
    jobs : int

    Yields
    ------
    GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV or HalvingRandomSearchCV
        One for each number of training images; successive halving goes through these itself, by
        nested stratified samples of the training folds, with all images of the test fold.
    """
    how: dict[str, Any] = {
        "cv": plan.folds.numbers(),
        "refit": False,
        "error_score": "raise",  # a fit that fails is noted; what else is raised is a cancel
        "n_jobs": jobs,
    }
    name = plan.recipes[0].name
    if plan.rounds:
        how |= {
            "resource": "images",
            "min_resources": plan.rounds[0][1],
            "max_resources": plan.folds.train_images(),
            "factor": FACTOR,
            "return_train_score": False,
            "random_state": plan.seed,
        }
        estimator = FoldFit(source, name)
        if plan.points:
            yield HalvingRandomSearchCV(
                estimator,
                search_space.distributions(plan.space),
                n_candidates=plan.points,
                **how,
            )
        else:
            yield HalvingGridSearchCV(estimator, _grids(plan, None), **how)
        return
    for images in dict.fromkeys(one.images for one in plan.candidates):
        estimator = FoldFit(source, name, images)
        if plan.search == "random":
            yield RandomizedSearchCV(
                estimator,
                search_space.distributions(plan.space),
                n_iter=plan.points,
                random_state=plan.seed,
                **how,
            )
        else:
            yield GridSearchCV(estimator, _grids(plan, images), **how)


def _grids(plan: Plan, images: int | None) -> list[dict[str, list]]:
    """Grids for scikit-learn: one of the space, or of each recipe that is compared."""
    if not plan.compares:
        return [{name: list(values) for name, values in plan.space.items()}]
    return [
        {"recipe": [one.recipe], **{name: [value] for name, value in one.settings.items()}}
        for one in plan.candidates
        if one.images == images
    ]


@contextlib.contextmanager
def _alone(source: FitSource, tell: SweepProgress, cancel) -> Iterator[None]:
    """Fits in this process, one after the other."""
    source.ended, source.cancel = tell.ended, cancel
    source.progress = tell.within if tell.progress is not None else None
    try:
        yield
    finally:
        source.close()


@contextlib.contextmanager
def _side_by_side(source: FitSource, tell: SweepProgress, cancel) -> Iterator[None]:
    """Fits in processes of joblib's, which this one watches by their journal."""
    ended, asked = threading.Event(), threading.Event()
    failed: list[BaseException] = []
    journal = FitJournal(source.folder)

    def look() -> None:
        journal.refresh()
        for record in list(journal.records.values()):
            tell.ended(record)
        if cancel is not None and not asked.is_set() and cancel():
            asked.set()
            source.stop()

    def watch() -> None:
        while not ended.wait(_POLL):
            try:
                look()
            except BaseException as error:  # noqa: BLE001  whoever is told of progress may raise
                failed.append(error)
                source.stop()
                return

    source.share()
    watcher = threading.Thread(target=watch, name="sweep", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
        source.unshare()
        if failed:
            raise failed[0]
    look()


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder for the journal of a sweep that isn't kept."""
    with tempfile.TemporaryDirectory(prefix="emnist-lab-sweep-") as folder:
        yield Path(folder)
