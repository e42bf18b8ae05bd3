"""A picture instead of a drawing: upload, paste or photograph it; its characters are read."""

import contextlib
import hashlib
import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab.callbacks import ProgressCallback
from emnist_lab.data import thumbnails
from emnist_lab.errors import LabError
from emnist_lab.handwriting.character_set import limit, names_of, whole
from emnist_lab.handwriting.page_images import (
    grid_cells,
    page_reader,
    page_rotation,
    page_warnings,
    photo,
)
from emnist_lab.handwriting.page_images.page_rotation import PageRotation
from emnist_lab.handwriting.page_images.page_warnings import PageWarning
from emnist_lab.metrics.percent import percent
from emnist_lab.metrics.ranking import top_labels
from emnist_lab.runs.run import Run
from emnist_lab.ui import background_pools, downloads, formatting, messages, task_panel
from emnist_lab.ui.components.character_boxes import boxes, cards
from emnist_lab.ui.draw import character_choice, context_panel, picture_tools
from emnist_lab.ui.draw.picture_corrections import Correction
from emnist_lab.ui.draw.picture_source import choose_picture


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
    asked = picture_tools.turn_of(picture)
    # Where characters are doesn't depend on what they can be.
    whole_run = whole(run)
    try:
        found = task_panel.result_or_progress(
            queue,
            (picture, asked, *run.version_key()),
            lambda tell: _found(whole_run, data, asked, tell),
            about="Finding characters",
            name="draw_picture_find",
        )
        if found is None:
            return []
        page, rotation, shown = found
        as_evident = character_choice.as_evident(picture)
        reading = task_panel.result_or_progress(
            queue,
            (picture, asked, "read", as_evident, *run.version_key(), *run.classes),
            lambda tell: page_reader.read(run, page, as_evident),
            about="Reading them",
            name="draw_picture_read",
        )
    except LabError as error:
        messages.say_error(error)
        with contextlib.suppress(LabError):  # it can be shown: a part of it may be readable
            shown = photo.preview(data, turned=asked or 0)
            picture_tools.crop_tool(data, picture, shown, asked or 0)
        return []
    if reading is None:
        return []
    made = _result(run, picture, reading, rotation, shown, example)
    picture_tools.crop_tool(data, picture, shown, page.turned)
    return made


def _found(
    run: Run, data: bytes, turned: int | None, tell: ProgressCallback
) -> tuple[page_reader.Page, PageRotation | None, bytes]:
    """A picture's characters, which way up it lay, and it as it is shown."""
    if turned is None:
        page, rotation = page_rotation.find_upright(run, data, tell)
    else:
        page, rotation = page_reader.find(data, turned, tell), None
    return page, rotation, photo.preview(data, turned=page.turned)


def _result(
    run: Run,
    picture: str,
    reading: page_reader.PagePrediction,
    rotation: PageRotation | None,
    shown: bytes,
    example: bool,
) -> list[Correction]:
    run = limit(run, reading.read_as)
    page, probabilities = reading.page, reading.probabilities
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
        _say_what(page, given, page_warnings.confidence(page, probabilities))
        told = page_warnings.warnings_of(page, probabilities, rotation)
        picture_tools.say_warnings(
            picture, told, page.turned, rotation.best if rotation is not None else 0
        )
        _say_joined(page, told)
    with right:
        text = page_reader.text(page, [given.get(index, one) for index, one in enumerate(best)])
        st.code(text, language=None, wrap_lines=True, height=_text_height(text))
        if page.grid:
            _table(page.grid.table([given.get(index, one) for index, one in enumerate(best)]))
        character_choice.say_evident(reading.read_as, picture)
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


def _table(table: list[list[str]]) -> None:
    """What stands in the cells of a grid, to look at and to export."""
    with st.expander("As a table", icon=":material/grid_on:"):
        st.dataframe(
            pd.DataFrame(table, columns=[str(at + 1) for at in range(len(table[0]))]),
            hide_index=True,
        )
        with st.container(horizontal=True):
            downloads.download_csv("grid", lambda: grid_cells.as_csv(table))
            st.download_button(
                "JSON",
                lambda: json.dumps(table),
                "grid.json",
                "application/json",
                icon=":material/download:",
                on_click="ignore",
                key="grid-json",
            )


def _text_height(text: str) -> int | str:
    """Long texts scroll, so that what can be done with a character stays in sight."""
    return 300 if text.count("\n") > 10 else "content"


def _say_what(page: page_reader.Page, given: dict[int, str], confidence: float) -> None:
    count = len(page.characters)

    def many(number: int, what: str) -> str:
        return f"{number:,} {what}{'' if number == 1 else 's'}"

    parts = [f"{many(count, 'character')} in {many(len(page.lines), 'line')}"]
    parts += [f"{many(page.ruled, 'ruled line')} removed"] if page.ruled else []
    if page.grid:
        parts += [f"a grid of {page.grid.rows} by {page.grid.columns}, what is beside it left out"]
    parts += ["a sheet or board straightened"] if page.sheet else []
    parts += ["light on dark"] if page.light_on_dark else []
    parts += [f"{len(given):,} corrected"] if given else []
    st.caption("; ".join(parts) + f". About {percent(confidence, 0)} are probably correct.")


def _say_joined(page: page_reader.Page, told: list[PageWarning]) -> None:
    joined = sum(one.joined for one in page.characters)
    if joined and "joined" not in {one.kind for one in told}:
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
    """The character that is picked: its image, its predictions, and its true label."""
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
        st.image(thumbnails.png(one.image, 4), width=112, alt=f"Character {at + 1}")
        with st.container(width="stretch"):
            st.html(
                formatting.bars(
                    [names[c] for c, _ in best], [probability for _, probability in best]
                )
            )
    if example:  # no person wrote it: nothing to learn from
        st.caption("In a picture of your own, a wrong prediction can be corrected here.")
        return
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
        "True label",
        order,
        index=None,
        key=key,
        format_func=names.get,
        on_change=correct,
        placeholder="as predicted, or choose what it is",
        help="The likeliest come first; a correction is held in this session, with its image.",
    )
