"""The address of a page: values that earlier versions wrote go on working."""

from collections.abc import Mapping

import streamlit as st
from streamlit.errors import StreamlitAPIException


def redirect_former(page: str, former: Mapping[str, Mapping[str, str]]) -> None:
    """Open a page again where its address holds values that are called otherwise today.

    To be called before the page's first widget. By the address and not by session state: the
    browser is told of a value in session state once, and a second run of the script may come first.

    Parameters
    ----------
    page : str
        Its file: "pages/evaluate.py".
    former : mapping
        Query parameter -> former value -> today's.
    """
    asked = st.query_params.to_dict()
    renamed = {
        name: values[asked[name]] for name, values in former.items() if asked.get(name) in values
    }
    if not renamed:
        return
    try:
        st.switch_page(page, query_params={**asked, **renamed})
    except StreamlitAPIException:
        # The browser's history led back here: widgets hold the address, so it can't be replaced.
        st.session_state.update(renamed)
