"""Kept drawings as data: a part to measure on, or to add to training images."""

from collections.abc import Sequence

import numpy as np

from ..dataset import Part, class_index
from ..errors import HandwritingError
from ..runs import Run
from .drawing import Drawing
from .store import Store, open_store

ALL = "all"  # whose drawings are added to training images, where it isn't one owner's


def fitting(drawings: Sequence[Drawing], classes: Sequence[str]) -> list[Drawing]:
    """Drawings of some classes; a letter without a class counts as its other case.

    Parameters
    ----------
    drawings : sequence of Drawing
    classes : sequence of str

    Returns
    -------
    list of Drawing
    """
    known = {label: class_index(label, classes) for label in {one.label for one in drawings}}
    return [one for one in drawings if known[one.label] is not None]


def part(drawings: Sequence[Drawing], classes: Sequence[str], split: str = "handwriting") -> Part:
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
    """
    classes, chosen = list(classes), fitting(drawings, classes)
    if not chosen:
        kept = f"none of the {len(drawings):,} drawings kept here is" if drawings else "no drawing"
        raise HandwritingError(
            f"There is nothing to measure or to add: {kept} of the {len(classes)} classes "
            "that are asked for: draw some of these characters and keep them."
        )
    left = len(drawings) - len(chosen)
    return Part(
        images=np.stack([one.image for one in chosen]),
        labels=np.array([class_index(one.label, classes) for one in chosen], np.int64),
        classes=classes,
        split=split,
        part="handwriting",
        origin="handwriting",
        parent_name=f"handwriting kept here: {_many(len(chosen), 'drawing')} by "
        f"{_many(len({(one.owner, one.writer) for one in chosen}), 'person', 'people')}",
        format="drawings",
        notes=(f"{left:,} drawings of other characters were left out.",) if left else (),
        handwriting=True,
    )


def added(train: Part, whose: str = ALL, store: Store | None = None) -> Part:
    """Training images, and the drawings that were kept of their classes.

    Parameters
    ----------
    train : Part
    whose : str
        An owner, or ``"all"``.
    store : Store, optional
        Where they are kept; see `emnist_lab.handwriting.open_store`.

    Returns
    -------
    Part
        Its name tells both.

    Raises
    ------
    HandwritingError
        There are none, or their database is away.
    """
    opened = store or open_store()
    try:
        drawings = opened.drawings(None if whose == ALL else whose, strokes=False)
    finally:
        if store is None:
            opened.close()
    return train.joined(part(drawings, train.classes, train.split))


def unseen(run: Run, drawings: Sequence[Drawing]) -> list[Drawing]:
    """Drawings that a run can't have been trained on: what its score may be measured on.

    Parameters
    ----------
    run : Run
    drawings : sequence of Drawing

    Returns
    -------
    list of Drawing
        All, unless kept drawings were among its training images; then those
        that were drawn after it was made.
    """
    if not run.manifest["data"]["train"].get("handwriting"):
        return list(drawings)
    return [one for one in drawings if one.time > run.manifest["created"]]


def _many(count: int, one: str, more: str = "") -> str:
    return f"{count:,} {one if count == 1 else more or f'{one}s'}"
