"""How well runs find and read characters on generated pages and in generated words."""

import io
import statistics
import time

import numpy as np

from ..data.classes import class_index
from ..errors import InkError
from ..handwriting import word_reader
from ..handwriting.drawing_reader import predict_drawings
from ..handwriting.page_images import page_reader
from ..runs.run import Run
from . import synthetic_pages

GAPS = (0.0, 0.05, 0.1, 0.2, 0.4)  # heights of a capital
_PEN = 10  # pixels, where capitals have 100
_MATCH = 0.5  # intersection over union, from which a box is the right one


def iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of each box with each other.

    Parameters
    ----------
    boxes : ndarray of shape (N, 4)
        Left, top, right, bottom.
    others : ndarray of shape (M, 4)

    Returns
    -------
    ndarray of shape (N, M), dtype float64
        0..1.

    Examples
    --------
    >>> iou(np.array([[0, 0, 2, 2.0]]), np.array([[1, 0, 3, 2.0], [5, 5, 6, 6]])).round(3)
    array([[0.333, 0.   ]])
    """
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    both = (high - low).clip(0).prod(axis=2)
    first, second = ((one[:, 2:] - one[:, :2]).prod(axis=1) for one in (boxes, others))
    return both / (first[:, None] + second[None] - both)


def page_accuracy(run: Run, drawings: list[dict], pages: int = 6, **options) -> dict:
    """Find and read characters on generated pages of each kind.

    Parameters
    ----------
    run : Run
    drawings : list of dict
        With labels and writers; see `emnist_lab.maintenance.synthetic_pages.make_page`.
    pages : int
        Of each kind.
    **options
        For `emnist_lab.maintenance.synthetic_pages.make_page`.

    Returns
    -------
    dict
        Kind -> figures: ``found`` (a box with at least half in common), ``read`` (found and
        read right) as shares of the characters; ``false boxes`` as a share of the boxes;
        ``in order``, neighbours found as neighbours; ``spaces`` right, as a share of
        those found; ``find_s`` and ``read_s``, median seconds a page from its JPEG file.
    """
    return {
        kind: _on_kind(run, [(drawings, seed, kind) for seed in range(pages)], options)
        for kind in synthetic_pages.KINDS
    }


def _on_kind(run: Run, wanted: list[tuple], options: dict) -> dict:
    counts, times = np.zeros(7), []
    for arguments in wanted:
        truth = synthetic_pages.make_page(*arguments, **options)
        file = io.BytesIO()
        truth.picture.save(file, "JPEG", quality="keep")
        begun = time.perf_counter()
        try:
            page = page_reader.find(file.getvalue())
        except InkError:  # then nothing is found
            counts += (len(truth.labels), 0, 0, 0, 0, len(truth.labels) - 1, 0)
            continue
        between = time.perf_counter()
        read_as = page_reader.read(run, page).probabilities.argmax(axis=1)
        times.append((between - begun, time.perf_counter() - between))
        characters = page.characters
        areas = iou(truth.boxes, np.array([one.box for one in characters], float))
        best = areas.argmax(axis=1)
        pairs = [
            (true, box)
            for true, box in enumerate(best.tolist())
            if areas[true, box] >= _MATCH and areas[:, box].argmax() == true
        ]
        at = dict(pairs)
        counts += (
            len(truth.labels),
            len(pairs),
            len(characters),
            sum(
                read_as[box] == class_index(truth.labels[true], run.classes) for true, box in pairs
            ),
            sum(at.get(true, -9) + 1 == at.get(true + 1) for true in range(len(truth.labels) - 1)),
            len(truth.labels) - 1,
            sum(characters[box].space == truth.spaces[true] for true, box in pairs),
        )
    true, found, boxes, right, ordered, neighbours, spaces = counts.tolist()
    return {
        "characters": int(true),
        "found": found / true,
        "false boxes": (boxes - found) / max(boxes, 1),
        "in order": ordered / max(neighbours, 1),
        "spaces": spaces / max(found, 1),
        "read": right / true,
        "find_s": statistics.median(one for one, _ in times) if times else float("nan"),
        "read_s": statistics.median(two for _, two in times) if times else float("nan"),
    }


def word_accuracy(run: Run, drawings: list[dict], words: int = 200) -> dict:
    """Separate and read generated words, from touching to wide gaps.

    Parameters
    ----------
    run : Run
    drawings : list of dict
        See `page_accuracy`.
    words : int
        For each gap.

    Returns
    -------
    dict
        Gap -> figures: ``words`` separated without an error; ``characters`` separated
        right; ``read``, separated and read right: all as shares; ``alone``, the share of the
        characters that is read right when each stands alone.
    """
    rows = {}
    for gap in GAPS:
        counts = np.zeros(5)
        for seed in range(words):
            strokes, characters, labels = synthetic_pages.make_word(drawings, seed, gap)
            found = word_reader.read(run, strokes, _PEN)
            own = {one.strokes: at for at, one in enumerate(found.letters)}
            best = found.probabilities.argmax(axis=1)
            each = [{"strokes": [strokes[i] for i in one]} for one in characters]
            alone = predict_drawings(run, each, _PEN).probabilities.argmax(axis=1)
            true = [class_index(label, run.classes) for label in labels]
            counts += (
                list(own) == characters,
                len(labels),
                sum(one in own for one in characters),
                sum(
                    one in own and best[own[one]] == label
                    for one, label in zip(characters, true, strict=True)
                ),
                sum(a == b for a, b in zip(alone, true, strict=True)),
            )
        whole, total, parted, right, single = counts.tolist()
        rows[f"gap {gap:g}"] = {
            "words": whole / words,
            "characters": parted / total,
            "read": right / total,
            "alone": single / total,
        }
    return rows
