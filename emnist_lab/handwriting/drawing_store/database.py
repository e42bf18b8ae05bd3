"""The database of drawings: where it is, how long it is waited for, and what its errors mean.

Drivers wait in many ways (for a name, a connection, a lock, a server that is
stopped), and not all can be told to stop. So work runs in a thread, and the
caller waits for its heartbeat, not for the thread: one that stays away is given up.
"""

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import event, exc

from ...errors import HandwritingError, first_line
from ...files import home, is_shared
from .backups import RESTORE

ENVIRONMENT = "EMNIST_LAB_DATABASE"
PATIENCE = 1.8  # seconds without a sign of life, after which a page says so instead of waiting
_LOCKED = 1.2  # seconds that a database itself waits for a lock, or works on one statement
_RESTS = 8.0  # seconds for which one that didn't answer isn't asked again
_MOST = 8  # threads that wait for a database

Result = TypeVar("Result")


def address() -> sa.URL:
    """Where drawings are kept: ``$EMNIST_LAB_DATABASE``, or a file of SQLite's in `files.home`.

    Returns
    -------
    sqlalchemy.URL

    Raises
    ------
    HandwritingError
        The variable holds no address of a database, or none where replicas share a home.
    """
    named = os.environ.get(ENVIRONMENT, "").strip()
    if not named and is_shared():
        raise HandwritingError(
            "Drawings can't be kept in a home that replicas share: name a PostgreSQL for them in "
            f"${ENVIRONMENT}."
        )
    if not named:
        return sa.URL.create("sqlite", database=str(home() / "handwriting" / "handwriting.db"))
    with address_errors():
        return sa.make_url(named)


@contextlib.contextmanager
def address_errors():
    """Give every way in which a database can't even be named one sentence with its remedy."""
    like = "write it like postgresql+psycopg://USER:PASSWORD@HOST/NAME or sqlite:////FOLDER/FILE"
    try:
        yield
    except exc.NoSuchModuleError as error:
        raise HandwritingError(
            f"There is no kind of database that is called so ({first_line(error)}): {like}."
        ) from error
    except (exc.ArgumentError, ValueError) as error:  # whose text may hold a password
        raise HandwritingError(
            f"The address of the database of drawings can't be understood: {like}."
        ) from error
    except ModuleNotFoundError as error:
        driver = error.name or getattr(error.__context__, "name", None) or "of the database"
        install = "psycopg[binary]" if driver.startswith("psycopg") else driver
        raise HandwritingError(
            f"The driver {driver} is missing, so drawings can't be kept there: "
            f'pip install "{install}", then start again.'
        ) from error


class Collision(Exception):
    """Another session wrote the same at the same moment: once more, and it is seen."""


class Database:
    """An engine whose calls end in time, and whose errors come as one sentence.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        However it was made; what is needed is set when it connects.
    patience : float, optional
        Seconds without a sign of life, after which it counts as away; `PATIENCE` by default.

    Raises
    ------
    HandwritingError
        It is in memory, where nothing is kept.
    """

    def __init__(self, engine: sa.Engine, patience: float | None = None):
        self.engine, self._patience = engine, PATIENCE if patience is None else patience
        self._rests_until = 0.0
        self._seen = ()
        self._room = threading.BoundedSemaphore(_MOST)
        kind = engine.dialect.name
        if kind == "sqlite":
            if engine.url.database in (None, "", ":memory:") or "mode=memory" in str(engine.url):
                raise HandwritingError(
                    "A database in memory keeps nothing: name a file, as in "
                    "sqlite:////FOLDER/FILE.db."
                )
            _listen(engine, "do_connect", _sqlite_waits)
            _listen(engine, "connect", _sqlite_begins_itself)
            _listen(engine, "begin", _sqlite_begin)
        elif kind == "postgresql":
            if engine.dialect.driver in ("psycopg", "psycopg2"):
                _listen(engine, "do_connect", _postgresql_waits)
            _listen(engine, "connect", _postgresql_limits)

    @property
    def place(self) -> str:
        """For people: the file, or the server and the name; no user, no password."""
        url = self.engine.url
        if self.engine.dialect.name == "sqlite":
            return str(url.database)
        at = url.host or url.query.get("host") or "this machine"
        port = f":{url.port}" if url.port else ""
        return f"{url.get_backend_name()} at {at}{port}/{url.database or ''}"

    @property
    def file(self) -> Path | None:
        """SQLite's file, which may not be there yet; None for a server, or an address of a file."""
        name = self.engine.url.database
        if self.engine.dialect.name != "sqlite" or name.startswith("file:"):
            return None
        return Path(name)

    def make_room(self) -> None:
        """Make the folder of SQLite's file where it is missing; raises `HandwritingError`."""
        try:
            if self.file is not None:
                self.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._explain(error) from error

    def notice_another_file(self) -> None:
        """Let go of connections to a file of SQLite's that was deleted, replaced or overwritten.

        They would go on with what they know of it, and write where nobody looks.
        """
        try:
            about = self.file.stat()
            seen = (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns)
        except OSError:
            seen = ()
        if not seen or seen != self._seen:
            self.engine.dispose()
            self._seen = seen

    def retry_now(self) -> None:
        """Don't wait until a database that didn't answer is asked again."""
        self._rests_until = 0.0

    def run(
        self,
        work: Callable[[sa.Connection, Callable[[], None]], Result],
        *,
        writes: bool = False,
    ) -> Result:
        """Do something in one transaction: all of it, or nothing.

        Parameters
        ----------
        work : callable
            Given a connection, and a function to call as a sign of life where
            it goes on for longer. It may be called twice, where a connection
            was lost since it was last used.
        writes : bool
            Whether it changes anything.

        Returns
        -------
        What `work` returns.

        Raises
        ------
        HandwritingError
            The database is away, locked, read-only, full or otherwise unwilling.
        Collision
            What must be there once only was written by another session meanwhile.
        """
        if time.monotonic() < self._rests_until or not self._room.acquire(blocking=False):
            raise self._away()
        task = _Task(self.engine, work, writes, self._room.release)
        threading.Thread(target=task.run, name="handwriting", daemon=True).start()
        heartbeats = 0
        while not task.ended.wait(self._patience):
            if task.heartbeats == heartbeats and task.give_up():
                self._rests_until = time.monotonic() + _RESTS
                raise self._away()
            heartbeats = task.heartbeats
        if task.error is not None:
            explained = self._explain(task.error)
            raise explained from (None if explained is task.error else task.error)
        return task.result

    def _away(self) -> HandwritingError:
        return HandwritingError(
            f"The database of drawings ({self.place}) doesn't answer: start it, or check its "
            "address; then try again."
        )

    def _explain(self, error: Exception) -> Exception:
        if not isinstance(error, (exc.SQLAlchemyError, sqlite3.Error, OSError)):
            return error
        original = getattr(error, "orig", None) or error
        if isinstance(error, OSError) and error.filename:
            original = error.strerror or error
        code = getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None)
        if isinstance(error, exc.IntegrityError) or code in _MADE_MEANWHILE:
            return Collision(first_line(original))
        reason = first_line(original)
        if not code and reason.startswith("connection"):  # libpq's own words, the reason last
            reason = reason.rpartition(": ")[2]
        what, remedy = next(
            (
                (what, remedy)
                for codes, what, remedy in _MEANINGS
                if code and str(code).startswith(codes)
            ),
            (f"can't be used ({reason[:200]})", "check its address and that it runs"),
        )
        return HandwritingError(f"The database of drawings ({self.place}) {what}: {remedy}.")


