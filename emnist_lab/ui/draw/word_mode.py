"""A word on the Draw page: its characters, told apart and read one by one."""

import hashlib
import html
import itertools

import numpy as np
import streamlit as st

from emnist_lab.callbacks import ProgressCallback
from emnist_lab.errors import InkError, LabError
from emnist_lab.handwriting import character_set, word_reader
from emnist_lab.runs.run import Run
from emnist_lab.ui import background_pools, messages, task_panel
from emnist_lab.ui.components.board import Board
from emnist_lab.ui.components.character_boxes import cards
from emnist_lab.ui.draw import context_panel, keep_buttons
from emnist_lab.ui.formatting import plain

_AT = "draw-word-at"  # which character is picked, in the session


def words(run: Run, drawn: Board) -> None:
    """Show what a run reads in several characters that are drawn side by side.

    To be drawn below the board, in the fragment that runs after each stroke.

    Parameters
    ----------
    run : Run
        Opened.
    drawn : Board
    """
    if not drawn.strokes:
        st.caption(
            "Write several characters side by side, apart from each other; a wider gap parts "
            "words. Joined script can't be read."
        )
        return
    strokes, pen = [np.array(one) for one in drawn.strokes], drawn.pen_width
    whole = hashlib.sha256(repr([one.tolist() for one in strokes]).encode()).hexdigest()

    def read(tell: ProgressCallback) -> word_reader.WordPrediction:
        run.warm_up()
        return word_reader.read(run, strokes, pen)

    try:
        reading = task_panel.result_or_progress(
            background_pools.words(),
            (whole, pen, *run.version_key(), *run.classes),
            read,
            about="Reading the word",
            name="draw_word",
        )
    except InkError as error:
        st.info(messages.sentence(error), icon=":material/draw:")
        return
    except LabError as error:
        messages.say_error(error)
        return
    if reading is None:
        return
    names, letters = character_set.names_of(run), list(reading.letters)
    called = dict(zip(run.classes, names, strict=True))
    st.html(
        '<div style="font-size:2.4rem;font-weight:600;line-height:1.25;white-space:pre-wrap;'
        f'overflow-wrap:anywhere" aria-live="polite">{html.escape(reading.text)}</div>'
    )
    lines = [list(line) for _, line in itertools.groupby(letters, lambda one: one.line)]
    context_panel.show_context(run, lines, reading.probabilities, "draw-word")
    at = min(st.session_state.get(_AT, 0), len(letters) - 1)
    cards(
        letters,
        [[(called[one], p) for one, p in reading.best(index)] for index in range(len(letters))],
        {},
        key="draw-word-cards",
        selected=at,
        on_pick=lambda index: st.session_state.update({_AT: index}),
    )
    if joined := sum(one.joined for one in letters):
        st.caption(
            f":material/join_inner: {joined} of them may be several characters in one: write them "
            "apart."
        )
    best = called[reading.best(at, 1)[0][0]]
    st.markdown(f"**Character {at + 1}** of {len(letters)}, predicted as **{plain(best)}**")
    keep_buttons.keep(
        letters[at].image,
        [np.asarray(drawn.strokes[index]) for index in letters[at].strokes],
        drawn.pen_width,
        {run.name: (run.classes, reading.probabilities[at])},
        labels=character_set.whole(run).classes,
        key="draw-word-keep",
    )
