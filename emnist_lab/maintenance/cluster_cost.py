"""What a sweep costs on a cluster of two workers on loopback, beside processes of this machine."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from distributed import Client, LocalCluster
from distributed.comm.tcp import TCP

from ..data import loading
from ..data.part import Part
from ..evaluation.sweeps.hyperparameter_search import sweep
from ..evaluation.sweeps.results import Sweep
from ..runs.cluster import local_cluster

IMAGES = 20_000
_RECIPE = "hog-logistic"
_GRID = {"C": (0.1, 0.3, 1.0, 3.0), "max_iter": (50, 100)}  # on 3 folds: 24 fits
_METRICS = ("accuracy", "log_loss", "roc_auc_ovo")

_counting: dict[str, Any] = {}  # bytes that this process has written, and what writes them


def measure_cluster(root: str | None, images: int = IMAGES, kill: bool = False) -> dict[str, Any]:
    """A sweep of 24 fits on two workers, beside the same one by two processes of joblib's.

    Parameters
    ----------
    root : str or None
        Folder of the dataset.
    images : int
        Of balanced, dealt into folds.
    kill : bool
        Whether a worker is killed after a third of the fits.

    Returns
    -------
    dict
        ``images``, ``fits``; ``here_s``, ``cluster_s`` and their ``ratio``;
        ``bytes / (data × workers)``, where data are the images' bytes; ``largest difference`` of
        any score of a fit; ``killed``.
    """
    train = loading.load("balanced", "train", root).sample(images)
    begun = time.perf_counter()
    here = sweep(_RECIPE, train, grid=_GRID, jobs=local_cluster.WORKERS, scheduler="")
    here_s = time.perf_counter() - begun
    with local_cluster.start() as cluster, counted(cluster.scheduler_address) as written:
        begun = time.perf_counter()
        there = _on_cluster(cluster, train, kill)
        cluster_s = time.perf_counter() - begun
        sent = written()
    return {
        "images": len(train),
        "fits": len(there.records),
        "here_s": here_s,
        "cluster_s": cluster_s,
        "ratio": cluster_s / here_s,
        "bytes / (data × workers)": sent / (train.images.nbytes * local_cluster.WORKERS),
        "largest difference": _difference(here, there),
        "killed": kill,
    }


def _on_cluster(cluster: LocalCluster, train: Part, kill: bool) -> Sweep:
    killed = []

    def progress(one) -> None:
        if kill and not killed and one.step >= one.steps // 3:
            killed.append(next(iter(cluster.workers.values())).pid)
            os.kill(killed[0], signal.SIGKILL)

    address = cluster.scheduler_address
    return sweep(_RECIPE, train, grid=_GRID, scheduler=address, progress=progress)


def _difference(one: Sweep, other: Sweep) -> float:
    pairs = zip(one.results, other.results, strict=True)
    return max(
        float(np.abs(left.scores(key) - right.scores(key)).max())
        for left, right in pairs
        for key in _METRICS
    )


@contextlib.contextmanager
def counted(address: str) -> Iterator[Callable[[], int]]:
    """Count what client, scheduler and workers write to each other.

    Parameters
    ----------
    address : str
        Of the scheduler.

    Yields
    ------
    callable
        Gives the bytes so far, of all processes that are left.
    """
    with Client(address, set_as_default=False) as client:

        def everywhere(function: Callable) -> list:
            there = client.run(function).values()
            return [function(), client.run_on_scheduler(function), *there]

        everywhere(_count)
        try:
            # a scheduler of this process counts once
            yield lambda: sum(dict(everywhere(_bytes)).values())
        finally:
            _count_no_more()


def _count() -> None:
    """Have this process count the bytes that it writes."""
    if "write" not in _counting:
        _counting["write"] = own = TCP.write

        async def write(self, *given, **how):
            size = await own(self, *given, **how)
            _counting["bytes"] += size
            return size

        TCP.write = write
    _counting["bytes"] = 0


def _count_no_more() -> None:
    TCP.write = _counting.pop("write")


def _bytes() -> tuple[int, int]:
    """This process, and the bytes that it wrote; a worker that was started since doesn't count."""
    return os.getpid(), _counting.get("bytes", 0)
