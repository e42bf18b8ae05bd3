"""ROC and precision-recall on the Evaluate page: averages, pairs, curves."""

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab.evaluation import figures
from emnist_lab.evaluation.evaluation import Evaluation
from emnist_lab.metrics import confusion
from emnist_lab.metrics.ranking import descending_order
from emnist_lab.metrics.report import Report
from emnist_lab.metrics.roc import AVERAGES
from emnist_lab.ui import messages
from emnist_lab.ui.components.matrix import pair_matrix
from emnist_lab.ui.downloads import download_csv, downloads
from emnist_lab.ui.evaluate import confusion_tab, image_detail
from emnist_lab.ui.formatting import plain

_ABOUT = {
    "ovo_macro": "Mean over all pairs (Hand and Till 2001).",
    "ovo_weighted": "Pairs weighted by how many images they have.",
    "ovr_macro": "Mean over classes, each against all others together.",
    "ovr_weighted": "Classes weighted by how many images they have.",
    "ovr_micro": "All decisions at once, each image's for each class: one threshold serves all "
    "classes.",
}


def averages(evaluation: Evaluation) -> None:
    """Show every average of ROC AUC.

    Parameters
    ----------
    evaluation : Evaluation
    """
    table = evaluation.report.aucs.table()
    with st.container(horizontal=True):
        for key, label in AVERAGES.items():
            value = table[key]
            st.metric(label, "–" if np.isnan(value) else f"{value:.6f}", help=_ABOUT[key])
    st.caption(
        "Exact areas, ties counted one half, equal to scikit-learn's. Where all classes have "
        "equally many images, macro and weighted are the same."
    )
    download_csv(
        f"{evaluation.stem}-auc", lambda: pd.Series(table, name="auc").to_csv(index_label="average")
    )


def _asked_pair(report: Report) -> tuple[int | None, int | None]:
    """The pair that the address names: two characters; none where the run hasn't both."""
    text = st.query_params.get("pair", "")
    if len(text) != 2 or text[0] == text[1] or not set(text) <= set(report.classes):
        st.query_params.pop("pair", None)
        return None, None
    return report.classes.index(text[0]), report.classes.index(text[1])


def _choose_pair(classes: list[str], first: int | None, second: int | None) -> None:
    """Name a pair in the address; for callbacks."""
    if first is None or second is None:
        st.query_params.pop("pair", None)
    else:
        st.query_params["pair"] = classes[first] + classes[second]


@messages.fragment_with_errors
def pairwise(evaluation: Evaluation) -> None:
    """Show the matrix of pairwise AUCs, and the pair that is picked.

    Parameters
    ----------
    evaluation : Evaluation
    """
    report = evaluation.report
    areas = report.aucs.pairwise
    if np.isnan(areas).all():
        st.info("The test part has images of one class only: no pair has an AUC.")
        return
    pair = _asked_pair(report)
    left, right = st.columns([1.7, 1], gap="large")
    with left:
        places = confusion_tab.choose_order(evaluation)
        pair_matrix(
            areas,
            report.names,
            places,
            key="evaluate-pairwise",
            selected=pair,
            on_pick=lambda true, read: _choose_pair(report.classes, true, read),
        )
        st.caption(
            "How well the model tells each pair of classes apart, whatever the other classes: 0.5 "
            "is guessing, 1 is perfect. The more a cell stands out, the worse; pick one to see its "
            "errors."
        )
        names = report.names
        download_csv(
            f"{evaluation.stem}-auc-pairs",
            lambda: pd.DataFrame(areas, index=names, columns=names).to_csv(),
        )
    with right:
        if None in pair:
            _hardest(report)
        else:
            _pair(evaluation, *pair)


def _hardest(report: Report) -> None:
    st.subheader("Hardest to tell apart")
    upper = np.triu(np.ones(report.aucs.pairwise.shape, bool), 1)
    areas = np.where(upper & ~np.isnan(report.aucs.pairwise), report.aucs.pairwise, 2)
    with st.container(gap=None):
        for flat in descending_order(-areas, 12):
            a, b = (int(one) for one in np.unravel_index(flat, areas.shape))
            if areas[a, b] > 1:
                break
            st.button(
                f"**{plain(report.names[a])}** and **{plain(report.names[b])}**: {areas[a, b]:.4f}",
                key=f"evaluate-hardest-{a}-{b}",
                type="tertiary",
                on_click=_choose_pair,
                args=(report.classes, a, b),
            )


def _pair(evaluation: Evaluation, first: int, second: int) -> None:
    report = evaluation.report
    a, b = report.names[first], report.names[second]
    area = report.aucs.pairwise[first, second]
    st.subheader(f"{plain(a)} and {plain(b)}")
    st.metric("AUC of this pair", "–" if np.isnan(area) else f"{area:.6f}")
    if np.isnan(area):
        st.caption("The test part has no image of one of the two, so it is undefined.")
    found = np.concatenate(
        [
            confusion.images_in_cell(report, first, second),
            confusion.images_in_cell(report, second, first),
        ]
    )
    st.markdown(f"**{len(found):,}** images of the one are read as the other.")
    image_detail.images(
        evaluation, found, key="pair-images", label=f"{a} and {b} confused with each other"
    )
    st.button(
        "Hardest pairs",
        icon=":material/arrow_back:",
        on_click=_choose_pair,
        args=(report.classes, None, None),
    )


@st.cache_data(max_entries=48, show_spinner="Drawing …")
def _roc(key: tuple, chosen: tuple, kind: str, note: str, _report: Report) -> bytes:
    return figures.encode(figures.roc_figure(_report, list(chosen)), kind, note)


@messages.fragment_with_errors
def curves(evaluation: Evaluation) -> None:
    """Show ROC and precision-recall curves of chosen classes.

    Parameters
    ----------
    evaluation : Evaluation
    """
    report = evaluation.report
    hardest = report.per_class["auc"].nsmallest(3).index.tolist()
    chosen = st.multiselect(
        "Classes",
        report.classes,
        default=[report.classes[i] for i in hardest],
        format_func=dict(zip(report.classes, report.names, strict=True)).get,
        max_selections=6,
        help="The three hardest at first.",
        key="evaluate-curves",
    )
    indices = [report.classes.index(one) for one in chosen]
    indices = [one for one in indices if not np.isnan(report.aucs.each[one])]
    if len(indices) < len(chosen):
        st.info("A class that the test part has no image of has no curve.")
    left, right = st.columns(2, gap="large")
    rates, hits = report.roc_curves
    known = ~np.isnan(hits).any(axis=1)
    if not known.any():
        st.info("The test part has images of one class only: there is no curve.")
        return
    lines = [("macro average", rates, hits[known].mean(axis=0))]
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
        f"{evaluation.stem}-roc",
        lambda kind: _roc(evaluation.key, tuple(indices), kind, evaluation.note, report),
        table,
    )


def _dark_colours() -> list[str]:
    return [
        figures.PLAIN[messages.dark()],
        *figures.PALETTE[messages.dark()][1:],
        "#888888",
        "#aa5599",
    ]


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
