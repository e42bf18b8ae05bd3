"""The Samples page, beside the pictures: one of them as an array, counts, and mean images."""

from collections.abc import Callable

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.data.part import Part
from emnist_lab.metrics.percent import percent
from emnist_lab.metrics.ranking import top_classes
from emnist_lab.ui import formatting
from emnist_lab.ui.components.gallery import gallery
from emnist_lab.ui.downloads import download_csv

_ORIGIN = {
    "official": "official split",
    "re-partition": "re-partition, not the official split",
    "copy": "not known as the official split",
    "generated": "generated images",
}


def facts(data: Part) -> str:
    """What a part is, in one line of Markdown.

    Parameters
    ----------
    data : Part

    Returns
    -------
    str
    """
    what = _ORIGIN.get(data.origin, data.origin)
    return (
        f"{len(data):,} images · {len(data.classes)} classes · 28 × 28 uint8 · "
        f"{formatting.size(data.images.nbytes)} · {what}"
    )


def origin(data: Part) -> list[str]:
    """Where a part comes from: sentences, as Markdown.

    Parameters
    ----------
    data : Part

    Returns
    -------
    list of str
    """
    made = (
        "**Generated images.** Made by a model in EMNIST's manner; no person wrote them. The Data "
        "page gets real ones."
    )
    return [
        made if data.generated else "",
        f"From the {formatting.plain(data.name)}.",
        f"Read from: {formatting.plain(data.format)}.",
        "\n".join(f"- {formatting.plain(note)}" for note in data.notes),
    ]


def show_array(
    data: Part, names: list[str], index: int, probabilities: np.ndarray | None, stem: str
) -> None:
    """An image beside what it is, and its matrix of integers.

    Parameters
    ----------
    data : Part
    names : list of str
        Of its classes, for people.
    index : int
        Of the image.
    probabilities : ndarray of shape (C,), or None
        What a run predicts for it.
    stem : str
        What files are called, without their ending.
    """
    image, label = data.images[index], int(data.labels[index])
    name, code = names[label], ord(data.classes[label])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(thumbnails.png(image, 3), width=84, alt=f"Image {index:,}, labelled {name}")
        with st.container(gap="xxsmall"):
            st.header(f"Image {index:,} is “{formatting.plain(name)}”", anchor=False)
            said = f"Class {label}, code point U+{code:04X}"
            if probabilities is not None:
                said = f"{said}. {_verdict(names, label, probabilities)}"
            st.markdown(said)
    st.html(formatting.number_grid(image, small=True))
    st.caption(
        "A picture is an array: 28 rows of 28 whole numbers, 0 for paper, 255 for ink. This one's "
        f"mean is {image.mean():.1f}; {np.count_nonzero(image)} of its 784 pixels aren't 0."
    )
    if probabilities is not None:
        best = top_classes(probabilities, 5)
        st.html(formatting.bars([names[one] for one in best], probabilities[best].tolist()))
    with st.container(horizontal=True):
        st.download_button(
            "PNG",
            lambda: thumbnails.png(image),
            f"{stem}-{index}.png",
            "image/png",
            icon=":material/download:",
            on_click="ignore",
        )
        download_csv(
            f"{stem}-{index}", lambda: pd.DataFrame(image).to_csv(index=False, header=False)
        )


def _verdict(names: list[str], label: int, probabilities: np.ndarray) -> str:
    """What a run predicts, in a few words."""
    best = int(probabilities.argmax())
    chance = percent(float(probabilities[best]))
    if best == label:
        return f":green[:material/check:] Predicted correctly ({chance})"
    return f":red[:material/close:] Predicted as **{formatting.plain(names[best])}** ({chance})"


def show_counts(data: Part, names: list[str], counts: np.ndarray, stem: str) -> None:
    """How many of the images that the filter leaves each class has.

    Parameters
    ----------
    data, names, stem
        As for `show_array`.
    counts : ndarray of shape (C,), dtype int64
        Images of each class that the filter leaves.
    """
    table = pd.DataFrame({"class": names, "images": counts})
    title = f"Images per class, {data.split} {data.part}"
    if counts.sum() < len(data):
        table, title = table[table["images"] > 0], f"{title}, as filtered"
    st.altair_chart(
        alt.Chart(table, title=title)
        .mark_bar()
        .encode(
            x=alt.X("class:N", sort=None).title("Class").axis(labelAngle=0, labelOverlap=True),
            y=alt.Y("images:Q").title("Images"),
            tooltip=["class", alt.Tooltip("images", format=",")],
        )
        .properties(height=380),
    )
    download_csv(f"{stem}-counts", lambda: table.to_csv(index=False))


def show_means(
    means: np.ndarray, names: list[str], counts: np.ndarray, on_pick: Callable[[int], None]
) -> None:
    """Every class's average image.

    Parameters
    ----------
    means : ndarray of shape (C, 28, 28), dtype float32
    names : list of str
    counts : ndarray of shape (C,), dtype int64
    on_pick : callable
        Given a class, before the page runs again.
    """
    st.caption(
        "All images of a class laid on top of each other: sharp where people agree, blurred where "
        "they don't. Pick one to browse that class."
    )
    gallery(
        means.round().astype(np.uint8),
        list(range(len(means))),
        [f"{name}: {count:,} images" for name, count in zip(names, counts, strict=True)],
        key="samples_means",
        label="Mean image of each class",
        on_pick=on_pick,
        tile=58,
        height=520,
    )
