"""Where a picture of Picture mode comes from: a file, the clipboard, a camera, or an example."""

import streamlit as st

from emnist_lab.data import loading
from emnist_lab.data.dataset_address import DEMO
from emnist_lab.handwriting.page_images import example, photo
from emnist_lab.ui import current_visitor
from emnist_lab.ui.formatting import plain

_FROM = {
    "File": ":material/upload:",
    "Clipboard": ":material/content_paste:",
    "Camera": ":material/photo_camera:",
}
_EXAMPLE = ("PAGES hAVE", "LINES 4nd", "5HAD0WS 27")
_LARGEST = photo.LARGEST_FILE >> 20  # MB


@st.cache_resource(show_spinner=False)
def _example() -> bytes:
    """A page of generated images."""
    return example.example_page(loading.load("balanced", "test", root=DEMO), _EXAMPLE)


def take(data: bytes, name: str) -> None:
    """Take a picture up; what was chosen in another goes with it.

    Parameters
    ----------
    data : bytes
        Its file.
    name : str
        Of that, for people.
    """
    st.session_state.draw_picture_file, st.session_state.draw_picture_name = data, name
    st.session_state.pop("draw_picture_at", None)


def choose_picture() -> tuple[bytes, bool]:
    """Show where a picture may come from; whatever comes is taken up once, when it comes.

    Returns
    -------
    picture : bytes
        Its file.
    example : bool
        Whether no person has chosen it.
    """
    session, rights = st.session_state, current_visitor.visitor().rights
    session.setdefault("draw_picture_turn", 0)
    if not rights.uploads:
        session.pop("draw_picture_file", None)
        st.caption(
            "**An example**, made from generated images: this server takes no pictures of visitors."
        )
        return _example(), True
    largest = min(_LARGEST, rights.upload_mb)
    way = st.segmented_control(
        "A picture from",
        list(_FROM),
        default="File",
        required=True,
        format_func=lambda one: f"{_FROM[one]} {one}",
        key="draw_picture_way",
    )

    def chosen(key: str) -> None:
        file = session[key]
        if file is None:
            _remove()
        else:
            session.pop("draw_picture_whole", None)
            take(file.getvalue(), file.name)

    def pasted() -> None:
        files = session.draw_picture_paste.files if session.draw_picture_paste else []
        if files:
            session.pop("draw_picture_whole", None)
            take(files[0].getvalue(), "pasted")

    if way == "File":
        st.file_uploader(
            "A photo, scan or screenshot of digits and letters that stand apart",
            type=list(photo.ENDINGS),
            max_upload_size=largest,
            key=(key := f"draw_picture_upload_{session.draw_picture_turn}"),
            on_change=chosen,
            args=(key,),
        )
    elif way == "Clipboard":
        st.chat_input(
            "Click here, paste (Ctrl+V), press Enter",
            accept_file=True,
            file_type=list(photo.ENDINGS),
            max_upload_size=largest,
            key="draw_picture_paste",
            on_submit=pasted,
        )
        st.caption("A screenshot or a copied picture; text that you type here is passed over.")
    else:
        st.camera_input(
            "Hold the page level, near, in even light",
            resolution="1080p",
            key=(key := f"draw_picture_camera_{session.draw_picture_turn}"),
            on_change=chosen,
            args=(key,),
            help="Browsers give a camera to pages on localhost or over HTTPS only.",
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        if session.get("draw_picture_file") is None:
            st.caption(
                "**An example**, made from generated images. Paper, ruled lines and shadows are "
                "removed, the characters found and read one by one. Joined script can't be read; "
                "punctuation is passed over."
            )
        else:
            st.caption(f"Shown: {plain(session.draw_picture_name)}")
            st.button("Remove", icon=":material/close:", type="tertiary", on_click=_remove)
    own = session.get("draw_picture_file")
    return (_example(), True) if own is None else (own, False)


def _remove() -> None:
    """Forget the picture; corrections stay."""
    for key in ("draw_picture_file", "draw_picture_at", "draw_picture_whole"):
        st.session_state.pop(key, None)
    st.session_state.draw_picture_turn += 1  # empty fields for the next
