"""The journal of a sweep: a line for every fit that ended, so that none is done twice.

A line is one JSON object, written at once and synced, by whichever process did the fit. A process
that is killed leaves at most a line that is cut short, which is passed over when it is read.
"""

import json
import math
import os
import threading
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ...metrics import METRICS

JOURNAL = "fits.jsonl"
_LONGEST = 600  # characters of a reason
_LARGEST_LINE = 2**16  # bytes; a true one has under a thousand
_KEY = 32  # hexadecimal digits


@dataclass(frozen=True)
class FitRecord:
    """One fit of a sweep, with what it scored on its fold.

    Attributes
    ----------
    key : str
        Digest of all that determines the fit and its scores.
    recipe : str
    settings : dict
        Hyperparameters that the candidate gives, by scikit-learn's names.
    images : int or None
        Training images that the candidate asks for; None for all of the other folds.
    repeat, fold : int
        From 0.
    seed : int
        Of the fit.
    train_images, test_images : int
    scores : dict of str to float
        By the keys of `emnist_lab.metrics.METRICS`; NaN where undefined. Empty for a fit that
        failed.
    fit_s, score_s : float
        Seconds.
    reason : str
        Why it failed, in a sentence.
    """

    key: str
    recipe: str
    settings: dict[str, Any]
    images: int | None
    repeat: int
    fold: int
    seed: int
    train_images: int
    test_images: int
    scores: dict[str, float] = field(default_factory=dict)
    fit_s: float = 0.0
    score_s: float = 0.0
    reason: str = ""

    @property
    def failed(self) -> bool:
        """Whether there are no scores."""
        return not self.scores


def as_line(record: FitRecord) -> bytes:
    """A record as a line of the journal, with its end.

    Parameters
    ----------
    record : FitRecord

    Returns
    -------
    bytes

    Examples
    --------
    >>> one = FitRecord("0" * 32, "hog-qda", {}, None, 0, 1, 25, 200, 100, {"accuracy": 0.9})
    >>> from_line(as_line(one)) == one
    True
    """
    values = asdict(record)
    values["reason"] = record.reason[:_LONGEST]
    values["scores"] = {
        name: None if not math.isfinite(value) else value for name, value in record.scores.items()
    }
    return (json.dumps(values, ensure_ascii=True, allow_nan=False) + "\n").encode("ascii")


def from_line(line: bytes) -> FitRecord | None:
    """The record in a line, or None where it is none: cut short, or not of a journal.

    Parameters
    ----------
    line : bytes

    Returns
    -------
    FitRecord or None

    Examples
    --------
    >>> from_line(b'{"key": "0123') is None
    True
    """
    if len(line) > _LARGEST_LINE:
        return None
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    names = [one.name for one in fields(FitRecord)]
    if not isinstance(values, dict) or not all(
        name in values and _FITS[name](values[name]) for name in names
    ):
        return None
    known = {name: values[name] for name in names}
    known["settings"] = {
        name: tuple(one) if isinstance(one, list) else one
        for name, one in values["settings"].items()
    }
    known["scores"] = {
        name: math.nan if one is None else float(one) for name, one in values["scores"].items()
    }
    return FitRecord(**known)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e12


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST


def setting(value: Any) -> bool:
    """Whether a value can be a hyperparameter's, as JSON has it."""
    if isinstance(value, (list, tuple)):
        return len(value) <= 10 and all(_number(one) for one in value)
    return value is None or _number(value) or (_text(value) and value.isprintable())


_METRICS = {one.key for one in METRICS}
_FITS = {
    "key": lambda value: _text(value) and len(value) == _KEY,
    "recipe": _text,
    "settings": lambda value: (
        isinstance(value, dict) and all(_text(name) and setting(one) for name, one in value.items())
    ),
    "images": lambda value: value is None or _count(value),
    "scores": lambda value: (
        isinstance(value, dict)
        and value.keys() <= _METRICS
        and all(one is None or _number(one) for one in value.values())
    ),
    "fit_s": _number,
    "score_s": _number,
    "reason": _text,
    **dict.fromkeys(("repeat", "fold", "seed", "train_images", "test_images"), _count),
}


class FitJournal:
    """A sweep's journal, as far as it has been read.

    Parameters
    ----------
    folder : pathlib.Path
        The sweep's; it exists.

    Attributes
    ----------
    records : dict of str to FitRecord
        By key, in the order of their ends; of a fit that was tried again, the newest.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / JOURNAL
        self.records: dict[str, FitRecord] = {}
        self._read = 0
        self._lock = threading.Lock()  # fits may be in threads too
        self.refresh()

    def refresh(self) -> None:
        """Read what was added since; no effect where there is no journal yet."""
        with self._lock:
            self._refresh()

    def _refresh(self) -> None:
        try:
            with open(self.path, "rb") as file:
                file.seek(self._read)
                content = file.read()
        except FileNotFoundError:
            return
        whole = content[: content.rfind(b"\n") + 1]  # the last line may be half written
        self._read += len(whole)
        for line in whole.splitlines():
            if record := from_line(line):
                self.records[record.key] = record

    def mend(self) -> None:
        """End a last line that was cut short, so that the next one stands by itself."""
        try:
            with open(self.path, "r+b") as file:
                if file.seek(0, os.SEEK_END) == 0:
                    return
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")
        except FileNotFoundError:
            return

    def append(self, record: FitRecord) -> None:
        """Add a fit, and wait until the disk has it.

        Parameters
        ----------
        record : FitRecord

        Raises
        ------
        OSError
            The disk is full or can't be written.
        """
        line = as_line(record)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            if os.write(handle, line) != len(line):
                raise OSError("the disk is full")
            os.fsync(handle)
        finally:
            os.close(handle)
        self.refresh()
