"""What the Handwriting page is made of: browse, correct, measure, take along."""

from collections import Counter

import numpy as np
import streamlit as st

from emnist_lab import confusion, practice, training
from emnist_lab.errors import LabError
from emnist_lab.handwriting import Drawing, Store, files, part, unseen
from emnist_lab.handwriting.data import fitting
from emnist_lab.metrics import Report
from emnist_lab.ui import inuse, state, whose
from emnist_lab.ui.gallery import gallery
from emnist_lab.ui.markup import bars, plain
from emnist_lab.ui.matrix import confusion_matrix

MOST = 20_000  # drawings that a page looks at, the newest
_FEW = 50  # drawings, below which a share is said as a count
_SHOWN = 500  # of these in the gallery
_POINTS = 4_000  # of a drawing that are drawn
_LARGEST = 64  # MB of a file to import


@st.cache_resource(max_entries=3, show_spinner="Looking up drawings …")
def _listed(place: str, owner: str | None, stamp: tuple, _store: Store) -> list[Drawing]:
    return _store.drawings(owner, newest=MOST, strokes=False)


def listed(store: Store, owner: str | None) -> list[Drawing]:
    """Drawings that this browser may see, newest first, without strokes; looked up once."""
    return _listed(store.database.place, owner, store.stamp(owner), store)


def say_done() -> None:
    """Say how what was asked for last has ended."""
    if said := st.session_state.pop("kept-done", ""):
        st.success(said, icon=":material/check:")
    if refused := st.session_state.pop("kept-refused", ""):
        state.say_error(refused)


