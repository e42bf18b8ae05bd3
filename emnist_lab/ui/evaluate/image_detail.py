"""Test images behind a number: a gallery, and the picked one with what the run says of it."""

import numpy as np
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.errors import LabError
from emnist_lab.evaluation.evaluation import Evaluation
from emnist_lab.metrics.percent import percent
from emnist_lab.metrics.ranking import top_classes
from emnist_lab.server import mark_access
from emnist_lab.ui import current_evaluation, current_visitor, messages
from emnist_lab.ui.components.gallery import gallery
from emnist_lab.ui.evaluate.explanation_panel import show_explanation
from emnist_lab.ui.formatting import bars, plain

_SHOWN = 480  # images of a gallery
_LIKELIEST = 5  # classes named beside the picked image


def images(
    evaluation: Evaluation,
    indices: np.ndarray,
    *,
    key: str,
    label: str,
    height: int = 232,
    order: str = "Highest confidence first",
    onwards: bool = False,
) -> None:
    """Show test images of a run, and one of them large; or say why they can't be shown.

    Parameters
    ----------
    evaluation : Evaluation
    indices : ndarray of int64
        Images to show, in their order; only the first ones are shown where there are many.
    key : str
        Of the widgets.
    label : str
        What the gallery shows, for those who can't see.
    height : int
        The gallery scrolls beyond this many CSS pixels.
    order : str
        How the images are sorted, for people.
    onwards : bool
        Where the picked image has left the list, the next one is picked, not the first.
    """
    if not len(indices):
        st.caption("Not one image.")
        return
    part, report = evaluation.part, evaluation.report
    if part is None:
        current_evaluation.say_no_images(evaluation, key)
        return
    here = indices[:_SHOWN]
    picked_key, place_key = f"evaluate-picked-{key}", f"evaluate-place-{key}"
    picked, place = st.session_state.get(picked_key), 0
    if picked in here:
        place = int(np.flatnonzero(here == picked)[0])
    elif onwards:
        place = min(st.session_state.get(place_key, 0), len(here) - 1)
    st.session_state[place_key] = place
    picked = int(here[place])
    confidence = report.scores[here].max(axis=1)
    gallery(
        part.images[here],
        [int(index) for index in here],
        [
            f"{report.names[report.labels[i]]} predicted as {report.names[report.predicted[i]]} "
            f"({percent(share, 0)}), image {i}"
            for i, share in zip(here, confidence, strict=True)
        ],
        key=f"evaluate-gallery-{key}",
        label=label,
        selected=picked,
        on_pick=lambda index: st.session_state.update({picked_key: index}),
        height=height,
    )
    many = f"The first {len(here)} of {len(indices):,}. " if len(indices) > len(here) else ""
    st.caption(f"{many}{order}; pick one to look into it.")
    detail(evaluation, picked, key=key)


def _mark(evaluation: Evaluation, index: int, key: str) -> None:
    """A button that marks an image's label as wrong, or takes the mark back."""
    at, report = evaluation.fingerprint, evaluation.report
    if not current_visitor.may("marks"):
        return
    if failed := st.session_state.pop(f"evaluate-mark-failed-{key}", None):
        messages.say_error(failed)
    try:
        marked = any(one.image == index for one in mark_access.read(current_visitor.visitor(), at))
    except LabError as error:
        messages.say_error(error)
        return

    def change() -> None:
        given, read = (report.classes[one[index]] for one in (report.labels, report.predicted))
        try:
            if marked:
                mark_access.unmark(current_visitor.visitor(), at, index)
            else:
                mark_access.mark(
                    current_visitor.visitor(),
                    at,
                    mark_access.Mark(index, given, None if read == given else read),
                )
        except LabError as error:
            st.session_state[f"evaluate-mark-failed-{key}"] = str(error)

    st.button(
        "Take the mark back" if marked else "The label is wrong",
        icon=":material/undo:" if marked else ":material/flag:",
        key=f"evaluate-mark-{key}",
        on_click=change,
        help="Marks are kept with this test subset, for all runs: see Label errors.",
    )


def detail(evaluation: Evaluation, index: int, *, key: str) -> None:
    """One test image: what it is, and the classes that the run finds likeliest.

    Parameters
    ----------
    evaluation : Evaluation
        With its part.
    index : int
        Of the image.
    key : str
        Of the widgets.
    """
    report, part = evaluation.report, evaluation.part
    true, scores = report.names[report.labels[index]], report.scores[index]
    best = top_classes(scores, _LIKELIEST)
    with st.container(horizontal=True, vertical_alignment="top", key=f"evaluate-detail-{key}"):
        st.image(
            thumbnails.png(part.images[index], 5), width=140, alt=f"Test image {index}: {true}"
        )
        with st.container(width=300):
            right = report.predicted[index] == report.labels[index]
            verdict = "correct" if right else f"predicted as **{plain(report.names[best[0]])}**"
            st.markdown(f"Image {index:,} is **{plain(true)}**, {verdict}")
            st.html(bars([report.names[one] for one in best], scores[best].tolist()))
            _mark(evaluation, index, key)
    more = st.expander(
        "Explanation", key=f"evaluate-explanation-{key}", on_change="rerun", icon=":material/help:"
    )
    if more.open:
        with more:
            show_explanation(evaluation, index, key)
