"""What runs read in a drawing: an answer and the likeliest classes, as bars that move.

`st.html` makes its elements anew each time, so what it shows can only jump.
"""

from typing import NamedTuple

import numpy as np
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.data.classes import display_names
from emnist_lab.handwriting.decision import decide
from emnist_lab.metrics.percent import percent
from emnist_lab.metrics.ranking import top_classes
from emnist_lab.ui.components.component_files import files_beside

_SHOWN = 5  # classes
_HTML = '<div class="el-readings"><p class="heading"></p><div class="all"></div></div>'


# Styles aren't isolated: timings wait for the bars by their class in the page itself.
_readings = st.components.v2.component(
    "emnist_lab_readings",
    html=_HTML,
    **files_beside(__file__),
    isolate_styles=False,
)


class Prediction(NamedTuple):
    """What one run says of one image.

    Attributes
    ----------
    who : str
        The run's name.
    classes : list of str
    probabilities : ndarray of shape (C,)
    names : list of str, optional
        Of the classes, for people; see `emnist_lab.data.classes.display_names`.
    """

    who: str
    classes: list[str]
    probabilities: np.ndarray
    names: list[str] | None = None


def readings(
    found: list[Prediction],
    *,
    key: str,
    heading: str = "Your drawing",
    example: np.ndarray | None = None,
    scribble: bool = False,
) -> None:
    """Show readings of one image side by side.

    Parameters
    ----------
    found : list of Prediction
    key : str
        Of the widget.
    heading : str
        What the image is.
    example : ndarray of shape (28, 28), dtype uint8, optional
        The image, where it isn't the person's own drawing.
    scribble : bool
        It shows no character, so no answer is named; see
        `emnist_lab.handwriting.scribble_detector`.
    """
    columns = [_column(one, scribble) for one in found]
    picture = None if example is None else thumbnails.data_url(example)
    _readings(key=key, data={"columns": columns, "heading": heading, "example": picture})


def answer(one: Prediction, scribble: bool = False) -> tuple[str, str]:
    """What a prediction comes to, in a few words.

    Parameters
    ----------
    one : Prediction
    scribble : bool
        As for `readings`.

    Returns
    -------
    answer, beside : str
        ``"B"`` and ``"97%"``, or ``"Not sure"`` and ``"perhaps B"``.
    """
    names = one.names or display_names(one.classes)
    decision = decide(one.probabilities, one.classes)
    read = " / ".join(names[index] for index in decision.members)
    if scribble:
        return "Not sure", ""
    if not decision.sure:
        return "Not sure", f"perhaps {read}"
    sure = decision.probability
    return read, percent(sure, 1 if sure > 0.99 else 0)  # near 1 as its bar says


def _column(one: Prediction, scribble: bool = False) -> dict:
    names = one.names or display_names(one.classes)
    decision = decide(one.probabilities, one.classes)
    big, beside = answer(one, scribble)
    note = ""
    if not scribble and not decision.sure:
        note = "Whatever it names is more likely wrong than right."
    elif not scribble and len(decision.members) > 1:
        note = "One of these: alone, nobody can tell them apart."
    return {
        "who": one.who,
        "answer": big,
        "beside": beside,
        "note": note,
        "rows": [
            {
                "name": names[index],
                "probability": round(float(one.probabilities[index]), 5),
                "percent": percent(float(one.probabilities[index])),
                "named": index in decision.members and not scribble,
            }
            for index in top_classes(one.probabilities, _SHOWN)
        ],
    }
