"""Tables of text, as Kaggle has EMNIST: one image a line, its label and then 784 pixels.

``emnist-balanced-train.csv`` has no header and keeps NIST's transposed
pixels. Copies with a header, gzipped, in Excel's dialects, with the label last, or with labels that
are characters are read as well, and so is ARFF, as OpenML has MNIST; the table is streamed, so that
memory holds the images alone.
"""

import contextlib
import functools
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import DatasetError
from .. import splits
from . import class_names, label_mapping
from .base import PIXELS, SIDE, Allocate, RawPart, Source
from .numpy_pixels import Pixels
from .table_layout import (
    ARFF,
    NUMBER,
    REMEDY,
    Shape,
    check_columns,
    columns,
    images,
    kind_of,
    label_text,
    labels_of,
    lines,
    opened,
    plain,
    shape_of,
)
from .validation import invert_if_dark_on_light, reading_errors, stamp

SUFFIXES = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".arff", ".arff.gz", ".txt", ".txt.gz", ".data")
_CLAIMING = (".csv", ".csv.gz", ".arff", ".arff.gz")  # by "emnist" in the name alone
LIKELY = range(700, 801)  # columns of a file that tries to hold 28×28 images
_BLOCK = 2 << 20  # bytes parsed at a time


def find(files: list[Path], chosen: str | None = None) -> list[Source]:
    """Tables that hold images, or try to.

    Parameters
    ----------
    files : list of pathlib.Path
    chosen : str, optional
        The split or set that a person said it is.

    Returns
    -------
    list of Source
        One a file: a table with about 785 columns, or with
        "emnist" in its name. The split is ``""`` where nothing tells it:
        reading says why.
    """
    found = [
        Source(
            chosen or _split(path),
            _part(path),
            kind_of(path),
            (path,),
            functools.partial(read, path, chosen),
            transposed=_named(path) in (None, *splits.SPLITS) and chosen in (None, *splits.SPLITS),
        )
        for path in files
        if path.name.lower().endswith(SUFFIXES) and _is_one(path)
    ]
    plain = [one for one in found if not chosen and not _named(one.paths[0])]
    return [
        *(one for one in found if one not in plain),
        *label_mapping.as_one(plain, _again, lambda one: one.paths[0].parent),
    ]


def _again(source: Source, split: str) -> Source:
    reading = functools.partial(read, source.paths[0], split)
    return replace(source, split=split, read=reading)


def read(path: Path, chosen: str | None, allocate: Allocate) -> RawPart:
    """Read one table.

    Parameters
    ----------
    path : pathlib.Path
    chosen : str or None
        The split or set that a person said it is.
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
        The table is damaged, holds something else, or labels of no split.
    """
    with reading_errors(path, kind_of(path)):
        shape = shape_of(path, *stamp(path))
        if not shape.fits:
            _refuse(path, shape, shape.labels[0])
        column, counts, note = labels_of(path, *stamp(path))
        if not counts:
            raise DatasetError(f"{path.name} holds no images: {REMEDY}.")
        if "" in counts:
            _refuse(path, shape, column)
        # before the images, which take long: whether these labels can be EMNIST's
        values, classes, notes = _meaning(path, counts, chosen)
        into = allocate(sum(counts.values()))
        texts, more = _fill(path, shape, column, into)
        labels = np.array([values[text] for text in texts], np.int64)
    notes = (*notes, *([note] if note else []), *more, *invert_if_dark_on_light(into))
    return RawPart(into, labels, classes, notes)


def _meaning(
    path: Path, counts: Counter, chosen: str | None
) -> tuple[dict[str, int], dict[int, str], tuple]:
    """Label value of each label's text, character of each value, and notes."""
    named = chosen or _named(path)
    split = named or _split_of(counts)
    numbers = _values(counts)
    if numbers is None:
        known = class_names.meanings(counts, named)
        texts = {text: known[text] or text for text in counts}
        found = label_mapping.by_name(split, dict.fromkeys(texts.values(), 1), path.name)
        values = {text: found[name] for text, name in texts.items()}
        classes, notes = splits.mapping(split), ()
    else:
        values = {text: int(text) for text in counts}
        classes, notes = label_mapping.by_value(split, numbers, path.name)
    return values, classes, notes if named else (label_mapping.deduced(split), *notes)


def _fill(
    path: Path, shape: Shape, column: int, into: np.ndarray
) -> tuple[list[str], tuple[str, ...]]:
    """Fill the images, and give the labels' text and notes."""
    import pyarrow as pa

    texts: list[str] = []
    pixels = Pixels(path.name, (SIDE, SIDE))
    try:
        if shape.floats:  # which is black and which white, only all of them tell
            for _, block in _blocks(path, shape, column):
                pixels.look(block)
        for labels, block in _blocks(path, shape, column):
            start, stop = len(texts), len(texts) + len(block)
            if stop > len(into):
                break
            into[start:stop] = pixels.grey(block)
            texts += labels
    except pa.ArrowInvalid:
        _refuse(path, shape, column)  # which says the line, and in our words
        raise
    if len(texts) != len(into):
        _refuse(path, shape, column)
    return texts, pixels.notes() if shape.floats else ()


