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
        written; ``found`` (a box for them in reading order), ``right``, ``false boxes`` as
        shares of these; ``right of digits``, the share that is right where the likeliest digit
        counts, for pictures of digits alone; ``seconds``.
    """
    rows, sums = {}, []
    for name, lines in read_truth(folder).items():
        truth = [class_index(one, run.classes) for one in "".join("".join(lines).split())]
        digits = [one for one, label in enumerate(run.classes) if label.isdigit()]
        begun = time.perf_counter()
        try:
            page, _ = page_rotation.find_upright(run, Path(folder) / name)
            probabilities = page_reader.read(run, page).probabilities
        except InkError:
            probabilities = np.zeros((0, len(run.classes)))
        took = time.perf_counter() - begun
        matched, right = align(truth, probabilities.argmax(axis=1).tolist())
        only = set(truth) <= set(digits)
        among = np.array(digits)[probabilities[:, digits].argmax(axis=1)].tolist()
        _, right_digits = align(truth, among) if only else (0, 0)
        count = len(truth)
        extra = len(probabilities) - matched
        rows[name] = _row(count, matched, right, extra, right_digits if only else None, took)
        sums.append((count, matched, right, extra, right_digits, count if only else 0, took))
    total = np.sum(sums, axis=0)
    took = statistics.median(one[-1] for one in sums)
    of_digits = total[4] if total[5] else None
    return rows | {"together": _row(*total[:4], of_digits, took, total[5])}


def _row(
    count: float,
    matched: float,
    right: float,
    extra: float,
    right_digits: float | None,
    took: float,
    digits: float | None = None,
) -> dict:
    return {
        "characters": int(count),
        "found": float(matched / count),
        "right": float(right / count),
        "false boxes": float(extra / count),
        "right of digits": float("nan")
        if right_digits is None
        else float(right_digits / (digits or count)),
        "seconds": took,
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
        rows[name] = _row(len(truth), matched, right, extra, among if only else None, took)
        sums.append((len(truth), matched, right, extra, among, len(truth) if only else 0, took))
    total = np.sum(sums, axis=0)
    took = statistics.median(one[-1] for one in sums)
    of_digits = total[4] if total[5] else None
    return rows | {"together": _row(*total[:4], of_digits, took, total[5])}


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
