"""Keeping drawings from any page, and offering them to training."""

import time
from collections.abc import Sequence

import numpy as np
import streamlit as st

from emnist_lab.data.classes import class_index
from emnist_lab.errors import LabError
from emnist_lab.handwriting.drawing_store.parts import ALL, MOST_TIMES
from emnist_lab.ui import current_visitor, drawing_database, messages

_TIMES = 20  # that a drawing counts, unless it is said otherwise
_REMEMBERED = 2.0  # seconds for which counts are taken as they were


def offer(classes: Sequence[str], shown: bool = True) -> tuple[str | None, np.ndarray, int]:
    """A box to tick: add the drawings kept here to training images.

    Parameters
    ----------
    classes : sequence of str
        That are trained on.
    shown : bool
        Whether there is a box; without one nothing is added.

    Returns
    -------
    whose : str or None
        Owner of those that are added, or ``"all"``; None for none.
    counts : ndarray of shape (C,), dtype int64
        Drawings of each class that are added.
    times : int
        How often each of them counts.
    """
    none = np.zeros(len(classes), np.int64)
    if not shown:
        return None, none, 1
    try:
        everyone = drawing_database.shared()
        if not everyone and current_visitor.owner() is None:
            return None, none, 1
        counts = _counts(ALL if everyone else st.session_state["owner"])
    except LabError as error:
        st.checkbox(
            "Add my handwriting",
            key="train-handwriting-not",
            disabled=True,
            help=messages.sentence(error),
        )
        return None, none, 1
    own = none.copy()
    for label, count in counts.items():
        index = class_index(label, list(classes))
        if index is not None:
            own[index] += count
    total = int(own.sum())
    what = "the handwriting kept here" if everyone else "my handwriting"
    ticked = st.checkbox(
        f"Add {what} ({total:,} drawing{'' if total == 1 else 's'})",
        key="train-handwriting",
        disabled=not total,
        help="The drawings on the Handwriting page, beside the training images: the run learns "
        "that hand, and says what it was trained on."
        if total
        else "None of these classes is kept yet: draw on the Draw page and keep what you drew.",
    )
    if not (ticked and total):
        return None, none, 1
    times = st.number_input(
        "Each counts, times",
        1,
        MOST_TIMES,
        min(_TIMES, MOST_TIMES),
        key="train-handwriting-repeat",
        width=150,
        help="Times that each drawing is among the training images: so that a few of yours have a "
        "say beside thousands of others'.",
    )
    return (ALL if everyone else st.session_state["owner"]), own, int(times)


def _counts(owner: str) -> dict[str, int]:
    """Drawings by label, asked for again after two seconds only: pages run often."""
    session, now = st.session_state, time.monotonic()
    kept = session.get("handwriting-counts")
    if kept is None or kept[0] != owner or now > kept[1]:
        found = drawing_database.store().counts(None if owner == ALL else owner)
        kept = session["handwriting-counts"] = (owner, now + _REMEMBERED, found)
    return kept[2]
