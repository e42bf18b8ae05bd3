"""Samples: the images of a dataset, and beside them one of them as the array that it is."""

import numpy as np
import streamlit as st

from emnist_lab.data.classes import display_names
from emnist_lab.errors import LabError
from emnist_lab.evaluation import part_predictions
from emnist_lab.ui import address, current_dataset, current_run, messages, provenance
from emnist_lab.ui.components import control_row
from emnist_lab.ui.components.gallery import gallery
from emnist_lab.ui.samples import filters, predictions, views

PAGE = 240  # images in the gallery
TRAINED = (
    "A run is more confident and more often correct on images that it was trained on: these say "
    "little of how it does on others."
)
ARRAY, COUNTS, MEANS = VIEWS = ["As an array", "Images per class", "Mean images"]

address.redirect_former(
    "pages/samples.py",
    {
        "which": {"right": "correct", "wrong": "misclassified"},
        "first": {
            "least sure first": part_predictions.LEAST,
            "surest first": part_predictions.MOST,
        },
    },
)
head = st.container(horizontal=True, vertical_alignment="center")
head.title("Samples", width="content", anchor=False)
splits = current_dataset.splits()
if not splits:
    current_dataset.no_dataset("Browsing samples")
    st.stop()

fold = control_row.button_place("samples-filters")
row = control_row.folded_row("samples-filters")
split, part = filters.choose_part(row, splits)
try:
    found = current_dataset.find_part(split, part)
    data = current_dataset.load_from(found)
except LabError as error:
    messages.stop_on(error)
names = display_names(data.classes)
head.container(key="samples-facts", width="content").caption(views.facts(data))
with head:
    provenance.show(*views.origin(data), generated=data.generated)
asked = filters.choose_filters(row, data, names)
few = ", ".join(names[one] for one in asked.classes)
chosen = [split, part, few, asked.run, asked.which if asked.which != part_predictions.ALL else ""]
control_row.show_button(fold, f"Filters: {', '.join(filter(None, chosen))}", "samples-fold")


def sorted_by_predictions(rows: np.ndarray) -> tuple[np.ndarray, str]:
    """Images as the run's predictions filter and sort them, and how many those are."""
    run = current_run.open_run(asked.run)
    known = predictions.of_rows(run, found, rows, asked.classes)
    if known is None:
        return rows, f"{len(rows):,} images, in the order of the file until it is done"
    correct = int(known.correct(rows).sum())
    few = known.choose(rows, asked.which, asked.order)
    many = f"{len(few):,} of" if len(few) < len(rows) else "Of"
    seen = "; it may have been trained on these" if part == "train" else ""
    return few, (
        f"{many} {len(rows):,} images: {correct:,} correct, {len(rows) - correct:,} "
        f"misclassified{seen}"
    )


rows = asked.rows(data)
wanted, counted = asked.shuffled(rows), f"{len(rows):,} images"
if asked.run is not None:
    try:
        wanted, counted = sorted_by_predictions(rows)
    except LabError as error:
        messages.say_error(error)
if not len(wanted):
    if len(rows):
        st.info(
            f"Of these {len(rows):,} images, `{asked.run}` has none that is {asked.which}: choose "
            "others."
        )
    else:
        st.info("This subset has no image of the chosen classes: choose others.")
    st.stop()


def asked_for() -> int | None:
    """Index of the image that the address names, where there is such an image."""
    text = st.query_params.get("image", "")
    known = len(text) < 9 and text.isdecimal() and int(text) < len(data)
    return int(text) if known else None


def pick(index: int) -> None:
    """Show an image as an array."""
    st.query_params.update(image=str(index))
    st.session_state.view = ARRAY


def browse_class(index: int) -> None:
    """Show the images of one class."""
    st.session_state.classes = [names[index]]
    filters.first_page()
    current_dataset.forget_image()


picked = asked_for()
if "image" in st.query_params and picked is None:
    st.warning(
        f"The address asks for image {st.query_params['image'][:20]!r}, which this subset doesn't "
        "have: pick another below.",
        icon=":material/link_off:",
    )
pages = -(-len(wanted) // PAGE)
if "page" not in st.session_state and "page" not in st.query_params:
    place = np.flatnonzero(wanted == picked)  # a link to an image leads to the page that it is on
    if len(place) and place[0] >= PAGE:
        st.session_state.page = int(place[0]) // PAGE + 1

with st.container(key="samples-body"):
    left, right = st.columns([1, 1.22], gap="medium")
with left:
    with st.container(horizontal=True, vertical_alignment="center"):
        page, count = 1, st.container(width="stretch")
        if pages > 1:
            page = st.number_input(
                f"Page of {pages:,}",
                1,
                100_000,
                key="page",
                bind="query-params",
                width=130,
                label_visibility="collapsed",
                help=f"Page, of {pages:,}",
            )
            page = min(page, pages)
    here = wanted[(page - 1) * PAGE : page * PAGE].copy()
    count.caption(
        f"{counted} · page {page:,} of {pages:,}" if pages > 1 else counted,
        help=TRAINED if asked.run is not None and part == "train" else None,
    )
    counts = np.bincount(data.labels[wanted], minlength=len(names))  # as filtered
    del wanted  # a session keeps what a page has drawn: not the numbers of all images
    if picked is None:
        picked = int(here[0])
    gallery(
        data.images[here],
        [int(index) for index in here],
        [f"{names[data.labels[index]]}, image {index}" for index in here],
        key="samples_gallery",
        label=f"{len(here)} images of {split} {part}",
        selected=picked,
        on_pick=pick,
        height=496,
    )

stem = f"{'generated' if data.generated else 'emnist'}-{split}-{part}"  # of downloads
# Only the tab that is looked at is made: a page with all three takes twice as long to appear.
with right:
    for tab, view in zip(
        st.tabs(VIEWS, key="view", bind="query-params", on_change="rerun"), VIEWS, strict=True
    ):
        if not tab.open:
            continue
        with tab:
            if view == COUNTS:
                views.show_counts(data, names, counts, stem)
            elif view == MEANS:
                means = current_dataset.mean_images(split, part)
                views.show_means(means, names, data.counts(), browse_class)
            else:
                said = None
                if asked.run is not None:
                    try:
                        run = current_run.open_run(asked.run)
                        said = predictions.of_image(run, found, picked)
                    except LabError as error:
                        messages.say_error(error)
                views.show_array(data, names, picked, said, stem)
