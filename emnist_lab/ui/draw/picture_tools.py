"""What to know of a picture that is read badly, and what helps: cut out the writing, turn it."""

import io
from collections.abc import Callable

import streamlit as st
from PIL import Image

from emnist_lab.errors import LabError
from emnist_lab.handwriting.page_images import photo_crop
from emnist_lab.handwriting.page_images.page_warnings import PageWarning
from emnist_lab.ui import messages
from emnist_lab.ui.draw import picture_source

_ICONS = {
    "turned": ":material/rotate_90_degrees_cw:",
    "turn": ":material/rotate_90_degrees_cw:",
    "joined": ":material/join_inner:",
    "tiny": ":material/zoom_in:",
}
_NOTES = ("turned", "turn", "tiny", "few")  # the others are warnings
_LEAST = 5  # percent of a side that are left


def turn_of(picture: str) -> int | None:
    """By how many degrees a person has turned a picture; None where they haven't.

    Parameters
    ----------
    picture : str
        SHA-256 of its file.

    Returns
    -------
    int or None
    """
    return st.session_state.setdefault("draw_picture_turns", {}).get(picture)


def say_warnings(picture: str, told: list[PageWarning], turned: int, offered: int) -> None:
    """Show what to know of a page; a turn can be made, or taken back.

    Parameters
    ----------
    picture : str
        SHA-256 of its file.
    told : list of PageWarning
    turned, offered : int
        Degrees clockwise that it was turned by, and that are offered.
    """
    for one in told:
        show = st.info if one.kind in _NOTES else st.warning
        show(one.sentence, icon=_ICONS.get(one.kind, ":material/warning:"))
        if one.kind == "turn":
            _turn_button(picture, f"Turn it by {offered}°", offered)
        elif one.kind == "turned":
            _turn_button(picture, "Turn it back", 0)


def _turn_button(picture: str, label: str, degrees: int) -> None:
    st.button(
        label,
        icon=":material/rotate_90_degrees_cw:",
        key=f"draw_picture_turn_{degrees}",
        on_click=_turned(picture, degrees),
    )


def _turned(picture: str, degrees: int) -> Callable[[], None]:
    def turn() -> None:
        st.session_state.draw_picture_turns[picture] = degrees % 360
        st.session_state.pop("draw_picture_at", None)

    return turn


def crop_tool(data: bytes, picture: str, shown: bytes, turned: int) -> None:
    """Let a part of a picture be cut out, and the whole be turned by hand.

    Parameters
    ----------
    data : bytes
        Its file.
    picture : str
        SHA-256 of that.
    shown : bytes
        It as a JPEG, turned already.
    turned : int
        Degrees clockwise that it was turned by.
    """
    session = st.session_state
    with st.expander("Cut out the writing, or turn the picture", icon=":material/crop:"):
        across = st.slider(
            "From left to right", 0, 100, (0, 100), format="%d%%", key=f"draw_crop_x_{picture[:12]}"
        )
        down = st.slider(
            "From top to bottom", 0, 100, (0, 100), format="%d%%", key=f"draw_crop_y_{picture[:12]}"
        )
        enough = min(across[1] - across[0], down[1] - down[0]) >= _LEAST
        shares = (across[0] / 100, down[0] / 100, across[1] / 100, down[1] / 100)
        if enough and shares != (0, 0, 1, 1):
            st.image(_part(shown, shares), caption="What is left", alt="The part that is left")

        def cut() -> None:
            try:
                part = photo_crop.crop(data, shares, turned)
            except LabError as error:
                session.draw_picture_uncut = str(error)
                return
            name = session.get("draw_picture_name", "example")
            session.setdefault("draw_picture_whole", (data, name))
            picture_source.take(part, name)

        def restore() -> None:
            picture_source.take(*session.pop("draw_picture_whole"))

        if problem := session.pop("draw_picture_uncut", ""):
            messages.say_error(problem)
        with st.container(horizontal=True):
            st.button(
                "Cut out",
                icon=":material/crop:",
                key="draw_picture_cut",
                on_click=cut,
                disabled=not enough or shares == (0, 0, 1, 1),
            )
            if "draw_picture_whole" in session:
                st.button(
                    "The whole picture",
                    icon=":material/undo:",
                    key="draw_picture_restore",
                    on_click=restore,
                )
            for label, degrees in (("Turn left", 270), ("Turn right", 90)):
                st.button(
                    label,
                    icon=f":material/rotate_90_degrees_c{'c' if degrees == 270 else ''}w:",
                    key=f"draw_picture_{label}",
                    on_click=_turned(picture, turned + degrees),
                )


def _part(shown: bytes, shares: tuple[float, float, float, float]) -> Image.Image:
    """The part of a small picture that is left."""
    with Image.open(io.BytesIO(shown)) as whole:
        width, height = whole.size
        left, top, right, bottom = shares
        return whole.crop(
            (
                int(left * width),
                int(top * height),
                max(int(right * width), int(left * width) + 1),
                max(int(bottom * height), int(top * height) + 1),
            )
        )
