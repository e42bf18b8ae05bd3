"""Runs kept in order: rename, export, delete, import, and the disk space that they take."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from emnist_lab.errors import LabError, RunError
from emnist_lab.runs import manifest
from emnist_lab.runs.run import Run
from emnist_lab.server import run_access
from emnist_lab.ui import current_run, current_visitor, messages
from emnist_lab.ui.formatting import plain, size

_SHIPPED = "It came with EMNIST Lab: only runs of your own can be renamed or deleted."
_OTHERS = "It isn't yours to rename or delete here."
_LARGEST = 500  # MB a file


def manage_runs(found: list[Run]) -> None:
    """Draw what can be done to a run, and the way in for one from elsewhere.

    Parameters
    ----------
    found : list of Run
        All runs at hand.
    """
    session = st.session_state
    session.setdefault("compare-shelf-uploads", 0)
    if said := session.pop("compare-shelf-done", ""):
        st.success(said, icon=":material/check:")
    if refused := session.pop("compare-shelf-refused", ""):
        messages.say_error(refused)
    visitor = current_visitor.visitor()
    own = [run for run in found if run_access.is_own(visitor, run)]
    if own:
        many = f"{len(own)} runs of your own take" if len(own) > 1 else "One run of your own takes"
        st.caption(f"{many} {size(sum(run.bytes for run in own))} on the disk.")
    else:
        st.caption("No runs of your own yet: Train makes them, or import one.")
    if names := run_access.unusable(visitor):
        _unusable(names)
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        if found:
            _one(found)
        else:
            st.info("There is no run yet: train one, or import one.", icon=":material/inventory_2:")
    if visitor.rights.uploads:
        with right, st.container(border=True, height="stretch"):
            _upload()


def _one(found: list[Run]) -> None:
    session = st.session_state
    visitor = current_visitor.visitor()
    own = {run.name for run in found if run_access.is_own(visitor, run)}
    by_name = {run.name: run for run in sorted(found, key=lambda run: run.name not in own)}
    chosen = session.pop("compare-shelf-next", session.get("compare-shelf-run"))
    # Set, not left to the default: the browser would go on showing one that is gone.
    session["compare-shelf-run"] = chosen if chosen in by_name else next(iter(by_name))
    run = by_name[st.selectbox("Run", list(by_name), key="compare-shelf-run")]
    changes = run.name in own and visitor.rights.deletes
    fixed = None if changes else _SHIPPED if run.shipped else _OTHERS
    broken = _broken(str(run.folder), _stamp(run))
    with st.container(horizontal=True):
        with st.popover(
            "Rename", icon=":material/edit:", disabled=not changes, help=fixed or "Change its name."
        ):
            key = f"compare-shelf-name-{run.name}"
            with st.form(f"compare-shelf-rename-{run.name}", border=False):
                st.text_input(
                    "New name",
                    run.name,
                    max_chars=80,
                    key=key,
                    help="Letters, digits, dots, dashes and underscores.",
                )
                st.form_submit_button("Rename", type="primary", on_click=_rename, args=(run, key))
        st.download_button(
            "Export",
            lambda: run_access.export_run(run),
            run_access.export_name(run),
            "application/zip",
            icon=":material/download:",
            on_click="ignore",
            disabled=bool(broken),
            help=(broken and messages.sentence(broken))
            or "One file, to keep or hand on; Import takes it in elsewhere.",
        )
        if st.button(
            "Delete",
            icon=":material/delete:",
            disabled=not changes,
            help=fixed or "Asks before it does.",
        ):
            _ask(run)
    st.caption(f"{size(run.bytes)}. {current_run.trained_on(run)}")


def _unusable(names: list[str]) -> None:
    """A way out for runs that can't be opened: a warning above says why each can't."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Runs that can't be opened", names, width=340)
        with st.popover("Delete", icon=":material/delete:"):
            st.markdown(f"**{plain(name)}** will be gone from this machine; it can't be undone.")
            st.button("Delete it", type="primary", on_click=_discard, args=(name,))


def _discard(name: str) -> None:
    _try(
        lambda: run_access.discard(current_visitor.visitor(), name),
        f"**{plain(name)}** is deleted.",
    )


def _try(work: Callable[[], None], done: str) -> bool:
    """Do something to a run, and say on the next look how it ended."""
    try:
        work()
    except LabError as error:
        st.session_state["compare-shelf-refused"] = str(error)
        return False
    st.session_state["compare-shelf-done"] = done
    return True


def _upload() -> None:
    session = st.session_state
    file = st.file_uploader(
        "Import a run",
        type=["zip"],
        key=f"compare-shelf-upload-{session['compare-shelf-uploads']}",
        max_upload_size=min(_LARGEST, current_visitor.visitor().rights.upload_mb),
        help=f"A file that Export made (…{run_access.EXPORT_ENDING}). It is checked before it is "
        "kept, and nothing in it is executed.",
    )
    if file is None:
        return
    try:
        with st.spinner("Checking the run …"):
            run = run_access.import_run(current_visitor.visitor(), file)
    except LabError as error:
        session["compare-shelf-refused"] = str(error)
    else:
        session["compare-shelf-done"] = f"Imported: the run is kept as **{plain(run.name)}**."
        session["compare-shelf-next"] = run.name
    session["compare-shelf-uploads"] += 1  # an empty field for the next
    st.rerun()


def _rename(run: Run, key: str) -> None:
    session, name = st.session_state, st.session_state[key].strip()
    try:
        kept = run_access.rename(current_visitor.visitor(), run, name)
    except LabError as error:
        session["compare-shelf-refused"] = str(error)
        return
    if kept.name != run.name:
        session["compare-shelf-done"] = f"“{plain(run.name)}” is called **{plain(kept.name)}** now."
        session["compare-shelf-next"] = kept.name
        current_run.replace_run(run.name, kept.name)


@st.dialog("Delete a run", icon=":material/delete:")
def _ask(run: Run) -> None:
    st.markdown(
        f"**{plain(run.name)}** and its {size(run.bytes)} will be gone from this machine. It can't "
        "be undone; export it first to keep a copy."
    )
    with st.container(horizontal=True):
        done = st.button(
            "Delete it", type="primary", key="compare-shelf-delete", on_click=_delete, args=(run,)
        )
        if done or st.button("Keep it", key="compare-shelf-keep"):
            st.rerun()


def _delete(run: Run) -> None:
    deleted = _try(
        lambda: run_access.delete(current_visitor.visitor(), run),
        f"**{plain(run.name)}** is deleted.",
    )
    if deleted:
        current_run.replace_run(run.name, None)


def _stamp(run: Run) -> tuple:
    """What changes when a file of the run does."""
    try:
        stats = [path.stat() for path in sorted(run.folder.iterdir())]
    except OSError:
        return ()  # it is gone, which `_broken` finds out
    return tuple((stat.st_size, stat.st_mtime_ns) for stat in stats)


@st.cache_data(max_entries=64, show_spinner=False)
def _broken(folder: str, stamp: tuple) -> str:
    """Why a run can't be exported; nothing where it can."""
    try:
        run_access.check_export(Run(manifest.read(Path(folder)), Path(folder)))
    except RunError as error:
        return str(error)
    return ""
