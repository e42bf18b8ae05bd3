"""Who is before the browser, and what they may do here.

Somebody who signed in is told by their account. Else a browser is told by a random number in its
localStorage: a cookie would go along with every request, and to every server of that machine,
whatever its port. What is kept holds a digest of it, so that reading that lets nobody pretend.
"""

import contextlib
import re
import secrets

import streamlit as st
from streamlit.errors import StreamlitDuplicateElementKey

from emnist_lab.server import rights
from emnist_lab.server.rights import Mode
from emnist_lab.server.visitor import SIGN_IN, Visitor, identify, owner_id, requires_sign_in
from emnist_lab.ui.formatting import plain

_SECRET = re.compile("[0-9a-f]{32}")

# Two tabs that are opened at once both make a number: a moment later both take the one that stayed.
_JS = """
const KEY = 'emnist-lab-owner';
const stored = () => {
  const found = localStorage.getItem(KEY) ?? '';
  return /^[0-9a-f]{32}$/.test(found) ? found : '';
};
export default function (component) {
  const { parentElement, setStateValue } = component;
  const host = parentElement.host ?? parentElement;
  const place = host.closest('[data-testid=stElementContainer]');
  if (place) place.style.display = 'none';
  if (host.dataset.told) return;
  host.dataset.told = 'yes';
  try {
    if (stored()) return setStateValue('secret', stored());
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    localStorage.setItem(KEY, [...bytes].map((b) => b.toString(16).padStart(2, '0')).join(''));
    setTimeout(() => setStateValue('secret', stored() || 'refused'), 60);
  } catch {
    setStateValue('secret', 'refused');  // storage is switched off
  }
}
"""
_asks = st.components.v2.component("emnist_lab_owner", html="<span></span>", js=_JS)


def owner() -> str | None:
    """This visitor, as what is kept names them; None until the browser has told.

    To be called in a page's run: it asks the browser, once a session, and the
    page runs again when the answer is there.

    Returns
    -------
    str or None
        32 hexadecimal digits.
    """
    session = st.session_state
    if "owner" not in session and (account := _account()):
        session["owner"] = owner_id(f"{account.get('iss', '')} {account['sub']}")
    if "owner" not in session:
        with contextlib.suppress(StreamlitDuplicateElementKey):  # this run has asked already
            _asks(key="owner-asks", on_secret_change=_told)
    return session.get("owner")


def _told() -> None:
    told = st.session_state["owner-asks"].secret
    if not isinstance(told, str):
        return
    st.session_state["owner-ephemeral"] = _SECRET.fullmatch(told) is None
    secret = secrets.token_hex(16) if st.session_state["owner-ephemeral"] else told
    st.session_state["owner"] = owner_id(secret)


def is_ephemeral() -> bool:
    """Whether the browser refuses storage, so that it is another one after a reload."""
    return st.session_state.get("owner-ephemeral", False)


def visitor() -> Visitor:
    """The visitor of this session; to be asked for again in each run.

    Raises
    ------
    LabError
        The server's settings can't be understood.
    """
    return identify(rights.from_environment(), st.session_state.get("owner"), _mail())


def may(right: str) -> bool:
    """Whether this visitor has a right; see `emnist_lab.server.rights.Rights`."""
    return bool(getattr(visitor().rights, right))


def knows_visitors() -> bool:
    """Whether what people make here is theirs, so that it matters who they are."""
    return rights.from_environment().mode is not Mode.OWN


@st.cache_data(ttl=2, show_spinner=False)  # each look searches the disk for secrets
def has_accounts() -> bool:
    """Whether this server's secrets name a provider to sign in with."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def _account() -> dict:
    """Claims of the account that is signed in; empty for nobody."""
    if not (has_accounts() and st.user.is_logged_in):
        return {}
    claims = st.user.to_dict()
    return claims if claims.get("sub") else {}


def _mail() -> str:
    """The account's address of mail, where its provider says that it is verified."""
    account = _account()
    verified = account.get("email_verified") in (True, "true")
    return str(account.get("email") or "") if verified else ""


def sign_in() -> None:
    """Show who is signed in, and the way in or out; in the sidebar.

    Where a sign-in is required and nobody is signed in, the page ends here.
    """
    if has_accounts():
        if account := _account():
            name = str(account.get("email") or account.get("name") or "")
            st.caption(f":material/person: {plain(name[:100])}")
            st.button("Sign out", icon=":material/logout:", on_click=st.logout, type="tertiary")
        else:
            st.button("Sign in", icon=":material/login:", on_click=st.login)
    who = visitor()
    if not knows_visitors():
        return
    if who.operator:
        st.caption(":material/shield_person: You manage this server.")
    elif who.id is not None:
        st.caption(f"Your number: `{who.id}`")


def require_sign_in() -> None:
    """End the page with a way in, where a sign-in is required and nobody is signed in."""
    if not requires_sign_in() or _account():
        return
    st.title("EMNIST Lab")
    if has_accounts():
        st.markdown(
            "Browse handwritten digits and letters, train a classifier, draw a character and see "
            "it read live. This server is for people with an account."
        )
        st.button(
            "Sign in", type="primary", icon=":material/login:", key="sign-in", on_click=st.login
        )
    else:
        st.error(
            f"${SIGN_IN} is set, but the secrets of this server name no provider: see "
            "docs/operation.md.",
            icon=":material/error:",
        )
    st.stop()
