"""Numbered versions of kept things in an object store, by fsspec.

What is kept under ``runs/NAME`` lies in the store as ``runs/NAME/00000001.zip``, the next version
as ``00000002.zip``. A version is written whole, once, and only where there is none yet of its
number; so of two writers at once one succeeds, and the other is told. That is the compare-and-swap.
An empty version says that the thing was deleted.
"""

import contextlib
import json
import os
import re
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path

from ..errors import SharedHomeError, first_line

OPTIONS = "EMNIST_LAB_HOME_OPTIONS"
ENDING = ".zip"
_VERSION = re.compile(r"(?P<entry>.+)/(?P<number>[0-9]{8})\.zip")
_CONNECTS, _ANSWERS = 2, 15  # seconds that S3 is waited for: for a connection, for an answer
# Names of so many versions stay, emptied but for the last two: else a writer who knows only an old
# one could make a version of a number that had been, and nobody would see it.
_KEPT, _WHOLE = 16, 2
_PROBE, _WRITERS = ".probe", 4


class Taken(Exception):
    """Another writer made this version first."""


@dataclass(frozen=True)
class Version:
    """The newest version of something kept.

    Attributes
    ----------
    number : int
        From 1.
    gone : bool
        Whether it says that the thing was deleted.
    """

    number: int
    gone: bool = False


