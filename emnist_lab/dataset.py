"""Official EMNIST files -> `Part`: upright images, labels and class names; strict.

The format is IDX (https://yann.lecun.com/exdb/mnist): a big-endian header and
unsigned bytes. NIST stores every image transposed; `Part.images` is upright.
"""

import functools
import gzip
import hashlib
import os
import struct
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from . import cache, official
from .errors import DatasetError
from .sources import Files, locate

SIDE = 28
_CHUNK = 4096  # images decoded at a time: 3 MB, so that loading holds one copy of the images


@dataclass(frozen=True, eq=False)
class Part:
    """One part of a split, in memory.

    Attributes
    ----------
    images : ndarray of shape (N, 28, 28), dtype uint8
        Upright; 0 is paper, 255 is ink. May be a read-only view of a file.
    labels : ndarray of shape (N,), dtype int64
        Index into `classes`, from 0.
    classes : list of str
        One character a class: the first code point of its line in the mapping.
    split, part : str
        For example ``"balanced"`` and ``"test"``.
    origin : str
        ``"official"``, ``"re-partition"`` or ``"sample"``: see `name`.
    """

    images: np.ndarray
    labels: np.ndarray
    classes: list[str]
    split: str
    part: str
    origin: str
    parent_name: str = ""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def name(self) -> str:
        """Honest name of the data, for every place that shows a number made from it."""
        if self.origin == "official":
            return f"EMNIST {self.split}, official {self.part} part ({len(self):,} images)"
        if self.origin == "sample":
            return f"{len(self):,} images drawn from: {self.parent_name}"
        return (
            f"re-partition of EMNIST {self.split}, {self.part} part "
            f"({len(self):,} images; not the official split)"
        )

    @functools.cached_property
    def fingerprint(self) -> str:
        """BLAKE2b of labels and upright images, 32 hexadecimal digits."""
        digest = hashlib.blake2b(np.ascontiguousarray(self.labels, np.uint8), digest_size=16)
        digest.update(np.ascontiguousarray(self.images))
        return digest.hexdigest()

    def counts(self) -> np.ndarray:
        """Images per class: ndarray of shape (C,), dtype int64."""
        return np.bincount(self.labels, minlength=len(self.classes))

    def mean_images(self) -> np.ndarray:
        """Mean image of each class.

        Returns
        -------
        ndarray of shape (C, 28, 28), dtype float32
            0..255; all zero for a class without images.
        """
        total = np.zeros((len(self.classes), SIDE * SIDE), np.float32)
        eye = np.eye(len(self.classes), dtype=np.float32)
        for start in range(0, len(self), _CHUNK):
            stop = start + _CHUNK
            flat = self.images[start:stop].reshape(-1, SIDE * SIDE).astype(np.float32)
            total += eye[self.labels[start:stop]].T @ flat
        return (total / np.maximum(self.counts(), 1)[:, None]).reshape(-1, SIDE, SIDE)

    def sample(self, count: int, seed: int = 25) -> "Part":
        """Stratified random sample: every class keeps its share, and at least one image.

        Parameters
        ----------
        count : int
            Number of images wanted; `self` is returned where it has no more.
        seed : int
            Seed of the draw.

        Returns
        -------
        Part
            `count` images (a few more where every class needs its one), in random order.

        Raises
        ------
        DatasetError
            `count` is below 1.
        """
        if count < 1:
            raise DatasetError("A sample needs at least one image: ask for 1 or more.")
        if count >= len(self):
            return self
        random = np.random.default_rng(seed)
        order = random.permutation(len(self))
        counts = self.counts()
        # largest remainders: the shares add up to `count`
        exact = counts * (count / len(self))
        share = np.floor(exact).astype(int)
        share[np.argsort(share - exact, kind="stable")[: count - share.sum()]] += 1
        share = np.maximum(share, counts > 0)
        rank = np.empty(len(self), int)
        by_class = order[np.argsort(self.labels[order], kind="stable")]
        starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
        rank[by_class] = np.arange(len(self)) - np.repeat(starts, counts)
        chosen = order[rank[order] < share[self.labels[order]]]
        return replace(
            self,
            images=self.images[chosen],
            labels=self.labels[chosen],
            origin="sample",
            parent_name=self.name,
        )


