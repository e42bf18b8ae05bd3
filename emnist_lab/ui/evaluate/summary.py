"""The headline numbers of a run, each with its interval once that is computed."""

import math

import streamlit as st

from emnist_lab.metrics.report import NUMBERS
from emnist_lab.ui import current_evaluation
from emnist_lab.ui.current_evaluation import Evaluation

_EVERY = 0.7  # seconds between two looks for the intervals

_HELP = {
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


def headline(seen: Evaluation) -> None:
    """Show the numbers at once, and their intervals when they are there.

    Parameters
    ----------
    seen : Measurement
    """
    waiting = not current_evaluation.intervals(seen).done
    st.fragment(run_every=_EVERY if waiting else None)(_numbers)(seen, waiting)


def _numbers(seen: Evaluation, waiting: bool) -> None:
    values, task = seen.report.summary(), current_evaluation.intervals(seen)
    intervals = task.result().of if task.done else None
    with st.container(horizontal=True):
        for key, (label, form, short) in NUMBERS.items():
            # A place is kept for what comes, so that the page doesn't jump.
            spread, about = "…" if short and intervals is None else None, ""
            low, high = (intervals or {}).get(key, (math.nan, math.nan))
            if not math.isnan(low):
                spread = f"{short.format(low)} – {short.format(high)}"
                about = (
                    " Below, its 95 % interval: images drawn anew within each class (bootstrap)."
                )
            st.metric(
                label,
                "–" if math.isnan(values[key]) else form.format(values[key]),
                spread,
                delta_color="off",
                delta_arrow="off",
                help=_HELP[key] + about,
            )
    if waiting and intervals is not None:
        st.rerun()  # there is nothing to look for any more
