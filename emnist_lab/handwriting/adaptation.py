"""A run that has learned one person's hand: Run × labelled drawings -> Run.

See `emnist_lab.models.writer_adaptation` for how it reads.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from ..data.classes import class_index
from ..errors import HandwritingError, InkError
from ..models.writer_adaptation import WriterAdaptedClassifier
from ..runs.run import Run
from . import drawing_reader, ink
from .drawing_store.drawing import Drawing

_STEP = "adapted"  # of the pipeline
_CONTRADICTION = 0.85  # similarity of two drawings with different labels
_LONGEST = 250  # characters of a data name
_BEFORE = ("temperature", "tempered", "prior")  # of a manifest: the base's, inside the classifier


@dataclass(frozen=True, eq=False)
class Adaptation:
    """A run that learned a hand, and what that brought, measured by leave-one-out.

    Attributes
    ----------
    run : Run
        In memory: `Run.save` keeps it.
    used : ndarray of shape (M,), dtype int64
        Which of the drawings it learned from, by their place; the others have no label, one that
        the run has no class for, no ink that can be read, or ten later ones of their class.
    labels : ndarray of shape (M,), dtype int64
        Index of each one's class.
    before, after : ndarray of shape (M, C), dtype float64
        What the base says of each, and what it says with the person's other drawings.
    repeated : ndarray of shape (M,), dtype bool
        Whether there is another drawing of the same character: of these, `after` is a measurement.
        Of the others it leaves out all that was drawn of the character.
    contradictions : list of (int, int, float)
        Places of two drawings that look alike and have different labels, and how alike they are.
    """

    run: Run
    used: np.ndarray
    labels: np.ndarray
    before: np.ndarray
    after: np.ndarray
    repeated: np.ndarray
    contradictions: list[tuple[int, int, float]]

    def right(self) -> tuple[int, int, int]:
        """How many drawings can be measured, and are read right before and after."""
        some = self.repeated
        found = [
            int((one[some].argmax(axis=1) == self.labels[some]).sum())
            for one in (self.before, self.after)
        ]
        return int(some.sum()), *found


def adapt(
    run: Run, drawings: Sequence[Mapping[str, Any] | Drawing], writer: str | None = None
) -> Run:
    """Let a run learn one person's hand; it reads characters that were not drawn as before.

    Parameters
    ----------
    run : Run
        Which reads; one that was adapted already learns anew, from its own base.
    drawings : sequence of dict or Drawing
        With ``strokes`` and ``label``, and ``writer`` where there are several; see
        `emnist_lab.handwriting.stroke_files.read_drawings`.
    writer : str, optional
        Only this one's.

    Returns
    -------
    Run
        In memory: `Run.save` keeps it, whole, with its base. Its manifest says under ``adapted``
        what it was adapted from, and with how many drawings of which characters.

    Raises
    ------
    HandwritingError
        There is nothing to learn from, or the drawings are by several people.

    Examples
    --------
    >>> from emnist_lab.runs.registry import open_run
    >>> bar, hook = [[(0, 0), (0, 90)]], [[(0, 0), (60, 0), (20, 90)]]
    >>> mine = [{"label": "1", "strokes": bar}, {"label": "7", "strokes": hook}]
    >>> mine = adapt(open_run("hog-qda"), mine)
    >>> mine.manifest["adapted"]["drawings"], mine.name
    ({'1': 1, '7': 1}, 'hog-qda-hand')
    """
    return learn(run, drawings, writer).run


def learn(
    run: Run,
    drawings: Sequence[Mapping[str, Any] | Drawing],
    writer: str | None = None,
    images: dict[int, np.ndarray] | None = None,
) -> Adaptation:
    """As `adapt`, and say what it brought.

    Parameters
    ----------
    run, drawings, writer
        As for `adapt`.
    images : dict of int to ndarray, optional
        Number of a kept drawing -> its `variations`, where they are made already; others are added.

    Returns
    -------
    Adaptation

    Raises
    ------
    HandwritingError
        See `adapt`.
    """
    chosen = _of_writer(drawings, writer)
    made, labels, characters, places = _images(run, drawings, chosen, images)
    base = base_of(run)
    begun = time.perf_counter()
    model = WriterAdaptedClassifier(*base).fit(made, labels, characters)
    seconds = time.perf_counter() - begun
    used = places[model.kept_]
    labels = labels[model.kept_]
    columns = np.asarray(model.classes_)
    before, after = (_spread(run, columns, one) for one in model.leave_one_out())
    found = Adaptation(
        Run(_manifest(run, len(chosen), used, model, seconds)),
        used,
        labels,
        before,
        after,
        model.repeated_,
        _contradictions(model, used),
    )
    found.run.model = Pipeline([(_STEP, model)])
    total, *right = found.right()
    found.run.manifest["adapted"]["leave_one_out"] = {
        "drawings": total, "right_before": right[0], "right_after": right[1],
    }  # fmt: skip
    return found


def base_of(run: Run) -> tuple[Any, float, np.ndarray | None]:
    """The classifier that a run was before it learned a hand, and how its answers are made.

    Parameters
    ----------
    run : Run

    Returns
    -------
    model : sklearn.pipeline.Pipeline
    temperature : float
        See `Run.temperature`.
    class_weights : ndarray or None
        See `Run.class_weights`; one a class of the model.
    """
    last = run.model[-1]
    if isinstance(last, WriterAdaptedClassifier):
        return last.base, float(last.temperature), last.class_weights
    weights = run.class_weights
    return run.model, run.temperature, None if weights is None else weights[run.model.classes_]


def is_adapted(run: Run) -> bool:
    """Whether a run has learned a hand."""
    return "adapted" in run.manifest


def _of_writer(drawings, writer) -> list[int]:
    """Places of the drawings by one person: all, where none is named and there is only one."""
    writers = [_plain(one)[1] for one in drawings]
    people = sorted({str(one) for one in writers if one})
    known = ", ".join(people)[:80]
    if writer is not None:
        if not (found := [place for place, one in enumerate(writers) if one == writer]):
            choose = f": choose one of {known}" if people else ""
            raise HandwritingError(f"There are no drawings by {str(writer)[:40]!r}{choose}.")
        return found
    if len(people) > 1:
        raise HandwritingError(
            f"The drawings are by {len(people)} people: choose one of them, for a run learns one "
            f"hand ({known})."
        )
    return list(range(len(drawings)))


def _images(run, drawings, chosen, known) -> tuple[np.ndarray, np.ndarray, list[str], np.ndarray]:
    """Images, classes, characters and places of the drawings that can be learned from."""
    given = {place: _plain(drawings[place], known) for place in chosen}
    labelled = [place for place, (label, _, _) in given.items() if label]
    if not labelled:
        raise HandwritingError(
            "There are no drawings with labels to learn from: say of each which character it is."
        )
    images, labels, characters, places = [], [], [], []
    for place in labelled:
        label, _, make = given[place]
        index = class_index(str(label), run.classes)
        if index is None:
            continue
        try:
            images.append(_enough(make()))
        except InkError:
            continue
        labels.append(index)
        characters.append(str(label))
        places.append(place)
    if not images:
        raise HandwritingError(
            f"None of the {len(labelled):,} drawings is of a class that {run.name} knows: choose "
            "another run, or draw some of its characters."
        )
    if len(set(labels)) == 1:
        raise HandwritingError(
            f"All drawings are of one class ({run.classes[labels[0]]}), so there is nothing to "
            "tell it from: draw at least one other character."
        )
    return np.stack(images), np.array(labels, np.int64), characters, np.array(places, np.int64)


def _plain(one, known=None):
    """Label, writer, and what makes the images of one drawing."""
    if isinstance(one, Drawing):
        return one.label, one.writer, lambda: _kept_images(one, known)
    return one.get("label"), one.get("writer"), lambda: ink.rasterize(one["strokes"], 0).variations


def _kept_images(one: Drawing, known: dict[int, np.ndarray] | None) -> np.ndarray:
    if known is None or one.id is None:
        return one.variations
    if one.id not in known:
        known[one.id] = one.variations
    return known[one.id]


def _enough(variations: np.ndarray) -> np.ndarray:
    """As many images as other drawings have: of a picture there is one, which stands for all."""
    return np.broadcast_to(variations, (ink.VARIATIONS, *variations.shape[1:]))


def _spread(run: Run, columns: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Probabilities of a model's classes as those of the run's, as drawings are read."""
    out = np.zeros((len(found), len(run.classes)))
    out[:, columns] = found
    out *= drawing_reader.case_prior(run)
    return out / out.sum(axis=1, keepdims=True)


