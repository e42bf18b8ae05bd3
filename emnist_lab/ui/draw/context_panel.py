"""A word or page read by the company of its characters, beside the plain reading; on demand."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from emnist_lab.handwriting import context
from emnist_lab.handwriting.character_set import characters_of
from emnist_lab.handwriting.characters import Character
from emnist_lab.metrics.percent import percent
from emnist_lab.runs.run import Run

_MOST = 5_000  # letters of the words that are expected


def show_context(
    run: Run, lines: Sequence[Sequence[Character]], probabilities: np.ndarray, key: str
) -> None:
    """Offer what characters are by their neighbours and heights, and show it where it is wanted.

    Parameters
    ----------
    run : Run
    lines : sequence of sequences of Character
    probabilities : ndarray of shape (N, C)
        What the run says of each alone, in reading order.
    key : str
        Of the widgets.
    """
    wanted = st.toggle(
        "Use the neighbours",
        key=f"{key}-context",
        help="A 0 among digits is no O, and a letter half as high as its neighbours is a small "
        "one. The plain reading, each character alone, stays above.",
    )
    if not wanted:
        return
    expected = st.text_input(
        "Words to expect",
        key=f"{key}-words",
        max_chars=_MOST,
        placeholder="none: or as in red, green, pen",
        width=420,
    )
    words = expected.replace(",", " ").split()
    found = context.read_in_context(
        lines, run.classes, probabilities, characters=characters_of(run), words=words
    )
    st.code(found.text, language=None, wrap_lines=True)
    sure = found.probabilities.max(axis=1).mean()
    st.caption(
        f"By neighbours and heights{', and words to expect' if words else ''}; mean probability "
        f"{percent(sure, 0)}."
    )
