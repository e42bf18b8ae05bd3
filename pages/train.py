"""Train: choose a recipe and images, watch it learn, keep the run; or search its settings."""

import numpy as np
import streamlit as st

from emnist_lab.commands.specs import TrainSpec
from emnist_lab.data.classes import display_names
from emnist_lab.data.part import stratified_counts
from emnist_lab.errors import LabError
from emnist_lab.metrics import glossary
from emnist_lab.models import catalog
from emnist_lab.runs import run_folders, training
from emnist_lab.server import job_access
from emnist_lab.ui import (
    current_dataset,
    current_visitor,
    drawing_database,
    job_panel,
    job_queues,
    messages,
    provenance,
)
from emnist_lab.ui.formatting import plain
from emnist_lab.ui.train import (
    handwriting_option,
    recipe_form,
    settings,
    sweep_form,
    sweep_result,
)

TASKS = ["Train a run", "Sweep"]
SIZES = [2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000]


def show_jobs(refits: bool | None = None) -> None:
    """What trains, waits or has ended; of refits of a sweep's best these alone, or none, or all."""
    jobs = [
        job
        for job in job_panel.to_show(job_queues.jobs())
        if refits in (None, bool(getattr(job.spec, "sweep", None)))
    ]
    for place, job in enumerate(jobs):
        job_panel.job_panel(job, job_queues.jobs(), newest=place == 0)


st.title("Train")
st.markdown(
    "Fit a classifier and keep it as a *run*: the model, its scores on images it "
    "never saw, and everything needed to repeat it."
)
visitor = current_visitor.visitor()
if not visitor.rights.training:
    st.info(
        "**Training is switched off on this server.** The recipes are below, with what to expect "
        "of each; *Evaluate* and *Compare* show runs that were trained before.",
        icon=":material/lock:",
    )
current_dataset.warn_generated()
available, _ = current_dataset.available()
splits = [s for s in current_dataset.splits() if {(s, "train"), (s, "test")} <= set(available)]
if not splits:
    current_dataset.no_dataset("Training")
    show_jobs()
    st.stop()

recipe = recipe_form.chosen_recipe()
left, right = st.columns([1, 1.35], gap="large")
with right:
    st.header(recipe.title, help=f"`{recipe.name}` on the command line and in addresses.")
    st.markdown(recipe.rationale)
    task = TASKS[0]
    if visitor.rights.training:
        task = st.segmented_control(
            "Task",
            TASKS,
            default=task,
            required=True,
            key="task",
            bind="query-params",
            label_visibility="collapsed",
            help="A sweep tries settings of the recipe, each cross-validated, and ranks them.",
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.selectbox(
            "Split",
            splits,
            key="split",
            bind="query-params",
            width=140,
            help=glossary.help_of("split"),
        )
        try:
            train = current_dataset.load(split, "train")
        except LabError as error:
            messages.stop_on(error)
        most = min(len(train), visitor.rights.training_images or len(train))
        sizes = [size for size in SIZES if size < most] + [most]
        usual = max((size for size in sizes if size <= 20_000), default=sizes[0])
        count = settings.kept(f"images-{split}", usual)
        count = st.select_slider(
            "Training images" if task == TASKS[0] else "Images to deal into folds",
            sizes,
            value=count if count in sizes else usual,
            key=f"train-images-{split}",
            format_func=lambda size: f"{size:,}" + (" (all)" if size == len(train) else ""),
            help=glossary.help_of("stratified sample"),
            width=260,
        )
        settings.keep(f"images-{split}", count)
        seed = st.number_input(
            "Seed",
            0,
            10_000,
            settings.kept("seed", catalog.SEED),
            key="train-seed",
            width=110,
            help="For the sample and everything random in the recipe; kept with the run.",
        )
        settings.keep("seed", seed)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        earlier = settings.kept(f"classes-{split}", [])
        chosen = st.multiselect(
            "Classes",
            train.classes,
            [one for one in earlier if one in train.classes],
            key=f"train-classes-{split}",
            format_func=dict(zip(train.classes, display_names(train.classes), strict=True)).get,
            placeholder=f"all {len(train.classes)}; choose some to train on these only",
            width=300,
        )
        settings.keep(f"classes-{split}", chosen)
        whose, kept, times = handwriting_option.offer(train.classes, visitor.rights.training)
    counts = train.counts()
    if chosen:
        counts = counts * np.isin(train.classes, chosen)
    count = min(count, int(counts.sum()))
    known = 0 if train.generated else int((counts > 0).sum())
    classes = "".join(chosen) or None
    whole = count == counts.sum() and visitor.rights.training_images is None
    images = None if whole else count
    if task == TASKS[1]:
        drawings = (whose, int(kept.sum()), times)
        sweep_form.show(recipe, split, images, int(seed), classes, drawings)
        show_jobs(refits=False)
    else:
        asked = recipe_form.choose_hyperparameters(recipe)
        kept = kept * (counts > 0)
        sampled = stratified_counts(counts, count) + kept * times  # what the run will be fitted to
        problem = None
        try:
            params = recipe.checked(asked)
            pipeline = training.check(recipe, sampled, int(seed), params)
        except LabError as error:
            params, pipeline, problem = {}, None, error
        lines = tuple(f"{name}={recipe_form.as_text(params[name])}" for name in params)
        spec = TrainSpec(
            recipe.name,
            split,
            images,
            int(seed),
            current_dataset.root(),
            classes=classes,
            hyperparameters=lines,
            handwriting=whose,
            repeat=times,
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            pressed = visitor.rights.training and st.button(
                "Train", type="primary", icon=":material/model_training:", disabled=pipeline is None
            )
            recipe_form.say_expected(recipe, count, known)
        if pressed:
            try:
                run_folders.check_disk_space(needed=recipe_form.room(recipe, count))
                job_access.submit(visitor, job_queues.jobs(), spec, drawing_database.shared())
            except LabError as error:
                problem = error
        if problem:
            messages.say_error(problem)
        show_jobs()
        more = f" and {kept.sum():,} drawings kept here, each {times} times" if whose else ""
        provenance.show(
            f"Trained on the {plain(train.name)}{more}; measured on its test subset.",
            generated=train.generated,
        )
        if pipeline is not None:
            with st.expander("Show me the code", icon=":material/code:"):
                st.caption(
                    "A Python program that makes this run again outside the app, with "
                    "scikit-learn; EMNIST Lab is needed for the data and the gradients."
                )
                st.code(spec.program(pipeline), "python")
with left:
    recipe_form.list_recipes(recipe, count, known)

if task == TASKS[1]:
    st.header("Kept sweeps")
    sweep_result.show()
    show_jobs(refits=True)
else:
    st.header("The catalogue at a glance")
    recipe_form.glance(count, recipe)
st.page_link(
    "pages/compare.py", label="Compare the runs that were kept", icon=":material/leaderboard:"
)
