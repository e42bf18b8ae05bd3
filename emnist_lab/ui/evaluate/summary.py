"""The headline numbers of a run, each with its interval once that is computed."""

import math

import streamlit as st

from emnist_lab.evaluation.evaluation import Evaluation
from emnist_lab.metrics import definitions
from emnist_lab.ui import current_evaluation
from emnist_lab.ui.evaluate import roc_tab

_EVERY = 0.7  # seconds between two looks for the intervals
_UNKNOWN = (math.nan, math.nan)


def headline(evaluation: Evaluation) -> None:
    """Show the numbers at once, and their intervals when they are there.

    Parameters
    ----------
    evaluation : Evaluation
    """
    waiting = not current_evaluation.intervals(evaluation).done
    st.fragment(run_every=_EVERY if waiting else None)(_numbers)(evaluation, waiting)
    _say_fitted_here(evaluation)


def _say_fitted_here(evaluation: Evaluation) -> None:
    """Say that a temperature was fitted on what these numbers are of, and give better ones."""
    tempered = evaluation.run.manifest.get("tempered")
    if not (tempered and evaluation.stored):
        return
    log_loss, error = (
        definitions.get(key).format(tempered[f"cross_fitted_{key}"])
        for key in ("log_loss", "calibration_error")
    )
    st.caption(
        ":material/info: Log loss and calibration error are too low here: the temperature was "
        f"fitted on these {len(evaluation.report.labels):,} images. With each half at the "
        f"temperature of the other half they are {log_loss} and {error}."
    )


def _numbers(evaluation: Evaluation, waiting: bool) -> None:
    values, task = evaluation.report.summary(), current_evaluation.intervals(evaluation)
    intervals = task.result().of if task.done else None
    with st.container(horizontal=True, key="evaluate-numbers"):
        for metric in definitions.METRICS:
            if not metric.is_headline:
                continue
            spread, about = None, ""
            if metric.key == "roc_auc_ovo":
                about = f" {roc_tab.agreement(evaluation.report)}"
            if metric.interval_format:
                if intervals is None:  # its place is kept, so that the page doesn't jump
                    spread = "…"
                elif text := metric.format_interval(*intervals.get(metric.key, _UNKNOWN)):
                    spread = f"95% CI {text}"
                    about += (
                        " Below, its 95% confidence interval: images resampled within each class "
                        "(bootstrap)."
                    )
            st.metric(
                metric.name,
                metric.format(values[metric.key]),
                spread,
                delta_color="off",
                delta_arrow="off",
                help=metric.help + about,
            )
    if waiting and intervals is not None:
        st.rerun()  # there is nothing to wait for any more
