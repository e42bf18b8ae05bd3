"""The evaluation on pages: a run's kept scores, or its predictions on the dataset in use."""

import dataclasses

import streamlit as st

from emnist_lab.data.part import Part
from emnist_lab.errors import DatasetError, LabError, RunError
from emnist_lab.evaluation import neighbours
from emnist_lab.evaluation.evaluation import Evaluation, evaluate_part, stored_evaluation
from emnist_lab.metrics import bootstrap
from emnist_lab.metrics.bootstrap import Intervals
from emnist_lab.metrics.report import Report
from emnist_lab.runs.manifest import SCORES
from emnist_lab.runs.run import Run
from emnist_lab.server import error_sentences
from emnist_lab.ui import (
    background_pools,
    current_dataset,
    current_run,
    current_visitor,
    task_panel,
)
from emnist_lab.ui.background_task import Task
from emnist_lab.ui.formatting import plain

_ON = ("its own test part", "the dataset in use")
_HERE = "evaluate-here"  # session key: measure on the dataset in use, which a button asked for


@st.cache_resource(max_entries=8, show_spinner="Computing the numbers …")
def _stored(folder: str, stamp: int) -> Evaluation:
    return stored_evaluation(current_run.opened(folder, stamp))


def report(name: str) -> Report:
    """Report on a run's kept test scores, computed once; raises `RunError`."""
    return _stored(*current_run.open_run(name).version_key()).report


def _stored_with_images(run: Run) -> Evaluation:
    """What a run's kept test scores say, and its images where they are at hand."""
    found = _stored(*current_run.open_run(run.name).version_key())
    return dataclasses.replace(found, part=test_part(run)[0])


def choose_evaluation(run: Run) -> Evaluation | None:
    """What a run's kept scores say, or what it says of the dataset in use: where both, to choose.

    Parameters
    ----------
    run : Run

    Returns
    -------
    Evaluation or None
        None while it reads the images, and where that was cancelled: both are shown.

    Raises
    ------
    DatasetError or RunError
        There are neither scores nor images, or the run is gone.
    """
    scored = SCORES in run.manifest["files"]
    part, why = _at_hand(run)
    if scored:
        own = run.manifest["data"]["test"]["fingerprint"]
        if part is None or part.fingerprint == own or not _here():
            return _stored_with_images(run)
    elif part is None:
        raise DatasetError(
            f"The run {run.name} has no test scores, and {why}: choose another dataset on the Data "
            "page, or train it again with a test part."
        )
    split = run.manifest["data"]["split"]
    key = (*run.version_key(), *current_dataset.version_key(split, "test"))
    found = _reading(run, part, key)
    if found is not None:
        _caveats(run, part)
    return found


def _here() -> bool:
    """Whether the dataset in use is chosen to be measured on, kept in the address."""
    if st.session_state.pop(_HERE, False):
        st.session_state.on = _ON[1]
    chosen = st.segmented_control(
        "Numbers on",
        _ON,
        default=_ON[0],
        required=True,
        key="on",
        bind="query-params",
        help="What the run was measured on when it was made, or the test part of the dataset in "
        "use, which it reads now.",
    )
    return chosen == _ON[1]


def _reading(run: Run, part: Part, key: tuple) -> Evaluation | None:
    opened = current_run.open_run(run.name)
    return task_panel.result_or_progress(
        background_pools.readings(),
        key,
        lambda tell: evaluate_part(opened, part, tell),
        about=f"{run.name} reads the {part.part} part",
        name="evaluate-reading",
    )


def _caveats(run: Run, part: Part) -> None:
    """Say what numbers that were measured now are about."""
    st.caption(f"Measured now, on the {plain(part.name)}.")
    if part.generated and not run.generated:
        st.warning(
            "**Generated images.** A model made them, no person wrote them: these numbers say "
            "nothing about real handwriting.",
            icon=":material/robot_2:",
        )
    elif not part.generated and not run.generated and not _trained_here(run):
        st.warning(
            "This run was trained on other files than those at hand: if both are EMNIST's, it may "
            "have been trained on some of these very images, and the numbers are then too high.",
            icon=":material/school:",
        )


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=current_dataset.BY_VERSION)
def _trained_on(folder: str, stamp: int, found: current_dataset.FoundPart) -> bool:
    run = current_run.opened(folder, stamp)
    try:
        neighbours.find_training_images(run, current_dataset.load_from(found))
    except LabError:
        return False  # on other images, or they can't be read
    return True


