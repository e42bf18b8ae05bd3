"""Embedding of test images in two dimensions: those with similar features lie near each other."""

import numpy as np
import streamlit as st

from emnist_lab.callbacks import ProgressCallback
from emnist_lab.evaluation import embedding, neighbours
from emnist_lab.evaluation.embedding import Projection
from emnist_lab.evaluation.evaluation import Evaluation
from emnist_lab.metrics.ranking import descending_order
from emnist_lab.metrics.report import Report
from emnist_lab.runs.run import Run
from emnist_lab.ui import background_pools, current_evaluation, current_run, messages, task_panel
from emnist_lab.ui.components.scatter import RIGHT_WRONG, by_class, scatter
from emnist_lab.ui.evaluate import image_detail

_COUNTS = (500, 1_000, 2_000, 4_000)
_COLOURS = ("by class", "by right and wrong")
_SLOW, _MEANWHILE = "t-SNE", "PCA"  # the latter is quick, and where the former begins


def _project(
    run: Run,
    report: Report,
    images: np.ndarray,
    method: str,
    count: int,
    tell: ProgressCallback | None = None,
) -> Projection:
    chosen = embedding.sample_of(report, count)
    space = neighbours.feature_extractor(run)
    features = images[chosen].reshape(len(chosen), -1) if space is None else space(images[chosen])
    return embedding.project(features, report.labels[chosen], method, progress=tell)


@st.cache_data(max_entries=24, show_spinner="Computing the embedding …")
def _quick(key: tuple, method: str, count: int, _run: Run, _report: Report, _images) -> Projection:
    return _project(_run, _report, _images, method, count)


def _embedding(evaluation: Evaluation, method: str, count: int) -> Projection:
    """The embedding; another one while it takes seconds, or was cancelled, which is shown."""
    what = current_run.open_run(evaluation.run.name), evaluation.report, evaluation.part.images
    if method == _SLOW:
        found = task_panel.result_or_progress(
            background_pools.maps(),
            (*evaluation.key, count),
            lambda tell: _project(*what, method, count, tell),
            about="Computing the embedding",
            name="evaluate-embedding",
        )
        if found is not None:
            return found
    return _quick(evaluation.key, _MEANWHILE if method == _SLOW else method, count, *what)


@messages.fragment_with_errors
def show_embedding(evaluation: Evaluation) -> None:
    """Show the embedding; a loop drawn round images opens them as a gallery.

    Parameters
    ----------
    evaluation : Evaluation
    """
    part, report = evaluation.part, evaluation.report
    if part is None:
        current_evaluation.say_no_images(evaluation, "embedding")
        return
    st.markdown(
        "Test images by the features that the run's classifier takes (the pixels where it takes "
        "these, one member's of an ensemble): what lies close has similar features. Draw a loop "
        "round some to look at them."
    )
    counts = [count for count in _COUNTS if count < len(part)] or [len(part)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.segmented_control(
            "Layout",
            list(embedding.METHODS),
            default=embedding.METHODS[0],
            required=True,
            key="layout",
            bind="query-params",
            help="PCA: most variance. LDA: classes apart. t-SNE: neighbours stay neighbours, "
            "while distances far apart and the sizes of clusters mean nothing.",
        )
        colours = st.segmented_control(
            "Colours",
            list(_COLOURS),
            default=_COLOURS[0],
            required=True,
            key="colours",
            bind="query-params",
        )
        count = st.select_slider(
            "Images",
            counts,
            value=min(1_000, counts[-1]),
            key="map-count",
            bind="query-params",
            width=220,
        )
    with st.container():  # a place of its own, so that what follows stays where it is
        found = _embedding(evaluation, method, count)
    chosen = embedding.sample_of(report, count)
    view = (*evaluation.key, found.method, count)
    brushed = st.session_state.get("evaluate-brushed", (None, ()))
    picked = list(brushed[1]) if brushed[0] == view else []
    names = report.names
    wrong = report.predicted[chosen] != report.labels[chosen]
    scatter(
        found.points,
        part.images[chosen],
        [
            f"{names[report.labels[i]]}, read as {names[report.predicted[i]]} "
            f"({report.scores[i].max():.0%}), image {i}"
            for i in chosen
        ],
        report.labels[chosen] if colours == _COLOURS[0] else wrong.astype(np.int64),
        by_class(report.classes) if colours == _COLOURS[0] else RIGHT_WRONG,
        key="evaluate-embedding",
        label=f"Embedding of {len(chosen):,} test images by {found.method}",
        on_brush=lambda places: st.session_state.update(
            {"evaluate-brushed": (view, tuple(places))}
        ),
        selected=picked,
    )
    note = f" {found.note}" if found.note else ""
    st.caption(
        f"{found.method} of {len(chosen):,} of {len(report.labels):,} test images, drawn evenly; "
        f"seed {found.seed}.{note}"
    )
    if picked:
        of = chosen[np.array(picked)]
        share = (report.predicted[of] == report.labels[of]).mean()
        st.markdown(f"**{len(of):,} chosen**, {share:.0%} of them read right")
        image_detail.images(
            evaluation,
            of[descending_order(-report.scores[of].max(axis=1))],
            key="embedding-images",
            label="Images chosen in the embedding",
            order="Lowest confidence first",
        )
