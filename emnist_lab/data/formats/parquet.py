"""Parquet files, as Hugging Face serves datasets: encoded pictures, or columns of pixels.

A part's shards (``train-00000-of-00002.parquet``) are read as one, and its
``validation`` shards with the training part they were taken from.
"""

import functools
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DatasetError
from .. import splits
from . import label_mapping
from .base import PIXELS, SIDE, Allocate, RawPart, Source
from .csv_table import LABELS, LIKELY
from .image_folder import grey
from .validation import invert_if_dark_on_light, printable, reading_errors, stamp, whole_numbers

FORMAT = "Parquet file"
_IMAGES = ("image", "img", "pixels", "images")
_ROWS = 1024  # read at a time
_SHARD = re.compile(r"[-_]?(?:(\d+)-of-(\d+).*|\d{4,})$")
_HELD_BACK = re.compile(r"(?<![a-z])val(id(ation)?)?(?![a-z])")
_REMEDY = "use a copy with a column 'image' of 28×28 pictures and a column 'label'"


@dataclass(frozen=True)
class _Shape:
    """What a file's footer tells."""

    rows: int
    image: str  # column of pictures or lists; empty where each pixel has its own
    pixels: tuple[str, ...]
    label: str  # column; empty where there is none
    names: tuple[str, ...]  # of the label values from 0 on; empty where none are written


def find(files: list[Path]) -> list[Source]:
    """Parts held by Parquet files with pictures or pixels.

    Parameters
    ----------
    files : list of pathlib.Path

    Returns
    -------
    list of Source
        One a part, of all its shards: ``.parquet`` with a column of images,
        with about 785 columns, or with "emnist" in its name. The split is
        ``""`` where nothing tells it: reading says why.
    """
    groups: dict[tuple, list[Path]] = {}
    for path in files:
        if path.suffix.lower() == ".parquet" and _is_one(path):
            groups.setdefault(_group(path), []).append(path)
    sources = []
    for (_, _, part), paths in groups.items():
        paths = sorted(paths, key=lambda path: (_held_back(path), path))
        named = _named(paths[0])
        reading = functools.partial(read, tuple(paths), named)
        split = named or _split(paths)
        sources.append(Source(split, part, FORMAT, tuple(paths), reading, transposed=False))
    return sources


def read(paths: tuple[Path, ...], named: str | None, allocate: Allocate) -> RawPart:
    """Read the shards of one part.

    Parameters
    ----------
    paths : tuple of pathlib.Path
        In the order in which they follow each other.
    named : str or None
        The split, where a name tells it.
    allocate : callable
        Gives the room for the images.

    Returns
    -------
    RawPart
        Labels as they stand, or as the split's own mapping numbers them
        where they are characters.

    Raises
    ------
    DatasetError
        A file is damaged or missing, holds something else, or labels of no split.
    """
    _check_shards(paths)
    shapes = [_shape(path, *stamp(path)) for path in paths]
    for path, shape in zip(paths, shapes, strict=True):
        _check(path, shape)
    total = sum(shape.rows for shape in shapes)
    if not total:
        raise DatasetError(f"{paths[0].name} holds no images: {_REMEDY}.")
    # before the images, which take long: whether these labels can be EMNIST's
    marks = [
        mark for path, shape in zip(paths, shapes, strict=True) for mark in _marks(path, shape)
    ]
    split, labels, classes, notes = _labelled(paths[0], marks, shapes[0].names, named)
    images = allocate(total)
    start = 0
    for path, shape in zip(paths, shapes, strict=True):
        _fill(path, shape, images[start : start + shape.rows])
        start += shape.rows
    if not named:
        notes = (label_mapping.deduced(split), *notes)
    if any(map(_held_back, paths)) and not all(map(_held_back, paths)):
        notes = (*notes, "The validation shards were read as the end of the training part.")
    return RawPart(images, labels, classes, (*notes, *invert_if_dark_on_light(images)))


