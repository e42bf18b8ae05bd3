"""Arrays in NumPy's files: what their headers tell, and their content, block by block.

What is pickled isn't read, for it can run code.
"""

import contextlib
import functools
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DatasetError
from .. import splits
from . import official_files
from .base import CHUNK
from .validation import printable, reading_errors

FORMAT = "NumPy file"
REMEDY = "save images (N, 28, 28) and labels (N,) with numpy.savez, plain numbers"
_MOST_MEMBERS = 64
_MOST_BYTES = 2**33  # of one array: a million images of 28×28 in float64 have 6 GB
_SIDES = range(8, 257)  # of images
_ONE_HOT = range(2, 64)  # columns of labels that mark one each


@dataclass(frozen=True)
class Array:
    """One array, of which the header was read.

    Attributes
    ----------
    path : pathlib.Path
    member : str
        Name within an ``.npz``; empty for an ``.npy``.
    shape : tuple of int
    dtype : numpy.dtype
    fortran : bool
        Whether the first axis runs fastest.
    """

    path: Path
    member: str
    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool

    @property
    def name(self) -> str:
        """For people."""
        member = self.member.removesuffix(".npy")
        return printable(f"{member} in {self.path.name}" if member else self.path.name, 255)

    @property
    def is_labels(self) -> bool:
        """Whether it can be labels."""
        rest = self.shape[1:]
        return len(rest) < 2 and (not rest or rest[0] == 1 or rest[0] in _ONE_HOT)

    @property
    def is_images(self) -> bool:
        """Whether it can be images."""
        return bool(self.size_of_image) and self.dtype.kind in "uifb"

    @property
    def size_of_image(self) -> tuple[int, int] | None:
        """Height and width of each; None where it can't be images."""
        rest = [side for side in self.shape[1:] if side not in (1, 3, 4)]
        if len(rest) == 1:
            side = math.isqrt(rest[0])
            return (side, side) if side * side == rest[0] and side in _SIDES else None
        if len(rest) == 2 and all(side in _SIDES for side in rest):
            return rest[0], rest[1]
        return None

    @property
    def part(self) -> str:
        """``"train"``, ``"test"``, ``"valid"``, or empty."""
        for name in (self.member, self.path.stem):
            if part := splits.part_in(name):
                return part
            if splits.is_validation(name):
                return "valid"
        return splits.part_of_folder(self.path.parent.name)


@functools.lru_cache(maxsize=256)
def headers(path: Path, size: int, changed: int) -> tuple[Array, ...]:
    """Arrays of a file, by their headers.

    Parameters
    ----------
    path : pathlib.Path
    size, changed : int
        Its `stamp`.

    Returns
    -------
    tuple of Array

    Raises
    ------
    DatasetError
        The file is damaged, or none of NumPy's.
    """
    with reading_errors(path, FORMAT):
        if path.suffix.lower() == ".npy":
            with open(path, "rb") as file:
                return (_header(path, "", file, size),)
        with official_files.open_zip(path, 2**20) as archive:
            members = [one for one in archive.infolist() if one.filename.endswith(".npy")]
            found = []
            for one in members[:_MOST_MEMBERS]:
                with archive.open(one) as file:
                    found.append(_header(path, one.filename, file, one.file_size))
            return tuple(found)


def _header(path: Path, member: str, file, size: int) -> Array:
    """The header of one array; its content has to have the size that it promises."""
    version = np.lib.format.read_magic(file)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"version {version} of the format")
    shape, fortran, dtype = readers[version](file, max_header_size=10_000)
    array = Array(path, member, tuple(shape), dtype, bool(fortran))
    if dtype.hasobject:
        raise DatasetError(
            f"{array.name} is pickled, which isn't read because pickles can run code: {REMEDY}."
        )
    if math.prod(shape) * dtype.itemsize > _MOST_BYTES:
        raise DatasetError(
            f"{array.name} announces {math.prod(shape) * dtype.itemsize / 1e9:,.0f} GB, and "
            f"{_MOST_BYTES / 1e9:.0f} are read at most: split it into smaller files."
        )
    if dtype.fields or not shape or math.prod(shape) * dtype.itemsize + file.tell() != size:
        raise ValueError(f"{array.name} isn't an array of the size that it promises")
    return array


def blocks(array: Array) -> Iterator[np.ndarray]:
    """The content of an array, some rows at a time.

    Parameters
    ----------
    array : Array

    Yields
    ------
    ndarray of shape (M, ...)

    Raises
    ------
    DatasetError
        The file is damaged, or the array too large to be turned.
    """
    count, row = array.shape[0], math.prod(array.shape[1:])
    with reading_errors(array.path, FORMAT), _content(array) as file:
        if array.fortran and row > 1:
            yield from _columns(array, file)
            return
        step = max(1, min(CHUNK, (1 << 24) // max(row * array.dtype.itemsize, 1)))
        for start in range(0, count, step):
            some = min(step, count - start)
            yield _take(file, some * row, array.dtype).reshape(some, *array.shape[1:])


def _columns(array: Array, file) -> Iterator[np.ndarray]:
    """Content whose first axis runs fastest: it has to be turned as a whole."""
    if math.prod(array.shape) * array.dtype.itemsize > 1 << 30:
        raise DatasetError(
            f"{array.name} lies in Fortran's order and is larger than 1 GB: save "
            "numpy.ascontiguousarray of it."
        )
    whole = _take(file, math.prod(array.shape), array.dtype).reshape(array.shape, order="F")
    for start in range(0, len(whole), CHUNK):
        yield whole[start : start + CHUNK]


@contextlib.contextmanager
def _content(array: Array):
    """The stream behind the header."""
    with contextlib.ExitStack() as stack:
        if array.member:
            archive = stack.enter_context(official_files.open_zip(array.path, 2**20))
            file = stack.enter_context(archive.open(array.member))
        else:
            file = stack.enter_context(open(array.path, "rb"))
        major, _ = np.lib.format.read_magic(file)
        form = "<H" if major == 1 else "<I"
        (length,) = struct.unpack(form, file.read(struct.calcsize(form)))
        file.read(length)
        yield file


def _take(file, values: int, dtype: np.dtype) -> np.ndarray:
    content = file.read(values * dtype.itemsize)
    if len(content) != values * dtype.itemsize:
        raise EOFError("it ends early")
    return np.frombuffer(content, dtype)
