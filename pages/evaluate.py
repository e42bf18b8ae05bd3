"""Evaluate: what a run gets right, and what it takes for what."""

import streamlit as st

from emnist_lab import document
from emnist_lab.errors import LabError
from emnist_lab.ui import areas, atlas, confused, doubts, inspect, panel, state, sure
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

NUMBERS = {
    "accuracy": ("Accuracy", "{:.2%}", "{:.1%}"),
    "top3_accuracy": ("Top-3 accuracy", "{:.2%}", "{:.1%}"),
    "log_loss": ("Log loss", "{:.4f}", "{:.3f}"),
    "roc_auc_ovo": ("ROC AUC, one-vs-one", "{:.6f}", "{:.4f}"),
    "roc_auc_ovr": ("ROC AUC, one-vs-rest", "{:.6f}", "{:.4f}"),
    "calibration_error": ("Calibration error", "{:.2%}", ""),
}
values = report.summary()
with st.container(horizontal=True):
    places = {key: st.empty() for key in NUMBERS}


def show_numbers(intervals: dict[str, tuple[float, float]] | None) -> None:
    """The headline numbers, each with its interval; None leaves the place for them."""
    for key, (label, form, short) in NUMBERS.items():
        spread, about = "…" if short and intervals is None else None, ""
        low, high = (intervals or {}).get(key, (float("nan"), float("nan")))
        if low == low:
            spread = f"{short.format(low)} – {short.format(high)}"
            about = " Below, its 95 % interval: images drawn anew within each class (bootstrap)."
        places[key].metric(
            label,
            form.format(values[key]) if values[key] == values[key] else "–",
            spread,
            delta_color="off",
            delta_arrow="off",
            help=HELP[key] + about,
        )


show_numbers(state.intervals_at_hand(run))
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


made = run.manifest["created"]
stem = f"generated-{run.name}" if run.generated else run.name
data = run.manifest["data"].get("test")
# A figure that is passed on must still say what it was made from.
note = f"{run.name}, measured on: {data['name']}" if data else run.name


def report_file() -> str:
    """The evaluation as one HTML file."""
    part, _ = inspect.part_of(run)
    name = data["name"] if data else part.name
    at = inspect.fingerprint_of(run)
    return document.document(run, report, name, at, part, state.intervals(run))


st.download_button(
    "Report",
    report_file,
    f"{stem}-evaluation.html",
    "text/html",
    icon=":material/description:",
    on_click="ignore",
    help="One HTML file with the figures, the numbers and where they come from; needs nothing "
    "beside it.",
)


def show_confusion() -> None:
    """The matrix, and the images behind its cells."""
    confused.matrix(run, report, stem, note)


def show_pairs() -> None:
    """The most confused pairs."""
    confused.pairs(run, report)


def show_areas() -> None:
    """ROC AUC, all of it."""
    areas.averages(report, stem)
    areas.pairwise(run, report, stem)
    areas.curves(run, report, stem, note)


def show_sureness() -> None:
    """Whether it is sure when it should be."""
    left, right = st.columns([1, 1.2], gap="large")
    with left:
        st.subheader("Does it mean what it says?")
        sure.reliability(report, stem)
        sure.temperature(run)
    with right:
        st.subheader("May it abstain?")
        sure.abstaining(run, report, stem)


def show_doubts() -> None:
    """Labels that may be wrong."""
    doubts.doubts(run, report, stem)


def show_map() -> None:
    """What lies close is alike to the run."""
    atlas.atlas(run, report)


def show_classes() -> None:
    """A row a class."""
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


# Only the tab that is looked at is made.
shows = {
    "Confusion": show_confusion,
    "Pairs": show_pairs,
    "ROC AUC": show_areas,
    "Sureness": show_sureness,
    "Doubtful labels": show_doubts,
    "Map": show_map,
    "Classes": show_classes,
}
for tab, show in zip(
    st.tabs(list(shows), key="look", bind="query-params", on_change="rerun"),
    shows.values(),
    strict=True,
):
    if tab.open:
        with tab:
            show()

with st.expander("How this run was made"):
    if run.manifest.get("settings"):
        st.markdown("Settings that were changed:")
        st.json(run.manifest["settings"])
    panel.curve(run.manifest.get("curve", []))
    st.json(run.manifest, expanded=1)

# Last, so that nothing waits for it: a thousand samples of the images take a moment.
show_numbers(state.intervals(run).of)
