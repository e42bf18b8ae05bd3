"""Home: a character drawn and read, what classifiers are given of it, and where to go."""

import numpy as np
import streamlit as st

from emnist_lab.data.classes import display_names
from emnist_lab.errors import LabError
from emnist_lab.metrics import glossary
from emnist_lab.runs.run import Run
from emnist_lab.ui import current_dataset, current_run, messages, page_address
from emnist_lab.ui.components.gallery import gallery
from emnist_lab.ui.home import confused_pairs, exercises, lesson, live_board, page_links, tour

WALL = 320  # images
BEST = "warped-blend"

splits = current_dataset.splits()
split = next((name for name in ("balanced", *splits) if name in splits), None)
part = next((part for name, part in current_dataset.available()[0] if name == split), None)
if "home_picked" in st.session_state:
    page_address.open_in_samples(split, st.session_state.pop("home_picked"))
page_links.follow()

st.title("EMNIST Lab", anchor=False)
st.markdown(
    "For all who learn or teach how computers read handwriting: draw a digit or a letter, see what "
    "a classifier makes of it and why, then train one of your own."
)
runs, problems = current_run.all_runs()
shipped = {run.name: run for run in runs if run.shipped}
whole = lesson.CARDS.keys() <= shipped.keys()


@messages.fragment_with_errors
def act(in_use: Run | None) -> None:
    """Board, readings, tour, and the lesson on what is drawn: a stroke runs this part alone."""
    page_links.follow()
    found = None
    if in_use is None:
        st.info(
            "There are no runs yet: make one on the Train page.", icon=":material/model_training:"
        )
    else:
        found = live_board.show(in_use)
    tour.strip()
    if found is not None and whole:
        lesson.show(*found)


def show_wall() -> None:
    """Images of the dataset in use, drawn at random; one that is picked opens in Samples."""
    st.header("Images of the dataset in use", anchor=False)
    current_dataset.warn_generated()
    if not splits:
        current_dataset.no_dataset("The wall of samples")
        return
    try:
        shown = current_dataset.load(split, part)
    except LabError as error:
        messages.say_error(error)
        return
    # A copy: a session keeps what a page has drawn, and a view would keep the whole order.
    chosen = np.random.default_rng(7).permutation(len(shown))[:WALL].copy()
    names = display_names(shown.classes)
    st.caption(f"Images drawn at random from the {shown.name}. Pick one to see it as an array.")
    gallery(
        shown.images[chosen],
        [int(index) for index in chosen],
        [f"{names[shown.labels[index]]}, image {index}" for index in chosen],
        key="home_wall",
        label="Images drawn at random",
        on_pick=lambda index: st.session_state.update(home_picked=index),
        tile=30,
        height=330,
        whole_rows=True,
    )


def show_confused(run: Run) -> None:
    """What a run confuses most."""
    st.header("What is confused most", anchor=False, help=glossary.help_of("confusion matrix"))
    try:
        confused_pairs.show(run)
    except LabError as error:
        messages.say_error(error)
    merged = [name for name in display_names(run.classes) if " " in name]
    st.caption(
        f"By `{run.name}`, on its test subset; a click opens the images in Evaluate. "
        f"{len(run.classes)} classes: digits, capitals, and small letters that look different "
        f"from their capital. {len(merged)} letters look alike in both cases and share a class, "
        f"shown as “{merged[0]}”."
    )


act(live_board.run_in_use(runs))
for problem in problems:
    st.warning(messages.sentence(problem), icon=":material/broken_image:")
confused = st.container()
show_wall()
if whole:
    with confused:  # made last: reading all scores takes a moment, the first time
        show_confused(shipped[BEST])
st.header("Learn and teach", anchor=False)
exercises.show()
