"""The Samples page: which images are shown, and in what order; kept in the address."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from emnist_lab.data.part import Part
from emnist_lab.evaluation import part_predictions
from emnist_lab.ui import address, current_dataset, current_run

NO_RUN = "no run"


@dataclass(frozen=True)
class Filters:
    """What was chosen.

    Attributes
    ----------
    classes : tuple of int
        Their indices; empty for all.
    seed : int
        Shuffles; 0 keeps the order of the file.
    run : str or None
        Whose predictions filter and sort; None for none's.
    which : {"all", "correct", "misclassified"}
    order : str
        See `emnist_lab.evaluation.part_predictions`.
    """

    classes: tuple[int, ...]
    seed: int = 0
    run: str | None = None
    which: str = part_predictions.ALL
    order: str = part_predictions.LEAST

    def rows(self, data: Part) -> np.ndarray:
        """Images of the chosen classes, in the order of the file: (M,) int64."""
        if not self.classes:
            return np.arange(len(data))
        return np.flatnonzero(np.isin(data.labels, self.classes))

    def shuffled(self, rows: np.ndarray) -> np.ndarray:
        """Rows in the order that the seed makes."""
        return np.random.default_rng(self.seed).permutation(rows) if self.seed else rows


def first_page() -> None:
    """Go to the first page of images: they are others now; for callbacks."""
    if "page" in st.session_state:
        st.session_state.page = 1


def _other_images() -> None:
    first_page()
    current_dataset.forget_image()


def choose_part(row: DeltaGenerator, splits: Sequence[str]) -> tuple[str, str]:
    """Selections of a split and of its training or test images.

    Parameters
    ----------
    row : DeltaGenerator
        Where they go.
    splits : sequence of str
        At least one.

    Returns
    -------
    split, part : str
    """
    address.say_unknown("split", splits, "split")
    split = row.selectbox(
        "Split",
        splits,
        key="split",
        bind="query-params",
        width=130,
        on_change=_other_images,
    )
    parts = [part for of, part in current_dataset.available()[0] if of == split]
    if len(parts) == 1:
        row.selectbox("Subset", parts, disabled=True, width=130, help="Only this one is at hand.")
        return split, parts[0]
    part = row.segmented_control(
        "Subset",
        parts,
        default=parts[0],
        required=True,
        on_change=_other_images,
        key="part",
        bind="query-params",
    )
    return split, part


def choose_filters(row: DeltaGenerator, data: Part, names: list[str]) -> Filters:
    """Selections of classes, and of a run by whose predictions images are filtered and sorted.

    Parameters
    ----------
    row : DeltaGenerator
        Where they go.
    data : Part
    names : list of str
        Of its classes, for people.

    Returns
    -------
    Filters
    """
    address.say_unknown("classes", names, "class")
    chosen = row.multiselect(
        "Classes",
        names,
        key="classes",
        bind="query-params",
        on_change=first_page,
        placeholder="all",
        width=210,
        help="A letter that looks alike in both cases is one class, “C c”.",
    )
    classes = tuple(sorted(names.index(one) for one in chosen))
    readers = [run.name for run in current_run.all_runs()[0] if run.classes == data.classes]
    address.say_unknown("reader", [NO_RUN, *readers], "run of these classes")
    run = row.selectbox(
        "Predictions from",
        [NO_RUN, *readers],
        key="reader",
        bind="query-params",
        on_change=first_page,
        width=190,
        help="Filter and sort by what a run predicts for these images.",
    )
    if run == NO_RUN:
        seed = row.number_input(
            "Shuffle seed",
            0,
            10_000,
            0,
            key="seed",
            bind="query-params",
            on_change=first_page,
            width=140,
            help="0 keeps the order of the file. The same seed always gives the same order.",
        )
        return Filters(classes, seed)
    which = row.selectbox(
        "Predicted",
        part_predictions.WHICH,
        key="which",
        bind="query-params",
        on_change=first_page,
        width=150,
    )
    order = row.selectbox(
        "Order",
        part_predictions.ORDERS,
        key="first",
        bind="query-params",
        on_change=first_page,
        width=200,
    )
    return Filters(classes, 0, run, which, order)
