"""Tables of text, as Kaggle has EMNIST: one image a line, its label and then 784 pixels.

``emnist-balanced-train.csv`` has no header and keeps NIST's transposed
pixels. Copies with a header, gzipped, or with labels that are characters are
read as well; the table is streamed, so that memory holds the images alone.
"""

import functools
import gzip
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DatasetError
from .. import splits
from . import label_mapping
from .base import PIXELS, Allocate, RawPart, Source
from .validation import (
    MOST_IMAGES,
    MOST_LABELS,
    check_count,
    invert_if_dark_on_light,
    reading_errors,
    stamp,
)

FORMAT = "CSV file"
LABELS = ("label", "labels", "character", "class", "target")  # what a header calls labels
LIKELY = range(700, 801)  # columns of a file that tries to hold 28×28 images
_NUMBER = re.compile("-?[0-9]{1,9}")
_LINE = 16_384  # bytes: four times the longest line of 785 values
_MOST_LINES = 2 * MOST_IMAGES + 1  # a blank one after each image, and a header
_BLOCK = 2 << 20  # bytes parsed at a time
_REMEDY = "use a copy with a label and then 784 pixels from 0 to 255 on each line"


@dataclass(frozen=True)
class _Shape:
    """What the first line tells."""

    delimiter: bytes
    columns: int
    header: bool
    label: int  # column of the labels


def find(files: list[Path], chosen: str | None = None) -> list[Source]:
    """Tables that hold images, or try to.

    Parameters
    ----------
    files : list of pathlib.Path

    Returns
    -------
    list of Source
        One a file: ``.csv`` or ``.csv.gz`` with about 785 columns, or with
        "emnist" in its name. The split is ``""`` where nothing tells it:
        reading says why.
    """
    return [
        Source(_split(path), _part(path), FORMAT, (path,), functools.partial(read, path))
        for path in files
        if path.name.lower().endswith((".csv", ".csv.gz")) and _is_one(path)
    ]


def read(path: Path, allocate: Allocate) -> RawPart:
    """Read one table.

    Parameters
    ----------
    path : pathlib.Path
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
    with reading_errors(path, FORMAT):
        shape = _shape(path, *stamp(path))
        if shape.columns != PIXELS + 1:
            _refuse(path, shape)
        counts = _counts(path, *stamp(path))
        if not counts:
            raise DatasetError(f"{path.name} holds no images: {_REMEDY}.")
        if "" in counts:
            _refuse(path, shape)
        # before the images, which take long: whether these labels can be EMNIST's
        values, classes, notes = _meaning(path, counts)
        images = allocate(sum(counts.values()))
        texts = _fill(path, shape, images)
        labels = np.array([values[text] for text in texts], np.int64)
    return RawPart(images, labels, classes, (*notes, *invert_if_dark_on_light(images)))


def _meaning(path: Path, counts: Counter) -> tuple[dict[str, int], dict[int, str], tuple]:
    """Label value of each label's text, character of each value, and notes."""
    named = _named(path)
    split = named or _split_of(counts)
    numbers = _values(counts)
    if numbers is None:
        values = label_mapping.by_name(split, counts, path.name)
        classes, notes = splits.mapping(split), ()
    else:
        values = {text: int(text) for text in counts}
        classes, notes = label_mapping.by_value(split, numbers, path.name)
    return values, classes, notes if named else (label_mapping.deduced(split), *notes)


def _fill(path: Path, shape: _Shape, images: np.ndarray) -> list[str]:
    """Fill the images, and give the labels' text."""
    import pyarrow as pa
    from pyarrow import csv

    names = [f"pixel{index}" for index in range(PIXELS)]
    names.insert(shape.label, "label")
    kinds = {name: pa.string() if name == "label" else pa.uint8() for name in names}
    texts: list[str] = []
    try:
        with _open(path) as stream:
            table = csv.open_csv(
                stream,
                csv.ReadOptions(
                    column_names=names,
                    skip_rows=int(shape.header),
                    block_size=_BLOCK,
                    use_threads=False,
                ),
                csv.ParseOptions(delimiter=shape.delimiter.decode()),
                # no text stands for a missing value: an empty field is refused
                csv.ConvertOptions(column_types=kinds, null_values=[], strings_can_be_null=False),
            )
            for batch in table:
                start, stop = len(texts), len(texts) + batch.num_rows
                if stop > len(images):
                    break
                columns = [batch.column(name).to_numpy() for name in names if name != "label"]
                np.stack(columns, 1, out=images[start:stop].reshape(-1, PIXELS))
                texts += [text.strip() for text in batch.column("label").to_pylist()]
    except pa.ArrowInvalid:
        _refuse(path, shape)  # which says the line, and in our words
        raise
    if len(texts) != len(images):
        _refuse(path, shape)
    return texts


