"""Datasets that people bring: files in any format, kept under a name of their own.

Each lies in a folder of ``imports`` in this machine's home. It gets there once
it was read whole; what can't be read is refused, and nothing of it is kept.
"""

import collections
import contextlib
import errno
import os
import re
import shutil
import stat
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

from .. import files
from ..errors import DatasetError, first_line
from ..files import partial_path, write_owner
from . import cache, dataset_address, discovery, loading, splits
from .dataset_address import imports_folder
from .download.transfer import Transfer, TransferCallback
from .formats import official_files
from .formats.base import SIDE
from .formats.validation import printable
from .part import Part

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_LARGEST = 8 * 2**30  # bytes that an archive may unpack to
_MOST_IMAGES = 2_500_000  # of all parts together: NIST's six splits have 2.3 million
_DEEPEST, _LONGEST = 16, 255  # folders above a member; bytes of one name, which disks keep
_SMALL, _MOST_PACKED = 2**26, 100  # bytes that need no look; how far images and tables can shrink
_DRIVE = re.compile("[A-Za-z]:[\\\\/]")
_STALE = 86_400  # seconds after which what was left of an import is removed
UPLOAD = ".upload-"  # what the folder of an upload is called; an import of it removes it
_RESERVED = {dataset_address.DEMO, dataset_address.FETCHED, "emnist"}


def names() -> list[str]:
    """Names of the imported datasets, in alphabetical order."""
    files.refresh("imports")
    try:
        return sorted(
            entry.name
            for entry in os.scandir(imports_folder())
            if entry.is_dir() and entry.name[0] != "."
        )
    except FileNotFoundError:
        return []


def free_name(stem: str) -> str:
    """A name that no import has, made from a file's name.

    Parameters
    ----------
    stem : str
        Any text.

    Returns
    -------
    str
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:50] or "dataset"
    taken = {name.lower() for name in names()} | _RESERVED
    numbers = (plain if n == 1 else f"{plain}-{n}" for n in range(1, len(taken) + 2))
    return next(name for name in numbers if name.lower() not in taken)


def check_name(name: str) -> None:
    """Refuse a name that a dataset can't have.

    Parameters
    ----------
    name : str

    Raises
    ------
    DatasetError
        It has other characters than are allowed, or is taken.
    """
    if not _NAME.fullmatch(name) or name.lower() in _RESERVED:
        raise DatasetError(
            f"{name[:80]!r} can't be a dataset's name: use up to 60 letters, digits, dots, "
            "hyphens; not 'demo', 'fetched' or 'emnist'."
        )
    if name.lower() in {taken.lower() for taken in names()}:
        raise DatasetError(f"There is a dataset {name} already: choose another name.")


def import_dataset(
    paths: list[Path],
    name: str | None = None,
    tell: TransferCallback | None = None,
    owner: str | None = None,
    require_room: Callable[[int], None] = lambda size: None,
    require_labels: Callable[[Part], object] = lambda part: None,
    choice: str | None = None,
) -> str:
    """Keep a copy of a dataset in any format that `emnist_lab.data.discovery.find` knows.

    Parameters
    ----------
    paths : list of pathlib.Path
        Its files. A zip is unpacked, unless it is NIST's.
    name : str, optional
        To open it by; made from the first file's name when not given.
    tell : callable, optional
        Gets a `Transfer`; what it raises stops the work.
    owner : str, optional
        Visitor of a server whom it belongs to; see `emnist_lab.files.owner_of`.
    require_room : callable, optional
        Told the bytes that it takes, before they are written; raises where that is too much.
    require_labels : callable, optional
        Given each part; raises where its labels can't be right.
    choice : str, optional
        Which set it is, of `emnist_lab.data.splits.KNOWN`, where nothing in the files tells it:
        they are kept in a folder of that name, which does.

    Returns
    -------
    str
        The name: ``emnist_lab.load(split, part, name)`` opens it.

    Raises
    ------
    DatasetError
        Nothing is recognised, something is damaged, or it can't be kept.
    """
    tell = tell or (lambda transfer: None)
    if name is not None:
        check_name(name)
    if choice is not None and choice not in splits.KNOWN:
        raise DatasetError(f"There is no set {choice[:40]!r}: choose {', '.join(splits.KNOWN)}.")
    if not paths:
        raise DatasetError("No file was given: choose one or more.")
    name = name or free_name(paths[0].name.split(".")[0])
    partial = partial_path(imports_folder())
    try:
        into = partial / choice if choice else partial
        into.mkdir(parents=True)
        sweep()
        for path in paths:
            tell(Transfer(f"Copying {printable(path.name, 255)}"))
            _copy_in(path, into, require_room)
        address = dataset_address.DatasetAddress(dataset_address.AddressKind.PATH, str(partial))
        found = discovery.find(address)
        if not found:
            said = discovery.why_not(address)
            raise DatasetError(said.replace("It holds", f"{paths[0].name} holds", 1))
        try:
            require_room(_read_all(found, tell, require_labels) + size_of(partial))
        except BaseException:
            for source in found.values():
                cache.forget(source)
            raise
        if (imports_folder() / name).exists():
            check_name(name)  # another import took the name meanwhile
        write_owner(partial, owner)
        files.place(partial, imports_folder() / name)
    except FileExistsError as error:  # another replica took the name meanwhile
        raise DatasetError(f"There is a dataset {name} already: choose another name.") from error
    except OSError as error:
        raise DatasetError(
            f"The dataset can't be kept in {imports_folder()} ({error.strerror or error}): free "
            "some space, or name a writable folder in $EMNIST_LAB_HOME."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        discard_upload(paths)
    return name


def is_upload(path: Path) -> bool:
    """Whether a file was uploaded here to be imported; one of this machine's isn't."""
    place = path.parent
    return place.parent == imports_folder() and place.name.startswith(UPLOAD)


def discard_upload(paths: Iterable[Path]) -> None:
    """Remove files that were uploaded here, with their folder; no effect on any others."""
    for place in {path.parent for path in paths if is_upload(path)}:
        shutil.rmtree(place, ignore_errors=True)


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder; 0 for one that was deleted."""
    sizes = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # it was deleted meanwhile
            sizes += path.stat().st_size
    return sizes


