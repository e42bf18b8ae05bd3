"""The evaluation on pages: a run's kept scores, or its predictions on the dataset in use."""

import dataclasses

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from emnist_lab.data.part import Part
from emnist_lab.errors import DatasetError, LabError, RunError, TrainingError
from emnist_lab.evaluation import class_matching, neighbours
from emnist_lab.evaluation.evaluation import (
    Evaluation,
    among_present,
    evaluate_part,
    fingerprint_of_test_part,
    stored_evaluation,
)
from emnist_lab.metrics import bootstrap
from emnist_lab.metrics.bootstrap import Intervals
from emnist_lab.metrics.report import Report
from emnist_lab.runs.manifest import SCORES
from emnist_lab.runs.run import Run
from emnist_lab.server import error_sentences
from emnist_lab.ui import (
    address,
    background_pools,
    current_dataset,
    current_run,
    current_visitor,
    task_panel,
)
from emnist_lab.ui.background_task import Task
from emnist_lab.ui.formatting import plain

_ON = ("its own test subset", "the dataset in use")
FORMER_ON = {"its own test part": _ON[0]}  # in addresses
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


def choose_evaluation(run: Run, place: DeltaGenerator) -> Evaluation | None:
    """What a run's kept scores say, or what it says of the dataset in use: where both, to choose.

    Parameters
    ----------
    run : Run
    place : DeltaGenerator
        Where the choices go; what is to be said about them is said here, in the page.

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
    splits = _measurable(run)
    if scored and (_nothing_new(run, splits) or not _here(place)):
        return _among_chosen(_stored_with_images(run), place)
    if not splits:
        _, why = _at_hand(run, run.manifest["data"]["split"])
        raise DatasetError(
            f"The run {run.name} has no test scores, and {why}: choose another dataset on the Data "
            "page, or train it again with a test subset."
        )
    split = splits[0] if len(splits) == 1 else _choose_split(splits, place)
    part, why = _at_hand(run, split)
    if part is None:
        raise DatasetError(f"The run {run.name} can't be measured here: {plain(why)}.")
    whole = current_dataset.load(split, "test")
    key = (*run.version_key(), *current_dataset.version_key(split, "test"))
    found = _reading(run, whole, key)
    if found is None:
        return None
    _caveats(run, part)
    return _among_chosen(found, place)


def _measurable(run: Run) -> list[str]:
    """Splits of the dataset in use that a run can be measured on, the best first."""
    at_hand = [split for split, part in current_dataset.available()[0] if part == "test"]
    found, own = class_matching.measurable(run, at_hand), run.manifest["data"]["split"]
    return [split for split in found if split != own or _at_hand(run, own)[0] is not None]


def _nothing_new(run: Run, splits: list[str]) -> bool:
    """Whether the dataset in use has nothing but what a run was measured on when it was made."""
    own = run.manifest["data"]["split"]
    if splits != [own]:
        return not splits
    part = _at_hand(run, own)[0]
    return part is not None and part.fingerprint == fingerprint_of_test_part(run)


def _here(place: DeltaGenerator) -> bool:
    """Whether the dataset in use is chosen to be measured on, kept in the address."""
    if st.session_state.pop(_HERE, False):
        st.session_state.on = _ON[1]
    chosen = place.segmented_control(
        "Evaluate on",
        _ON,
        default=_ON[0],
        required=True,
        key="on",
        bind="query-params",
        help="The test subset that the run was measured on when it was made, or that of the "
        "dataset in use, which it predicts now.",
    )
    return chosen == _ON[1]


def _choose_split(splits: list[str], place: DeltaGenerator) -> str:
    with place:
        return address.selectbox(
            "Split",
            splits,
            splits[0],
            key="evaluate-split",
            parameter="split",
            width=170,
            help="Whose test subset it predicts. A run can be measured wherever it knows classes.",
        )


def _among_chosen(evaluation: Evaluation, place: DeltaGenerator) -> Evaluation:
    """The evaluation over all classes or over those present, to choose where that differs."""
    if not evaluation.absent:
        return evaluation
    few, many = len(np.unique(evaluation.report.labels)), len(evaluation.report.classes)
    over = place.segmented_control(
        "Probabilities over classes",
        class_matching.OVER,  # the address holds what is shown
        default=class_matching.ALL,
        required=True,
        key="over",
        bind="query-params",
        help=f"Whether it may answer with all {many} classes, or with the {few} that there are "
        "images of. ROC AUC is of those, either way.",
    )
    return evaluation if over == class_matching.ALL else _among_present(evaluation)


def _version(evaluation: Evaluation) -> tuple:
    return (*evaluation.key, evaluation.part is None)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs={Evaluation: _version})
def _among_present(evaluation: Evaluation) -> Evaluation:
    return among_present(evaluation)


def _reading(run: Run, part: Part, key: tuple) -> Evaluation | None:
    opened = current_run.open_run(run.name)
    return task_panel.result_or_progress(
        background_pools.readings(),
        key,
        lambda tell: evaluate_part(opened, part, tell),
        about=f"{run.name} predicts the {part.part} subset",
        name="evaluate-reading",
    )


def provenance_of(evaluation: Evaluation) -> list[str]:
    """Where figures come from, for the button that tells it: sentences as Markdown.

    Parameters
    ----------
    evaluation : Evaluation

    Returns
    -------
    list of str
    """
    now = "" if evaluation.stored else f"Measured now, on the {plain(evaluation.name)}."
    return [current_run.trained_on(evaluation.run), now]


def _caveats(run: Run, part: Part) -> None:
    """Say in sight what numbers that were measured now must not be taken for."""
    if part.generated and not run.generated:
        st.warning(
            "**Generated images.** A model made them, no person wrote them: these numbers say "
            "nothing about real handwriting.",
            icon=":material/robot_2:",
        )
    elif not part.generated and not run.generated:
        other = "another split than this" if part.split != run.manifest["data"]["split"] else ""
        if not other and not _trained_here(run):
            other = "other files than those at hand"
        if other:
            st.warning(
                f"This run was trained on {other}: if both are EMNIST's, it may have been trained "
                "on some of these very images, and the numbers are then too high.",
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
    run = current_run.opened(folder, stamp)
    return class_matching.match(run, current_dataset.load_from(found))[0]


def _at_hand(run: Run, split: str) -> tuple[Part | None, str]:
    """Test images of the dataset in use that a run knows the classes of, or why there are none."""
    name = current_dataset.dataset_in_use().name
    if (split, "test") not in current_dataset.available()[0]:
        return None, f"the dataset in use, “{name}”, has no test subset of {split}"
    try:
        return _own_part(*run.version_key(), current_dataset.find_part(split, "test")), ""
    except DatasetError as error:
        told = error_sentences.sentence(current_visitor.visitor(), error)
        return None, f"the dataset in use, “{name}”, can't be read ({told})"
    except RunError:
        return None, f"the dataset in use, “{name}”, has other classes"
    except TrainingError:
        return None, f"the dataset in use, “{name}”, holds no images"


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
    part, why = _at_hand(run, run.manifest["data"]["split"])
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
    if _measurable(evaluation.run) and st.button(
        f"Evaluate on “{plain(current_dataset.dataset_in_use().name)}”",
        key=f"evaluate-read-{place}",
    ):
        st.session_state[_HERE] = True
        st.rerun()


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
