"""Sweeps that are kept: a folder each, with a manifest and the journal of its fits.

``sweep.json`` says what was asked, of which images, and when it was finished; ``fits.jsonl`` has
every fit with all its scores. Both are checked before anything relies on them.
"""

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import filelock

from ... import files
from ...errors import RunError, SharedHomeError, first_line
from ...files import home, owner_of, write_json, write_owner
from ...runs import run_folders
from ...runs.run_folders import LONGEST_NAME, check_name, is_name
from . import sweep_manifest
from .fit_journal import JOURNAL, FitJournal
from .plan import Plan
from .results import Sweep
from .sweep_manifest import MANIFEST

_LOCK = ".lock"
_LARGEST_JOURNAL = 2**30


def sweeps_home() -> Path:
    """Folder of this machine's sweeps; it may not exist yet."""
    return home() / "sweeps"


def begin(
    plan: Plan,
    name: str | None = None,
    owner: str | None = None,
    source: dict[str, Any] | None = None,
) -> Path:
    """Folder of a new sweep, or of the one of this name that was begun with the same plan.

    Parameters
    ----------
    plan : Plan
    name : str, optional
        A number is added where another sweep has it.
    owner : str, optional
        Visitor of a server whom it belongs to.
    source : dict, optional
        See `emnist_lab.evaluation.sweeps.sweep_manifest.manifest_of`.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    RunError
        The name can't be a folder's, or the disk is full or can't be written.
    """
    place = sweeps_home()
    files.refresh("sweeps")
    made = sweep_manifest.manifest_of(plan, source)
    wanted = check_name(name or default_name(plan), "sweep")
    try:
        place.mkdir(parents=True, exist_ok=True)
        for folder in _folders(wanted):
            if not os.path.lexists(folder):
                with run_folders.staging_folder(place) as partial:
                    write_owner(partial, owner)
                    write_json(partial / MANIFEST, made)
                    with contextlib.suppress(OSError):  # another process took the name meanwhile
                        files.place(partial, folder)
                        return folder
            if _same(folder, made, owner):
                return folder
    except OSError as error:
        raise _disk_error(place, error) from error
    raise RunError(f"There are 9,999 sweeps called {wanted}: choose another name.")


def name_of(plan: Plan, name: str | None = None, owner: str | None = None) -> str:
    """What `begin` would call a sweep, as things are now.

    Parameters
    ----------
    plan, name, owner
        See `begin`.

    Returns
    -------
    str

    Raises
    ------
    RunError
        See `begin`.
    """
    made = sweep_manifest.manifest_of(plan)
    wanted = check_name(name or default_name(plan), "sweep")
    for folder in _folders(wanted):
        if not os.path.lexists(folder) or _same(folder, made, owner):
            return folder.name
    raise RunError(f"There are 9,999 sweeps called {wanted}: choose another name.")


def _folders(name: str) -> Iterator[Path]:
    """Where a sweep of this name may lie: numbers are added."""
    for number in range(1, 10_000):
        more = "" if number == 1 else f"-{number}"
        yield sweeps_home() / f"{name[: LONGEST_NAME - len(more)]}{more}"


def default_name(plan: Plan) -> str:
    """What a sweep is called that was given no name."""
    part = plan.part
    what = "comparison" if plan.compares else f"{plan.recipes[0].name}-sweep"
    return f"{what}-{'generated-' if part.generated else ''}{part.split}-{len(part)}"[:LONGEST_NAME]


def _same(folder: Path, made: dict[str, Any], owner: str | None) -> bool:
    try:
        kept = sweep_manifest.read(folder)
    except RunError:
        return False
    return owner_of(folder) == owner and sweep_manifest.digest(kept) == sweep_manifest.digest(made)


