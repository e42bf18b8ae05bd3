"""Unpacking Parquet and Arrow files: what `parquet` calls in a process of limited memory."""

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import DatasetError
from .. import splits
from . import class_names
from .base import PIXELS, SIDE
from .csv_table import LIKELY
from .picture_decoding import AS_IT_IS, PictureReader
from .table_layout import LABELS
from .validation import MOST_LABELS, check_count, printable, reading_errors, whole_numbers

FORMAT = "Parquet file"
ARROW = "Arrow file"
REMEDY = "use a copy with a column 'image' of pictures and a column 'label'"
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


@dataclass(frozen=True)
class _Table:
    """A file that is open."""

    schema: Any  # pyarrow's
    batches: Callable[[list[str]], Iterator]  # of these columns
    rows: int | None  # None where only its end tells


def kind_of(path: Path) -> str:
    """What a file is, for people: ``"Parquet file"`` or ``"Arrow file"``."""
    return ARROW if path.suffix.lower() == ".arrow" else FORMAT


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[_Table]:
    import pyarrow as pa
    from pyarrow import parquet

    with reading_errors(path, kind_of(path)):
        if kind_of(path) == FORMAT:
            with parquet.ParquetFile(path) as file:

                def batches(columns):
                    return file.iter_batches(_ROWS, columns=columns, use_threads=False)

                yield _Table(file.schema_arrow, batches, file.metadata.num_rows)
            return
        with pa.OSFile(str(path)) as file:
            whole = file.read(6) == b"ARROW1"
            file.seek(0)
            reader = pa.ipc.open_file(file) if whole else pa.ipc.open_stream(file)

            def some(columns):
                every = map(reader.get_batch, range(reader.num_record_batches)) if whole else reader
                for batch in every:
                    for start in range(0, batch.num_rows, _ROWS):
                        yield batch.select(columns).slice(start, _ROWS)

            yield _Table(reader.schema, some, None)


def decode(files: list[str], named: str | None = None) -> Iterator:
    """The shards of one part, for `bounded_process`.

    Parameters
    ----------
    files : list of str
    named : str, optional
        One of `emnist_lab.data.splits.KNOWN`, where a name tells it.

    Yields
    ------
    marks : list
        The different labels, int or str, and the names of classes that the first file's metadata
        have.
    places : ndarray of shape (N,), dtype int64
        For each image, which of these labels it has.
    images : ndarray of shape (M, 28, 28), dtype uint8
    done : ndarray of shape (M,), dtype uint8
        See `picture_decoding.decode_files`; both again until all are read.
    sizes : dict of str to int
        At the end.
    characters : bool
        Whether pictures were taken for handwritten characters.

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
    other = named or class_names.other_set(shapes[0].names) or "balanced"
    reader = PictureReader(other in splits.HANDWRITTEN)
    for path, shape in zip(paths, shapes, strict=True):
        yield from _blocks(path, shape, reader)
    yield dict(reader.sizes.most_common(100))
    yield reader.characters


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


def _blocks(path: Path, shape: _Shape, reader: PictureReader) -> Iterator[np.ndarray]:
    """The images of one file, and what was done to them."""
    start = 0
    with _opened(path) as table:
        columns = [shape.image] if shape.image else list(shape.pixels)
        for batch in table.batches(columns):
            if start + batch.num_rows > shape.rows:
                break
            done = np.full(batch.num_rows, AS_IT_IS, np.uint8)
            if shape.image:
                into = np.empty((batch.num_rows, SIDE, SIDE), np.uint8)
                _decode(batch.column(0), into, done, f"{path.name}, row", start, reader)
            else:
                pixels = [column.to_numpy(zero_copy_only=False) for column in batch.columns]
                into = whole_numbers(np.stack(pixels, 1), path.name).reshape(-1, SIDE, SIDE)
            yield into
            yield done
            start += batch.num_rows
        if start != shape.rows:
            raise DatasetError(
                f"{path.name} holds {start:,} rows, but promises {shape.rows:,}: copy or download "
                "it again."
            )


def _decode(
    column, into: np.ndarray, done: np.ndarray, name: str, start: int, reader: PictureReader
) -> None:
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
            into[index], done[index] = reader.grey(content.as_py(), f"{name} {row:,},")
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
    marks: dict = {}
    row = 0
    with _opened(path) as table:
        places = np.empty(shape.rows, np.int64)
        for batch in table.batches([shape.label]):
            if row + batch.num_rows > shape.rows:
                row += batch.num_rows
                break
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
    with _opened(path) as table:
        schema, rows = table.schema, table.rows
        if rows is None:
            rows = sum(batch.num_rows for batch in table.batches(schema.names[:1]))
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
            label = _column_of_labels(path, others)
        pixels = tuple(name for name in others if name != label)
        return _Shape(rows, image, pixels, label, _names(schema.metadata or {}, label))


def _names(metadata: dict[bytes, bytes], label: str) -> tuple[str, ...]:
    """Class names that Hugging Face's library wrote, if each is one that is known."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        names = tuple(features[label]["names"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return ()
    if len(names) > MOST_LABELS or not all(isinstance(name, str) for name in names):
        return ()
    short = all(0 < len(name) <= _LONGEST for name in names)
    if short and all(len(name) == 1 for name in names):
        return names
    known = class_names.meanings(names) if short else {}
    return names if len(known) == len(names) and all(known.values()) else ()


def _column_of_labels(path: Path, columns: list[str]) -> str:
    """The first column, as in Kaggle's tables, which have no header; or the last, if only that can.

    A label that is the same in every row, or no label's value, is a pixel.
    """
    ends = (columns[0], columns[-1])
    seen: dict[str, set] = {name: set() for name in ends}
    with _opened(path) as table:
        for batch in table.batches(list(ends)):
            for name in ends:
                seen[name] |= set(batch.column(name).unique().to_pylist())
    able = [name for name in ends if len(seen[name]) > 1 and seen[name] <= set(range(62))]
    return able[0] if able else ends[0]


def _check(path: Path, shape: _Shape) -> None:
    if not shape.image and len(shape.pixels) != PIXELS:
        held = printable(", ".join(shape.pixels[:4])) or "nothing else"
        raise DatasetError(
            f"{path.name} has no column of images and {len(shape.pixels):,} columns beside its "
            f"labels ({held}): {REMEDY}."
        )
    if not shape.label:
        raise DatasetError(f"{path.name} has no column of labels: {REMEDY}.")
