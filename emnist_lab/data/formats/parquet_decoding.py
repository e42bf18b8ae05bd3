"""Unpacking Parquet files: what `parquet` calls in a process of limited memory."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DatasetError
from .base import PIXELS, SIDE
from .csv_table import LABELS, LIKELY
from .image_folder import grey
from .validation import MOST_LABELS, check_count, printable, reading_errors, whole_numbers

FORMAT = "Parquet file"
REMEDY = "use a copy with a column 'image' of 28×28 pictures and a column 'label'"
_IMAGES = ("image", "img", "pixels", "images")
_ROWS = 1024  # read at a time
_LONGEST = 80  # characters of a label that is looked at


@dataclass(frozen=True)
class _Shape:
    """What a file's footer tells."""

    rows: int
    image: str  # column of pictures or lists; empty where each pixel has its own
    pixels: tuple[str, ...]
    label: str  # column; empty where there is none
    names: tuple[str, ...]  # of the label values from 0 on; empty where none are written


def decode(files: list[str]) -> Iterator:
    """The shards of one part, for `bounded_process`.

    Parameters
    ----------
    files : list of str

    Yields
    ------
    marks : list
        The different labels, int or str, and the names of classes that the first file's metadata
        have.
    places : ndarray of shape (N,), dtype int64
        For each image, which of these labels it has.
    images : ndarray of shape (M, 28, 28), dtype uint8
        All of them, block after block.

    Raises
    ------
    DatasetError
        A file is damaged, or holds something else.
    """
    paths = [Path(file) for file in files]
    shapes = [_shape(path) for path in paths]
    for path, shape in zip(paths, shapes, strict=True):
        _check(path, shape)
    total = sum(shape.rows for shape in shapes)
    if not total:
        raise DatasetError(f"{paths[0].name} holds no images: {REMEDY}.")
    check_count(total, paths[0].name)
    known: dict[int | str, int] = {}
    places = [_places(path, shape, known) for path, shape in zip(paths, shapes, strict=True)]
    yield [list(known), shapes[0].names]
    yield np.concatenate(places)
    for path, shape in zip(paths, shapes, strict=True):
        yield from _blocks(path, shape)


def look(files: list[str]) -> Iterator[bool]:
    """Whether files hold images, or try to; for `bounded_process`.

    Parameters
    ----------
    files : list of str

    Yields
    ------
    bool
        One a file.
    """
    for file in files:
        try:
            shape = _shape(Path(file))
        except DatasetError:
            yield False
        else:
            yield bool(shape.image) or len(shape.pixels) in LIKELY


def _blocks(path: Path, shape: _Shape) -> Iterator[np.ndarray]:
    """The images of one file."""
    from pyarrow import parquet

    start = 0
    with reading_errors(path, FORMAT), parquet.ParquetFile(path) as file:
        columns = [shape.image] if shape.image else list(shape.pixels)
        for batch in file.iter_batches(_ROWS, columns=columns, use_threads=False):
            if start + batch.num_rows > shape.rows:
                break
            if shape.image:
                into = np.empty((batch.num_rows, SIDE, SIDE), np.uint8)
                _decode(batch.column(0), into, f"{path.name}, row", start)
            else:
                pixels = [column.to_numpy(zero_copy_only=False) for column in batch.columns]
                into = whole_numbers(np.stack(pixels, 1), path.name).reshape(-1, SIDE, SIDE)
            yield into
            start += batch.num_rows
        if start != shape.rows:
            raise DatasetError(
                f"{path.name} holds {start:,} rows, but promises {shape.rows:,}: copy or download "
                "it again."
            )


def _decode(column, into: np.ndarray, name: str, start: int) -> None:
    """Pictures, or lists of pixels, of one batch."""
    import pyarrow as pa

    if column.null_count:
        row = start + column.is_null().to_pylist().index(True) + 1
        raise DatasetError(f"{name} {row:,}, holds no image: {REMEDY}.")
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
            f"{name} {start + 1:,} or one after it, isn't a list of {PIXELS} pixels: {REMEDY}."
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


def _places(path: Path, shape: _Shape, known: dict[int | str, int]) -> np.ndarray:
    """For each row, where its label stands in `known`, to which new ones are added."""
    from pyarrow import parquet

    marks: dict = {}
    row = 0
    with reading_errors(path, FORMAT), parquet.ParquetFile(path) as file:
        places = np.empty(shape.rows, np.int64)
        for batch in file.iter_batches(_ROWS, columns=[shape.label], use_threads=False):
            for mark in batch.column(0).to_pylist():
                whole = isinstance(mark, int | str) or (
                    isinstance(mark, float) and mark.is_integer()
                )
                if not whole or mark == "":
                    raise DatasetError(f"{path.name}, row {row + 1:,}, has no label: {REMEDY}.")
                if isinstance(mark, str) and len(mark) > _LONGEST:
                    raise DatasetError(
                        f"{path.name}, row {row + 1:,}, has a label of {len(mark):,} characters: "
                        f"{REMEDY}."
                    )
                places[row] = marks.setdefault(mark, len(marks))
                row += 1
            if len(marks) > MOST_LABELS:
                raise DatasetError(
                    f"{path.name} holds more than {MOST_LABELS:,} different labels, and EMNIST has "
                    f"62 classes: {REMEDY}."
                )
        if row != shape.rows:
            raise DatasetError(
                f"{path.name} holds {row:,} labels, but promises {shape.rows:,} rows: copy or "
                "download it again."
            )
    texts = [mark for mark in marks if isinstance(mark, str)]
    found = list(marks)
    if all(re.fullmatch("-?[0-9]{1,9}", text) for text in texts):
        found = [int(mark) for mark in marks]
    return np.array([known.setdefault(mark, len(known)) for mark in found], np.int64)[places]


def _shape(path: Path) -> _Shape:
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
    if len(names) > MOST_LABELS:
        return ()
    return names if all(isinstance(name, str) and len(name) == 1 for name in names) else ()


def _check(path: Path, shape: _Shape) -> None:
    if not shape.image and len(shape.pixels) != PIXELS:
        held = printable(", ".join(shape.pixels[:4])) or "nothing else"
        raise DatasetError(
            f"{path.name} has no column of images and {len(shape.pixels):,} columns beside its "
            f"labels ({held}): {REMEDY}."
        )
    if not shape.label:
        raise DatasetError(f"{path.name} has no column of labels: {REMEDY}.")
