"""Explanation of one prediction: occlusion, evidence by pixel, nearest training images."""

import numpy as np
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.data.classes import display_names
from emnist_lab.data.formats.base import SIDE
from emnist_lab.errors import RunError
from emnist_lab.evaluation import explain, neighbours
from emnist_lab.evaluation.evaluation import Evaluation
from emnist_lab.metrics import ranking
from emnist_lab.runs.run import Run
from emnist_lab.ui import background_pools, current_dataset, current_run, messages, task_panel
from emnist_lab.ui.formatting import plain

_NEAREST = 5


def show_explanation(evaluation: Evaluation, index: int, key: str) -> None:
    """Explain a prediction against the next likeliest class, or the label where that is unlikely.

    Parameters
    ----------
    evaluation : Evaluation
        With its part.
    index : int
        Of the image.
    key : str
        Of the widgets.
    """
    run, report = evaluation.run, evaluation.report
    scores, true = report.scores[index], int(report.labels[index])
    first, second = ranking.top_classes(scores)
    if true not in (first, second) and scores[true] > 0:
        second = true
    image = evaluation.part.images[index]
    names = display_names(run.classes)
    show_evidence(run, image, names, *(_of_run(evaluation, one, image) for one in (first, second)))
    show_nearest_images(run, image, key)


def _of_run(evaluation: Evaluation, index: int, image: np.ndarray) -> int:
    """The run's class behind one of the report's; of several the likeliest for an image."""
    if evaluation.coverage.members is None:
        return index
    members = evaluation.coverage.members[index]
    if len(members) == 1:
        return members[0]
    scores = current_run.open_run(evaluation.run.name).predict_proba(image[None])[0]
    return max(members, key=lambda one: scores[one])


def show_evidence(run: Run, image: np.ndarray, names: list[str], first: int, second: int) -> None:
    """Show which ink speaks for one class, and which for another.

    Parameters
    ----------
    run : Run
    image : ndarray of shape (28, 28), dtype uint8
    names : list of str
        Of the run's classes.
    first, second : int
        Indices of classes.
    """
    a, b = plain(names[first]), plain(names[second])
    st.markdown(f"**Why {a} and not {b}**")
    opened = current_run.open_run(run.name)
    with st.container(horizontal=True):
        _map(
            thumbnails.evidence(
                image, _occlusion(*run.version_key(), image.tobytes(), first, second)
            ),
            "Occlusion",
            f"Patches of 6×6 pixels are blanked by turns: orange where that makes {a} "
            f"less likely against {b}, blue where more (Zeiler and Fergus 2014).",
        )
        if explain.is_linear(opened):
            found = explain.evidence(opened, image, first, second)
            _map(
                thumbnails.evidence(image, found.pixels),
                "Evidence",
                f"This run adds up pixels: orange ones speak for {a}, blue ones for {b}; "
                f"log-odds {found.log_odds:+.2f}.",
            )


@st.cache_data(max_entries=256, show_spinner=False)
def _occlusion(folder: str, stamp: int, image: bytes, first: int, second: int) -> np.ndarray:
    pixels = np.frombuffer(image, np.uint8).reshape(SIDE, SIDE)
    return explain.occlusion(current_run.opened(folder, stamp), pixels, first, second)


def _map(picture: bytes, title: str, about: str) -> None:
    with st.container(width=220):
        st.image(picture, width=140, alt=title)
        st.caption(f"**{title}.** {about}")


def show_nearest_images(run: Run, image: np.ndarray, key: str) -> None:
    """Show the training images that are most like an image, where they are at hand.

    Parameters
    ----------
    run : Run
    image : ndarray of shape (28, 28), dtype uint8
    key : str
        Of the widgets.
    """
    split = run.manifest["data"]["split"]
    if (split, "train") not in current_dataset.available()[0]:
        st.caption("The nearest training images show where the training subset is at hand.")
        return
    opened, train = current_run.open_run(run.name), current_dataset.load(split, "train")
    try:
        space = task_panel.result_or_progress(
            background_pools.neighbours(),
            (*run.version_key(), *current_dataset.version_key(split, "train")),
            lambda tell: neighbours.NearestNeighbours(
                opened, neighbours.find_training_images(opened, train), tell
            ),
            about="Looking at the training images",
            name=f"evaluate-neighbours-{key}",
        )
    except RunError as error:
        st.caption(f"No nearest training images: {messages.sentence(error)}")
        return
    if space is None:
        return
    found, _ = space.find(image, _NEAREST)
    names = display_names(space.part.classes)
    named = ", ".join(plain(names[space.part.labels[index]]) for index in found)
    st.image(
        thumbnails.png(thumbnails.sprite(space.part.images[found], _NEAREST), 4),
        width=400,
        alt="The nearest training images",
    )
    st.caption(
        f"**Nearest training images**, by the features that the run's classifier sees: {named}. "
        f"From the {plain(space.part.name)}."
    )
