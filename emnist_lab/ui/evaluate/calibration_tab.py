"""Calibration on the Evaluate page: reliability, selective prediction, temperature scaling."""

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab.errors import LabError
from emnist_lab.evaluation import figures
from emnist_lab.evaluation.evaluation import Evaluation
from emnist_lab.metrics import calibration, glossary
from emnist_lab.metrics.intervals import wilson
from emnist_lab.metrics.percent import percent, percentage_points
from emnist_lab.runs import temperature_scaling
from emnist_lab.runs.manifest import SCORES
from emnist_lab.runs.run import Run
from emnist_lab.server import run_access
from emnist_lab.ui import current_run, current_visitor, messages
from emnist_lab.ui.downloads import download_csv
from emnist_lab.ui.evaluate import image_detail
from emnist_lab.ui.formatting import plain


def reliability(evaluation: Evaluation) -> None:
    """Show confidence against the share that is correct.

    Parameters
    ----------
    evaluation : Evaluation
    """
    report = evaluation.report
    table = calibration.reliability(report.labels, report.scores)
    known = table.dropna()
    colour, dark = figures.PLAIN[messages.dark()], messages.dark()
    base = alt.Chart(known)
    x = alt.X("stated:Q", title="confidence").scale(domain=[0, 1]).axis(format="%")
    y = alt.Y("right:Q", title="accuracy").scale(domain=[0, 1]).axis(format="%")
    tips = [
        alt.Tooltip("stated", title="confidence", format=".1%"),
        alt.Tooltip("right", title="accuracy", format=".1%"),
        alt.Tooltip("images", format=","),
    ]
    ideal = (
        alt.Chart(pd.DataFrame({"stated": [0, 1], "right": [0, 1]}))
        .mark_line(strokeDash=[4, 4], color="#888", strokeWidth=1.5)
        .encode(x=x, y=y)
    )
    gaps = base.mark_rule(color=figures.ACCENT, strokeWidth=3, opacity=0.6).encode(
        x=x, y=y, y2="stated:Q"
    )
    spread = base.mark_rule(color=colour, strokeWidth=1.5).encode(
        x=x, y=alt.Y("right_low:Q", title="accuracy"), y2="right_high:Q"
    )
    points = base.mark_circle(size=70, opacity=1, color=colour).encode(x=x, y=y, tooltip=tips)
    line = base.mark_line(color=colour, strokeWidth=2).encode(x=x, y=y)
    counts = (
        alt.Chart(table)
        .mark_bar(color="#5a6070" if dark else "#b9c0cc")
        .encode(
            x=alt.X("low:Q", title="").scale(domain=[0, 1]).axis(format="%"),
            x2="high:Q",
            y=alt.Y("images:Q", title="images"),
            y2=alt.Y2Datum(0),
            tooltip=tips,
        )
        .properties(height=90)
    )
    top = alt.layer(ideal, gaps, spread, line, points).properties(height=320)
    # Two charts, not one above the other in one: that wouldn't shrink to a phone's width.
    st.altair_chart(top, alt="Reliability diagram")
    st.altair_chart(counts, alt="Images by confidence")
    error = report.calibration_error
    confidence = float(report.scores.max(axis=1).mean())
    low, high = wilson(report.accuracy, len(report.labels))
    verdict = "calibrated on average, within the interval of its accuracy"
    if not low <= confidence <= high:
        verdict = "overconfident" if confidence > high else "underconfident"
    st.caption(
        f"On the dashed line, of predictions with 80% confidence 80% are correct. Orange is the "
        f"gap, thin lines are 95% CIs (Wilson). The gaps' mean over images is the calibration "
        f"error, **{percent(error, 2)}**. The mean confidence is {percent(confidence, 2)}, the "
        f"accuracy {percent(report.accuracy, 2)}: the run is {verdict}."
    )
    download_csv(f"{evaluation.stem}-reliability", lambda: table.to_csv(index=False))


