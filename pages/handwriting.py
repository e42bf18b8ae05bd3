"""Handwriting: drawings that were kept, to browse, correct, measure runs on and export."""

import streamlit as st

from emnist_lab.errors import LabError
from emnist_lab.ui import current_visitor, drawing_database, messages
from emnist_lab.ui.handwriting import accuracy, adaptation_panel, browse, export_import

st.title("Handwriting", anchor=False)
st.markdown("Drawings that were kept with their true label: data of your own, to test any run on.")
browse.say_done()
owner = current_visitor.owner()
if owner is None:
    # An address forgets what no widget asks for in the first run.
    st.session_state.setdefault("handwriting-asked", {}).update(
        {name: st.query_params[name] for name in ("char", "run") if name in st.query_params}
    )
# In every run until one comes to its end: a run that is broken off may not have told the browser.
st.session_state.update(st.session_state.get("handwriting-asked", {}))
if owner is None:
    st.skeleton()
    st.stop()
if current_visitor.is_ephemeral():
    st.warning(
        "This browser keeps nothing for this address (a private window, or storage is switched "
        "off): your drawings are kept until the page is closed, then nobody can see them any "
        "more. Export them before.",
        icon=":material/visibility_off:",
    )

store = None
try:
    store, seen = drawing_database.store(), drawing_database.visible_owner()
    drawings = browse.listed(store, seen)
except LabError as error:
    messages.say_error(error)
    st.caption("Nothing is lost: Draw reads as before, only keeping and looking up must wait.")
    if st.button("Try again", icon=":material/refresh:") and store is not None:
        store.database.retry_now()
        st.rerun()
    st.stop()

if not drawings and not current_visitor.may("drawings"):
    st.info(
        "**This server keeps no drawings.** Draw reads what you draw all the same, and Practice "
        "learns your hand until you leave.",
        icon=":material/lock:",
    )
    st.page_link("pages/draw.py", label="Draw", icon=":material/draw:")
elif not drawings:
    st.info(
        "**No drawings are kept yet.** Draw a character, then press the button with its "
        "true label; or import a file of drawings below.",
        icon=":material/draw:",
    )
    st.page_link("pages/draw.py", label="Draw", icon=":material/draw:")
else:
    many = f"{len(drawings):,} drawing{'' if len(drawings) == 1 else 's'}"
    many = f"The newest {many}" if len(drawings) == browse.MOST else many
    st.caption(f"{many}. {browse.said_whose()}")
    try:
        browse.browse(store, drawings)
        st.header("Accuracy of a run", anchor=False)
        run = accuracy.show_accuracy(store, drawings, seen)
        if run is not None:
            st.header("A run adapted to your hand", anchor=False)
            adaptation_panel.show(run)
    except LabError as error:  # the run, or the database, went meanwhile
        messages.say_error(error)

if drawings or current_visitor.may("drawings"):
    st.header("Export and import", anchor=False)
    export_import.export_and_import(store, drawings, seen)
    export_import.delete_all(store, drawings)
st.session_state.pop("handwriting-asked", None)