def _contradictions(model, places) -> list[tuple[int, int, float]]:
    alike = model.similarities()
    differ = model.labels_[:, None] != model.labels_
    first, second = np.nonzero(np.triu((alike >= _CONTRADICTION) & differ, 1))
    found = [
        (int(places[one]), int(places[other]), float(alike[one, other]))
        for one, other in zip(first, second, strict=True)
    ]
    return sorted(found, key=lambda pair: -pair[2])


def _manifest(run, given, used, model, seconds) -> dict[str, Any]:
    counts = Counter(run.classes[label] for label in model.classes_[model.labels_])
    count = len(used)
    old = run.manifest
    named = old.get("adapted", {})
    trained = named.get("trained_on", old["data"]["train"]["name"])
    base = named.get("from", run.name)
    name = f"{trained[:_LONGEST]}, and {count} drawings by one hand"
    return {
        **{key: value for key, value in old.items() if key not in _BEFORE},
        "name": f"{base}-hand",
        "title": f"{named.get('title', old['title'])[:_LONGEST]}, adapted to one hand",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": {**old["data"], "train": {**old["data"]["train"], "name": name}, "test": None},
        "timings": {"fit_s": round(seconds, 3)},
        "curve": [],
        "scores": {},
        "files": {},
        "adapted": {
            "from": base,
            "title": named.get("title", old["title"]),
            "trained_on": trained,
            "model_sha256": named.get("model_sha256")
            or old["files"].get("model.skops", {}).get("sha256", ""),
            "drawings": dict(sorted(counts.items())),
            "left_out": given - count,
            "wrong_labels": round(model.wrong_labels_, 4),
            "scale": model.scale_,
        },
    }
