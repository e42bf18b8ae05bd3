"""Writing that leaves a file whole or as it was."""

import contextlib
import hashlib
import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

STALE = 600  # seconds after which something that is still being written was given up


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
