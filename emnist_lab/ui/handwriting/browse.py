"""The Handwriting page: browse kept drawings, look at one, correct or delete it."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import streamlit as st

from emnist_lab.errors import LabError
from emnist_lab.handwriting.drawing_store import Drawing, Store
from emnist_lab.server import drawing_access
from emnist_lab.ui import current_visitor, drawing_database, messages
from emnist_lab.ui.components.gallery import gallery
from emnist_lab.ui.formatting import bars, plain

MOST = 20_000  # drawings that a page looks at, the newest
SHOWN = 500  # of these in the gallery
_POINTS = 4_000  # of a drawing that are drawn


@st.cache_resource(max_entries=3, show_spinner="Looking up drawings …")
def _listed(place: str, owner: str | None, stamp: tuple, _store: Store) -> list[Drawing]:
    return _store.drawings(owner, newest=MOST, strokes=False)


def listed(store: Store, owner: str | None) -> list[Drawing]:
    """Drawings that this browser may see, newest first, without strokes; looked up once."""
    return _listed(store.database.place, owner, store.stamp(owner), store)


def say_done() -> None:
    """Say how what was asked for last has ended."""
    if done := st.session_state.pop("handwriting-done", ""):
        st.success(done, icon=":material/check:")
    if refused := st.session_state.pop("handwriting-refused", ""):
        messages.say_error(refused)


def attempt(work: Callable[[], object], done: str) -> None:
    """Do something to drawings, and say on the next look how it ended; for callbacks.

    Parameters
    ----------
    work : callable
    done : str
        What is said then, as Markdown.
    """
    try:
        work()
    except LabError as error:
        st.session_state["handwriting-refused"] = str(error)
        return
    st.session_state["handwriting-done"] = done
    st.session_state.pop("handwriting-counts", None)


def browse(store: Store, drawings: list[Drawing]) -> None:
    """The gallery, and beside it the drawing that is picked.

    Parameters
    ----------
    store : Store
    drawings : list of Drawing
        At least one.
    """
    counts = Counter(one.label for one in drawings)
    if st.session_state.get("char") not in (None, *counts):
        st.session_state.char = None  # the last one of it was deleted
    label = st.selectbox(
        "Character",
        sorted(counts),
        index=None,
        placeholder=f"all {len(drawings):,}",
        format_func=lambda label: f"{label} ({counts[label]:,})",
        key="char",
        bind="query-params",
        width=220,
    )
    some = [one for one in drawings if label is None or one.label == label]
    picked = _picked(drawings)
    left, right = st.columns([1.5, 1], gap="large")
    with left:
        shown = some[:SHOWN]
        gallery(
            np.stack([one.image for one in shown]),
            [one.id for one in shown],
            [_title(one) for one in shown],
            key="handwriting-gallery",
            label="Kept drawings, newest first",
            selected=picked.id if picked else None,
            on_pick=pick,
            tile=52,
        )
        if len(shown) < len(some):
            st.caption(f"The newest {len(shown):,} of {len(some):,}: choose a character above.")
    with right:
        if picked is None:
            st.caption("Pick a drawing to look at it, to correct its label, or to delete it.")
        else:
            _one(store, picked)


def _title(one: Drawing) -> str:
    read = [next(iter(top), "") for top in one.predictions.values()][:1]
    return one.label + (f", was predicted as {read[0]}" if read and read[0] else "")


def pick(number: int) -> None:
    """Have `browse` show a drawing; for callbacks."""
    st.query_params["drawing"] = str(number)


def _picked(drawings: list[Drawing]) -> Drawing | None:
    text = st.query_params.get("drawing", "")
    found = [one for one in drawings if str(one.id) == text]
    if text and not found:
        st.query_params.pop("drawing", None)
    return found[0] if found else None


def _one(store: Store, picked: Drawing) -> None:
    """A drawing with its strokes, what runs predicted, and what can be done to it."""
    whole = store.drawings(ids=[picked.id])
    if not whole:
        st.info("This drawing was deleted meanwhile.", icon=":material/delete:")
        return
    one = whole[0]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(_svg(one), width=150, alt=f"A drawing labelled {one.label}")
        with st.container(width=170):
            st.header(plain(one.label), anchor=False)
            st.caption(_about(one))
    visitor = current_visitor.visitor()
    if one.owner == visitor.id:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            key = f"handwriting-correct-{one.id}-{one.label}"
            st.text_input(
                "True label",
                one.label,
                max_chars=1,
                key=key,
                width=110,
                on_change=lambda: _correct(store, one, st.session_state[key]),
                disabled=not visitor.rights.drawings,
                help="One digit or letter; Enter keeps it.",
            )
            st.button(
                "Delete",
                icon=":material/delete:",
                key=f"handwriting-delete-{one.id}",
                disabled=not visitor.rights.deletes,
                on_click=_ask,
                args=(store, one),
            )
    else:
        st.caption("Another browser kept it: only that one can correct or delete it here.")
    for run, top in one.predictions.items():
        st.caption(f"What {plain(run)} said when it was kept")
        st.html(bars(list(top), list(top.values())))


@st.dialog("Delete a drawing", icon=":material/delete:")
def _ask(store: Store, one: Drawing) -> None:
    st.markdown(f"This **{plain(one.label)}** will be gone. It can't be undone.")
    with st.container(horizontal=True):
        done = st.button(
            "Delete it",
            type="primary",
            key="handwriting-delete",
            on_click=lambda: attempt(
                lambda: drawing_access.delete(current_visitor.visitor(), store, [one.id]),
                f"One **{plain(one.label)}** is deleted.",
            ),
        )
        if done or st.button("Keep it", key="handwriting-delete-not"):
            st.rerun()


def _correct(store: Store, one: Drawing, label: str) -> None:
    attempt(
        lambda: drawing_access.correct(current_visitor.visitor(), store, one.id, label),
        f"**{plain(one.label)}** is labelled **{plain(label)}** now.",
    )
    if st.session_state.get("char") == one.label:
        st.session_state["char"] = None  # or it would vanish from the gallery


def _about(one: Drawing) -> str:
    how = {"drawn": "drawn", "picture": "from a picture", "import": "imported"}[one.source]
    when = one.time[:16].replace("T", " ")
    by = f" by {plain(one.writer)}" if one.writer else ""
    return f"{how}{by}, {when} UTC"


def _svg(one: Drawing) -> str:
    """The strokes as they were drawn, or the image where there are none."""
    if not one.strokes:
        cells = "".join(
            f'<rect x="{x}" y="{y}" width="1.02" height="1.02" fill="#fff" '
            f'fill-opacity="{value / 255:.2f}"/>'
            for y, row in enumerate(one.image.tolist())
            for x, value in enumerate(row)
            if value
        )
        return _frame(0, 0, 28, cells)
    points = np.array([point for stroke in one.strokes for point in stroke])
    low, high = points.min(axis=0), points.max(axis=0)
    side = max(float((high - low).max()), 1e-9)
    pen = one.pen_width or 0.1 * side
    whole = side + 2 * pen
    corner = (low + high) / 2 - whole / 2
    step = -(-len(points) // _POINTS)
    lines = "".join(
        '<polyline points="{}" fill="none" stroke="#fff" stroke-width="{:g}" '
        'stroke-linecap="round" stroke-linejoin="round"/>'.format(
            " ".join(f"{x:g},{y:g}" for x, y in [*stroke[::step], stroke[-1]]), pen
        )
        for stroke in one.strokes
    )
    return _frame(*corner, whole, lines)


def _frame(x: float, y: float, side: float, inside: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x:g} {y:g} {side:g} {side:g}" '
        f'width="150" height="150"><rect x="{x:g}" y="{y:g}" width="{side:g}" height="{side:g}"/>'
        f"{inside}</svg>"
    )


def said_whose() -> str:
    """Who sees these drawings, in a sentence."""
    if drawing_database.shared():
        return "This server shares them: everyone who opens it sees the drawings of all."
    return "Only this browser sees them; nothing is kept that you didn't keep by a click."
