"""Practice on the Draw page: a character is asked for, drawn, scored; then both are looked at."""

import base64
import html
import secrets
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.errors import LabError
from emnist_lab.evaluation import figures
from emnist_lab.handwriting import drawing_reader
from emnist_lab.handwriting import practice as drill
from emnist_lab.handwriting.practice import Practice
from emnist_lab.metrics.intervals import wilson
from emnist_lab.metrics.report import Report
from emnist_lab.runs.run import Run
from emnist_lab.ui import current_evaluation, messages, ownership
from emnist_lab.ui.components.matrix import confusion_matrix
from emnist_lab.ui.downloads import download_csv
from emnist_lab.ui.draw import keep_buttons
from emnist_lab.ui.formatting import plain

_KEY = "practice"  # of what is going on, in the session


def practice(
    run: Run,
    strokes: Sequence,
    clear: Callable[[], None],
    pen_width: float = 20,
) -> None:
    """Ask for characters, one after the other; at the end show what came of it.

    To be drawn beside the canvas, in the fragment that runs after each stroke.

    Parameters
    ----------
    run : Run
        Opened; it reads. With another one practice begins anew.
    strokes : sequence of arrays of shape (n, 2)
        What is on the canvas now, in its pixels.
    clear : callable
        Clears the canvas; called from a callback, before the page runs again.
    pen_width : float
        Same unit.
    """
    ownership.owner()  # asks the browser, so that it is known by the time drawings are kept
    now = going_on(run)
    if now is None:
        _start(run, clear)
    elif now.asked is None:
        _end(run, now, clear)
    else:
        _ask(run, now, strokes, clear, pen_width)


def going_on(run: Run) -> Practice | None:
    """Practice that this session has begun with a run, at its end too.

    Parameters
    ----------
    run : Run
    """
    now = st.session_state.get(_KEY)
    return (
        now if now is not None and (now.run, list(now.classes)) == (run.name, run.classes) else None
    )


def asks(run: Run) -> bool:
    """Whether a character is asked for now, so that a board is needed.

    Parameters
    ----------
    run : Run
    """
    now = going_on(run)
    return now is not None and now.asked is not None


def _set(now: Practice | None) -> None:
    st.session_state[_KEY] = now


def _start(run: Run, clear: Callable[[], None]) -> None:
    st.markdown(
        f"**Practice.** You are asked for {len(run.classes)} characters, each once. Draw them as "
        f"you usually write; `{run.name}` reads them. At the end you see which of yours are "
        "misread, beside those that it misreads on EMNIST."
    )

    def begin() -> None:
        _set(drill.begin(run.name, run.classes, secrets.randbelow(2**32)))
        clear()

    st.button("Begin", type="primary", icon=":material/play_arrow:", on_click=begin)


def _ask(
    run: Run, now: Practice, strokes: Sequence, clear: Callable[[], None], pen_width: float
) -> None:
    name = now.names[now.asked]
    st.html(
        '<div style="display:flex;align-items:baseline;gap:.7rem"><span>Draw</span>'
        f'<b style="font-size:3.4rem;line-height:1">{_shown(name)}</b></div>'
    )
    st.caption(_kind(name))

    def take() -> None:
        try:
            image, probabilities = drawing_reader.read(run, strokes, pen_width)
        except LabError as error:  # a dot, say: nothing is scored
            st.session_state["practice-refused"] = str(error)
            return
        _set(now.answer(strokes, image, probabilities, pen_width))
        clear()

    def step(after: Practice) -> None:
        _set(after)
        clear()

    if refused := st.session_state.pop("practice-refused", ""):
        st.info(plain(refused), icon=":material/draw:")
    with st.container(horizontal=True):
        st.button(
            "That's it",
            type="primary",
            icon=":material/check:",
            key="practice-take",
            disabled=not len(strokes),
            on_click=take,
            shortcut="Enter",
        )
        st.button("Leave out", key="practice-out", on_click=step, args=(now.skip(),))
        st.button(
            "Once more",
            icon=":material/undo:",
            key="practice-back",
            disabled=not now.attempts,
            on_click=step,
            args=(now.back(),),
            help="Takes your last drawing back.",
        )
        st.button(
            "End",
            icon=":material/flag:",
            key="practice-end",
            disabled=not now.attempts,
            on_click=step,
            args=(now.end(),),
        )
    total = len(now.classes)
    st.progress(
        now.place / total,
        text=f"{now.place} of {total}; {now.right} of {len(now.attempts)} read as you meant",
    )
    if now.attempts:
        _last(now)


def _kind(name: str) -> str:
    """What 0 and O, or 1 and l, can't be told apart by."""
    if " " in name:
        return "A letter, in either form: this run reads both as one class."
    if name.isalpha():
        return "A capital letter." if name.isupper() else "A small letter."
    return "A digit." if name.isdigit() else "A sign."


def _shown(name: str) -> str:
    return html.escape(" or ".join(name.split(" ")))


def _last(now: Practice) -> None:
    last = now.attempts[-1]
    asked, read = now.names[last.asked], now.names[last.read]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(thumbnails.png(last.image, 3), width=64)
        chance = f"{last.probabilities[last.read]:.0%}"
        if last.right:
            st.markdown(f":green[:material/check:] **{plain(asked)}** is read as meant ({chance}).")
        else:
            st.markdown(
                f":red[:material/close:] **{plain(asked)}** is read as **{plain(read)}** "
                f"({chance}); {last.probabilities[last.asked]:.0%} for {plain(asked)}."
            )


