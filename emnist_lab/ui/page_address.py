"""What a page's address keeps, apart for every page.

Streamlit names a parameter of the address after the key of its widget. So the key of a widget that
is kept in the address is the name that links use; every other key begins with its page's name.
"""

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.scriptrunner import get_script_run_ctx

_COMMON = ("split",)  # names that several pages use, each for a widget of its own


def enter_page(page: StreamlitPage) -> None:
    """Give a page that is just come to its own values, where other pages use the same names.

    Parameters
    ----------
    page : StreamlitPage
        To be called on every run of the script, before the page's widgets; where a value differs
        from the other page's, it ends that run, and the page is asked for by its address.
    """
    session = st.session_state
    left, session.page_shown = session.get("page_shown"), page.title
    session.page_entered = left != page.title
    if left in (None, page.title) or by_history():
        return
    kept, address = session.setdefault("page_values", {}), {}
    for name in _COMMON:
        own, kept[left, name] = kept.get((page.title, name)), session.get(name)
        if own == kept[left, name] or name in st.query_params:
            continue
        session.pop(name, None)
        if own is not None:
            address[name] = own
    if address:
        # Not by session state: what is set there doesn't reach the address of a fresh widget.
        # The dataset in use is the sidebar's, whose widget writes it there itself.
        asked = {one: st.query_params.get_all(one) for one in st.query_params if one != "data"}
        st.switch_page(page, query_params={**asked, **address})


def by_history() -> bool:
    """Whether the browser's back or forward button led here, so that the address says it all."""
    context = get_script_run_ctx()
    return bool(getattr(context, "is_history_navigation", False))


def opened_by_link() -> bool:
    """Whether the page was just opened, and not by the browser's history."""
    return bool(st.session_state.get("page_entered")) and not by_history()


def open_in_samples(split: str, image: int) -> None:
    """Go to the Samples page, at an image, with none of its filters; ends the script's run.

    Parameters
    ----------
    split : str
    image : int
        Index in the first part of the split that is at hand.
    """
    for name in ("split", "part", "classes"):
        st.session_state.pop(name, None)
    # By the address, which is asked until the browser answers: of a value that is set by state a
    # browser is told once, and a second run of the script may begin before that.
    st.session_state.get("page_values", {}).pop(("Samples", "split"), None)
    st.switch_page("pages/samples.py", query_params={"image": str(image), "split": split})
