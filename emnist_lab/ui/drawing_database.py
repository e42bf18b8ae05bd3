"""The database of kept drawings that this server uses, and whose drawings are shown."""

import os
from pathlib import Path

import sqlalchemy as sa
import streamlit as st
from streamlit.errors import Error as StreamlitError

from emnist_lab.errors import HandwritingError
from emnist_lab.handwriting.drawing_store import Store, database

SHARED = "EMNIST_LAB_SHARED_HANDWRITING"
_NAME = "handwriting"  # of the connection in secrets


def shared() -> bool:
    """Whether every browser sees the drawings of all.

    ``$EMNIST_LAB_SHARED_HANDWRITING``, else ``shared`` in ``[handwriting]`` of the secrets.
    """
    named = os.environ.get(SHARED, "").strip().lower()
    if named:
        return named not in ("0", "no", "false", "off")
    return _secrets("handwriting").get("shared", False) is True


def visible_owner() -> str | None:
    """Owner whose drawings this visitor may see: their own, or None for all."""
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
