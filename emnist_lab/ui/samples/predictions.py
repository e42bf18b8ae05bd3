"""The Samples page: what a run predicts for the images that the filter leaves, and no others."""

import numpy as np
import streamlit as st

from emnist_lab.evaluation.part_predictions import PartPredictions
from emnist_lab.metrics.report import Report
from emnist_lab.runs.manifest import SCORES
from emnist_lab.runs.run import Run
from emnist_lab.ui import background_pools, current_dataset, current_evaluation, task_panel
from emnist_lab.ui.current_dataset import FoundPart


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=current_dataset.BY_VERSION)
def _known(folder: str, stamp: int, found: FoundPart) -> PartPredictions:
    """What was predicted so far, for everybody and every filter."""
    return PartPredictions(current_dataset.load_from(found).labels)


def _kept(run: Run, found: FoundPart) -> Report | None:
    """A run's kept scores, where it was measured on exactly these images."""
    test = run.manifest["data"].get("test")
    if not test or SCORES not in run.manifest["files"]:
        return None
    same = test["fingerprint"] == current_dataset.load_from(found).fingerprint
    return current_evaluation.report(run.name) if same else None


def of_rows(
    run: Run, found: FoundPart, rows: np.ndarray, classes: tuple[int, ...]
) -> PartPredictions | None:
    """What a run predicts for some images of a part, which it is asked about now where need be.

    Parameters
    ----------
    run : Run
        On disk, of the part's classes.
    found : FoundPart
    rows : ndarray of shape (M,), dtype int64
    classes : tuple of int
        The filter that leaves these rows.

    Returns
    -------
    PartPredictions or None
        None while it is asked, and where that was cancelled: both are shown.

    Raises
    ------
    DatasetError or RunError
        The images or the model can't be read.
    """
    known = _known(*run.version_key(), found)
    if not len(known.missing(rows)):
        return known
    if kept := _kept(run, found):
        return PartPredictions.of_report(kept)
    data = current_dataset.load_from(found)

    def work(tell) -> bool:
        known.predict(run, data, rows, tell)
        return True

    done = task_panel.result_or_progress(
        background_pools.readings(),
        (known, classes),  # itself: one that was made anew is another question
        work,
        about=f"Predictions of {run.name}",
        name="samples-predict",
    )
    return known if done else None


def of_image(run: Run, found: FoundPart, index: int) -> np.ndarray:
    """Probabilities of one image: (C,) float64; kept scores where there are any.

    Parameters
    ----------
    run, found
        As for `of_rows`.
    index : int

    Raises
    ------
    DatasetError or RunError
        The images or the model can't be read.
    """
    if kept := _kept(run, found):
        return kept.scores[index]
    return run.predict_proba(current_dataset.load_from(found).images[[index]])[0]
