"""ROC and precision-recall on the Evaluate page: averages, pairs, curves."""

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab import confusion, figures
from emnist_lab.metrics import Report
from emnist_lab.runs import Run
from emnist_lab.ui import confused, inspect, state
from emnist_lab.ui.downloads import download_csv, downloads
from emnist_lab.ui.markup import plain
from emnist_lab.ui.matrix import pair_matrix

_AVERAGES = {
    "ovo_macro": (
        "One-vs-one, macro",
        "Mean over all pairs (Hand and Till 2001): the reference's.",
    ),
    "ovo_weighted": ("One-vs-one, weighted", "Pairs weighted by how many images they have."),
    "ovr_macro": ("One-vs-rest, macro", "Mean over classes, each against all others together."),
    "ovr_weighted": ("One-vs-rest, weighted", "Classes weighted by how many images they have."),
    "ovr_micro": (
        "One-vs-rest, micro",
        "All decisions at once, each image's for each class: one threshold serves all classes.",
    ),
}


def averages(report: Report, stem: str) -> None:
    """Show every average of ROC AUC.

    Parameters
    ----------
    report : Report
    stem : str
        What files are called, without their ending.
    """
    table = report.aucs.table()
    with st.container(horizontal=True):
        for key, (label, about) in _AVERAGES.items():
            value = table[key]
            st.metric(label, "–" if np.isnan(value) else f"{value:.6f}", help=about)
    st.caption(
        "Exact areas, ties counted one half, equal to scikit-learn's. Where all classes have "
        "equally many images, macro and weighted are the same."
    )
    download_csv(f"{stem}-auc", lambda: pd.Series(table, name="auc").to_csv(index_label="average"))


@st.fragment
def pairwise(run: Run, report: Report, stem: str) -> None:
    """Show the matrix of pairwise AUCs, and the pair that is picked.

    Parameters
    ----------
    run : Run
    report : Report
    stem : str
        What files are called, without their ending.
    """
    areas = report.aucs.pairwise
    if np.isnan(areas).all():
        st.info("The test part has images of one class only: no pair has an AUC.")
        return
    order = np.arange(len(report.classes))
    if st.session_state.get("pair-order") == confusion.ORDERS[1]:
        order = confused.order_of(run.name, run.manifest["created"])
    left, right = st.columns([1.7, 1], gap="large")
    with left:
        st.segmented_control(
            "Order",
            list(confusion.ORDERS),
            default=confusion.ORDERS[0],
            required=True,
            key="pair-order",
        )
        pair_matrix(
            areas,
            report.names,
            order,
            key="pairwise",
            selected=st.session_state.get("pair", (None, None)),
            on_pick=lambda true, read: st.session_state.update(pair=(true, read)),
        )
        st.caption(
            "How surely the model tells each pair of classes apart, whatever else it may say: 0.5 "
            "is guessing, 1 is perfect. The darker, the worse; pick a pair to see its errors."
        )
        names = report.names
        download_csv(
            f"{stem}-auc-pairs",
            lambda: pd.DataFrame(areas, index=names, columns=names).to_csv(),
        )
    with right:
        pair = st.session_state.get("pair", (None, None))
        if None in pair:
            _hardest(report)
        else:
            _pair(run, report, *pair)


def _hardest(report: Report) -> None:
    st.subheader("Hardest to tell apart")
    areas = np.where(np.triu(np.ones(report.aucs.pairwise.shape, bool), 1), report.aucs.pairwise, 2)
    areas = np.where(np.isnan(areas), 2, areas)
    for flat in np.argsort(areas, axis=None, kind="stable")[:12]:
        a, b = np.unravel_index(flat, areas.shape)
        if areas[a, b] > 1:
            break
        st.button(
            f"**{plain(report.names[a])}** and **{plain(report.names[b])}**: {areas[a, b]:.4f}",
            key=f"hardest-{a}-{b}",
            type="tertiary",
            on_click=lambda a=int(a), b=int(b): st.session_state.update(pair=(a, b)),
        )


