"""Samples: the images of a dataset, and one of them as the array that it is."""

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.data.classes import display_names
from emnist_lab.errors import LabError
from emnist_lab.metrics.ranking import top_classes
from emnist_lab.ui import current_dataset, current_evaluation, current_run, formatting, messages
from emnist_lab.ui.components.gallery import gallery

PAGE = 240  # images in the gallery

st.title("Samples")
current_dataset.warn_generated()
splits = current_dataset.splits()
if not splits:
    current_dataset.no_dataset("Browsing samples")
    st.stop()


at_hand = list(current_dataset.available()[0])
parts_of = {name: [part for split, part in at_hand if split == name] for name in splits}
with st.container(horizontal=True, vertical_alignment="bottom"):
    split = st.selectbox(
        "Split",
        splits,
        key="split",
        bind="query-params",
        width=170,
        on_change=current_dataset.forget_image,
    )
    if len(parts_of[split]) > 1:
        part = st.segmented_control(
            "Part",
            parts_of[split],
            default=parts_of[split][0],
            required=True,
            on_change=current_dataset.forget_image,
            key="part",
            bind="query-params",
        )
    else:
        part = parts_of[split][0]
        st.caption(f"Only the {part} part is at hand.")
    seed = st.number_input(
        "Shuffle seed",
        0,
        10_000,
        0,
        key="seed",
        bind="query-params",
        width=150,
        help="0 keeps the order of the file. The same seed always gives the same order.",
    )

try:
    data = current_dataset.load(split, part)
except LabError as error:
    messages.stop_on(error)
names = display_names(data.classes)
kind = "generated" if data.generated else "emnist"  # what downloads are called

chosen = st.pills(
    "Classes",
    names,
    selection_mode="multi",
    key="classes",
    bind="query-params",
    help="Nothing chosen shows all. A letter that looks alike in both cases is one class, “C c”.",
)

readers = [run.name for run in current_run.all_runs()[0] if run.classes == data.classes]
UNREAD, WHICH, FIRST = "no run", ("all", "wrong", "right"), ("least sure first", "surest first")
with st.container(horizontal=True, vertical_alignment="bottom"):
    reader = st.selectbox(
        "As read by",
        [UNREAD, *readers],
        key="reader",
        bind="query-params",
        width=260,
        on_change=current_dataset.forget_image,
        help="Sort and filter by what a run says of these images.",
    )
    if reader != UNREAD:
        which = st.segmented_control(
            "Read", WHICH, default="all", required=True, key="which", bind="query-params"
        )
        first = st.segmented_control(
            "Order", FIRST, default=FIRST[0], required=True, key="first", bind="query-params"
        )
report = None
if reader != UNREAD:
    try:
        report = current_evaluation.report_on_part(current_run.open_run(reader), split, part)
        if report is None:
            st.caption("In the order of the file until it is done.")
    except LabError as error:
        messages.say_error(error)

if report is not None and part == "train":
    st.caption(
        "A run is surer and more often right on images that it was trained on: these say little "
        "of how it reads others."
    )


def choose_images() -> np.ndarray:
    """Indices of the images of the chosen classes, filtered and sorted as a run reads them."""
    wanted = np.arange(len(data))
    if chosen:
        wanted = np.flatnonzero(np.isin(data.labels, [names.index(one) for one in chosen]))
    if report is not None:
        right = report.predicted == report.labels
        if which != "all":
            wanted = wanted[right[wanted] == (which == "right")]
        sure = report.scores[wanted].max(axis=1)
        wanted = wanted[np.argsort(sure if first == FIRST[0] else -sure, kind="stable")]
        if not len(wanted):
            who = formatting.plain(reader)
            st.info(f"Of these images, {who} reads none {which}: choose others.")
            st.stop()
    elif seed:
        wanted = np.random.default_rng(seed).permutation(wanted)
    if not len(wanted):
        st.info("This part has no image of the chosen classes: choose others.")
        st.stop()
    return wanted


