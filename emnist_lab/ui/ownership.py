"""Whose drawings a browser sees, and the database that they are in.

A browser is told by a random number in its localStorage: a cookie would go
along with every request, and to every server of that machine, whatever its port.
The database holds a digest of it, so that reading the database lets nobody pretend to be it.
"""

import hashlib
import os
import re
import secrets
from pathlib import Path

import sqlalchemy as sa
import streamlit as st
from streamlit.errors import Error as StreamlitError

from emnist_lab.errors import HandwritingError
from emnist_lab.handwriting.drawing_store import Store, database

SHARED = "EMNIST_LAB_SHARED_HANDWRITING"
_NAME = "handwriting"  # of the connection in secrets
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
    """This browser, as the database knows it; None until the browser has told.

    To be called in a page's run: it asks the browser, once a session, and the
    page runs again when the answer is there.

    Returns
    -------
    str or None
        32 hexadecimal digits.
    """
    if "owner" not in st.session_state:
        _asks(key="owner-asks", on_secret_change=_told)
    return st.session_state.get("owner")


def _told() -> None:
    told = st.session_state["owner-asks"].secret
    if not isinstance(told, str):
        return
    st.session_state["owner-ephemeral"] = _SECRET.fullmatch(told) is None
    secret = secrets.token_hex(16) if st.session_state["owner-ephemeral"] else told
    st.session_state["owner"] = hashlib.blake2b(secret.encode(), digest_size=16).hexdigest()


def is_ephemeral() -> bool:
    """Whether the browser refuses storage, so that it is another one after a reload."""
    return st.session_state.get("owner-ephemeral", False)


def shared() -> bool:
    """Whether every browser sees the drawings of all.

    ``$EMNIST_LAB_SHARED_HANDWRITING``, else ``shared`` in ``[handwriting]`` of the secrets.
    """
    named = os.environ.get(SHARED, "").strip().lower()
    if named:
        return named not in ("0", "no", "false", "off")
    return _secrets("handwriting").get("shared", False) is True


def visible_owner() -> str | None:
    """Owner whose drawings this browser may see: its own, or None for all; see `owner`."""
    return None if shared() else st.session_state.get("owner", "")


def store() -> Store:
    """Where drawings are kept: ``[connections.handwriting]`` of the secrets, else the usual place.

    Returns
    -------
    Store
        Nothing is connected to before it is used.

    Raises
    ------
    HandwritingError
        The address can't be understood, or its driver is missing.
    """
    engine = _engine()
    return _store(engine, id(engine))


@st.cache_resource(max_entries=4, show_spinner=False)
def _store(_engine: sa.Engine, number: int) -> Store:
    return Store(_engine)  # which keeps the engine, so that its number isn't given again


def _engine() -> sa.Engine:
    given = {}
    if not _secrets("connections").get(_NAME):
        given["url"] = database.address().render_as_string(hide_password=False)
    with database.address_errors():
        try:
            return st.connection(_NAME, type="sql", **given).engine
        except StreamlitError as error:
            raise HandwritingError(
                f"[connections.{_NAME}] in the secrets names no database: give it a url, as in "
                'url = "postgresql+psycopg://USER:PASSWORD@HOST/NAME".'
            ) from error


def _secrets(section: str) -> dict:
    if st.secrets.load_if_toml_exists():
        found = st.secrets.get(section, {})
        return dict(found) if hasattr(found, "keys") else {}
    files = [Path(file) for file in st.get_option("secrets.files")]
    if damaged := [file for file in files if file.is_file()]:  # or drawings went elsewhere
        raise HandwritingError(
            f"The secrets in {damaged[0]} can't be read, so it isn't known where drawings are "
            "kept: correct that file."
        )
    return {}


def environment() -> dict[str, str]:
    """What a training process needs to find the same database: its address isn't for all eyes."""
    try:
        if not _secrets("connections").get(_NAME):
            return {}
        return {database.ENVIRONMENT: _engine().url.render_as_string(hide_password=False)}
    except HandwritingError:
        return {}  # the page has said so; training without drawings doesn't need them