def _pair(run: Run, report: Report, first: int, second: int) -> None:
    a, b = report.names[first], report.names[second]
    st.subheader(f"{plain(a)} and {plain(b)}")
    st.metric("AUC of this pair", f"{report.aucs.pairwise[first, second]:.6f}")
    found = np.concatenate(
        [confusion.images_of(report, first, second), confusion.images_of(report, second, first)]
    )
    st.markdown(f"**{len(found):,}** images of the one are read as the other.")
    inspect.images(run, report, found, key="pair-images", label=f"{a} and {b} taken for each other")
    st.button(
        "Hardest pairs",
        icon=":material/arrow_back:",
        on_click=lambda: st.session_state.update(pair=(None, None)),
    )


@st.cache_data(max_entries=48, show_spinner="Drawing …")
def _roc(name: str, made: str, chosen: tuple, kind: str, note: str) -> bytes:
    return figures.encode(figures.roc_figure(state.report(name), list(chosen)), kind, note)


@st.fragment
def curves(run: Run, report: Report, stem: str, note: str) -> None:
    """Show ROC and precision-recall curves of chosen classes.

    Parameters
    ----------
    run : Run
    report : Report
    stem, note : str
        For files: what they are called, and what was measured on.
    """
    hardest = report.per_class["auc"].nsmallest(3).index.tolist()
    chosen = st.multiselect(
        "Classes",
        report.classes,
        default=[report.classes[i] for i in hardest],
        format_func=dict(zip(report.classes, report.names, strict=True)).get,
        max_selections=6,
        help="The three hardest at first.",
    )
    indices = [report.classes.index(one) for one in chosen]
    indices = [one for one in indices if not np.isnan(report.aucs.each[one])]
    if len(indices) < len(chosen):
        st.info("A class that the test part has no image of has no curve.")
    left, right = st.columns(2, gap="large")
    rates, hits = report.roc_curves
    macro = np.nanmean(hits, axis=0)
    lines = [("macro average", rates, macro)]
    lines += [(f"{report.names[i]} · {report.aucs.each[i]:.4f}", rates, hits[i]) for i in indices]
    with left:
        st.markdown("**ROC**, each class against the rest")
        st.altair_chart(
            _lines(lines, "false positive rate", "true positive rate", _dark_colours()),
            alt="ROC curves",
        )
    drawn = [report.precision_recall(i) for i in indices]
    with right:
        st.markdown("**Precision and recall**, each class against the rest")
        if drawn:
            st.altair_chart(
                _lines(
                    [
                        (f"{report.names[i]} · {one.average:.4f}", one.recall, one.precision)
                        for i, one in zip(indices, drawn, strict=True)
                    ],
                    "recall",
                    "precision",
                    _dark_colours()[1:],
                ),
                alt="Precision-recall curves",
            )
        else:
            st.info("Choose a class above.")
    st.caption(
        "Numbers in the legends: area under the ROC curve, and average precision (the area under "
        "the precision-recall steps)."
    )

    def table() -> str:
        index = pd.Index(rates, name="fpr")
        return pd.DataFrame(hits.T, columns=report.names, index=index).to_csv()

    downloads(
        f"{stem}-roc",
        lambda kind: _roc(run.name, run.manifest["created"], tuple(indices), kind, note),
        table,
    )


def _dark_colours() -> list[str]:
    return [figures.PLAIN[state.dark()], *figures.PALETTE[state.dark()][1:], "#888888", "#aa5599"]


def _lines(lines, across: str, up: str, colours: list[str]) -> alt.Chart:
    """Curves with a legend, in the page's colours."""
    table = pd.concat(
        [
            pd.DataFrame(
                {"curve": name, "x": np.round(x, 5), "y": np.round(y, 5), "step": range(len(x))}
            )
            for name, x, y in lines
        ]
    )
    names = [name for name, _, _ in lines]
    return (
        alt.Chart(table)
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("x:Q", title=across).scale(domain=[0, 1]),
            y=alt.Y("y:Q", title=up).scale(domain=[0, 1]),
            order="step:Q",
            color=alt.Color("curve:N", title=None, sort=names)
            .scale(domain=names, range=colours[: len(names)])
            .legend(orient="bottom", columns=2),
            tooltip=["curve", alt.Tooltip("x", title=across), alt.Tooltip("y", title=up)],
        )
        .properties(height=380)
    )
