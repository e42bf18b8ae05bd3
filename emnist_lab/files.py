"""Where things lie on this machine, and writing that leaves a file whole or as it was."""

import contextlib
import hashlib
import json
import os
import re
import secrets
import time
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
SHIPPED = PROJECT / "artifacts"
OWNER = ".owner"  # file in a folder that belongs to a visitor of a server
UNKNOWN_OWNER = "unknown"
_OWNER_ID = re.compile("[0-9a-f]{32}")
STALE = 600  # seconds after which something that is still being written was given up


def home() -> Path:
    """Folder of what this machine makes: ``$EMNIST_LAB_HOME`` or ``artifacts``.

    Returns
    -------
    pathlib.Path
        It holds ``runs`` (own runs), ``sweeps`` (searches), ``jobs`` (what is queued or running),
        ``cache`` (upright images), ``data`` (files that were fetched),
        ``imports`` (datasets that people brought) and ``handwriting`` (drawings
        that people kept). It may not exist yet.
    """
    named = os.environ.get("EMNIST_LAB_HOME", "").strip()
    return Path(named).expanduser().resolve() if named else SHIPPED


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; raises `OSError`."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def partial_path(folder: Path) -> Path:
    """A name in a folder that no list shows, for something that is still being written."""
    return folder / f".partial-{secrets.token_hex(8)}"


def write_synced(path: Path, content: bytes) -> None:
    """Write a file and wait until the disk has it; raises `OSError`."""
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_whole(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all, in a folder that exists.

    Parameters
    ----------
    path : pathlib.Path
        A file there is replaced.
    content : bytes

    Raises
    ------
    OSError
        The folder is missing, or the disk is full or can't be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     replace_whole(Path(folder) / "one.txt", b"whole")
    ...     [path.name for path in Path(folder).iterdir()]
    ['one.txt']
    """
    partial = partial_path(path.parent)
    try:
        write_synced(partial, content)
        os.replace(partial, path)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def write_whole(path: Path, content: bytes) -> None:
    """As `replace_whole`, in a folder that is made where it is missing; raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob(".partial-*"):
        with contextlib.suppress(FileNotFoundError):  # whoever wrote it has ended just now
            if old.is_file() and time.time() - old.stat().st_mtime > STALE:
                old.unlink()
    replace_whole(path, content)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file, whole or not at all; its folder is made where it is missing.

    Parameters
    ----------
    path : pathlib.Path
        A file there is replaced.
    content : dict

    Raises
    ------
    OSError
        The disk is full or can't be written.
    ValueError
        It holds NaN, an infinite number, or text that UTF-8 doesn't have.
    """
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(path, f"{text}\n".encode())


def is_owner(text: object) -> bool:
    """Whether a text can name an owner: 32 hexadecimal digits."""
    return isinstance(text, str) and _OWNER_ID.fullmatch(text) is not None


def owner_of(folder: Path) -> str | None:
    """Who owns a run or a dataset.

    Parameters
    ----------
    folder : pathlib.Path
        The run's or the dataset's.

    Returns
    -------
    str or None
        32 hexadecimal digits; None where it has no owner, so that it is the operator's;
        ``"unknown"`` where its owner can't be read, so that it is nobody else's either.
    """
    try:
        with open(folder / OWNER, encoding="ascii") as file:
            text = file.read(64).strip()
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return UNKNOWN_OWNER
    return text if is_owner(text) else UNKNOWN_OWNER


def write_owner(folder: Path, owner: str | None) -> None:
    """Note who owns what lies in a folder; for None nobody does, whatever came with it.

    Parameters
    ----------
    folder : pathlib.Path
        One that no list shows yet.
    owner : str or None
        32 hexadecimal digits.

    Raises
    ------
    OSError
        The disk is full or can't be written.
    """
    if owner is None:
        (folder / OWNER).unlink(missing_ok=True)
    else:
        write_synced(folder / OWNER, owner.encode("ascii"))
