"""Evaluate: metrics, confusions, calibration and label errors of a run."""

import streamlit as st

from emnist_lab.errors import LabError
from emnist_lab.evaluation import figures, html_report
from emnist_lab.metrics import glossary
from emnist_lab.server import mark_access
from emnist_lab.ui import (
    address,
    current_evaluation,
    current_run,
    current_visitor,
    job_panel,
    messages,
    provenance,
)
from emnist_lab.ui.evaluate import (
    calibration_tab,
    confusion_tab,
    embedding_tab,
    label_errors_tab,
    prior_panel,
    roc_tab,
    style,
    summary,
)
from emnist_lab.ui.formatting import plain

FORMER = {  # parameter of the address -> what it was called before -> today
    "look": {
        "Sureness": "Calibration",
        "Doubtful labels": "Label errors",
        "Label issues": "Label errors",
        "Map": "Embedding",
        "Classes": "Per-class metrics",
    },
    "on": current_evaluation.FORMER_ON,
    "scale": figures.FORMER_SCALES,
    "doubts": label_errors_tab.FORMER,
    "colours": embedding_tab.FORMER_COLOURS,
}

address.redirect_former("pages/evaluate.py", FORMER)
head = st.container(horizontal=True, vertical_alignment="bottom", key="evaluate-head")
with head:
    style.headed("Evaluate", "evaluate-style")
run = current_run.choose_run("Run", head, width=260)
if run is None:
    st.info("There are no runs yet: make one on the Train page.", icon=":material/model_training:")
    st.stop()
current_run.say_trained_on_generated(run)
try:
    evaluation = current_evaluation.choose_evaluation(run, head)
except LabError as error:
    messages.stop_on(error)
if evaluation is None:
    st.stop()
report = evaluation.report


def report_file() -> str:
    """The evaluation as one HTML file."""
    intervals = current_evaluation.intervals(evaluation).result()
    marks = mark_access.read_if_sound(current_visitor.visitor(), evaluation.fingerprint)
    return html_report.document(evaluation, marks, intervals)


with head:
    provenance.show(
        *current_evaluation.provenance_of(evaluation),
        about="these figures",
        generated=evaluation.generated,
    )
    st.download_button(
        "Report",
        report_file,
        f"{evaluation.stem}-evaluation.html",
        "text/html",
        icon=":material/description:",
        on_click="ignore",
        help="One HTML file with the figures, the numbers and where they come from; needs nothing "
        "beside it.",
    )
summary.headline(evaluation)
absent = run.manifest["data"]["train"].get("absent") or []
if absent:
    st.warning(
        f"Training had no image of {plain(', '.join(map(str, absent)))}: this run never predicts "
        "that. Train on more images, or choose the other classes only.",
        icon=":material/warning:",
    )
for remark in evaluation.remarks():
    st.warning(plain(remark), icon=":material/warning:")


def show_confusion() -> None:
    """The matrix, and the images behind its cells."""
    confusion_tab.matrix(evaluation)


def show_pairs() -> None:
    """The most confused pairs."""
    confusion_tab.pairs(evaluation)


def show_areas() -> None:
    """ROC AUC, all of it."""
    roc_tab.averages(evaluation)
    roc_tab.pairwise(evaluation)
    roc_tab.curves(evaluation)


def show_calibration() -> None:
    """Reliability, temperature scaling, class prior, and accuracy against coverage."""
    left, right = st.columns([1, 1.2], gap="large")
    with left:
        st.header("Reliability diagram", help=glossary.help_of("reliability diagram"))
        calibration_tab.reliability(evaluation)
        calibration_tab.temperature(run)
        prior_panel.show_prior(evaluation)
    with right:
        st.header("Selective prediction", help=glossary.help_of("selective prediction"))
        calibration_tab.selective_prediction(evaluation)


def show_label_errors() -> None:
    """Labels that may be wrong."""
    label_errors_tab.show_label_errors(evaluation)


def show_embedding() -> None:
    """Test images in two dimensions."""
    embedding_tab.show_embedding(evaluation)


def show_classes() -> None:
    """A row a class."""

    def share(name: str, about: str):
        return st.column_config.ProgressColumn(
            name, format="%.3f", min_value=0, max_value=1, help=about
        )

    st.caption("A click on a column's head sorts by it.")
    st.dataframe(
        report.per_class,
        hide_index=True,
        height=420,
        column_config={
            "class": "Class",
            "precision": share("Precision", glossary.help_of("precision")),
            "recall": share("Recall", glossary.help_of("recall")),
            "f1": share("F1", glossary.help_of("F1")),
            "auc": st.column_config.NumberColumn(
                "AUC", format="%.4f", help="ROC AUC of this class against the rest."
            ),
            "support": st.column_config.NumberColumn("Support", help=glossary.help_of("support")),
        },
    )
    st.download_button(
        "CSV",
        lambda: report.per_class.to_csv(index=False),
        f"{evaluation.stem}-classes.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


# Only the tab that is looked at is made.
shows = {
    "Confusion": show_confusion,
    "Pairs": show_pairs,
    "ROC AUC": show_areas,
    "Calibration": show_calibration,
    "Label errors": show_label_errors,
    "Embedding": show_embedding,
    "Per-class metrics": show_classes,
}
address.say_unknown("look", list(shows), "tab")
for tab, show in zip(
    st.tabs(list(shows), key="look", bind="query-params", on_change="rerun"),
    shows.values(),
    strict=True,
):
    if tab.open:
        with tab:
            show()

made = st.expander("How this run was made", key="evaluate-made", on_change="rerun")
if made.open:
    with made:
        if run.manifest.get("settings"):
            st.markdown("Settings that were changed:")
            st.json(run.manifest["settings"])
        job_panel.curve(run.manifest.get("curve", []))
        st.json(run.manifest, expanded=1)
