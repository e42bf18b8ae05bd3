"""Home: what this is, on real pictures, and where to go."""

import numpy as np
import streamlit as st

from emnist_lab.data.classes import display_names
from emnist_lab.errors import LabError
from emnist_lab.metrics import definitions
from emnist_lab.ui import current_dataset, current_evaluation, current_run, messages, page_address
from emnist_lab.ui.components.gallery import gallery

WALL = 320  # images

st.title("EMNIST Lab")
st.markdown(
    "Handwritten digits and letters: look at the images, train a classifier, see what it gets "
    "wrong, and have your own handwriting read."
)

current_dataset.warn_generated()
splits = current_dataset.splits()
split = next((name for name in ("balanced", *splits) if name in splits), None)
part = next((part for name, part in current_dataset.available()[0] if name == split), None)
with st.container(horizontal=True):
    st.page_link("pages/draw.py", label="Draw a character", icon=":material/draw:")
    st.page_link("pages/samples.py", label="Browse samples", icon=":material/apps:")
    st.page_link("pages/train.py", label="Train a classifier", icon=":material/model_training:")
    st.page_link("pages/evaluate.py", label="Read its mistakes", icon=":material/grid_on:")

shown = None
if "home_picked" in st.session_state:
    page_address.open_in_samples(split, st.session_state.pop("home_picked"))
if splits:
    try:
        shown = current_dataset.load(split, part)
    except LabError as error:
        messages.say_error(error)
if shown is not None:
    # A copy: a session keeps what a page has drawn, and a view would keep the whole order.
    chosen = np.random.default_rng(7).permutation(len(shown))[:WALL].copy()
    names = display_names(shown.classes)
    gallery(
        shown.images[chosen],
        [int(index) for index in chosen],
        [f"{names[shown.labels[index]]}, image {index}" for index in chosen],
        key="home_wall",
        label="Images drawn at random",
        on_pick=lambda index: st.session_state.update(home_picked=index),
        tile=30,
        height=330,
    )
    st.caption(f"{WALL} images from the {shown.name}. Pick one to see it as an array.")
else:
    current_dataset.no_dataset("This page")

found, problems = current_run.all_runs()
for problem in problems:
    st.warning(messages.sentence(problem), icon=":material/broken_image:")
shipped = {run.name: run for run in found if run.shipped}
LESSON = {
    "pixels-logistic": "the pixels as they are, logistic regression",
    "hog-qda": "directions of edges, one Gaussian a class",
    "warped-blend": "edges and pixels of bent images, neural networks",
}
if LESSON.keys() <= shipped.keys():
    better = shipped["warped-blend"]
    st.subheader("The lesson in three numbers")
    columns = st.columns(3)
    for column, (name, words) in zip(columns, LESSON.items(), strict=True):
        run = shipped[name]
        scores, seconds = run.manifest["scores"], run.manifest["timings"]["fit_s"]
        with column.container(border=True):
            st.metric(
                f"`{run.name}`: {words}",
                f"{scores['accuracy']:.1%} read right",
                help=definitions.get("accuracy").help,
            )
            st.caption(
                f"ROC AUC {scores['roc_auc_ovo']:.4f}. Fitted in {seconds:.0f} s "
                f"on {run.manifest['machine']['cores']} cores."
            )
    data = better.manifest["data"]
    st.caption(
        f"Trained on: {data['train']['name']}. Measured on: {data['test']['name']}. Not to be "
        "compared with published scores, which are made on the official split."
    )

    st.subheader("What is confused most")
    try:
        for pair in current_evaluation.report(better.name).confused_pairs(5).itertuples():
            st.markdown(
                f"- **{pair.true}** is read as **{pair.predicted}**, {pair.count} of {pair.of}"
            )
    except LabError as error:
        messages.say_error(error)
    merged = [name for name in display_names(better.classes) if " " in name]
    st.caption(
        f"{len(better.classes)} classes: digits, capitals, and small letters that look different "
        f"from their capital. {len(merged)} letters look alike in both cases and share a class, "
        f"shown as “{merged[0]}”."
    )