def _read_all(
    found: discovery.Parts, tell: TransferCallback, require_labels: Callable[[Part], object]
) -> int:
    """Read every part once; refuse what would fill the cache. Gives the bytes of its images."""
    images = 0
    for (split, part), source in found.items():
        tell(Transfer(f"Reading {split} {part} ({source.format})"))
        data = loading.read_part(source, part)
        images += len(data)
        if images > _MOST_IMAGES:
            raise DatasetError(
                f"The dataset holds more than {_MOST_IMAGES:,} images in all its parts together: "
                "import its splits one by one."
            )
        require_labels(data)
    return images * SIDE * SIDE


def sweep() -> None:
    """Remove what imports and uploads left behind that were broken off long ago."""
    for left in imports_folder().glob(".*"):
        with contextlib.suppress(FileNotFoundError):  # another import may have ended just now
            if time.time() - left.stat().st_mtime > _STALE:
                shutil.rmtree(left, ignore_errors=True)


def _copy_in(path: Path, into: Path, require_room: Callable[[int], None]) -> None:
    try:
        path.stat()
    except PermissionError as error:
        raise DatasetError(
            f"{path} can't be read: give this user permission to read it."
        ) from error
    except (OSError, ValueError) as error:  # a name that no disk can have is none, too
        raise DatasetError(f"There is no file {path}: check the spelling.") from error
    if path.suffix.lower() == ".zip" and path.is_file():
        directory = official_files.directory_in(path)
        if not official_files.members(directory):
            _unzip(path, directory, into, require_room)
            return
    if path.is_dir():
        raise DatasetError(
            f"{path} is a folder, which needs no import: name it with --root or $EMNIST_DIR, or on "
            "the Data page."
        )
    if not path.is_file():
        raise DatasetError(f"There is no file {path}: check the spelling.")
    if not os.access(path, os.R_OK):
        raise DatasetError(f"{path} can't be read: give this user permission to read it.")
    name = f"file{path.name}" if path.name.startswith(".") else path.name  # hidden is passed over
    if (into / name).exists():
        raise DatasetError(
            f"{name} is given twice: put both into a zip, in folders, or rename one."
        )
    shutil.copy2(path, into / name)


