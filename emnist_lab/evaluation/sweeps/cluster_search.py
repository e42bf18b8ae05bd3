"""A sweep's fits on a Dask cluster, by joblib's Dask backend around scikit-learn's searches.

A task names a candidate and a split. Images, folds, and what the journal has already are brought to
each worker before. Records come back as messages when their fits end, and the journal is written
here: workers share no disk with it.
"""

import contextlib
import functools
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cloudpickle
import distributed
import joblib
import numpy as np
from joblib._dask import DaskDistributedBackend

from ...data.part import Part
from ...errors import ClusterError, LabError, TrainingCancelled
from ...runs.cluster import connection, fit_process, worker_data
from ...runs.cluster.connection import Cluster, LostWorkers
from ...runs.cluster.worker_data import MissingImages
from ...runs.progress import Progress
from . import fold_fit, search
from .candidates import Candidate
from .fit_journal import FitJournal, FitRecord, as_line, from_line
from .fold_fit import CANCELLED, FitSource, Opened
from .plan import Plan
from .sweep_progress import SweepProgress

_POLL = 0.1  # seconds between looks at messages and at a cancel
_WAIT = 30.0  # seconds in which a worker may come back, once all have ended
_SWEEPS = 8  # that a worker knows of

# On a worker: what its processes need of a sweep, by token.
_sweeps: dict[str, tuple[bytes, Path]] = {}
# In a process of a worker: the sweep of its last fit.
_opened: dict[str, tuple[FitSource, Opened, dict[str, float]]] = {}


def run(
    plan: Plan,
    folder: Path,
    address: str,
    *,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    connected: Callable[[Cluster], None] | None = None,
) -> list[FitRecord]:
    """Do all fits of a plan that its journal doesn't have, on a cluster.

    Parameters
    ----------
    plan, folder, progress, cancel
        See `emnist_lab.evaluation.sweeps.search.run`.
    address : str
        Of the scheduler; see `emnist_lab.runs.cluster.address.given`.
    connected : callable, optional
        Called with the `Cluster` before anything is sent.

    Returns
    -------
    list of FitRecord
        All of the journal. Scores are those that this machine's processes have.

    Raises
    ------
    ClusterError
        The cluster can't be used, or ended; the fits that ended are in the journal.
    TrainingError, TrainingCancelled or RunError
        See `emnist_lab.evaluation.sweeps.search.run`.
    """
    on_cluster = functools.partial(_search, address, connected)
    return search.run(plan, folder, progress=progress, cancel=cancel, search=on_cluster)


def _search(address, connected, plan: Plan, source: FitSource, tell: SweepProgress, cancel) -> None:
    journal, before, wait = FitJournal(source.folder), -1, connection.WAIT
    while True:
        with connection.connect(address, wait) as cluster:
            if before < 0 and connected is not None:
                connected(cluster)
            try:
                _attempt(cluster, plan, source, journal, tell, cancel)
                return
            except (LostWorkers, MissingImages) as error:
                if len(journal.records) <= before:  # it would go on for ever
                    raise ClusterError(
                        f"The workers of {address} end in the middle of their fits, most likely "
                        "for lack of memory: use fewer images, or larger workers."
                    ) from error
        before, wait = len(journal.records), _WAIT


def _attempt(
    cluster: Cluster,
    plan: Plan,
    source: FitSource,
    journal: FitJournal,
    tell: SweepProgress,
    cancel: Callable[[], bool] | None,
) -> None:
    """Do what isn't in the journal, as long as one of the workers is left."""
    there = ClusterSource(secrets.token_hex(8), cluster.topic, source.metric)
    state = _state(source, journal)

    def bring(workers: list[str]) -> None:
        cluster.run(fit_process.prepare, workers=workers)
        worker_data.send(cluster, plan.part, workers)
        cluster.run(_begin, there.token, plan.part.fingerprint, state, workers=workers)

    bring(cluster.workers)
    cluster.listen()
    backend = _Backend(cluster)
    work = _Background(lambda: _search_by_joblib(backend, plan, there))

    def keep() -> None:
        for line in cluster.heard():
            if record := from_line(line):
                journal.append(record)
                tell.ended(record)

    work.start()
    while not work.ended.wait(_POLL):
        keep()
        if cancel is not None and cancel():
            raise TrainingCancelled(CANCELLED)
        cluster.check()
        for worker, threads in cluster.newcomers().items():
            with contextlib.suppress(LostWorkers):  # it has ended already
                bring([worker])
                backend.use(worker, threads)
    keep()
    if (error := work.error) is None:
        return
    if getattr(error, "reason", "") == "scheduler-connection-lost":
        raise cluster.lost() from error
    cluster.check(at_once=True)
    if isinstance(error, LabError) and not isinstance(error, TrainingCancelled):
        raise error
    broken = (CancelledError, distributed.KilledWorker, TrainingCancelled)
    if isinstance(error, broken):
        raise LostWorkers(f"Workers of {cluster.address} ended.") from error
    raise error


