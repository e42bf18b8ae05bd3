"""Tables of drawings, their versions, and drawings as rows of them."""

import json
from collections.abc import Callable

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from ...data.formats.base import SIDE
from ...errors import HandwritingError, LabError
from . import backups
from .drawing import Drawing, now

VERSION = 2
OWNER = 32  # characters

_LONG = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")  # whose TEXT ends at 64 kB
metadata = sa.MetaData()
about = sa.Table(
    "emnist_lab_handwriting", metadata, sa.Column("version", sa.Integer, primary_key=True)
)
table = sa.Table(
    backups.DRAWINGS,
    metadata,
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
WITHOUT_STROKES = [column for column in table.c if column.name not in ("strokes", "digest")]

# What makes tables of a version those of the next: version -> what it does on a connection.
MIGRATIONS: dict[int, Callable[[sa.Connection], None]] = {
    1: lambda connection: connection.execute(
        sa.text(f"ALTER TABLE {table.name} RENAME COLUMN said TO predictions")
    ),
}
# Looking changes no tables, for they may be read-only: version -> what a column was called in it.
_OLD_NAMES = {1: {"predictions": "said"}}


def called(columns: list[sa.Column], version: int) -> list:
    """Columns by their names in tables of a version; in rows they have today's."""
    old = _OLD_NAMES.get(version, {})
    return [
        sa.literal_column(old[one.name], one.type).label(one.name) if one.name in old else one
        for one in columns
    ]


def version_of(connection: sa.Connection) -> int | None:
    """Version of the tables, None where there are none; raises on those of a newer program."""
    if not sa.inspect(connection).has_table(about.name):
        return None
    version = connection.scalar(sa.select(about.c.version))
    if version is not None and version > VERSION:
        raise HandwritingError(
            f"The database of drawings was made by a newer EMNIST Lab (its version is {version}, "
            f"this one reads {VERSION}): update EMNIST Lab."
        )
    return version


def prepare(connection: sa.Connection) -> None:
    """Make the tables where there are none, or bring older ones up to date."""
    version = version_of(connection)
    if version is None:
        metadata.create_all(connection)
        connection.execute(sa.insert(about).values(version=VERSION))
        return
    if version == VERSION:
        return
    # Another session may be about to do the same: it is waited for.
    version = connection.scalar(sa.select(about.c.version).with_for_update())
    for step in range(version, VERSION):
        MIGRATIONS[step](connection)
    connection.execute(sa.update(about).values(version=VERSION))


def row(owner: str, one: Drawing) -> dict:
    """What is written of a drawing, by column."""
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


def drawing(row) -> Drawing:
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
