"""Labels that a run contradicts most surely, and those that a person marked as wrong."""

import numpy as np
import streamlit as st

from emnist_lab.errors import LabError
from emnist_lab.evaluation import label_issues, label_marks
from emnist_lab.metrics.report import Report
from emnist_lab.ui import current_evaluation, messages
from emnist_lab.ui.current_evaluation import Evaluation
from emnist_lab.ui.downloads import download_csv
from emnist_lab.ui.evaluate import image_detail

_SHOW = ("doubtful, not marked", "marked as wrong", "all doubtful")


@st.cache_data(max_entries=16, show_spinner="Looking for doubtful labels …")
def _doubtful(key: tuple, _report: Report):
    found = label_issues.find_label_issues(_report)
    return found[found["doubt"] > 0.5].reset_index(drop=True)


@current_evaluation.fragment_with_errors
def doubts(seen: Evaluation) -> None:
    """Show doubtful labels, marks, and the score without the marked ones.

    Parameters
    ----------
    seen : Measurement
    """
    report = seen.report
    st.markdown(
        "Test images whose given label the run contradicts most surely, by confident learning "
        "(Northcutt, Jiang and Chuang 2021). Some labels of EMNIST are wrong, and stand here; "
        "so do the run's own surest errors. Look, then mark what is labelled wrongly."
    )
    found = _doubtful(seen.key, report)
    try:
        marked = label_marks.read(seen.fingerprint)
    except LabError as error:
        messages.say_error(error)
        marked = []
    wrong = [one.image for one in marked if one.image < len(report.labels)]
    with st.container(horizontal=True):
        st.metric("Doubtful labels", f"{len(found):,}")
        st.metric("Marked as wrong", f"{len(wrong):,}")
        if 0 < len(wrong) < len(report.labels):
            rest = label_issues.drop_images(report, wrong)
            st.metric(
                "Accuracy without the marked",
                f"{rest.accuracy:.2%}",
                f"{rest.accuracy - report.accuracy:+.2%}",
                delta_color="off",
                delta_arrow="off",
                help="Images are marked because this run contradicts them, so leaving them out "
                "favours it: compare runs with the same marks only.",
            )
            st.metric("ROC AUC without them", f"{rest.roc_auc_ovo:.6f}")
    shown = st.segmented_control(
        "Show", _SHOW, default=_SHOW[0], required=True, key="doubts", bind="query-params"
    )
    images = found["image"].to_numpy()
    if shown == _SHOW[0]:
        images = images[~np.isin(images, wrong)]
    elif shown == _SHOW[1]:
        images = np.array(sorted(wrong), dtype=np.int64)
    image_detail.images(
        seen,
        images,
        key="doubtful",
        label=f"Images with {shown} labels",
        height=330,
        order="In the order of the file" if shown == _SHOW[1] else "Most doubtful first",
        onwards=True,
    )
    with st.container(horizontal=True):
        names = np.array(report.names, dtype=object)
        download_csv(
            f"{seen.stem}-doubtful",
            lambda: found.assign(
                given=names[found["given"]], suggested=names[found["suggested"]]
            ).to_csv(index=False),
            label="Doubtful (CSV)",
        )
        if marked:
            download_csv(
                f"{seen.stem}-marked",
                lambda: label_marks.table(marked).to_csv(index=False),
                label="Marked (CSV)",
            )