def _blocks(path: Path, shape: Shape, column: int) -> Iterator[tuple[list[str], np.ndarray]]:
    """Labels and pixels, some lines at a time."""
    import pyarrow as pa
    from pyarrow import csv

    names = [f"pixel{index}" for index in range(PIXELS)]
    for place, name in sorted(
        [(column, "label"), *([(shape.index, "index")] if shape.index is not None else [])]
    ):
        names.insert(place, name)
    pixel = pa.float32() if shape.floats else pa.uint8()
    kinds = {name: pixel if name.startswith("pixel") else pa.string() for name in names}
    with opened(path) as stream:
        for _ in range(shape.skip):
            stream.readline()
        if not shape.skip and stream.read(3) != b"\xef\xbb\xbf":
            stream.seek(0)
        # decimals have a comma where they can't be told from the delimiter otherwise
        point = "," if shape.floats and shape.delimiter == b";" and _has_commas(path) else "."
        table = csv.open_csv(
            stream,
            csv.ReadOptions(column_names=names, block_size=_BLOCK, use_threads=False),
            csv.ParseOptions(delimiter=shape.delimiter.decode()),
            # no text stands for a missing value: an empty field is refused
            csv.ConvertOptions(
                column_types=kinds,
                null_values=[],
                strings_can_be_null=False,
                decimal_point=point,
            ),
        )
        for batch in table:
            every = [batch.column(name).to_numpy() for name in names if name.startswith("pixel")]
            labels = [label_text(text.encode()) for text in batch.column("label").to_pylist()]
            yield labels, np.stack(every, 1)


def _has_commas(path: Path) -> bool:
    with contextlib.closing(lines(path)) as found:
        return any(b"," in line for (_, line), _ in zip(found, range(3), strict=False))


def _refuse(path: Path, shape: Shape, column: int) -> None:
    """Raise what is wrong with the first line that is wrong."""
    if shape.skip and not shape.fits:
        if kind_of(path) == ARFF:
            raise DatasetError(
                f"{path.name} declares {shape.columns:,} attributes, expected {PIXELS + 1}: "
                f"{REMEDY}."
            )
        with contextlib.closing(lines(path)) as found:
            check_columns(path, *next(found), shape)
    for number, line in images(path, shape):
        check_columns(path, number, line, shape)
        fields = line.split(shape.delimiter)
        if not plain(fields.pop(column)):
            raise DatasetError(f"{path.name}, line {number}, has no label: {REMEDY}.")
        if shape.index is not None:
            fields.pop(shape.index - (shape.index > column))
        for field in fields:
            text = plain(field)
            if not (text.isdigit() and int(text[:9]) < 256) and not (
                shape.floats and _is_decimal(text)
            ):
                shown = text.decode("ascii", "replace")[:20]
                raise DatasetError(
                    f"{path.name}, line {number}, holds {shown!r} where a pixel should be: "
                    f"{REMEDY}."
                )
    raise DatasetError(
        f"{path.name} isn't a plain table (quotes or line ends run astray): {REMEDY}."
    )


def _is_decimal(text: bytes) -> bool:
    try:
        return abs(float(text.replace(b",", b"."))) <= 255
    except ValueError:
        return False


def _is_one(path: Path) -> bool:
    lower = path.name.lower()
    claims = "emnist" in lower and lower.endswith(_CLAIMING)
    try:
        return columns(path) in LIKELY or claims
    except DatasetError:
        return claims


def _named(path: Path) -> str | None:
    return label_mapping.named_split(path.name, *(folder.name for folder in path.parents[:2]))


def _part(path: Path) -> str:
    return splits.part_in(path.name) or splits.part_of_folder(path.parent.name)


def _split(path: Path) -> str:
    try:
        return _named(path) or _split_of(labels_of(path, *stamp(path))[1])
    except DatasetError:
        return ""  # reading says why


def _values(counts: Counter) -> dict[int, int] | None:
    """Number of images by label value; None where a label is no number."""
    if all(NUMBER.fullmatch(text) for text in counts):
        return {int(text): count for text, count in counts.items()}
    return None


def _split_of(counts: Counter) -> str:
    values = _values(counts)
    if values is not None:
        return label_mapping.split_of_values(values)
    known = class_names.meanings(counts)
    names: Counter = Counter()
    for text, count in counts.items():
        names[known[text] or text] += count
    return label_mapping.split_of_names(names)
