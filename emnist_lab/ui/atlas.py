"""A map of test images on the Evaluate page: those alike for the run lie near each other."""

import numpy as np
import streamlit as st

from emnist_lab import nearest, projection
from emnist_lab.metrics import Report
from emnist_lab.projection import Projection
from emnist_lab.runs import Run
from emnist_lab.ui import inspect, inuse, measured
from emnist_lab.ui.scatter import RIGHT_WRONG, by_class, scatter

_COUNTS = (500, 1_000, 2_000, 4_000)
_COLOURS = ("by class", "by right and wrong")


@st.cache_data(max_entries=12, show_spinner="Laying out the map … t-SNE takes some seconds")
def _project(name: str, key: tuple, method: str, count: int, _images: np.ndarray) -> Projection:
    report = measured.report(name)
    chosen = projection.sample_of(report, count)
    space = nearest.space(inuse.open_run(name))
    features = _images[chosen].reshape(len(chosen), -1) if space is None else space(_images[chosen])
    return projection.project(features, report.labels[chosen], method)


@measured.guarded
def atlas(run: Run, report: Report) -> None:
    """Show the map; a loop drawn round images opens them as a gallery.

    Parameters
    ----------
    run : Run
    report : Report
        On its test part.
    """
    part, problem = measured.test_part(run)
    if part is None:
        st.info(problem, icon=":material/hide_image:")
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
    key = measured.measurement(run)
    found = _project(run.name, key, method, count, part.images)
    chosen = projection.sample_of(report, count)
    view = (*key, method, count)
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
        label=f"Map of {len(chosen):,} test images by {method}",
        on_brush=lambda places: st.session_state.update(brushed=(view, tuple(places))),
        selected=picked,
    )
    note = f" {found.note}" if found.note else ""
    st.caption(
        f"{len(chosen):,} of {len(report.labels):,} test images, drawn evenly; seed "
        f"{found.seed}.{note}"
    )
    if picked:
        of = chosen[np.array(picked)]
        share = (report.predicted[of] == report.labels[of]).mean()
        st.markdown(f"**{len(of):,} chosen**, {share:.0%} of them read right")
        inspect.images(
            run,
            report,
            of[np.argsort(report.scores[of].max(axis=1), kind="stable")],
            key="map-images",
            label="Images chosen on the map",
            order="Least sure first",
        )