def _refuse(path: Path, shape: _Shape) -> None:
    """Raise what is wrong with the first line that is wrong."""
    for number, line in _lines(path):
        _check_columns(path, number, line, shape)
        fields = line.split(shape.delimiter)
        if number == 1 and shape.header:
            continue
        if not fields.pop(shape.label).strip(b'" '):
            raise DatasetError(f"{path.name}, line {number}, has no label: {_REMEDY}.")
        for field in fields:
            text = field.strip(b'" ')
            if not (text.isdigit() and int(text[:9]) < 256):
                shown = text.decode("ascii", "replace")[:20]
                raise DatasetError(
                    f"{path.name}, line {number}, holds {shown!r} where a pixel should be: "
                    f"{_REMEDY}."
                )
    raise DatasetError(
        f"{path.name} isn't a plain table (quotes or line ends run astray): {_REMEDY}."
    )


def _check_columns(path: Path, number: int, line: bytes, shape: _Shape) -> None:
    columns = line.count(shape.delimiter) + 1
    if columns != PIXELS + 1:
        raise DatasetError(
            f"{path.name}, line {number}, has {columns:,} columns, expected {PIXELS + 1}: "
            f"{_REMEDY}."
        )


def _open(path: Path):
    with open(path, "rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"  # the bytes decide: some clients unzip silently
    return gzip.open(path, "rb") if zipped else open(path, "rb")


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that aren't blank, with their numbers."""
    with _open(path) as stream:
        for number, line in enumerate(iter(lambda: stream.readline(_LINE), b""), 1):
            if b"\0" in line or (len(line) == _LINE and not line.isascii()):
                raise DatasetError(f"{path.name}, line {number}, isn't text: {_REMEDY}.")
            if len(line) == _LINE:
                raise DatasetError(
                    f"{path.name}, line {number}, is longer than a label and {PIXELS} pixels can "
                    f"be: {_REMEDY}."
                )
            if number > _MOST_LINES:
                raise DatasetError(
                    f"{path.name} holds more than {_MOST_LINES:,} lines, and {MOST_IMAGES:,} "
                    f"images are read at most: {_REMEDY}."
                )
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            line = line.rstrip(b"\r\n")
            if line:
                yield number, line


@functools.lru_cache(maxsize=256)
def _shape(path: Path, size: int, changed: int) -> _Shape:
    with reading_errors(path, FORMAT):
        first = next((line for _, line in _lines(path)), None)
    if first is None:
        raise DatasetError(f"{path.name} is empty: copy or download it again.")
    delimiter = max((b",", b";", b"\t"), key=first.count)
    fields = [field.strip(b'" ').lower() for field in first.split(delimiter)]
    # Numbers alone are a header where they merely count the columns, as pandas writes them.
    header = sum(field.isdigit() for field in fields) < len(fields) / 2 or fields == [
        b"%d" % index for index in range(len(fields))
    ]
    known = [fields.index(name.encode()) for name in LABELS if name.encode() in fields]
    return _Shape(delimiter, len(fields), header, known[0] if header and known else 0)


@functools.lru_cache(maxsize=256)
def _counts(path: Path, size: int, changed: int) -> Counter:
    """How often each label's text occurs."""
    shape = _shape(path, size, changed)
    counts: Counter = Counter()
    images = 0
    with reading_errors(path, FORMAT):
        for number, line in _lines(path):
            if number > 1 or not shape.header:
                _check_columns(path, number, line, shape)
                text = line.split(shape.delimiter, shape.label + 1)[shape.label]
                counts[text.strip(b'" ').decode("utf-8", "replace")] += 1
                images += 1
                if images > MOST_IMAGES:
                    check_count(images, path.name)
                if len(counts) > MOST_LABELS:
                    raise DatasetError(
                        f"{path.name} holds more than {MOST_LABELS:,} different labels, and EMNIST "
                        f"has 62 classes: {_REMEDY}."
                    )
    return counts


def _is_one(path: Path) -> bool:
    try:
        return _shape(path, *stamp(path)).columns in LIKELY or "emnist" in path.name.lower()
    except DatasetError:
        return "emnist" in path.name.lower()


def _named(path: Path) -> str | None:
    return label_mapping.named_split(path.name, *(folder.name for folder in path.parents[:2]))


def _part(path: Path) -> str:
    folder = path.parent.name.lower()
    return splits.part_in(path.name) or (folder if folder in splits.PARTS else "")


def _split(path: Path) -> str:
    try:
        return _named(path) or _split_of(_counts(path, *stamp(path)))
    except DatasetError:
        return ""  # reading says why


def _values(counts: Counter) -> dict[int, int] | None:
    """Number of images by label value; None where a label is no number."""
    if all(_NUMBER.fullmatch(text) for text in counts):
        return {int(text): count for text, count in counts.items()}
    return None


def _split_of(counts: Counter) -> str:
    values = _values(counts)
    if values is None:
        return label_mapping.split_of_names(counts)
    return label_mapping.split_of_values(values)
