"""Data: which images are in use, how to get EMNIST, and how to bring a copy of one's own."""

import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab.commands.specs import FetchSpec
from emnist_lab.data.classes import display_names
from emnist_lab.data.dataset_address import BY_WRITER, AddressKind, DatasetAddress
from emnist_lab.data.splits import OFFICIAL, SPLITS
from emnist_lab.errors import LabError
from emnist_lab.server import dataset_access, job_access
from emnist_lab.ui import (
    current_dataset,
    current_visitor,
    formatting,
    job_panel,
    job_queues,
    messages,
    provenance,
    uploads,
)
from emnist_lab.ui.components.gallery import gallery

STRIP = 90  # images to see at a glance what is in use, and which way up
BYTES = 266  # of an image in NIST's archive: balanced, 131,600 images, takes 35 MB
ABOUT = {
    "balanced": "47 classes, equally many images of each; the usual choice",
    "byclass": "62 classes: digits, capitals and small letters, as often as people wrote them",
    "bymerge": "47 classes: as byclass, look-alike capitals and small letters merged",
    "letters": "26 classes: A to Z, both cases together",
    "digits": "10 classes: 0 to 9",
    "mnist": "10 classes: 0 to 9, in the number and layout of MNIST",
}

st.title("Data")
current_dataset.warn_generated(link=False)

st.header("In use")


def use_chosen() -> None:
    """Use the dataset that was chosen on this page."""
    current_dataset.use_dataset(DatasetAddress.from_name(st.session_state.data_here))


def delete(name: str) -> None:
    """Delete an imported dataset, and use another."""
    try:
        dataset_access.remove(current_visitor.visitor(), name)
    except LabError as error:
        st.session_state.data_problem = str(error)
    current_dataset.use_dataset(current_dataset.datasets()[0])


@st.dialog("Delete a dataset", icon=":material/delete:")
def ask_to_delete(name: str) -> None:
    """Delete an imported dataset once that is confirmed."""
    st.markdown(
        f"**{formatting.plain(name)}** will be gone from this server, for everyone who uses it. It "
        "can't be undone; runs that were trained on it stay."
    )
    with st.container(horizontal=True):
        done = st.button(
            "Delete it", type="primary", key="data_delete", on_click=delete, args=(name,)
        )
        if done or st.button("Keep it", key="data_delete_not"):
            st.rerun()


def tell_labels(split: str, part: str) -> str:
    """Warn where labels don't seem to belong to the images; else a sentence on how they do."""
    found = current_dataset.check_labels(split, part)
    if found is None:
        return ""
    if not (found.hopeless or found.moved):
        return found.sentence()
    st.warning(f"**Are these labels right?** {found.sentence()}", icon=":material/label_off:")
    return ""


def offer_writers(address: DatasetAddress) -> None:
    """Let the test part that is put aside have writers of its own, or images again."""
    apart = BY_WRITER in address.choices
    others = tuple(one for one in address.choices if one != BY_WRITER)
    st.button(
        "Put single images aside again" if apart else "Put whole writers aside as test part",
        icon=":material/group:",
        key="data_writers",
        on_click=current_dataset.use_said,
        args=(others if apart else (*others, BY_WRITER),),
        help="A run is then measured on writers that it never saw, as on yours.",
    )


visitor = current_visitor.visitor()
now = current_dataset.dataset_in_use()
st.session_state.data_here = now.name  # the sidebar's selection counts, which every page has
with st.container(horizontal=True, vertical_alignment="bottom"):
    st.selectbox(
        "Dataset",
        [one.name for one in current_dataset.datasets()],
        key="data_here",
        on_change=use_chosen,
        width=420,
        help="EMNIST is what was fetched here, or `$EMNIST_DIR`; demo is generated; the others are "
        "copies that were brought.",
    )
    if now.kind is AddressKind.IMPORTED and dataset_access.is_own(visitor, now.text):
        st.button("Delete", icon=":material/delete:", on_click=ask_to_delete, args=(now.text,))
