"""NIST's files by their official names: in folders, in NIST's archive, or generated like them."""

import contextlib
import functools
import io
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ...errors import DatasetError, first_line
from .. import splits
from . import idx
from .base import Source
from .validation import stamp

FORMAT = "official file format"
ARCHIVE = "NIST's archive"
FORMATS = (FORMAT, ARCHIVE)  # they hold all classes of their split
_LARGEST_DIRECTORY = 96 * 2**20  # bytes of a zip's list of members: a million pictures' fit in
_LARGEST_OF_NIST = 2**20  # the same for NIST's archive, whose list has 4 kB
GENERATED = "generated"  # what the names of generated sets begin with, in place of "emnist"


def names(split: str, part: str, prefix: str = "emnist") -> dict[str, str]:
    """Official names, without ``.gz``, of the files of one part.

    Parameters
    ----------
    split, part : str
        See `emnist_lab.data.splits`.
    prefix : str
        ``"emnist"``, or `GENERATED`.

    Returns
    -------
    dict of str to str
        For ``images``, ``labels`` and ``mapping``.

    Raises
    ------
    DatasetError
        The split or the part has another name.
    """
    splits.check(split, part)
    return {
        "images": f"{prefix}-{split}-{part}-images-idx3-ubyte",
        "labels": f"{prefix}-{split}-{part}-labels-idx1-ubyte",
        "mapping": f"{prefix}-{split}-mapping.txt",
    }


def index(files: list[Path]) -> dict[str, idx.IdxFile]:
    """Official files among `files`, and in archives among them.

    Parameters
    ----------
    files : list of pathlib.Path
        Nearest first: of two files of one name the first counts.

    Returns
    -------
    dict of str to IdxFile
        By name without ``.gz``, in small letters. Plain files come before archives.
    """
    found: dict[str, idx.IdxFile] = {}
    for path in files:
        name = path.name.lower()
        if name.startswith(("emnist-", f"{GENERATED}-")):
            found.setdefault(name.removesuffix(".gz"), idx.IdxFile(path))
    for path in files:
        if path.suffix.lower() == ".zip":
            for name, member in _members(path, stamp(path)).items():
                found.setdefault(name, idx.IdxFile(path, member))
    return found


@functools.lru_cache(maxsize=64)
def _members(path: Path, stamp: tuple[int, int]) -> dict[str, str]:
    """Official files in an archive: name -> member. Empty for what is no readable zip."""
    try:
        with open_zip(path, _LARGEST_OF_NIST) as archive:
            inside = members(archive.infolist())
    except (
        *(OSError, zipfile.BadZipFile, ValueError, NotImplementedError, struct.error),
        DatasetError,
    ):
        return {}
    return {name.removesuffix(".gz"): info.filename for name, info in inside.items()}


def packed_names(split: str) -> list[str]:
    """Names in NIST's archive of the files of one split, gzipped ones with ``.gz``.

    Parameters
    ----------
    split : str

    Returns
    -------
    list of str
    """
    files = dict.fromkeys(name for part in splits.PARTS for name in names(split, part).values())
    return [name if name.endswith(".txt") else f"{name}.gz" for name in files]