wanted = choose_images()
pages = -(-len(wanted) // PAGE)
with st.container(horizontal=True, vertical_alignment="bottom"):
    page = 1
    if pages > 1:
        page = st.number_input(
            f"Page (of {pages:,})", 1, 100_000, 1, key="page", bind="query-params", width=150
        )
        page = min(page, pages)
    st.caption(
        f"{len(wanted):,} images, {min(PAGE, len(wanted) - (page - 1) * PAGE)} of them here. "
        f"From the {data.name}."
    )
here = wanted[(page - 1) * PAGE : page * PAGE].copy()
del wanted  # a session keeps what a page has drawn: not the numbers of all images


def asked_for() -> int | None:
    """Index of the image that the address names, where there is such an image."""
    text = st.query_params.get("image", "")
    known = len(text) < 9 and text.isdecimal() and int(text) < len(data)
    return int(text) if known else None


picked = asked_for()
if "image" in st.query_params and picked is None:
    st.warning(
        f"The address asks for image {st.query_params['image'][:20]!r}, which this part doesn't "
        "have: pick another below.",
        icon=":material/link_off:",
    )
if picked is None:
    picked = int(here[0])


def title(index: int) -> str:
    """What an image is, and what the run says of it."""
    text = f"{names[data.labels[index]]}, image {index}"
    if report is None:
        return text
    return f"{text}, read as {names[report.predicted[index]]} ({report.scores[index].max():.0%})"


gallery(
    data.images[here],
    [int(index) for index in here],
    [title(index) for index in here],
    key="samples_gallery",
    label=f"{len(here)} images of {split} {part}",
    selected=picked,
    on_pick=lambda index: st.query_params.update(image=str(index)),
)

with st.container(horizontal=True):
    st.metric("Images", f"{len(data):,}")
    st.metric("Classes", len(data.classes))
    st.metric("Image size", "28 × 28")
    st.metric(
        "Memory",
        f"{data.images.nbytes / 1e6:,.1f} MB",
        help="One byte a pixel, as a NumPy array of uint8.",
    )
with st.expander(f"Read from: {data.format}", icon=":material/database:"):
    for note in data.notes:
        st.markdown(f"- {formatting.plain(note)}")


def show_array() -> None:
    """The picked image beside its matrix of integers."""
    image, name = data.images[picked], names[data.labels[picked]]
    code = ord(data.classes[data.labels[picked]])
    st.subheader(f"Image {picked:,} is “{formatting.plain(name)}”, as an array")
    left, right = st.columns([1, 2.4], gap="large")
    with left:
        st.image(thumbnails.png(image, 12), width=280)
        st.markdown(
            f"Label **{formatting.plain(name)}** (class {data.labels[picked]}), code point "
            f"**U+{code:04X}** ({code}), index **{picked:,}** in *{split} {part}*."
        )
        if report is not None:
            best = top_classes(report.scores[picked], 5)
            st.html(
                formatting.bars([names[one] for one in best], report.scores[picked][best].tolist())
            )
        st.markdown(
            "A picture is an array: 28 rows of 28 whole numbers, 0 for paper, 255 for ink. "
            f"This one's mean is {image.mean():.1f}; {np.count_nonzero(image)} of its 784 "
            "pixels aren't 0."
        )
        stem = f"{kind}-{split}-{part}-{picked}"
        with st.container(horizontal=True):
            st.download_button(
                "PNG",
                lambda: thumbnails.png(image),
                f"{stem}.png",
                "image/png",
                icon=":material/download:",
                on_click="ignore",
            )
            st.download_button(
                "CSV",
                lambda: pd.DataFrame(image).to_csv(index=False, header=False),
                f"{stem}.csv",
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
            )
    right.html(formatting.number_grid(image))


def show_counts() -> None:
    """How many images each class has."""
    counts = pd.DataFrame({"class": names, "images": data.counts()})
    axis = alt.Axis(labelAngle=0, labelOverlap=True)
    st.altair_chart(
        alt.Chart(counts, title=f"Images per class, {split} {part}")
        .mark_bar()
        .encode(
            x=alt.X("class:N", sort=None, title=None, axis=axis),
            y=alt.Y("images:Q", title=None),
            tooltip=["class", alt.Tooltip("images", format=",")],
        )
        .properties(height=300),
    )
    st.download_button(
        "CSV",
        lambda: counts.to_csv(index=False),
        f"{kind}-{split}-{part}-counts.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def only(index: int) -> None:
    """Browse one class."""
    st.session_state.classes = [names[index]]
    current_dataset.forget_image()


def show_means() -> None:
    """Every class's average image."""
    st.markdown(
        "All images of a class laid on top of each other: sharp where people agree, blurred "
        "where they don't. Pick one to browse that class."
    )
    means = current_dataset.mean_images(split, part).round().astype(np.uint8)
    gallery(
        means,
        list(range(len(means))),
        [f"{name}: {count:,} images" for name, count in zip(names, data.counts(), strict=True)],
        key="samples_means",
        label="Mean image of each class",
        on_pick=only,
        tile=64,
        height=700,
    )


# Only the tab that is looked at is made: a page with all three takes twice as long to appear.
shows = {"As an array": show_array, "Images per class": show_counts, "Mean images": show_means}
for tab, show in zip(
    st.tabs(list(shows), key="view", bind="query-params", on_change="rerun"),
    shows.values(),
    strict=True,
):
    if tab.open:
        with tab:
            show()
