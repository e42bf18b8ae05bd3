"""Class prior: how frequent classes were in training, and for which frequencies a run answers."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import TrainingError
from ..metrics import label_shift

EQUAL, TRAINING, GIVEN = "equal", "training", "given"
NAMED = (EQUAL, TRAINING)
Prior = str | Mapping[str, float] | Sequence[float]
_PAIR = re.compile(r"(.)=([0-9]*\.?[0-9]+)(?:,|$)")


def entry(counts: Sequence[int], prior: Prior, classes: list[str]) -> dict[str, Any]:
    """What a manifest says of a run's prior.

    Parameters
    ----------
    counts : sequence of C int
        Training images of each class.
    prior : str, mapping or sequence
        What is to be answered for: ``"equal"``, ``"training"``, or how frequent classes are,
        in any unit: by class (1 for those that aren't named), in the order of `classes`, or as
        text (``"O=3,0=0.5"``).
    classes : list of str

    Returns
    -------
    dict
        ``training``, the counts; ``answers_for``, ``"equal"``, ``"training"`` or ``"given"``;
        then ``given`` too, a number a class.

    Raises
    ------
    TrainingError
        `prior` is none of these.

    Examples
    --------
    >>> entry([10, 30], "equal", ["0", "O"])
    {'training': [10, 30], 'answers_for': 'equal'}
    >>> entry([10, 30], "O=3", ["0", "O"])["given"]
    [1.0, 3.0]
    """
    made: dict[str, Any] = {"training": [int(one) for one in counts]}
    if isinstance(prior, str) and prior in NAMED:
        return made | {"answers_for": prior}
    return made | {"answers_for": GIVEN, "given": _given(prior, classes)}


def _given(prior: Prior, classes: list[str]) -> list[float]:
    remedy = (
        f"write {EQUAL}, {TRAINING}, or how frequent classes are, as in {classes[0]}=3,"
        f"{classes[1]}=0.5 (above 0; 1 for the others)"
    )
    if isinstance(prior, str):
        prior = prior.replace(" ", "")
        pairs = _PAIR.findall(prior)
        if "".join(f"{name}={value}," for name, value in pairs) != prior.rstrip(",") + ",":
            raise TrainingError(f"{prior[:60]!r} is no class prior: {remedy}.")
        prior = {name: float(value) for name, value in pairs}
    if isinstance(prior, Mapping):
        unknown = [str(name)[:10] for name in prior if name not in classes]
        if unknown:
            raise TrainingError(f"There is no class {unknown[0]!r} here: {remedy}.")
        prior = [prior.get(name, 1.0) for name in classes]
    try:
        found = np.asarray(prior, float)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.shape != (len(classes),) or not ((found >= 1e-9) & (found <= 1e9)).all():
        raise TrainingError(f"That is no prior of {len(classes)} classes: {remedy}.")
    return found.tolist()


def frequencies(about: Mapping[str, Any], which: str) -> np.ndarray:
    """How frequent each class is.

    Parameters
    ----------
    about : mapping
        As `entry` gives it.
    which : {"equal", "training", "given"}

    Returns
    -------
    ndarray of shape (C,), dtype float64
        Sum 1.

    Examples
    --------
    >>> about = entry([10, 30], "equal", ["0", "O"])
    >>> frequencies(about, "equal").tolist(), frequencies(about, "training").tolist()
    ([0.5, 0.5], [0.25, 0.75])
    """
    values = np.ones(len(about["training"])) if which == EQUAL else np.asarray(about[which], float)
    return values / values.sum()


def weights(about: Mapping[str, Any], wanted: np.ndarray | str | None = None) -> np.ndarray:
    """What the probabilities of a run's model are multiplied by.

    Parameters
    ----------
    about : mapping
        As `entry` gives it, perhaps with ``exponent`` (1 without; see
        `emnist_lab.models.prior_exponent`).
    wanted : ndarray of shape (C,), or str, optional
        Frequencies to answer for, or what they are called; those that the run answers for by
        default.

    Returns
    -------
    ndarray of shape (C,), dtype float64
        0 for a class that training had no image of.

    Examples
    --------
    >>> weights(entry([10, 30], "equal", ["0", "O"])).round(3).tolist()
    [2.0, 0.667]
    >>> weights(entry([10, 30], "training", ["0", "O"])).tolist()
    [1.0, 1.0]
    """
    counts = np.asarray(about["training"], float)
    wanted = about["answers_for"] if wanted is None else wanted
    if isinstance(wanted, str):
        if wanted == TRAINING:  # as the model answers
            return (counts > 0) * 1.0
        wanted = frequencies(about, wanted)
    learned = np.where(counts > 0, counts ** about.get("exponent", 1.0), 0)
    return label_shift.class_weights(learned, wanted)


def change(scores: np.ndarray, about: Mapping[str, Any], to: np.ndarray) -> np.ndarray:
    """Answers of a run, changed to other weights of its model's probabilities.

    Parameters
    ----------
    scores : ndarray of shape (N, C), dtype float64
        As the run answers.
    about : mapping
        Of the run; see `entry`.
    to : ndarray of shape (C,)
        See `weights`.

    Returns
    -------
    ndarray of shape (N, C), dtype float64
    """
    now = weights(about)
    return label_shift.adjust(scores, np.divide(to, now, where=now > 0, out=np.zeros_like(now)))


def describe(about: Mapping[str, Any] | None) -> str:
    """For which frequencies a run answers, as the rest of a sentence that says "answers for".

    Parameters
    ----------
    about : mapping or None
        ``manifest["prior"]``; None for a run of a version that kept none.

    Returns
    -------
    str

    Examples
    --------
    >>> describe(entry([10, 30], "equal", ["0", "O"])), describe(None)
    ('equally frequent classes', 'classes as frequent as in training')
    """
    which = TRAINING if about is None else about["answers_for"]
    return {
        EQUAL: "equally frequent classes",
        TRAINING: "classes as frequent as in training",
        GIVEN: "given class frequencies",
    }[which]
