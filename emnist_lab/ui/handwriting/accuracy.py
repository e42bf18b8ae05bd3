"""The Handwriting page: how accurate a run is on the drawings that were kept."""

import numpy as np
import streamlit as st

from emnist_lab.handwriting.drawing_store import (
    Drawing,
    Store,
    as_part,
    evaluate_kept,
    not_trained_on,
)
from emnist_lab.handwriting.drawing_store.parts import of_classes
from emnist_lab.metrics import confusion, definitions
from emnist_lab.metrics.intervals import wilson
from emnist_lab.metrics.percent import percent
from emnist_lab.metrics.report import Report
from emnist_lab.runs.run import Run
from emnist_lab.ui import current_run, own_hand, provenance
from emnist_lab.ui.components.gallery import gallery
from emnist_lab.ui.components.matrix import confusion_matrix
from emnist_lab.ui.formatting import plain
from emnist_lab.ui.handwriting import browse

_FEW = 50  # drawings, below which a share is said as a count


@st.cache_resource(max_entries=6, show_spinner="Reading your drawings …")
def _report(
    folder: str, stamp: int, fingerprint: tuple, _drawings: list[Drawing], _store: Store
) -> Report:
    images = own_hand.images_of_kept(*fingerprint[:2])
    return evaluate_kept(current_run.opened(folder, stamp), _drawings, _store, images)


def show_accuracy(store: Store, drawings: list[Drawing], owner: str | None) -> Run | None:
    """How accurate a run is on the drawings, as on a test subset.

    Parameters
    ----------
    store : Store
    drawings : list of Drawing
    owner : str or None
        Whose they are; None for all.

    Returns
    -------
    Run or None
        The one that was chosen; None where there is none.
    """
    run = current_run.choose_run("Predictions from")
    if run is None:
        st.info("There are no runs yet: make one on the Train page.", icon=":material/draw:")
    else:
        _measured(run, store, drawings, owner)
    return run


def _measured(run: Run, store: Store, drawings: list[Drawing], owner: str | None) -> None:
    fresh = not_trained_on(run, drawings)
    chosen = of_classes(fresh, run.classes)
    if len(fresh) < len(drawings):
        st.warning(
            f"This run was trained on drawings kept here: only the {len(fresh):,} that were drawn "
            "after it was made tell how accurate it is.",
            icon=":material/school:",
        )
    if not chosen:
        st.info(
            "No drawing is left to measure it on: draw characters that it knows, and keep them.",
            icon=":material/draw:",
        )
        return
    key = (store.database.place, owner, *store.stamp(owner))
    report = _report(*run.version_key(), key, chosen, store)
    data = as_part(chosen, run.classes)
    _numbers(report, data.name, len(drawings) - len(chosen))
    current_run.say_trained_on_generated(run)
    trained = plain(run.manifest["data"]["train"]["name"])
    provenance.show(
        f"Measured on: {plain(data.name)}.",
        f"`{run.name}` was trained on: {trained}.",
        about="these figures",
        generated=run.generated,
    )
    if report.accuracy == 1:
        st.success("All of them are correct.", icon=":material/check:")
        return
    _errors(report, chosen)


def _numbers(report: Report, name: str, left_out: int) -> None:
    count = len(report.labels)
    with st.container(horizontal=True):
        for metric in (definitions.get(key) for key in ("accuracy", "top3_accuracy")):
            hits = int(report.per_image[metric.key].sum())
            low, high = wilson(hits / count, count)
            st.metric(
                metric.name,
                percent(hits / count) if count >= _FEW else f"{hits} of {count}",
                f"{percent(low, 0)} – {percent(high, 0)}",
                delta_color="off",
                delta_arrow="off",
                help=f"{metric.help} Below, its 95 % interval (Wilson), wide for few drawings.",
            )
        st.metric("Drawings", f"{count:,}", help=f"{name}; each is predicted as Draw predicts it.")
        if left_out:
            st.metric(
                "Left out",
                f"{left_out:,}",
                help="Of characters that this run has no class for, or that it was trained on.",
            )


def _errors(report: Report, drawings: list[Drawing]) -> None:
    # Of 47 classes a few drawings fill a few cells: only those that occur are shown.
    here = np.union1d(report.labels, report.predicted)
    counts = report.confusion[np.ix_(here, here)]
    cell = st.session_state.get("handwriting-cell", (None, None))
    if not {one for one in cell if one is not None} <= set(here.tolist()):
        cell = (None, None)
    place = {int(index): position for position, index in enumerate(here)}

    def pick(true: int | None, read: int | None) -> None:
        st.session_state["handwriting-cell"] = tuple(
            None if one is None else int(here[one]) for one in (true, read)
        )

    left, right = st.columns([1.7, 1], gap="large")
    with left:
        confusion_matrix(
            counts,
            counts,
            [report.names[index] for index in here],
            np.arange(len(here)),
            key="handwriting-matrix",
            selected=(place.get(cell[0]), place.get(cell[1])),
            on_pick=pick,
        )
        st.caption("A row is the true label, a column the predicted one. Pick a cell or a label.")
    with right:
        found = confusion.images_in_cell(report, *cell)
        what = "Misclassified, most confident first"
        if cell != (None, None):
            names = ["any" if one is None else report.names[one] for one in cell]
            what = f"{names[0]} predicted as {names[1]}"
            st.button(
                "All misclassified",
                icon=":material/arrow_back:",
                on_click=lambda: st.session_state.pop("handwriting-cell", None),
            )
        st.markdown(f"**{plain(what)}**: {len(found):,}")
        if len(found):
            shown = found[: browse.SHOWN]
            gallery(
                np.stack([drawings[index].image for index in shown]),
                [drawings[index].id for index in shown],
                [
                    f"{drawings[index].label}, predicted as "
                    f"{report.names[report.predicted[index]]}, "
                    f"{percent(float(report.scores[index].max()))}"
                    for index in shown
                ],
                key="handwriting-misread",
                label=what,
                on_pick=browse.pick,
                tile=46,
                height=420,
            )
