"""Labels that a person marked as wrong, kept on disk: a file for each test part and owner."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import pandas as pd

from ..errors import RunError, first_line
from ..files import (
    ChangedMeanwhile,
    fetch,
    home,
    is_owner,
    partial_path,
    refresh,
    replace,
    write_json,
)

FORMAT, VERSION = "emnist-lab-marks", 1
_MOST = 10_000  # marks of a part: whoever marks by hand stays below
_LARGEST = 4 * 2**20  # bytes; so many marks take a third of it
_PATIENCE = 5.0  # seconds to wait for another session's mark
_FINGERPRINT = re.compile("[0-9a-f]{32}")
_PREFIX = 16  # digits that name the file; it holds them all


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Mark:
    """A label that a person says is wrong.

    Attributes
    ----------
    image : int
        Index in the test part.
    given : str
        The label's character.
    suggested : str or None
        The character that it should be, where one is suggested.
    time : str
        When it was marked: ISO 8601, UTC.

    Raises
    ------
    ValueError
        A field holds something else.

    Examples
    --------
    >>> Mark(7, "O", "0").suggested
    '0'
    """

    image: int
    given: str
    suggested: str | None = None
    time: str = field(default_factory=_now)

    def __post_init__(self):
        if isinstance(self.image, np.integer):  # JSON has no NumPy numbers
            object.__setattr__(self, "image", int(self.image))
        for key, fits in _FIELDS.items():
            if not fits(getattr(self, key)):
                raise ValueError(f"a mark's {key!r} is missing or of another kind")


def _index(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _character(value) -> bool:
    return (
        isinstance(value, str) and len(value) == 1 and value.isprintable() and not value.isspace()
    )


def _utc(value) -> bool:
    if not isinstance(value, str) or len(value) > 40:
        return False
    try:
        return datetime.fromisoformat(value).utcoffset() == timedelta(0)
    except ValueError:
        return False


_FIELDS: dict[str, Callable[[Any], bool]] = {
    "image": _index,
    "given": _character,
    "suggested": lambda value: value is None or _character(value),
    "time": _utc,
}


def marks_home() -> Path:
    """Folder of this machine's marks; it may not exist yet."""
    return home() / "marks"


def read(fingerprint: str, owner: str | None = None) -> list[Mark]:
    """Marks of a test part.

    Parameters
    ----------
    fingerprint : str
        The part's; see `emnist_lab.data.part.Part.fingerprint`.
    owner : str, optional
        Visitor of a server whose marks are meant; those that have no owner by default.

    Returns
    -------
    list of Mark
        By image; empty where nothing was marked yet.

    Raises
    ------
    RunError
        It is no fingerprint, or the file is damaged or of a newer version.
    """
    refresh("marks")
    return _read(_path(fingerprint, owner), fingerprint)


def _read(path: Path, fingerprint: str) -> list[Mark]:
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise _damaged(path, f"it is larger than {_LARGEST // 2**20} MiB")
        found = json.loads(content)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(
            f"The marks in {path} can't be read ({error.strerror or error}): make that file "
            "readable."
        ) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, first_line(error)) from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise _damaged(path, "it holds no marks")
    if found.get("version") != VERSION:
        raise RunError(
            f"The marks in {path} are of format {str(found.get('version'))[:20]!r}, this program "
            f"reads {VERSION}: update EMNIST Lab."
        )
    if found.get("fingerprint") != fingerprint:
        raise _damaged(path, "it belongs to another test subset")
    listed = found.get("marks")
    if not isinstance(listed, list) or len(listed) > _MOST:
        raise _damaged(path, "'marks' is missing or of another kind")
    if not all(isinstance(one, dict) and _FIELDS.keys() <= one.keys() for one in listed):
        raise _damaged(path, "a mark lacks a field")
    try:
        marks = {one["image"]: Mark(**{key: one[key] for key in _FIELDS}) for one in listed}
    except (TypeError, ValueError) as error:  # TypeError: a list can't be a key
        raise _damaged(path, first_line(error)) from error
    if len(marks) < len(listed):
        raise _damaged(path, "an image is marked twice")
    return [marks[image] for image in sorted(marks)]


