"""How a table of text is laid out: delimiter, header, and which column holds the labels.

Told from the first lines and, for the labels, from all of the first and the last column: a label
that is the same on every line, or has values that no label has, is a pixel.
"""

import contextlib
import functools
import gzip
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import DatasetError
from . import class_names
from .base import PIXELS
from .validation import MOST_IMAGES, MOST_LABELS, check_count, reading_errors, stamp

FORMAT = "CSV file"
ARFF = "ARFF file"
# What a header calls labels.
LABELS = ("label", "labels", "character", "class", "target", "digit", "letter", "category", "y")
REMEDY = "use a copy with a label and then 784 pixels from 0 to 255 on each line"
NUMBER = re.compile("-?[0-9]{1,9}")
_WHOLE = re.compile(r"(-?[0-9]{1,9})\.0+")
_LINE = 16_384  # bytes: four times the longest line of 785 values
_MOST_LINES = 2 * MOST_IMAGES + 1  # a blank one after each image, and a header
_MOST_HEAD = 4096  # lines before the first image
_INDEX = (b"", b"unnamed: 0", b"id", b"index")  # what a header calls the number of a line
_DELIMITERS = (b";", b",", b"\t", b"|")  # of as many, semicolons: commas are decimals then
_PAPER = {"0", "255"}  # what a pixel in a corner is
_HIGHEST = 61  # of EMNIST's labels


@dataclass(frozen=True)
class Shape:
    """What the first lines tell.

    Attributes
    ----------
    delimiter : bytes
    columns : int
        With the labels, and with `index`.
    skip : int
        Lines before the first image.
    labels : tuple of int
        Columns that may hold the labels, the likelier first.
    index : int or None
        Column that numbers the lines.
    floats : bool
        Whether pixels are written with decimals.
    """

    delimiter: bytes
    columns: int
    skip: int
    labels: tuple[int, ...]
    index: int | None
    floats: bool

    @property
    def fits(self) -> bool:
        """Whether there are 784 pixels and a label."""
        return self.columns - (self.index is not None) == PIXELS + 1


def kind_of(path: Path) -> str:
    """What a file is, for people."""
    return ARFF if ".arff" in path.name.lower() else FORMAT


