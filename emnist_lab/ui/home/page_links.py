"""Links of components: a click goes to another page of the same visit, in a state of its own.

A link as such would load the app anew: another visit, and the drawing would be gone.
"""

from urllib.parse import urlencode

import streamlit as st

_ASKED = "home-asked"  # session key: the page that a link was clicked for, and its parameters


def address(page: str, **parameters: str) -> str:
    """Where a page of the app opens in some state, seen from Home.

    Parameters
    ----------
    page : str
        Its name in the address.
    **parameters : str
        Of the address.

    Returns
    -------
    str

    Examples
    --------
    >>> address("evaluate", run="hog-qda", true="C", read="C c")
    'evaluate?run=hog-qda&true=C&read=C+c'
    """
    return f"{page}?{urlencode(parameters)}"


def ask(page: str, **parameters: str) -> None:
    """Have `follow` open a page; for callbacks."""
    st.session_state[_ASKED] = page, parameters


def follow() -> None:
    """Open the page that `ask` was given, if any; ends the run."""
    if _ASKED in st.session_state:
        page, parameters = st.session_state.pop(_ASKED)
        st.switch_page(f"pages/{page}.py", query_params=parameters)
