"""Looks of a page at a shared home: at most one a second, and none that keeps a page waiting."""

import logging
import threading
import time

from ..errors import SharedHomeError
from .shared_home import SharedHome

_log = logging.getLogger(__name__)
_EVERY = 1.0  # seconds for which a look counts
_RESTS = 5.0  # seconds after one that failed


class _Look:
    """A look at everything of a kind, in a thread of its own."""

    def __init__(self, home: SharedHome, kind: str) -> None:
        self.ended = threading.Event()
        self.at = time.monotonic()
        self.error = ""
        self.waited_for = False
        self._home, self._kind = home, kind
        threading.Thread(target=self._work, name=f"refresh-{kind}", daemon=True).start()

    def _work(self) -> None:
        try:
            self._home.pull(self._kind)
        except SharedHomeError as error:
            self.error = str(error)
        except OSError as error:
            self.error = (
                f"This machine's copy of the shared home can't be written "
                f"({error.strerror or error}): free some space, or name another folder in "
                "$EMNIST_LAB_CACHE."
            )
        except Exception as error:  # noqa: BLE001  a look that ends no page mustn't end unseen either
            self.error = "The shared home can't be looked at: see the server's log."
            _log.error("a look at %s failed", self._kind, exc_info=error)
        finally:
            self.at = time.monotonic()
            self.ended.set()


class Refreshing:
    """Keeps a copy fresh for whoever reads it.

    Parameters
    ----------
    home : SharedHome
    """

    def __init__(self, home: SharedHome) -> None:
        self._home = home
        self._looks: dict[str, _Look] = {}
        self._errors: dict[str, str] = {}
        self._lock = threading.Lock()

    def refresh(self, kind: str, patience: float | None) -> None:
        """Look, unless that was done just now.

        Parameters
        ----------
        kind : str
            One of `shared_home.KINDS`.
        patience : float or None
            Seconds to wait for it; None for as long as it takes. While the store doesn't answer,
            nobody waits again.
        """
        with self._lock:
            look = self._looks.get(kind)
            if look is not None and look.ended.is_set():
                self._errors[kind] = look.error
                age = time.monotonic() - look.at
                if age > (_RESTS if look.error else _EVERY):
                    look = None
                elif age <= _EVERY or look.error:
                    return
            if look is None:
                look = self._looks[kind] = _Look(self._home, kind)
                look.waited_for = patience is not None and any(self._errors.values())
            if look.waited_for:
                return
        if look.ended.wait(patience):
            self._errors[kind] = look.error
        else:
            look.waited_for = True
            self._errors[kind] = (
                "The shared home doesn't answer, or still sends much: start it, or wait a moment."
            )

    @property
    def trouble(self) -> str:
        """What is wrong now, in a sentence or two; empty where nothing is."""
        for kind, look in list(self._looks.items()):
            if look.ended.is_set():
                self._errors[kind] = look.error
        unsent = self._home.unsent
        error = next(filter(None, [*self._errors.values(), *unsent.values()]), "")
        if not error:
            return ""
        if not unsent:
            return f"{error} What is shown is this machine's copy."
        names = ", ".join(sorted(unsent)[:3]) + (" and more" if len(unsent) > 3 else "")
        return f"{error} Until then {names} is kept on this machine only, and sent by itself later."
