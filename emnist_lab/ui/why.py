"""Why a run reads one image as it does: occlusion, evidence by pixel, nearest training images."""

import numpy as np
import streamlit as st

from emnist_lab import explain, pictures
from emnist_lab.dataset import display_names
from emnist_lab.errors import LabError
from emnist_lab.runs import Run
from emnist_lab.ui import state
from emnist_lab.ui.markup import plain

_NEAREST = 5


def why(run: Run, image: np.ndarray, names: list[str], true: int, scores: np.ndarray) -> None:
    """Show what speaks for a run's answer, and against it.

    Parameters
    ----------
    run : Run
    image : ndarray of shape (28, 28), dtype uint8
    names : list of str
        Of the run's classes.
    true : int
        The image's label: where the run errs, its answer is held against it.
    scores : ndarray of shape (C,), dtype float64
        The run's probabilities.
    """
    first, second = explain.likeliest(scores)
    if true not in (first, second) and scores[true] > 0:
        second = true
    a, b = plain(names[first]), plain(names[second])
    st.markdown(f"**Why {a}, and not {b}?**")
    try:
        opened = state.open_run(run.name)
        with st.container(horizontal=True):
            _map(
                pictures.evidence(image, explain.occlusion(opened, image, first, second)),
                "Occlusion",
                f"Patches of 6×6 pixels are blanked by turns: orange where that makes {a} "
                f"less likely against {b}, blue where more (Zeiler and Fergus 2014).",
            )
            if explain.is_linear(opened):
                found = explain.evidence(opened, image, first, second)
                _map(
                    pictures.evidence(image, found.pixels),
                    "Evidence",
                    f"This run adds up pixels: orange ones speak for {a}, blue ones for {b}; "
                    f"log-odds {found.log_odds:+.2f}.",
                )
        _nearest(opened, image)
    except LabError as error:
        state.say_error(error)


def _map(picture: bytes, title: str, about: str) -> None:
    with st.container(width=220):
        st.image(picture, width=140)
        st.caption(f"**{title}.** {about}")


def _nearest(run: Run, image: np.ndarray) -> None:
    split = run.manifest["data"]["split"]
    if (split, "train") not in state.available()[0]:
        st.caption("The nearest training images show where the training part is at hand.")
        return
    try:
        space = state.neighbours(run)
    except LabError as error:
        st.caption(plain(str(error)))
        return
    found, _ = space.find(image, _NEAREST)
    part = space.part
    names = display_names(part.classes)
    named = ", ".join(plain(names[part.labels[index]]) for index in found)
    st.image(pictures.png(pictures.sprite(part.images[found], _NEAREST), 4), width=400)
    st.caption(
        f"**Nearest training images**, as the run's classifier sees them: {named}. "
        f"From the {plain(part.name)}."
    )
