"""Compare: all runs beside each other, two of them side by side, and how recipes learn."""

import streamlit as st

from emnist_lab import comparison
from emnist_lab.ui import compare, inuse, learning
from emnist_lab.ui.markup import plain
from emnist_lab.ui.shelf import shelf

st.title("Compare")
runs, problems = inuse.all_runs()
for problem in problems:
    st.warning(plain(problem), icon=":material/broken_image:")

parts = comparison.test_parts(runs)
table = None
if parts:
    names = list(parts)
    part = names[0]
    if len(names) > 1:
        part = st.selectbox(
            "Test part",
            names,
            key="test",
            bind="query-params",
            help="Numbers compare only where they were measured on the same images.",
        )
    else:
        st.caption(f"Measured on: {plain(part)}.")
    table = compare.leaderboard([r for r in runs if comparison.fingerprint(r) == parts[part]])
    st.caption("A click on a column's head sorts by it; its meaning shows on hover.")
else:
    st.info(
        "There are no measured runs yet: make one on the Train page.",
        icon=":material/model_training:",
    )
    st.page_link("pages/train.py", label="Train", icon=":material/model_training:")
unmeasured = [run.name for run in runs if comparison.fingerprint(run) is None]
if unmeasured:
    st.caption(f"Without test scores, so not in the table: {plain(', '.join(unmeasured))}.")

if table is not None:
    st.subheader("Time against accuracy")
    compare.tradeoff(table, f"measured on: {part}")

    st.subheader("Two runs side by side")
    pair = compare.choose_pair(runs, table)
    if pair:
        compare.pair(*pair)

st.subheader("Learning curve")
st.markdown("How much better does a recipe get with more images, and what does it cost in time?")
learning.form()
growing = learning.jobs()
learning.kept(bool(growing))

st.subheader("Keep, move, delete")
shelf(runs)
