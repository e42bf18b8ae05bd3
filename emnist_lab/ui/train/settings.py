"""What is set on the Train page, kept while other pages are open."""

from typing import Any

import streamlit as st

_KEPT = "train-kept"


def kept(name: str, default: Any) -> Any:
    """What a widget was set to last, for its default.

    Widgets forget when their page is left, and a value that is set by session state is told to the
    browser once, in a run that another one may end before that: a default is in every message.

    Parameters
    ----------
    name : str
        Of the setting.
    default : object
        While nothing was set.
    """
    return st.session_state.setdefault(_KEPT, {}).get(name, default)


def keep(name: str, value: Any) -> Any:
    """Keep what a widget is set to; gives it back.

    Parameters
    ----------
    name : str
    value : object
    """
    st.session_state.setdefault(_KEPT, {})[name] = value
    return value
