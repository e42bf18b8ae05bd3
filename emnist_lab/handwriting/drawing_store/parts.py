"""Kept drawings as data: a part to measure on, or to add to training images."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from ...data.classes import class_index
from ...data.part import Part
from ...errors import HandwritingError
from ...metrics.report import Report
from ...runs.run import Run
from .. import drawing_reader
from .drawing import Drawing
from .store import Store, open_store

MOST_TIMES = 100  # that a drawing is added to training images
_AT_ONCE = 500  # drawings that are read together
ALL = "all"  # whose drawings are added to training images, where it isn't one owner's


def of_classes(drawings: Sequence[Drawing], classes: Sequence[str]) -> list[Drawing]:
    """Drawings of some classes; a letter without a class counts as its other case.

    Parameters
    ----------
    drawings : sequence of Drawing
    classes : sequence of str

    Returns
    -------
    list of Drawing

    Examples
    --------
    >>> one = Drawing.from_strokes("c", [[(0, 0), (70, 0), (30, 100)]])
    >>> len(of_classes([one], ["A", "C"])), len(of_classes([one], ["A", "B"]))
    (1, 0)
    """
    known = {label: class_index(label, classes) for label in {one.label for one in drawings}}
    return [one for one in drawings if known[one.label] is not None]


def as_part(
    drawings: Sequence[Drawing], classes: Sequence[str], split: str = "handwriting"
) -> Part:
    """Drawings as images with labels, as a part of a dataset is.

    Parameters
    ----------
    drawings : sequence of Drawing
        Their images are those that were made when they were kept.
    classes : sequence of str
        A run's, or a training part's; drawings of other characters are left out.
    split : str
        Whose classes these are.

    Returns
    -------
    Part
        In the order of `drawings`, with a name that says what they are.

    Raises
    ------
    HandwritingError
        There is no drawing of these classes.

    Examples
    --------
    >>> one = Drawing.from_strokes("7", [[(0, 0), (70, 0), (30, 100)]])
    >>> as_part([one], ["1", "7"]).labels.tolist()
    [1]
    """
    classes, chosen = list(classes), of_classes(drawings, classes)
    if not chosen:
        kept = f"none of the {len(drawings):,} drawings kept here is" if drawings else "no drawing"
        raise HandwritingError(
            f"There is nothing to measure or to add: {kept} of the {len(classes)} classes "
            "that are asked for: draw some of these characters and keep them."
        )
    left = len(drawings) - len(chosen)
    people = {pair: place for place, pair in enumerate(dict.fromkeys(map(_person, chosen)))}
    return Part(
        images=np.stack([one.image for one in chosen]),
        labels=np.array([class_index(one.label, classes) for one in chosen], np.int64),
        classes=classes,
        split=split,
        part="handwriting",
        origin="handwriting",
        parent_name=f"handwriting kept here: {_many(len(chosen), 'drawing')} by "
        f"{_many(len(people), 'person', 'people')}",
        format="drawings",
        notes=(f"{left:,} drawings of other characters were left out.",) if left else (),
        handwriting=True,
        writers=np.array([people[_person(one)] for one in chosen], np.int64),
        writer_names=tuple(f"{writer or 'unnamed'} ({owner[:8]})" for owner, writer in people),
    )


def _person(one: Drawing) -> tuple[str, str | None]:
    return one.owner, one.writer


def evaluate_kept(
    run: Run,
    drawings: Sequence[Drawing],
    store: Store | None = None,
    images: dict[int, np.ndarray] | None = None,
) -> Report:
    """Measure a run on drawings, each read from its strokes as `drawing_reader.read` does.

    Parameters
    ----------
    run : Run
    drawings : sequence of Drawing
        Those of characters that the run has no class for are left out; see `of_classes`.
    store : Store, optional
        Where their strokes are looked up, a few hundred at a time, if `drawings` lack them.
    images : dict of int to ndarray, optional
        Number of a drawing -> its `Drawing.variations`, as far as they were made before: what
        is missing is added, so that the next run needn't draw them again.

    Returns
    -------
    Report

    Raises
    ------
    HandwritingError
        There is no drawing of these classes; or the database is away.
    RunError
        See `emnist_lab.runs.run.Run.predict_proba`.

    Examples
    --------
    >>> from emnist_lab.runs.registry import open_run
    >>> one = Drawing.from_strokes("7", [[(0, 0), (70, 0), (30, 100)]])
    >>> evaluate_kept(open_run("hog-qda"), [one]).accuracy
    1.0
    """
    part = as_part(drawings, run.classes)
    chosen, found = of_classes(drawings, run.classes), np.zeros((len(part), len(run.classes)))
    for start in range(0, len(chosen), _AT_ONCE):
        made = _variations(chosen[start : start + _AT_ONCE], store, images)
        for count in {len(one) for one in made}:
            here = [index for index, one in enumerate(made) if len(one) == count]
            found[np.add(start, here)] = drawing_reader.predict_variations(
                run, np.stack([made[index] for index in here])
            )
    return Report(part.labels, found, run.classes)


def _variations(
    drawings: Sequence[Drawing], store: Store | None, known: dict[int, np.ndarray] | None
) -> list[np.ndarray]:
    """What a run reads of each drawing; what is new is put into `known`."""
    known = {} if known is None else known
    missing = [one for one in drawings if one.id not in known]
    if store is not None and missing:
        whole = {one.id: one for one in store.drawings(ids=[one.id for one in missing])}
        missing = [whole.get(one.id, one) for one in missing]  # it may be deleted meanwhile
    made = [one.variations for one in missing]
    new = iter(made)
    found = [known[one.id] if one.id in known else next(new) for one in drawings]
    pairs = zip(missing, made, strict=True)
    known.update((one.id, images) for one, images in pairs if one.id is not None)
    return found


def with_kept_drawings(
    train: Part,
    whose: str = ALL,
    store: Store | None = None,
    *,
    times: int = 1,
    most: int | None = None,
) -> Part:
    """Training images, and the drawings that were kept of their classes.

    A few drawings among many images change little, so each may count several times.

    Parameters
    ----------
    train : Part
    whose : str
        An owner, or ``"all"``.
    store : Store, optional
        Where they are kept; see `emnist_lab.handwriting.drawing_store.open_store`.
    times : int
        How often each drawing is added, 1 to 100.
    most : int, optional
        Images that they may add together; no limit by default.

    Returns
    -------
    Part
        Its name tells both, and how often.

    Raises
    ------
    HandwritingError
        There are none, or their database is away; they can't count so often, or add too many.
    """
    if not 1 <= times <= MOST_TIMES:
        raise HandwritingError(
            f"A drawing can't count {times} times: choose a number from 1 to {MOST_TIMES}."
        )
    opened = store or open_store()
    try:
        drawings = opened.drawings(None if whose == ALL else whose, strokes=False)
    finally:
        if store is None:
            opened.close()
    own = as_part(drawings, train.classes, train.split)
    if most is not None and len(own) * times > most:
        raise HandwritingError(
            f"{len(own):,} drawings, each {times} times, are more than the {most:,} images that "
            "they may add here: let each count fewer times, or delete some."
        )
    if times > 1:
        own = replace(
            own,
            images=np.repeat(own.images, times, axis=0),
            labels=np.repeat(own.labels, times),
            writers=np.repeat(own.writers, times),
            parent_name=f"{own.name}, each {times} times",
        )
    return train.joined(own)


def not_trained_on(run: Run, drawings: Sequence[Drawing]) -> list[Drawing]:
    """Drawings that a run can't have been trained on: what its score may be measured on.

    Parameters
    ----------
    run : Run
    drawings : sequence of Drawing

    Returns
    -------
    list of Drawing
        All, unless kept drawings were among its training images, or it learned a hand
        from them; then those that were drawn after it was made.
    """
    manifest = run.manifest
    if not manifest["data"]["train"].get("handwriting") and "adapted" not in manifest:
        return list(drawings)
    try:
        made = datetime.fromisoformat(manifest["created"])
    except ValueError:
        return []  # no one knows when
    # A manifest says whole seconds: what was drawn within that one may have been learned from.
    made = made.replace(tzinfo=made.tzinfo or UTC) + timedelta(seconds=1)
    return [one for one in drawings if datetime.fromisoformat(one.time) >= made]


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count:,} {one if count == 1 else more or f'{one}s'}"
