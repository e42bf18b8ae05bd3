"""A map of test images on the Evaluate page: those alike for the run lie near each other."""

import numpy as np
import streamlit as st

from emnist_lab import nearest, projection
from emnist_lab.callbacks import Tell
from emnist_lab.projection import Projection
from emnist_lab.report import Report
from emnist_lab.run import Run
from emnist_lab.ui import inspect, inuse, measured, tasks, waiting
from emnist_lab.ui.measured import Measurement
from emnist_lab.ui.scatter import RIGHT_WRONG, by_class, scatter

_COUNTS = (500, 1_000, 2_000, 4_000)
_COLOURS = ("by class", "by right and wrong")
_SLOW, _MEANWHILE = "t-SNE", "PCA"  # the latter is quick, and where the former begins


def _lay_out(
    run: Run, report: Report, images: np.ndarray, method: str, count: int, tell: Tell | None = None
) -> Projection:
    chosen = projection.sample_of(report, count)
    space = nearest.space(run)
    features = images[chosen].reshape(len(chosen), -1) if space is None else space(images[chosen])
    return projection.project(features, report.labels[chosen], method, progress=tell)


@st.cache_data(max_entries=24, show_spinner="Laying out the map …")
def _quick(key: tuple, method: str, count: int, _run: Run, _report: Report, _images) -> Projection:
    return _lay_out(_run, _report, _images, method, count)


def _map(seen: Measurement, method: str, count: int) -> Projection:
    """The map; another one while it takes seconds, or was cancelled, which is shown."""
    what = inuse.open_run(seen.run.name), seen.report, seen.part.images
    if method == _SLOW:
        found = waiting.outcome(
            tasks.maps(),
            (*seen.key, count),
            lambda tell: _lay_out(*what, method, count, tell),
            about="Laying out the map",
            name="map",
        )
        if found is not None:
            return found
    return _quick(seen.key, _MEANWHILE if method == _SLOW else method, count, *what)


@measured.guarded
def atlas(seen: Measurement) -> None:
    """Show the map; a loop drawn round images opens them as a gallery.

    Parameters
    ----------
    seen : Measurement
    """
    part, report = seen.part, seen.report
    if part is None:
        measured.say_no_images(seen, "map")
        return
    st.markdown(
        "Test images laid out by the features that the run's classifier sees (the pixels where it "
        "sees these, one member's of a blend): what lies close is alike to it. Draw a loop round "
        "some to look at them."
    )
    counts = [count for count in _COUNTS if count < len(part)] or [len(part)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.segmented_control(
            "Layout",
            list(projection.METHODS),
            default=projection.METHODS[0],
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
        found = _map(seen, method, count)
    chosen = projection.sample_of(report, count)
    view = (*seen.key, found.method, count)
    brushed = st.session_state.get("brushed", (None, ()))
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
        key="map",
        label=f"Map of {len(chosen):,} test images by {found.method}",
        on_brush=lambda places: st.session_state.update(brushed=(view, tuple(places))),
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
        inspect.images(
            seen,
            of[np.argsort(report.scores[of].max(axis=1), kind="stable")],
            key="map-images",
            label="Images chosen on the map",
            order="Least sure first",
        )
