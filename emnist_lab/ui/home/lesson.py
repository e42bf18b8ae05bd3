"""The lesson of the shipped runs: the same drawing as each of three classifiers is given it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.evaluation import model_inputs
from emnist_lab.metrics import glossary
from emnist_lab.metrics.percent import percent
from emnist_lab.models import catalog
from emnist_lab.runs.run import Run
from emnist_lab.ui import current_run, provenance
from emnist_lab.ui.components.readings import Prediction, answer
from emnist_lab.ui.draw import live_reading
from emnist_lab.ui.draw.live_reading import Shown
from emnist_lab.ui.formatting import plain

_WIDE = 150  # CSS pixels of a picture
_STYLE = f"""<style>.el-sees{{display:block;width:{_WIDE}px;height:{_WIDE}px;border-radius:4px;
box-shadow:0 0 0 1px rgba(128,140,160,.45);image-rendering:pixelated}}
.el-sees.smooth{{image-rendering:auto}}</style>"""
_EDGES_ALONE = "hog-logistic"  # the recipe with the first card's classifier and the second's input


def _pixels(image: np.ndarray) -> np.ndarray:
    return image


def _edges(image: np.ndarray) -> np.ndarray:
    return model_inputs.edge_glyphs(model_inputs.oriented_edges(model_inputs.upright(image)))


def _variants(image: np.ndarray) -> np.ndarray:
    return thumbnails.sprite(model_inputs.warped_variants(image, 9), 3)


class Card(NamedTuple):
    """A shipped run as a picture of what it is given.

    Attributes
    ----------
    title, term : str
        What is given, and what it is called in the glossary.
    classifier, sees : str
        What reads it, and the picture in words.
    picture : callable
        From an image, ndarray of shape (28, 28), dtype uint8, to the picture of it.
    """

    title: str
    term: str
    classifier: str
    sees: str
    picture: Callable[[np.ndarray], np.ndarray]


CARDS = {
    "pixels-logistic": Card(
        "Pixels",
        "features",
        "Logistic regression on pixels",
        "784 grey levels, one weight each for every class.",
        _pixels,
    ),
    "hog-qda": Card(
        "Edges (HOG)",
        "HOG",
        "One Gaussian a class, on edges",
        "Which way edges run in each of 7 × 7 cells, once slant and proportions are normalised: "
        "the brighter, the stronger. Larger cells and the ink's thickness go with them.",
        _edges,
    ),
    "warped-blend": Card(
        "Augmented images",
        "augmentation",
        "An ensemble of neural networks",
        "Trained on images that are turned, stretched, slanted and bent anew each time, as these "
        "nine are; reads their edges, and features of pixels that it learned.",
        _variants,
    ),
}


def show(shown: Shown, known: list[tuple[Run, Prediction]]) -> None:
    """Show a card a run: what it is given of a drawing, its accuracy, and what it reads.

    Parameters
    ----------
    shown : Shown
        The drawing, or the example.
    known : list of (Run, Prediction)
        What is read already.

    Raises
    ------
    RunError
        A run of `CARDS` isn't there, or can't be opened.
    """
    what = "the example" if shown.example else "your drawing"
    st.header(f"What three classifiers see of {what}", anchor=False)
    scribble = live_reading.is_scribble(shown)
    read = {run.name: one for run, one in known}
    for column, (name, card) in zip(st.columns(len(CARDS)), CARDS.items(), strict=True):
        run = current_run.open_run(name)
        if name not in read:
            read.update((one.who, one) for _, one in live_reading.read(shown.drawing, [run]))
        with column.container(border=True, height="stretch"):
            _show_card(run, card, shown, read.get(name), scribble)
    _say_where_it_comes_from()


def _show_card(
    run: Run, card: Card, shown: Shown, prediction: Prediction | None, scribble: bool
) -> None:
    scores = run.manifest["scores"]
    st.subheader(card.title, anchor=False, help=glossary.help_of(card.term))
    what = "the example" if shown.example else "your drawing"
    with st.container(horizontal=True, gap="small"):
        smooth = "smooth" if card.picture is _edges else ""
        source = thumbnails.data_url(card.picture(shown.image))
        st.html(
            f'{_STYLE}<img class="el-sees {smooth}" decoding="sync" src="{source}" '
            f'alt="{card.title} of {what}">',
            width=_WIDE,
        )
        with st.container(width=120, gap="small"):
            about = glossary.help_of("accuracy")
            st.metric("Accuracy", percent(scores["accuracy"]), help=about)
            st.caption(f"ROC AUC {scores['roc_auc_ovo']:.4f}")
            images = run.manifest["data"]["train"]["images"]
            st.caption(f"Trained on {images:,} images")
    if prediction is not None:
        found, beside = (plain(one) for one in answer(prediction, scribble))
        beside = f" ({beside})" if beside else ""
        st.markdown(f"{what.capitalize()}: **{found}**{beside}")
    st.markdown(f"**{card.classifier}.** {card.sees}")
    st.page_link(
        "pages/evaluate.py",
        label=f"Evaluate {run.name}",
        icon=":material/grid_on:",
        query_params={"run": run.name},
    )


def _say_where_it_comes_from() -> None:
    reference = current_run.open_run(next(iter(CARDS))).manifest
    data, first = reference["data"], reference["scores"]["accuracy"]
    expected = catalog.get(_EDGES_ALONE).expected(data["train"]["images"])
    st.markdown(
        "What a classifier is given matters most: the logistic regression of the first card has an "
        f"accuracy of **{percent(first, 0)}**, and given edges (`{_EDGES_ALONE}`, on the Train "
        f"page) of about **{percent(expected.accuracy, 0)}**."
    )
    st.caption(
        "Trained and measured on a re-partition of EMNIST: not to be compared with published "
        "scores, which are made on the official split."
    )
    provenance.show(
        f"Trained on: {plain(data['train']['name'])}.",
        f"Measured on: {plain(data['test']['name'])}.",
        about="these figures",
    )
