"""Keeping a drawing with its true label, one click each."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from emnist_lab.data.classes import display_names
from emnist_lab.errors import LabError
from emnist_lab.handwriting.drawing_store import Drawing, as_predictions
from emnist_lab.metrics.ranking import top_classes
from emnist_lab.server import drawing_access
from emnist_lab.ui import current_visitor, drawing_database, messages
from emnist_lab.ui.formatting import plain

_BUTTONS = 5  # likeliest characters that are one click away


def keep(
    image: np.ndarray,
    strokes: Sequence,
    pen_width: float | None,
    predictions: dict[str, tuple[Sequence[str], np.ndarray]],
    *,
    labels: Sequence[str] | None = None,
    key: str = "draw-keep",
    source: str = "drawn",
) -> None:
    """Buttons that keep a drawing with its true label, one click each.

    To be drawn after every change of the drawing. The database isn't asked
    before a button is pressed, so one that is away holds nobody up.

    Parameters
    ----------
    image : ndarray of shape (28, 28), dtype uint8
        What the runs saw.
    strokes : sequence of sequences of (x, y)
        Canvas pixels; empty for a character from a picture.
    pen_width : float or None
        Same unit.
    predictions : dict of str to (classes, probabilities)
        Name of each run that read it -> its classes, and their (C,)
        probabilities. The first run's likeliest are offered as labels.
    labels : sequence of str, optional
        What else it may be, where that run reads some of its classes only.
    key : str
        Of the widgets.
    source : {"drawn", "picture"}
    """
    if not current_visitor.may("drawings"):
        return
    current_visitor.owner()  # asks the browser, so that it is known by the time of a click
    classes, probabilities = next(iter(predictions.values()))
    labels = list(labels or classes)
    names = dict(zip(labels, display_names(labels), strict=True))
    kept = {run: as_predictions(*one) for run, one in predictions.items()}

    def made(label: str) -> Drawing:
        if source == "picture" or not len(strokes):
            return Drawing(label, image, (), None, kept, source)
        return Drawing(label, image, strokes, pen_width, kept, source)

    def keep_as(label: str) -> None:
        try:
            drawing = made(label)
        except LabError as error:
            st.session_state[f"{key}-refused"] = str(error)
            return
        problem = keep_now([drawing])
        st.session_state[f"{key}-refused"] = problem
        if not problem:
            st.session_state[f"{key}-done"] = (drawing.digest, label)

    # A new widget after each choice: one that is only emptied by state may stay as it is in the
    # browser, where a second run of the script begins at once, and then choose once more.
    turn = st.session_state.get(f"{key}-turn", 0)
    other = f"{key}-other-{turn}"

    def chosen() -> None:
        label = st.session_state[other]
        st.session_state[f"{key}-turn"] = turn + 1
        if label is not None:
            keep_as(label)

    if problem := st.session_state.pop(f"{key}-refused", ""):
        messages.say_error(problem)
    done = st.session_state.get(f"{key}-done")
    if done and done[0] == made(done[1]).digest:
        with st.container(horizontal=True, vertical_alignment="center"):
            name = plain(names.get(done[1], done[1]))
            st.markdown(f":material/bookmark_added: Kept as **{name}**.")
            st.button(
                "Undo", icon=":material/undo:", key=f"{key}-undo", type="tertiary",
                on_click=_undo, args=(key, done[0]),
            )  # fmt: skip
            st.page_link(
                "pages/handwriting.py", label="My handwriting", icon=":material/history_edu:"
            )
        return
    st.caption(
        "Keep it in *My handwriting* with its true label:",
        help="Strokes, image and what the runs said are kept on this server, for this browser. "
        "Nothing is kept without this click.",
    )
    with st.container(horizontal=True, gap="small"):
        for index in top_classes(probabilities, _BUTTONS):
            label = classes[index]
            name = plain(names.get(label, label))
            st.button(name, key=f"{key}-as-{label}", on_click=keep_as, args=(label,))
        with st.popover("Other", icon=":material/more_horiz:"):
            st.pills(
                "True label",
                labels,
                format_func=names.get,
                key=other,
                on_change=chosen,
            )


def _undo(key: str, digest: str) -> None:
    """Take back what was kept last: by its digest, for its number isn't known here."""
    try:
        store, visitor = drawing_database.store(), current_visitor.visitor()
        newest = store.drawings(visitor.id or "", newest=5)
        drawing_access.delete(visitor, store, [one.id for one in newest if one.digest == digest])
    except LabError as error:
        st.session_state[f"{key}-refused"] = str(error)
        return
    st.session_state.pop(f"{key}-done", None)


def keep_now(drawings: Sequence[Drawing]) -> str:
    """Keep drawings for this browser; for callbacks.

    Parameters
    ----------
    drawings : sequence of Drawing

    Returns
    -------
    str
        Why it wasn't possible, a sentence; empty where it was.
    """
    try:
        drawing_access.keep(current_visitor.visitor(), drawing_database.store(), drawings)
    except LabError as error:
        return str(error)
    st.session_state.pop("handwriting-counts", None)
    return ""
