"""What a machine's copy of a shared home has: a note for each entry, in ``.shared`` beside them."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import filelock

from ..errors import SharedHomeError
from .writing import partial_path, write_json

_PATIENCE = 120.0  # seconds for another process of this machine that writes the same entry


@dataclass(frozen=True)
class Held:
    """What the copy has of an entry.

    Attributes
    ----------
    number : int
        The version; 0 for none.
    pending : bool
        Whether the copy has more than the store.
    """

    number: int = 0
    pending: bool = False


class LocalCopy:
    """Notes and locks of the entries that a copy holds.

    Parameters
    ----------
    copy : pathlib.Path
        The copy's folder; it may not exist yet.
    """

    def __init__(self, copy: Path) -> None:
        self._beside = copy / ".shared"
        self.checked = self._beside / "checked"

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A place where nothing is yet; what is made there is gone afterwards, unless moved."""
        self._beside.mkdir(parents=True, exist_ok=True)
        made = partial_path(self._beside)
        try:
            yield made
        finally:
            if made.is_dir():
                shutil.rmtree(made, ignore_errors=True)
            else:
                made.unlink(missing_ok=True)

    def delete(self, target: Path) -> None:
        """Remove what lies in the copy, if it does."""
        with self.scratch() as unseen, contextlib.suppress(FileNotFoundError):
            os.rename(target, unseen)

    @contextlib.contextmanager
    def alone(self, entry: str, patience: float = _PATIENCE) -> Iterator[None]:
        """Keep other processes of this machine from changing an entry meanwhile.

        Raises
        ------
        SharedHomeError
            One does for minutes.
        filelock.Timeout
            The same, where nothing is to be waited for.
        """
        path = self._beside / "locks" / f"{entry.replace('/', '@')}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with filelock.FileLock(path, patience, fallback_to_soft=False):
                yield
        except filelock.Timeout as error:
            if not patience:
                raise
            raise SharedHomeError(
                f"{entry} is being sent by another process: wait for its end, then try again."
            ) from error

    def _state(self, entry: str) -> Path:
        return self._beside / "held" / f"{entry}.held"

    def held(self, entry: str) -> Held:
        """What the copy has of an entry."""
        return _read_held(self._state(entry))

    def note(self, entry: str, held: Held) -> None:
        """Note what the copy has of an entry from now on; raises `OSError`."""
        write_json(self._state(entry), {"number": held.number, "pending": held.pending})

    def all_held(self, kind: str) -> dict[str, Held]:
        """What the copy has of every entry of a kind."""
        place = self._beside / "held"
        return {
            path.relative_to(place).as_posix().removesuffix(".held"): _read_held(path)
            for path in (place / kind).rglob("*.held")
        }


def _read_held(path: Path) -> Held:
    try:
        found = json.loads(path.read_bytes())
        return Held(int(found["number"]), found["pending"] is True)
    except FileNotFoundError:
        return Held()
    except (OSError, ValueError, TypeError, LookupError):
        return Held(-1)  # damaged: the store's version is taken anew
