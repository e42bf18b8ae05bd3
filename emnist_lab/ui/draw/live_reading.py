"""A drawing as it is read after every stroke: the example until there is one, runs, readings."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from emnist_lab.errors import RunError
from emnist_lab.handwriting import character_set, drawing_reader, ink, scribble_detector
from emnist_lab.handwriting.ink import Raster
from emnist_lab.metrics.percent import percent
from emnist_lab.runs.run import Run
from emnist_lab.ui import messages
from emnist_lab.ui.components.board import Board
from emnist_lab.ui.components.readings import Prediction, readings
from emnist_lab.ui.formatting import plain

# Shown until something is drawn: a B, which gradients tell from the 8 that raw pixels take it for.
_EXAMPLE = [
    [(95, 50), (92, 225)],
    [
        *[(95, 55), (132, 57), (153, 68), (164, 87), (164, 106), (152, 123), (124, 134)],
        *[(137, 135), (160, 146), (174, 163), (177, 182), (170, 201), (153, 216), (128, 223)],
        (92, 224),
    ],
]


class Shown(NamedTuple):
    """What is read: the person's drawing, or the example where the board is empty.

    Attributes
    ----------
    drawing : Raster
    example : bool
    """

    drawing: Raster
    example: bool

    @property
    def image(self) -> np.ndarray:
        """The EMNIST image: ndarray of shape (28, 28), dtype uint8."""
        return self.drawing.image


def take(drawn: Board) -> Shown:
    """What is on a board, or the example; raises `InkError`."""
    strokes = drawn.strokes or _EXAMPLE
    return Shown(ink.rasterize(strokes, drawn.pen_width), not drawn.strokes)


def read(drawing: Raster, runs: list[Run]) -> list[tuple[Run, Prediction]]:
    """What runs say of a drawing; one that fails is said, and the others go on."""
    found = []
    for run in runs:
        try:
            run.warm_up()
            probabilities = drawing_reader.predict_raster(run, drawing)
        except RunError as error:
            messages.say_error(error)
        else:
            names = character_set.names_of(run)
            found.append((run, Prediction(run.name, run.classes, probabilities, names)))
    return found


def is_scribble(shown: Shown) -> bool:
    """Whether it shows no character."""
    return bool(scribble_detector.is_scribble(shown.image[None])[0])


def show(shown: Shown, found: list[tuple[Run, Prediction]], key: str) -> None:
    """Show readings of what `take` gave, and say where it is no character.

    Parameters
    ----------
    shown : Shown
    found : list of (Run, Prediction)
        As `read` gives them.
    key : str
        Of the widget.
    """
    scribble = is_scribble(shown)
    readings(
        [one for _, one in found],
        key=key,
        heading="An example, not yours: a B" if shown.example else "Your drawing",
        example=shown.image if shown.example else None,
        scribble=scribble,
    )
    if scribble:
        _say_scribble()


def _say_scribble() -> None:
    """That the drawing shows no character, and how often that is said wrongly."""
    rates = scribble_detector.operating_point()
    wrong = [f"{percent(share)} of the {name}" for name, share in rates["wrongly_refused"].items()]
    least, most = (percent(find(rates["refused"].values()), 0) for find in (min, max))
    st.markdown(
        f":material/gesture: **{scribble_detector.REJECTED}**",
        help=f"Said of {least} to {most} of scribbles, by their kind; wrongly of "
        f"{plain(' and of '.join(wrong))}. What a run would say shows all the same.",
    )
