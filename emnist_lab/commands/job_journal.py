"""What is queued or running, kept on disk too: a server that was killed leaves a trace of it.

Every server has a folder of its own here, with a file for each job, and holds
a lock beside it. The system releases the lock when the process ends, however
it ends, so the next server that starts knows whose jobs were interrupted, and
takes them over. Process numbers would not do: they are given out again.
"""

import json
import logging
import os
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path

import filelock

from ..files import UNKNOWN_OWNER, is_owner, write_json
from . import specs
from .specs import JobSpec

_log = logging.getLogger(__name__)
_KEPT = 20  # interrupted jobs, the newest
_LARGEST = 2**20  # bytes of a job's file; a true one has under a thousand
_PATIENCE = 5.0  # seconds to wait for a server that is clearing up beside this one


@dataclass(frozen=True)
class JobRecord:
    """A job as it is on disk.

    Attributes
    ----------
    key : str
        Names the job.
    spec : TrainSpec, CurveSpec, SweepSpec or FetchSpec
    state : {"queued", "running", "interrupted"}
    submitted : float
        Seconds since the epoch.
    begun : float or None
        The same, when it began to run.
    stage : str
        What it was doing last, in words.
    owner : str or None
        Visitor of a server whom it belongs to.
    seconds : float or None
        How long it may run.
    """

    key: str
    spec: JobSpec
    state: str = "queued"
    submitted: float = field(default_factory=time.time)
    begun: float | None = None
    stage: str = ""
    owner: str | None = None
    seconds: float | None = None


class Journal:
    """Jobs of one server on disk, and those that earlier ones left unfinished.

    What can't be written is said once in the log, and is no error: training
    goes on, only a killed server then leaves no trace of it.

    Parameters
    ----------
    place : pathlib.Path
        Folder that all servers of this home share.

    Attributes
    ----------
    trouble : str
        Why jobs aren't written down, in a sentence; empty while they are.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self.trouble = ""
        self._name = secrets.token_hex(8)
        self._lock = _lock(place, self._name, _PATIENCE)
        self._own = place / self._name
        try:
            place.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()  # before there is a folder: one without a lock has no server
            self._own.mkdir()
        except (OSError, filelock.Timeout) as error:
            self._say(error)

    def write(self, record: JobRecord) -> None:
        """Write a job down, whole or not at all.

        Parameters
        ----------
        record : JobRecord
            In place of an earlier one with its key.
        """
        if not self._lock.is_locked:
            return
        values = {
            "spec": specs.as_json(record.spec),
            "state": record.state,
            "submitted": record.submitted,
            "begun": record.begun,
            "stage": record.stage,
            "owner": record.owner,
            "seconds": record.seconds,
        }
        try:
            write_json(self._own / f"{record.key}.json", values)
        except OSError as error:
            self._say(error)

    def remove(self, key: str) -> None:
        """Forget a job, which has ended or isn't wanted any more.

        Parameters
        ----------
        key : str
        """
        try:
            (self._own / f"{key}.json").unlink(missing_ok=True)
        except OSError as error:
            self._say(error)

    def adopt_interrupted(self) -> list[JobRecord]:
        """Jobs that were interrupted: their server is no longer alive.

        Returns
        -------
        list of JobRecord
            At most 20, the newest, oldest first; they are this server's from
            now on. Files that hold no job that this version knows are removed.
        """
        if not self._lock.is_locked:
            return []
        for name in sorted(self._others()):
            lock = _lock(self.place, name, 0)
            try:
                with lock:
                    self._adopt(self.place / name)
                    Path(lock.lock_file).unlink(missing_ok=True)
            except filelock.Timeout:
                continue  # it is alive
            except OSError as error:
                self._say(error)
        found = []
        for path in sorted(self._own.glob("*.json")):
            record = _read(path)
            if record is None:
                self.remove(path.stem)
            else:
                found.append(record)
        found.sort(key=lambda one: one.submitted)
        for old in found[:-_KEPT]:
            self.remove(old.key)
        for record in found[-_KEPT:]:
            self.write(record)
        return found[-_KEPT:]

    def close(self) -> None:
        """Let go of the jobs, as a server's end does."""
        self._lock.release()

    def _others(self) -> set[str]:
        try:
            names = {path.stem for path in self.place.iterdir() if path.is_dir() or _is_lock(path)}
        except OSError as error:
            self._say(error)
            return set()
        return names - {self._name}

    def _adopt(self, folder: Path) -> None:
        if not folder.is_dir():
            return
        for path in folder.iterdir():
            if path.suffix == ".json":
                os.replace(path, self._own / path.name)
            else:
                path.unlink()  # it was being written
        folder.rmdir()

    def _say(self, error: Exception) -> None:
        if not self.trouble:
            why = getattr(error, "strerror", None) or error
            self.trouble = (
                f"Jobs can't be noted in {self.place} ({why}): training works, but a server that "
                "is stopped will not show what it interrupted; free or unlock that folder."
            )
            _log.warning("%s", self.trouble)


def _is_lock(path: Path) -> bool:
    return path.suffix == ".lock"


def _lock(place: Path, name: str, patience: float) -> filelock.FileLock:
    # A lock that is only a file would outlive a killed server, so no fallback to one.
    return filelock.FileLock(
        place / f"{name}.lock", patience, thread_local=False, fallback_to_soft=False
    )


def _read(path: Path) -> JobRecord | None:
    """The interrupted job in a file, or None: it may be damaged, or not ours at all."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("it is too large")
        values = json.loads(path.read_text(encoding="utf-8"))
        begun, seconds = values.get("begun"), values.get("seconds")
        owner = values.get("owner")
        return JobRecord(
            key=path.stem,
            spec=specs.from_json(values["spec"]),
            state="interrupted",
            submitted=float(values["submitted"]),
            begun=None if begun is None else float(begun),
            stage=str(values.get("stage", ""))[:200],
            owner=owner if owner is None or is_owner(owner) else UNKNOWN_OWNER,
            seconds=None if seconds is None else float(seconds),
        )
    except (
        OSError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        _log.warning("the note %s of a job can't be read (%s) and is removed", path.name, error)
        return None
