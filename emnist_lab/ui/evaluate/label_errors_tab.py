"""Label errors found by confident learning, and labels that a person marked as wrong."""

import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab.errors import LabError
from emnist_lab.evaluation import label_issues
from emnist_lab.evaluation.evaluation import Evaluation
from emnist_lab.metrics import glossary
from emnist_lab.metrics.percent import percent, percentage_points
from emnist_lab.metrics.report import Report
from emnist_lab.server import mark_access
from emnist_lab.ui import current_visitor, messages
from emnist_lab.ui.downloads import download_csv
from emnist_lab.ui.evaluate import image_detail

_SHOW = ("suspected, not marked", "marked as wrong", "all suspected")
FORMER = {  # in addresses
    "doubtful, not marked": _SHOW[0],
    "issues, not marked": _SHOW[0],
    "all doubtful": _SHOW[2],
    "all issues": _SHOW[2],
}

_ABOUT = glossary.help_of("label errors")


@st.cache_data(max_entries=16, show_spinner="Looking for label errors …")
def _issues(key: tuple, _report: Report) -> pd.DataFrame:
    return label_issues.predicted_otherwise(label_issues.find_label_issues(_report))


@messages.fragment_with_errors
def show_label_errors(evaluation: Evaluation) -> None:
    """Show suspected label errors, marks, and the score without the marked images.

    Parameters
    ----------
    evaluation : Evaluation
    """
    report = evaluation.report
    st.markdown(
        "Test images whose label the run contradicts with high confidence, by confident "
        "learning (Northcutt, Jiang and Chuang 2021). Some labels of EMNIST are wrong and are "
        "listed here; so are the run's own most confident errors. Look, then mark wrong labels."
    )
    found = _issues(evaluation.key, report)
    try:
        marked = mark_access.read(current_visitor.visitor(), evaluation.fingerprint)
    except LabError as error:
        messages.say_error(error)
        marked = []
    wrong = [one.image for one in marked if one.image < len(report.labels)]
    with st.container(horizontal=True):
        st.metric("Suspected label errors", f"{len(found):,}", help=_ABOUT)
        st.metric("Marked as wrong", f"{len(wrong):,}")
        if 0 < len(wrong) < len(report.labels):
            rest = label_issues.drop_images(report, wrong)
            st.metric(
                "Accuracy without the marked",
                percent(rest.accuracy, 2),
                percentage_points(rest.accuracy - report.accuracy),
                delta_color="off",
                delta_arrow="off",
                help="Images are marked because this run contradicts them, so leaving them out "
                "favours it: compare runs with the same marks only.",
            )
            st.metric("ROC AUC without them", f"{rest.roc_auc_ovo:.4f}")
    shown = st.segmented_control(
        "Show", _SHOW, default=_SHOW[0], required=True, key="doubts", bind="query-params"
    )
    images = found["image"].to_numpy()
    if shown == _SHOW[0]:
        images = images[~np.isin(images, wrong)]
    elif shown == _SHOW[1]:
        images = np.array(sorted(wrong), dtype=np.int64)
    image_detail.images(
        evaluation,
        images,
        key="label-issues",
        label=f"Images by their labels: {shown}",
        height=330,
        order="In the order of the file" if shown == _SHOW[1] else "Lowest label quality first",
        onwards=True,
    )
    with st.container(horizontal=True):
        names = np.array(report.names, dtype=object)
        download_csv(
            f"{evaluation.stem}-label-issues",
            lambda: found.assign(
                given=names[found["given"]], suggested=names[found["suggested"]]
            ).to_csv(index=False),
            label="Label errors (CSV)",
        )
        if marked:
            download_csv(
                f"{evaluation.stem}-marked",
                lambda: mark_access.table(marked).to_csv(index=False),
                label="Marked (CSV)",
            )
