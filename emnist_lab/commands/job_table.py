"""Jobs as rows of a table in PostgreSQL, so that all replicas of an app see and share them.

All times are the database's: replicas whose clocks differ agree on who is alive.
"""

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ..files import UNKNOWN_OWNER, is_owner
from ..handwriting.drawing_store.database import Collision, Database
from . import specs
from .job_queue import Job

_REMEMBERED = 50  # jobs that have ended
_FOREIGN = (
    "Another version of EMNIST Lab was asked for this job: update all replicas, then ask again."
)
_table = sa.Table(
    "lab_jobs",
    sa.MetaData(),
    sa.Column("number", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("key", sa.String(32), unique=True, nullable=False),
    sa.Column("spec", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("owner", sa.String(32)),
    sa.Column("seconds", sa.Float),
    sa.Column("limits", sa.Text, nullable=False),
    sa.Column("submitted", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("begun", sa.TIMESTAMP(timezone=True)),
    sa.Column("ended", sa.TIMESTAMP(timezone=True)),
    sa.Column("replica", sa.String(32)),
    sa.Column("seen", sa.TIMESTAMP(timezone=True)),
    sa.Column("stage", sa.Text, nullable=False, server_default=""),
    sa.Column("progress", sa.Text),
    sa.Column("curve", sa.Text, nullable=False, server_default="[]"),
    sa.Column("result", sa.Text),
    sa.Column("message", sa.Text, nullable=False, server_default=""),
)
_is = _table.c
_now = sa.func.clock_timestamp()


@dataclass(frozen=True)
class JobRow:
    """A job as the table has it.

    Attributes
    ----------
    values : dict
        The fields of `Job` that others may change; times in seconds since the epoch, by the
        database's clock.
    replica : str or None
        Who runs it, or ran it.
    limits : dict of str to str
        Further variables of its process.
    """

    values: dict[str, Any]
    replica: str | None
    limits: dict[str, str]


class JobTable:
    """The table, for one replica.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        Of a PostgreSQL.
    replica : str
        A name that no other replica has.
    """

    def __init__(self, engine: sa.Engine, replica: str) -> None:
        self._database, self.replica = Database(engine), replica
        self._made = False

    def _run(self, work, writes: bool = True):
        """Do something in a transaction; raises `HandwritingError` where the database is away."""
        if not self._made:
            with contextlib.suppress(Collision):  # another replica has made it just now
                self._database.run(lambda one, _: _table.create(one, checkfirst=True), writes=True)
            self._made = True
        return self._database.run(lambda one, _: work(one), writes=writes)

    def add(self, job: Job, most: int | None, instead_of: str | None = None) -> bool:
        """Add a job at the end of the queue.

        Parameters
        ----------
        job : Job
        most : int or None
            Jobs of its owner that may wait or run, on all replicas, this one counted.
        instead_of : str, optional
            Key of a job that has ended, which goes.

        Returns
        -------
        bool
            False where the owner has `most` already, or the other job is gone or active.

        Raises
        ------
        HandwritingError
            The database is away.
        """
        limits = job.limits() if job.limits else {}

        def work(one: sa.Connection) -> bool:
            # One after the other, else two replicas could both count one job too few.
            one.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("lab_jobs"))))
            if most is not None:
                active = _is.state.in_(("queued", "running"))
                own = _is.owner.is_not_distinct_from(job.owner)
                counted = one.scalar(sa.select(sa.func.count()).where(active, own))
                if counted >= most:
                    return False
            if instead_of is not None and not self._delete(one, instead_of):
                return False
            one.execute(
                _table.insert().values(
                    key=job.key,
                    spec=json.dumps(specs.as_json(job.spec)),
                    state="queued",
                    owner=job.owner,
                    seconds=job.seconds,
                    limits=json.dumps(limits),
                    submitted=_now,
                )
            )
            return True

        return self._run(work)

    def dismiss(self, key: str) -> None:
        """Forget a job that has ended; raises `HandwritingError`."""
        self._run(lambda one: self._delete(one, key))

    @staticmethod
    def _delete(one: sa.Connection, key: str) -> bool:
        ended = _is.state.not_in(("queued", "running"))
        return bool(one.execute(_table.delete().where(_is.key == key, ended)).rowcount)

    def cancel(self, key: str) -> None:
        """Have a job stopped by whoever runs it; raises `HandwritingError`."""
        active = _is.state.in_(("queued", "running"))
        change = _table.update().where(_is.key == key, active)
        self._run(lambda one: one.execute(change.values(state="cancelled", ended=_now)))

    def synchronize(
        self, own: Iterable[Job], silent: float | None, takes: bool
    ) -> tuple[list[JobRow], float]:
        """Tell how far this replica's jobs are, and learn of all the others.

        Parameters
        ----------
        own : iterable of Job
            Those that this replica runs, or has ended since it last told.
        silent : float or None
            Seconds without a sign of life, after which another replica's job counts as
            interrupted; None where that can't be told now.
        takes : bool
            Whether the job whose turn it is, if any, is this replica's from now on.

        Returns
        -------
        rows : list of JobRow
            All jobs, oldest first.
        now : float
            The database's time, seconds since the epoch.

        Raises
        ------
        HandwritingError
            The database is away.
        """

        def work(one: sa.Connection) -> tuple[list[JobRow], float]:
            for job in own:
                one.execute(self._told(job))
            if silent is not None:
                late = _is.seen < _now - sa.text(f"interval '{float(silent)} seconds'")
                lost = _table.update().where(_is.state == "running", late)
                one.execute(lost.values(state="interrupted", ended=_is.seen))
            if takes:
                turn = (
                    sa.select(_is.number)
                    .where(_is.state == "queued")
                    .order_by(_is.number)
                    .limit(1)
                    .with_for_update(skip_locked=True)
                )
                taken = _table.update().where(_is.number == turn.scalar_subquery())
                begun = {"begun": _now, "seen": _now, "replica": self.replica}
                one.execute(taken.values(state="running", **begun))
            rows = one.execute(sa.select(_table).order_by(_is.number)).mappings().all()
            ended = [row for row in rows if row["state"] in ("done", "failed", "cancelled")]
            if old := [row["number"] for row in ended[:-_REMEMBERED]]:
                one.execute(_table.delete().where(_is.number.in_(old)))
            now = one.scalar(sa.select(_now)).timestamp()
            read = [(row, _row(row)) for row in rows]
            mine = {"state": "running", "replica": self.replica}
            for row, found in read:
                if found is None and mine.items() <= dict(row).items():
                    refused = _table.update().where(_is.key == row["key"])
                    one.execute(refused.values(state="failed", message=_FOREIGN, ended=_now))
            return [found for _, found in read if found], now

        return self._run(work)

    def _told(self, job: Job) -> sa.Update:
        # What was kept before its cancel arrived is there, so it is shown as it is.
        before = ("running", "cancelled", "interrupted") if job.state == "done" else ("running",)
        mine = _table.update().where(
            _is.key == job.key, _is.replica == self.replica, _is.state.in_(before)
        )
        values = {
            "state": job.state,
            "stage": job.stage[:500].replace("\0", "?"),
            "progress": None if job.progress is None else json.dumps(job.progress),
            "curve": json.dumps(list(job.curve)),
            "result": job.result,
            "message": job.message.replace("\0", "?"),
            "seen": _now,
        }
        return mine.values(**values, **({} if job.state == "running" else {"ended": _now}))


def _row(row: sa.RowMapping) -> JobRow | None:
    """A row as it is used; None for what another version of the app wrote and this can't read."""
    times = ("submitted", "begun", "ended")
    try:
        values = {
            "spec": specs.from_json(json.loads(row["spec"])),
            **{name: row[name] for name in ("key", "state", "seconds", "stage", "result")},
            "message": row["message"],
            "owner": row["owner"] if row["owner"] is None or is_owner(row["owner"]) else None,
            "progress": None if row["progress"] is None else json.loads(row["progress"]),
            "curve": json.loads(row["curve"]),
            **{name: None if row[name] is None else row[name].timestamp() for name in times},
        }
        if row["owner"] is not None and values["owner"] is None:
            values["owner"] = UNKNOWN_OWNER
        return JobRow(values, row["replica"], json.loads(row["limits"]))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
