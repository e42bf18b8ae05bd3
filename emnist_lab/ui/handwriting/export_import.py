"""The Handwriting page: export drawings, import a file of them; delete all of one's own."""

import streamlit as st

from emnist_lab.errors import LabError
from emnist_lab.handwriting.drawing_store import Drawing, Store, files
from emnist_lab.server import drawing_access
from emnist_lab.ui import current_visitor
from emnist_lab.ui.handwriting import browse

_LARGEST = 64  # MB of a file to import


def export_and_import(store: Store, drawings: list[Drawing], owner: str | None) -> None:
    """Export as files, import one.

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
    rights = current_visitor.visitor().rights
    if rights.uploads and rights.drawings:
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
                key=f"handwriting-export-{label}",
            )
    pictures = sum(one.source == "picture" for one in drawings)
    if pictures:
        st.caption(f"{pictures:,} from pictures have no strokes: they go into the IDX files only.")
    elif not drawings:
        st.caption("There is nothing to export yet.")


def delete_all(store: Store, drawings: list[Drawing]) -> None:
    """Delete all drawings that are one's own, once that is confirmed; nothing where there are none.

    Parameters
    ----------
    store : Store
    drawings : list of Drawing
    """
    mine = sum(one.owner == st.session_state.get("owner") for one in drawings)
    if not mine or not current_visitor.may("deletes"):
        return
    st.header("Delete my drawings", anchor=False)
    st.caption(
        f"This browser keeps {mine:,} drawing{'' if mine == 1 else 's'} here. Export first to keep "
        "a copy: deleting can't be undone."
    )
    if st.button("Delete all of mine", icon=":material/delete:", help="Asks before it does."):
        _ask(store, mine)


@st.dialog("Delete all of mine", icon=":material/delete:")
def _ask(store: Store, count: int) -> None:
    st.markdown(
        f"**{count:,} drawing{'' if count == 1 else 's'}** that this browser kept will be gone. It "
        "can't be undone; export them first to keep a copy."
    )
    with st.container(horizontal=True):
        done = st.button(
            "Delete them",
            type="primary",
            on_click=lambda: browse.attempt(
                lambda: drawing_access.delete(current_visitor.visitor(), store),
                "All drawings of this browser are deleted.",
            ),
        )
        if done or st.button("Keep them"):
            st.rerun()


def _upload(store: Store) -> None:
    session = st.session_state
    session.setdefault("handwriting-uploads", 0)
    file = st.file_uploader(
        "Import drawings",
        type=["json"],
        key=f"handwriting-upload-{session['handwriting-uploads']}",
        max_upload_size=min(_LARGEST, current_visitor.visitor().rights.upload_mb),
        help="A JSON list of strokes with labels, as Export makes it. Those that are here already "
        "are skipped.",
    )
    if file is None:
        return
    bar = st.progress(0.0, text="Reading the drawings …")
    try:
        visitor = current_visitor.visitor()
        new, found = drawing_access.import_drawings(visitor, store, file, bar.progress)
    except LabError as error:
        session["handwriting-refused"] = str(error)
    else:
        known = f"; {found - new:,} were here already" if new < found else ""
        session["handwriting-done"] = f"Imported: {new:,} drawings are new{known}."
        session.pop("handwriting-counts", None)
    session["handwriting-uploads"] += 1  # an empty field for the next
    st.rerun()