def finished(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest that says that all fits have ended: now, or when they had before."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {**manifest, "finished": manifest["finished"] or now}


def finish(folder: Path) -> None:
    """Note that all fits of a sweep have ended; raises `RunError`."""
    manifest = sweep_manifest.read(folder)
    if manifest["finished"] is None:
        try:
            write_json(folder / MANIFEST, finished(manifest))
        except OSError as error:
            raise _disk_error(folder.parent, error) from error


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[Callable[[], bool]]:
    """Keep other processes from doing the fits of a sweep at the same time.

    In a home that replicas share, it is begun with what they have, and they see how far it is.

    Yields
    ------
    callable
        Whether the sweep was deleted on another replica meanwhile.

    Raises
    ------
    RunError
        One does.
    """
    with contextlib.suppress(SharedHomeError):  # what others have is added when it is reached
        files.fetch(folder)
    with _alone(folder), files.publishing(folder, _add_fits) as deleted:
        yield deleted


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    lock = filelock.FileLock(folder / _LOCK, 0, thread_local=False, fallback_to_soft=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise RunError(
            f"The sweep {folder.name} goes on in another process: wait for its end."
        ) from None
    except OSError as error:
        raise _disk_error(folder.parent, error) from error
    try:
        yield
    finally:
        lock.release()


def _add_fits(theirs: Path, ours: Path) -> None:
    """Add to a journal the fits that another replica did of the same sweep."""
    journal = FitJournal(ours)
    for key, record in FitJournal(theirs).records.items():
        if key not in journal.records:
            journal.append(record)


def is_running(name: str) -> bool:
    """Whether a process does fits of a kept sweep now."""
    folder = sweeps_home() / check_name(name, "sweep")
    if not (folder / _LOCK).exists():
        return False
    try:
        with _alone(folder):
            return False
    except RunError:
        return True


def open_sweep(name: str) -> Sweep:
    """Open a kept sweep by name.

    Parameters
    ----------
    name : str

    Returns
    -------
    Sweep
        With the fits that have ended so far.

    Raises
    ------
    RunError
        There is none, or it is damaged or of a newer version.
    """
    files.refresh("sweeps")
    folder = sweeps_home() / check_name(name, "sweep")
    return _opened(folder, owner_of(folder), *_versions(folder))


@functools.lru_cache(maxsize=64)
def _opened(folder: Path, owner: str | None, *versions: tuple[int, int]) -> Sweep:
    """A sweep whose files are of these versions: pages ask again at each click."""
    manifest = sweep_manifest.read(folder)
    _, size = versions[1]
    if size > _LARGEST_JOURNAL:
        raise sweep_manifest.damaged(folder.name, JOURNAL, "it is larger than 1 GiB")
    try:
        records = tuple(FitJournal(folder).records.values())
    except OSError as error:
        raise sweep_manifest.damaged(folder.name, JOURNAL, first_line(error)) from error
    return Sweep(manifest, records, folder.name, owner)


def _versions(folder: Path) -> list[tuple[int, int]]:
    """When the manifest and the journal were written last, and their sizes."""
    found = []
    for file in (MANIFEST, JOURNAL):
        try:
            about = (folder / file).stat()
        except OSError:  # whoever reads it says what is wrong
            found.append((0, 0))
        else:
            found.append((about.st_mtime_ns, about.st_size))
    return found


def _disk_error(place: Path, error: OSError) -> RunError:
    return RunError(
        f"Sweeps can't be kept in {place} ({error.strerror or error}): free some space, or name a "
        "writable folder in $EMNIST_LAB_HOME."
    )


def _names() -> list[str]:
    return sorted(
        path.parent.name
        for path in sweeps_home().glob(f"[!.]*/{MANIFEST}")
        if is_name(path.parent.name)
    )


def list_sweeps() -> tuple[list[Sweep], list[str]]:
    """All kept sweeps, newest first.

    Returns
    -------
    sweeps : list of Sweep
    problems : list of str
        A sentence for each that can't be used.
    """
    found, problems = [], []
    files.refresh("sweeps")
    try:
        names = _names()
    except OSError as error:
        return [], [f"The sweeps in {sweeps_home()} can't be read ({error.strerror})."]
    for name in names:
        try:
            found.append(open_sweep(name))
        except RunError as error:
            problems.append(str(error))
    found.sort(key=lambda one: one.manifest["created"], reverse=True)
    return found, problems


def delete(name: str) -> None:
    """Delete a kept sweep; no effect where there is none.

    Parameters
    ----------
    name : str

    Raises
    ------
    RunError
        The name isn't a sweep's, it goes on, or it can't be removed.
    """
    folder = sweeps_home() / check_name(name, "sweep")
    if is_running(name):
        raise RunError(f"The sweep {name} goes on in a process: cancel it first, then delete it.")
    try:
        files.remove(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise RunError(
            f"{folder} can't be deleted ({error.strerror or error}): make its folder writable."
        ) from error


def save(sweep: Sweep, name: str | None = None, owner: str | None = None) -> Sweep:
    """Keep a sweep that is in memory only.

    Parameters
    ----------
    sweep : Sweep
    name : str, optional
        A number is added where it is taken.
    owner : str, optional

    Returns
    -------
    Sweep
        With its name.

    Raises
    ------
    RunError
        The name can't be a folder's, or the disk is full or can't be written.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> train = lab.load("balanced", "train", root="demo").choose("0123456789").sample(300)
    >>> kept = save(lab.sweep("pixels-bayes", train), "mine")
    >>> open_sweep("mine").best.mean("accuracy") == kept.best.mean("accuracy")
    True
    """
    place = sweeps_home()
    wanted = check_name(name or f"{sweep.manifest['recipes'][0]['name']}-sweep", "sweep")
    folder = next(one for one in _folders(wanted) if not os.path.lexists(one))
    try:
        place.mkdir(parents=True, exist_ok=True)
        with run_folders.staging_folder(place) as partial:
            write_owner(partial, owner)
            journal = FitJournal(partial)
            for record in sweep.records:
                journal.append(record)
            write_json(partial / MANIFEST, sweep.manifest)
            files.place(partial, folder)
    except OSError as error:
        raise _disk_error(place, error) from error
    return replace(sweep, name=folder.name, owner=owner)
