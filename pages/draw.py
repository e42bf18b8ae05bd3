"""Draw: a character drawn by hand, read after every stroke."""

import streamlit as st
from streamlit_drawable_canvas import st_canvas

from emnist_lab import ink, pictures
from emnist_lab.dataset import display_names
from emnist_lab.errors import InkError, LabError
from emnist_lab.ui import inuse, markup, state

SIZE, PEN = 280, 20  # CSS pixels

st.title("Draw")
run = inuse.choose_run("Read with")
if run is None:
    st.info("There are no runs yet: make one on the Train page.", icon=":material/model_training:")
    st.stop()
try:
    reader = inuse.open_run(run.name)
except LabError as error:
    state.stop_on(error)
names = display_names(reader.classes)

# The canvas keeps its own drawing; what is set here replaces it (undo, clear).
session = st.session_state
session.setdefault("drawing", [])
session.setdefault("redrawn", {"objects": [], "turn": 0})


def drawn() -> None:
    """Take over the strokes (the canvas's `json_data`) that it sends after each one."""
    sent = session.canvas.drawing
    session.drawing = list(((sent or {}).get("raw") or {}).get("objects", []))


def redraw(objects: list) -> None:
    """Have the canvas show these strokes."""
    session.drawing = objects
    session.redrawn = {"objects": objects, "turn": session.redrawn["turn"] + 1}


if session.drawing and session.get("came_from") != "Draw":
    redraw(session.drawing)  # back from another page: the canvas is a new one


@st.fragment
def board() -> None:
    """Canvas and reading: a stroke runs this part of the page alone."""
    row = st.container(horizontal=True, gap="large")
    with row.container(width=SIZE + 8):
        st.caption("One digit or letter, anywhere, any size:")
        st_canvas(
            stroke_width=PEN,
            stroke_color="#ffffff",
            background_color="#000000",
            width=SIZE,
            height=SIZE,
            drawing_mode="freedraw",
            initial_drawing=session.redrawn,
            key="canvas",
            on_change=drawn,
        )
        with st.container(horizontal=True):
            st.button(
                "Undo",
                icon=":material/undo:",
                disabled=not session.drawing,
                on_click=lambda: redraw(session.drawing[:-1]),
            )
            st.button(
                "Clear",
                icon=":material/delete:",
                disabled=not session.drawing,
                on_click=lambda: redraw([]),
            )
    with row.container(width=560):
        try:
            reader.warm_up()  # while the canvas is already there to draw on
            image = ink.from_strokes(ink.strokes_from_fabric({"objects": session.drawing}), PEN)
        except InkError as error:
            st.info(str(error), icon=":material/draw:")
            return
        except LabError as error:
            state.say_error(error)
            return
        chances = reader.predict_proba(image[None])[0]
        best = chances.argsort()[::-1][:5]
        st.html(markup.bars([names[i] for i in best], chances[best].tolist()))
        st.image(pictures.png(image, 6), width=168)
        st.caption("What the model sees: 28 × 28 pixels")


board()
inuse.say_trained_on_generated(reader)
st.caption(f"Read by `{run.name}`: {inuse.trained_on(reader)}")
with st.expander("How a drawing becomes an image"):
    st.markdown(
        "Strokes are drawn with EMNIST's kind of line, blurred a little, cropped to the ink, "
        "centred in a square with a border of 2 pixels, and reduced to 28 × 28 by bicubic "
        "interpolation, as NIST's images were. So it doesn't matter where on the canvas you draw, "
        "or how large. A model still reads what it has learned: 0 and O, 1, I and l look the same "
        "without their neighbours."
    )
