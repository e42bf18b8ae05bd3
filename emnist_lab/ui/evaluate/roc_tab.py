"""ROC and precision-recall on the Evaluate page: averages, pairs, curves."""

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab.evaluation import figures
from emnist_lab.evaluation.evaluation import Evaluation
from emnist_lab.metrics import confusion, glossary
from emnist_lab.metrics.ranking import descending_order
from emnist_lab.metrics.report import Report
from emnist_lab.metrics.roc import AVERAGES
from emnist_lab.ui import messages
from emnist_lab.ui.components.error_list import Row, error_list
from emnist_lab.ui.components.matrix import pair_matrix
from emnist_lab.ui.downloads import download_csv, downloads
from emnist_lab.ui.evaluate import confusion_tab, image_detail
from emnist_lab.ui.formatting import plain

_ZOOM = 0.1  # false positive rate
_LISTED = 12  # pairs
_ABOUT = {
    "ovo_macro": "Mean over all pairs (Hand and Till 2001).",
    "ovo_weighted": "Pairs weighted by how many images they have.",
    "ovr_macro": "Mean over classes, each against all others together.",
    "ovr_weighted": "Classes weighted by how many images they have.",
    "ovr_micro": "All decisions at once, each image's for each class: one threshold serves all "
    "classes.",
}

_BALANCED = (
    "All classes have equally many images here, so one-vs-one and one-vs-rest are the same number, "
    "weighted or not: the rest is an equal mix of the other classes, and both are the mean over "
    "the same pairs."
)
_UNEVEN = (
    "Classes have different numbers of images here, so the averages differ: one-vs-rest counts "
    "frequent classes more in the rest, one-vs-one counts all pairs alike."
)


def agreement(report: Report) -> str:
    """Why one-vs-one and one-vs-rest agree on these images, or why they don't: a sentence.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str
    """
    return _BALANCED if report.aucs.balanced else _UNEVEN


def averages(evaluation: Evaluation) -> None:
    """Show every average of ROC AUC; those that are the same number as one.

    Parameters
    ----------
    evaluation : Evaluation
    """
    aucs = evaluation.report.aucs
    table = aucs.table()
    with st.container(horizontal=True, key="evaluate-averages"):
        if aucs.balanced:
            st.metric("ROC AUC, macro", _area(aucs.ovo_macro), help=_BALANCED)
            st.metric("One-vs-rest, micro", _area(aucs.ovr_micro), help=_ABOUT["ovr_micro"])
        else:
            for key, label in AVERAGES.items():
                st.metric(label, _area(table[key]), help=_ABOUT[key])
    st.caption(
        "Exact areas, ties counted one half, equal to scikit-learn's. "
        f"{agreement(evaluation.report)}"
    )
    download_csv(
        f"{evaluation.stem}-auc", lambda: pd.Series(table, name="auc").to_csv(index_label="average")
    )


def _area(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.4f}"


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
        st.info("The test subset has images of one class only: no pair has an AUC.")
        return
    pair = _asked_pair(report)
    st.header("Pairs of classes", anchor=False)
    left, right = st.columns([1.8, 1], gap="medium")
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
            "is chance, 1 is perfect. The more a cell stands out, the worse; pick one to see its "
            "errors."
        )
        names = report.names
        download_csv(
            f"{evaluation.stem}-auc-pairs",
            lambda: pd.DataFrame(areas, index=names, columns=names).to_csv(),
        )
    with right:
        if None in pair:
            _hardest(evaluation)
        else:
            _pair(evaluation, *pair)


def _hardest(evaluation: Evaluation) -> None:
    report, part = evaluation.report, evaluation.part
    st.subheader("Hardest to tell apart", anchor=False)
    upper = np.triu(np.ones(report.aucs.pairwise.shape, bool), 1)
    areas = np.where(upper & ~np.isnan(report.aucs.pairwise), report.aucs.pairwise, 2)
    rows = []
    for flat in descending_order(-areas, _LISTED):
        a, b = (int(one) for one in np.unravel_index(flat, areas.shape))
        if areas[a, b] > 1:
            break
        first, second = report.names[a], report.names[b]
        examples = [
            found[0]
            for found in (
                confusion.images_in_cell(report, a, b),
                confusion.images_in_cell(report, b, a),
            )
            if len(found)
        ]
        rows.append(
            Row(
                f"{a} {b}",
                f"{first} and {second}",
                _area(areas[a, b]),
                min(2 * (1 - float(areas[a, b])), 1),  # an AUC of 0.5 fills the bar
                f"{first} and {second}: AUC {_area(areas[a, b])}. Show their errors",
                part.images[examples] if part is not None and examples else None,
            )
        )
    error_list(
        rows,
        key="evaluate-hardest",
        label="Pairs with the least AUC",
        on_pick=lambda picked: _choose_pair(report.classes, *map(int, picked.split())),
    )


