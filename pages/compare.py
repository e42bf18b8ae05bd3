"""Compare: runs beside each other, two of them side by side, and recipes by cross-validation."""

import streamlit as st

from emnist_lab.evaluation.evaluation import fingerprint_of_test_part
from emnist_lab.evaluation.leaderboard import test_parts
from emnist_lab.ui import current_run, current_visitor, messages, provenance
from emnist_lab.ui.compare import cross_validation, learning_curves, run_pair
from emnist_lab.ui.compare.leaderboard import show_leaderboard, show_tradeoff
from emnist_lab.ui.compare.run_manager import manage_runs
from emnist_lab.ui.evaluate import style
from emnist_lab.ui.formatting import plain

head = st.container(horizontal=True, vertical_alignment="bottom", key="compare-head")
with head:
    style.headed("Compare", "compare-style")
runs, problems = current_run.all_runs()
for problem in problems:
    st.warning(messages.sentence(problem), icon=":material/broken_image:")

parts = test_parts(runs)
table = None
if parts:
    names = list(parts)
    part = names[0]
    if len(names) > 1:
        part = st.selectbox(
            "Test subset",
            names,
            key="test",
            bind="query-params",
            help="Numbers compare only where they were measured on the same images.",
        )
    with head:
        provenance.show(f"Measured on: {plain(part)}.", about="these figures")
    # Above the table: a phone shows the table's own tools there.
    st.caption(
        "A run's name opens it on Evaluate. A click on a column's head sorts by it; its meaning "
        "shows on hover."
    )
    table = show_leaderboard([r for r in runs if fingerprint_of_test_part(r) == parts[part]])
else:
    st.info(
        "There are no measured runs yet: make one on the Train page.",
        icon=":material/model_training:",
    )
    st.page_link("pages/train.py", label="Train", icon=":material/model_training:")
unmeasured = [run.name for run in runs if fingerprint_of_test_part(run) is None]
if unmeasured:
    st.caption(f"Without test scores, so not in the table: {plain(', '.join(unmeasured))}.")

if table is not None:
    st.header("Time against accuracy")
    show_tradeoff(table, f"measured on: {part}")

    st.header("Two runs side by side")
    pair = run_pair.choose_pair(runs, table)
    if pair:
        run_pair.show_pair(*pair)

st.header("Learning curve")
st.markdown("How much better does a recipe get with more images, and what does it cost in time?")
if current_visitor.may("training"):
    learning_curves.show_form()
growing = learning_curves.show_jobs()
learning_curves.show_curves(bool(growing))

cross_validation.show()

st.header("Manage runs")
manage_runs(runs)
