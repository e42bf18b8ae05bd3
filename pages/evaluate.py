"""Evaluate: what a run gets right, and what it takes for what."""

import pandas as pd
import streamlit as st

from emnist_lab import figures
from emnist_lab.errors import LabError
from emnist_lab.ui import panel, state
from emnist_lab.ui.downloads import downloads
from emnist_lab.ui.markup import plain

HELP = {
    "accuracy": "Share of test images whose likeliest class is the true one.",
    "top3_accuracy": "Share of test images whose true class is among the three likeliest.",
    "log_loss": "Mean negative logarithm (nats) of the probability given to the true class: 0 is "
    "perfect, confident errors cost most.",
    "calibration_error": "How far stated probabilities and the share that is right lie apart "
    "(expected calibration error, 15 bins): 0 means that of answers given with 80 %, 80 % are "
    "right.",
    "roc_auc_ovo": "How surely a pair of classes is told apart, averaged over all pairs (Hand and "
    "Till 2001): 0.5 is guessing, 1 is perfect. The reference's number.",
    "roc_auc_ovr": "How surely a class is told from all others together, averaged over classes. "
    "Where all classes are equally frequent it equals one-vs-one.",
}

st.title("Evaluate")
run = state.choose_run()
if run is None:
    st.info("There are no runs yet: make one on the Train page.", icon=":material/model_training:")
    st.stop()
try:
    report = state.report(run.name)
except LabError as error:
    state.stop_on(error)
state.say_trained_on_generated(run)
st.caption(state.trained_on(run))
if not run.manifest["data"].get("test"):
    st.caption(
        f"Measured now, on the {plain(state.load(run.manifest['data']['split'], 'test').name)}."
    )

values = report.summary()
with st.container(horizontal=True):
    for key, label, form in (
        ("accuracy", "Accuracy", "{:.2%}"),
        ("top3_accuracy", "Top-3 accuracy", "{:.2%}"),
        ("log_loss", "Log loss", "{:.4f}"),
        ("roc_auc_ovo", "ROC AUC, one-vs-one", "{:.6f}"),
        ("roc_auc_ovr", "ROC AUC, one-vs-rest", "{:.6f}"),
        ("calibration_error", "Calibration error", "{:.2%}"),
    ):
        st.metric(label, form.format(values[key]), help=HELP[key])
absent = run.manifest["data"]["train"].get("absent") or []
if absent:
    st.warning(
        f"Training had no image of {plain(', '.join(map(str, absent)))}: this run never reads "
        "anything as that. Train on more images, or choose the other classes only.",
        icon=":material/warning:",
    )
if report.absent:
    st.warning(
        f"The test part has no image of {', '.join(report.absent)}: their recall and AUC are "
        "undefined and left out of the averages.",
        icon=":material/warning:",
    )


@st.cache_data(max_entries=48, show_spinner="Drawing …")
def heatmap(name: str, made: str, scale: str, dark: bool, kind: str, note: str) -> bytes:
    """Confusion matrix as a file; `made` tells runs of one name apart."""
    return figures.encode(figures.confusion_heatmap(state.report(name), scale, dark), kind, note)


@st.cache_data(max_entries=48, show_spinner="Drawing …")
def roc(name: str, made: str, chosen: tuple, dark: bool, kind: str, note: str) -> bytes:
    """ROC curves as a file."""
    return figures.encode(figures.roc_figure(state.report(name), list(chosen), dark), kind, note)


made, dark = run.manifest["created"], state.dark()
stem = f"generated-{run.name}" if run.generated else run.name
data = run.manifest["data"].get("test")
# A figure that is passed on must still say what it was made from.
note = f"{run.name}, measured on: {data['name']}" if data else run.name
wide, narrow = st.columns([2.2, 1], gap="large")
with wide:
    st.subheader("Confusion matrix")
    scale = st.segmented_control(
        "Show",
        list(figures.SCALES),
        default="counts",
        required=True,
        key="scale",
        bind="query-params",
        help="By row, the diagonal is each class's recall; by column, its precision.",
    )
    st.image(heatmap(run.name, made, scale, dark, "png", note), width="stretch")
    st.caption(
        "A row is a true character, a column what it is read as; right answers lie on the "
        "diagonal. Colours are stretched, so that a single error shows."
    )
    downloads(
        f"{stem}-confusion-{scale.replace(' ', '-')}",
        lambda kind: heatmap(run.name, made, scale, False, kind, note),
        lambda: pd.DataFrame(
            figures.scaled(report.confusion, scale),
            index=pd.Index(report.names, name="true"),
            columns=report.names,
        ).to_csv(),
    )
with narrow:
    st.subheader("Most confused")
    pairs = report.confused_pairs(12)
    if pairs.empty:
        st.success("Not a single error on the test part.")
    st.markdown(
        "\n".join(
            f"- **{plain(pair.true)}** is read as **{plain(pair.predicted)}**, "
            f"{pair.count} of {pair.of}"
            for pair in pairs.itertuples()
        )
    )
    missed = report.most_missed()
    if missed is not None:
        st.metric(
            "Missed most",
            missed[0],
            help="The class with the lowest recall: the smallest share read right.",
        )
        st.caption(f"{missed[1]:.0%} of its images are read right.")

st.subheader("Class by class")
st.caption("A click on a column's head sorts by it.")
st.dataframe(
    report.per_class,
    hide_index=True,
    height=420,
    column_config={
        "class": "Class",
        "precision": st.column_config.ProgressColumn(
            "Precision",
            format="%.3f",
            min_value=0,
            max_value=1,
            help="Of the images read as this class, the share that are.",
        ),
        "recall": st.column_config.ProgressColumn(
            "Recall",
            format="%.3f",
            min_value=0,
            max_value=1,
            help="Of the images of this class, the share read right.",
        ),
        "f1": st.column_config.ProgressColumn(
            "F1",
            format="%.3f",
            min_value=0,
            max_value=1,
            help="Harmonic mean of precision and recall.",
        ),
        "auc": st.column_config.NumberColumn(
            "AUC", format="%.4f", help="ROC AUC of this class against the rest."
        ),
        "support": st.column_config.NumberColumn("Support", help="Test images of this class."),
    },
)
st.download_button(
    "CSV",
    lambda: report.per_class.to_csv(index=False),
    f"{stem}-classes.csv",
    "text/csv",
    icon=":material/download:",
    on_click="ignore",
)

st.subheader("ROC curves")
hardest = report.per_class["auc"].nsmallest(3).index.tolist()
chosen = st.multiselect(
    "Classes in colour",
    report.classes,
    default=[report.classes[i] for i in hardest],
    format_func=dict(zip(report.classes, report.names, strict=True)).get,
    help="The three hardest at first. All others are drawn in grey.",
)
indices = tuple(report.classes.index(one) for one in chosen)
left, _ = st.columns([1.6, 1])
with left:
    st.image(roc(run.name, made, indices, dark, "png", note), width="stretch")

    def curves() -> str:
        """True positive rates of every class at each false positive rate."""
        rates, hits = report.roc_curves
        index = pd.Index(rates, name="fpr")
        return pd.DataFrame(hits.T, columns=report.names, index=index).to_csv()

    downloads(
        f"{stem}-roc",
        lambda kind: roc(run.name, made, indices, False, kind, note),
        curves,
    )

with st.expander("How this run was made"):
    if run.manifest.get("settings"):
        st.markdown("Settings that were changed:")
        st.json(run.manifest["settings"])
    panel.curve(run.manifest.get("curve", []))
    st.json(run.manifest, expanded=1)