def _labelled(
    path: Path, marks: list, names: tuple[str, ...], named: str | None
) -> tuple[str, np.ndarray, dict[int, str], tuple[str, ...]]:
    """Split, labels, classes and notes of a part, from its column of labels."""
    counts = Counter(marks)
    if all(isinstance(mark, int) for mark in counts):
        if not names:
            split = named or label_mapping.split_of_values(counts)
            classes, notes = label_mapping.by_value(split, counts, path.name)
            return split, np.array(marks, np.int64), classes, notes
        strange = next((mark for mark in sorted(counts) if not 0 <= mark < len(names)), None)
        if strange is not None:
            raise DatasetError(
                f"{path.name} holds the label {strange}, but names {len(names)} classes: copy or "
                "download it again."
            )
        marks = [names[mark] for mark in marks]
        counts = Counter(marks)
    split = named or label_mapping.split_of_names(counts)
    values = label_mapping.by_name(split, counts, path.name)
    labels = np.array([values[mark] for mark in marks], np.int64)
    return split, labels, splits.mapping(split), ()


def _fill(path: Path, shape: _Shape, images: np.ndarray) -> None:
    from pyarrow import parquet

    start = 0
    with reading_errors(path, FORMAT), parquet.ParquetFile(path) as file:
        columns = [shape.image] if shape.image else list(shape.pixels)
        for batch in file.iter_batches(_ROWS, columns=columns):
            into = images[start : start + batch.num_rows]
            if shape.image:
                _decode(batch.column(0), into, f"{path.name}, row", start)
            else:
                pixels = [column.to_numpy(zero_copy_only=False) for column in batch.columns]
                into.reshape(-1, PIXELS)[:] = whole_numbers(np.stack(pixels, 1), path.name)
            start += batch.num_rows
        if start != len(images):
            raise DatasetError(
                f"{path.name} holds {start:,} rows, but promises {len(images):,}: copy or download "
                "it again."
            )


def _decode(column, into: np.ndarray, name: str, start: int) -> None:
    """Pictures, or lists of pixels, of one batch."""
    import pyarrow as pa

    if column.null_count:
        row = start + column.is_null().to_pylist().index(True) + 1
        raise DatasetError(f"{name} {row:,}, holds no image: {_REMEDY}.")
    if pa.types.is_struct(column.type):
        column = column.field("bytes")
    if not _is_list(column.type):
        for index, content in enumerate(column):
            row = start + index + 1
            if not content.is_valid:
                raise DatasetError(
                    f"{name} {row:,}, only names a picture that lies elsewhere: use a copy with "
                    "the pictures inside."
                )
            into[index] = grey(content.as_py(), f"{name} {row:,},")
        return
    pixels = _flat(column)
    if pixels is None:
        raise DatasetError(
            f"{name} {start + 1:,} or one after it, isn't a list of {PIXELS} pixels: {_REMEDY}."
        )
    into[:] = whole_numbers(pixels, name.partition(",")[0]).reshape(-1, SIDE, SIDE)


def _flat(column) -> np.ndarray | None:
    """Lists of pixels, or of rows of pixels -> all pixels; None if images aren't 784 each."""
    from pyarrow import compute

    pixels = 1
    while _is_list(column.type):
        lengths = set(compute.list_value_length(column).to_pylist())
        if len(lengths) != 1 or None in lengths:
            return None
        pixels *= lengths.pop()
        column = column.flatten()
    return column.to_numpy(zero_copy_only=False) if pixels == PIXELS else None


