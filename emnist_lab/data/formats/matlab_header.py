"""What the headers in a Matlab file announce, read without unpacking what they announce.

The format (version 5): elements of a tag and its data, most of them compressed by zlib. A
structure's fields follow each other, each with a header of its own; the first kilobytes tell how
large the first array is.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_HEAD = 128  # bytes in front of the first element
_LOOK = 65_536  # bytes of each variable that are looked at, packed and unpacked
_MOST = 1_000  # variables
_ARRAY, _COMPRESSED = 14, 15
# Elements between a class's own header and the arrays within it: cells have none, structures the
# names of their fields and how long these are, objects the name of their class before that.
_WITHIN = {1: 0, 2: 2, 3: 3}


@dataclass(frozen=True)
class Announced:
    """One variable, by its headers.

    Attributes
    ----------
    name : str
    sizes : tuple of tuple of int
        Shapes of the variable and of the arrays within it, as far as the first bytes tell.
    """

    name: str
    sizes: tuple[tuple[int, ...], ...]


def variables(path: Path) -> list[Announced]:
    """Variables of a file.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    list of Announced
        At most a thousand; those before the first that is damaged. Empty for a file of another
        version.

    Raises
    ------
    OSError
        The file can't be read.
    """
    found: list[Announced] = []
    with open(path, "rb") as file:
        order = {b"IM": "<", b"MI": ">"}.get(file.read(_HEAD)[126:128])
        place = _HEAD
        while order and len(found) < _MOST:
            file.seek(place)
            tag = file.read(8)
            if len(tag) < 8:
                break
            kind, length = struct.unpack(f"{order}II", tag)
            content = file.read(min(length, _LOOK))
            if kind == _COMPRESSED:
                try:
                    content = zlib.decompressobj().decompress(content, _LOOK)
                except zlib.error:
                    break
            else:
                content = tag + content
            arrays = list(_arrays(content, order))
            if not arrays:
                break
            found.append(Announced(arrays[0][0], tuple(shape for _, shape in arrays)))
            place += 8 + length
    return found


def _arrays(content: bytes, order: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and shape of one array after the other, until the bytes end."""
    place = 0
    try:
        while True:
            (kind,) = struct.unpack_from(f"{order}I", content, place)
            if kind != _ARRAY:
                return
            flags, place = _element(content, place + 8, order)
            shape, place = _element(content, place, order)
            name, place = _element(content, place, order)
            dimensions = struct.unpack(f"{order}{len(shape) // 4}i", shape)
            yield name.decode("latin-1"), dimensions
            kind = struct.unpack_from(f"{order}I", flags)[0] & 0xFF
            for _ in range(_WITHIN.get(kind, 1)):  # of any other class, its numbers
                _, place = _element(content, place, order)
    except struct.error:
        return


def _element(content: bytes, place: int, order: str) -> tuple[bytes, int]:
    """Data of the element at `place`, and where the next begins."""
    kind, length = struct.unpack_from(f"{order}II", content, place)
    if kind >> 16:  # the short form: length, kind and up to four bytes of data in one
        return content[place + 4 : place + 4 + min(kind >> 16, 4)], place + 8
    start = place + 8
    return content[start : start + length], start + length + -length % 8
