"""What came of practice: how much is correct, what is misclassified, beside EMNIST's images."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.errors import LabError
from emnist_lab.handwriting import practice as drill
from emnist_lab.handwriting.character_set import LimitedRun
from emnist_lab.handwriting.practice import Practice
from emnist_lab.metrics.intervals import wilson
from emnist_lab.metrics.percent import percent
from emnist_lab.metrics.report import Report
from emnist_lab.runs.run import Run
from emnist_lab.ui import current_evaluation, messages
from emnist_lab.ui.components import matrix_pair
from emnist_lab.ui.downloads import download_csv
from emnist_lab.ui.draw import keep_buttons
from emnist_lab.ui.formatting import plain


def show(run: Run, now: Practice, again: Callable[[], None]) -> None:
    """Show what a run read in the drawings of somebody's practice.

    Parameters
    ----------
    run : Run
    now : Practice
        At its end, with a drawing at least.
    again : callable
        Begins anew; called from a callback.
    """
    own = now.report()
    try:
        known = current_evaluation.report(run.name)
        if isinstance(run, LimitedRun):
            known = replace(known.over(run.whole_classes), classes=own.classes)
        known = known if known.classes == own.classes else None
    except (LabError, ValueError):
        known = None  # a run without test scores of these has nothing to be compared with
    _score(own, known)
    with st.container(horizontal=True, vertical_alignment="center"):
        _keep(now)
        st.button("Start again", icon=":material/replay:", key="draw-practice-anew", on_click=again)
    table = drill.confusions_vs_reference(own, known, now.names)
    if table.empty:
        st.success("Every one of them is predicted correctly.", icon=":material/check:")
    else:
        _table(now, table)
    if known is not None:
        _matrices(run, now, own, known)


def _score(own: Report, known: Report | None) -> None:
    count = len(own.labels)
    with st.container(horizontal=True):
        for label, key in (("Correct", "accuracy"), ("Among the top 3", "top3_accuracy")):
            hits = int(own.per_image[key].sum())
            low, high = wilson(hits / count, count)
            st.metric(
                label,
                f"{hits} of {count}",
                f"{percent(low, 0)} – {percent(high, 0)}",
                delta_color="off",
                delta_arrow="off",
                help="Below, the 95 % interval (Wilson) of your share: with so few drawings it is "
                "wide.",
            )
        if known is not None:
            st.metric(
                "EMNIST, same characters",
                percent(drill.reference_accuracy(own, known), 0),
                help="Its accuracy on images of the same characters in its test subset.",
            )


def _keep(now: Practice) -> None:
    if st.session_state.get("draw-practice-kept") is now:
        st.markdown(":material/bookmark_added: Kept.")
        st.page_link("pages/handwriting.py", label="My handwriting", icon=":material/history_edu:")
        return

    def keep() -> None:
        try:
            problem = keep_buttons.keep_now(now.drawings())
        except LabError as error:
            problem = str(error)
        st.session_state["draw-practice-unkept"] = problem
        if not problem:
            st.session_state["draw-practice-kept"] = now

    if problem := st.session_state.pop("draw-practice-unkept", ""):
        messages.say_error(problem)
    count = len(now.attempts)
    st.button(
        f"Keep {'this drawing' if count == 1 else f'these {count} drawings'}",
        type="primary",
        icon=":material/bookmark_add:",
        key="draw-practice-keep",
        on_click=keep,
        help="In My handwriting, each with the character that was asked for. Nothing is kept "
        "without this click.",
    )


def _table(now: Practice, table: pd.DataFrame) -> None:
    st.markdown("**Your misclassified drawings**, beside EMNIST's images of the same characters")
    images = {one.asked: one.image for one in now.attempts if not one.right}
    shown = pd.DataFrame(
        {
            "drawing": [thumbnails.data_url(images[index]) for index in table["true"]],
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
            "read": "Predicted as",
            "same": st.column_config.ProgressColumn(
                "EMNIST: the same",
                format="percent",
                min_value=0,
                max_value=1,
                help="Share of EMNIST's test images of this character that are predicted as the "
                "same wrong one. Where it is near zero, the error is your hand's, or the canvas's.",
            ),
            "wrong": st.column_config.ProgressColumn(
                "EMNIST: any error",
                format="percent",
                min_value=0,
                max_value=1,
                help="Share of EMNIST's test images of this character that are misclassified.",
            ),
            "as": st.column_config.TextColumn(
                "EMNIST: mostly as", help="What those are predicted as most."
            ),
        },
    )
    download_csv("practice", lambda: table.to_csv(index=False))


def _matrices(run: Run, now: Practice, own: Report, known: Report) -> None:
    """Both confusion matrices, of the same classes in the same order."""
    few = matrix_pair.errors_side_by_side(
        {"Yours": own, f"EMNIST's, by {plain(run.name)}": known},
        np.union1d(*matrix_pair.misread(own)),
        key="draw-practice",
        names=now.names,
    )
    test = run.manifest["data"].get("test")
    about = f" EMNIST's: {plain(test['name'])}." if test else ""
    only = (
        " Only characters of yours that are misclassified, or predicted in their place."
        if few
        else ""
    )
    st.caption(f"{matrix_pair.LEGEND}{only}{about}")