# PostgreSQL's names for a table, its type or its row that another session made first.
_MADE_MEANWHILE = ("42P07", "42710", "23505")
_ELSEWHERE = f"or name another in ${ENVIRONMENT}"
_MEANINGS = (
    (
        ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "40P01", "57014"),
        "is locked by another program",
        "try again in a moment, or end what holds it",
    ),
    (
        ("SQLITE_READONLY", "25006", "42501"),
        "is read-only",
        f"let this server write to it, {_ELSEWHERE}",
    ),
    (
        ("SQLITE_CANTOPEN", "SQLITE_PERM"),
        "can't be opened",
        f"make its folder writable, {_ELSEWHERE}",
    ),
    (
        ("SQLITE_NOTADB", "SQLITE_CORRUPT"),
        "is damaged or no database",
        f"put a backup back with '{RESTORE}', or move that file away",
    ),
    (("SQLITE_IOERR",), "can't be read or written", "check the disk that it lies on"),
    (("SQLITE_FULL", "53100"), "has no room left", "free some space and try again"),
    (("53300", "57P03", "57P01"), "is starting, stopping or busy", "try again in a moment"),
    (("28",), "lets nobody in by that name and password", "correct its address"),
    (("3D",), "isn't there", "create it, or correct its address"),
)


class _Task:
    """Work in a thread; once it is given up, nothing of it is kept."""

    def __init__(self, engine, work, writes, release):
        self.ended = threading.Event()
        self.heartbeats = 0
        self.result, self.error = None, None
        self._engine, self._work, self._writes, self._release = engine, work, writes, release
        self._decision = threading.Lock()  # between giving up and committing
        self._given_up = self._committing = False

    def give_up(self) -> bool:
        """Whether that came before it began to commit."""
        with self._decision:
            self._given_up = True
            return not (self._committing and self.ended.wait(0.2))

    def run(self) -> None:
        try:
            try:
                self.result = self._once()
            except exc.DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                self.result = self._once()  # the server was started anew since: once more
        except Exception as error:  # noqa: BLE001  raised by `Database.run`
            self.error = error
        finally:
            self._release()
            self.ended.set()

    def _heartbeat(self) -> None:
        self.heartbeats += 1

    def _once(self):
        with self._engine.connect().execution_options(emnist_lab_writes=self._writes) as one:
            self._heartbeat()
            with one.begin() as transaction:
                result = self._work(one, self._heartbeat)
                with self._decision:
                    if self._given_up:
                        transaction.rollback()
                        return None
                    self._committing = True
            return result


def _listen(engine: sa.Engine, name: str, hook: Callable) -> None:
    if not event.contains(engine, name, hook):  # another store of this engine has it
        event.listen(engine, name, hook)


def _sqlite_waits(dialect, record, arguments, options) -> None:
    options["timeout"] = _LOCKED


def _sqlite_begins_itself(connection, record) -> None:
    # Python's sqlite3 begins transactions late, so that one which reads first can't write.
    connection.isolation_level = None
    if connection.execute("PRAGMA page_count").fetchone()[0] == 0:
        # A new file: readers and writers don't wait for each other.
        with contextlib.suppress(sqlite3.OperationalError):  # read-only: writing is refused later
            connection.execute("PRAGMA journal_mode=WAL")


def _sqlite_begin(connection) -> None:
    writes = connection.get_execution_options().get("emnist_lab_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql_waits(dialect, record, arguments, options) -> None:
    options.setdefault("connect_timeout", 2)  # the least that libpq knows


def _postgresql_limits(connection, record) -> None:
    before, connection.autocommit = connection.autocommit, True
    with connection.cursor() as cursor:
        for name in ("statement_timeout", "lock_timeout"):
            cursor.execute(f"SET {name} = {round(1000 * _LOCKED)}")
    connection.autocommit = before
