"""The official files, and copies of them: IDX, gzipped or not, in folders or in NIST's archive.

The format (https://yann.lecun.com/exdb/mnist) is a big-endian header and
unsigned bytes. Reading is strict: a file that isn't whole is refused.
"""

import functools
import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DatasetError
from .. import splits
from .base import CHUNK, PIXELS, SIDE, Allocate, RawPart, Source
from .validation import stamp

FORMAT = "official file format"
ARCHIVE = "NIST's archive"
GENERATED = "generated"  # what the names of generated sets begin with, in place of "emnist"
_LARGEST = 2**31  # bytes of images: more than any split has


@dataclass(frozen=True)
class IdxFile:
    """A file, or a member of an archive: its bytes, with gzip undone.

    Attributes
    ----------
    path : pathlib.Path
        The file, or the archive.
    member : str
        Name within the archive; empty for a file.
    """

    path: Path
    member: str = ""

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.member} in {self.path.name}" if self.member else self.path.name

    def size(self) -> int:
        """Bytes as they are stored, an upper bound's base for what they may unpack to."""
        if not self.member:
            return self.path.stat().st_size
        with zipfile.ZipFile(self.path) as archive:
            return archive.getinfo(self.member).file_size

    def open(self) -> io.BufferedIOBase:
        """Stream of the content; the bytes decide whether they are gzipped."""
        raw = _in_archive(self.path, self.member) if self.member else self.path.open("rb")
        try:
            zipped = raw.read(2) == b"\x1f\x8b"  # some clients unzip silently
            raw.seek(0)
        except BaseException:
            raw.close()
            raise
        return _Unzipped(raw) if zipped else raw


class _Unzipped(gzip.GzipFile):
    """A gzip stream that closes what it reads from."""

    def __init__(self, raw):
        super().__init__(fileobj=raw, mode="rb")
        self._raw = raw

    def close(self):
        super().close()
        self._raw.close()


def _in_archive(path: Path, member: str):
    with zipfile.ZipFile(path) as archive:
        return archive.open(member)


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


def index(files: list[Path]) -> dict[str, IdxFile]:
    """Official files among `files`, and in archives among them.

    Parameters
    ----------
    files : list of pathlib.Path
        Nearest first: of two files of one name the first counts.

    Returns
    -------
    dict of str to Bytes
        By name without ``.gz``, in small letters. Plain files come before archives.
    """
    found: dict[str, IdxFile] = {}
    for path in files:
        name = path.name.lower()
        if name.startswith(("emnist-", f"{GENERATED}-")):
            found.setdefault(name.removesuffix(".gz"), IdxFile(path))
    for path in files:
        if path.suffix.lower() == ".zip":
            for name, member in _members(path, stamp(path)).items():
                found.setdefault(name, IdxFile(path, member))
    return found


@functools.lru_cache(maxsize=64)
def _members(path: Path, stamp: tuple[int, int]) -> dict[str, str]:
    """Official files in an archive: name -> member. Empty for what is no readable zip."""
    try:
        with zipfile.ZipFile(path) as archive:
            inside = members(archive.infolist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
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


def _source(split: str, part: str, files: dict[str, IdxFile], generated: bool) -> Source:
    return Source(
        split,
        part,
        ARCHIVE if files["images"].member else FORMAT,
        tuple(dict.fromkeys(one.path for one in files.values())),
        functools.partial(
            read, files["images"], files["labels"], files.get("mapping"), split=split
        ),
        generated,
    )


def read(
    images: IdxFile, labels: IdxFile, mapping: IdxFile | None, allocate: Allocate, *, split: str
) -> RawPart:
    """Read one part from its files, checking each against the others.

    Parameters
    ----------
    images, labels : Bytes
    mapping : Bytes or None
        None where the copy lacks it (torchvision deletes it).
    allocate : callable
        Gives the room for the images.
    split : str
        Whose mapping stands in for a missing one.

    Returns
    -------
    Decoded
        As stored: transposed, in NIST's own files.

    Raises
    ------
    DatasetError
        A file is damaged, has another format, or doesn't fit the others.
    """
    classes = _read_mapping(mapping) if mapping else splits.mapping(split)
    raw = _read_labels(labels)
    pictures = _read_images(images, allocate)
    if not len(pictures):
        raise DatasetError(f"{images.name} holds no images: copy or download it again.")
    if len(pictures) != len(raw):
        raise DatasetError(
            f"{images.name} holds {len(pictures):,} images but {labels.name} "
            f"{len(raw):,} labels: they don't belong together; copy both again."
        )
    unknown = sorted(set(np.unique(raw).tolist()) - set(classes))
    if unknown:
        other = mapping.name if mapping else f"the mapping of {split}"
        raise DatasetError(
            f"{labels.name} holds the label {unknown[0]}, which {other} lacks: "
            "the files are of different splits; copy them again."
        )
    notes = () if mapping else (f"No mapping file; NIST's mapping of {split} was used.",)
    return RawPart(pictures, raw.astype(np.int64), classes, notes)


def encode(array: np.ndarray) -> bytes:
    """A gzipped file of unsigned bytes, the same bytes for the same array.

    Parameters
    ----------
    array : ndarray of shape (N,) or (N, H, W)
        Integers in 0..255. NIST stores images transposed: that is up to the caller.

    Returns
    -------
    bytes
    """
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    payload = np.ascontiguousarray(array, np.uint8).tobytes()
    return gzip.compress(header + payload, compresslevel=9, mtime=0)


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


def _strictly(read_file: Callable) -> Callable:
    """Give every way in which reading bytes fails one sentence with its remedy."""

    @functools.wraps(read_file)
    def wrapper(file: IdxFile, *rest):
        try:
            return read_file(file, *rest)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DatasetError(
                f"{file.name} is a damaged gzip file ({error}): copy or download it again."
            ) from error
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, KeyError) as error:
            raise DatasetError(
                f"{file.name} can't be unpacked ({error}): download the archive again."
            ) from error
        except PermissionError as error:
            raise DatasetError(
                f"{file.path} can't be read: give this user permission to read it."
            ) from error
        except MemoryError as error:
            raise DatasetError(
                f"{file.name} doesn't fit into memory: choose a smaller split."
            ) from error
        except OSError as error:
            raise DatasetError(
                f"{file.path} can't be read ({error.strerror or error}): check the disk, or copy "
                "it again."
            ) from error

    return wrapper


