"""Train: choose a recipe and images, watch it learn, keep the run."""

import pandas as pd
import streamlit as st

from emnist_lab import recipes, runs
from emnist_lab.errors import LabError
from emnist_lab.jobs import Spec
from emnist_lab.ui import panel, state

SIZES = [2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000]
st.title("Train")
st.markdown(
    "Fit a classifier and keep it as a *run*: the model, its scores on images it "
    "never saw, and everything needed to repeat it."
)
state.say_generated()
available, _ = state.available()
splits = [s for s in state.splits() if {(s, "train"), (s, "test")} <= set(available)]

if splits:
    catalogue = recipes.RECIPES
    names = list(catalogue)
    recipe = catalogue[
        st.radio(
            "Recipe",
            names,
            key="recipe",
            bind="query-params",
            captions=[f"**{one.title}.** {one.why}" for one in catalogue.values()],
        )
    ]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.selectbox("Split", splits, key="split", bind="query-params", width=170)
        try:
            train = state.load(split, "train")
        except LabError as error:
            state.stop_on(error)
        sizes = [size for size in SIZES if size < len(train)] + [len(train)]
        count = st.select_slider(
            "Training images",
            sizes,
            value=max((size for size in sizes if size <= 20_000), default=sizes[0]),
            key=f"images-{split}",
            format_func=lambda size: f"{size:,}" + (" (all)" if size == len(train) else ""),
            help="A stratified random sample: every class keeps its share.",
            width=320,
        )
        seed = st.number_input(
            "Seed",
            0,
            10_000,
            recipes.SEED,
            key="train-seed",
            width=120,
            help="For the sample and everything random in the recipe; kept with the run.",
        )
    st.caption(
        f"About {panel.seconds(recipe.expected_seconds(count))} on two cores. Trained on the "
        f"{train.name}; measured on its test part."
    )
    if st.button("Train", type="primary", icon=":material/model_training:"):
        try:
            runs.check_room()
        except LabError as error:
            state.say_error(error)
        else:
            images = None if count == len(train) else count
            state.jobs().submit(Spec(recipe.name, split, images, int(seed), root=state.root()))
else:
    state.no_dataset("Training")

jobs = state.jobs().jobs
for job in [one for one in jobs if one.active] + [one for one in jobs if not one.active][:4]:
    panel.job_panel(job, state.jobs())

found, problems = state.all_runs()
st.subheader("Runs")
for problem in problems:
    st.warning(problem, icon=":material/broken_image:")
st.dataframe(
    pd.DataFrame(
        [
            {
                "run": run.name,
                "recipe": run.manifest["recipe"],
                "trained on": run.manifest["data"]["train"]["name"],
                "accuracy": run.manifest["scores"].get("accuracy"),
                "AUC": run.manifest["scores"].get("roc_auc_ovo"),
                "fit, s": run.manifest.get("timings", {}).get("fit_s"),
                "made": run.manifest["created"],
            }
            for run in found
        ]
    ),
    hide_index=True,
    column_config={
        "accuracy": st.column_config.NumberColumn(format="percent"),
        "AUC": st.column_config.NumberColumn(format="%.4f", help="One-vs-one, macro average."),
        "fit, s": st.column_config.NumberColumn(format="%.1f"),
        "made": st.column_config.DatetimeColumn(),
    },
)
