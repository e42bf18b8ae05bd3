"""Backups of SQLite's file of drawings: one a day, three kept; and putting one back.

Only SQLite opens these files, by its own backup call: a file that this process opened and closed
by itself would take SQLite's locks with it. A database of another kind is its operator's business.
"""

import contextlib
import glob
import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ...errors import HandwritingError, first_line
from ...files import STALE, partial_path

DRAWINGS = "emnist_lab_drawings"  # name of the table
KEPT = 3
RESTORE = "python -m emnist_lab handwriting restore"
_SECONDS = 10  # for each MB and one more, before today's backup is made anew
_RESTS = 600.0  # seconds before one that failed is tried again
_BEING_MADE = 5.0  # seconds in which a file of no bytes may be one that is being made
_WAIT = 1.0  # seconds for a lock
_log = logging.getLogger(__name__)


def today() -> str:
    """The day, as backups are called by it: ISO 8601, UTC."""
    return datetime.now(UTC).date().isoformat()


class Backups:
    """Backups of one file, in the folder ``backups`` beside it.

    Parameters
    ----------
    file : pathlib.Path
        SQLite's; it may not exist yet.
    """

    def __init__(self, file: Path) -> None:
        self.file = file.absolute()
        self.folder = self.file.parent / "backups"
        self._rests_until = 0.0

    def found(self) -> list[Path]:
        """Backups, newest first."""
        return sorted(
            self.folder.glob(f"{glob.escape(self.file.stem)}-????-??-??.db"), reverse=True
        )

    def newest(self) -> tuple[Path, int] | None:
        """The newest backup that can be read and holds drawings, and how many; or None."""
        for path in self.found():
            with contextlib.suppress(sqlite3.Error), _reading(path) as backup:
                if count := _count(backup):
                    return path, count
        return None

    def keep(self) -> None:
        """Make today's backup, or make it anew; what prevents it is only logged.

        A file without drawings, or one that is damaged, takes no backup's place.
        """
        try:
            self._make()
        except (OSError, sqlite3.Error) as error:
            self._rests_until = time.monotonic() + _RESTS
            why = getattr(error, "strerror", None) or first_line(error)
            _log.warning(
                "Drawings are kept, but no backup could be made in %s (%s): free or unlock that "
                "folder.",
                self.folder,
                why,
            )

    def _today(self) -> Path:
        return self.folder / f"{self.file.stem}-{today()}.db"

    def due(self) -> bool:
        """Whether `keep` has something to do: now and then, more seldom for larger files."""
        if time.monotonic() < self._rests_until:
            return False
        try:
            about = self.file.stat()
        except OSError:
            return False
        changed = about.st_mtime
        with contextlib.suppress(OSError):
            changed = max(changed, self.file.with_name(f"{self.file.name}-wal").stat().st_mtime)
        try:
            made = self._today().stat().st_mtime
        except OSError:
            return True
        pause = _SECONDS * (1 + about.st_size / 2**20)
        return changed > made and time.time() - made > pause

    def _make(self) -> None:
        with _reading(self.file) as source:
            if not _count(source):
                return
            self.folder.mkdir(exist_ok=True)
            with _copied(source, self.folder, "DELETE") as partial:
                shutil.copymode(self.file, partial)
                os.replace(partial, self._today())
        for old in self.found()[KEPT:]:
            old.unlink(missing_ok=True)
        for left in self.folder.glob(".partial-*"):  # by a process that was killed
            with contextlib.suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > STALE:
                    left.unlink()

    def check(self) -> bool:
        """Whether there is a file to look into.

        Returns
        -------
        bool
            False where nothing was ever kept.

        Raises
        ------
        HandwritingError
            There was a file, and it is gone or empty.
        """
        try:
            about = self.file.stat()
        except (FileNotFoundError, NotADirectoryError):
            if self.newest():
                raise self.lost("is gone") from None
            return False
        except OSError:
            return True  # SQLite says why
        if about.st_size:
            return True
        if self.newest() or time.time() - about.st_mtime > _BEING_MADE:
            raise self.lost("is empty")
        return False

    def lost(self, what: str) -> HandwritingError:
        """The error for a file whose drawings are no more in it.

        Parameters
        ----------
        what : str
            ``"is gone"`` or ``"is empty"``.

        Returns
        -------
        HandwritingError
        """
        newest = self.newest()
        if newest is None:
            remedy = "put a copy of it back, or delete that file to begin anew"
        else:
            path, count = newest
            remedy = (
                f"put the backup {path.name} ({count:,} drawing{'' if count == 1 else 's'}) back "
                f"with '{RESTORE}', or move {self.folder} away to begin anew"
            )
        return HandwritingError(f"The database of drawings ({self.file}) {what}: {remedy}.")

    def restore(self, backup: Path | None = None) -> tuple[Path, int, Path | None]:
        """Put a backup in the place of the file; what it replaces is kept beside it.

        A server that runs takes it up when it is asked for drawings next.

        Parameters
        ----------
        backup : pathlib.Path, optional
            A database of drawings; the newest backup that holds some by default.

        Returns
        -------
        backup : pathlib.Path
            What was put back.
        drawings : int
            How many it holds.
        replaced : pathlib.Path or None
            What the file that was there is called now.

        Raises
        ------
        HandwritingError
            There is no backup, it is none or is damaged, or the folder can't be written.
            Nothing is lost then.
        """
        if backup is None:
            newest = self.newest()
            if newest is None:
                raise HandwritingError(
                    f"There is no backup with drawings in {self.folder}: name a file, or import "
                    "drawings that were exported."
                )
            backup = newest[0]
        if not backup.is_file():
            have = ", ".join(path.name for path in self.found()) or "none yet"
            raise HandwritingError(
                f"There is no file {backup}: name one of the backups in {self.folder}: {have}."
            )
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with (
                _reading(backup) as source,
                _copied(source, self.file.parent, "WAL") as partial,
            ):
                count = _count(source)
                replaced = self._move_away()
                os.replace(partial, self.file)
        except sqlite3.Error as error:
            raise HandwritingError(
                f"{backup} can't be put back ({first_line(error)}): name another backup in "
                f"{self.folder}, or check that the disk has room and can be written."
            ) from error
        except OSError as error:
            raise HandwritingError(
                f"{self.file} can't be replaced ({error.strerror or error}): let this user write "
                "to its folder."
            ) from error
        return backup, count, replaced

    def _move_away(self) -> Path | None:
        """Give the file another name, and what SQLite keeps beside it: changes not yet in it."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        other = f"{self.file.stem}-replaced-{stamp}.db"
        for ending in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.rename(f"{self.file}{ending}", self.file.with_name(other + ending))
        moved = self.file.with_name(other)
        return moved if moved.exists() else None


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    address = f"{path.absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True, timeout=_WAIT)) as connection:
        yield connection


@contextlib.contextmanager
def _copied(source: sqlite3.Connection, folder: Path, journal: str) -> Iterator[Path]:
    """A whole and sound copy in one file, to be moved away; raises `sqlite3.Error`."""
    partial = partial_path(folder)
    try:
        with contextlib.closing(sqlite3.connect(partial)) as copy:
            source.backup(copy)
            sound = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
            if sound != "ok":
                raise sqlite3.DatabaseError(f"it is damaged: {first_line(ValueError(sound))}")
            _count(copy)
            copy.execute(f"PRAGMA journal_mode={journal}")
        yield partial
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                partial.with_name(partial.name + ending).unlink()


def _count(connection: sqlite3.Connection) -> int:
    """How many drawings there are; raises `sqlite3.Error`, also where there is no such table."""
    return connection.execute(f"SELECT count(*) FROM {DRAWINGS}").fetchone()[0]