def _unzip(
    path: Path,
    directory: list[zipfile.ZipInfo],
    into: Path,
    require_room: Callable[[int], None],
) -> None:
    """Unpack what a zip holds, below `into` and nowhere else."""
    files = [one for one in directory if not one.is_dir()]
    size = sum(one.file_size for one in files)
    if len(files) > discovery.MOST_FILES or size > _LARGEST:
        raise DatasetError(
            f"{path.name} unpacks to {len(files):,} files of {size / 1e9:.1f} GB, more than is "
            "taken: unpack it yourself and name the folder."
        )
    packed = sum(one.compress_size for one in files)
    if size > max(_SMALL, _MOST_PACKED * packed):
        raise DatasetError(
            f"{path.name} unpacks from {packed / 1e6:.0f} MB to {size / 1e6:,.0f} MB, which no "
            "images of handwriting do: take another archive."
        )
    names = collections.Counter(one.filename for one in files)
    if len(names) < len(files):
        twice = names.most_common(1)[0][0]
        raise DatasetError(
            f"{path.name} holds {twice[:60]!r} more than once, and it can't be told which counts: "
            "make the archive again."
        )
    for one in files:
        _check_member(one, path.name)
    folders = {one.filename.rpartition("/")[0] for one in files}
    if len(folders) > discovery.MOST_FOLDERS:
        raise DatasetError(
            f"{path.name} holds {len(folders):,} folders, and EMNIST has 62 classes: zip the "
            "folder that the dataset lies in alone."
        )
    require_room(size)
    if size > shutil.disk_usage(into).free:
        raise OSError(errno.ENOSPC, "No space left on device")
    try:
        with official_files.open_zip(path) as opened:
            for one in files:
                opened.extract(one, into)
    except (
        *(zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, zlib.error),
        OSError,
    ) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EACCES, errno.EROFS):
            raise
        raise DatasetError(
            f"{path.name} can't be unpacked ({first_line(error)[:80]}): make the archive again."
        ) from error


def _check_member(one: zipfile.ZipInfo, archive: str) -> None:
    """Refuse a member that lies elsewhere, or whose name not every disk can keep."""
    shown = repr(one.orig_filename[:60])
    parts = Path(one.filename.replace("\\", "/")).parts
    if ".." in parts or Path(one.filename).is_absolute() or _DRIVE.match(one.filename):
        raise DatasetError(
            f"{archive} holds a file that would lie outside of it ({shown}): take another archive."
        )
    if stat.S_ISLNK(one.external_attr >> 16):
        raise DatasetError(
            f"{archive} holds a link ({shown}): zip the files themselves, not links to them."
        )
    remedy = "name that folder or file otherwise, and zip it again."
    if ":" in one.filename or "\0" in one.orig_filename:
        what = "colon" if ":" in one.filename else "zero byte"
        raise DatasetError(
            f"{archive} holds a name with a {what} ({shown}), which not every disk can keep: "
            f"{remedy}"
        )
    longest = max((len(part.encode("utf-8", "replace")) for part in parts), default=0)
    if longest > _LONGEST:
        raise DatasetError(
            f"{archive} holds a name of {longest:,} bytes ({shown}), which not every disk can "
            f"keep: {remedy}"
        )
    if len(parts) > _DEEPEST:
        raise DatasetError(
            f"{archive} holds {len(parts) - 1:,} folders within each other ({shown}), more than "
            "are looked through: zip the folder that the dataset lies in alone."
        )


def remove(name: str) -> None:
    """Delete an imported dataset.

    Parameters
    ----------
    name : str

    Raises
    ------
    DatasetError
        There is none, or it can't be deleted.
    """
    if name not in names():
        raise DatasetError(f"There is no dataset {name}: it may be deleted already.")
    try:
        for source in discovery.find(name).values():
            cache.forget(source)
    except DatasetError:
        pass  # a damaged one is deleted as well
    try:
        files.remove(imports_folder() / name)
    except OSError as error:
        raise DatasetError(
            f"{name} can't be deleted ({error.strerror or error}): check the folder's permissions."
        ) from error
