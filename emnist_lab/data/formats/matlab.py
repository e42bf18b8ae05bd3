"""Matlab files as NIST ships them: both parts of a split in one structure, ``dataset``.

``dataset.train.images`` has one image a row, each image's pixels column by
column, ``dataset.train.labels`` one label a row, and ``dataset.mapping`` a
label and its code points a row. Read by `scipy.io.loadmat`, which executes nothing, in a process
of limited memory.
"""

import functools
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...errors import DatasetError
from .. import splits
from . import bounded_process, label_mapping, matlab_header
from .base import CHUNK, PIXELS, SIDE, Allocate, RawPart, Source
from .validation import (
    MOST_IMAGES,
    MOST_LABELS,
    check_count,
    invert_if_dark_on_light,
    printable,
    reading_errors,
    stamp,
    whole_numbers,
)

FORMAT = "Matlab file"
_REMEDY = "use a file of NIST's archive of Matlab files, such as emnist-balanced.mat"


def find(files: list[Path]) -> list[Source]:
    """Both parts of each Matlab file that holds a split, or tries to.

    Parameters
    ----------
    files : list of pathlib.Path

    Returns
    -------
    list of Source
        Two a file: ``.mat`` with a variable ``dataset``, or with "emnist" in
        its name. The split is ``""`` where nothing tells it: reading says why.
    """
    sources = []
    for path in files:
        if path.suffix.lower() != ".mat":
            continue
        claims = "emnist" in path.name.lower()
        if not claims and "dataset" not in _variables(path, *stamp(path)):
            continue
        split = _named(path) or _split(path, *stamp(path))
        if not split and not claims and not _oversized(path):
            continue  # another dataset
        for part in splits.PARTS:
            reading = functools.partial(read, path, part)
            sources.append(Source(split, part, FORMAT, (path,), reading))
    return sources


def read(path: Path, part: str, allocate: Allocate) -> RawPart:
    """Read one part of a Matlab file.

    Parameters
    ----------
    path : pathlib.Path
    part : str
        ``"train"`` or ``"test"``.
    allocate : callable
        Gives the room for the images.

    Returns
    -------
    RawPart
        As stored: transposed, in NIST's own files.

    Raises
    ------
    DatasetError
        The file is damaged, of version 7.3, or holds something else.

    Notes
    -----
    The structure is one variable, so the other part is read too, and dropped at once.
    """
    with _opened(path, part) as found:
        labels, mapping = next(found), next(found)
        classes, notes = _classes(mapping, path, Counter(labels.tolist()))
        images = allocate(len(labels))
        for start, chunk in zip(range(0, len(labels), CHUNK), found, strict=True):
            images[start : start + CHUNK] = chunk
    return RawPart(images, labels, classes, (*notes, *invert_if_dark_on_light(images)))


def _opened(path: Path, part: str):
    """What `decode` gives, in a process of its own, unless the headers announce too much."""
    with reading_errors(path, FORMAT):
        shape = _oversized(path)
        if shape:
            raise DatasetError(
                f"{path.name} announces an array of {'×'.join(map(str, shape))} values, more than "
                f"the {MOST_IMAGES:,} images that are read at most: split it into smaller files."
            )
    return bounded_process.items(decode, path, part, name=path.name)


def _oversized(path: Path) -> tuple[int, ...]:
    """Shape of an array that has more values than all images that are read; empty for none."""
    sizes = [
        shape
        for variable in matlab_header.variables(path)
        if variable.name == "dataset"
        for shape in variable.sizes
    ]
    largest = max(sizes, key=math.prod, default=())
    return largest if math.prod(largest) > MOST_IMAGES * PIXELS else ()


def decode(file: str, part: str) -> Iterator:
    """One part, for a process of its own.

    Parameters
    ----------
    file, part : str

    Yields
    ------
    labels : ndarray of shape (N,), dtype int64
        As they stand in the file.
    mapping : list or None
        Its rows; None where there is none.
    images : ndarray of shape (at most `CHUNK`, 28, 28), dtype uint8
        All of them, block after block.

    Raises
    ------
    DatasetError
        The file is damaged, of version 7.3, or holds something else.
    """
    path = Path(file)
    dataset = _dataset(path, part)
    with reading_errors(path, FORMAT):
        labels = _labels(dataset, path)
        pixels = _pixels(dataset, path)
        if len(labels) != len(pixels):
            raise DatasetError(
                f"{path.name} holds {len(pixels):,} images but {len(labels):,} labels in its "
                f"{part} part: copy or download it again."
            )
        if not len(labels):
            raise DatasetError(f"{path.name} holds no images in its {part} part: {_REMEDY}.")
        check_count(len(labels), path.name)
        yield labels
        yield _mapping(dataset["mapping"], path)
        for start in range(0, len(pixels), CHUNK):
            chunk = whole_numbers(pixels[start : start + CHUNK], path.name)
            yield chunk.reshape(-1, SIDE, SIDE)


