"""Where runs lie, what they may be called, and how a folder appears there whole or not at all."""

import contextlib
import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import files
from ..errors import RunError, SharedHomeError
from ..files import SHIPPED, STALE, home, partial_path, write_synced
from . import manifest as manifests
from .manifest import MANIFEST

LONGEST_NAME = 80
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_NAME - 1}}}")


def runs_home() -> Path:
    """Folder of this machine's own runs; it may not exist yet."""
    return home() / "runs"


def is_name(text: str) -> bool:
    """Whether a run or a curve can be called so."""
    return _NAME.fullmatch(text) is not None


def check_name(name: str, what: str = "run") -> str:
    """Refuse what can't be the name of something that is kept.

    Parameters
    ----------
    name : str
    what : {"run", "curve"}

    Returns
    -------
    str
        The name.

    Raises
    ------
    RunError
        It can't be the name of a folder or file.
    """
    if not is_name(name):
        raise RunError(
            f"A {what} can't be called {name[:200]!r}: use up to 80 letters, digits, dots, dashes "
            "and underscores."
        )
    return name


def plain_name(text: str) -> str:
    """A name that a run can have, made from any text.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> plain_name("Müller's run (2)")
    'M-ller-s-run-2'
    """
    fit = re.sub(r"[^A-Za-z0-9._-]+", "-", text[: 4 * LONGEST_NAME]).lstrip("-._")
    return fit[:LONGEST_NAME].rstrip("-") or "run"


def name_exists(name: str, place: Path) -> bool:
    """Whether a name is in use, by a run in `place` or, among own runs, by a shipped one.

    Parameters
    ----------
    name : str
    place : pathlib.Path
        Where runs are kept.

    Returns
    -------
    bool
    """
    shipped = place == runs_home() and (SHIPPED / name / MANIFEST).is_file()
    return shipped or os.path.lexists(place / name)


def check_disk_space(folder: Path | None = None, needed: int = 32 * 2**20) -> None:
    """Refuse early, before minutes of training, a disk that can't keep the run.

    Parameters
    ----------
    folder : pathlib.Path, optional
        Where runs are kept; this machine's own by default.
    needed : int
        Bytes that must be free.

    Raises
    ------
    RunError
        The disk is full or can't be written.
    """
    place = folder or runs_home()
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place) as probe:
            probe.write(b"\0")
        free = shutil.disk_usage(place).free
    except OSError as error:
        raise disk_error(place, error) from error
    if free < needed:
        raise RunError(
            f"The disk that holds {place} has {free // 2**20} MB free, a run needs "
            f"{-(-needed // 2**20)} MB: free some space and try again."
        )


def disk_error(place: Path, error: OSError) -> RunError:
    """The error for a disk that can't be written.

    Parameters
    ----------
    place : pathlib.Path
        Where runs are kept.
    error : OSError
        The system's.

    Returns
    -------
    RunError
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RunError(f"The disk that holds {place} is full: free some space and try again.")
    return RunError(
        f"Runs can't be written to {place} ({error.strerror or error}): make it writable, or name "
        "another folder in $EMNIST_LAB_HOME."
    )


@contextlib.contextmanager
def staging_folder(place: Path) -> Iterator[Path]:
    """A new folder that no list shows, for `commit` to name; gone afterwards where it wasn't.

    Parameters
    ----------
    place : pathlib.Path
        Where runs are kept.

    Yields
    ------
    pathlib.Path

    Raises
    ------
    RunError
        The disk is full or can't be written.
    """
    partial = partial_path(place)
    try:
        place.mkdir(parents=True, exist_ok=True)
        _sweep(place)
        partial.mkdir()
        yield partial
    except OSError as error:
        raise disk_error(place, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def commit(partial: Path, manifest: dict[str, Any], name: str) -> dict[str, Any]:
    """Give a folder that `staging_folder` made its manifest and its name.

    Parameters
    ----------
    partial : pathlib.Path
        The folder; it holds the run's other files.
    manifest : dict
        The run's.
    name : str
        To open it by; a number is added where it is taken.

    Returns
    -------
    dict
        The manifest with the name that the run has now.

    Raises
    ------
    RunError
        Thousands have the name.
    OSError
        The disk is full or can't be written.
    """
    place = partial.parent
    for number in range(1, 10_000):
        more = "" if number == 1 else f"-{number}"
        own = name[: LONGEST_NAME - len(more)] + more
        if name_exists(own, place):
            continue
        manifest = {**manifest, "name": own}
        write_synced(partial / MANIFEST, manifests.encode(manifest))
        try:
            files.place(partial, place / own)
            return manifest
        except OSError as error:  # another process took the name meanwhile
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
    raise RunError(f"There are 9,999 runs called {name}: choose another name.")


def move(folder: Path, manifest: dict[str, Any], name: str) -> dict[str, Any]:
    """Give a run another name.

    The folder's name is what counts when a run is read, so a process that is
    killed between the two steps leaves a run that opens by the new name.

    Parameters
    ----------
    folder : pathlib.Path
        The run's.
    manifest : dict
        The run's.
    name : str
        One that isn't taken.

    Returns
    -------
    dict
        The manifest with the new name.

    Raises
    ------
    OSError
        The folder is gone, the name was taken meanwhile, or the disk can't be written.
    """
    manifest = {**manifest, "name": name}
    place, fresh = folder.parent, partial_path(folder)
    try:
        write_synced(fresh, manifests.encode(manifest))
        files.rename(
            folder, place / name, lambda moved: os.replace(moved / fresh.name, moved / MANIFEST)
        )
    except (OSError, SharedHomeError):
        fresh.unlink(missing_ok=True)
        raise
    return manifest


def remove(folder: Path) -> None:
    """Delete a run's folder; a process that is killed over it leaves nothing that lists show.

    Parameters
    ----------
    folder : pathlib.Path

    Raises
    ------
    OSError
        It is gone already, or can't be deleted.
    """
    files.remove(folder)


def _sweep(place: Path) -> None:
    """Remove what processes that were killed while saving or deleting left behind."""
    for partial in place.glob(".partial-*"):
        with contextlib.suppress(FileNotFoundError):  # whoever wrote it has ended just now
            if time.time() - partial.stat().st_mtime > STALE:
                shutil.rmtree(partial, ignore_errors=True)
