"""The headline numbers of a run, each with its interval once that is computed."""

import math

import streamlit as st

from emnist_lab.metrics import definitions
from emnist_lab.ui import current_evaluation
from emnist_lab.ui.current_evaluation import Evaluation

_EVERY = 0.7  # seconds between two looks for the intervals
_UNKNOWN = (math.nan, math.nan)


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
        for metric in definitions.METRICS:
            spread, about = None, ""
            if metric.interval_format:
                if intervals is None:  # its place is kept, so that the page doesn't jump
                    spread = "…"
                elif text := metric.format_interval(*intervals.get(metric.key, _UNKNOWN)):
                    spread = text
                    about = (
                        " Below, its 95 % interval: images drawn anew within each class "
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
