"""Two confusion matrices beside each other, of the same classes: errors alone, as shares.

Both share one colour scale: the same blue is the same share.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from emnist_lab.evaluation import figures
from emnist_lab.metrics.report import Report
from emnist_lab.ui.components.matrix import confusion_matrix, largest_value

LEGEND = "Errors only, normalised by true class: each is a share of the images of its row."


def misread(report: Report) -> tuple[np.ndarray, np.ndarray]:
    """Classes that were misclassified, and those that they were predicted as.

    Parameters
    ----------
    report : Report

    Returns
    -------
    true, read : ndarray of shape (n,), dtype int64
        Indices, one an error.
    """
    wrong = report.labels != report.predicted
    return report.labels[wrong], report.predicted[wrong]


def errors_side_by_side(
    reports: Mapping[str, Report],
    classes: np.ndarray,
    key: str,
    names: Sequence[str] | None = None,
) -> bool:
    """Show two confusion matrices, and a switch from some classes to all.

    Parameters
    ----------
    reports : mapping of str to Report
        Title -> report; all of the same classes.
    classes : ndarray of shape (n,), dtype int64
        Indices of those that show first; all where it is empty.
    key : str
        Of the widgets.
    names : sequence of str, optional
        Of all classes, where they aren't the usual ones.

    Returns
    -------
    bool
        Whether only `classes` show.
    """
    names = names or next(iter(reports.values())).names
    here, size = classes, len(names)
    if not len(here) or st.toggle(f"All {size} classes", key=f"{key}-all"):
        here = np.arange(size)
    cells = np.ix_(here, here)
    shares = {
        title: figures.normalize_confusion(report.confusion, figures.BY_TRUE)[cells]
        for title, report in reports.items()
    }
    top = max(largest_value(one, hide_diagonal=True) for one in shares.values())
    columns = zip(st.columns(len(reports)), reports.items(), strict=True)
    for place, (column, (title, report)) in enumerate(columns):
        with column:
            st.markdown(f"**{title}**")
            confusion_matrix(
                report.confusion[cells],
                shares[title],
                [names[index] for index in here],
                np.arange(len(here)),
                key=f"{key}-{place}-{len(here)}",
                on_pick=lambda true, read: None,
                hide_diagonal=True,
                as_shares=True,
                whole=len(here) == size,
                unit=figures.SCALES[figures.BY_TRUE],
                top=top,
            )
    return len(here) < size
