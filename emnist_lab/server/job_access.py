"""Jobs as a visitor sees them, and what they may have done."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ..commands import job_limits
from ..commands.job_queue import Job, JobQueue
from ..commands.specs import CurveSpec, FetchSpec, JobSpec, SweepSpec, TrainSpec
from ..data import user_datasets
from ..data.dataset_address import DatasetAddress
from ..errors import AccessError, LabError
from ..files import owner_of
from . import dataset_access, storage, sweep_access
from .visitor import Visitor

_EVERYBODY = "all"  # whose kept drawings are added: all owners'


def list_jobs(visitor: Visitor, queue: JobQueue) -> list[Job]:
    """Jobs of a queue that a visitor sees, newest first: their own; all of them an operator.

    Parameters
    ----------
    visitor : Visitor
    queue : JobQueue

    Returns
    -------
    list of Job
    """
    return [job for job in queue.jobs if visitor.owns(job.owner)]


def require(visitor: Visitor, spec: JobSpec, shared_drawings: bool = False) -> None:
    """Refuse work that a visitor may not have done.

    Parameters
    ----------
    visitor : Visitor
    spec : TrainSpec, CurveSpec, SweepSpec or FetchSpec
    shared_drawings : bool
        Whether everybody may use all kept drawings here.

    Raises
    ------
    AccessError
        They may not, or it is more than they may.
    DatasetError
        There is no such dataset for them.
    RunError
        There is no such sweep for them.
    """
    if isinstance(spec, FetchSpec):
        if spec.files:
            visitor.require("uploads")
        if spec.split or not spec.files:
            visitor.require("downloads")
        if not all(_is_own_upload(visitor, Path(one)) for one in spec.files):
            visitor.require("folders")
        return
    visitor.require("training")
    if isinstance(spec, SweepSpec) and spec.resume is not None:
        spec = sweep_access.resumed_spec(visitor, spec)
    dataset_access.require_address(visitor, DatasetAddress.parse(spec.root))
    limit = visitor.rights.training_images
    asked = spec.images_max if isinstance(spec, CurveSpec) else spec.images
    if limit is not None and (asked is None or asked > limit):
        raise AccessError(
            f"A job takes {limit:,} training images at most here, and this one would take "
            f"{'all' if asked is None else f'{asked:,}'}: choose fewer."
        )
    if isinstance(spec, TrainSpec) and spec.sweep is not None:
        sweep_access.open_sweep(visitor, spec.sweep)
    if isinstance(spec, TrainSpec | SweepSpec) and not visitor.operator:
        everybody = shared_drawings and spec.handwriting == _EVERYBODY
        if spec.handwriting not in (None, visitor.id) and not everybody:
            raise AccessError("These drawings aren't yours: choose your own handwriting.")
        if limit is not None and isinstance(spec, TrainSpec) and spec.add_split:
            raise AccessError("Images of another split can't be added here: leave that out.")


def _is_own_upload(visitor: Visitor, path: Path) -> bool:
    return user_datasets.is_upload(path) and visitor.owns(owner_of(path.parent))


def submit(visitor: Visitor, queue: JobQueue, spec: JobSpec, shared_drawings: bool = False) -> Job:
    """Have work done for a visitor; see `JobQueue.submit`.

    Parameters
    ----------
    visitor : Visitor
    queue : JobQueue
    spec, shared_drawings
        See `require`.

    Returns
    -------
    Job

    Raises
    ------
    AccessError
        They may not, have no room left, or have enough jobs that wait.
    DatasetError
        There is no such dataset for them.
    """
    require(visitor, spec, shared_drawings)
    storage.require_room(visitor)
    job = queue.submit(
        spec,
        owner=visitor.new_owner(),
        seconds=visitor.rights.training_seconds,
        most=visitor.rights.queue,
        limits=partial(_limits, visitor, spec),
    )
    if job is None:
        raise _enough(visitor)
    return job


def import_files(
    visitor: Visitor,
    queue: JobQueue,
    files: Sequence[BinaryIO],
    name: str = "",
    choice: str | None = None,
) -> Job:
    """Have files that a visitor uploads imported; nothing of them stays where that is refused.

    Parameters
    ----------
    visitor : Visitor
    queue : JobQueue
    files, name
        See `dataset_access.keep_upload`.
    choice : str, optional
        Which set they are, of `emnist_lab.data.splits.KNOWN`.

    Returns
    -------
    Job

    Raises
    ------
    AccessError or DatasetError
        As `dataset_access.keep_upload` and `submit` raise.
    """
    kept = dataset_access.keep_upload(visitor, files, name)
    try:
        return submit(visitor, queue, FetchSpec(files=kept, name=name or None, choice=choice))
    except LabError:
        user_datasets.discard_upload(map(Path, kept))
        raise


def _limits(visitor: Visitor, spec: JobSpec) -> dict[str, str]:
    """Limits that a job's process is told of when it begins."""
    left = storage.left(visitor)
    if left is not None and isinstance(spec, FetchSpec):
        left += storage.size(*map(Path, spec.files))  # which counts by then, and goes with it
    return job_limits.variables(left, visitor.rights.training_images)


def _enough(visitor: Visitor) -> AccessError:
    return AccessError(
        f"{visitor.rights.queue} of your jobs wait or run already, and more can't be waiting "
        "here: cancel one, or wait for its end."
    )


def _require_own(visitor: Visitor, job: Job) -> None:
    if not visitor.owns(job.owner):
        raise AccessError("This job isn't yours: only who asked for it can stop or repeat it.")


def cancel(visitor: Visitor, queue: JobQueue, job: Job) -> None:
    """Stop a visitor's job; raises `AccessError` where it isn't theirs."""
    _require_own(visitor, job)
    queue.cancel(job)
    if isinstance(job.spec, FetchSpec):
        user_datasets.discard_upload(map(Path, job.spec.files))  # one that waited hasn't itself


def again(visitor: Visitor, queue: JobQueue, job: Job, shared_drawings: bool = False) -> Job | None:
    """Have the work of a visitor's job that has ended done once more; see `JobQueue.again`.

    Raises
    ------
    AccessError
        It isn't theirs, they may not any more, or have enough jobs that wait.
    """
    _require_own(visitor, job)
    require(visitor, job.spec, shared_drawings)
    storage.require_room(visitor)
    rights = visitor.rights
    limits = partial(_limits, visitor, job.spec)
    fresh = queue.again(job, rights.training_seconds, rights.queue, limits)
    if fresh is None and job in queue.jobs and not job.active:
        raise _enough(visitor)
    return fresh


def dismiss(visitor: Visitor, queue: JobQueue, job: Job) -> None:
    """Forget a visitor's job that has ended; raises `AccessError` where it isn't theirs."""
    _require_own(visitor, job)
    queue.dismiss(job)
