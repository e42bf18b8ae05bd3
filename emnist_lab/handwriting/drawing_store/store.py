"""Kept drawings in a database: keep, look up, correct, delete.

SQLAlchemy's Core, not its ORM: a row becomes one frozen `Drawing`, nothing is
changed in place, and no session has to be shared between threads.
"""

import json
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from ...data.formats.base import SIDE
from ...errors import HandwritingError, LabError
from . import database
from .database import Collision, Database
from .drawing import Drawing, checked_label, now

VERSION = 2
MOST = 100_000  # drawings of one owner: as many as a file of them may hold
_AT_ONCE = 500  # rows, between two signs of life
OWNER = 32  # characters

_LONG = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")  # whose TEXT ends at 64 kB
_metadata = sa.MetaData()
_about = sa.Table(
    "emnist_lab_handwriting", _metadata, sa.Column("version", sa.Integer, primary_key=True)
)
_table = sa.Table(
    "emnist_lab_drawings",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("owner", sa.String(OWNER), nullable=False),
    sa.Column("digest", sa.String(32), nullable=False),
    sa.Column("label", sa.String(4), nullable=False),
    sa.Column("writer", sa.String(80)),
    sa.Column("source", sa.String(8), nullable=False),
    sa.Column("time", sa.String(32), nullable=False),
    sa.Column("changed", sa.String(32), nullable=False),
    sa.Column("pen_width", sa.Float),
    sa.Column("strokes", _LONG, nullable=False),  # JSON
    sa.Column("image", sa.LargeBinary(SIDE * SIDE), nullable=False),  # row by row
    sa.Column("predictions", sa.Text, nullable=False),  # JSON
    sa.UniqueConstraint("owner", "digest"),
    sqlite_autoincrement=True,  # so that a number is never given twice
)
_WITHOUT_STROKES = [column for column in _table.c if column.name not in ("strokes", "digest")]

