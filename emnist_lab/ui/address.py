"""The address of a page: parameters beside session keys, and values of earlier versions.

Streamlit's ``bind="query-params"`` calls the parameter as the widget's key. A parameter that two
pages have, each with its own meaning, needs two keys: `selectbox` keeps them apart.
"""

from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.errors import StreamlitAPIException

from emnist_lab.ui import page_address
from emnist_lab.ui.formatting import plain


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


def choice(options: Sequence[str], default: str, *, key: str, parameter: str) -> str:
    """What is chosen in a component of ours, as the address has it; see `choose`.

    A page that is opened anew, by a link that names nothing, shows what was chosen there last; one
    that the browser's history leads back to shows what its address says.

    Parameters
    ----------
    options : sequence of str
    default : str
        One of them: what is chosen where the address names none.
    key, parameter : str
        In the session, and in the address.

    Returns
    -------
    str
    """
    session, asked = st.session_state, st.query_params.get(parameter)
    fresh = page_address.by_history() or (asked is not None and page_address.opened_by_link())
    if fresh or session.get(key) not in options:
        session[key] = asked if asked in options else default
    # Otherwise the session counts: a browser may ask for a run before it is told of its address.
    choose(session[key], default, key=key, parameter=parameter)
    return session[key]


def choose(value: str, default: str, *, key: str, parameter: str) -> None:
    """Choose something, in the session and the address; for callbacks.

    Parameters
    ----------
    value, default : str
    key, parameter : str
        As for `choice`.
    """
    st.session_state[key] = value
    if value == default:
        st.query_params.pop(parameter, None)
    elif st.query_params.get(parameter) != value:
        st.query_params[parameter] = value


def say_unknown(parameter: str, options: Sequence[str], kind: str) -> None:
    """Say once what the address asks for that can't be chosen here.

    To be called before the widget, which drops it.

    Parameters
    ----------
    parameter : str
    options : sequence of str
    kind : str
        What one of them is: "class".
    """
    told = st.session_state.setdefault("address-unknown", set())
    for one in set(st.query_params.get_all(parameter)).difference(options):
        if (parameter, one) not in told:  # a page may run again at once, or keep its address
            st.toast(
                f"There is no {kind} “{plain(one[:40])}” here, which the address asks for: choose "
                "another.",
                icon=":material/link_off:",
                duration="long",
            )
            told.add((parameter, one))


def selectbox(
    label: str, options: Sequence[str], default: str, *, key: str, parameter: str, **kwargs
) -> str:
    """A selection that is kept in the address under another name than its session key.

    Parameters
    ----------
    label : str
    options : sequence of str
    default : str
        One of them: what is chosen where the address names none.
    key, parameter : str
        In the session, and in the address.
    **kwargs
        Of `st.selectbox`.

    Returns
    -------
    str
    """
    session, known = st.session_state, f"{key}-in-address"
    asked = st.query_params.get(parameter)
    if session.get(key) not in options:
        session.pop(key, None)
    if key in session:
        if asked != session.get(known):  # the browser's history led to another address
            session[key] = asked if asked in options else default
    elif asked is None and session.get(known) in options:  # this page again, after another
        asked = st.query_params[parameter] = session[known]
    session[known] = asked

    def write() -> None:
        st.query_params[parameter] = session[known] = session[key]

    # By the default, not by session state: see `redirect_former`.
    index = list(options).index(asked if asked in options else default)
    return st.selectbox(label, options, index=index, key=key, on_change=write, **kwargs)