def _is_bytes(kind) -> bool:
    import pyarrow as pa

    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _is_list(kind) -> bool:
    import pyarrow as pa

    return (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _holds_images(kind) -> bool:
    import pyarrow as pa

    if pa.types.is_struct(kind):
        index = kind.get_field_index("bytes")
        # where every picture lies elsewhere, the type of their bytes was never known
        return index >= 0 and (
            _is_bytes(kind.field(index).type) or pa.types.is_null(kind.field(index).type)
        )
    return _is_bytes(kind) or _is_list(kind)


def _marks(path: Path, shape: _Shape) -> list:
    """The column of labels: int or str."""
    from pyarrow import parquet

    with reading_errors(path, FORMAT):
        with parquet.ParquetFile(path) as file:
            marks = file.read([shape.label]).column(0).to_pylist()
        for row, mark in enumerate(marks, 1):
            whole = isinstance(mark, int | str) or (isinstance(mark, float) and mark.is_integer())
            if not whole or mark == "":
                raise DatasetError(f"{path.name}, row {row:,}, has no label: {_REMEDY}.")
        texts = {mark for mark in marks if isinstance(mark, str)}
        if all(re.fullmatch("-?[0-9]{1,9}", text) for text in texts):
            marks = [int(mark) for mark in marks]
    return marks


@functools.lru_cache(maxsize=256)
def _shape(path: Path, size: int, changed: int) -> _Shape:
    from pyarrow import parquet

    with reading_errors(path, FORMAT), parquet.ParquetFile(path) as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows
        by_name = {field.name.lower(): field for field in schema}
        label = next((by_name[name].name for name in LABELS if name in by_name), "")
        image = next(
            (
                by_name[name].name
                for name in _IMAGES
                if name in by_name and _holds_images(by_name[name].type)
            ),
            "",
        )
        others = [name for name in schema.names if not name.startswith("__index_level_")]
        if not label and not image and len(others) == PIXELS + 1:
            label = others[0]  # as in Kaggle's tables, which have no header
        pixels = tuple(name for name in others if name != label)
        return _Shape(rows, image, pixels, label, _names(schema.metadata or {}, label))


def _names(metadata: dict[bytes, bytes], label: str) -> tuple[str, ...]:
    """Class names that Hugging Face's library wrote, if each is one character."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        names = tuple(features[label]["names"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return ()
    if all(isinstance(name, str) and len(name) == 1 for name in names):
        return names
    return ()


def _check(path: Path, shape: _Shape) -> None:
    if not shape.image and len(shape.pixels) != PIXELS:
        held = printable(", ".join(shape.pixels[:4])) or "nothing else"
        raise DatasetError(
            f"{path.name} has no column of images and {len(shape.pixels):,} columns beside its "
            f"labels ({held}): {_REMEDY}."
        )
    if not shape.label:
        raise DatasetError(f"{path.name} has no column of labels: {_REMEDY}.")


def _check_shards(paths: tuple[Path, ...]) -> None:
    for path in paths:
        found = _SHARD.search(path.stem)
        if not found or not found[2]:
            continue
        prefix = path.stem[: found.start()]
        have = {
            int(other[1])
            for one in paths
            if (other := _SHARD.search(one.stem))
            and other[2] == found[2]
            and one.stem[: other.start()] == prefix
        }
        missing = next((i for i in range(min(int(found[2]), 10_000)) if i not in have), None)
        if missing is not None:
            raise DatasetError(
                f"Shard {missing + 1} of {int(found[2])} of {prefix!r} is missing: put all shards "
                "into one folder."
            )


def _group(path: Path) -> tuple[Path, str, str]:
    """Shards that have this in common are one part."""
    part = _part(path)
    stem = _SHARD.sub("", path.stem.lower())
    return path.parent, _HELD_BACK.sub("train", stem), part


def _held_back(path: Path) -> bool:
    return bool(_HELD_BACK.search(path.stem.lower()))


def _part(path: Path) -> str:
    if _held_back(path):
        return "train"
    folder = path.parent.name.lower()
    return splits.part_in(path.stem) or (folder if folder in splits.PARTS else "")


def _is_one(path: Path) -> bool:
    claims = "emnist" in path.name.lower()
    try:
        shape = _shape(path, *stamp(path))
    except DatasetError:
        return claims
    return claims or bool(shape.image) or len(shape.pixels) in LIKELY


def _split(paths: list[Path]) -> str:
    try:
        counts: Counter = Counter()
        for path in paths:
            counts += _counts(path, *stamp(path))
        split, *_ = _labelled(paths[0], list(counts.elements()), _names_of(paths[0]), None)
        return split
    except DatasetError:
        return ""  # reading says why


def _names_of(path: Path) -> tuple[str, ...]:
    return _shape(path, *stamp(path)).names


@functools.lru_cache(maxsize=256)
def _counts(path: Path, size: int, changed: int) -> Counter:
    shape = _shape(path, size, changed)
    _check(path, shape)
    return Counter(_marks(path, shape))


def _named(path: Path) -> str | None:
    return label_mapping.named_split(path.name, *(folder.name for folder in path.parents[:3]))
