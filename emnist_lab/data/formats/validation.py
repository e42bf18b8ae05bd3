"""What the readers of all formats share: errors in one sentence, ink bright on black."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...errors import DatasetError, first_line
from .base import CHUNK

# Of one file, or of a part's files together: NIST's largest split has 814,255 in both parts.
MOST_IMAGES = 1_000_000
MOST_LABELS = 1024  # different ones
INVERTED = "The ink was dark on light: the images were inverted."
_SAMPLE = 1000  # images whose mean tells ink from paper


def stamp(path: Path) -> tuple[int, int]:
    """Size and time of change of a file, by which caches know its version.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    size, changed : int
        Bytes and nanoseconds; zeros where the file can't be looked at.
    """
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def check_count(count: int, name: str, what: str = "images") -> None:
    """Refuse more images than are read: one file must not fill memory or disk.

    Parameters
    ----------
    count : int
        Images that a header or a listing promises; nothing need be unpacked yet.
    name : str
        Of the file or folder, for messages.
    what : str
        ``"labels"`` where it is these that are counted.

    Raises
    ------
    DatasetError
        There are more than `MOST_IMAGES`.

    Examples
    --------
    >>> check_count(814_255, "emnist-byclass.mat")
    """
    if count > MOST_IMAGES:
        raise DatasetError(
            f"{name} holds {count:,} {what} or more, and {MOST_IMAGES:,} are read at most: "
            "split it into smaller files, or use a sample of it."
        )


def short_message(error: BaseException) -> str:
    """Another library's error message, fit to stand in brackets within a sentence.

    Parameters
    ----------
    error : BaseException

    Returns
    -------
    str
        At most 100 printable characters.
    """
    return printable(first_line(error), 100).rstrip(". ")


def printable(text: str, most: int = 80) -> str:
    """Text from a file, fit to stand in a message.

    Parameters
    ----------
    text : str
    most : int
        Characters to keep.

    Returns
    -------
    str
        On one line.
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text[:most])


@contextlib.contextmanager
def reading_errors(path: Path, kind: str) -> Iterator[None]:
    """Raise one sentence with its remedy, however reading a file fails.

    Parameters
    ----------
    path : pathlib.Path
        The file that the block reads.
    kind : str
        For people: ``"Matlab file"``.

    Raises
    ------
    DatasetError
        In place of whatever the block raises.
    """
    try:
        yield
    except DatasetError:
        raise
    except PermissionError as error:
        raise DatasetError(
            f"{path} can't be read: give this user permission to read it."
        ) from error
    except MemoryError as error:
        raise DatasetError(
            f"{path.name} takes more memory than reading one file may: copy it again, or split "
            "it into smaller files."
        ) from error
    except Exception as error:  # a malformed file can make any part of a reader fail, in any way
        if isinstance(error, OSError) and error.errno:
            raise DatasetError(
                f"{path} can't be read ({error.strerror}): check the disk, or copy it again."
            ) from error
        raise DatasetError(
            f"{path.name} isn't a whole {kind} ({short_message(error)}): copy or download it again."
        ) from error


def invert_if_dark_on_light(images: np.ndarray) -> tuple[str, ...]:
    """Invert images in place if their ink is dark on light.

    Ink covers less than half of a character's square, so the mean tells.

    Parameters
    ----------
    images : ndarray of shape (N, 28, 28), dtype uint8
        Writable; changed in place.

    Returns
    -------
    tuple of str
        A note that says so, or nothing.
    """
    sample = images[:: max(1, len(images) // _SAMPLE)]
    if not len(images) or sample.mean() <= 127:
        return ()
    for start in range(0, len(images), CHUNK):
        chunk = images[start : start + CHUNK]
        np.subtract(255, chunk, out=chunk)
    return (INVERTED,)


def whole_numbers(values: np.ndarray, name: str) -> np.ndarray:
    """Pixels of any numeric type -> uint8, if nothing is lost by it.

    Parameters
    ----------
    values : ndarray
        Any shape.
    name : str
        Of the file, for messages.

    Returns
    -------
    ndarray
        The same shape, dtype uint8.

    Raises
    ------
    DatasetError
        A value isn't a whole number from 0 to 255.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind not in "iufb":
        raise DatasetError(
            f"{name} holds pixels of type {values.dtype}, not numbers: use a copy with whole "
            "numbers from 0 to 255."
        )
    with np.errstate(invalid="ignore"):
        whole = values.astype(np.uint8)
    wrong = values[whole != values]
    if wrong.size:
        raise DatasetError(
            f"{name} holds the pixel {wrong.flat[0]}: use a copy whose pixels are whole numbers "
            "from 0 to 255."
        )
    return whole
