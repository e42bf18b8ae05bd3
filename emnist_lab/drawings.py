"""Files of drawings (strokes with labels), and how well a run reads them."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import ink, metrics
from .dataset import class_index
from .errors import InkError, first_line
from .runs import Run

_LARGEST = 256 * 2**20  # bytes
_MOST = 100_000  # drawings


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
        The file can't be read or has another shape.
    """
    return decode_drawings(read_file(path), str(path))


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


@dataclass(frozen=True, eq=False)
class Reading:
    """What a run made of drawings.

    Attributes
    ----------
    chances : ndarray of shape (N, C), dtype float64
        NaN where a drawing could not be read.
    problems : list of str or None
        Why it couldn't.
    labels : ndarray of shape (N,), dtype int64
        True class; -1 without a label, or with one that the run has no class for.
    """

    chances: np.ndarray
    problems: list[str | None]
    labels: np.ndarray

    def summary(self) -> dict:
        """Accuracy and top-3 accuracy over labelled drawings; an unreadable one counts as wrong."""
        labelled = self.labels >= 0
        if not labelled.any():
            return {}
        usable = labelled & np.isfinite(self.chances).all(axis=1)
        total = int(labelled.sum())
        share = usable.sum() / total
        if not share:
            return {"labelled": total, "accuracy": 0.0, "top3_accuracy": 0.0}
        return {
            "labelled": total,
            "accuracy": share * metrics.top_accuracy(self.labels[usable], self.chances[usable], 1),
            "top3_accuracy": share
            * metrics.top_accuracy(self.labels[usable], self.chances[usable], 3),
        }


def score(run: Run, drawings: list[dict], pen_width: float = 20) -> Reading:
    """Read drawings with a run.

    Parameters
    ----------
    run : Run
    drawings : list of dict
        See `read_drawings`.
    pen_width : float
        See `emnist_lab.ink.from_strokes`.

    Returns
    -------
    Reading
    """
    images, problems = np.zeros((len(drawings), 28, 28), np.uint8), []
    for index, one in enumerate(drawings):
        try:
            images[index] = ink.from_strokes(one["strokes"], pen_width)
            problems.append(None)
        except InkError as error:
            problems.append(str(error))
    chances = run.predict_proba(images)
    chances[[problem is not None for problem in problems]] = np.nan
    labels = [class_index(str(one.get("label", "")), run.classes) for one in drawings]
    return Reading(
        chances, problems, np.array([-1 if label is None else label for label in labels], np.int64)
    )
