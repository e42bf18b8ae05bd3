"""Jobs as a visitor sees them, and what they may have done."""

from ..commands.job_queue import Job, JobQueue
from ..commands.specs import CurveSpec, FetchSpec, JobSpec, TrainSpec
from ..data.dataset_address import DatasetAddress
from ..errors import AccessError
from . import dataset_access, storage
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
    spec : TrainSpec, CurveSpec or FetchSpec
    shared_drawings : bool
        Whether everybody may use all kept drawings here.

    Raises
    ------
    AccessError
        They may not, or it is more than they may.
    DatasetError
        There is no such dataset for them.
    """
    if isinstance(spec, FetchSpec):
        visitor.require("uploads" if spec.files else "downloads")
        return
    visitor.require("training")
    dataset_access.require_address(visitor, DatasetAddress.parse(spec.root))
    limit = visitor.rights.training_images
    asked = spec.images_max if isinstance(spec, CurveSpec) else spec.images
    if limit is not None and (asked is None or asked > limit):
        raise AccessError(
            f"A job takes {limit:,} training images at most here, and this one would take "
            f"{'all' if asked is None else f'{asked:,}'}: choose fewer."
        )
    if isinstance(spec, TrainSpec) and not visitor.operator:
        everybody = shared_drawings and spec.handwriting == _EVERYBODY
        if spec.handwriting not in (None, visitor.id) and not everybody:
            raise AccessError("These drawings aren't yours: choose your own handwriting.")
        if limit is not None and spec.add_split:
            raise AccessError("Images of another split can't be added here: leave that out.")


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
    )
    if job is None:
        raise AccessError(
            f"{visitor.rights.queue} of your jobs wait or run already, and more can't be waiting "
            "here: cancel one, or wait for its end."
        )
    return job


def _require_own(visitor: Visitor, job: Job) -> None:
    if not visitor.owns(job.owner):
        raise AccessError("This job isn't yours: only who asked for it can stop or repeat it.")


def cancel(visitor: Visitor, queue: JobQueue, job: Job) -> None:
    """Stop a visitor's job; raises `AccessError` where it isn't theirs."""
    _require_own(visitor, job)
    queue.cancel(job)


def again(visitor: Visitor, queue: JobQueue, job: Job) -> Job | None:
    """Have the work of a visitor's job that has ended done once more; see `JobQueue.again`.

    Raises
    ------
    AccessError
        It isn't theirs, or they may not any more.
    """
    _require_own(visitor, job)
    require(visitor, job.spec)
    return queue.again(job)


def dismiss(visitor: Visitor, queue: JobQueue, job: Job) -> None:
    """Forget a visitor's job that has ended; raises `AccessError` where it isn't theirs."""
    _require_own(visitor, job)
    queue.dismiss(job)