def _open(path: Path):
    with open(path, "rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"  # the bytes decide: some clients unzip silently
    return gzip.open(path, "rb") if zipped else open(path, "rb")


def _read(stream, into: memoryview, path: Path) -> None:
    done = 0
    while done < len(into):
        got = stream.readinto(into[done:])
        if not got:
            raise DatasetError(
                f"{path.name} is truncated (it ends after {done:,} of {len(into):,} bytes of a "
                "block): copy or download it again."
            )
        done += got


def _open_idx(path: Path, dimensions: int):
    """Stream behind the header, and the shape that the header tells."""
    stream = _open(path)
    try:
        header = bytearray(4 + 4 * dimensions)
        _read(stream, memoryview(header), path)
        if header[:2] != b"\0\0":
            raise DatasetError(
                f"{path.name} isn't an IDX file (its magic number is 0x{header[:4].hex()}, "
                f"expected 0x{0x0800 + dimensions:08x}): replace it with the official file."
            )
        if header[2] != 0x08:
            raise DatasetError(
                f"{path.name} holds values of type 0x{header[2]:02x}, not unsigned bytes (0x08): "
                "replace it with the official file."
            )
        if header[3] != dimensions:
            raise DatasetError(
                f"{path.name} has {header[3]} dimensions, expected {dimensions}: "
                "images and labels may have been swapped."
            )
        return stream, struct.unpack(f">{dimensions}I", header[4:])
    except BaseException:
        stream.close()
        raise


def _ends(stream, path: Path) -> None:
    if stream.read(1):
        raise DatasetError(
            f"{path.name} holds more than its header says: copy or download it again."
        )


def _strictly(read):
    """Give every way in which reading bytes fails one sentence with its remedy."""

    @functools.wraps(read)
    def wrapper(path: Path, *rest):
        try:
            return read(path, *rest)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DatasetError(
                f"{path.name} is a damaged gzip file ({error}): copy or download it again."
            ) from error
        except PermissionError as error:
            raise DatasetError(
                f"{path} can't be read: give this user permission to read it."
            ) from error
        except MemoryError as error:
            raise DatasetError(
                f"{path.name} doesn't fit into memory: choose a smaller split."
            ) from error
        except OSError as error:
            raise DatasetError(
                f"{path} can't be read ({error.strerror or error}): check the disk, or copy it "
                "again."
            ) from error

    return wrapper


@_strictly
def _read_labels(path: Path) -> np.ndarray:
    stream, (count,) = _open_idx(path, 1)
    with stream:
        labels = np.empty(_fits(path, count), np.uint8)
        _read(stream, memoryview(labels), path)
        _ends(stream, path)
    return labels


@_strictly
def _read_images(path: Path) -> np.ndarray:
    stream, (count, rows, columns) = _open_idx(path, 3)
    with stream:
        if (rows, columns) != (SIDE, SIDE):
            raise DatasetError(
                f"{path.name} holds images of {rows}×{columns} pixels, expected {SIDE}×{SIDE}: "
                "replace it with the official file."
            )
        images = np.empty((_fits(path, count * SIDE * SIDE) // (SIDE * SIDE), SIDE, SIDE), np.uint8)
        chunk = np.empty((min(_CHUNK, max(count, 1)), SIDE, SIDE), np.uint8)
        for start in range(0, count, _CHUNK):
            part = chunk[: min(_CHUNK, count - start)]
            _read(stream, memoryview(part).cast("B"), path)
            images[start : start + len(part)] = part.transpose(0, 2, 1)
        _ends(stream, path)
    return images


def _fits(path: Path, size: int) -> int:
    """`size`, unless no file of this length could hold it (deflate gains 1032:1 at most)."""
    if size > path.stat().st_size * 1040:
        raise DatasetError(
            f"{path.name} promises {size:,} bytes, more than it can hold: copy or download it "
            "again."
        )
    return size


@_strictly
def _read_mapping(path: Path) -> dict[int, str]:
    classes: dict[int, str] = {}
    for number, line in enumerate(path.read_bytes().decode("ascii", "replace").split("\n"), 1):
        if not line.strip():
            continue
        try:
            label, first, *_ = (int(field) for field in line.split())
            classes[label] = chr(first)
            if not classes[label].isprintable() or classes[label].isspace():
                raise ValueError("not a character")
        except (ValueError, OverflowError) as error:
            raise DatasetError(
                f"{path.name}, line {number}, isn't 'label code-point': replace it with the "
                "official mapping."
            ) from error
    if not classes:
        raise DatasetError(f"{path.name} is empty: replace it with the official mapping.")
    if len(set(classes.values())) < len(classes):
        raise DatasetError(
            f"{path.name} gives two labels the same character: replace it with the official "
            "mapping."
        )
    return classes


def read_part(split: str, part: str, files: Files, *, cached: bool = True) -> Part:
    """Read one part from its three files, checking each against the others.

    Parameters
    ----------
    split, part : str
        What the files are.
    files : Files
        Where they are.
    cached : bool
        Whether images may come from the cache, and go there.

    Returns
    -------
    Part
        The images are read from the cache where these very bytes were read before.

    Raises
    ------
    DatasetError
        A file is damaged, has another format, or doesn't fit the others.
    """
    mapping = _read_mapping(files.mapping)
    raw = _read_labels(files.labels)
    read = _read_images
    images = cache.images(files.images, read) if cached else read(files.images)
    if not len(images):
        raise DatasetError(f"{files.images.name} holds no images: copy or download it again.")
    if len(images) != len(raw):
        raise DatasetError(
            f"{files.images.name} holds {len(images):,} images but {files.labels.name} "
            f"{len(raw):,} labels: they don't belong together; copy both again."
        )
    values = sorted(mapping)
    positions = np.full(256, -1, np.int64)
    for index, value in enumerate(values):
        if 0 <= value < 256:
            positions[value] = index
    labels = positions[raw]
    if len(labels) and labels.min() < 0:
        unknown = sorted({int(value) for value in np.unique(raw[labels < 0])})
        raise DatasetError(
            f"{files.labels.name} holds the label {unknown[0]}, which {files.mapping.name} lacks: "
            "the files are of different splits; copy them again."
        )
    return Part(
        images=images,
        labels=labels,
        classes=[mapping[value] for value in values],
        split=split,
        part=part,
        origin="official" if official.is_official(split, part, raw) else "re-partition",
    )


def load(split: str, part: str, root: str | os.PathLike | None = None) -> Part:
    """Load one part of a split from a folder of official files.

    Parameters
    ----------
    split : {"balanced", "byclass", "bymerge", "letters", "digits", "mnist"}
        Which of NIST's six splits.
    part : {"train", "test"}
        Which part.
    root : path-like, optional
        The folder, flat or as NIST's archive or torchvision make it; without
        it ``$EMNIST_DIR``, then the folder that ``fetch`` fills.

    Returns
    -------
    Part
        Upright images with labels and class names.

    Raises
    ------
    DatasetError
        One sentence that says what is wrong and what to do.
    """
    return read_part(split, part, locate(split, part, root))


def class_index(label: str, classes: list[str]) -> int | None:
    """Index of a character among `classes`; a letter without a class counts as its other case.

    Parameters
    ----------
    label : str
        One character.
    classes : list of str
        One character a class.

    Returns
    -------
    int or None
        None where neither case has a class.
    """
    for candidate in (label, label.upper(), label.lower()):
        if candidate in classes:
            return classes.index(candidate)
    return None


def display_names(classes: list[str]) -> list[str]:
    """Names for people: a class that merges both cases of a letter shows both, "C c".

    Parameters
    ----------
    classes : list of str
        All classes of a split, one character each.

    Returns
    -------
    list of str
        The same order.
    """
    return [
        f"{name} {name.swapcase()}" if name.isalpha() and name.swapcase() not in classes else name
        for name in classes
    ]