@messages.fragment_with_errors
def selective_prediction(evaluation: Evaluation) -> None:
    """Show the accuracy of a run that answers only where its confidence is high.

    Parameters
    ----------
    evaluation : Evaluation
    """
    report = evaluation.report
    found = calibration.risk_coverage(report.labels, report.scores)
    threshold = st.slider(
        "Predict only where the confidence is at least",
        0,
        100,
        50,
        format="%d%%",
        key="threshold",
        bind="query-params",
    )
    share, accuracy, rejected = found.at(threshold / 100)
    with st.container(horizontal=True):
        st.metric("Coverage", percent(share, 2), help=glossary.help_of("coverage"))
        st.metric(
            "Selective accuracy",
            "–" if np.isnan(accuracy) else percent(accuracy, 2),
            None if np.isnan(accuracy) else percentage_points(accuracy - report.accuracy),
            delta_color="off",
            delta_arrow="off",
            help="Accuracy on the images that are predicted; below, the difference to all, in "
            "percentage points.",
        )
        st.metric("Rejected", f"{len(rejected):,}")
        wrong = (report.predicted != report.labels).sum()
        caught = (report.predicted[rejected] != report.labels[rejected]).sum()
        st.metric(
            "Errors avoided",
            f"{caught:,} of {wrong:,}",
            help="Errors among the rejected images.",
        )
    table = found.table()
    x = alt.X("coverage:Q", title="coverage").axis(format="%")
    y = alt.Y("accuracy:Q", title="selective accuracy").axis(format="%").scale(zero=False)
    line = (
        alt.Chart(table)
        .mark_line(color=figures.PLAIN[messages.dark()], strokeWidth=2)
        .encode(
            x=x,
            y=y,
            tooltip=[
                alt.Tooltip("coverage", format=".1%"),
                alt.Tooltip("accuracy", format=".2%"),
                alt.Tooltip("threshold", format=".1%"),
            ],
        )
    )
    layers = [line]
    if share:
        here = pd.DataFrame({"coverage": [share], "accuracy": [accuracy]})
        layers.append(
            alt.Chart(here)
            .mark_point(filled=True, size=140, color=figures.ACCENT, shape="diamond", opacity=1)
            .encode(x=x, y=y)
        )
    st.altair_chart(alt.layer(*layers).properties(height=300), alt="Accuracy against coverage")
    download_csv(f"{evaluation.stem}-coverage", lambda: table.to_csv(index=False))
    if len(rejected):
        st.markdown(f"**Rejected at {threshold}%**: {len(rejected):,} images")
        image_detail.images(
            evaluation,
            rejected,
            key="rejected",
            label=f"Images on which {evaluation.run.name} has less than {threshold}% confidence",
            order="Lowest confidence first",
        )


def temperature(run: Run) -> None:
    """Offer to scale a run's probabilities, as a new run; or say how this one was scaled.

    Parameters
    ----------
    run : Run
    """
    st.header("Temperature scaling", anchor=False)
    if done := st.session_state.pop("evaluate-scaled", None):
        st.success(f"Kept as **{plain(done)}**.", icon=":material/check:")
    if failed := st.session_state.pop("evaluate-scaling-failed", None):
        messages.say_error(failed)
    if run.temperature != 1:
        about = run.manifest.get("tempered", {})
        st.markdown(
            f"This run's probabilities are scaled: temperature **{run.temperature:.3f}** "
            f"({'less' if run.temperature > 1 else 'more'} confident than "
            f"{plain(str(about.get('from', 'the run it was made from')))})."
        )
        if "cross_fitted_log_loss" in about:
            before = ""
            if {"before_log_loss", "before_calibration_error"} <= about.keys():
                before = (
                    f" Before: log loss {about['before_log_loss']:.4f}, calibration error "
                    f"{percent(about['before_calibration_error'], 2)}."
                )
            st.caption(
                f"The temperature was fitted on the {about['images']:,} images of the test subset. "
                "On images that it was not fitted on, by halves: log loss "
                f"{about['cross_fitted_log_loss']:.4f}, calibration error "
                f"{percent(about['cross_fitted_calibration_error'], 2)}.{before}"
            )
        return
    st.markdown(
        "Temperature scaling changes how confident a run is: each probability to the power *1/T*, "
        "and normalised (Guo et al. 2017). Predictions stay the same. *T* is fitted where the log "
        "loss is least; most often, not always, that lowers the calibration error too. The effect "
        "is measured by halves, each at the other's *T*."
    )
    if SCORES not in run.manifest["files"]:
        st.info(
            "This run has no kept test scores to fit it on: train it again with a test subset.",
            icon=":material/thermostat:",
        )
        return

    def scale() -> None:
        try:
            kept = run_access.save(
                current_visitor.visitor(), temperature_scaling.with_temperature(run)
            )
        except LabError as error:
            st.session_state["evaluate-scaling-failed"] = str(error)
            return
        st.session_state["evaluate-scaled"] = kept.name
        current_run.use_run(kept.name)

    if not current_visitor.may("training"):
        return
    st.button("Fit and keep as a new run", icon=":material/thermostat:", on_click=scale)