def opened(path: Path):
    """The content, unzipped where it is gzipped."""
    with open(path, "rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"  # the bytes decide: some clients unzip silently
    return gzip.open(path, "rb") if zipped else open(path, "rb")


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that aren't blank, with their numbers; raises `DatasetError` where they are none."""
    with opened(path) as stream:
        for number, line in enumerate(iter(lambda: stream.readline(_LINE), b""), 1):
            if number == 1 and line[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise DatasetError(
                    f"{path.name} isn't text in UTF-8 but in UTF-16, as Excel's 'Unicode Text' is: "
                    "save it as 'CSV UTF-8'."
                )
            if b"\0" in line or (len(line) == _LINE and not line.isascii()):
                raise DatasetError(f"{path.name}, line {number}, isn't text: {REMEDY}.")
            if len(line) == _LINE:
                raise DatasetError(
                    f"{path.name}, line {number}, is longer than a label and {PIXELS} pixels can "
                    f"be: {REMEDY}."
                )
            if number > _MOST_LINES:
                raise DatasetError(
                    f"{path.name} holds more than {_MOST_LINES:,} lines, and {MOST_IMAGES:,} "
                    f"images are read at most: {REMEDY}."
                )
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            line = line.rstrip(b"\r\n")
            if line:
                yield number, line


def images(path: Path, shape: Shape) -> Iterator[tuple[int, bytes]]:
    """Lines of images, with their numbers."""
    return ((number, line) for number, line in lines(path) if number > shape.skip)


def plain(field: bytes) -> bytes:
    """A field without the quotes and blanks around it."""
    return field.strip(b"\"' ")


def label_text(field: bytes) -> str:
    """A label as text; ``3.0``, as pandas writes whole numbers beside gaps, is 3."""
    text = plain(field).decode("utf-8", "replace")
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


@functools.lru_cache(maxsize=256)
def shape_of(path: Path, size: int, changed: int) -> Shape:
    """How a table is laid out.

    Parameters
    ----------
    path : pathlib.Path
    size, changed : int
        Its `stamp`.

    Returns
    -------
    Shape

    Raises
    ------
    DatasetError
        It is empty, or no text.
    """
    with reading_errors(path, kind_of(path)):
        found = lines(path)
        try:
            number, first = next(found, (0, None))
            if first is None:
                raise DatasetError(f"{path.name} is empty: copy or download it again.")
            if first.lstrip().startswith((b"%", b"@")):
                return _of_arff(path, first, found)
            told = re.fullmatch(rb"sep=(.)", first)  # by which Excel is told the delimiter
            if told:
                delimiter = told[1]
                number, first = next(found, (number, b""))
            else:
                delimiter = max(_DELIMITERS, key=first.count)
                if delimiter not in first and first.count(b" ") > 100:
                    delimiter = b" "
            fields = [plain(field).lower() for field in first.split(delimiter)]
            header = _is_header(fields)
            following = b""
            with contextlib.suppress(DatasetError):  # reading says what is wrong with it
                following = next(found, (0, b""))[1]
            second = following if header else first
        finally:
            found.close()
    skip = number if header else number - 1
    index = None
    if header and len(fields) == PIXELS + 2:
        index = next((place for place, name in enumerate(fields) if name in _INDEX), None)
    elif len(fields) == PIXELS + 2 and _counts_up(first, following, delimiter):
        index = 0
    known = [fields.index(name.encode()) for name in LABELS if name.encode() in fields]
    ends = tuple(place for place in range(len(fields)) if place != index)
    labels = (known[0],) if header and known else (ends[0], ends[-1])
    return Shape(delimiter, len(fields), skip, labels, index, _floats(second, delimiter))


def _counts_up(first: bytes, second: bytes, delimiter: bytes) -> bool:
    """Whether the first column of two lines numbers them."""
    one, other = (plain(line.partition(delimiter)[0]) for line in (first, second))
    return one.isdigit() and other.isdigit() and int(one) + 1 == int(other)


def _floats(line: bytes, delimiter: bytes) -> bool:
    """Whether the pixels of a line are written with decimals."""
    fields = [plain(field) for field in line.split(delimiter)]
    return sum(b"." in field or b"," in field for field in fields) > len(fields) / 2


def _is_header(fields: list[bytes]) -> bool:
    numbers = sum(map(_is_number, fields))
    if numbers == len(fields):
        # Numbers alone are a header where they merely count the columns, or where pandas made
        # names of them, no two the same.
        return len(fields) > 100 and len(set(fields)) == len(fields)
    return numbers < len(fields) / 2


def _is_number(field: bytes) -> bool:
    try:
        float(field.replace(b",", b"."))
    except ValueError:
        return False
    return True


def _of_arff(path: Path, first: bytes, found: Iterator) -> Shape:
    """The layout that an ARFF file's head declares."""
    names: list[bytes] = []
    number, line = 0, first
    while not line.strip().lower().startswith(b"@data"):
        if re.match(rb"\s*@attribute\b", line, re.IGNORECASE):
            names.append(plain(line.split(None, 2)[1]).lower())
        number, line = next(found, (0, None))
        if line is None or number > _MOST_HEAD:
            raise DatasetError(f"{path.name} has no line '@data': copy or download it again.")
    data = next(found, (0, b""))[1]
    if data.lstrip().startswith(b"{"):
        raise DatasetError(f"{path.name} is a sparse ARFF file: save it as a dense one, or as CSV.")
    known = [names.index(name.encode()) for name in LABELS if name.encode() in names]
    labels = (known[0],) if known else (len(names) - 1, 0)
    return Shape(b",", len(names), number, labels, None, _floats(data, b","))


def check_columns(path: Path, number: int, line: bytes, shape: Shape) -> None:
    """Refuse a line with more or fewer columns than a label and 784 pixels."""
    columns = line.count(shape.delimiter) + 1
    expected = shape.columns if shape.fits else PIXELS + 1
    if columns != expected:
        raise DatasetError(
            f"{path.name}, line {number}, has {columns:,} columns, expected {expected}: {REMEDY}."
        )


def labels_of(path: Path, size: int, changed: int) -> tuple[int, Counter, str]:
    """Where the labels stand, and how often each occurs.

    Parameters
    ----------
    path : pathlib.Path
    size, changed : int
        Its `stamp`.

    Returns
    -------
    column : int
    counts : collections.Counter
        Text of a label -> lines.
    note : str
        Empty where the first column holds them, or the one that a header names.

    Raises
    ------
    DatasetError
        A line has other columns, or no column can be labels.
    """
    shape = shape_of(path, size, changed)
    counts = _counts(path, size, changed)
    first, *others = shape.labels
    if not counts[first] or not others:
        return first, counts[first], ""
    last = others[0]
    better = _able(counts[last]) and _share(counts[last]) < _share(counts[first])
    if _able(counts[first]) and not (_share(counts[first]) > 0.8 and better):
        return first, counts[first], ""
    constant = len(counts[first]) == 1
    if len(counts[first]) == sum(counts[first].values()) > _HIGHEST + 1 and not _able(counts[last]):
        raise DatasetError(
            f"{path.name} has no column that can be labels: the {_WHERE.get(first, 'named')} one "
            f"is different on every line, as a line's number is: {REMEDY}."
        )
    if constant and not counts[first].keys() <= _PAPER:
        return first, counts[first], ""  # one class
    where = {0: "first", shape.columns - 1: "last"}
    if _able(counts[last]):
        how = "is the same on every line" if constant else "holds a pixel"
        place, other = where.get(last, "other"), where.get(first, "other")
        return last, counts[last], f"Labels were taken from the {place} column: the {other} {how}."
    if constant:
        (value,) = counts[first]
        raise DatasetError(
            f"{path.name} has no column that can be labels: the {where.get(first, 'named')} holds "
            f"{value} on every line, as a pixel does, and the {where.get(last, 'other')} no labels "
            "either; name the column 'label' in a header, or use another copy: "
            f"{REMEDY}."
        )
    return first, counts[first], ""


_WHERE = {0: "first"}


def _able(counts: Counter) -> bool:
    """Whether a column's values can be labels."""
    if len(counts) < 2 or "" in counts or len(counts) > MOST_LABELS:
        return False
    numbers = [int(text) for text in counts if NUMBER.fullmatch(text)]
    if len(numbers) == len(counts):
        return min(numbers) >= 0 and max(numbers) <= _HIGHEST
    return not numbers or all(class_names.meanings(counts).values())


def _share(counts: Counter) -> float:
    """Of the commonest value."""
    return max(counts.values()) / sum(counts.values())


@functools.lru_cache(maxsize=256)
def _counts(path: Path, size: int, changed: int) -> dict[int, Counter]:
    """How often each text occurs in the columns that may hold labels."""
    shape = shape_of(path, size, changed)
    found = {column: Counter() for column in shape.labels}
    count = 0
    with reading_errors(path, kind_of(path)):
        for number, line in images(path, shape):
            check_columns(path, number, line, shape)
            count += 1
            if count > MOST_IMAGES:
                check_count(count, path.name)
            for column, counts in found.items():
                if len(counts) <= MOST_LABELS:  # more: it is none
                    counts[label_text(_field(line, shape, column))] += 1
    if all(len(counts) > MOST_LABELS for counts in found.values()) or (
        len(found[shape.labels[0]]) > MOST_LABELS and not _able(found[shape.labels[-1]])
    ):
        raise DatasetError(
            f"{path.name} holds more than {MOST_LABELS:,} different labels, and EMNIST has 62 "
            f"classes: {REMEDY}."
        )
    return found


def _field(line: bytes, shape: Shape, column: int) -> bytes:
    if column == shape.columns - 1:
        return line.rpartition(shape.delimiter)[2]
    return line.split(shape.delimiter, column + 1)[column]


def columns(path: Path) -> int:
    """Columns of a table's first line; raises `DatasetError` where it is none."""
    return shape_of(path, *stamp(path)).columns
