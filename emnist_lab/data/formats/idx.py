"""IDX files, the format of MNIST and EMNIST: gzipped or not, plain or members of an archive.

The format (https://yann.lecun.com/exdb/mnist) is a big-endian header and
unsigned bytes. Reading is strict: a file that isn't whole is refused.
"""

import functools
import gzip
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DatasetError
from .. import splits
from .base import CHUNK, PIXELS, SIDE, Allocate, RawPart
from .validation import MOST_LABELS, check_count

_LARGEST_MAPPING = 2**16  # bytes
_NUMBER = re.compile("[0-9]{1,10}")


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


def read(
    images: IdxFile,
    labels: IdxFile,
    mapping: IdxFile | None,
    allocate: Allocate,
    *,
    split: str,
    own: bool = True,
) -> RawPart:
    """Read one part from its files, checking each against the others.

    Parameters
    ----------
    images, labels : IdxFile
    mapping : IdxFile or None
        None where the copy lacks it (torchvision deletes it).
    allocate : callable
        Gives the room for the images.
    split : str
        Whose mapping stands in for a missing one.
    own : bool
        Whether a mapping belongs to it, so that a missing one is worth a note.

    Returns
    -------
    RawPart
        As stored: transposed, in NIST's own files.

    Raises
    ------
    DatasetError
        A file is damaged, has another format, or doesn't fit the others.
    """
    classes = _read_mapping(mapping) if mapping else splits.mapping(split)
    raw, writers = _read_labels(labels)
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
    notes = () if mapping or not own else (f"No mapping file; NIST's mapping of {split} was used.",)
    names: tuple[str, ...] = ()
    if writers is not None:
        numbers, writers = np.unique(writers, return_inverse=True)
        names = tuple(map(str, numbers.tolist()))
    return RawPart(pictures, raw.astype(np.int64), classes, notes, writers, names)


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
    if size > file.size() * 1040:
        raise DatasetError(
            f"{file.name} promises {size:,} bytes, more than it can hold: copy or download it "
            "again."
        )
    return size


@_strictly
def _read_labels(file: IdxFile) -> tuple[np.ndarray, np.ndarray | None]:
    """Labels, and who wrote each, where the file is QMNIST's."""
    with file.open() as stream:
        first = bytes(stream.read(4))
    if first == b"\0\0\x0c\x02":
        return _read_table(file)
    with file.open() as stream:
        (count,) = _header(stream, 1, file.name)
        check_count(_fits(file, count), file.name, "labels")
        labels = np.empty(count, np.uint8)
        _fill(stream, memoryview(labels), file.name)
        _ends(stream, file.name)
    return labels, None


def _read_table(file: IdxFile) -> tuple[np.ndarray, np.ndarray]:
    """QMNIST's labels: whole numbers of four bytes, the class first and the writer third."""
    with file.open() as stream:
        head = bytearray(12)
        _fill(stream, memoryview(head), file.name)
        count, columns = struct.unpack(">2I", head[4:])
        if columns != 8:
            raise DatasetError(
                f"{file.name} has {columns} columns of numbers, expected QMNIST's 8: replace it "
                "with the official file."
            )
        check_count(count, file.name, "labels")
        table = np.empty((_fits(file, count * 32) // 32, 8), ">i4")
        _fill(stream, memoryview(table).cast("B"), file.name)
        _ends(stream, file.name)
    labels = table[:, 0].astype(np.int64)
    if labels.size and not 0 <= labels.min() <= labels.max() < 256:
        raise DatasetError(
            f"{file.name} holds the label {labels[np.abs(labels).argmax()]}: replace it with the "
            "official file."
        )
    return labels.astype(np.uint8), table[:, 2].astype(np.int64)


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
        check_count(count, file.name)
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
        content = stream.read(_LARGEST_MAPPING + 1)
    text = content.decode("ascii", "replace")
    if len(content) > _LARGEST_MAPPING or text.count("\n") > MOST_LABELS:
        raise DatasetError(
            f"{file.name} is larger than any mapping: replace it with the official mapping."
        )
    classes: dict[int, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            fields = line.split()
            if not all(map(_NUMBER.fullmatch, fields)):
                raise ValueError("not plain numbers")
            label, first, *_ = map(int, fields)
            if label in classes:
                raise ValueError("the label has a character already")
            classes[label] = chr(first)
            if not classes[label].isprintable() or classes[label].isspace():
                raise ValueError("not a character")
        except (ValueError, OverflowError) as error:
            raise DatasetError(
                f"{file.name}, line {number}, isn't a label of its own and a code point: replace "
                "it with the official mapping."
            ) from error
    if not classes:
        raise DatasetError(f"{file.name} is empty: replace it with the official mapping.")
    if len(set(classes.values())) < len(classes):
        raise DatasetError(
            f"{file.name} gives two labels the same character: replace it with the official "
            "mapping."
        )
    return classes
