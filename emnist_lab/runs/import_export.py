"""A run as one file: exported to hand on, imported when nothing about it is wrong.

The file is a zip of the run's own files, flat. One that comes in was written by
anyone: it is audited before anything of it is kept, and executes nothing.
"""

import contextlib
import io
import json
import math
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..data.formats.base import SIDE
from ..errors import RunError, first_line
from ..files import replace_whole, write_owner
from . import manifest as manifests
from . import run_folders
from .manifest import MANIFEST, MODEL, SCORES, Damaged
from .run import Run

ENDING = ".emnist-run.zip"
LARGEST = 512 * 2**20  # bytes, unpacked
_LARGEST_DIRECTORY = 2**16  # bytes of the zip's list of members; three take some 200
_CHUNK = 2**20
_BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, zlib.error)
_DOS_EPOCH = (1980, 1, 1, 0, 0, 0)


def file_name(run: Run) -> str:
    """What the exported file of a run is called."""
    return run_folders.plain_name(run.name) + ENDING


def check_export(run: Run) -> None:
    """Refuse to hand on a run that an import would refuse.

    Parameters
    ----------
    run : Run

    Raises
    ------
    RunError
        See `export_run`.
    """
    if run.bytes > LARGEST:
        raise RunError(
            f"The run {run.name} takes {run.bytes / 1e6:,.0f} MB, more than one file may hold: "
            f"copy its folder {run.folder} instead."
        )
    for name in run.manifest["files"]:
        run.file(name)


def export_run(run: Run) -> bytes:
    """A run as one file.

    Parameters
    ----------
    run : Run
        A saved one.

    Returns
    -------
    bytes
        A zip of ``run.json``, ``model.skops`` and ``scores.npz`` where there
        are scores. The same run gives the same bytes.

    Raises
    ------
    RunError
        The run was not saved, is larger than an import takes, or a file of it
        is missing or not what was saved.
    """
    check_export(run)
    files = {MANIFEST: manifests.encode(run.manifest)}
    for name in (one for one in (MODEL, SCORES) if one in run.manifest["files"]):
        try:
            files[name] = (run.folder / name).read_bytes()
        except OSError as error:
            raise Damaged(run.name, name, error.strerror or str(error)) from error
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _DOS_EPOCH)
            entry.create_system, entry.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return packed.getvalue()


def export_to(run: Run, path: Path) -> Path:
    """Write a run as one file, whole or not at all.

    Parameters
    ----------
    run : Run
        A saved one.
    path : pathlib.Path
        A file that doesn't exist yet, or a folder to put one in.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    RunError
        What `export_run` raises, or the file exists or can't be written.
    """
    content = export_run(run)
    if path.is_dir():
        path = path / file_name(run)
    if os.path.lexists(path):
        raise RunError(f"There is a file {path} already: name another one.")
    try:
        replace_whole(path, content)
    except OSError as error:
        raise RunError(
            f"The run {run.name} can't be written to {path} ({error.strerror or error}): free some "
            "space, or name a folder that exists and is writable."
        ) from error
    return path


def import_run(
    file: str | os.PathLike | BinaryIO,
    name: str | None = None,
    folder: Path | None = None,
    owner: str | None = None,
) -> Run:
    """Keep a run that came as one file, once nothing about it is wrong.

    Parameters
    ----------
    file : path-like or binary file
        What `export_run` made; a file must be seekable.
    name : str, optional
        To open it by; its own by default. A number is added where it is taken.
    folder : pathlib.Path, optional
        Where runs are kept; this machine's own by default.
    owner : str, optional
        Visitor of a server whom it belongs to; see `emnist_lab.files.owner_of`.

    Returns
    -------
    Run
        The run as it lies on disk.

    Raises
    ------
    RunError
        It isn't such a file, is of a newer version, something in it was
        changed or isn't trusted, or it can't be kept. Nothing is left of it.
    """
    if name is not None:
        run_folders.check_name(name)
    if hasattr(file, "read"):
        return _take(file, _label(getattr(file, "name", "the file")), name, folder, owner)
    try:
        with open(file, "rb") as opened:
            return _take(opened, _label(os.fspath(file)), name, folder, owner)
    except FileNotFoundError as error:
        raise RunError(f"There is no file {_label(file)}: check the spelling.") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or first_line(error)
        raise RunError(
            f"{_label(file)} can't be read ({why}): name a file that was exported by EMNIST Lab."
        ) from error


def _label(path: Any) -> str:
    """A file's name for messages, on one line."""
    base = Path(str(path)).name[-100:]
    return base if base.isprintable() and base else repr(base)


def _take(
    file: BinaryIO, label: str, name: str | None, folder: Path | None, owner: str | None
) -> Run:
    place = folder or run_folders.runs_home()
    with _opened(file, label) as archive:
        entries = _entries(archive, label)
        content = b"".join(_chunks(archive, entries[MANIFEST], label))
        own = name or _own_name(content)
        try:
            manifest = manifests.decode(content, own)
            _check_files(manifest, entries, label)
            run_folders.check_disk_space(place, sum(entry.file_size for entry in entries.values()))
            with run_folders.staging_folder(place) as partial:
                for one in manifest["files"]:
                    _unpack(_chunks(archive, entries[one], label), partial / one)
                _check_answers(Run(manifest, partial))
                write_owner(partial, owner)
                kept = run_folders.commit(partial, manifest, own)
        except Damaged as error:
            raise RunError(
                f"The run {own} in {label} is refused: {error.file} is damaged or was changed "
                f"({error.why}). Ask for it again, or train one here."
            ) from error
        except (MemoryError, RecursionError) as error:
            raise RunError(
                f"The run {own} in {label} is refused: reading it takes more memory than "
                "there is. Train a smaller one here."
            ) from error
    return Run(kept, place / kept["name"])


