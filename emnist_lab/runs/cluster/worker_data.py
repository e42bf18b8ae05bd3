"""Images on workers: they go to each once, as uint8, to a file that its processes map.

They aren't a dependency of tasks, as Dask's scattered data are: with a worker that is killed only
its own copy is gone, not the work of the others.
"""

import asyncio
import os
import shutil
from concurrent.futures import CancelledError
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...data.part import Part
from ...errors import ClusterError, LabError
from ...files import partial_path
from .connection import Cluster, LostWorkers

_NAME = "emnist-lab-images-"
_KEPT = 4  # parts that a worker keeps


class MissingImages(LabError):
    """A worker has let go of images, because others came; they are sent again."""


def send(cluster: Cluster, part: Part, workers: list[str] | None = None) -> None:
    """Bring a part to workers that don't have it yet.

    Parameters
    ----------
    cluster : Cluster
    part : Part
    workers : list of str, optional
        All by default.

    Raises
    ------
    ClusterError
        A worker's disk is full, or can't be written.
    LostWorkers or LostScheduler
        They ended meanwhile.
    """
    has = cluster.run(_touch, part.fingerprint, workers=workers)
    lacking = [worker for worker, there in has.items() if not there]
    if not lacking:
        return
    arrays = [np.asarray(part.images).view(np.ndarray), part.labels.astype(np.int32)]
    # From here to one worker and from there to the next: by way of the scheduler it would be twice.
    how = {"workers": lacking, "broadcast": True, "hash": False}
    try:
        try:
            futures = cluster.client.scatter(arrays, direct=True, **how)
        except (OSError, CancelledError):  # workers that only the scheduler reaches
            cluster.check(at_once=True)
            futures = cluster.client.scatter(arrays, direct=False, **how)
    except (OSError, CancelledError, KeyError) as error:
        cluster.check(at_once=True)
        raise LostWorkers(f"A worker of {cluster.address} ended.") from error
    keys = [one.key for one in futures]
    for worker, reason in cluster.run(_keep, part.fingerprint, keys, workers=lacking).items():
        if reason:
            raise ClusterError(
                f"The worker {worker} can't keep the images ({reason}): free some space there, or "
                "start it with another --local-directory."
            )


def folder_of(dask_worker, fingerprint: str) -> Path:
    """Where a worker keeps a part.

    Parameters
    ----------
    dask_worker : distributed.Worker
    fingerprint : str

    Returns
    -------
    pathlib.Path
    """
    return Path(dask_worker.local_directory) / f"{_NAME}{fingerprint}"


def load(folder: Path, part: Part) -> Part:
    """A part with the images that a worker keeps; called in its processes.

    Parameters
    ----------
    folder : pathlib.Path
        Of `folder_of`.
    part : Part
        Without images; see `without_images`.

    Returns
    -------
    Part

    Raises
    ------
    MissingImages
        They aren't there any more.
    """
    try:
        images, labels = (
            np.load(folder / f"{place}.npy", "r", allow_pickle=False) for place in range(2)
        )
    except FileNotFoundError as error:
        raise MissingImages("A worker has let go of these images.") from error
    return replace(part, images=images, labels=np.asarray(labels, np.int64))


def without_images(part: Part) -> Part:
    """A part without images, labels and writers: what is sent with tasks.

    Parameters
    ----------
    part : Part

    Returns
    -------
    Part
    """
    empty = np.empty((0, *part.images.shape[1:]), np.uint8)
    return replace(part, images=empty, labels=np.empty(0, np.int64), writers=None, notes=())


def _touch(fingerprint: str, dask_worker=None) -> bool:
    """Whether a worker has a part, which is then among the newest."""
    try:
        os.utime(folder_of(dask_worker, fingerprint))
    except FileNotFoundError:
        return False
    return True


async def _keep(fingerprint: str, keys: list[str], dask_worker=None) -> str:
    """Write what was scattered to a file; why it can't be, or nothing."""
    arrays = [dask_worker.data[key] for key in keys]
    try:
        await asyncio.to_thread(_write, folder_of(dask_worker, fingerprint), arrays)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _write(folder: Path, arrays: list[np.ndarray]) -> None:
    newest = sorted(folder.parent.glob(f"{_NAME}*"), key=lambda one: one.stat().st_mtime)[::-1]
    for old in newest[_KEPT - 1 :]:
        shutil.rmtree(old)
    partial = partial_path(folder.parent)
    partial.mkdir()
    try:
        for place, array in enumerate(arrays):
            np.save(partial / f"{place}.npy", array, allow_pickle=False)
        partial.rename(folder)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)
        if not folder.is_dir():  # else another client's came first
            raise
