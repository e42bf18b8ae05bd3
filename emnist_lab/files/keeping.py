"""How what is kept gets its name, its next version and its end, in a folder or a shared home.

With a folder as home these functions do what the system's own calls do. With an address the same
happens in the store that replicas share, and nothing is imported for it before.
"""

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SharedHomeError
from .places import home, home_address
from .writing import partial_path

if TYPE_CHECKING:
    from .copy_refreshing import Refreshing
    from .shared_home import SharedHome

_homes: dict[tuple[str, Path], "tuple[SharedHome, Refreshing]"] = {}
_making = threading.Lock()
_patience: float | None = None
_PUBLISHED = 1.0  # seconds between two versions of what grows


class ChangedMeanwhile(Exception):
    """Another replica wrote a newer version: `fetch` it, and change that."""


def is_shared() -> bool:
    """Whether the home is an address that replicas share."""
    return bool(home_address())


def set_patience(seconds: float | None) -> None:
    """How long `refresh` waits: a page mustn't hang, a command may take its time.

    Parameters
    ----------
    seconds : float or None
        None for as long as it takes, as it is from the start.
    """
    global _patience
    _patience = seconds


def _shared() -> "tuple[SharedHome, Refreshing] | None":
    address = home_address()
    if not address:
        return None
    key = address, home()
    with _making:
        if key not in _homes:
            from .copy_refreshing import Refreshing
            from .shared_home import SharedHome

            made = SharedHome(*key)
            _homes[key] = made, Refreshing(made)
        return _homes[key]


def _entry(path: Path) -> "tuple[SharedHome, str] | None":
    found = _shared()
    entry = found and found[0].entry(path)
    return (found[0], entry) if entry else None


def place(made: Path, target: Path) -> None:
    """Give what was made a name that nobody has.

    Parameters
    ----------
    made : pathlib.Path
        A folder or file that no list shows.
    target : pathlib.Path
        Where it is to lie.

    Raises
    ------
    OSError
        The name is taken, by a folder or, in a shared home, by anything; or the disk can't be
        written. Where a shared home can't take it, it lies here and is sent later: see `trouble`.
    """
    if (found := _entry(target)) is None:
        os.rename(made, target)
    else:
        found[0].place(made, target, found[1])


def replace(made: Path, target: Path) -> None:
    """Put a file in the place of another, or of none.

    Parameters
    ----------
    made, target : pathlib.Path

    Raises
    ------
    ChangedMeanwhile
        Another replica wrote a newer version.
    SharedHomeError
        The shared home can't take it; nothing has changed.
    OSError
        The disk can't be written.
    """
    if (found := _entry(target)) is None:
        os.replace(made, target)
        return
    from .shared_home import Overtaken

    try:
        found[0].replace(made, target, found[1])
    except Overtaken as error:
        raise ChangedMeanwhile from error


def publish(target: Path, merge: Callable[[Path, Path], None] | None = None) -> None:
    """Let other replicas see what was written in place; with a folder as home nothing is to do.

    Parameters
    ----------
    target : pathlib.Path
        Something kept.
    merge : callable, optional
        Given another replica's version and this one, adds the former to the latter. What another
        replica deleted is `FileNotFoundError` then.
    """
    if (found := _entry(target)) is not None:
        found[0].publish(target, found[1], merge)


@contextlib.contextmanager
def publishing(target: Path, merge: Callable[[Path, Path], None]) -> Iterator[Callable[[], bool]]:
    """`publish` what grows meanwhile, once a second, and at the end.

    Parameters
    ----------
    target, merge
        See `publish`.

    Yields
    ------
    callable
        Whether another replica deleted it meanwhile: nothing more of it is kept then.
    """
    if _entry(target) is None:
        yield lambda: False
        return
    ended, deleted, sent = threading.Event(), threading.Event(), _look(target)

    def send() -> None:
        nonlocal sent
        now = _look(target)
        if now != sent and not deleted.is_set():
            try:
                publish(target, merge)
            except FileNotFoundError:
                deleted.set()
            sent = _look(target)

    def watch() -> None:
        while not ended.wait(_PUBLISHED):
            with contextlib.suppress(OSError, SharedHomeError):  # the last one says it
                send()

    watcher = threading.Thread(target=watch, name="publish", daemon=True)
    watcher.start()
    try:
        yield deleted.is_set
    finally:
        ended.set()
        watcher.join()
        send()


def _look(target: Path) -> list[tuple[str, int, int]]:
    found = []
    for path in sorted(target.rglob("[!.]*")):
        with contextlib.suppress(OSError):
            about = path.stat()
            found.append((path.name, about.st_mtime_ns, about.st_size))
    return found


def rename(source: Path, target: Path, then: Callable[[Path], None]) -> None:
    """Give something kept another name.

    Parameters
    ----------
    source, target : pathlib.Path
    then : callable
        Given the folder under its new name, ends what goes with that.

    Raises
    ------
    OSError
        It is gone, the name is taken, or the disk can't be written.
    SharedHomeError
        The shared home can't be written; nothing has changed.
    """
    if (found := _entry(source)) is None:
        os.rename(source, target)
        then(target)
        return
    shared, entry = found
    made = partial_path(source.parent)
    try:
        shutil.copytree(source, made)
        then(made)
        shared.place(made, target, shared.entry(target), wait=False)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    try:
        shared.remove(source, entry)
    except FileNotFoundError:
        shared.remove(target, shared.entry(target))  # another replica deleted or renamed it first
        raise


def remove(target: Path) -> None:
    """Delete something kept; a process that is killed over it leaves nothing that lists show.

    Parameters
    ----------
    target : pathlib.Path

    Raises
    ------
    OSError
        It is gone already, or can't be deleted.
    SharedHomeError
        The shared home can't be written; nothing has changed.
    """
    if (found := _entry(target)) is not None:
        found[0].remove(target, found[1])
    elif target.is_dir():
        unseen = partial_path(target.parent)
        os.rename(target, unseen)
        shutil.rmtree(unseen)
    else:
        target.unlink()


def fetch(target: Path) -> None:
    """Have something kept as the shared home has it now; raises `SharedHomeError`, `OSError`."""
    if (found := _entry(target)) is not None:
        found[0].fetch(target, found[1])


def refresh(kind: str) -> None:
    """Look what other replicas have kept or deleted, at most once a second.

    Parameters
    ----------
    kind : {"runs", "imports", "sweeps", "curves", "marks"}
        The folder of the home.
    """
    if (found := _shared()) is not None:
        found[1].refresh(kind, _patience)


def trouble() -> str:
    """Why the shared home isn't reached or can't be written, in a sentence; empty while it is."""
    found = _shared()
    return found[1].trouble if found else ""
