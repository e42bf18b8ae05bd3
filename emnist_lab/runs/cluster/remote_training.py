"""The fit of a run on a Dask cluster: its images go to one worker, the fitted pipeline comes back.

What comes back is a pickle, as all that Dask sends: the cluster and its network are trusted.
"""

import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import asdict
from typing import Any

import cloudpickle
import distributed

from ...data.part import Part
from ...errors import ClusterError, TrainingCancelled
from ...models.catalog import SEED
from ...models.recipe import Recipe
from .. import training
from ..class_prior import Prior
from ..progress import Progress
from ..run import Run
from . import connection, fit_process, worker_data
from .connection import Cluster, LostWorkers
from .worker_data import MissingImages

_POLL = 0.1  # seconds between looks at messages and at a cancel
_TELL = 0.2  # seconds between two messages on batches and the like
_TRIES = 3  # workers that may end in it
_FIRST = 10  # its priority: people wait for a run, while a sweep has many fits


def fit(
    address: str,
    recipe: str | Recipe,
    train: Part,
    test: Part | None = None,
    *,
    seed: int = SEED,
    params: dict[str, Any] | None = None,
    prior: Prior | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    connected: Callable[[Cluster], None] | None = None,
) -> Run:
    """Fit a recipe on a cluster's worker, and measure it there.

    Parameters
    ----------
    address : str
        Of the scheduler; see `emnist_lab.runs.cluster.address.given`.
    recipe, train, test, seed, params, prior, progress, cancel
        See `emnist_lab.runs.training.fit`.
    connected : callable, optional
        Called with the `Cluster` before anything is sent.

    Returns
    -------
    Run
        In memory: `Run.save` keeps it. With the scores that this machine would have, to the last
        bits of another kind of processor.

    Raises
    ------
    ClusterError
        The cluster can't be used, or ended.
    TrainingError or TrainingCancelled
        See `emnist_lab.runs.training.fit`.
    """
    order = (recipe, seed, params, prior)
    with connection.connect(address) as cluster:
        if connected is not None:
            connected(cluster)
        cluster.listen()
        for _ in range(_TRIES):
            worker = _least_busy(cluster)
            try:
                return _fitted(cluster, worker, order, train, test, progress, cancel)
            except (LostWorkers, MissingImages):
                cluster.check(at_once=True)
        raise ClusterError(
            f"Workers of {address} end in the middle of this fit, most likely for lack of memory: "
            "use fewer images, or larger workers."
        )


def _least_busy(cluster: Cluster) -> str:
    try:
        busy = cluster.client.processing()
    except (OSError, CancelledError) as error:
        raise cluster.lost() from error
    return min(cluster.workers, key=lambda one: len(busy.get(one, ())) / cluster.threads[one])


def _fitted(cluster: Cluster, worker: str, order: tuple, train, test, progress, cancel) -> Run:
    parts = [one for one in (train, test) if one is not None]
    for part in parts:
        worker_data.send(cluster, part, [worker])
    state = cloudpickle.dumps((order, [worker_data.without_images(one) for one in parts]))
    future = cluster.client.submit(
        _in_process,
        cluster.topic,
        state,
        [one.fingerprint for one in parts],
        workers=[worker],
        priority=_FIRST,
        pure=False,
    )
    while not future.done():
        _pass_on(cluster, progress)
        if cancel is not None and cancel():
            raise TrainingCancelled("Training was cancelled; nothing was kept.")
        cluster.check()
        if worker not in cluster.threads:
            raise LostWorkers(f"The worker {worker} ended.")
        time.sleep(_POLL)
    try:
        manifest, model, scores = future.result()
    except (CancelledError, TrainingCancelled, distributed.KilledWorker) as error:
        cluster.check(at_once=True)
        raise LostWorkers(f"The worker {worker} ended.") from error
    _pass_on(cluster, progress)
    run = Run(manifest)
    run.model = model
    if scores is not None:
        run.test_scores = scores
    return run


def _pass_on(cluster: Cluster, progress: Callable[[Progress], None] | None) -> None:
    for message in cluster.heard():
        if progress is not None:
            progress(Progress(**message))


def _in_process(topic: str, state: bytes, fingerprints: list[str]) -> tuple:
    """The task: fit in a process of the worker."""
    worker = distributed.get_worker()
    folders = [worker_data.folder_of(worker, one) for one in fingerprints]
    return fit_process.call(
        _fit, state, folders, told=lambda message: connection.tell(topic, message)
    )


def _fit(state: bytes, folders: list, told: Callable[[Any], None]) -> tuple:
    """Fit; called in a process of a worker. Manifest, fitted pipeline and test scores."""
    (recipe, seed, params, prior), parts = cloudpickle.loads(state)
    train, *test = (worker_data.load(*one) for one in zip(folders, parts, strict=True))
    last = [0.0, 0]  # when a message was sent, and of which stage

    def tell(progress: Progress) -> None:
        now = time.monotonic()
        if progress.loss is None and progress.stage == last[1] and now < last[0] + _TELL:
            return
        last[:] = now, progress.stage
        told(
            {
                name: float(value) if isinstance(value, float) else value
                for name, value in asdict(progress).items()
            }
        )

    run = training.fit(recipe, train, *test, seed=seed, params=params, prior=prior, progress=tell)
    return run.manifest, run.model, run.test_scores if test else None
