"""The confusion matrix on the Evaluate page, and the images behind its cells."""

import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.data.part import Part
from emnist_lab.evaluation import figures
from emnist_lab.evaluation.evaluation import Evaluation
from emnist_lab.metrics import confusion, glossary
from emnist_lab.metrics.percent import percent
from emnist_lab.metrics.report import Report
from emnist_lab.ui import current_evaluation, messages
from emnist_lab.ui.components.error_list import Row, error_list
from emnist_lab.ui.components.matrix import confusion_matrix
from emnist_lab.ui.downloads import downloads
from emnist_lab.ui.evaluate import image_detail
from emnist_lab.ui.formatting import plain

_PAIRS = 12  # cards
_EXAMPLES = 8  # errors each way on a card
_ABOUT = {
    figures.BY_TRUE: "Each row sums to 100%, and its diagonal is the class's recall. ",
    figures.BY_PREDICTED: "Each column sums to 100%, and its diagonal is the class's precision. ",
}
_LISTED, _PICTURES = 12, 3  # most confused, and pictures of each


def asked_cell(report: Report) -> tuple[int | None, int | None]:
    """True class and predicted class from the address; None where it names none.

    Parameters
    ----------
    report : Report

    Returns
    -------
    tuple of int or None
    """
    found = []
    for axis in ("true", "read"):
        text = st.query_params.get(axis)
        if text is not None and text not in report.classes:
            st.warning(
                f"This run has no class “{plain(text[:20])}”, which the address asks for: pick a "
                "cell below.",
                icon=":material/link_off:",
            )
            st.query_params.pop(axis)
            text = None
        found.append(None if text is None else report.classes.index(text))
    return found[0], found[1]


def choose_cell(classes: list[str], true: int | None, read: int | None) -> None:
    """Name a cell in the address; for callbacks."""
    for axis, index in (("true", true), ("read", read)):
        if index is None:
            st.query_params.pop(axis, None)
        else:
            st.query_params[axis] = classes[index]


@st.cache_data(max_entries=48, show_spinner="Drawing …")
def _heatmap(key: tuple, scale: str, kind: str, note: str, _report: Report) -> bytes:
    return figures.encode(figures.confusion_heatmap(_report, scale), kind, note)


@st.cache_data(max_entries=16, show_spinner=False)
def _by_confusion(key: tuple, _report: Report) -> np.ndarray:
    return confusion.cluster_order(_report.confusion)


def choose_order(evaluation: Evaluation) -> np.ndarray:
    """Selection of the order of classes in a matrix, kept in the address.

    Parameters
    ----------
    evaluation : Evaluation

    Returns
    -------
    ndarray of shape (C,), dtype int64
        Classes from the top left.
    """
    order = st.segmented_control(
        "Order of the classes",
        list(confusion.ORDERS),
        default=confusion.ORDERS[0],
        required=True,
        key="order",
        bind="query-params",
        label_visibility="collapsed",
    )
    if order == confusion.ORDERS[0]:
        return np.arange(len(evaluation.report.classes))
    return _by_confusion(evaluation.key, evaluation.report)


@messages.fragment_with_errors
def matrix(evaluation: Evaluation) -> None:
    """Show the confusion matrix, and the images of the cell, row or column that is picked.

    Parameters
    ----------
    evaluation : Evaluation
    """
    report = evaluation.report
    true, read = asked_cell(report)
    with st.container(horizontal=True, vertical_alignment="center"):
        scale = st.segmented_control(
            "Cells show",
            list(figures.SCALES),
            default="counts",
            required=True,
            key="scale",
            bind="query-params",
            label_visibility="collapsed",
        )
        places = choose_order(evaluation)
        errors = st.toggle("Errors only", key="errors", bind="query-params")
    shown = figures.normalize_confusion(report.confusion, scale)
    left, right = st.columns([1.8, 1], gap="medium")
    with left:
        confusion_matrix(
            report.confusion,
            shown,
            report.names,
            places,
            key="evaluate-matrix",
            selected=(true, read),
            on_pick=lambda true, read: choose_cell(report.classes, true, read),
            hide_diagonal=errors,
            as_shares=scale != "counts",
            unit=figures.SCALES[scale],
        )
        st.caption(
            f"{_ABOUT.get(scale, '')}Pick a cell to see its images, or a label for all about that "
            "class. Colours are stretched, so that a single error shows."
        )
        downloads(
            f"{evaluation.stem}-confusion-{scale.replace(' ', '-')}",
            lambda kind: _heatmap(evaluation.key, scale, kind, evaluation.note, report),
            lambda: pd.DataFrame(
                shown, index=pd.Index(report.names, name="true"), columns=report.names
            ).to_csv(),
        )
    with right:
        if true is None and read is None:
            _most_confused(evaluation)
        elif true is None or read is None:
            _class(evaluation, true, read)
        else:
            _cell(evaluation, true, read)