def read_if_sound(fingerprint: str, owner: str | None = None) -> list[Mark] | None:
    """Marks of a test part; None where they can't be read.

    Parameters
    ----------
    fingerprint : str
        The part's.
    owner : str, optional
        See `read`.

    Returns
    -------
    list of Mark or None
    """
    try:
        return read(fingerprint, owner)
    except RunError:
        return None


def mark(fingerprint: str, one: Mark, owner: str | None = None) -> None:
    """Keep a mark, whole or not at all.

    Parameters
    ----------
    fingerprint : str
        The test part's.
    one : Mark
        In place of an earlier one of its image.
    owner : str, optional
        See `read`.

    Raises
    ------
    RunError
        See `read`; the disk is full or read-only, or there are 10,000 marks already.
    """

    def add(marks: dict[int, Mark]) -> None:
        marks[one.image] = one
        if len(marks) > _MOST:
            raise RunError(f"A test subset can have {_MOST:,} marks: take some back first.")

    _change(fingerprint, owner, add)


def unmark(fingerprint: str, image: int, owner: str | None = None) -> None:
    """Take a mark back; no effect where there is none.

    Parameters
    ----------
    fingerprint : str
        The test part's.
    image : int
        Index in the test part.
    owner : str, optional
        See `read`.

    Raises
    ------
    RunError
        See `mark`.
    """
    if not read(fingerprint, owner):
        return
    _change(fingerprint, owner, lambda marks: marks.pop(image, None))


def table(marks: Iterable[Mark]) -> pd.DataFrame:
    """A row a mark: ``image``, ``given``, ``suggested``, ``time``.

    Parameters
    ----------
    marks : iterable of Mark

    Returns
    -------
    DataFrame
        In their order; ``suggested`` is missing where there is none.

    Examples
    --------
    >>> table([Mark(7, "O", "0")])[["image", "given", "suggested"]].values.tolist()
    [[7, 'O', '0']]
    """
    columns = [one.name for one in fields(Mark)]
    return pd.DataFrame([asdict(one) for one in marks], columns=columns)


def _change(
    fingerprint: str, owner: str | None, change: Callable[[dict[int, Mark]], object]
) -> None:
    """Change marks by image; no other session's come between reading and writing."""
    path = _path(fingerprint, owner)
    lock = path.with_name(f".{path.stem}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(lock, _PATIENCE):
            while not _changed(path, fingerprint, change):
                fetch(path)  # another replica was quicker
    except filelock.Timeout as error:
        raise RunError(
            f"Another session is still writing its marks to {path}: try again, or delete {lock} "
            "if there is none."
        ) from error
    except OSError as error:
        raise RunError(
            f"The mark can't be kept in {path.parent} ({error.strerror or error}): free some "
            "space, or name a writable folder in $EMNIST_LAB_HOME."
        ) from error


def _changed(path: Path, fingerprint: str, change: Callable[[dict[int, Mark]], object]) -> bool:
    """Write the marks with a change; False where another replica has written them meanwhile."""
    before = {one.image: one for one in _read(path, fingerprint)}
    marks = dict(before)
    change(marks)
    if marks == before:
        return True
    content = [asdict(marks[image]) for image in sorted(marks)]
    head = {"format": FORMAT, "version": VERSION, "fingerprint": fingerprint}
    made = partial_path(path.parent)
    try:
        write_json(made, {**head, "marks": content})
        replace(made, path)
    except ChangedMeanwhile:
        return False
    finally:
        made.unlink(missing_ok=True)
    return True


def _path(fingerprint: str, owner: str | None) -> Path:
    """The file of a test part; what isn't a fingerprint must not become a path."""
    if not isinstance(fingerprint, str) or _FINGERPRINT.fullmatch(fingerprint) is None:
        raise RunError(
            "Marks can't be kept for a test subset with the fingerprint "
            f"{str(fingerprint)[:40]!r}: evaluate the run on a dataset again."
        )
    if owner is not None and not is_owner(owner):
        raise RunError(f"{str(owner)[:40]!r} names no owner of marks: leave it out.")
    return marks_home() / (owner or "") / f"{fingerprint[:_PREFIX]}.json"


def _damaged(path: Path, why: str) -> RunError:
    return RunError(
        f"The marks can't be used because {path} is damaged ({why}): move that file away and mark "
        "again."
    )
