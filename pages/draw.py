"""Draw: a character drawn by hand, read after every stroke."""

from collections.abc import Callable

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from emnist_lab.data.classes import class_index, display_names
from emnist_lab.errors import InkError, LabError
from emnist_lab.handwriting import character_set
from emnist_lab.handwriting.decision import decide
from emnist_lab.runs.run import Run
from emnist_lab.ui import address, current_run, messages, own_hand, provenance
from emnist_lab.ui.components import control_row
from emnist_lab.ui.components.board import PEN, SIDE, Board, board, clear
from emnist_lab.ui.components.readings import Prediction
from emnist_lab.ui.draw import character_choice, ink_steps, keep_buttons, live_reading
from emnist_lab.ui.draw.picture_corrections import keep_corrected
from emnist_lab.ui.draw.picture_mode import scanned
from emnist_lab.ui.draw.practice_mode import CLEARED_BY, asks, practice
from emnist_lab.ui.draw.word_mode import words
from emnist_lab.ui.evaluate import explanation_panel
from emnist_lab.ui.formatting import plain

REFERENCE = "pixels-logistic"
MOST = 3  # runs beside the one in use


def choose(choice: DeltaGenerator) -> list[Run]:
    """The run in use and those beside it, opened; says what can't be."""
    run = current_run.choose_run("Predictions from", choice)
    if run is None:
        st.info(
            "There are no runs yet: make one on the Train page.", icon=":material/model_training:"
        )
        st.stop()
    names = [one.name for one in current_run.all_runs()[0]]
    usual = [n for n in (REFERENCE, current_run.FIRST_RUN) if n in names and n != run.name][:1]
    for asked in st.query_params.get_all("beside"):
        if asked not in names:
            st.warning(
                f"There is no run “{plain(asked[:200])}” here (any more) to compare with. "
                "Compare lists all.",
                icon=":material/link_off:",
            )
    beside = choice.multiselect(
        "Compare with",
        names,
        default=usual,
        key="beside",
        bind="query-params",
        max_selections=MOST,
        width=420,
        help="The same drawing, given to several: what a representation is worth shows here.",
    )
    if beside == [run.name]:
        beside = usual
    opened = []
    for name in dict.fromkeys([run.name, *beside]):
        try:
            opened.append(current_run.open_run(name))
        except LabError as error:
            messages.say_error(error)
    if not opened:
        st.stop()
    return opened


@messages.fragment_with_errors
def draw(runs: list[Run]) -> None:
    """Board and readings: a stroke runs this part of the page alone."""
    row = st.container(horizontal=True, gap="medium", key="draw-row")
    with row.container(width=SIDE + 48):
        drawn = board("draw-board")
    place = row.container(width=680)
    try:
        shown = live_reading.take(drawn)
    except InkError as error:
        place.info(str(error), icon=":material/draw:")
        return
    in_use, image = runs[0], shown.image
    runs = [own_hand.applied(in_use), *runs[1:]]
    with place:
        found = live_reading.read(shown.drawing, runs)
        live_reading.show(shown, found, "draw-readings")
        if shown.example:
            st.caption(
                "The canvas is empty: draw a digit or a letter, anywhere on it and as large as you "
                "like. It is read after every stroke."
            )
        elif found:
            predictions = {run.name: (run.classes, one.probabilities) for run, one in found}
            labels = character_set.whole(found[0][0]).classes
            keep_buttons.keep(image, drawn.strokes, drawn.pen_width, predictions, labels=labels)
        own_hand.say(in_use)
    st.markdown(f"**How {'the example' if shown.example else 'your drawing'} becomes an array**")
    ink_steps.steps(shown.drawing)
    # What explains an answer looks at the run that lies on disk.
    on_disk = [(in_use if run is runs[0] else run, one) for run, one in found]
    look(image, [(character_set.whole(run), one) for run, one in on_disk])