def _most_confused(evaluation: Evaluation) -> None:
    report, part = evaluation.report, evaluation.part
    st.header("Most confused", anchor=False)
    cells = confusion.confused_cells(report, _LISTED)
    if not cells:
        st.success("Not a single error on the test subset.")
        return
    rows = []
    for cell in cells:
        examples = confusion.images_in_cell(report, cell.true, cell.read)[:_PICTURES]
        words = f"{report.names[cell.true]} predicted as {report.names[cell.read]}"
        rows.append(
            Row(
                f"{cell.true} {cell.read}",
                words,
                f"{cell.count} of {cell.of}",
                cell.count / cell.of,
                f"{words}: {cell.count} of {cell.of} images. Show them",
                None if part is None else part.images[examples],
            )
        )
    error_list(
        rows,
        key="evaluate-confused",
        label="Most confused, as true class and predicted class",
        on_pick=lambda picked: choose_cell(report.classes, *map(int, picked.split())),
    )
    name, recall = report.most_missed()
    st.button(
        f"Lowest recall: **{plain(name)}**, {percent(recall)}",
        key="evaluate-lowest-recall",
        icon=":material/arrow_forward:",
        type="tertiary",
        help="Opens this class. " + glossary.help_of("recall"),
        on_click=choose_cell,
        args=(report.classes, report.names.index(name), None),
    )


def _ways(report: Report, ways: list[tuple[str, int | None, int | None]]) -> None:
    """Buttons from one view to the next."""
    with st.container(horizontal=True):
        for label, true, read in [*ways, ("Most confused", None, None)]:
            st.button(
                label,
                key=f"evaluate-way-{label}",
                on_click=choose_cell,
                args=(report.classes, true, read),
                icon=":material/arrow_back:" if true is read is None else None,
            )


def _cell(evaluation: Evaluation, true: int, read: int) -> None:
    report, names = evaluation.report, evaluation.report.names
    a, b = plain(names[true]), plain(names[read])
    count, of = int(report.confusion[true, read]), int(report.confusion[true].sum())
    st.header(f"{a}, correct" if true == read else f"{a} predicted as {b}", anchor=False)
    share = f", {percent(count / of)}" if of else ""
    st.markdown(f"**{count:,}** of {of:,} test images{share}.")
    ways = [(f"All of {a}", true, None)]
    if true != read:
        ways = [
            (f"{b} predicted as {a}", read, true),
            *ways,
            (f"All predicted as {b}", None, read),
        ]
    image_detail.images(
        evaluation,
        confusion.images_in_cell(report, true, read),
        key="cell",
        label=f"Test images of {names[true]} predicted as {names[read]}",
    )
    _ways(report, ways)


def _class(evaluation: Evaluation, true: int | None, read: int | None) -> None:
    report = evaluation.report
    index = true if read is None else read
    name, row = plain(report.names[index]), report.per_class.iloc[index]
    st.header(
        f"What {name} is predicted as" if read is None else f"What is predicted as {name}",
        anchor=False,
    )
    with st.container(horizontal=True):
        for label in ("recall", "precision", "auc"):
            value = row[label]
            st.metric(
                {"auc": "AUC"}.get(label, label.capitalize()),
                "–" if pd.isna(value) else f"{value:.4f}" if label == "auc" else percent(value),
            )
    out, into = confusion.confusions_of_class(report, index)
    raw = report.names[index]
    sides = [(out, f"{raw} is predicted as", True), (into, f"Predicted as {raw}", False)]
    for table, title, outwards in sides if read is None else sides[::-1]:
        _others(report, index, table, title, outwards)
    image_detail.images(
        evaluation,
        confusion.images_in_cell(report, true, read),
        key="class",
        label=f"Errors: {raw}",
    )
    turned = (
        (f"What is predicted as {name}", None, index)
        if read is None
        else (f"What {name} is predicted as", index, None)
    )
    _ways(report, [turned])


