"""A picture instead of a drawing: upload, paste or photograph it; its characters are read."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from emnist_lab.data import loading, thumbnails
from emnist_lab.data.classes import display_names
from emnist_lab.data.dataset_address import DEMO
from emnist_lab.errors import LabError
from emnist_lab.handwriting.drawing_store import Drawing
from emnist_lab.handwriting.page_images import example, page_reader, photo
from emnist_lab.metrics.ranking import top_labels
from emnist_lab.runs.run import Run
from emnist_lab.ui import current_run, formatting, messages, ownership
from emnist_lab.ui.components.character_boxes import boxes, cards
from emnist_lab.ui.draw import keep_buttons
from emnist_lab.ui.formatting import plain

_FROM = {
    "File": ":material/upload:",
    "Clipboard": ":material/content_paste:",
    "Camera": ":material/photo_camera:",
}
_EXAMPLE = ("PAGES hAVE", "LINES 4nd", "5HAD0WS 27")
_LOW = 20  # pixels: characters that are lower are read badly
_LARGEST = photo.LARGEST_FILE >> 20  # MB


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


@st.cache_resource(max_entries=8, show_spinner="Finding characters …")
def _found(data: bytes) -> tuple[page_reader.Page, bytes]:
    """The characters of a picture, and the picture as it is shown."""
    return page_reader.find(data), photo.preview(data)


@st.cache_resource(max_entries=16, show_spinner="Reading …")
def _read(name: str, mark: tuple, picture: str, _page: page_reader.Page) -> np.ndarray:
    return page_reader.read(current_run.open_run(name), _page).probabilities


@st.cache_resource(show_spinner=False)
def _example() -> bytes:
    """A page of generated images."""
    return example.example_page(loading.load("balanced", "test", root=DEMO), _EXAMPLE)


def scanned(run: Run) -> list[Correction]:
    """Have a picture chosen, show its characters and how a run reads them; take corrections.

    Parameters
    ----------
    run : Run
        On disk.

    Returns
    -------
    list of Correction
        Those made so far in this session, of this picture, in reading order. All are kept
        in the session's state under ``scan_corrections``.
    """
    session = st.session_state
    session.setdefault("scan_corrections", {})
    session.setdefault("scan_turn", 0)
    _choose()
    own = session.get("scan_picture")
    data = _example() if own is None else own
    picture = hashlib.sha256(data).hexdigest()
    try:
        page, shown = _found(data)
        probabilities = _read(run.name, current_run.version_key(run), picture, page)
    except LabError as error:
        messages.say_error(error)
        return []
    return _result(run, picture, page, shown, probabilities, own is None)


def keep_corrected(corrections: list[Correction]) -> None:
    """Offer to keep corrected characters in the database of drawings, with one click.

    Parameters
    ----------
    corrections : list of Correction
        See `scanned`.
    """
    session = st.session_state
    kept: set[Correction] = session.setdefault("scan_kept", set())
    waiting = [one for one in corrections if one not in kept]
    if problem := session.pop("scan_unkept", ""):
        messages.say_error(problem)
    if not waiting:
        if corrections:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(":material/bookmark_added: All corrections are kept.")
                st.page_link(
                    "pages/handwriting.py", label="My handwriting", icon=":material/history_edu:"
                )
        return
    ownership.owner()  # asks the browser, so that it is known by the time of a click

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
        session.scan_unkept = problem
        if not problem:
            kept.update(waiting)

    count = len(waiting)
    st.button(
        f"Keep {'this corrected character' if count == 1 else f'{count} corrected characters'}",
        icon=":material/bookmark_add:",
        key="scan_keep",
        on_click=keep,
        help="In My handwriting: the 28 × 28 image and what it truly is, not the picture. Nothing "
        "is kept without this click.",
    )


def _take(data: bytes, name: str) -> None:
    """Take a picture up; what was chosen in another goes with it."""
    st.session_state.scan_picture, st.session_state.scan_name = data, name
    st.session_state.pop("scan_at", None)


def _choose() -> None:
    """Where the picture comes from; whatever comes is taken up once, when it comes."""
    session = st.session_state
    way = st.segmented_control(
        "A picture from",
        list(_FROM),
        default="File",
        required=True,
        format_func=lambda one: f"{_FROM[one]} {one}",
        key="scan_way",
    )

    def chosen(key: str) -> None:
        file = session[key]
        if file is None:
            _put_away()
        else:
            _take(file.getvalue(), file.name)

    def pasted() -> None:
        files = session.scan_paste.files if session.scan_paste else []
        if files:
            _take(files[0].getvalue(), "pasted")

    if way == "File":
        st.file_uploader(
            "A photo, scan or screenshot of digits and letters that stand apart",
            type=list(photo.ENDINGS),
            max_upload_size=_LARGEST,
            key=(key := f"scan_file_{session.scan_turn}"),
            on_change=chosen,
            args=(key,),
        )
    elif way == "Clipboard":
        st.chat_input(
            "Click here, paste (Ctrl+V), press Enter",
            accept_file=True,
            file_type=list(photo.ENDINGS),
            max_upload_size=_LARGEST,
            key="scan_paste",
            on_submit=pasted,
        )
        st.caption("A screenshot or a copied picture; text that you type here is passed over.")
    else:
        st.camera_input(
            "Hold the page level, near, in even light",
            resolution="1080p",
            key=(key := f"scan_camera_{session.scan_turn}"),
            on_change=chosen,
            args=(key,),
            help="Browsers give a camera to pages on localhost or over HTTPS only.",
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        if session.get("scan_picture") is None:
            st.caption(
                "**An example**, made from generated images. Paper, ruled lines and shadows are "
                "removed, the characters found and read one by one. Joined script can't be read; "
                "punctuation is passed over."
            )
        else:
            st.caption(f"Shown: {plain(session.scan_name)}")
            st.button("Put it away", icon=":material/close:", type="tertiary", on_click=_put_away)


def _put_away() -> None:
    """Forget the picture; corrections stay."""
    for key in ("scan_picture", "scan_at"):
        st.session_state.pop(key, None)
    st.session_state.scan_turn += 1  # empty fields for the next


def _result(
    run: Run,
    picture: str,
    page: page_reader.Page,
    shown: bytes,
    probabilities: np.ndarray,
    example: bool,
) -> list[Correction]:
    session, characters = st.session_state, page.characters
    names = dict(zip(run.classes, display_names(run.classes), strict=True))
    best = [top_labels(run.classes, one, 1)[0][0] for one in probabilities]
    corrections: dict[tuple[str, int], Correction] = session.scan_corrections
    given = {at: one.given for (of, at), one in corrections.items() if of == picture}
    session.setdefault("scan_at", int(probabilities.max(axis=1).argmin()))
    at = min(session.scan_at, len(characters) - 1)

    def pick(index: int) -> None:
        session.scan_at = index

    left, right = st.columns([1.7, 1], gap="large")
    with left:
        boxes(
            shown,
            page.size,
            characters,
            [names[one] for one in best],
            given,
            key="scan_boxes",
            selected=at,
            on_pick=pick,
        )
        _say_what(page, given)
    with right:
        text = page_reader.text(page, [given.get(index, one) for index, one in enumerate(best)])
        st.code(text, language=None, wrap_lines=True, height=_text_height(text))
        _one(run, picture, at, page, probabilities, names, pick, example)
    cards(
        characters,
        [[(names[c], p) for c, p in top_labels(run.classes, one)] for one in probabilities],
        given,
        key="scan_cards",
        selected=at,
        on_pick=pick,
    )
    return [corrections[picture, index] for index in sorted(given)]


def _text_height(text: str) -> int | str:
    """Long texts scroll, so that what can be done with a character stays in sight."""
    return 300 if text.count("\n") > 10 else "content"


def _say_what(page: page_reader.Page, given: dict[int, str]) -> None:
    count, joined = len(page.characters), sum(one.joined for one in page.characters)

    def many(number: int, what: str) -> str:
        return f"{number:,} {what}{'' if number == 1 else 's'}"

    parts = [f"{many(count, 'character')} in {many(len(page.lines), 'line')}"]
    parts += [f"{many(page.ruled, 'ruled line')} removed"] if page.ruled else []
    parts += ["light on dark"] if page.light_on_dark else []
    parts += [f"{len(given):,} corrected"] if given else []
    st.caption("; ".join(parts) + ".")
    tall = float(np.median([one.box[3] - one.box[1] for one in page.characters]))
    if tall < _LOW:
        st.info(
            f"The writing is only {tall:.0f} pixels high: take the picture from nearer.",
            icon=":material/zoom_in:",
        )
    if joined:
        st.warning(
            f"{joined:,} dashed {'box was' if joined == 1 else 'boxes were'} cut from ink that "
            "touches, or may hold several characters: joined script can't be read; write them "
            "apart.",
            icon=":material/join_inner:",
        )


def _one(
    run: Run,
    picture: str,
    at: int,
    page: page_reader.Page,
    probabilities: np.ndarray,
    names: dict[str, str],
    pick: Callable[[int], None],
    example: bool,
) -> None:
    """The character that is picked: its image, its readings, and what it truly is."""
    session, characters = st.session_state, page.characters
    one, best = characters[at], top_labels(run.classes, probabilities[at])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Character {at + 1}** of {len(characters)}")
        for label, icon, to in (
            ("Previous", "chevron_left", at - 1),
            ("Next", "chevron_right", at + 1),
        ):
            st.button(
                label,
                icon=f":material/{icon}:",
                type="tertiary",
                disabled=not 0 <= to < len(characters),
                on_click=pick,
                args=(to,),
                key=f"scan_{label}",
            )
    with st.container(horizontal=True):
        st.image(thumbnails.png(one.image, 4), width=112)
        with st.container(width="stretch"):
            st.html(formatting.bars([names[c] for c, _ in best], [chance for _, chance in best]))
    key = f"scan_given_{picture[:12]}_{at}_{run.name}"
    kept = session.scan_corrections.get((picture, at))
    order = [label for label, _ in top_labels(run.classes, probabilities[at], None)]
    session[key] = kept.given if kept and kept.given in order else None

    def correct() -> None:
        value = session[key]
        if value is None:
            session.scan_corrections.pop((picture, at), None)
        else:
            session.scan_corrections[picture, at] = Correction(
                one.image, one.box, value, best, run.name, picture
            )

    st.selectbox(
        "What it truly is",
        order,
        index=None,
        key=key,
        format_func=names.get,
        on_change=correct,
        placeholder="as it was read" if example else "as it was read, or choose what it is",
        disabled=example,  # no person wrote it: nothing to learn from
        help="For pictures of your own. The likeliest come first; a correction is held in this "
        "session, with its image.",
    )
