"""The Handwriting page: a run that learned this person's hand, measured, kept and forgotten."""

import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.data.classes import display_names
from emnist_lab.errors import LabError
from emnist_lab.handwriting.adaptation import Adaptation, is_adapted
from emnist_lab.handwriting.drawing_store import Drawing
from emnist_lab.metrics.intervals import wilson
from emnist_lab.metrics.percent import percent
from emnist_lab.metrics.report import Report
from emnist_lab.runs.run import Run
from emnist_lab.server import run_access
from emnist_lab.ui import current_run, current_visitor, messages, own_hand
from emnist_lab.ui.components import matrix_pair
from emnist_lab.ui.formatting import plain
from emnist_lab.ui.handwriting import browse

_PAIRS = 6  # contradictions that are shown


def show(run: Run) -> None:
    """What a run learns from this person's drawings, what that brings, and what to do with it.

    Parameters
    ----------
    run : Run
        On disk.
    """
    st.caption(
        "A drawing that looks like one of yours is probably the same character: the run keeps its "
        "own prediction and adds that. Nothing is trained anew. *Adapt to my hand* on Draw does "
        "the same at once."
    )
    try:
        mine = own_hand.learned(run)
        drawings = own_hand.drawings()
    except LabError as error:
        st.info(messages.sentence(error), icon=":material/front_hand:")
        return
    _numbers(mine)
    _changes(mine, drawings, run)
    _matrices(mine, run)
    _contradictions(mine, drawings)
    _keep(mine)


def _numbers(mine: Adaptation) -> None:
    about, (total, *right) = mine.run.manifest["adapted"], mine.right()
    with st.container(horizontal=True):
        st.metric(
            "Learned from",
            f"{len(mine.used):,} drawings",
            f"of {len(about['drawings'])} classes",
            delta_color="off",
            delta_arrow="off",
            help=f"Left out: {about['left_out']:,}, of characters that it has no class for, or "
            "beyond ten of a class. Share of labels that it takes for wrong: "
            f"{percent(about['wrong_labels'], 0)}.",
        )
        for label, hits in zip(("Correct before", "Correct, adapted"), right, strict=True):
            if not total:
                continue
            low, high = wilson(hits / total, total)
            st.metric(
                label,
                f"{hits} of {total}",
                f"{percent(low, 0)} – {percent(high, 0)}",
                delta_color="off",
                delta_arrow="off",
                help="By leave-one-out: each drawing of a character that you drew more than once "
                "is predicted with your other drawings. Below, the 95 % interval (Wilson).",
            )
    if not total:
        st.caption(
            "Each character was drawn once, so nothing can be measured: draw some of them again."
        )


def _changes(mine: Adaptation, drawings: list[Drawing], run: Run) -> None:
    """Drawings that are predicted otherwise with the person's others."""
    names = display_names(run.classes)
    before, after = mine.before.argmax(axis=1), mine.after.argmax(axis=1)
    rows = [
        {
            "drawing": thumbnails.data_url(drawings[mine.used[at]].image),
            "label": drawings[mine.used[at]].label,
            "before": names[before[at]],
            "after": names[after[at]],
            "now": "correct" if after[at] == mine.labels[at] else "misclassified",
        }
        for at in (mine.repeated & (before != after)).nonzero()[0]
    ]
    if not rows:
        return
    st.markdown("**Predicted otherwise once adapted**")
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        row_height=44,
        height=min(46 + 44 * len(rows), 320),
        column_config={
            "drawing": st.column_config.ImageColumn("Yours", width=60),
            "label": "True label",
            "before": "Predicted before",
            "after": "Predicted, adapted",
            "now": "Now",
        },
    )


def _matrices(mine: Adaptation, run: Run) -> None:
    """Confusion before and after, of drawings that can be measured."""
    if not mine.repeated.any():
        return
    before, after = (
        Report(mine.labels[mine.repeated], one[mine.repeated], run.classes)
        for one in (mine.before, mine.after)
    )
    wrong = np.unique(np.concatenate([*matrix_pair.misread(before), *matrix_pair.misread(after)]))
    if not len(wrong):
        return
    matrix_pair.errors_side_by_side(
        {"Before": before, "Adapted to your hand": after}, wrong, "handwriting-hand"
    )
    st.caption(matrix_pair.LEGEND)


def _contradictions(mine: Adaptation, drawings: list[Drawing]) -> None:
    pairs = mine.contradictions[:_PAIRS]
    if not pairs:
        return
    st.markdown(f"**Drawn alike, labelled differently**: {len(mine.contradictions):,}")
    with st.container(horizontal=True):
        for one, other, alike in pairs:
            first, second = drawings[one], drawings[other]
            with st.container(border=True, width=150):
                st.image(
                    thumbnails.pair(first.image, second.image, 2),
                    alt=f"{first.label} and {second.label}, drawn alike, and their difference",
                )
                st.caption(
                    f"This **{plain(first.label)}** like that **{plain(second.label)}** "
                    f"({alike:.2f})",
                    help="Cosine similarity of their gradients. Correct a wrong label above; where "
                    "both are right, no image of one character alone can tell them.",
                )


def _keep(mine: Adaptation) -> None:
    visitor = current_visitor.visitor()
    if not visitor.rights.training:
        return
    kept = [
        one.name
        for one in current_run.all_runs()[0]
        if is_adapted(one)
        and run_access.is_own(visitor, one)
        and one.manifest["adapted"]["from"] == mine.run.manifest["adapted"]["from"]
    ]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            "Keep it as a run",
            icon=":material/bookmark_add:",
            key="handwriting-hand-keep",
            on_click=lambda: browse.attempt(
                lambda: run_access.save(current_visitor.visitor(), mine.run),
                f"Kept as a run: {plain(mine.run.name)}, with your drawings' features in it. Open "
                "it on Evaluate, Compare or Draw, or export it.",
            ),
            help="Whole, with its base, and with the gradients of your drawings. Whoever gets the "
            "file can see roughly what you drew.",
        )
        if (
            kept
            and visitor.rights.deletes
            and st.button(
                "Forget a kept one", icon=":material/delete:", key="handwriting-hand-forget"
            )
        ):
            _forget(kept)


@st.dialog("Forget a hand", icon=":material/delete:")
def _forget(names: list[str]) -> None:
    name = st.selectbox("Run that learned it", names)
    st.markdown("The run will be gone, and what it knows of your hand. Your drawings are kept.")
    with st.container(horizontal=True):
        done = st.button(
            "Delete it",
            type="primary",
            on_click=lambda: browse.attempt(lambda: _delete(name), f"{plain(name)} is deleted."),
        )
        if done or st.button("Keep it"):
            st.rerun()


def _delete(name: str) -> None:
    visitor = current_visitor.visitor()
    run_access.delete(visitor, run_access.open_run(visitor, name))
    current_run.replace_run(name, None)