def _others(report: Report, index: int, table: pd.DataFrame, title: str, outwards: bool) -> None:
    """Classes that a class is predicted as, or that are predicted as it; a row opens its cell."""
    if table.empty:
        st.caption(f"{plain(title)}: nothing else, not once.")
        return
    key = f"evaluate-around-{index}-{outwards}"

    def open_cell() -> None:
        rows = st.session_state[key].selection.rows
        if rows:
            other = int(table["index"].iloc[rows[0]])
            choose_cell(report.classes, *((index, other) if outwards else (other, index)))

    st.dataframe(
        table.drop(columns="index").assign(share=100 * table["share"]),
        hide_index=True,
        height=min(38 + 35 * len(table), 213),
        key=key,
        on_select=open_cell,
        selection_mode="single-row",
        column_config={
            "class": title,
            "count": st.column_config.NumberColumn("Images"),
            "share": st.column_config.ProgressColumn(
                "Share of the class", format="%.1f%%", min_value=0, max_value=100
            ),
        },
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _means(fingerprint: str, _part: Part) -> np.ndarray:
    """Mean image of each class that the run knows."""
    return _part.mean_images()


def pairs(evaluation: Evaluation) -> None:
    """Show the most confused pairs as cards: means, their difference, errors, the pair's AUC.

    Parameters
    ----------
    evaluation : Evaluation
    """
    report, part = evaluation.report, evaluation.part
    found = confusion.pairs(report, _PAIRS)
    if found.empty:
        st.success("Not a single error on the test subset.")
        return
    if part is None:
        current_evaluation.say_no_images(evaluation, "pairs")
    else:
        st.caption(
            "Both mean images, and where they differ: orange where the first has more ink, blue "
            "where the second has. Below, images of the one that are predicted as the other with "
            "the highest confidence."
        )
    columns = st.columns(3)
    for place, pair in enumerate(found.itertuples()):
        with columns[place % 3], st.container(border=True):
            a, b = report.names[pair.first], report.names[pair.second]
            st.markdown(
                f"**{plain(a)}** and **{plain(b)}**: {pair.errors} errors, AUC of the pair "
                + ("undefined" if np.isnan(pair.auc) else f"**{pair.auc:.4f}**")
            )
            if part is not None:
                means = _means(part.fingerprint, part)
                st.image(
                    thumbnails.pair(means[pair.first], means[pair.second]),
                    width="stretch",
                    alt=f"Mean images of {a} and {b}, and the first less the second",
                )
            for one, other, count in (
                (pair.first, pair.second, pair.first_as_second),
                (pair.second, pair.first, pair.second_as_first),
            ):
                words = f"{report.names[one]} predicted as {report.names[other]}"
                st.button(
                    f"{plain(words)}: {count}",
                    key=f"evaluate-pair-{one}-{other}",
                    type="tertiary",
                    on_click=_to_cell,
                    args=(report.classes, one, other),
                )
                examples = confusion.images_in_cell(report, one, other)[:_EXAMPLES]
                if part is not None and len(examples):
                    sheet = thumbnails.sprite(part.images[examples], _EXAMPLES)
                    st.image(
                        thumbnails.png(sheet, 2),
                        width="stretch",
                        alt=f"{len(examples)} images of {words}",
                    )


def _to_cell(classes: list[str], true: int, read: int) -> None:
    """Open a cell on the first tab; no fragment may call it, for tabs lie outside."""
    choose_cell(classes, true, read)
    st.session_state.look = "Confusion"