def _trained_here(run: Run) -> bool:
    """Whether a run learned from the training part of the dataset in use, whose test part differs.

    Where it was trained on other images, no one knows which of them stand in the test part.
    """
    split = run.manifest["data"]["split"]
    if (split, "train") not in current_dataset.available()[0]:
        return False
    found = current_dataset.find_part(split, "train")
    return _trained_on(*run.version_key(), found)


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=current_dataset.BY_VERSION)
def _own_part(folder: str, stamp: int, found: current_dataset.FoundPart) -> Part:
    return current_run.opened(folder, stamp).own_part(current_dataset.load_from(found))


def _at_hand(run: Run) -> tuple[Part | None, str]:
    """Test images of the dataset in use that a run can read, or why there are none."""
    split, name = run.manifest["data"]["split"], current_dataset.dataset_in_use().name
    if (split, "test") not in current_dataset.available()[0]:
        return None, f"the dataset in use, “{name}”, has no test part of {split}"
    try:
        found = current_dataset.find_part(split, "test")
        part = _own_part(*run.version_key(), found)
        run.check_classes(part.classes)
    except DatasetError as error:
        told = error_sentences.sentence(current_visitor.visitor(), error)
        return None, f"the dataset in use, “{name}”, can't be read ({told})"
    except RunError:
        return None, f"the dataset in use, “{name}”, has other classes"
    if not len(part):
        return None, f"the dataset in use, “{name}”, holds no images of the run's classes"
    return part, ""


def test_part(run: Run) -> tuple[Part | None, str]:
    """The images that a run's kept scores are about.

    Parameters
    ----------
    run : Run
        With test scores.

    Returns
    -------
    part : Part or None
        None where the dataset in use doesn't have exactly these images.
    problem : str
        Why not, and what to do: one sentence, as Markdown.
    """
    recorded, name = run.manifest["data"]["test"], current_dataset.dataset_in_use().name
    part, why = _at_hand(run)
    if part is not None:
        if part.fingerprint == recorded["fingerprint"]:
            return part, ""
        why = f"the dataset in use, “{name}”, isn't the one that was measured on"
        if part.name == recorded["name"]:
            why = f"“{name}” holds other images by the same name now than when the run was made"
    return None, (
        f"The images themselves can't be shown: {plain(why)}. They are the "
        f"{plain(recorded['name'])}: choose that dataset on the Data page, or look at what the run "
        "says of the dataset in use."
    )


def say_no_images(evaluation: Evaluation, place: str) -> None:
    """Say why images can't be shown; where the run can read others, with a button for that.

    Parameters
    ----------
    evaluation : Evaluation
        Without its part.
    place : str
        Names the button.
    """
    st.info(test_part(evaluation.run)[1], icon=":material/hide_image:")
    if _at_hand(evaluation.run)[0] is not None and st.button(
        f"Read “{plain(current_dataset.dataset_in_use().name)}” with it",
        key=f"evaluate-read-{place}",
    ):
        st.session_state[_HERE] = True
        st.rerun()


def report_on_part(run: Run, split: str, part: str) -> Report | None:
    """What a run says of a part of the chosen dataset; kept scores where it was measured on it.

    Parameters
    ----------
    run : Run
        Of the part's classes.
    split, part : str

    Returns
    -------
    Report or None
        None while it reads the images, and where that was cancelled: both are shown.

    Raises
    ------
    DatasetError or RunError
        The images or the model can't be read.
    """
    data, test = current_dataset.load(split, part), run.manifest["data"].get("test")
    if test and test["fingerprint"] == data.fingerprint and SCORES in run.manifest["files"]:
        return report(run.name)
    version = current_dataset.version_key(split, part)
    found = _reading(run, data, (*run.version_key(), *version))
    return None if found is None else found.report


def intervals(evaluation: Evaluation) -> Task[Intervals]:
    """95 % intervals of a run's numbers, in the making; see `emnist_lab.metrics.bootstrap`.

    Parameters
    ----------
    evaluation : Evaluation

    Returns
    -------
    Task of Intervals
    """
    return background_pools.intervals().of(
        evaluation.key, lambda tell: bootstrap.intervals(evaluation.report)
    )
