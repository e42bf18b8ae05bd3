"""The queue that replicas share, on a real PostgreSQL: each job is run by one, seen by all."""

import os
import subprocess
import sys
import threading
import time

import object_store
import postgresql
import pytest
import sqlalchemy as sa
from helpers import gone, until

import emnist_lab as lab
from emnist_lab.commands import specs
from emnist_lab.commands.job_queue import Job, JobQueue
from emnist_lab.commands.job_table import JobTable
from emnist_lab.commands.shared_job_queue import SharedJobQueue, training_queue
from emnist_lab.commands.specs import TrainSpec
from emnist_lab.errors import HandwritingError
from emnist_lab.files import PROJECT

pytestmark = pytest.mark.skipif(
    postgresql.binaries() is None or not object_store.can_be_made(),
    reason="needs PostgreSQL and what replicas share: make test-extras",
)

LONG = TrainSpec("warped-blend", "balanced", root="demo")  # takes minutes
QUICK = TrainSpec("pixels-bayes", "balanced", 1_000, root="demo")
ME = "a" * 32
REPLICA = """
import sys, time
import sqlalchemy as sa
from emnist_lab.commands.job_table import JobTable
from emnist_lab.commands.shared_job_queue import SharedJobQueue
queue = SharedJobQueue(JobTable(sa.create_engine(sys.argv[1]), "f" * 32))
while not any(job.state == "running" and job.progress for job in queue.jobs):
    time.sleep(0.01)
print(queue.running.process.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def server():
    with postgresql.cluster() as made:
        yield made


@pytest.fixture
def replica(server):
    """Makes queues of replicas."""
    made = []

    def make(silent: float = 600.0) -> SharedJobQueue:
        engine = sa.create_engine(server.url)
        queue = SharedJobQueue(JobTable(engine, os.urandom(16).hex()), silent=silent)
        made.append((queue, engine))
        return queue

    yield make
    for queue, engine in made:
        for job in queue.jobs:
            if job.process is not None:
                job.process.kill()
                until(lambda job=job: job.process.poll() is not None)
        queue.close()
        engine.dispose()
    execute(server, "DROP TABLE IF EXISTS lab_jobs")


def execute(server, statement: str) -> str | None:
    engine = sa.create_engine(server.url, poolclass=sa.NullPool)
    with engine.begin() as one:
        found = one.execute(sa.text(statement))
        return found.scalar() if found.returns_rows else None


class Clock:
    """One of a machine whose clock is off by decades."""

    monotonic = staticmethod(time.monotonic)
    time = staticmethod(lambda: 1e9)


def same(queue: SharedJobQueue, job: Job) -> Job | None:
    """A replica's own idea of a job."""
    return next((one for one in queue.jobs if one.key == job.key), None)


def test_every_replica_sees_a_job_and_one_runs_it(replica):
    one, two = replica(), replica()
    jobs = [one.submit(QUICK, owner=ME), two.submit(QUICK)]
    for queue in (one, two):
        until(lambda queue=queue: len(queue.jobs) == 2)
        until(lambda queue=queue: all(job.state == "done" for job in queue.jobs))
    assert len(lab.list_runs()[0]) == 3 + 2  # shipped ones, and one a job
    for job in jobs:
        seen = same(one, job), same(two, job)
        assert sum(it.process is not None for it in seen) == 1  # a process on one of them
        assert seen[0].result == seen[1].result and seen[0].elapsed == pytest.approx(
            seen[1].elapsed, abs=5
        )
    assert same(two, jobs[0]).owner == ME


def test_a_job_is_cancelled_from_another_replica(replica):
    one = replica()
    job = one.submit(LONG)
    until(lambda: one.running and one.running.progress)
    process = same(one, job).process
    two = replica()
    seen = until(lambda: same(two, job))
    until(lambda: seen.progress and seen.stage)
    two.cancel(seen)
    until(lambda: process.poll() is not None)
    until(lambda: same(one, job).state == "cancelled")
    two.dismiss(seen)
    until(lambda: same(one, job) is None)


