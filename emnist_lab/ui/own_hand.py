"""The run in use, adapted to the hand of the person before the browser."""

from collections.abc import Sequence

import streamlit as st

from emnist_lab.errors import LabError
from emnist_lab.handwriting import adaptation
from emnist_lab.handwriting.adaptation import Adaptation
from emnist_lab.handwriting.character_set import LimitedRun
from emnist_lab.handwriting.drawing_store import Drawing, Store
from emnist_lab.runs.run import Run
from emnist_lab.ui import current_run, current_visitor, drawing_database, messages

_MOST = 500  # drawings that are learned from, the newest
_SWITCH, _CHOSEN = "hand", "own-hand-chosen"


def switch(disabled: bool = False) -> None:
    """Offer to adapt to this person's hand; what is chosen is known on every page.

    Parameters
    ----------
    disabled : bool
        Where it changes nothing: in pictures of pages.
    """
    session = st.session_state
    if _SWITCH not in session and session.get(_CHOSEN):
        session[_SWITCH] = True  # Streamlit forgets a widget that another page doesn't show
    session[_CHOSEN] = st.toggle(
        "Adapt to my hand",
        key=_SWITCH,
        bind="query-params",
        disabled=disabled,
        help="Learns from the drawings that you kept, and in Practice from those that you just "
        "made: one of each character is enough. It never leaves this server. Not for pictures.",
    )


def on() -> bool:
    """Whether the switch is on."""
    return bool(st.session_state.get(_CHOSEN))


def learned(run: Run, fresh: Sequence[Drawing] = ()) -> Adaptation:
    """What a run learns of this person's hand.

    Parameters
    ----------
    run : Run
        On disk.
    fresh : sequence of Drawing
        Not kept, but made in this session.

    Returns
    -------
    Adaptation
        Of the drawings that `drawings` gives, in their order.

    Raises
    ------
    HandwritingError
        There is nothing to learn from, or the database is away.
    """
    place, owner, *stamp = _kept_key()
    key = (place, owner, *stamp, *(one.digest for one in fresh))
    images = images_of_kept(place, owner)
    mine = _with_kept(place, owner, tuple(stamp), fresh)
    return _learned(*run.version_key(), key, mine, images)


def drawings(fresh: Sequence[Drawing] = ()) -> list[Drawing]:
    """This person's drawings, the newest last; raises `HandwritingError`."""
    place, owner, *stamp = _kept_key()
    return _with_kept(place, owner, tuple(stamp), fresh)


def _with_kept(place: str, owner: str, stamp: tuple, fresh: Sequence[Drawing]) -> list[Drawing]:
    kept = _kept(place, owner, stamp, drawing_database.store()) if owner else []
    known = {one.digest for one in fresh}
    return [*(one for one in kept if not known or one.digest not in known), *fresh]


def applied(run: Run, fresh: Sequence[Drawing] = ()) -> Run:
    """The run, adapted where the switch is on and there is something to learn; else as it is.

    Parameters
    ----------
    run : Run
        On disk; may be limited to a set of characters, and stays so.
    fresh : sequence of Drawing
        As for `learned`.

    Returns
    -------
    Run
    """
    if not on():
        return run
    if isinstance(run, LimitedRun):
        mine = applied(run.whole, fresh)
        return run if mine is run.whole else LimitedRun(mine, run.characters)
    try:
        return learned(run, fresh).run
    except LabError:
        return run  # `say` says why


def say(run: Run, fresh: Sequence[Drawing] = ()) -> None:
    """Say what the run knows of this person's hand, where the switch is on.

    Parameters
    ----------
    run, fresh
        As for `learned`.
    """
    if not on():
        return
    try:
        if not drawings(fresh):
            st.caption(
                ":material/front_hand: Nothing is known of your hand yet. Keep drawings with "
                "their true labels, or draw each character once in *Practice*."
            )
            return
        mine = learned(run, fresh)
    except LabError as error:
        st.caption(
            f":material/front_hand: Not adapted. {messages.sentence(error)} *Practice* asks "
            "for each character once."
        )
        return
    about = mine.run.manifest["adapted"]
    total, before, after = mine.right()
    known = f"Adapted to {len(mine.used):,} of your drawings, of {len(about['drawings'])} classes."
    measured = (
        f" Of the {total:,} whose character you drew more than once, {before:,} are correct "
        f"without your other drawings, {after:,} with them."
        if total
        else " Draw characters twice, and it shows what they bring."
    )
    st.caption(f":material/front_hand: {known}{measured}")


@st.cache_resource(max_entries=3, show_spinner=False)
def images_of_kept(place: str, owner: str | None) -> dict:
    """Images of kept drawings by their number, made once for all runs.

    Parameters
    ----------
    place : str
        Of the database.
    owner : str or None
        Whose drawings; None for all.
    """
    return {}


def _kept_key() -> tuple:
    """What changes when this person's kept drawings do."""
    owner = current_visitor.owner()
    if not owner:
        return ("", "")
    store = drawing_database.store()
    return (store.database.place, owner, *store.stamp(owner))


@st.cache_resource(max_entries=8, show_spinner=False)
def _kept(place: str, owner: str, stamp: tuple, _store: Store) -> list[Drawing]:
    return _store.drawings(owner, newest=_MOST)[::-1]


@st.cache_resource(max_entries=16, show_spinner=False)
def _learned(
    folder: str, stamp: int, key: tuple, _drawings: list[Drawing], _images: dict
) -> Adaptation:
    return adaptation.learn(current_run.opened(folder, stamp), _drawings, images=_images)
