"""Embedding of test images in two dimensions: those that a run finds alike lie near each other."""

import numpy as np
import streamlit as st

from emnist_lab.callbacks import ProgressCallback
from emnist_lab.errors import DatasetError
from emnist_lab.evaluation import embedding, fitted_embedding, neighbours
from emnist_lab.evaluation.embedding import PARAMETRIC, Projection
from emnist_lab.evaluation.evaluation import Evaluation
from emnist_lab.metrics import glossary
from emnist_lab.metrics.percent import percent
from emnist_lab.metrics.ranking import descending_order
from emnist_lab.metrics.report import Report
from emnist_lab.runs.run import Run
from emnist_lab.ui import background_pools, current_evaluation, current_run, messages, task_panel
from emnist_lab.ui.components.scatter import CORRECT_OR_NOT, by_class, scatter
from emnist_lab.ui.evaluate import image_detail

_COUNTS = (500, 1_000, 2_000, 4_000)
_COLOURS = ("by class", "correct or misclassified")
FORMER_COLOURS = {"by right and wrong": _COLOURS[1]}  # in addresses
_FITTED = "Parametric t-SNE: a network that learned, once, a t-SNE of this run's training images. "
_LOGS, _FEATURES = "log-probabilities", "features"
_SLOW, _MEANWHILE = "t-SNE", "LDA"  # the latter takes no second
_ABOUT = {
    _LOGS: "Each point is a test image, placed by the logarithms of the run's probabilities: "
    "images that the run finds alike lie near each other.",
    _FEATURES: "Each point is a test image, placed by the features that the run's classifier takes "
    "(the pixels where it takes these, one member's of an ensemble): images with similar features "
    "lie near each other.",
}


def _project(
    run: Run,
    report: Report,
    images: np.ndarray,
    method: str,
    count: int,
    space: str = _FEATURES,
    tell: ProgressCallback | None = None,
) -> Projection:
    chosen = embedding.sample_of(report, count)
    if space == _LOGS:
        features = embedding.log_probabilities(report.scores[chosen])
    elif (extract := neighbours.feature_extractor(run)) is None:
        features = images[chosen].reshape(len(chosen), -1)
    else:
        features = extract(images[chosen])
    return embedding.project(features, report.labels[chosen], method, progress=tell)


@st.cache_data(max_entries=24, show_spinner="Computing the embedding …")
def _quick(
    key: tuple, method: str, count: int, space: str, _run: Run, _report: Report, _images
) -> Projection:
    # Of one class there is nothing that LDA could tell apart, nor of two images of two.
    try:
        return _project(_run, _report, _images, method, count, space)
    except DatasetError:
        if method != _MEANWHILE:
            raise
        return _project(_run, _report, _images, "PCA", count, space)


def _embedding(evaluation: Evaluation, method: str, count: int, space: str) -> Projection:
    """The embedding; another one while it takes seconds, or was cancelled, which is shown."""
    report = evaluation.report
    if method == PARAMETRIC:
        fitted = fitted_embedding.of(evaluation.run, report.classes)
        return fitted.project(report.scores[embedding.sample_of(report, count)])
    what = current_run.open_run(evaluation.run.name), report, evaluation.part.images
    if method == _SLOW:
        found = task_panel.result_or_progress(
            background_pools.maps(),
            (*evaluation.key, count, space),
            lambda tell: _project(*what, method, count, space, tell),
            about="Computing the embedding",
            name="evaluate-embedding",
        )
        if found is not None:
            return found
    quick = _MEANWHILE if method == _SLOW else method
    return _quick(evaluation.key, quick, count, space, *what)


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
    counts = [count for count in _COUNTS if count < len(part)] or [len(part)]
    fitted = fitted_embedding.of(evaluation.run, report.classes)
    methods = [*([PARAMETRIC] if fitted else []), "LDA", "PCA", "t-SNE"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.segmented_control(
            "Method",
            methods,
            default=methods[0],
            required=True,
            key="layout",
            bind="query-params",
            help=f"{_FITTED if methods[0] == PARAMETRIC else ''}LDA: "
            f"{glossary.help_of('LDA')} PCA: {glossary.help_of('PCA')} t-SNE: "
            f"{glossary.help_of('t-SNE')}",
        )
        space = _LOGS
        if method != PARAMETRIC:
            space = st.segmented_control(
                "Of",
                [_LOGS, _FEATURES],
                default=_LOGS,
                required=True,
                key="space",
                bind="query-params",
                help="What the run says of an image, or what its classifier is given.",
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
    st.markdown(f"{_ABOUT[space]} Draw a loop round some to see them.")
    with st.container():  # a place of its own, so that what follows stays where it is
        found = _embedding(evaluation, method, count, space)
    chosen = embedding.sample_of(report, count)
    view = (*evaluation.key, found.method, count, space)
    brushed = st.session_state.get("evaluate-brushed", (None, ()))
    picked = list(brushed[1]) if brushed[0] == view else []
    names = report.names
    wrong = report.predicted[chosen] != report.labels[chosen]
    scatter(
        found.points,
        part.images[chosen],
        [
            f"{names[report.labels[i]]}, predicted as {names[report.predicted[i]]} "
            f"({percent(report.scores[i].max(), 0)}), image {i}"
            for i in chosen
        ],
        report.labels[chosen] if colours == _COLOURS[0] else wrong.astype(np.int64),
        by_class(report.classes) if colours == _COLOURS[0] else CORRECT_OR_NOT,
        key="evaluate-embedding",
        label=f"Embedding of {len(chosen):,} test images by {found.method}",
        on_brush=lambda places: st.session_state.update(
            {"evaluate-brushed": (view, tuple(places))}
        ),
        selected=picked,
    )
    note = f" {found.note}" if found.note else ""
    st.caption(
        f"{found.method} of {len(chosen):,} of {len(report.labels):,} test images, a stratified "
        f"sample; seed {found.seed}.{note}"
    )
    if picked:
        of = chosen[np.array(picked)]
        share = (report.predicted[of] == report.labels[of]).mean()
        st.markdown(f"**{len(of):,} chosen**, {percent(share)} of them correct")
        image_detail.images(
            evaluation,
            of[descending_order(-report.scores[of].max(axis=1))],
            key="embedding-images",
            label="Images chosen in the embedding",
            order="Lowest confidence first",
        )
