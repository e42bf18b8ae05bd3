"""Which classes a run and labelled images have in common, where their splits differ.

EMNIST has splits that tell both cases of a letter apart, and splits that don't: where either the
run or the data doesn't, both cases count as one class.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..data.formats import official_files
from ..data.part import Part
from ..data.splits import SPLITS, mapping
from ..errors import RunError, TrainingError
from ..runs.run import Run

ALL, PRESENT = "all", "present"
OVER = (ALL, PRESENT)  # which classes probabilities are over
LEAVE_OUT, REFUSE = "leave-out", "refuse"
UNKNOWN = (LEAVE_OUT, REFUSE)  # what becomes of images whose class a run doesn't know


@dataclass(frozen=True)
class Coverage:
    """Which of its classes a run is measured on, and what became of the others.

    Attributes
    ----------
    over : {"all", "present"}
        Whether probabilities are over all classes of the run, or over those that have images.
    members : tuple of tuples of int, or None
        The run's classes that count as each class of the report; None where they are the same.
    joined : tuple of str
        Letters whose cases count as one class here, though the run or the data tells them apart.
    left_out : dict of str to int
        Classes that the run doesn't know -> images that were left out.
    absent : tuple of str, or None
        Names of classes without images; None for those of the report.
    """

    over: str = ALL
    members: tuple[tuple[int, ...], ...] | None = None
    joined: tuple[str, ...] = ()
    left_out: dict[str, int] = field(default_factory=dict)
    absent: tuple[str, ...] | None = None


def match(run: Run, part: Part, unknown: str = LEAVE_OUT) -> tuple[Part, Coverage]:
    """A part with labels that a run's answers can be held against.

    Parameters
    ----------
    run : Run
    part : Part
    unknown : {"leave-out", "refuse"}
        What becomes of images whose class the run doesn't know.

    Returns
    -------
    part : Part
        `part` itself where it has the run's classes. Else with the run's, where both cases of a
        letter are one class if either the run or the part tells them apart no more; only the
        images whose class the run knows.
    coverage : Coverage
        Over all classes.

    Raises
    ------
    RunError
        The run knows none of the classes that have images; or not all, and that is refused.
    TrainingError
        There are no images.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> part = lab.load("balanced", "test", root="demo").choose("01Cab")
    >>> found, coverage = match(lab.open_run("hog-qda"), part)
    >>> len(found.classes), len(found) == len(part), coverage.left_out
    (47, True, {})
    """
    if unknown not in UNKNOWN:
        raise TrainingError(f"There is no choice {unknown!r}: write {' or '.join(UNKNOWN)}.")
    if len(part) == 0:
        raise TrainingError("There are no images to measure on: choose another subset.")
    if list(part.classes) == list(run.classes):
        return part, Coverage()
    of_run, of_part, classes, joined = _common(run, part.classes, _told_apart(part))
    labels, counts = of_part[part.labels], part.counts()
    left_out = {
        name: int(count)
        for name, count, place in zip(part.classes, counts, of_part, strict=True)
        if count and place < 0
    }
    rows = np.flatnonzero(labels >= 0)
    if left_out and (unknown == REFUSE or not len(rows)):
        raise RunError(_refusal(run, left_out, len(part)))
    chosen = part if len(rows) == len(part) else part.take(rows)
    members = tuple(
        tuple(np.flatnonzero(of_run == place).tolist()) for place in range(len(classes))
    )
    own, seen = classes == list(run.classes), {classes[place] for place in np.unique(labels[rows])}
    coverage = Coverage(
        members=None if own else members,
        joined=tuple(one for one in joined if one in seen),
        left_out=left_out,
    )
    return replace(chosen, labels=labels[rows], classes=classes), coverage


def _refusal(run: Run, left_out: dict[str, int], images: int) -> str:
    count = sum(left_out.values())
    how = "choose a run or a split that fits"
    if count < images:
        how += ", or leave these images out"
    return (
        f"The run {run.name} has no class for {count:,} of the {images:,} images, those of "
        f"{', '.join(left_out)}: {how}."
    )


def _told_apart(part: Part) -> set[str]:
    """Characters that a part's labels tell apart; empty where they say no more than they name.

    Files of some letters alone may be of any split, whatever they were taken for.
    """
    every = set(mapping(part.split).values()) if part.split in SPLITS else set()
    known = part.format in official_files.FORMATS or every == set(part.classes)
    return every if known and set(part.classes) <= every else set()


def _common(
    run: Run, classes: Sequence[str], apart: set[str]
) -> tuple[np.ndarray, np.ndarray, list[str], tuple[str, ...]]:
    """Place of each class of a run and of a part among those of both; these; letters that join.

    `apart` are the characters that the part's labels tell apart, if that is known.
    """
    split = run.manifest["data"].get("split")
    own = set(mapping(split).values()) if split in SPLITS else set()
    own = own if set(run.classes) <= own else set(run.classes)
    known = [own, apart or own | set(classes)]

    def key(name: str) -> str:
        upper, lower = name.upper(), name.lower()
        letter = name.isascii() and name.isalpha()
        joined = letter and any((upper in every) != (lower in every) for every in known)
        return upper if joined else name

    keys = [key(one) for one in run.classes]
    order = list(dict.fromkeys(keys))
    place = {one: index for index, one in enumerate(order)}
    names = [run.classes[keys.index(one)] if keys.count(one) == 1 else one for one in order]
    of_run = np.array([place[one] for one in keys], np.int64)
    of_part = np.array([place.get(key(one), -1) for one in classes], np.int64)
    both = [{one for one in every if one.swapcase() in every - {one}} for every in known]
    apart = {one for one in both[0] | both[1] if one.isupper()}
    joined = tuple(one for one in order if one in apart and key(one) == key(one.lower()))
    return of_run, of_part, names, joined


def measurable(run: Run, splits: Iterable[str]) -> list[str]:
    """Splits that a run can be measured on, by their classes; the best first.

    Parameters
    ----------
    run : Run
    splits : iterable of str
        Those that are at hand.

    Returns
    -------
    list of str
        The run's own; then those of which it knows most classes; none of which it knows none.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> measurable(lab.open_run("hog-qda"), ["mnist", "letters", "balanced"])
    ['balanced', 'letters', 'mnist']
    """
    own, found = run.manifest["data"].get("split"), []
    for split in splits:
        classes = list(mapping(split).values()) if split in SPLITS else []
        known = int((_common(run, classes, set(classes))[1] >= 0).sum())
        if known or split == own:
            found.append((split != own, -known / max(len(classes), 1), -known, split))
    return [split for *_, split in sorted(found, key=lambda one: one[:3])]
