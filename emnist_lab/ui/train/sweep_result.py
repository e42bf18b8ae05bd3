"""A kept sweep on the Train page: the best, chart and table of all candidates."""

import streamlit as st

from emnist_lab.evaluation.sweeps.results import headline
from emnist_lab.ui.formatting import plain
from emnist_lab.ui.sweeps import kept_sweeps, score_charts, score_table

_EVERY = 2.0  # seconds between two looks at a sweep that goes on
_PLACE = {"page": "train", "parameter": "sweep"}


def show() -> None:
    """Show the chosen sweep; while one goes on, what is shown looks again by itself."""
    active = kept_sweeps.is_any_running(comparisons=False)
    st.fragment(run_every=_EVERY if active else None)(_shown)()


def _shown() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name, sweep = kept_sweeps.choose(False, **_PLACE)
        if sweep is not None:
            kept_sweeps.say_data(sweep)
    if not name:
        st.info(
            "No sweep is kept yet. Its scores will show here, fit by fit, and stay.",
            icon=":material/grid_view:",
        )
        return
    if sweep is None:
        st.caption("Its scores show here as fits end.")
        return
    found = headline(sweep)
    if kept_sweeps.is_running(sweep):
        found = f"{found} {len(sweep.records):,} of {sweep.fits:,} fits are done."
    st.markdown(f"**{plain(sweep.title)}.** {plain(found)}")
    kept_sweeps.say_state(sweep)
    score_charts.show(sweep)
    score_table.show(sweep)
    kept_sweeps.offer_actions(sweep, **_PLACE, refit=True)
