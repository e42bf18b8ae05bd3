"""JSON files of drawings: strokes, with or without labels and writers."""

import json
import math
import os
import re
from pathlib import Path

from ..errors import InkError, first_line

_LARGEST = 256 * 2**20  # bytes
_MOST = 100_000  # drawings
# What alone can be read as a number that isn't finite: a look at every coordinate takes long.
_NOT_FINITE = re.compile(rb"NaN|Infinity|[0-9][eE]\+?[0-9]{3}|[0-9]{300}")


def read_drawings(path: str | os.PathLike) -> list[dict]:
    """Read a JSON list of ``{"strokes": [[[x, y], ...], ...], "label": ..., "writer": ...}``.

    Parameters
    ----------
    path : path-like
        Label and writer may be absent.

    Returns
    -------
    list of dict

    Raises
    ------
    InkError
        The file can't be read or has another shape, or a coordinate isn't a finite number.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".json") as file:
    ...     _ = file.write(b'[{"strokes": [[[0, 0], [0, 9]]], "label": "1"}]')
    ...     file.flush()
    ...     read_drawings(file.name)
    [{'strokes': [[[0, 0], [0, 9]]], 'label': '1'}]
    """
    content = read_file(path)
    drawings = decode_drawings(content, str(path))
    if _NOT_FINITE.search(content):
        for number, one in enumerate(drawings, 1):
            if not _all_finite(one["strokes"]):
                raise InkError(
                    f"Drawing {number} in {path} holds a coordinate that isn't a finite number: "
                    "correct it, or leave that drawing out."
                )
    return drawings


def _all_finite(value) -> bool:
    if isinstance(value, list):
        return all(map(_all_finite, value))
    try:
        return not isinstance(value, (int, float)) or math.isfinite(value)
    except OverflowError:  # of a whole number that is too large for a float
        return False


def read_file(path: str | os.PathLike) -> bytes:
    """Bytes of a file of drawings.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    bytes

    Raises
    ------
    InkError
        It isn't there, can't be read, or is larger than 256 MiB.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():
            raise InkError(f"{path} isn't a file: name a JSON file of drawings.")
        if path.stat().st_size > _LARGEST:
            raise InkError(f"{path} is larger than 256 MiB: split it into smaller files.")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InkError(f"There is no file {path}: check the spelling.") from error
    except (OSError, ValueError) as error:
        raise InkError(f"{path} can't be read ({first_line(error)}): check the disk.") from error


def decode_drawings(content: bytes, path: str) -> list[dict]:
    """Drawings from the bytes of a file; see `read_drawings`.

    Parameters
    ----------
    content : bytes
    path : str
        What the file is called, for people.

    Returns
    -------
    list of dict

    Raises
    ------
    InkError
        It isn't JSON, or has another shape.

    Examples
    --------
    >>> decode_drawings(b'[{"strokes": [[[0, 0], [0, 9]]]}]', "mine.json")
    [{'strokes': [[[0, 0], [0, 9]]]}]
    """
    try:
        drawings = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InkError(
            f"{path} can't be read as JSON ({first_line(error)}): export it again."
        ) from error
    if not isinstance(drawings, list) or not all(
        isinstance(one, dict) and isinstance(one.get("strokes"), list) for one in drawings
    ):
        raise InkError(
            f'{path} isn\'t a list of {{"strokes": [[[x, y], ...], ...]}}: export it again.'
        )
    if len(drawings) > _MOST:
        raise InkError(f"{path} holds more than {_MOST:,} drawings: split it into smaller files.")
    if not drawings:
        raise InkError(f"{path} holds no drawings: choose another file.")
    return drawings