class VersionStore:
    """An fsspec address as a store of versions.

    Parameters
    ----------
    address : str
        As ``s3://bucket/lab``.

    Raises
    ------
    SharedHomeError
        There is no such kind of address, its package is missing, or its options can't be read.
    """

    def __init__(self, address: str) -> None:
        self.shown = re.sub(r"//[^/@]*@", "//", address)  # a password isn't for all eyes
        self._fs, self._root = self._opened(address)
        self._root = self._root.rstrip("/")

    def _opened(self, address: str):
        try:
            from fsspec.core import url_to_fs
        except ImportError as error:
            raise self._lacks("fsspec") from error
        try:
            options = json.loads(os.environ.get(OPTIONS, "").strip() or "{}")
            if not isinstance(options, dict):
                raise ValueError("it is no object")
        except ValueError as error:
            raise SharedHomeError(
                f"${OPTIONS} can't be understood ({first_line(error)}): write a JSON object, as in "
                '{"endpoint_url": "http://127.0.0.1:9000"}.'
            ) from error
        if address.startswith(("s3://", "s3a://")):
            # Ours look again by themselves; a page mustn't wait for five attempts.
            waits = {"connect_timeout": _CONNECTS, "read_timeout": _ANSWERS}
            waits = {**waits, "retries": {"total_max_attempts": 1}}
            options["config_kwargs"] = {**waits, **options.get("config_kwargs", {})}
            options.setdefault("use_listings_cache", False)
        try:
            system, root = url_to_fs(address, skip_instance_cache=True, **options)
        except ImportError as error:
            raise self._lacks(error.name or first_line(error)[:80]) from error
        except (ValueError, TypeError) as error:
            raise SharedHomeError(
                f"The home {self.shown} can't be used ({first_line(error)[:120]}): name a folder "
                "or an address like s3://BUCKET/FOLDER in $EMNIST_LAB_HOME."
            ) from error
        if hasattr(system, "retries"):
            system.retries = 1
        return system, root

    def _lacks(self, package: str) -> SharedHomeError:
        return SharedHomeError(
            f"The home {self.shown} needs the package {package}: "
            "pip install -r requirements-replicas.txt, then start again."
        )

    @contextlib.contextmanager
    def _sentences(self):
        try:
            yield
        except (SharedHomeError, Taken):
            raise
        except Exception as error:
            raise self._explain(error) from error

    def _explain(self, error: Exception) -> SharedHomeError:
        code = getattr(error.__cause__, "response", {}).get("Error", {}).get("Code", "")
        words = f"{type(error).__name__} {code}: {first_line(error)}".lower()
        # aiobotocore's errors have no common type that is known without importing it.
        if any(one in words for one in ("no space", "quota", "storagefull", "insufficient")):
            what, remedy = "is full", "free some space there"
        elif "skewed" in words:
            what, remedy = "refuses a server whose clock differs from its own", "set this clock"
        elif isinstance(error, PermissionError) or "credentials" in words:
            what = "lets nobody in by these credentials, or only to read"
            remedy = "correct them, or let this server write there"
        elif isinstance(error, FileNotFoundError) or "nosuchbucket" in words:
            what, remedy = "isn't there", "create its bucket, or correct $EMNIST_LAB_HOME"
        elif isinstance(error, (TimeoutError, ConnectionError)) or any(
            one in words for one in ("connect", "timeout", "timed out", "resolve")
        ):
            what, remedy = "doesn't answer", "start it, or correct its address"
        else:
            reason = " ".join(first_line(error).split())[:160]
            what, remedy = f"can't be used ({reason})", "check it and its address"
        return SharedHomeError(f"The shared home {self.shown} {what}: {remedy}.")

    def newest(self, kind: str) -> dict[str, Version]:
        """The newest version of everything of a kind.

        Parameters
        ----------
        kind : str
            As "runs"; or one thing, as "runs/NAME".

        Returns
        -------
        dict of str to Version
            By names like "runs/NAME"; empty where there is nothing yet.

        Raises
        ------
        SharedHomeError
            The store isn't reached, or refuses.
        """
        found: dict[str, Version] = {}
        for entry, number, size in self._listed(kind):
            if entry not in found or number > found[entry].number:
                found[entry] = Version(number, size == 0)
        return found

    def _listed(self, below: str) -> list[tuple[str, int, int]]:
        with self._sentences():
            self._fs.invalidate_cache()
            try:
                if self._is_bucket:  # S3 lists by the beginnings of names, in one request
                    listed = self._fs.find(self._root, prefix=f"{below}/", detail=True)
                else:
                    listed = self._fs.find(f"{self._root}/{below}", detail=True)
            except FileNotFoundError:
                # Nothing of this kind yet, or no such bucket: that mustn't look like an empty one.
                self._fs.ls(self._root.split("/")[0] if self._is_bucket else "/", refresh=True)
                listed = {}
        found = []
        for path, about in listed.items():
            match = _VERSION.fullmatch(path.removeprefix("/" if not self._rooted else ""))
            entry = match and match["entry"].removeprefix(f"{self._root}/")
            if match and about["type"] == "file" and entry != match["entry"]:
                found.append((entry, int(match["number"]), about["size"]))
        return found

    @property
    def _rooted(self) -> bool:
        return self._root.startswith("/")

    @property
    def _is_bucket(self) -> bool:
        protocol = self._fs.protocol
        return bool({"s3", "s3a"} & set([protocol] if isinstance(protocol, str) else protocol))

    @property
    def _is_local(self) -> bool:
        protocol = self._fs.protocol
        return "file" in ([protocol] if isinstance(protocol, str) else protocol)

    def _path(self, entry: str, number: int) -> str:
        return f"{self._root}/{entry}/{number:08d}{ENDING}"

    def check_exclusive(self) -> None:
        """Refuse a store that would let two writers both believe that they made a version.

        Raises
        ------
        SharedHomeError
            It would, or it can't be written.
        """
        probe = self._path(f"{_PROBE}/{secrets.token_hex(8)}", 1)
        made: list[Exception | None] = []

        def write() -> None:
            try:
                made.append(self._create(probe, b"1"))
            except (Taken, SharedHomeError) as error:
                made.append(error)

        # At once: some stores look first and write then, and only the second write is refused.
        writers = [threading.Thread(target=write) for _ in range(_WRITERS)]
        for one in writers:
            one.start()
        for one in writers:
            one.join()
        if refused := next((one for one in made if isinstance(one, SharedHomeError)), None):
            raise refused
        with contextlib.suppress(SharedHomeError), self._sentences():
            self._fs.rm_file(probe)
        if made.count(None) == 1:
            return
        raise SharedHomeError(
            f"The shared home {self.shown} can't keep two writers apart (it ignores "
            "If-None-Match): take an object store that knows conditional writes."
        )

    def create(self, entry: str, number: int, archive: Path | None) -> None:
        """Write a version, whole or not at all.

        Parameters
        ----------
        entry : str
            As "runs/NAME".
        number : int
        archive : pathlib.Path or None
            A file with its content; None for a version that says that it was deleted.

        Raises
        ------
        Taken
            There is a version of this number.
        SharedHomeError
            The store isn't reached, is full, or refuses.
        """
        self._create(self._path(entry, number), b"" if archive is None else archive)

    def _create(self, path: str, content: bytes | Path) -> None:
        with self._sentences():
            try:
                if self._is_local:
                    self._link(Path(path), content)
                elif isinstance(content, bytes):
                    self._fs.pipe_file(path, content, mode="create")
                else:
                    self._put(path, content)
            except FileExistsError as error:
                raise Taken from error
            except OSError as error:
                # s3fs has no type of its own for a condition that isn't met: 412, or 409 where
                # two writes went on at once.
                words = str(error).lower()
                if "precondition" in words or "if-none-match" in words or "conditionalreq" in words:
                    raise Taken from error
                raise

    def _put(self, path: str, content: Path) -> None:
        if self._is_bucket:
            self._fs.put_file(str(content), path, mode="create")
        else:  # not every file system of fsspec's can put a file without replacing another
            self._fs.pipe_file(path, content.read_bytes(), mode="create")

    def _link(self, path: Path, content: bytes | Path) -> None:
        """On a disk: the name appears once the content is there, and only where there was none."""
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".partial-{secrets.token_hex(8)}")
        try:
            with open(partial, "wb") as file:
                file.write(content if isinstance(content, bytes) else content.read_bytes())
                file.flush()
                os.fsync(file.fileno())
            os.link(partial, path)
        finally:
            partial.unlink(missing_ok=True)

    def read(self, entry: str, number: int, archive: Path) -> bool:
        """Fetch a version.

        Parameters
        ----------
        entry : str
        number : int
        archive : pathlib.Path
            File that its content is written to.

        Returns
        -------
        bool
            Whether it is still there: a newer one may be by now, and this one removed.

        Raises
        ------
        SharedHomeError
            The store isn't reached, or refuses.
        """
        with self._sentences():
            try:
                self._fs.get_file(self._path(entry, number), str(archive))
            except FileNotFoundError:
                return False
        return archive.stat().st_size > 0

    def settle(self, entry: str, number: int, gone: bool = False) -> None:
        """After a version was made: see that it counts, and free the room of older ones.

        Parameters
        ----------
        entry : str
        number : int
            Of the version.
        gone : bool
            Whether it says that the thing was deleted, so that nothing of it stays.

        Raises
        ------
        Taken
            It came far too late: others have made many versions meanwhile.
        """
        try:
            listed = self._listed(entry)
        except SharedHomeError:
            return  # it was written; what is old is seen to at the next version
        if max((one for _, one, _ in listed), default=0) >= number + _KEPT:
            raise Taken
        with contextlib.suppress(SharedHomeError), self._sentences():
            for _, old, size in listed:
                if old <= number - _KEPT:
                    with contextlib.suppress(FileNotFoundError):  # another replica was quicker
                        self._fs.rm_file(self._path(entry, old))
                elif size and old < number and (gone or old <= number - _WHOLE):
                    self._fs.pipe_file(self._path(entry, old), b"")