@contextlib.contextmanager
def _opened(file: BinaryIO, label: str) -> Iterator[zipfile.ZipFile]:
    """The zip, once its list of members is known to be short: a long one fills the memory."""
    no_run = RunError(
        f"{label} isn't a run, or not a whole one: choose a file that EMNIST Lab exported "
        f"(…{ENDING}), or export it again."
    )
    size = file.seek(0, os.SEEK_END)
    if size > LARGEST + 2**20:
        raise RunError(
            f"{label} takes {size / 1e6:,.0f} MB, more than a run may: choose a file that EMNIST "
            f"Lab exported (…{ENDING})."
        )
    # Records at the very end: the last one says how long the list is, unless a zip64 one does.
    file.seek(max(0, size - 42))
    ending = file.read(42)
    if len(ending) < 42 or ending[20:24] != b"PK\5\6" or ending[:4] == b"PK\6\7":
        raise no_run
    length, _, comment = struct.unpack("<IIH", ending[32:])
    if length > _LARGEST_DIRECTORY or comment:
        raise no_run
    try:
        archive = zipfile.ZipFile(file)
    except (*_BROKEN, OSError) as error:
        raise no_run from error
    with archive:
        yield archive


def _entries(archive: zipfile.ZipFile, label: str) -> dict[str, zipfile.ZipInfo]:
    """Members by name: plain files, flat, each once, not too large."""
    entries: dict[str, zipfile.ZipInfo] = {}
    remedy = "choose a file that EMNIST Lab exported, as it was exported."
    for entry in archive.infolist():
        mode, shown = entry.external_attr >> 16, repr(entry.orig_filename[:60])
        if entry.filename in entries:
            raise RunError(f"{label} is refused: it holds {shown} twice; {remedy}")
        if entry.filename != entry.orig_filename or set(entry.filename) & set("/\\:\0"):
            raise RunError(f"{label} is refused: {shown} in it isn't a plain name; {remedy}")
        if entry.flag_bits & 1:
            raise RunError(f"{label} is refused: {shown} in it is encrypted; {remedy}")
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise RunError(f"{label} is refused: {shown} in it isn't a plain file; {remedy}")
        entries[entry.filename] = entry
    if MANIFEST not in entries:
        raise RunError(f"{label} holds no run: there is no {MANIFEST} in it; {remedy}")
    if entries[MANIFEST].file_size > manifests.LARGEST:
        raise RunError(f"{label} is refused: {MANIFEST} in it is larger than 4 MiB; {remedy}")
    if sum(entry.file_size for entry in entries.values()) > LARGEST:
        raise RunError(f"{label} is refused: it unpacks to more than 512 MiB; {remedy}")
    return entries


def _chunks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, label: str) -> Iterator[bytes]:
    """Bytes of a member; never more than the list of members says, whose CRC they have."""
    try:
        with archive.open(entry) as member:
            while chunk := member.read(_CHUNK):
                yield chunk
    except (*_BROKEN, OSError) as error:
        raise RunError(
            f"{label} is refused: {entry.filename} in it is damaged ({first_line(error)[:80]}); "
            "copy or export it again."
        ) from error


def _unpack(chunks: Iterator[bytes], path: Path) -> None:
    with open(path, "wb") as target:
        for chunk in chunks:
            target.write(chunk)


def _own_name(content: bytes) -> str:
    """The run's name for messages and to keep it by, from a manifest that isn't checked yet."""
    try:
        name = json.loads(content)["name"]
    except (ValueError, RecursionError, KeyError, TypeError, IndexError):
        name = None
    return run_folders.plain_name(name if isinstance(name, str) else "")


def _check_files(manifest: dict[str, Any], entries: dict, label: str) -> None:
    """The file must hold what the manifest lists, no less and no more."""
    listed = {MANIFEST, *manifest["files"]}
    if lacking := sorted(listed - set(entries)):
        raise Damaged(manifest["name"], lacking[0], "it is missing")
    if more := sorted(set(entries) - listed):
        raise RunError(
            f"{label} is refused: it holds {more[0][:60]!r}, which is no part of the run "
            f"{manifest['name']}; ask for it again, or train one here."
        )


def _check_answers(run: Run) -> None:
    """Open every file, and see that they agree with each other."""
    scores = run.manifest["scores"]
    run.predict_proba(np.zeros((1, SIDE, SIDE), np.uint8))
    known = np.asarray(run.model.classes_)
    whole = known.ndim == 1 and known.dtype.kind in "iu" and len(np.unique(known)) == len(known)
    if not whole or known.min() < 0:  # ones that are too large have no column
        raise Damaged(run.name, MODEL, "its classes aren't the run's")
    if SCORES not in run.manifest["files"]:
        if scores:
            raise Damaged(run.name, MANIFEST, f"it names scores, but there is no {SCORES}")
        return
    labels, _ = run.test_scores
    if len(labels) != run.manifest["data"]["test"]["images"]:
        raise Damaged(run.name, MANIFEST, f"it counts other test images than {SCORES}")
    for key, value in run.report().summary().items():
        claimed = scores.get(key)
        if claimed is not None and not math.isclose(claimed, value, rel_tol=1e-6, abs_tol=1e-9):
            raise Damaged(run.name, MANIFEST, f"its {key} isn't that of {SCORES}")