class _Backend(DaskDistributedBackend):
    """joblib's Dask backend, on the workers that were checked.

    With one worker of one thread joblib would compute here; several quick fits would be one task,
    which is lost as a whole; and what became of a task whose workers ended would be its result.
    """

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(client=cluster.client, workers=cluster.workers, allow_other_workers=False)
        self.cluster = cluster

    def effective_n_jobs(self, n_jobs):
        return max(sum(self.cluster.threads.values()), 2)

    def use(self, worker: str, threads: int) -> None:
        """Send tasks to one more worker, those that aren't sent yet."""
        self.cluster.threads[worker] = threads
        self.submit_kwargs["workers"] = self.cluster.workers

    def compute_batch_size(self):
        return 1

    def retrieve_result_callback(self, out):
        if isinstance(out, CancelledError):
            raise out
        return super().retrieve_result_callback(out)


def _search_by_joblib(backend: _Backend, plan: Plan, source: "ClusterSource") -> None:
    with joblib.parallel_config(backend):
        search.search_all(plan, source, None)


class _Background(threading.Thread):
    """Work in a thread of its own, which is left behind where a cluster doesn't answer."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(name="sweep", daemon=True)
        self.work, self.error, self.ended = work, None, threading.Event()

    def run(self) -> None:
        """Do it, and keep what it raises."""
        try:
            self.work()
        except BaseException as error:  # noqa: BLE001  it is raised by whoever waits
            self.error = error
        finally:
            self.ended.set()


def _state(source: FitSource, journal: FitJournal) -> bytes:
    """What a worker's processes need of a sweep beside the images, and the fits that ended."""
    known = {
        key: one.scores.get(source.metric, np.nan)
        for key, one in journal.records.items()
        if not one.failed
    }
    fold_of = source.fold_of.astype(np.int8)  # at most 50 folds
    part = worker_data.without_images(source.part)
    return cloudpickle.dumps((source, part, fold_of, known))


def _begin(token: str, fingerprint: str, state: bytes, dask_worker=None) -> None:
    """Tell a worker of a sweep; called there."""
    while len(_sweeps) >= _SWEEPS:
        _sweeps.pop(next(iter(_sweeps)))
    _sweeps[token] = (state, worker_data.folder_of(dask_worker, fingerprint))


@dataclass(frozen=True)
class ClusterSource:
    """What stands for a `FitSource` in tasks of a cluster.

    Attributes
    ----------
    token : str
        By which workers know the sweep.
    topic : str
        Where records go.
    metric : str
    """

    token: str
    topic: str
    metric: str

    def fit(self, candidate: Candidate, split: int) -> FitRecord:
        """Fit a candidate on a split, in a process of this worker; called in a task."""
        record, fresh = fit_process.call(_fit, self.token, *_sweeps[self.token], candidate, split)
        if fresh:
            connection.tell(self.topic, as_line(record))
        return record


def _fit(
    token: str,
    state: bytes,
    folder: Path,
    candidate: Candidate,
    split: int,
    told: Callable[[Any], None],
) -> tuple[FitRecord, bool]:
    """Do a fit, unless it was done before; called in a process of a worker.

    Returns
    -------
    record : FitRecord
        With the score that candidates are ranked by alone, where it was done before.
    fresh : bool
    """
    if token not in _opened:
        _opened.clear()
        _opened[token] = _open(state, folder)
    source, opened, known = _opened[token]
    record, train, test = fold_fit.planned_fit(source, opened, candidate, split)
    if record.key in known:
        return replace(record, scores={source.metric: known[record.key]}), False
    part = opened.part
    return fold_fit.measured(source, candidate, record, part.take(train), part.take(test)), True


def _open(state: bytes, folder: Path) -> tuple[FitSource, Opened, dict[str, float]]:
    source, part, fold_of, known = cloudpickle.loads(state)
    loaded: Part = worker_data.load(folder, part)
    source.cancel = _never  # the process is ended
    return source, Opened(loaded, fold_of, FitJournal(folder)), known


def _never() -> bool:
    return False