def _dataset(path: Path, part: str) -> dict:
    """``images``, ``labels`` and ``mapping`` of one part; the other is freed."""
    from scipy.io import loadmat, whosmat

    with reading_errors(path, FORMAT):
        with open(path, "rb") as file:
            head = file.read(520)
        if head.startswith(b"MATLAB 7.3") or b"\x89HDF" in (head[:4], head[512:516]):
            raise DatasetError(
                f"{path.name} is a Matlab file of version 7.3, which isn't read here: save it "
                "again with save(..., '-v7'), or use another format."
            )
        held = loadmat(path, variable_names=["dataset"], simplify_cells=True).get("dataset")
        if not isinstance(held, dict):
            names = printable(", ".join(name for name, _, _ in whosmat(path))) or "nothing"
            raise DatasetError(
                f"{path.name} holds {names}, no structure 'dataset' with images: {_REMEDY}."
            )
        if not isinstance(held.get(part), dict):
            names = printable(", ".join(held)) or "nothing"
            raise DatasetError(f"{path.name} has no {part} part, but {names}: {_REMEDY}.")
    return {**held[part], "mapping": held.get("mapping")}


def _labels(dataset: dict, path: Path) -> np.ndarray:
    labels = np.atleast_1d(dataset.get("labels", np.empty(0))).ravel()
    if labels.dtype.kind not in "iuf" or (labels != np.floor(labels)).any():
        raise DatasetError(f"{path.name} holds labels that aren't whole numbers: {_REMEDY}.")
    return labels.astype(np.int64)


def _pixels(dataset: dict, path: Path) -> np.ndarray:
    """Images, one a row."""
    pixels = np.asarray(dataset.get("images", np.empty(0)))
    if pixels.size == 0:
        return np.empty((0, PIXELS), np.uint8)
    if pixels.ndim == 1:  # loadmat drops the axis of a single image
        pixels = pixels[None]
    if pixels.ndim < 2 or pixels.size != len(pixels) * PIXELS:
        shape = "×".join(map(str, pixels.shape))
        raise DatasetError(
            f"{path.name} holds images of shape {shape}, expected one row of {PIXELS} pixels an "
            f"image: {_REMEDY}."
        )
    return pixels.reshape(len(pixels), PIXELS)


def _mapping(held, path: Path) -> list | None:
    """Rows of a mapping: whole numbers. An empty one where it is no such thing."""
    if held is None:
        return None
    try:
        rows = np.atleast_2d(np.asarray(held))
        if rows.ndim == 2 and rows.size <= 4 * MOST_LABELS:
            return rows.astype(np.int64).tolist()
    except (ValueError, TypeError, OverflowError):
        pass  # as an empty one, it is refused
    return []


def _classes(
    mapping: list | None, path: Path, counts: Counter
) -> tuple[dict[int, str], tuple[str, ...]]:
    if mapping is None:
        named = _named(path)
        split = named or label_mapping.split_of_values(counts)
        classes, notes = label_mapping.by_value(split, counts, path.name)
        return classes, notes if named else (label_mapping.deduced(split), *notes)
    try:
        classes = {row[0]: chr(row[1]) for row in mapping}
        if len(set(classes.values())) < len(mapping) or not "".join(classes.values()).isalnum():
            raise ValueError("a label or a character occurs twice, or isn't one")
    except (ValueError, IndexError, OverflowError) as error:
        raise DatasetError(
            f"{path.name} has a mapping that isn't a label and a code point a row: {_REMEDY}."
        ) from error
    strange = sorted(counts.keys() - classes.keys())
    if strange:
        raise DatasetError(
            f"{path.name} holds the label {strange[0]}, which its own mapping lacks: copy or "
            "download it again."
        )
    notes = () if _named(path) else (label_mapping.deduced(_split_of(classes, counts)),)
    return classes, notes


def _split_of(classes: dict[int, str], counts: Counter) -> str:
    characters = {character: counts[value] for value, character in classes.items()}
    return label_mapping.split_of_names(
        {name: count for name, count in characters.items() if count}
    )


@functools.lru_cache(maxsize=64)
def _variables(path: Path, size: int, changed: int) -> tuple[str, ...]:
    """Names of a file's variables; nothing where it can't be read."""
    try:
        with reading_errors(path, FORMAT):
            return tuple(variable.name for variable in matlab_header.variables(path))
    except DatasetError:
        return ()


@functools.lru_cache(maxsize=64)
def _split(path: Path, size: int, changed: int) -> str:
    """The split by its labels, for a file whose name doesn't say; the whole file is read once."""
    try:
        with _opened(path, "train") as found:
            labels, mapping = next(found), next(found)
        counts = Counter(labels.tolist())
        classes, _ = _classes(mapping, path, counts)
        return _split_of(classes, counts)
    except DatasetError:
        return ""  # reading says why


def _named(path: Path) -> str | None:
    return label_mapping.named_split(path.name, *(folder.name for folder in path.parents[:2]))
