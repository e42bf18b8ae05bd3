"""A picture instead of a drawing: upload, paste or photograph it; its characters are read."""

import hashlib
from collections.abc import Callable

import numpy as np
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.errors import LabError
from emnist_lab.handwriting.character_set import names_of
from emnist_lab.handwriting.page_images import page_reader, photo
from emnist_lab.metrics.ranking import top_labels
from emnist_lab.runs.run import Run
from emnist_lab.ui import background_pools, formatting, messages, task_panel
from emnist_lab.ui.components.character_boxes import boxes, cards
from emnist_lab.ui.draw import character_choice, context_panel
from emnist_lab.ui.draw.picture_corrections import Correction
from emnist_lab.ui.draw.picture_source import choose_picture

_LOW = 20  # pixels: characters that are lower are read badly


def scanned(run: Run) -> list[Correction]:
    """Have a picture chosen, show its characters and how a run reads them; take corrections.

    Parameters
    ----------
    run : Run
        On disk, opened; may be limited to a set of characters.

    Returns
    -------
    list of Correction
        Those made so far in this session, of this picture, in reading order. All are kept
        in the session's state under ``draw_picture_corrections``.
    """
    st.session_state.setdefault("draw_picture_corrections", {})
    data, example = choose_picture()
    picture = hashlib.sha256(data).hexdigest()
    queue = background_pools.pictures()
    try:
        found = task_panel.result_or_progress(
            queue,
            picture,
            lambda tell: (page_reader.find(data), photo.preview(data)),
            about="Finding characters",
            name="draw_picture_find",
        )
        if found is None:
            return []
        page, shown = found
        probabilities = task_panel.result_or_progress(
            queue,
            (picture, *run.version_key(), *run.classes),
            lambda tell: page_reader.read(run, page).probabilities,
            about="Reading them",
            name="draw_picture_read",
        )
    except LabError as error:
        messages.say_error(error)
        return []
    if probabilities is None:
        return []
    return _result(run, picture, page, shown, probabilities, example)


def _result(
    run: Run,
    picture: str,
    page: page_reader.Page,
    shown: bytes,
    probabilities: np.ndarray,
    example: bool,
) -> list[Correction]:
    session, characters = st.session_state, page.characters
    names = dict(zip(run.classes, names_of(run), strict=True))
    best = [top_labels(run.classes, one, 1)[0][0] for one in probabilities]
    corrections: dict[tuple[str, int], Correction] = session.draw_picture_corrections
    given = {at: one.given for (of, at), one in corrections.items() if of == picture}
    session.setdefault("draw_picture_at", int(probabilities.max(axis=1).argmin()))
    at = min(session.draw_picture_at, len(characters) - 1)

    def pick(index: int) -> None:
        session.draw_picture_at = index

    left, right = st.columns([1.7, 1], gap="large")
    with left:
        boxes(
            shown,
            page.size,
            characters,
            [names[one] for one in best],
            given,
            key="draw_picture_boxes",
            selected=at,
            on_pick=pick,
        )
        _say_what(page, given)
    with right:
        text = page_reader.text(page, [given.get(index, one) for index, one in enumerate(best)])
        st.code(text, language=None, wrap_lines=True, height=_text_height(text))
        character_choice.suggest(run, probabilities)
        context_panel.show_context(run, page.lines, probabilities, "draw-picture")
        _one(run, picture, at, page, probabilities, names, pick, example)
    cards(
        characters,
        [[(names[c], p) for c, p in top_labels(run.classes, one)] for one in probabilities],
        given,
        key="draw_picture_cards",
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
                key=f"draw_picture_{label}",
            )
    with st.container(horizontal=True):
        st.image(thumbnails.png(one.image, 4), width=112)
        with st.container(width="stretch"):
            st.html(
                formatting.bars(
                    [names[c] for c, _ in best], [probability for _, probability in best]
                )
            )
    key = f"draw_picture_given_{picture[:12]}_{at}_{run.name}"
    kept = session.draw_picture_corrections.get((picture, at))
    order = [label for label, _ in top_labels(run.classes, probabilities[at], None)]
    session[key] = kept.given if kept and kept.given in order else None

    def correct() -> None:
        value = session[key]
        if value is None:
            session.draw_picture_corrections.pop((picture, at), None)
        else:
            session.draw_picture_corrections[picture, at] = Correction(
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