def members(directory: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Official files that an archive holds.

    Parameters
    ----------
    directory : list of zipfile.ZipInfo

    Returns
    -------
    dict of str to zipfile.ZipInfo
        By official name; of two of one name the first. Empty where no part has
        both images and labels; anything else is passed over.
    """
    official = {name for split in splits.SPLITS for name in packed_names(split)}
    found: dict[str, zipfile.ZipInfo] = {}
    for info in directory:
        name = info.filename.replace("\\", "/").rpartition("/")[2]
        if name in official and not info.is_dir():
            found.setdefault(name, info)
    stems = [name.removesuffix("-images-idx3-ubyte.gz") for name in found]
    whole = any(f"{stem}-labels-idx1-ubyte.gz" in found for stem in stems)
    return found if whole else {}


def find(files: list[Path]) -> list[Source]:
    """Parts whose images and labels are there; the mapping may be missing.

    Parameters
    ----------
    files : list of pathlib.Path

    Returns
    -------
    list of Source
        In the order of `splits.SPLITS`.
    """
    found, sources = index(files), []
    for prefix in ("emnist", GENERATED):
        for split in splits.SPLITS:
            for part in splits.PARTS:
                wanted = names(split, part, prefix)
                have = {kind: found[name] for kind, name in wanted.items() if name in found}
                if {"images", "labels"} <= have.keys():
                    sources.append(_source(split, part, have, prefix == GENERATED))
    return sources


def _source(split: str, part: str, files: dict[str, idx.IdxFile], generated: bool) -> Source:
    return Source(
        split,
        part,
        ARCHIVE if files["images"].member else FORMAT,
        tuple(dict.fromkeys(one.path for one in files.values())),
        functools.partial(
            idx.read, files["images"], files["labels"], files.get("mapping"), split=split
        ),
        generated,
    )


class _TooManyMembers(DatasetError):
    pass


class _Reluctant(io.FileIO):
    """A file that gives no list of members at once that would fill the memory.

    `zipfile` reads the whole list, and each member's 47 bytes or more become 600.
    """

    def __init__(self, path: Path, most: int):
        super().__init__(path)
        self._most, self._path = most, path

    def read(self, size: int = -1) -> bytes:
        if size > self._most:
            raise _TooManyMembers(
                f"{self._path.name} holds too many files ({size / 1e6:,.0f} MB of their names "
                "alone): unpack it yourself and name the folder, or split it."
            )
        return super().read(size)


@contextlib.contextmanager
def open_zip(path: Path, most: int = _LARGEST_DIRECTORY) -> Iterator[zipfile.ZipFile]:
    """A zip whose list of members has a size that memory holds.

    Parameters
    ----------
    path : pathlib.Path
    most : int
        Bytes of that list.

    Raises
    ------
    DatasetError
        It is larger.
    OSError, zipfile.BadZipFile, ValueError, NotImplementedError, struct.error
        As `zipfile.ZipFile` does.
    """
    with _Reluctant(path, most) as file, zipfile.ZipFile(file) as archive:
        yield archive


def directory_in(path: Path, most: int = _LARGEST_DIRECTORY) -> list[zipfile.ZipInfo]:
    """Directory of a local archive.

    Parameters
    ----------
    path : pathlib.Path
    most : int
        Bytes that it may have.

    Returns
    -------
    list of zipfile.ZipInfo

    Raises
    ------
    DatasetError
        It is no zip, truncated, can't be read, or holds too many files.
    """
    try:
        with open_zip(path, most) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
        raise DatasetError(
            f"{path.name} isn't a whole zip archive ({first_line(error)[:80]}): download it again."
        ) from error
    except OSError as error:
        raise DatasetError(
            f"{path} can't be read ({error.strerror or error}): check its name and permissions."
        ) from error


def explain_archives(files: list[Path]) -> None:
    """Say what is wrong with the first zip among files that hold no dataset.

    Parameters
    ----------
    files : list of pathlib.Path

    Raises
    ------
    DatasetError
        There is a zip, and it is damaged or isn't NIST's.
    """
    for path in files:
        if path.suffix.lower() == ".zip":
            with contextlib.suppress(_TooManyMembers):  # then it isn't NIST's either
                directory_in(path, _LARGEST_OF_NIST)
            raise DatasetError(
                f"{path.name} isn't NIST's archive: import it on the Data page or with "
                f"'python -m emnist_lab fetch --from {path.name}', or unpack it."
            )


def verify(source: Source) -> None:
    """Read a part whole, keeping nothing of it.

    Parameters
    ----------
    source : Source
        One that `find` gave.

    Raises
    ------
    DatasetError
        A file is damaged, has another format, or doesn't fit the others.
    """
    source.read(_Nowhere)


class _Nowhere:
    """Room for images of which only the number is wanted."""

    def __init__(self, count: int):
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __setitem__(self, where, images) -> None:
        """Let them go."""
