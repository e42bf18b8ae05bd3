"""Upright images kept as plain .npy files, so that a second reading takes no time.

An entry is found by the source's path and recognised by its size, time of
change and last bytes (of a gzip file: checksum and length of the content),
so that a changed file is noticed. Entries are opened with `allow_pickle=False`.
"""

import hashlib
import logging
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .places import home

_log = logging.getLogger(__name__)
_TAIL = 64
_STALE = 3600  # seconds after which an entry that is still being written was given up


def _entry(source: Path) -> Path:
    status = source.stat()
    with open(source, "rb") as file:
        file.seek(max(status.st_size - _TAIL, 0))
        tail = file.read(_TAIL)
    content = hashlib.sha256(repr((status.st_size, status.st_mtime_ns, tail)).encode())
    place = hashlib.sha256(str(source.resolve()).encode())
    return home() / "cache" / f"{place.hexdigest()[:16]}-{content.hexdigest()[:16]}.npy"


def images(source: Path, read: Callable[[Path], np.ndarray]) -> np.ndarray:
    """Images of `source`, from the cache where it was read before.

    Parameters
    ----------
    source : pathlib.Path
        A file of images.
    read : callable
        Reads it: path -> ndarray of shape (N, 28, 28), dtype uint8.

    Returns
    -------
    ndarray of shape (N, 28, 28), dtype uint8
        From the cache it is a read-only map of the file: pages of it are
        read when they are looked at. A cache that can't be written is no
        error; the images are then simply read again the next time.
    """
    try:
        entry = _entry(source)
    except OSError:
        return read(source)  # says in its own words why the source can't be read
    try:
        kept = np.load(entry, mmap_mode="r", allow_pickle=False)
        if kept.dtype == np.uint8 and kept.ndim == 3 and kept.shape[1:] == (28, 28):
            return np.asarray(kept)
    except FileNotFoundError:
        pass  # the first reading
    except (OSError, ValueError, EOFError) as error:
        _log.warning("cache entry %s is damaged (%s) and is made again", entry.name, error)
    fresh = read(source)
    partial = entry.with_name(f".{entry.name}.{secrets.token_hex(8)}")
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        with open(partial, "wb") as file:
            np.save(file, fresh, allow_pickle=False)
        os.replace(partial, entry)
        for old in entry.parent.glob(f"{entry.name.split('-')[0]}-*.npy"):
            if old != entry:
                old.unlink(missing_ok=True)
        for left in entry.parent.glob(".*.npy.*"):  # by a process that was killed
            if time.time() - left.stat().st_mtime > _STALE:
                left.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("images of %s are not cached: %s", source.name, error)
        try:
            partial.unlink(missing_ok=True)
        except OSError as leftover:
            _log.warning("%s is left over: %s", partial, leftover)
    return fresh