def _end(run: Run, now: Practice, clear: Callable[[], None]) -> None:
    def again() -> None:
        _set(None)
        clear()

    if not now.attempts:
        st.info("Nothing was drawn.", icon=":material/draw:")
        st.button("Begin anew", icon=":material/replay:", on_click=again)
        return
    own = now.report()
    try:
        known = current_evaluation.report(run.name)
        known = known if known.classes == own.classes else None
    except LabError:
        known = None  # a run without test scores has nothing to be compared with
    _score(own, known)
    with st.container(horizontal=True):
        _keep(now)
        st.button("Begin anew", icon=":material/replay:", key="practice-anew", on_click=again)
    table = drill.confusions_vs_reference(own, known)
    if table.empty:
        st.success("Every one of them is read as you meant it.", icon=":material/check:")
    else:
        _table(now, table)
    if known is not None:
        _matrices(run, own, known)


def _score(own: Report, known: Report | None) -> None:
    count = len(own.labels)
    with st.container(horizontal=True):
        for label, key in (("Read as you meant", "accuracy"), ("Among the top 3", "top3_accuracy")):
            hits = int(own.per_image[key].sum())
            low, high = wilson(hits / count, count)
            st.metric(
                label,
                f"{hits} of {count}",
                f"{low:.0%} – {high:.0%}",
                delta_color="off",
                delta_arrow="off",
                help="Below, the 95 % interval (Wilson) of your share: with so few drawings it is "
                "wide.",
            )
        if known is not None:
            st.metric(
                "On EMNIST",
                f"{drill.reference_accuracy(own, known):.0%}",
                help="The share that it reads right of the images of the same characters in its "
                "test part.",
            )


def _keep(now: Practice) -> None:
    if st.session_state.get("practice-kept") is now:
        st.markdown(":material/bookmark_added: Kept.")
        st.page_link("pages/handwriting.py", label="My handwriting", icon=":material/history_edu:")
        return

    def keep() -> None:
        try:
            problem = keep_buttons.keep_now(now.drawings())
        except LabError as error:
            problem = str(error)
        st.session_state["practice-unkept"] = problem
        if not problem:
            st.session_state["practice-kept"] = now

    if problem := st.session_state.pop("practice-unkept", ""):
        messages.say_error(problem)
    count = len(now.attempts)
    st.button(
        f"Keep {'this drawing' if count == 1 else f'these {count} drawings'}",
        type="primary",
        icon=":material/bookmark_add:",
        key="practice-keep",
        on_click=keep,
        help="In My handwriting, each with the character that was asked for. Nothing is kept "
        "without this click.",
    )


def _table(now: Practice, table: pd.DataFrame) -> None:
    st.markdown("**What you write that is misread**, and what happens to EMNIST's images")
    images = {one.asked: one.image for one in now.attempts if not one.right}
    shown = pd.DataFrame(
        {
            "drawing": [_picture(images[index]) for index in table["true"]],
            "asked": table["asked"],
            "read": table["read_as"],
            "same": table["emnist_same"],
            "wrong": table["emnist_wrong"],
            "as": table["emnist_as"],
        }
    )
    if table["emnist_same"].isna().all():
        shown = shown[["drawing", "asked", "read"]]
    st.dataframe(
        shown,
        hide_index=True,
        row_height=44,
        height=min(46 + 44 * len(shown), 420),
        column_config={
            "drawing": st.column_config.ImageColumn("Yours", width=60),
            "asked": "Asked for",
            "read": "Read as",
            "same": st.column_config.ProgressColumn(
                "EMNIST: the same",
                format="percent",
                min_value=0,
                max_value=1,
                help="Share of EMNIST's test images of this character that are read as the same "
                "wrong one. Where it is near zero, the error is your hand's, or the canvas's.",
            ),
            "wrong": st.column_config.ProgressColumn(
                "EMNIST: any error",
                format="percent",
                min_value=0,
                max_value=1,
                help="Share of EMNIST's test images of this character that are misread.",
            ),
            "as": st.column_config.TextColumn(
                "EMNIST: mostly as", help="What those are misread as most."
            ),
        },
    )
    download_csv("practice", lambda: table.to_csv(index=False))


def _picture(image: np.ndarray) -> str:
    return "data:image/png;base64," + base64.b64encode(thumbnails.png(image)).decode("ascii")


def _matrices(run: Run, own: Report, known: Report) -> None:
    """Both confusion matrices, of the same classes in the same order."""
    wrong = own.labels != own.predicted
    here = np.union1d(own.labels[wrong], own.predicted[wrong])
    size = len(own.classes)
    if not len(here) or st.toggle(f"All {size} classes", key="practice-all"):
        here = np.arange(size)
    for column, key, report, title in zip(
        st.columns(2),
        ("own", "emnist"),
        (own, known),
        ("Yours", f"EMNIST's, by {plain(run.name)}"),
        strict=True,
    ):
        with column:
            st.markdown(f"**{title}**")
            cells = np.ix_(here, here)
            confusion_matrix(
                report.confusion[cells],
                figures.normalize_confusion(report.confusion, "by row")[cells],
                [report.names[index] for index in here],
                np.arange(len(here)),
                key=f"practice-{key}-{len(here)}",
                on_pick=lambda true, read: None,
                hide_diagonal=True,
                as_shares=True,
                whole=len(here) == size,
            )
    test = run.manifest["data"].get("test")
    about = f" EMNIST's: {plain(test['name'])}." if test else ""
    few = "" if len(here) == size else " Only characters of yours that were misread, or read so."
    st.caption(
        f"A row is the true character, a column what it is read as; errors only, as shares of the "
        f"row.{few}{about}"
    )