if problem := st.session_state.pop("data_problem", ""):
    messages.say_error(problem)
parts, problem = current_dataset.available()
if problem:
    messages.say_error(problem)
else:
    split, part = next(iter(parts))
    try:
        data = current_dataset.load(split, part)
        drawn = np.random.default_rng(1).permutation(len(data))[:STRIP]
        names = display_names(data.classes)
        gallery(
            data.images[drawn],
            [int(index) for index in drawn],
            [f"{names[data.labels[index]]}, image {index}" for index in drawn],
            key="data_strip",
            label=f"Images of {split} {part}",
            tile=34,
            height=160,
        )
        labels = tell_labels(split, part)
        provenance.show(
            f"From the {formatting.plain(data.name)}. "
            f"Read from: {data.format}. {formatting.plain(' '.join(data.notes))}",
            labels,
            generated=data.generated,
        )
        if data.writer_names and not parts[split, part].part:
            offer_writers(now)
    except LabError as error:
        messages.say_error(error)
    with st.expander(f"Parts: {', '.join(' '.join(key) for key in parts)}"):
        st.dataframe(
            pd.DataFrame(
                [
                    {
                        "split": split,
                        "part": part,
                        "images": "generated" if source.generated else "real",
                        "read from": source.format,
                        "size, MB": source.size() / 1e6,
                        "file": str(source.paths[0])
                        if visitor.rights.folders
                        else source.paths[0].name,
                    }
                    for (split, part), source in parts.items()
                ]
            ),
            hide_index=True,
            column_config={"size, MB": st.column_config.NumberColumn(format="%.1f")},
        )


def get_emnist() -> None:
    """What NIST has, a button for each split."""
    st.header("Get EMNIST")
    st.markdown(
        "From NIST, who made it. Only the split that you choose crosses the network, every file is "
        "checked, and an interrupted download goes on where it stopped."
    )
    loading = {
        job.spec.split for job in job_access.list_jobs(visitor, job_queues.fetches()) if job.active
    }
    for job in current_dataset.transfers(imported=False):
        job_panel.job_panel(job, job_queues.fetches())
    here = current_dataset.fetched()
    # The one step for who has no images yet.
    loaded = {split for split, _ in parts} if not current_dataset.generated() else set()
    for split in SPLITS:
        images = sum(OFFICIAL[split])
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{split}**, {ABOUT[split]}: {images:,} images, "
                f"about {images * BYTES / 1e6:,.0f} MB",
                width="stretch",
            )
            if split in here:
                st.badge("in place", icon=":material/check:", color="green")
            if st.button(
                "Fetch again" if split in here else "Fetch",
                key=f"data_fetch_{split}",
                icon=":material/download:",
                type="primary"
                if split == "balanced" and split not in here | loaded
                else "secondary",
                disabled=split in loading,
            ):
                try:
                    current_dataset.submit_fetch(FetchSpec(split))
                except LabError as error:
                    messages.stop_on(error)
                st.rerun()


if visitor.rights.downloads:
    get_emnist()

if visitor.rights.uploads or visitor.rights.folders:
    st.header("Bring a copy")
    st.markdown(
        "Recognised by its content: NIST's files or `gzip.zip`; torchvision's `EMNIST/raw` and "
        "`MNIST/raw`; the Matlab file `emnist-balanced.mat`; Keras' `mnist.npz`; Kaggle's CSV; "
        "OpenML's ARFF; Hugging Face's parquet; pictures of any size, one folder a class, as a "
        "zip. Fashion-MNIST, KMNIST, QMNIST and USPS load too. Whether images are stored "
        "transposed is looked at, not assumed, and so is whether the labels belong to them."
    )
    for job in current_dataset.transfers(imported=True):
        job_panel.job_panel(job, job_queues.fetches())
    uploads.form()
