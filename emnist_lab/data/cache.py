"""Upright images kept as plain .npy files, so that a second reading takes no time.

An entry is a folder, recognised by its source's file names, sizes, times of
change and last bytes (of a gzip file: checksum and length of the content), so
that a changed file is noticed, and one that was moved is known again. Arrays are opened with
`allow_pickle=False`. Images are decoded straight into the entry's file, so
that reading holds no second copy of them.
"""

import contextlib
import errno
import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..files import home, partial_path
from .formats.base import SIDE, Allocate, RawPart, Source, allocate_in_memory

_log = logging.getLogger(__name__)
_TAIL = 64
_MANY = 64  # files whose last bytes are looked at; of more files, about so many
_STALE = 3600  # seconds after which an entry that is still being written was given up
_FORMAT = 3


def _entry(source: Source) -> Path:
    kind = (_FORMAT, source.split, source.part, source.format, source.variant)
    content = hashlib.sha256(repr(kind).encode())
    above = len(os.path.commonpath([path.parent for path in source.paths]))
    step = max(len(source.paths) // _MANY, 1)
    for number, path in enumerate(source.paths):
        status = path.stat()
        tail = b""
        if number % step == 0:  # of thousands of files, some
            with open(path, "rb") as file:
                file.seek(max(status.st_size - _TAIL, 0))
                tail = file.read(_TAIL)
        name = str(path)[above:]  # class folders count: they name the classes
        content.update(repr((name, status.st_size, status.st_mtime_ns, tail)).encode())
    place = hashlib.sha256(repr((kind, str(source.paths[0].resolve()))).encode())
    entry = home() / "cache" / f"{_short(place)}-{_short(content)}"
    moved = sorted(entry.parent.glob(f"[!.]*-{_short(content)}"))
    return moved[0] if moved else entry


def forget(source: Source) -> None:
    """Remove what is kept of a source that is to be deleted.

    Parameters
    ----------
    source : Source
    """
    with contextlib.suppress(OSError):
        shutil.rmtree(_entry(source), ignore_errors=True)


def _short(digest) -> str:
    return digest.hexdigest()[:16]


def _kept(entry: Path) -> RawPart | None:
    try:
        about = json.loads((entry / "about.json").read_text(encoding="utf-8"))
        images = np.load(entry / "images.npy", mmap_mode="r", allow_pickle=False)
        labels = np.load(entry / "labels.npy", allow_pickle=False)
        if images.dtype != np.uint8 or images.shape != (len(labels), SIDE, SIDE):
            raise ValueError("images and labels don't fit")
        classes = {int(label): str(name) for label, name in about["classes"].items()}
        writers, names = None, tuple(map(str, about["writers"]))
        if names:
            writers = np.load(entry / "writers.npy", allow_pickle=False)
            if writers.shape != labels.shape or writers.dtype != np.int64:
                raise ValueError("labels and writers don't fit")
        notes = tuple(map(str, about["notes"]))
        return RawPart(np.asarray(images), labels, classes, notes, writers, names)
    except FileNotFoundError:
        return None  # the first reading
    except (OSError, ValueError, EOFError, KeyError, TypeError, AttributeError) as error:
        _log.warning("cache entry %s is damaged (%s) and is made again", entry.name, error)
        return None


def decoded(source: Source, read: Callable[[Allocate], RawPart]) -> RawPart:
    """What `read` gives for `source`, from the cache where it was read before.

    Parameters
    ----------
    source : Source
        Whose files decide whether an entry is still true.
    read : callable
        Reads it, with its images upright.

    Returns
    -------
    RawPart
        From the cache, images are a read-only map of the file: pages of it
        are read when they are looked at. A cache that can't be written is no
        error; the images are then simply read again the next time.
    """
    try:
        entry = _entry(source)
    except OSError:
        return read(allocate_in_memory)  # raises the error that says why the source can't be read
    kept = _kept(entry)
    if kept is not None:
        return kept
    partial = partial_path(entry.parent)
    written: list[np.memmap] = []

    def allocate(count: int) -> np.ndarray:
        try:
            partial.mkdir(parents=True, exist_ok=True)
            written.append(_room(partial / "images.npy", count))
            return written[-1]
        except (OSError, ValueError) as error:  # ValueError: nothing to map where count is 0
            _log.warning("images of %s are not cached: %s", source.paths[0].name, error)
            return allocate_in_memory(count)

    try:
        fresh = read(allocate)
        if not any(fresh.images is room for room in written):
            return fresh
        try:
            fresh.images.flush()
            _finish(entry, partial, fresh)
        except OSError as error:
            _log.warning("images of %s are not cached: %s", source.paths[0].name, error)
        return _kept(entry) or fresh
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _room(path: Path, count: int) -> np.memmap:
    """A map of a new file for `count` images, its space taken now.

    A map that finds no room on the disk when it is written to would end the process.
    """
    size = count * SIDE * SIDE
    if size + 2**20 > shutil.disk_usage(path.parent).free:
        raise OSError(errno.ENOSPC, f"No space left for {size:,} bytes")
    room = np.lib.format.open_memmap(path, "w+", np.uint8, (count, SIDE, SIDE))
    if hasattr(os, "posix_fallocate"):
        with open(path, "r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return room


def _finish(entry: Path, partial: Path, fresh: RawPart) -> None:
    np.save(partial / "labels.npy", fresh.labels, allow_pickle=False)
    about = {
        "classes": fresh.classes,
        "notes": list(fresh.notes),
        "writers": list(fresh.writer_names),
    }
    if fresh.writers is not None:
        np.save(partial / "writers.npy", fresh.writers, allow_pickle=False)
    (partial / "about.json").write_text(json.dumps(about), encoding="utf-8")
    if entry.exists():
        shutil.rmtree(entry)  # it was found damaged
    os.replace(partial, entry)
    for old in entry.parent.glob(f"{entry.name.split('-')[0]}-*"):
        if old != entry:
            shutil.rmtree(old, ignore_errors=True)
    for left in entry.parent.glob(".*"):  # by a process that was killed
        if time.time() - left.stat().st_mtime > _STALE:
            shutil.rmtree(left, ignore_errors=True)
