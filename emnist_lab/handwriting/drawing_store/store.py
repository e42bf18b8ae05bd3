"""Kept drawings in a database: keep, look up, correct, delete.

SQLAlchemy's Core, not its ORM: a row becomes one frozen `Drawing`, nothing is
changed in place, and no session has to be shared between threads.
"""

import threading
from collections.abc import Callable, Iterable, Sequence

import sqlalchemy as sa

from ...errors import HandwritingError
from . import database, tables
from .backups import Backups
from .database import Collision, Database
from .drawing import Drawing, checked_label, now

MOST = 100_000  # drawings of one owner: as many as a file of them may hold
_AT_ONCE = 500  # rows, between two signs of life


def open_store(url: str | sa.URL | None = None) -> "Store":
    """The store at an address; nothing is connected to, or made, before it is used.

    Parameters
    ----------
    url : str or sqlalchemy.URL, optional
        See `emnist_lab.handwriting.drawing_store.database.address`.

    Returns
    -------
    Store

    Raises
    ------
    HandwritingError
        The address can't be understood, or its driver is missing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = open_store(f"sqlite:///{folder}/mine.db")
    ...     new = store.keep("me", [Drawing.from_strokes("7", [[(0, 0), (70, 0), (30, 100)]])])
    ...     print(new, store.counts())
    ...     store.close()
    1 {'7': 1}
    """
    with database.address_errors():
        engine = sa.create_engine(url or database.address())
    return Store(engine)


