"""Why a run reads one image as it does: occlusion, evidence by pixel, nearest training images."""

import numpy as np
import streamlit as st

from emnist_lab import explain, pictures
from emnist_lab.dataset import SIDE, Part, display_names
from emnist_lab.metrics import Report
from emnist_lab.runs import Run
from emnist_lab.ui import inuse, measured, state
from emnist_lab.ui.markup import plain

_NEAREST = 5


def why(run: Run, part: Part, report: Report, index: int) -> None:
    """Show what speaks for a run's answer, and against the next: the label where that is unlikely.

    Parameters
    ----------
    run : Run
    part : Part
        Its test part.
    report : Report
        On it.
    index : int
        Of the image.
    """
    scores, true = report.scores[index], int(report.labels[index])
    first, second = explain.likeliest(scores)
    if true not in (first, second) and scores[true] > 0:
        second = true
    image = part.images[index]
    evidence(run, image, report.names, first, second, measured.measurement(run))
    nearest(run, image)


def evidence(
    run: Run, image: np.ndarray, names: list[str], first: int, second: int, key: tuple
) -> None:
    """Show which ink speaks for one class, and which for another.

    Parameters
    ----------
    run : Run
    image : ndarray of shape (28, 28), dtype uint8
    names : list of str
        Of the run's classes.
    first, second : int
        Indices of classes.
    key : tuple
        What changes when the run does.
    """
    a, b = plain(names[first]), plain(names[second])
    st.markdown(f"**Why {a}, and not {b}?**")
    with st.container(horizontal=True):
        _map(
            pictures.evidence(image, _occlusion(run.name, key, image.tobytes(), first, second)),
            "Occlusion",
            f"Patches of 6×6 pixels are blanked by turns: orange where that makes {a} "
            f"less likely against {b}, blue where more (Zeiler and Fergus 2014).",
        )
        opened = inuse.open_run(run.name)
        if explain.is_linear(opened):
            found = explain.evidence(opened, image, first, second)
            _map(
                pictures.evidence(image, found.pixels),
                "Evidence",
                f"This run adds up pixels: orange ones speak for {a}, blue ones for {b}; "
                f"log-odds {found.log_odds:+.2f}.",
            )


@st.cache_data(max_entries=256, show_spinner=False)
def _occlusion(name: str, key: tuple, image: bytes, first: int, second: int) -> np.ndarray:
    pixels = np.frombuffer(image, np.uint8).reshape(SIDE, SIDE)
    return explain.occlusion(inuse.open_run(name), pixels, first, second)


def _map(picture: bytes, title: str, about: str) -> None:
    with st.container(width=220):
        st.image(picture, width=140)
        st.caption(f"**{title}.** {about}")


def nearest(run: Run, image: np.ndarray) -> None:
    """Show the run's training images that are nearest to one, or say why there are none.

    Parameters
    ----------
    run : Run
    image : ndarray of shape (28, 28), dtype uint8
    """
    split = run.manifest["data"]["split"]
    if (split, "train") not in state.available()[0]:
        st.caption("The nearest training images show where the training part is at hand.")
        return
    space, problem = measured.neighbours(run)
    if space is None:
        st.caption(f"No nearest training images: {plain(problem)}")
        return
    found, _ = space.find(image, _NEAREST)
    part = space.part
    names = display_names(part.classes)
    named = ", ".join(plain(names[part.labels[index]]) for index in found)
    st.image(pictures.png(pictures.sprite(part.images[found], _NEAREST), 4), width=400)
    st.caption(
        f"**Nearest training images**, by the features that the run's classifier sees: {named}. "
        f"From the {plain(part.name)}."
    )