def _pair(evaluation: Evaluation, first: int, second: int) -> None:
    report = evaluation.report
    a, b = report.names[first], report.names[second]
    area = report.aucs.pairwise[first, second]
    st.subheader(f"{plain(a)} and {plain(b)}", anchor=False)
    st.metric("AUC of this pair", _area(area))
    if np.isnan(area):
        st.caption("The test subset has no image of one of the two, so it is undefined.")
    found = np.concatenate(
        [
            confusion.images_in_cell(report, first, second),
            confusion.images_in_cell(report, second, first),
        ]
    )
    st.markdown(f"**{len(found):,}** images of the one are predicted as the other.")
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
    st.header("Curves", anchor=False)
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
        st.info("A class that the test subset has no image of has no curve.")
    left, right = st.columns(2, gap="large")
    rates, hits = report.roc_curves
    known = ~np.isnan(hits).any(axis=1)
    if not known.any():
        st.info("The test subset has images of one class only: there is no curve.")
        return
    lines = [(f"macro average · {report.aucs.ovr_macro:.4f}", rates, hits[known].mean(axis=0))]
    lines += [(f"{report.names[i]} · {report.aucs.each[i]:.4f}", rates, hits[i]) for i in indices]
    with left:
        st.markdown("**ROC**, each class against the rest", help=glossary.help_of("ROC curve"))
        near = st.toggle(
            f"Zoom to false positive rates up to {_ZOOM:g}", key="zoom", bind="query-params"
        )
        kept = rates <= (_ZOOM if near else 1)
        chart = _lines(
            [(name, x[kept], y[kept]) for name, x, y in lines],
            "false positive rate",
            "true positive rate",
            _colours(),
            most=_ZOOM if near else 1,
        )
        st.altair_chart(chart + _chance(_ZOOM if near else 1), alt="ROC curves")
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
                    _colours()[1:],
                    steps=True,
                ),
                alt="Precision-recall curves",
            )
        else:
            st.info("Choose a class above.")
    st.caption(
        "Numbers in the legends: area under the whole ROC curve (AUC), and average precision (the "
        "area under the precision-recall steps). The dashed diagonal is chance: AUC 0.5."
    )

    def table() -> str:
        index = pd.Index(rates, name="fpr")
        return pd.DataFrame(hits.T, columns=report.names, index=index).to_csv()

    downloads(
        f"{evaluation.stem}-roc",
        lambda kind: _roc(evaluation.key, tuple(indices), kind, evaluation.note, report),
        table,
    )


def _colours() -> list[str]:
    return [
        figures.PLAIN[messages.dark()],
        *figures.PALETTE[messages.dark()][1:],
        "#888888",
        "#aa5599",
    ]


def _chance(most: float) -> alt.Chart:
    """The diagonal that guessing gives."""
    ends = pd.DataFrame({"x": [0, most], "y": [0, most]})
    line = alt.Chart(ends).mark_line(strokeDash=[5, 4], strokeWidth=1.5, color="#888888")
    return line.encode(x="x:Q", y="y:Q")


def _lines(
    lines, across: str, up: str, colours: list[str], most: float = 1, steps: bool = False
) -> alt.Chart:
    """Curves with a legend, in the page's colours; across from 0 to `most`.

    Between two points of a precision-recall curve lies no straight line: `steps` draws the one
    whose area the average precision is.
    """
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
        .mark_line(strokeWidth=2, interpolate="step-before" if steps else "linear")
        .encode(
            x=alt.X("x:Q", title=across).scale(domain=[0, most]),
            y=alt.Y("y:Q", title=up).scale(domain=[0, 1]),
            order="step:Q",
            color=alt.Color("curve:N", title=None, sort=names)
            .scale(domain=names, range=colours[: len(names)])
            .legend(orient="bottom", columns=2),
            tooltip=["curve", alt.Tooltip("x", title=across), alt.Tooltip("y", title=up)],
        )
        .properties(height=380)
    )