class Store:
    """Drawings in a database.

    An owner is a text that stands for a browser; without one, the drawings of all
    are read and changed.

    Parameters
    ----------
    engine : sqlalchemy.Engine

    Raises
    ------
    HandwritingError
        In every method, where the database is away, locked, read-only or full, or a file that
        has a backup is gone or empty; see `emnist_lab.handwriting.drawing_store.database`.

    Attributes
    ----------
    database : Database
    backups : Backups or None
        Those of SQLite's file.
    """

    def __init__(self, engine: sa.Engine):
        self.database = Database(engine)
        self.backups = Backups(self.database.file) if self.database.file else None

    def close(self) -> None:
        """Let go of connections; the next use makes new ones."""
        self.database.engine.dispose()

    def keep(
        self,
        owner: str,
        drawings: Iterable[Drawing],
        progress: Callable[[int], None] | None = None,
        most: int | None = None,
    ) -> int:
        """Keep drawings, all of them or none.

        Parameters
        ----------
        owner : str
            Whose they are, up to 32 characters.
        drawings : iterable of Drawing
            Those that this owner has kept already are skipped.
        progress : callable, optional
            Told how many were looked at, after every 500.
        most : int, optional
            Drawings that this owner may have; 100,000 at most, and by default.

        Returns
        -------
        int
            How many are new.

        Raises
        ------
        HandwritingError
            See `Store`; or this owner would have more than `most`.
        """
        if not 0 < len(owner) <= tables.OWNER:
            raise HandwritingError(
                f"A drawing's owner is a text of 1 to {tables.OWNER} characters: give one."
            )
        limit = MOST if most is None else min(most, MOST)
        rows = list({one.digest: tables.row(owner, one) for one in drawings}.values())

        def work(connection: sa.Connection, heartbeat: Callable[[], None]) -> int:
            if tables.version_of(connection) is None:
                self._refuse_lost()
            tables.prepare(connection)
            own = tables.table.c.owner == owner
            there = connection.scalar(sa.select(sa.func.count()).where(own)) or 0
            new = 0
            for start in range(0, len(rows), _AT_ONCE):
                some = rows[start : start + _AT_ONCE]
                known = connection.scalars(
                    sa.select(tables.table.c.digest).where(
                        own, tables.table.c.digest.in_([row["digest"] for row in some])
                    )
                ).all()
                fresh = [row for row in some if row["digest"] not in set(known)]
                new += len(fresh)
                if new and there + new > limit:
                    raise HandwritingError(
                        f"One person can keep {limit:,} drawings, and {there:,} are kept: export "
                        "and delete some first."
                    )
                if fresh:
                    connection.execute(sa.insert(tables.table), fresh)
                heartbeat()
                if progress is not None:
                    progress(start + len(some))
            return new

        self._is_there()
        self.database.make_room()
        try:
            new = self.database.run(work, writes=True)
        except Collision:
            new = self.database.run(work, writes=True)
        self._back_up()
        return new

    def drawings(
        self,
        owner: str | None = None,
        *,
        label: str | None = None,
        newest: int | None = None,
        ids: Sequence[int] | None = None,
        strokes: bool = True,
    ) -> list[Drawing]:
        """Kept drawings, newest first.

        Parameters
        ----------
        owner : str, optional
        label : str, optional
            Only these.
        newest : int, optional
            So many at most.
        ids : sequence of int, optional
            Only these.
        strokes : bool
            Whether to read strokes too; without them they are empty.

        Returns
        -------
        list of Drawing
            Empty where nothing was ever kept.
        """
        columns = list(tables.table.c) if strokes else tables.WITHOUT_STROKES
        chosen = _whose(owner)
        if label is not None:
            chosen.append(tables.table.c.label == label)
        if ids is not None:
            chosen.append(tables.table.c.id.in_(list(ids)))

        def work(connection: sa.Connection, heartbeat: Callable[[], None]) -> list[Drawing]:
            found: list[Drawing] = []
            there = tables.called(columns, tables.version_of(connection))
            query = sa.select(*there).where(*chosen).order_by(tables.table.c.id.desc())
            while newest is None or len(found) < newest:  # so that no statement takes long
                most = _AT_ONCE if newest is None else min(_AT_ONCE, newest - len(found))
                some = query if not found else query.where(tables.table.c.id < found[-1].id)
                rows = connection.execute(some.limit(most)).mappings().all()
                found += [tables.drawing(row) for row in rows]
                heartbeat()
                if len(rows) < most:
                    break
            return found

        return self._look(work, [])

    def counts(self, owner: str | None = None) -> dict[str, int]:
        """How many drawings there are of each label, by label."""
        query = (
            sa.select(tables.table.c.label, sa.func.count())
            .where(*_whose(owner))
            .group_by(tables.table.c.label)
        )
        found = self._look(lambda connection, _: connection.execute(query).all(), [])
        return dict(sorted(map(tuple, found)))

    def stamp(self, owner: str | None = None) -> tuple:
        """What changes whenever drawings do, for caches."""
        query = sa.select(
            sa.func.count(), sa.func.max(tables.table.c.id), sa.func.max(tables.table.c.changed)
        ).where(*_whose(owner))
        return self._look(lambda connection, _: tuple(connection.execute(query).one()), ())

    def correct(self, number: int, label: str, owner: str | None = None) -> None:
        """Give a drawing another label.

        Parameters
        ----------
        number : int
            Its `Drawing.id`.
        label : str
        owner : str, optional

        Raises
        ------
        HandwritingError
            See `Store`; it is no label, or this owner has no such drawing.
        """
        change = (
            sa.update(tables.table)
            .where(tables.table.c.id == number, *_whose(owner))
            .values(label=checked_label(label), changed=now())
        )
        if not self._change(change):
            raise HandwritingError(
                f"There is no drawing {number} here (any more): look at the list again."
            )

    def delete(self, ids: Sequence[int] | None = None, owner: str | None = None) -> int:
        """Delete drawings; it can't be undone.

        Parameters
        ----------
        ids : sequence of int, optional
            All when None.
        owner : str, optional

        Returns
        -------
        int
            How many are gone.
        """
        what = sa.delete(tables.table).where(*_whose(owner))
        return self._change(what if ids is None else what.where(tables.table.c.id.in_(list(ids))))

    def _change(self, statement) -> int:
        def work(connection: sa.Connection, heartbeat: Callable[[], None]) -> int:
            if tables.version_of(connection) is None:
                self._refuse_lost()
                return 0
            return connection.execute(statement).rowcount

        return self.database.run(work, writes=True) if self._is_there() else 0

    def _look(self, work, nothing):
        """Read; return `nothing` where nothing was ever kept, without making a database."""

        def careful(connection: sa.Connection, heartbeat: Callable[[], None]):
            return None if tables.version_of(connection) is None else (work(connection, heartbeat),)

        if not self._is_there():
            return nothing
        found = self.database.run(careful)
        if found is None and self.backups and self.backups.newest():
            found = self.database.run(careful)  # it may have been made just now, and its backup
            if found is None:
                self._refuse_lost()
        self._back_up()
        return nothing if found is None else found[0]

    def _is_there(self) -> bool:
        """Whether there is something to look into; raises where a file is lost."""
        if self.backups is None:
            return True
        there = self.backups.check()
        self.database.notice_another_file()
        return there

    def _refuse_lost(self) -> None:
        """Raise where a database without tables had some: a backup of SQLite's file tells."""
        if self.backups and self.backups.newest():
            raise self.backups.lost("is empty")

    def _back_up(self) -> None:
        """Make a backup where one is due, but don't let anybody wait for a large one."""
        if self.backups and self.backups.due():
            thread = threading.Thread(target=self.backups.keep, name="backup", daemon=True)
            thread.start()
            thread.join(database.PATIENCE)


def _whose(owner: str | None) -> list:
    return [] if owner is None else [tables.table.c.owner == owner]
