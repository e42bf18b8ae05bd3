"""Matlab files as NIST ships them: both parts of a split in one structure, ``dataset``.

``dataset.train.images`` has one image a row, each image's pixels column by
column, ``dataset.train.labels`` one label a row, and ``dataset.mapping`` a
label and its code points a row. Read by `scipy.io.loadmat`, which executes nothing.
"""

import functools
from collections import Counter
from pathlib import Path

import numpy as np

from ...errors import DatasetError
from .. import splits
from . import label_mapping
from .base import CHUNK, PIXELS, SIDE, Allocate, RawPart, Source
from .validation import invert_if_dark_on_light, printable, reading_errors, stamp, whole_numbers

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
        if not split and not claims:
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
    dataset = _dataset(path, part)
    with reading_errors(path, FORMAT):
        labels = _labels(dataset, path)
        pixels = _pixels(dataset, path)
    if len(labels) != len(pixels):
        raise DatasetError(
            f"{path.name} holds {len(pixels):,} images but {len(labels):,} labels in its {part} "
            "part: copy or download it again."
        )
    if not len(labels):
        raise DatasetError(f"{path.name} holds no images in its {part} part: {_REMEDY}.")
    counts = Counter(labels.tolist())
    classes, notes = _classes(dataset, path, counts)
    images = allocate(len(pixels))
    for start in range(0, len(pixels), CHUNK):
        chunk = whole_numbers(pixels[start : start + CHUNK], path.name)
        images[start : start + CHUNK] = chunk.reshape(-1, SIDE, SIDE)
    return RawPart(images, labels, classes, (*notes, *invert_if_dark_on_light(images)))


def _dataset(path: Path, part: str) -> dict:
    """``images``, ``labels`` and ``mapping`` of one part; the other is freed."""
    from scipy.io import loadmat

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
            names = printable(", ".join(_variables(path, *stamp(path)))) or "nothing"
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


def _classes(dataset: dict, path: Path, counts: Counter) -> tuple[dict[int, str], tuple]:
    held = dataset["mapping"]
    if held is None:
        named = _named(path)
        split = named or label_mapping.split_of_values(counts)
        classes, notes = label_mapping.by_value(split, counts, path.name)
        return classes, notes if named else (label_mapping.deduced(split), *notes)
    try:
        rows = np.atleast_2d(np.asarray(held)).astype(np.int64)
        classes = {int(row[0]): chr(row[1]) for row in rows}
        if len(set(classes.values())) < len(rows) or not "".join(classes.values()).isalnum():
            raise ValueError("a character occurs twice, or isn't one")
    except (ValueError, TypeError, IndexError, OverflowError) as error:
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
    from scipy.io import whosmat

    try:
        with reading_errors(path, FORMAT):
            return tuple(name for name, _, _ in whosmat(path))
    except DatasetError:
        return ()


@functools.lru_cache(maxsize=64)
def _split(path: Path, size: int, changed: int) -> str:
    """The split by its labels, for a file whose name doesn't say; the whole file is read once."""
    try:
        dataset = _dataset(path, "train")
        with reading_errors(path, FORMAT):
            counts = Counter(_labels(dataset, path).tolist())
            classes, _ = _classes(dataset, path, counts)
            return _split_of(classes, counts) if len(_pixels(dataset, path)) else ""
    except DatasetError:
        return ""  # reading says why


def _named(path: Path) -> str | None:
    return label_mapping.named_split(path.name, *(folder.name for folder in path.parents[:2]))
