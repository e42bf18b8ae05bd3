"""How well a run reads pictures that people took, beside what is written on them, and Tesseract."""

import json
import shutil
import statistics
import subprocess
import time
from pathlib import Path

import numpy as np

from ..data.classes import class_index
from ..errors import InkError, LabError, first_line
from ..handwriting.page_images import page_reader, page_rotation
from ..runs.run import Run

_RIGHT, _FOUND = 100_000, 1  # what an alignment is worth for a character that is right, or found
_MODES = ("3", "4", "6", "11")  # of Tesseract: automatic, one column, one block, sparse text


def read_truth(folder: str | Path) -> dict[str, list[str]]:
    """What is written on the pictures of a folder.

    Parameters
    ----------
    folder : path-like
        Holds pictures, and ``truth.json``: name of a file -> its lines, or null where a picture
        isn't measured.

    Returns
    -------
    dict of str to list of str
        Of the pictures that have a truth.

    Raises
    ------
    LabError
        The file isn't there, or isn't such a file; a picture is missing.
    """
    path = Path(folder) / "truth.json"
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        told = {name: [str(line) for line in lines] for name, lines in known.items() if lines}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise LabError(
            f"{path} can't be read ({first_line(error)}): give a folder of pictures with a "
            "truth.json, names of files -> lists of lines."
        ) from error
    if missing := [name for name in told if not (Path(folder) / name).is_file()]:
        raise LabError(f"{path} names {missing[0]}, which isn't beside it: add it, or take it out.")
    return told


def align(truth: list, found: list) -> tuple[int, int]:
    """Characters of a picture laid beside those that were read, both in reading order.

    Parameters
    ----------
    truth, found : list
        Of anything that can be compared.

    Returns
    -------
    matched : int
        How many of the truth have one of `found` to themselves, in the same order.
    right : int
        How many of these are the same. The alignment with most of these is taken, then that
        with most matches.

    Examples
    --------
    >>> align(list("12345"), list("1x345y")), align(list("123"), [])
    ((5, 4), (0, 0))
    """
    best = np.zeros(len(found) + 1, int)
    for one in truth:
        same = np.array([other == one for other in found], bool)
        paired = best[:-1] + np.where(same, _RIGHT + _FOUND, _FOUND)
        # A row of the table of dynamic programming: a gap in either costs nothing.
        best = np.maximum.accumulate(np.maximum(best, np.concatenate([[0], paired])))
    right, matched = divmod(int(best[-1]), _RIGHT)
    return matched, right


def measure_photos(runs: list[Run], folder: str | Path) -> dict:
    """`photo_accuracy` of some runs, and of Tesseract where it is installed.

    Parameters
    ----------
    runs : list of Run
        At least one.
    folder : path-like
        See `read_truth`.

    Returns
    -------
    dict
        Name of a run, or ``tesseract`` -> figures by picture.
    """
    rows = {run.name: photo_accuracy(run, folder) for run in runs}
    beside = tesseract_accuracy(runs[0], folder)
    return rows | ({"tesseract": beside} if beside else {})


def photo_accuracy(run: Run, folder: str | Path) -> dict:
    """Find and read the characters of pictures whose text is known.

    Parameters
    ----------
    run : Run
    folder : path-like
        See `read_truth`.

    Returns
    -------
    dict
        Name of a picture -> figures; ``together`` -> those of all. ``characters``, how many are
        written; ``found`` (a box for them in reading order), ``right`` as pages are read: those
        that are evidently all digits as digits (see `page_reader.read`), ``false boxes``, as
        shares of these; ``right of any class``, the share that is right where all classes count
        on every picture; ``right of digits``, where the likeliest digit counts, for pictures of
        digits alone; ``seconds``.
    """
    rows, sums = {}, []
    for name, lines in read_truth(folder).items():
        truth = [class_index(one, run.classes) for one in "".join("".join(lines).split())]
        digits = [one for one, label in enumerate(run.classes) if label.isdigit()]
        begun = time.perf_counter()
        try:
            page, _ = page_rotation.find_upright(run, Path(folder) / name)
            found = page_reader.read(run, page, as_evident=True)
            took = time.perf_counter() - begun
            plain = page_reader.read(run, page).probabilities
            best = [class_index(found.classes[one], run.classes) for one in found.likeliest()]
        except InkError:
            took = time.perf_counter() - begun
            plain, best = np.zeros((0, len(run.classes))), []
        matched, right = align(truth, best)
        _, right_any = align(truth, plain.argmax(axis=1).tolist())
        only = set(truth) <= set(digits)
        among = np.array(digits)[plain[:, digits].argmax(axis=1)].tolist()
        _, right_digits = align(truth, among) if only else (0, 0)
        extra = len(best) - matched
        sums.append((len(truth), matched, right, right_any, extra, right_digits, only, took))
        rows[name] = _row(sums[-1:])
    return rows | {"together": _row(sums)}


def _row(sums: list[tuple]) -> dict:
    """Shares of some pictures, from counts of each."""
    *counts, only, took = (np.array(one) for one in zip(*sums, strict=True))
    count, matched, right, right_any, extra, right_digits = (int(one.sum()) for one in counts)
    digits = int(counts[0][only].sum())
    return {
        "characters": count,
        "found": matched / count,
        "right": right / count,
        "right of any class": right_any / count,
        "false boxes": extra / count,
        "right of digits": right_digits / digits if digits else float("nan"),
        "seconds": statistics.median(took.tolist()),
    }


def tesseract_accuracy(run: Run, folder: str | Path) -> dict:
    """The same of Tesseract, for each picture in the best of its modes; empty without it.

    Parameters
    ----------
    run : Run
        Whose classes count: Tesseract isn't blamed for cases that these don't tell apart.
    folder : path-like
        See `read_truth`.

    Returns
    -------
    dict
        As `photo_accuracy`; the best mode is that with most right less false, ``seconds`` are
        its. Pictures of digits are read with its list of allowed characters, too.
    """
    if not shutil.which("tesseract"):
        return {}
    rows, sums = {}, []
    for name, lines in read_truth(folder).items():
        text = "".join("".join(lines).split())
        truth = [class_index(one, run.classes) for one in text]
        plain = max(
            (_by_tesseract(run, Path(folder) / name, truth, mode) for mode in _MODES),
            # Among a thousand false ones some are right by chance.
            key=lambda one: one[1] - one[2],
        )
        only = text.isdigit()
        among = 0
        if only:
            listed = ("-c", "tessedit_char_whitelist=0123456789")
            among = max(
                _by_tesseract(run, Path(folder) / name, truth, mode, *listed)[1] for mode in _MODES
            )
        matched, right, extra, took = plain
        sums.append((len(truth), matched, right, right, extra, among, only, took))
        rows[name] = _row(sums[-1:])
    return rows | {"together": _row(sums)}


def _by_tesseract(
    run: Run, path: Path, truth: list, mode: str, *options: str
) -> tuple[int, int, int, float]:
    """Matched, right, extra characters of one picture in one mode, and the seconds it took."""
    begun = time.perf_counter()
    done = subprocess.run(
        ["tesseract", str(path), "-", "--psm", mode, *options],
        capture_output=True,
        timeout=120,
        check=False,
    )
    took = time.perf_counter() - begun
    said = done.stdout.decode(errors="replace")
    found = [class_index(one, run.classes) for one in said if one.isascii() and one.isalnum()]
    matched, right = align(truth, found)
    return matched, right, len(found) - matched, took
