"""What runs predict of drawings, pictures and pages as plain values, for other programs."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..errors import InkError
from ..metrics.intervals import wilson
from ..metrics.ranking import top_labels
from ..runs.run import Run
from . import character_set, context, drawing_reader, drawing_store
from .drawing_store import Drawing, Store
from .ink import Raster, rasterize_picture
from .page_images import page_reader, page_rotation, page_warnings
from .page_images.page_reader import Page, PagePrediction
from .page_images.page_rotation import PageRotation
from .page_images.photo import open_photo

_MOST = 5  # classes that are named


def top(run: Run, probabilities: np.ndarray) -> list[dict[str, Any]]:
    """The five likeliest classes: ``class`` and ``probability``, the likeliest first.

    Parameters
    ----------
    run : Run
    probabilities : ndarray of shape (C,)
        Of the run's classes.

    Returns
    -------
    list of dict
    """
    best = top_labels(run.classes, probabilities, _MOST)
    return [{"class": label, "probability": probability} for label, probability in best]


def of_drawings(run: Run, drawings: list[dict]) -> dict[str, Any]:
    """What a run predicts of drawings, and how often that is their label.

    Parameters
    ----------
    run : Run
    drawings : list of dict
        With ``strokes``, perhaps ``label`` and ``writer``; see
        `emnist_lab.handwriting.stroke_files.read_drawings`.

    Returns
    -------
    dict
        ``predictions``: for each drawing ``index``, what it brought, and ``top`` or ``error``;
        beside it the numbers of `DrawingPredictions.summary`, and ``left_out``: how many labelled
        drawings these aren't about, because the run has no class for their label.

    Examples
    --------
    >>> from emnist_lab.runs import open_run
    >>> seven = {"strokes": [[(0, 0), (70, 0), (30, 100)]], "label": "7"}
    >>> found = of_drawings(open_run("hog-qda"), [seven])
    >>> found["predictions"][0]["top"][0]["class"], found["accuracy"]
    ('7', 1.0)
    """
    found = drawing_reader.predict_drawings(run, drawings)
    rows = [
        {
            "index": index,
            **{key: one[key] for key in ("label", "writer") if key in one},
            **({"error": problem} if problem else {"top": top(run, probabilities)}),
        }
        for index, (one, probabilities, problem) in enumerate(
            zip(drawings, found.probabilities, found.problems, strict=True)
        )
    ]
    summary = found.summary()
    if summary:
        summary["left_out"] = sum(bool(one.get("label")) for one in drawings) - summary["labelled"]
    return {"predictions": rows, **summary}


def picture_raster(source: str | os.PathLike | bytes | BinaryIO) -> Raster:
    """The images of one character, from a file of a picture.

    Parameters
    ----------
    source : path-like, bytes or binary file
        See `emnist_lab.handwriting.page_images.photo.open_photo`.

    Returns
    -------
    Raster

    Raises
    ------
    InkError
        It is no picture, or holds nothing that could be a character.
    """
    return rasterize_picture(open_photo(source).grey.round().astype("uint8"))


def of_picture(run: Run, path: str | Path) -> dict[str, Any]:
    """What a run predicts of a picture of one character: ``picture`` and ``top``.

    Parameters
    ----------
    run : Run
    path : str or Path

    Returns
    -------
    dict

    Raises
    ------
    InkError
        It is no picture, or holds nothing that could be a character.
    """
    try:
        raster = picture_raster(path)
    except InkError as error:
        raise InkError(f"{path}: {error}") from error
    return {"picture": str(path), "top": top(run, drawing_reader.predict_raster(run, raster))}


def of_page(
    run: Run, path: str | Path, words: Sequence[str] | None = None, as_evident: bool = True
) -> dict[str, Any]:
    """What a run predicts of all characters of a picture, in reading order.

    Parameters
    ----------
    run : Run
    path : str or Path
    words, as_evident
        See `of_found_page`.

    Returns
    -------
    dict
        ``picture``, ``size``, ``text``, and ``lines``: for each character ``box``, ``top``,
        ``space_before`` and ``may_be_joined``; ``turned``, ``confidence``, ``warnings`` (each
        ``kind`` and ``sentence``), and ``grid``: None, or ``rows``, ``columns`` and ``table``;
        ``read_as``, the set of characters that it was read as unasked, and ``suggestion``, the
        set that it may be meant as; each a name, or None (see
        `emnist_lab.handwriting.character_set`).

    Raises
    ------
    InkError
        It is no picture, or holds no writing.
    """
    try:
        page, rotation = page_rotation.find_upright(run, path)
    except InkError as error:
        raise InkError(f"{path}: {error}") from error
    return {"picture": str(path), **of_found_page(run, page, rotation, words, as_evident)}


def of_found_page(
    run: Run,
    page: Page,
    rotation: PageRotation | None = None,
    words: Sequence[str] | None = None,
    as_evident: bool = True,
) -> dict[str, Any]:
    """What a run predicts of a page whose characters are found; see `of_page`.

    Parameters
    ----------
    run : Run
    page : Page
    rotation : PageRotation, optional
        Of the picture as it was; see `emnist_lab.handwriting.page_images.page_rotation`.
    words : sequence of str, optional
        Words that are likely. With them, be there none, the page is read by the company of its
        characters too: see `emnist_lab.handwriting.context`.
    as_evident : bool
        See `emnist_lab.handwriting.page_images.page_reader.read`.

    Returns
    -------
    dict
        All but ``picture``; with `words` ``in_context`` too: ``text``, and ``lines`` of
        ``character`` and ``probability``.
    """
    found = page_reader.read(run, page, as_evident)
    run = character_set.limit(run, found.read_as)
    rows = iter(found.probabilities)
    lines = [
        [
            {
                "box": one.box,
                "top": top(run, next(rows)),
                "space_before": one.space,
                "may_be_joined": one.joined,
            }
            for one in line
        ]
        for line in page.lines
    ]
    told = page_warnings.warnings_of(page, found.probabilities, rotation)
    plain = {
        "size": page.size,
        "text": found.text,
        "lines": lines,
        "read_as": found.read_as,
        "suggestion": character_set.suggestion(found.probabilities, run.classes),
        "turned": page.turned,
        "confidence": page_warnings.confidence(page, found.probabilities),
        "warnings": [{"kind": one.kind, "sentence": one.sentence} for one in told],
        "grid": _grid(page, [found.best(i, 1)[0][0] for i in range(len(found.probabilities))]),
    }
    return plain if words is None else {**plain, "in_context": _in_context(run, found, words)}


def _in_context(run: Run, found: PagePrediction, words: Sequence[str]) -> dict[str, Any]:
    reading = context.read_in_context(
        found.page.lines,
        run.classes,
        found.probabilities,
        characters=character_set.characters_of(run),
        words=words,
    )
    sure = reading.probabilities.max(axis=1).tolist()
    each = zip(reading.characters, sure, strict=True)
    lines = [
        [dict(zip(("character", "probability"), next(each), strict=True)) for _ in line]
        for line in found.page.lines
    ]
    return {"text": reading.text, "lines": lines}


def _grid(page: Page, characters: list[str]) -> dict[str, Any] | None:
    if page.grid is None:
        return None
    return {
        "rows": page.grid.rows,
        "columns": page.grid.columns,
        "table": page.grid.table(characters),
    }


def of_kept_drawing(drawing: Drawing) -> dict[str, Any]:
    """A kept drawing without its strokes: what it is, whose, and what runs read in it."""
    names = ("id", "label", "time", "source", "owner", "writer", "predictions")
    return {name: getattr(drawing, name) for name in names}


def of_kept(run: Run, drawings: Sequence[Drawing], store: Store) -> dict[str, Any]:
    """How well a run reads kept drawings that it wasn't trained on.

    Parameters
    ----------
    run : Run
    drawings : sequence of Drawing
    store : Store
        That they are kept in.

    Returns
    -------
    dict
        The report's summary by name; beside it ``run``, ``trained_on``, ``data``, ``drawings``,
        ``left_out``, ``accuracy_interval`` (95 %, Wilson) and ``confused_pairs``.

    Raises
    ------
    HandwritingError
        None of them is left to measure on.
    """
    fresh = drawing_store.not_trained_on(run, drawings)
    data = drawing_store.as_part(fresh, run.classes, run.manifest["data"]["split"])
    report = drawing_store.evaluate_kept(run, fresh, store)
    count = len(report.labels)
    return {
        "run": run.name,
        "trained_on": run.manifest["data"]["train"]["name"],
        "data": data.name,
        "drawings": count,
        "left_out": len(drawings) - count,
        **report.summary(),
        "accuracy_interval": [float(end) for end in wilson(report.accuracy, count)],
        "confused_pairs": report.confused_pairs(10).to_dict("records"),
    }