# What makes tables of a version those of the next: version -> what it does on a connection.
_MIGRATIONS: dict[int, Callable[[sa.Connection], None]] = {
    1: lambda connection: connection.execute(
        sa.text(f"ALTER TABLE {_table.name} RENAME COLUMN said TO predictions")
    ),
}
# Looking changes no tables, for they may be read-only: version -> what a column was called in it.
_OLD_NAMES = {1: {"predictions": "said"}}


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
        In every method, where the database is away, locked, read-only or full;
        see `emnist_lab.handwriting.drawing_store.database`.
    """

    def __init__(self, engine: sa.Engine):
        self.database = Database(engine)

    def close(self) -> None:
        """Let go of connections; the next use makes new ones."""
        self.database.engine.dispose()

    def keep(
        self,
        owner: str,
        drawings: Iterable[Drawing],
        progress: Callable[[int], None] | None = None,
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

        Returns
        -------
        int
            How many are new.

        Raises
        ------
        HandwritingError
            See `Store`; or this owner would have more than 100,000.
        """
        if not 0 < len(owner) <= OWNER:
            raise HandwritingError(
                f"A drawing's owner is a text of 1 to {OWNER} characters: give one."
            )
        rows = list({one.digest: _row(owner, one) for one in drawings}.values())

        def work(connection: sa.Connection, heartbeat: Callable[[], None]) -> int:
            _prepare(connection)
            own = _table.c.owner == owner
            there = connection.scalar(sa.select(sa.func.count()).where(own)) or 0
            new = 0
            for start in range(0, len(rows), _AT_ONCE):
                some = rows[start : start + _AT_ONCE]
                known = connection.scalars(
                    sa.select(_table.c.digest).where(
                        own, _table.c.digest.in_([row["digest"] for row in some])
                    )
                ).all()
                fresh = [row for row in some if row["digest"] not in set(known)]
                new += len(fresh)
                if there + new > MOST:
                    raise HandwritingError(
                        f"One person can keep {MOST:,} drawings, and {there:,} are kept: export "
                        "and delete some first."
                    )
                if fresh:
                    connection.execute(sa.insert(_table), fresh)
                heartbeat()
                if progress is not None:
                    progress(start + len(some))
            return new

        self.database.make_room()
        try:
            return self.database.run(work, writes=True)
        except Collision:
            return self.database.run(work, writes=True)

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
        columns = list(_table.c) if strokes else _WITHOUT_STROKES
        chosen = _whose(owner)
        if label is not None:
            chosen.append(_table.c.label == label)
        if ids is not None:
            chosen.append(_table.c.id.in_(list(ids)))

        def work(connection: sa.Connection, heartbeat: Callable[[], None]) -> list[Drawing]:
            found: list[Drawing] = []
            there = _called(columns, _version(connection))
            query = sa.select(*there).where(*chosen).order_by(_table.c.id.desc())
            while newest is None or len(found) < newest:  # so that no statement takes long
                most = _AT_ONCE if newest is None else min(_AT_ONCE, newest - len(found))
                some = query if not found else query.where(_table.c.id < found[-1].id)
                rows = connection.execute(some.limit(most)).mappings().all()
                found += [_drawing(row) for row in rows]
                heartbeat()
                if len(rows) < most:
                    break
            return found

        return self._look(work, [])

    def counts(self, owner: str | None = None) -> dict[str, int]:
        """How many drawings there are of each label, by label."""
        query = (
            sa.select(_table.c.label, sa.func.count())
            .where(*_whose(owner))
            .group_by(_table.c.label)
        )
        found = self._look(lambda connection, _: connection.execute(query).all(), [])
        return dict(sorted(map(tuple, found)))

    def stamp(self, owner: str | None = None) -> tuple:
        """What changes whenever drawings do, for caches."""
        query = sa.select(
            sa.func.count(), sa.func.max(_table.c.id), sa.func.max(_table.c.changed)
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
            sa.update(_table)
            .where(_table.c.id == number, *_whose(owner))
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
        what = sa.delete(_table).where(*_whose(owner))
        return self._change(what if ids is None else what.where(_table.c.id.in_(list(ids))))

    def _change(self, statement) -> int:
        def work(connection: sa.Connection, heartbeat: Callable[[], None]) -> int:
            if _version(connection) is None:
                return 0
            return connection.execute(statement).rowcount

        return 0 if self.database.missing_file() else self.database.run(work, writes=True)

    def _look(self, work, nothing):
        """Read; return `nothing` where nothing was ever kept, without making a database."""

        def careful(connection: sa.Connection, heartbeat: Callable[[], None]):
            return nothing if _version(connection) is None else work(connection, heartbeat)

        return nothing if self.database.missing_file() else self.database.run(careful)


def _whose(owner: str | None) -> list:
    return [] if owner is None else [_table.c.owner == owner]


def _called(columns: list[sa.Column], version: int) -> list:
    """Columns by their names in tables of a version; in rows they have today's."""
    old = _OLD_NAMES.get(version, {})
    return [
        sa.literal_column(old[one.name], one.type).label(one.name) if one.name in old else one
        for one in columns
    ]


def _version(connection: sa.Connection) -> int | None:
    """Version of the tables, None where there are none; raises on those of a newer program."""
    if not sa.inspect(connection).has_table(_about.name):
        return None
    version = connection.scalar(sa.select(_about.c.version))
    if version is not None and version > VERSION:
        raise HandwritingError(
            f"The database of drawings was made by a newer EMNIST Lab (its version is {version}, "
            f"this one reads {VERSION}): update EMNIST Lab."
        )
    return version


def _prepare(connection: sa.Connection) -> None:
    """Make the tables where there are none, or bring older ones up to date."""
    version = _version(connection)
    if version is None:
        _metadata.create_all(connection)
        connection.execute(sa.insert(_about).values(version=VERSION))
        return
    if version == VERSION:
        return
    # Another session may be about to do the same: it is waited for.
    version = connection.scalar(sa.select(_about.c.version).with_for_update())
    for step in range(version, VERSION):
        _MIGRATIONS[step](connection)
    connection.execute(sa.update(_about).values(version=VERSION))


def _row(owner: str, one: Drawing) -> dict:
    return {
        "owner": owner,
        "digest": one.digest,
        "label": one.label,
        "writer": one.writer,
        "source": one.source,
        "time": one.time,
        "changed": now(),
        "pen_width": one.pen_width,
        "strokes": one.strokes_json(),
        "image": one.image.tobytes(),
        "predictions": json.dumps(one.predictions, ensure_ascii=False),
    }


def _drawing(row) -> Drawing:
    """Drawing from a row; strokes that weren't asked for are empty."""
    try:
        return Drawing(
            label=row["label"],
            image=np.frombuffer(row["image"], np.uint8).reshape(SIDE, SIDE),
            strokes=json.loads(row["strokes"]) if "strokes" in row else (),
            pen_width=row["pen_width"],
            predictions=json.loads(row["predictions"]),
            source=row["source"],
            writer=row["writer"],
            time=row["time"],
            id=row["id"],
            owner=row["owner"],
        )
    except (ValueError, TypeError, RecursionError, LabError) as error:
        raise HandwritingError(
            f"Drawing {row['id']} is damaged in the database: delete it with "
            f"'python -m emnist_lab handwriting delete {row['id']}'."
        ) from error
