"""A home that replicas share: an object store, and this machine's copy of what lies there.

Everything that is kept (a run, a dataset, a sweep, a curve, the marks of a test part) is an *entry*
with numbered versions in a `VersionStore`. The copy is read as any other home folder is.
"""

import contextlib
import errno
import filecmp
import functools
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock

from ..errors import SharedHomeError
from . import entry_archive
from .local_copy import Held, LocalCopy
from .version_store import Taken, Version, VersionStore

KINDS = ("runs", "imports", "sweeps", "curves", "marks")
_TRIES, _RESTS = 50, 10.0  # at a version that others make too; seconds between two sendings


class Overtaken(Exception):
    """Another replica wrote a newer version."""


class SharedHome:
    """Keeps this machine's copy and an object store equal.

    Parameters
    ----------
    address : str
        As ``s3://bucket/lab``.
    copy : pathlib.Path
        Folder of this machine's copy, which all processes of a replica share.
    """

    def __init__(self, address: str, copy: Path) -> None:
        self.copy, self._address = copy, address
        self._local = LocalCopy(copy)
        self._opening = threading.Lock()
        self._unsent: dict[str, str] = {}  # entry -> why
        self._next_attempt = 0.0

    @functools.cached_property
    def _opened(self) -> VersionStore:
        return VersionStore(self._address)

    @property
    def store(self) -> VersionStore:
        """The store; nothing is imported before it is asked for. Raises `SharedHomeError`."""
        with self._opening:
            return self._opened

    @property
    def unsent(self) -> dict[str, str]:
        """Entries that this process couldn't send, and why."""
        return dict(self._unsent)

    def entry(self, path: Path) -> str | None:
        """Name of what is kept in a place, as "runs/NAME"; None for what isn't shared."""
        if not path.is_relative_to(self.copy):
            return None
        inside = path.relative_to(self.copy)
        return inside.as_posix() if len(inside.parts) > 1 and inside.parts[0] in KINDS else None

    def place(self, made: Path, target: Path, entry: str, wait: bool = True) -> None:
        """Give what was made a name that nobody has, in the store and here.

        Parameters
        ----------
        made : pathlib.Path
            A folder or file that no list shows.
        target : pathlib.Path
            Where it is to lie.
        entry : str
            See `entry`.
        wait : bool
            Whether it stays here, to be sent later, where the store can't take it now.

        Raises
        ------
        FileExistsError
            The name is taken, here or on another replica.
        SharedHomeError
            The store can't take it, and it isn't to wait.
        OSError
            The disk can't be written.
        """
        with self._local.alone(entry):
            if os.path.lexists(target):
                raise _error(FileExistsError, errno.EEXIST, target)
            try:
                held = Held(self._create_first(entry, made))
                self._unsent.pop(entry, None)
            except Taken as error:
                raise _error(FileExistsError, errno.EEXIST, target) from error
            except SharedHomeError as error:
                if not wait:
                    raise
                held = Held(0, pending=True)
                self._cannot_send(entry, error)
            self._local.note(entry, held)
            os.rename(made, target)

    def _create_first(self, entry: str, made: Path) -> int:
        """Make the first version of a name, or the first one after its deletion."""
        known = self._known(entry)
        if not known.gone:
            raise Taken
        self._create(entry, known.number + 1, made)
        return known.number + 1

    def replace(self, made: Path, target: Path, entry: str) -> None:
        """Put another file in the place of the one that the copy has.

        Parameters
        ----------
        made, target, entry
            See `place`.

        Raises
        ------
        Overtaken
            The store has a newer version than the copy: `fetch` it first.
        SharedHomeError
            The store can't take it; nothing has changed.
        OSError
            The disk can't be written.
        """
        with self._local.alone(entry):
            number = self._local.held(entry).number + 1
            try:
                self._create(entry, number, made)
            except Taken as error:
                raise Overtaken from error
            os.replace(made, target)
            self._local.note(entry, Held(number))

    def publish(
        self, target: Path, entry: str, merge: Callable[[Path, Path], None] | None = None
    ) -> None:
        """Send what was written in the copy; it is sent later where the store can't take it now.

        Parameters
        ----------
        target, entry
            See `place`.
        merge : callable, optional
            Given another replica's newer version and the copy's, adds the former to the latter.
            What another replica deleted stays so. By default the copy's counts.

        Raises
        ------
        OSError
            It is gone, or the disk can't be written.
        """
        with self._local.alone(entry):
            try:
                self._send(target, entry, merge)
                self._unsent.pop(entry, None)
            except SharedHomeError as error:
                self._local.note(entry, Held(self._local.held(entry).number, pending=True))
                self._cannot_send(entry, error)

    def _send(self, target: Path, entry: str, merge: Callable[[Path, Path], None] | None) -> None:
        for _ in range(_TRIES):
            held, known = self._local.held(entry), self._known(entry)
            if merge and known.gone and known.number and not held.pending:
                raise _error(FileNotFoundError, errno.ENOENT, target)
            if merge and not known.gone and known.number > held.number:
                with self._unpacked(entry, known.number) as theirs:
                    if theirs is None:
                        continue
                    merge(theirs, target)
            number = max(known.number, held.number) + 1
            with contextlib.suppress(Taken):
                self._create(entry, number, target)
                self._local.note(entry, Held(number))
                return
        raise SharedHomeError(
            f"{entry} is being changed by many replicas at once: try again in a moment."
        )

    def remove(self, target: Path, entry: str) -> None:
        """Delete an entry, in the store and here.

        Parameters
        ----------
        target, entry
            See `place`.

        Raises
        ------
        FileNotFoundError
            It is gone already.
        SharedHomeError
            The store isn't reached; nothing has changed.
        OSError
            The disk can't be written.
        """
        with self._local.alone(entry):
            if not os.path.lexists(target):
                raise _error(FileNotFoundError, errno.ENOENT, target)
            for _ in range(_TRIES):
                known = self._known(entry)
                number = known.number
                if known.gone:
                    break
                number += 1
                with contextlib.suppress(Taken):
                    self._create(entry, number, None)
                    break
            was_pending = self._local.held(entry).pending
            self._local.delete(target)
            self._local.note(entry, Held(number))
            self._unsent.pop(entry, None)
            if known.gone and not was_pending:
                raise _error(FileNotFoundError, errno.ENOENT, target)  # another replica was quicker

    def fetch(self, target: Path, entry: str) -> None:
        """Bring the copy of an entry up to date, unless it waits to be sent.

        Parameters
        ----------
        target, entry
            See `place`.

        Raises
        ------
        SharedHomeError
            The store isn't reached, or what it has can't be used.
        OSError
            The disk can't be written.
        """
        with self._local.alone(entry):
            if self._local.held(entry).pending:
                self._send_pending(target, entry)
                return
            known = self._known(entry)
            self._take(target, entry, known)

    def pull(self, kind: str) -> None:
        """Send what waits, and bring the copies of all entries of a kind up to date.

        Parameters
        ----------
        kind : str
            One of `KINDS`.

        Raises
        ------
        SharedHomeError
            The store isn't reached, or something in it can't be used; the others are up to date.
        OSError
            The disk can't be written.
        """
        held = self._local.all_held(kind)  # before the store is asked: what is newer is left alone
        newest = self.store.newest(kind)
        if not newest and any(one.number and not one.pending for one in held.values()):
            raise SharedHomeError(
                f"The shared home {self.store.shown} has lost its {kind}, of which this machine "
                f"has a copy in {self.copy}: correct $EMNIST_LAB_HOME, or move that folder away."
            )
        for entry in self.unsent:
            if not held.get(entry, Held(pending=True)).pending:
                self._unsent.pop(entry, None)  # another process sent it
        refused = None
        for entry in sorted(newest.keys() | held.keys()):
            have, known = held.get(entry, Held()), newest.get(entry, Version(0, gone=True))
            target = self.copy / entry
            there = os.path.lexists(target)
            if have == Held(known.number) and there != known.gone:
                continue
            if not have.pending and not there and known.gone:
                continue
            try:
                with self._local.alone(entry, 0):
                    if self._local.held(entry) != have:
                        continue  # it was written after the store was asked
                    if have.pending:
                        if time.monotonic() >= self._next_attempt:
                            self._send_pending(target, entry)
                    else:
                        self._take(target, entry, known)
            except filelock.Timeout:
                continue  # another process sees to it
            except SharedHomeError as error:
                refused = error
        if refused is not None:
            raise refused

    def _known(self, entry: str) -> Version:
        return self.store.newest(entry).get(entry, Version(0, gone=True))

    def _take(self, target: Path, entry: str, known: Version) -> None:
        """Have the copy be a version of the store's; the entry's lock is held."""
        if known.gone:
            if os.path.lexists(target):
                self._local.delete(target)
            if known.number != self._local.held(entry).number:
                self._local.note(entry, Held(known.number))
            return
        if self._local.held(entry) == Held(known.number) and os.path.lexists(target):
            return
        with self._unpacked(entry, known.number) as made:
            if made is None:
                return  # there is a newer one by now, which the next look finds
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                self._local.delete(target)
            os.replace(made, target)
            self._local.note(entry, Held(known.number))

    def _send_pending(self, target: Path, entry: str) -> None:
        """Send what the store couldn't take before; the entry's lock is held."""
        if not os.path.lexists(target):
            self._local.note(entry, Held(self._local.held(entry).number))
            return
        try:
            held, known = self._local.held(entry), self._known(entry)
            if known.gone or known.number == held.number:
                self._send(target, entry, None)
            else:  # another replica has written it meanwhile: neither is lost
                self._send_first(target, entry)
            self._unsent.pop(entry, None)
        except SharedHomeError as error:
            self._cannot_send(entry, error)
            raise

    def _send_first(self, target: Path, entry: str) -> None:
        """Under its own name, or where another replica has it by now, with a number added."""
        suffix = target.suffix if target.is_file() else ""
        stem = target.name.removesuffix(suffix)
        for number in itertools.count(1):
            name = target if number == 1 else target.with_name(f"{stem[:72]}-{number}{suffix}")
            as_entry = self.entry(name)
            if number > 1 and os.path.lexists(name):
                continue
            try:
                made = self._create_first(as_entry, target)
            except Taken:
                if made := self._same_in_store(target, as_entry):
                    pass  # it had arrived, and only the answer was lost
                else:
                    continue
            if name != target:
                os.rename(target, name)
                self._local.note(entry, Held())
            self._local.note(as_entry, Held(made))
            return

    def _same_in_store(self, target: Path, entry: str) -> int:
        """Number of the newest version where it is what the copy holds; else 0."""
        known = self._known(entry)
        with self._local.scratch() as theirs, self._local.scratch() as ours:
            if known.gone or not self.store.read(entry, known.number, theirs):
                return 0
            entry_archive.pack(target, ours)
            return known.number if filecmp.cmp(theirs, ours, shallow=False) else 0

    def _create(self, entry: str, number: int, content: Path | None) -> None:
        self._check_store()
        if content is None:
            self.store.create(entry, number, None)
        else:
            with self._local.scratch() as archive:
                entry_archive.pack(content, archive)
                self.store.create(entry, number, archive)
        self.store.settle(entry, number, content is None)

    def _check_store(self) -> None:
        if not self._local.checked.exists():
            self.store.check_exclusive()
            self._local.checked.touch()

    @contextlib.contextmanager
    def _unpacked(self, entry: str, number: int) -> Iterator[Path | None]:
        """A version from the store, in a place that no list shows; None where it is gone."""
        with self._local.scratch() as archive:
            if not self.store.read(entry, number, archive):
                yield None
                return
            with self._local.scratch() as made:
                entry_archive.unpack(archive, made)
                yield made

    def _cannot_send(self, entry: str, error: SharedHomeError) -> None:
        self._unsent[entry] = str(error)
        self._next_attempt = time.monotonic() + _RESTS


def _error(kind: type[OSError], number: int, target: Path) -> OSError:
    return kind(number, os.strerror(number), str(target))