def look(image: np.ndarray, found: list[tuple[Run, Prediction]]) -> None:
    """What is one click away."""
    shows: dict[str, tuple[str, str, Callable[[], None]]] = {
        "array": (
            "The array itself",
            ":material/grid_on:",
            lambda: ink_steps.array(image, "drawing"),
        ),
        "why": ("Why?", ":material/help:", lambda: say_why(image, found)),
        "nearest": (
            "Nearest training images",
            ":material/image_search:",
            lambda: say_nearest(image, found[0][0]),
        ),
    }
    for key, (label, icon, show) in shows.items():
        more = st.expander(label, key=key, icon=icon, on_change="rerun", bind="query-params")
        if more.open and found:
            with more:
                try:
                    show()
                except LabError as error:
                    messages.say_error(error)


def say_why(image: np.ndarray, found: list[tuple[Run, Prediction]]) -> None:
    """Which ink speaks for each run's answer, and which for the runner-up."""
    with st.container(horizontal=True, gap="medium"):
        for run, reading in found:
            decision = decide(reading.probabilities, reading.classes)
            with st.container(width=460):
                st.caption(plain(run.name))
                if decision.runner_up is None:
                    st.caption("It knows nothing else that it could be.")
                    continue
                names = display_names(run.classes)
                first, second = (
                    class_index(reading.classes[index], run.classes)
                    for index in (decision.members[0], decision.runner_up)
                )
                explanation_panel.show_evidence(run, image, names, first, second)


def say_nearest(image: np.ndarray, run: Run) -> None:
    """The training images that lie closest to the drawing, for the run in use."""
    st.caption(plain(run.name))
    explanation_panel.show_nearest_images(run, image, "draw")


@messages.fragment_with_errors
def drill(runs: list[Run]) -> None:
    """Characters that are asked for, drawn and scored."""
    run = runs[0]
    row = st.container(horizontal=True, gap="medium")
    drawn = Board([], PEN, lambda: clear("draw-practice-board"))
    if asks(run):
        with row.container(width=SIDE + 48):
            drawn = board(
                "draw-practice-board",
                label="Board: draw the character that is asked for",
                cleared_by=CLEARED_BY,
            )
    with row.container(width=680 if asks(run) else "stretch"):
        try:
            run.warm_up()
            practice(run, drawn)
        except LabError as error:
            messages.say_error(error)


@messages.fragment_with_errors
def write(runs: list[Run]) -> None:
    """Several characters on one board."""
    drawn = board(
        "draw-word",
        width=2 * SIDE,
        label="Board: write a word",
        hint="Write a word, letters apart.",
    )
    words(own_hand.applied(runs[0]), drawn)
    own_hand.say(runs[0])


@st.fragment
def take(runs: list[Run]) -> None:
    """A photo, scan or screenshot."""
    keep_corrected(scanned(runs[0]))


# Each shows itself, given the runs that read.
MODES = {"Draw": draw, "Practice": drill, "Word": write, "Picture": take}
address.say_unknown("mode", list(MODES), "mode")
with st.container(key="draw-header", horizontal=True, vertical_alignment="bottom"):
    st.title("Draw", width="content", anchor=False)
    fold = control_row.button_place("draw-choices")
    mode = st.segmented_control(
        "Mode",
        list(MODES),
        default="Draw",
        required=True,
        key="mode",
        bind="query-params",
        label_visibility="collapsed",
    )
    row = control_row.folded_row("draw-choices")
with row:
    characters = character_choice.choose_characters()
    place = st.popover("Runs", icon=":material/tune:")
    own_hand.switch(disabled=mode == "Picture")
readers = character_choice.limited(choose(place), characters)
control_row.show_button(fold, f"{readers[0].name}, {characters or 'any character'}", "draw-fold")
character_choice.say_limit(readers[0])
MODES[mode](readers)

shown = readers if mode == "Draw" else readers[:1]
for reader in shown:
    current_run.say_trained_on_generated(reader)
with st.container(horizontal=True):
    provenance.show(
        *(f"`{reader.name}`: {current_run.trained_on(reader)}" for reader in shown),
        about="these runs" if len(shown) > 1 else "this run",
        generated=any(reader.generated for reader in shown),
    )
    with st.popover("What it can't know", icon=":material/info:", type="tertiary"):
        st.markdown(
            "It doesn't matter where on the board you draw, how large, or with which pen: the "
            "steps above take that away, as EMNIST's makers did. A model still predicts what it "
            "has learned: 0 and O, 1, I and l look the same without their neighbours."
        )