def test_a_dead_replicas_job_is_interrupted_for_all_and_can_be_resumed(replica, server):
    with subprocess.Popen(
        [sys.executable, "-c", REPLICA, server.url], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as other:
        table = JobTable(sa.create_engine(server.url, poolclass=sa.NullPool), "0" * 32)
        until(lambda: table.add(Job(LONG, owner=ME, seconds=900.0), most=1))
        assert not table.add(Job(LONG, owner=ME), most=1)  # the limit is of all replicas
        pid = int(other.stdout.readline())
        one = replica(silent=1.5)
        until(lambda: one.running and one.running.progress)
        other.kill()
    until(lambda: gone(pid))  # its process ends with it
    (lost,) = one.jobs
    until(lambda: lost.state == "interrupted")
    two = replica()
    until(lambda: two.jobs)
    seen = two.jobs[0]
    assert (seen.state, seen.owner, seen.seconds, seen.spec) == ("interrupted", ME, 900, LONG)
    fresh = two.again(seen)
    assert one.again(lost) is None  # someone else was quicker
    until(lambda: [job.key for job in one.jobs] == [fresh.key])
    two.cancel(fresh)


def test_the_databases_clock_counts(replica, server, monkeypatch):
    one = replica(silent=3.0)
    job = one.submit(LONG)
    until(lambda: one.running and one.running.progress)
    monkeypatch.setattr("emnist_lab.commands.shared_job_queue.time", Clock)
    two = replica(silent=3.0)
    seen = until(lambda: same(two, job))
    reached = until(lambda: two._reached)
    until(lambda: two._reached == reached and time.monotonic() - reached > 4)
    assert seen.state == "running" and same(one, job).state == "running"
    assert abs(seen.begun - 1e9) < 120  # by this replica's clock, as far as it is off
    two.cancel(seen)


def test_limits_hold_whichever_replica_is_asked(server, replica):
    tables = [JobTable(sa.create_engine(server.url, poolclass=sa.NullPool), one) for one in "ab"]
    added = []

    def add(table):
        added.append(table.add(Job(LONG, owner=ME), most=2))

    threads = [threading.Thread(target=add, args=(table,)) for table in tables * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(added) == [False] * 4 + [True] * 2
    assert tables[0].add(Job(LONG, owner="b" * 32), most=2)  # another's


def test_without_its_database_nothing_is_taken_and_nothing_lost(replica, server):
    one = replica()
    job = one.submit(LONG)
    until(lambda: one.running and one.running.progress)
    server.stop()
    try:
        until(lambda: one.trouble)
        with pytest.raises(HandwritingError, match="The database of drawings"):
            one.submit(QUICK)
        assert same(one, job).state == "running"
    finally:
        server.start()
    until(lambda: not one.trouble)
    until(lambda: same(one, job).state == "running")
    one.cancel(job)
    until(lambda: same(one, job).state == "cancelled")


def test_what_another_version_asked_for_is_refused_and_keeps_nobody_waiting(replica, server):
    table = JobTable(sa.create_engine(server.url, poolclass=sa.NullPool), "0" * 32)
    assert table.add(Job(QUICK), most=None)
    execute(server, 'UPDATE lab_jobs SET spec = \'{"verb": "new"}\'')
    one = replica()
    until(lambda: execute(server, "SELECT state FROM lab_jobs") == "failed")
    assert one.jobs == []


def test_one_rule_says_which_queue_there_is(server, monkeypatch, tmp_path):
    assert type(training_queue()) is JobQueue
    monkeypatch.setenv("EMNIST_LAB_DATABASE", server.url)
    assert type(training_queue()) is JobQueue  # a folder as home: this server's own
    monkeypatch.setenv("EMNIST_LAB_CACHE", str(tmp_path))
    monkeypatch.setenv("EMNIST_LAB_HOME", "memory://lab")
    shared = training_queue()
    assert isinstance(shared, SharedJobQueue)
    shared.close()
    assert specs.as_json(QUICK)["recipe"] == "pixels-bayes"
