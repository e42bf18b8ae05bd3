"""What a person says that characters of a picture are, and keeping them."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from emnist_lab.errors import LabError
from emnist_lab.handwriting.drawing_store import Drawing
from emnist_lab.ui import current_visitor, messages
from emnist_lab.ui.draw import keep_buttons


@dataclass(frozen=True, eq=False)
class Correction:
    """What a person says that a character of a picture is.

    Attributes
    ----------
    image : ndarray of shape (28, 28), dtype uint8
    box : tuple of int
        Left, top, right, bottom in pixels of the upright picture.
    given : str
        Its true class.
    readings : list of (str, float)
        The five likeliest classes by the run, with their probabilities.
    run : str
        That run's name.
    picture : str
        SHA-256 of the picture's file.
    """

    image: np.ndarray
    box: tuple[int, int, int, int]
    given: str
    readings: list[tuple[str, float]]
    run: str
    picture: str


def keep_corrected(corrections: list[Correction]) -> None:
    """Offer to keep corrected characters in the database of drawings, with one click.

    Parameters
    ----------
    corrections : list of Correction
        See `scanned`.
    """
    if not current_visitor.may("drawings"):
        return
    session = st.session_state
    kept: set[Correction] = session.setdefault("draw_picture_kept", set())
    waiting = [one for one in corrections if one not in kept]
    if problem := session.pop("draw_picture_unkept", ""):
        messages.say_error(problem)
    if not waiting:
        if corrections:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(":material/bookmark_added: All corrections are kept.")
                st.page_link(
                    "pages/handwriting.py", label="My handwriting", icon=":material/history_edu:"
                )
        return
    current_visitor.owner()  # asks the browser, so that it is known by the time of a click

    def keep() -> None:
        try:
            drawings = [
                Drawing(
                    one.given,
                    one.image,
                    predictions={one.run: dict(one.readings)},
                    source="picture",
                )
                for one in waiting
            ]
            problem = keep_buttons.keep_now(drawings)
        except LabError as error:
            problem = str(error)
        session.draw_picture_unkept = problem
        if not problem:
            kept.update(waiting)

    count = len(waiting)
    st.button(
        f"Keep {'this corrected character' if count == 1 else f'{count} corrected characters'}",
        icon=":material/bookmark_add:",
        key="draw_picture_keep",
        on_click=keep,
        help="In My handwriting: the 28 × 28 image and its true label, not the picture. Nothing "
        "is kept without this click.",
    )