def _try(work, done: str) -> None:
    """Do something to drawings, and say on the next look how it ended."""
    try:
        work()
    except LabError as error:
        st.session_state["kept-refused"] = str(error)
        return
    st.session_state["kept-done"] = done
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
        width=220,
    )
    some = [one for one in drawings if label is None or one.label == label]
    picked = _picked(drawings)
    left, right = st.columns([1.5, 1], gap="large")
    with left:
        shown = some[:_SHOWN]
        gallery(
            np.stack([one.image for one in shown]),
            [one.id for one in shown],
            [_title(one) for one in shown],
            key="kept",
            label="Kept drawings, newest first",
            selected=picked.id if picked else None,
            on_pick=_pick,
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
    read = [next(iter(top), "") for top in one.said.values()][:1]
    return one.label + (f", was read as {read[0]}" if read and read[0] else "")


def _pick(number) -> None:
    st.query_params["drawing"] = str(number)


def _picked(drawings: list[Drawing]) -> Drawing | None:
    text = st.query_params.get("drawing", "")
    found = [one for one in drawings if str(one.id) == text]
    if text and not found:
        st.query_params.pop("drawing", None)
    return found[0] if found else None


def _one(store: Store, picked: Drawing) -> None:
    """A drawing with its strokes, what runs said of it, and what can be done to it."""
    whole = store.drawings(ids=[picked.id])
    if not whole:
        st.info("This drawing was deleted meanwhile.", icon=":material/delete:")
        return
    one = whole[0]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(_svg(one), width=150)
        with st.container(width=170):
            st.markdown(f"### {plain(one.label)}")
            st.caption(_about(one))
    mine = st.session_state.get("owner")
    if one.owner == mine:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            key = f"correct-{one.id}-{one.label}"
            st.text_input(
                "It is really",
                one.label,
                max_chars=1,
                key=key,
                width=110,
                on_change=lambda: _correct(store, one, st.session_state[key], mine),
                help="One digit or letter; Enter keeps it.",
            )
            st.button(
                "Delete",
                icon=":material/delete:",
                key=f"delete-{one.id}",
                on_click=lambda: _try(
                    lambda: store.delete([one.id], mine), f"One **{plain(one.label)}** is deleted."
                ),
            )
    else:
        st.caption("Another browser kept it: only that one can correct or delete it here.")
    for run, top in one.said.items():
        st.caption(f"What `{plain(run)}` said when it was kept")
        st.html(bars(list(top), list(top.values())))


def _correct(store: Store, one: Drawing, label: str, owner: str) -> None:
    _try(
        lambda: store.correct(one.id, label, owner),
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


@st.cache_resource(max_entries=6, show_spinner="Reading your drawings …")
def _report(folder: str, stamp: int, fingerprint: tuple, _drawings: list[Drawing]) -> Report:
    run = inuse.opened(folder, stamp)
    return training.evaluate(run, part(_drawings, run.classes, run.manifest["data"]["split"]))


def measure(store: Store, drawings: list[Drawing], owner: str | None) -> None:
    """How well a run reads the drawings, as on a test part.

    Parameters
    ----------
    store : Store
    drawings : list of Drawing
    owner : str or None
        Whose they are; None for all.
    """
    run = inuse.choose_run("Read with")
    if run is None:
        st.info("There are no runs yet: make one on the Train page.", icon=":material/draw:")
        return
    fresh = unseen(run, drawings)
    chosen = fitting(fresh, run.classes)
    if len(fresh) < len(drawings):
        st.warning(
            f"This run was trained on drawings kept here: only the {len(fresh):,} that were drawn "
            "after it was made tell how well it reads.",
            icon=":material/school:",
        )
    if not chosen:
        st.info(
            "No drawing is left to measure it on: draw characters that it knows, and keep them.",
            icon=":material/draw:",
        )
        return
    key = (store.database.place, owner, *store.stamp(owner))
    report = _report(*inuse.mark(run), key, chosen)
    data = part(chosen, run.classes)
    _numbers(report, data.name, len(drawings) - len(chosen))
    inuse.say_trained_on_generated(run)
    trained = plain(run.manifest["data"]["train"]["name"])
    st.caption(f"Measured on: {plain(data.name)}. `{run.name}` was trained on: {trained}.")
    if report.accuracy == 1:
        st.success("All of them are read right.", icon=":material/check:")
        return
    _errors(report, chosen)


def _numbers(report: Report, name: str, left_out: int) -> None:
    count = len(report.labels)
    with st.container(horizontal=True):
        for label, key, about in (
            ("Accuracy", "accuracy", "Share of the drawings whose likeliest class is the label."),
            ("Top 3", "top3_accuracy", "Share whose label is among the three likeliest classes."),
        ):
            hits = int(report.per_image[key].sum())
            low, high = practice.interval(hits, count)
            st.metric(
                label,
                f"{hits / count:.1%}" if count >= _FEW else f"{hits} of {count}",
                f"{low:.0%} – {high:.0%}",
                delta_color="off",
                delta_arrow="off",
                help=f"{about} Below, its 95 % interval (Wilson): with few drawings it is wide.",
            )
        st.metric("Drawings", f"{count:,}", help=f"{name}; measured as a test part is.")
        if left_out:
            st.metric(
                "Left out",
                f"{left_out:,}",
                help="Of characters that this run has no class for, or that it was trained on.",
            )


def _errors(report: Report, drawings: list[Drawing]) -> None:
    # Of 47 classes a few drawings fill a few cells: only those that occur are shown.
    here = np.union1d(report.labels, report.predicted)
    counts = report.confusion[np.ix_(here, here)]
    cell = st.session_state.get("kept-cell", (None, None))
    if not {one for one in cell if one is not None} <= set(here.tolist()):
        cell = (None, None)
    place = {int(index): position for position, index in enumerate(here)}

    def pick(true: int | None, read: int | None) -> None:
        st.session_state["kept-cell"] = tuple(
            None if one is None else int(here[one]) for one in (true, read)
        )

    left, right = st.columns([1.7, 1], gap="large")
    with left:
        confusion_matrix(
            counts,
            counts,
            [report.names[index] for index in here],
            np.arange(len(here)),
            key="kept-matrix",
            selected=(place.get(cell[0]), place.get(cell[1])),
            on_pick=pick,
        )
        st.caption("A row is the label, a column what it is read as. Pick a cell or a label.")
    with right:
        found = confusion.images_of(report, *cell)
        what = "Misread, surest first"
        if cell != (None, None):
            names = ["any" if one is None else report.names[one] for one in cell]
            what = f"{names[0]} read as {names[1]}"
            st.button(
                "All that are misread",
                icon=":material/arrow_back:",
                on_click=lambda: st.session_state.pop("kept-cell", None),
            )
        st.markdown(f"**{plain(what)}**: {len(found):,}")
        if len(found):
            shown = found[:_SHOWN]
            gallery(
                np.stack([drawings[index].image for index in shown]),
                [drawings[index].id for index in shown],
                [
                    f"{drawings[index].label} read as {report.names[report.predicted[index]]}, "
                    f"{report.scores[index].max():.0%}"
                    for index in shown
                ],
                key="kept-misread",
                label=what,
                on_pick=_pick,
                tile=46,
                height=420,
            )


def take_along(store: Store, drawings: list[Drawing], owner: str | None) -> None:
    """Export as files, import one, delete all that are one's own.

    Parameters
    ----------
    store : Store
    drawings : list of Drawing
        Perhaps none.
    owner : str or None
        Whose are seen; None for all.
    """
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        _export(store, drawings, owner)
    with right, st.container(border=True, height="stretch"):
        _upload(store)


def _export(store: Store, drawings: list[Drawing], owner: str | None) -> None:
    st.markdown("**Export**")
    with st.container(horizontal=True):
        for label, name, mime, make, about in (
            (
                "JSON",
                "handwriting.json",
                "application/json",
                files.to_json,
                "Strokes with labels; Import takes it in elsewhere, and so does "
                "`predict --drawings`.",
            ),
            (
                "IDX",
                "handwriting-idx.zip",
                "application/zip",
                files.to_idx,
                "Images, labels and a mapping in EMNIST's own format, transposed as NIST does.",
            ),
        ):
            st.download_button(
                label,
                lambda make=make: make(store.drawings(owner)),
                name,
                mime,
                icon=":material/download:",
                on_click="ignore",
                disabled=not drawings,
                help=about,
                key=f"export-{label}",
            )
        mine = sum(one.owner == st.session_state.get("owner") for one in drawings)
        if st.button(
            "Delete all of mine",
            icon=":material/delete:",
            disabled=not mine,
            help="Asks before it does.",
        ):
            _ask(store, mine)
    pictures = sum(one.source == "picture" for one in drawings)
    if pictures:
        st.caption(f"{pictures:,} from pictures have no strokes: they go into the IDX files only.")
    elif not drawings:
        st.caption("There is nothing to export yet.")


@st.dialog("Delete all of mine", icon=":material/delete:")
def _ask(store: Store, count: int) -> None:
    st.markdown(
        f"**{count:,} drawing{'' if count == 1 else 's'}** that this browser kept will be gone. It "
        "can't be undone; export them first to keep a copy."
    )
    owner = st.session_state["owner"]
    with st.container(horizontal=True):
        done = st.button(
            "Delete them",
            type="primary",
            on_click=lambda: _try(
                lambda: store.delete(owner=owner), "All drawings of this browser are deleted."
            ),
        )
        if done or st.button("Keep them"):
            st.rerun()


def _upload(store: Store) -> None:
    session = st.session_state
    session.setdefault("kept-uploads", 0)
    file = st.file_uploader(
        "Import drawings",
        type=["json"],
        key=f"kept-upload-{session['kept-uploads']}",
        max_upload_size=_LARGEST,
        help="A JSON list of strokes with labels, as Export makes it. Those that are here already "
        "are skipped.",
    )
    if file is None:
        return
    bar = st.progress(0.0, text="Reading the drawings …")
    try:
        found = files.from_json(file.getvalue(), file.name, bar.progress)
        new = store.keep(session["owner"], found)
    except LabError as error:
        session["kept-refused"] = str(error)
    else:
        known = f"; {len(found) - new:,} were here already" if new < len(found) else ""
        session["kept-done"] = f"Imported: {new:,} drawings are new{known}."
        session.pop("handwriting-counts", None)
    session["kept-uploads"] += 1  # an empty field for the next
    st.rerun()


def said_whose() -> str:
    """Who sees these drawings, in a sentence."""
    if whose.shared():
        return "This server shares them: everyone who opens it sees the drawings of all."
    return "Only this browser sees them; nothing is kept that you didn't keep by a click."