def _fill(stream, into: memoryview, name: str) -> None:
    done = 0
    while done < len(into):
        got = stream.readinto(into[done:])
        if not got:
            raise DatasetError(
                f"{name} is truncated (it ends after {done:,} of {len(into):,} bytes of a "
                "block): copy or download it again."
            )
        done += got


def _header(stream, dimensions: int, name: str) -> tuple[int, ...]:
    """Shape that the header tells; the stream stands behind it."""
    header = bytearray(4 + 4 * dimensions)
    _fill(stream, memoryview(header), name)
    if header[:2] != b"\0\0":
        raise DatasetError(
            f"{name} isn't an IDX file (its magic number is 0x{header[:4].hex()}, "
            f"expected 0x{0x0800 + dimensions:08x}): replace it with the official file."
        )
    if header[2] != 0x08:
        raise DatasetError(
            f"{name} holds values of type 0x{header[2]:02x}, not unsigned bytes (0x08): "
            "replace it with the official file."
        )
    if header[3] != dimensions:
        raise DatasetError(
            f"{name} has {header[3]} dimensions, expected {dimensions}: "
            "images and labels may have been swapped."
        )
    return struct.unpack(f">{dimensions}I", header[4:])


def _ends(stream, name: str) -> None:
    if stream.read(1):
        raise DatasetError(f"{name} holds more than its header says: copy or download it again.")


def _fits(file: IdxFile, size: int) -> int:
    """`size`, unless no file of this length could hold it (deflate gains 1032:1 at most)."""
    if size > min(file.size() * 1040, _LARGEST):
        raise DatasetError(
            f"{file.name} promises {size:,} bytes, more than it can hold: copy or download it "
            "again."
        )
    return size


@_strictly
def _read_labels(file: IdxFile) -> np.ndarray:
    with file.open() as stream:
        (count,) = _header(stream, 1, file.name)
        labels = np.empty(_fits(file, count), np.uint8)
        _fill(stream, memoryview(labels), file.name)
        _ends(stream, file.name)
    return labels


@_strictly
def _read_images(file: IdxFile, allocate: Allocate) -> np.ndarray:
    with file.open() as stream:
        count, rows, columns = _header(stream, 3, file.name)
        if (rows, columns) != (SIDE, SIDE):
            raise DatasetError(
                f"{file.name} holds images of {rows}×{columns} pixels, expected {SIDE}×{SIDE}: "
                "replace it with the official file."
            )
        _fits(file, count * PIXELS)
        images = allocate(count)
        chunk = np.empty((min(CHUNK, max(count, 1)), SIDE, SIDE), np.uint8)
        for start in range(0, count, CHUNK):
            part = chunk[: min(CHUNK, count - start)]
            _fill(stream, memoryview(part).cast("B"), file.name)
            images[start : start + len(part)] = part
        _ends(stream, file.name)
    return images


@_strictly
def _read_mapping(file: IdxFile) -> dict[int, str]:
    with file.open() as stream:
        text = stream.read(2**20).decode("ascii", "replace")
    classes: dict[int, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            label, first, *_ = (int(field) for field in line.split())
            classes[label] = chr(first)
            if not classes[label].isprintable() or classes[label].isspace():
                raise ValueError("not a character")
        except (ValueError, OverflowError) as error:
            raise DatasetError(
                f"{file.name}, line {number}, isn't 'label code-point': replace it with the "
                "official mapping."
            ) from error
    if not classes:
        raise DatasetError(f"{file.name} is empty: replace it with the official mapping.")
    if len(set(classes.values())) < len(classes):
        raise DatasetError(
            f"{file.name} gives two labels the same character: replace it with the official "
            "mapping."
        )
    return classes
