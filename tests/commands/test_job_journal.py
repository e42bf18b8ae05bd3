"""Jobs on disk: what a killed server leaves, and what it must not disturb."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys

import pytest
import streamlit as st
from helpers import gone, until
from streamlit.testing.v1 import AppTest

import emnist_lab as lab
from emnist_lab.commands import job_queue, specs
from emnist_lab.commands.job_journal import JobRecord, Journal
from emnist_lab.commands.job_queue import JobQueue
from emnist_lab.commands.specs import CurveSpec, FetchSpec, TrainSpec
from emnist_lab.files import PROJECT, SHIPPED, UNKNOWN_OWNER
from emnist_lab.ui import job_queues

SERVER = """
import os, signal, sys, time
from emnist_lab.commands.job_queue import JobQueue
from emnist_lab.commands.job_journal import JobRecord, Journal
from emnist_lab.files import home
from emnist_lab.commands.specs import TrainSpec
queue = JobQueue(Journal(home() / "jobs"))
spec = TrainSpec("warped-blend", "balanced", root=sys.argv[1], seed=7)
job = queue.submit(spec)
waiting = queue.submit(TrainSpec("hog-qda", "balanced", 900, root=sys.argv[1]))
while job.progress is None:
    time.sleep(0.01)
os.kill(job.process.pid, signal.SIGSTOP)  # so that it surely is in the middle of it
print(job.key, waiting.key, job.process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def place(home):
    return home / "jobs"


def test_a_killed_server_leaves_runs_whole_and_its_jobs_interrupted(home, place, folder, test):
    shutil.copytree(SHIPPED / "pixels-logistic", home / "runs" / "earlier")
    first = JobQueue(Journal(place))
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    with server:
        key, waiting, pid = server.stdout.readline().split()
        assert JobQueue(Journal(place)).jobs == []  # while it is alive nobody takes its jobs
        server.kill()
        server.wait()
    queue = JobQueue(Journal(place))
    os.kill(int(pid), signal.SIGCONT)
    assert [(job.key, job.state) for job in queue.jobs] == [
        (waiting, "interrupted"),
        (key, "interrupted"),
    ]
    later, job = queue.jobs
    assert job.spec == TrainSpec("warped-blend", "balanced", root=str(folder), seed=7)
    assert job.stage.startswith("Stage ") and later.stage == ""
    assert first.jobs == [] and JobQueue(Journal(place)).jobs == []
    until(lambda: gone(int(pid)), 10)
    assert [path.name for path in (home / "runs").iterdir()] == ["earlier"]
    assert lab.open_run("earlier").predict_proba(test.images).shape == (len(test), 47)

    queue.dismiss(job)
    again = queue.again(later)
    assert queue.jobs == [again] and again.spec == later.spec and again.key != waiting
    until(lambda: not again.active)
    assert again.state == "done", again.message
    assert lab.open_run(again.result).manifest["data"]["train"]["images"] == 900
    assert list(place.rglob("*.json")) == []


def test_servers_of_one_home_leave_each_other_alone(place):
    one, other = Journal(place), Journal(place)
    one.write(JobRecord("first", TrainSpec("hog-qda", "digits"), submitted=1.0))
    one.write(
        JobRecord("first", TrainSpec("hog-qda", "digits"), "running", 1.0, 2.0, "Stage 1 of 3: x")
    )
    one.write(JobRecord("second", CurveSpec("hog-qda", "digits"), submitted=2.0))
    one.write(JobRecord("third", FetchSpec(files=("a", "b"), name="c"), submitted=3.0))
    one.remove("second")
    assert other.adopt_interrupted() == []
    one.close()
    assert other.adopt_interrupted() == [
        JobRecord(
            "first", TrainSpec("hog-qda", "digits"), "interrupted", 1.0, 2.0, "Stage 1 of 3: x"
        ),
        JobRecord("third", FetchSpec(files=("a", "b"), name="c"), "interrupted", 3.0),
    ]
    late = Journal(place)
    assert late.adopt_interrupted() == []  # they have a server again
    other.close()  # and still are interrupted when that one ends too
    assert [one.key for one in late.adopt_interrupted()] == ["first", "third"]
    assert len(list(place.glob("*.lock"))) == len([x for x in place.iterdir() if x.is_dir()]) == 1


def test_a_job_that_waits_or_has_ended_is_noted_as_such(place, folder):
    queue = JobQueue(Journal(place))
    first = queue.submit(TrainSpec("warped-blend", "balanced", root=str(folder)))
    second = queue.submit(TrainSpec("hog-qda", "balanced", root=str(folder)))

    def noted():
        return {path.stem: json.loads(path.read_text()) for path in place.rglob("*.json")}

    until(lambda: first.stage)
    assert {key: one["state"] for key, one in noted().items()} == {
        first.key: "running",
        second.key: "queued",
    }
    queue.dismiss(first)
    assert queue.running is first  # what runs isn't dismissed but cancelled
    queue.cancel(second)
    assert list(noted()) == [first.key]
    queue.cancel(first)
    assert noted() == {}
    until(lambda: first.process.poll() is not None)
    assert queue.jobs == [second, first]
    queue.dismiss(second)
    assert queue.jobs == [first]


def test_an_interrupted_job_stays_its_owners(place):
    left = Journal(place)
    for key, owner in (("a", "a" * 32), ("b", None)):
        left.write(JobRecord(key, TrainSpec("hog-qda", "digits", 9), owner=owner, seconds=5.0))
    left.write(JobRecord("c", TrainSpec("hog-qda", "digits", 9), owner="not an owner"))
    left.close()
    jobs = {job.key: job for job in JobQueue(Journal(place)).jobs}
    assert jobs["a"].owner == "a" * 32 and jobs["a"].seconds == 5
    assert jobs["b"].owner is None
    assert jobs["c"].owner == UNKNOWN_OWNER  # nobody's but the operator's


def test_damaged_notes_are_passed_over(place, caplog):
    left = Journal(place)
    good = {
        "spec": specs.as_json(TrainSpec("hog-qda", "digits", 9)),
        "submitted": 5,
        "state": "queued",
    }
    files = {
        "empty": b"",
        "binary": bytes(range(256)),
        "number": b"3",
        "list": b"[]",
        "deep": b"[" * 100_000,
        "large": b" " * 2**21 + b"{}",
        "huge": json.dumps({**good, "submitted": 10**400}).encode(),
        "no-spec": b'{"submitted": 1}',
        "kind": json.dumps({**good, "spec": {"kind": "dream"}}).encode(),
        "missing": json.dumps({**good, "spec": {"kind": "train", "split": "digits"}}).encode(),
        "types": json.dumps({**good, "spec": {**good["spec"], "images": "many"}}).encode(),
        "nested": json.dumps({**good, "spec": {**good["spec"], "recipe": {}}}).encode(),
        "newer": json.dumps({**good, "x": 1, "spec": {**good["spec"], "device": "moon"}}).encode(),
    }
    own = next(path for path in place.iterdir() if path.is_dir())
    for name, content in files.items():
        (own / f"{name}.json").write_bytes(content)
    (own / "half.partial").write_bytes(b"{")
    (place / "stranger.txt").write_text("not ours")
    left.close()
    journal = Journal(place)
    found = journal.adopt_interrupted()
    assert [(one.key, one.spec) for one in found] == [("newer", TrainSpec("hog-qda", "digits", 9))]
    assert len(caplog.records) == len(files) - 1 and journal.trouble == ""
    assert [path.stem for path in place.rglob("*.json")] == ["newer"]
    assert (place / "stranger.txt").exists() and not list(place.rglob("*.partial"))


def test_only_the_newest_interrupted_jobs_are_kept(place):
    left = Journal(place)
    for number in range(25):
        left.write(
            JobRecord(f"job{number}", TrainSpec("hog-qda", "digits"), submitted=100.0 - number)
        )
    left.close()
    assert [one.key for one in Journal(place).adopt_interrupted()] == [
        f"job{n}" for n in range(19, -1, -1)
    ]
    assert len(list(place.rglob("*.json"))) == 20


def test_a_full_disk_is_said_once_and_stops_nothing(place, monkeypatch, caplog):
    queue = JobQueue(Journal(place))

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("emnist_lab.commands.job_journal.write_json", full)
    jobs = [queue.submit(TrainSpec("hog-qda", "digits", root="a\0b")) for _ in range(3)]
    until(lambda: not any(job.active for job in jobs))
    assert [job.message.startswith("The work broke off (embedded null") for job in jobs] == [
        True
    ] * 3
    assert [one.message.count("No space left on device") for one in caplog.records] == [1]
    monkeypatch.undo()
    job = queue.submit(TrainSpec("hog-qda", "digits", root="a\0b"))
    until(lambda: not job.active)
    assert not list(place.rglob("*.json"))


def test_a_home_that_cannot_be_written_stops_nothing(place, caplog):
    place.write_text("a file is in the way")
    journal = Journal(place)
    queue = JobQueue(journal)
    job = queue.submit(TrainSpec("hog-qda", "digits", root="a\0b"))
    until(lambda: not job.active)
    assert job.message.startswith("The work broke off (embedded null")
    assert len(caplog.records) == 1 and "free or unlock that folder" in journal.trouble
    assert place.read_text() == "a file is in the way"


def test_a_process_that_ignores_being_asked_is_gone_within_two_seconds(place, folder):
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what a process ignores, its child does
    try:
        queue = JobQueue(Journal(place))
        job = queue.submit(TrainSpec("warped-blend", "balanced", root=str(folder)))
        until(lambda: job.process is not None)
    finally:
        signal.signal(signal.SIGTERM, before)
    queue.cancel(job)
    assert job.state == "cancelled"
    # Not by the clock: a busy machine may take longer to end what was killed in time.
    assert job_queue._GRACE <= 1.5 and job.process.wait(60) == -signal.SIGKILL


def test_the_page_shows_what_was_interrupted_and_what_waits(place, folder, monkeypatch):
    st.cache_data.clear()
    st.cache_resource.clear()
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    left = Journal(place)
    works = [
        ("done", TrainSpec("hog-qda", "balanced", 900), 2.0, "Stage 2 of 3: Principal components"),
        ("other", TrainSpec("from-the-future", "balanced"), None, ""),
        ("curve", CurveSpec("hog-qda", "digits"), 2.0, ""),
    ]
    for key, spec, begun, stage in works:
        left.write(JobRecord(key, spec, "running" if begun else "queued", 1.0, begun, stage))
    left.close()
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=300)
    app.switch_page("pages/train.py").run()
    assert not app.exception
    said = "\n".join(one.value for one in app.warning).replace("\\", "")
    assert (
        "The server was stopped while this trained (Stage 2 of 3: Principal components): nothing "
        "of it was kept; earlier runs are whole." in said
    )
    assert "while this measured: the points that were measured so far are kept." in said
    assert "while this waited for its turn: earlier runs are whole." in said
    app.button(key="dismiss-other").click().run()
    app.button(key="dismiss-curve").click().run()
    queue = job_queues.jobs()
    running = queue.submit(TrainSpec("warped-blend", "balanced", root=str(folder)))
    until(lambda: running.process is not None)
    os.kill(running.process.pid, signal.SIGSTOP)  # so that it surely outlasts the page's run
    app.button(key="again-done").click().run()
    assert [job.spec for job in queue.jobs] == [works[0][1], running.spec]
    assert queue.place(queue.jobs[0]) == 1
    for job in queue.jobs:
        queue.cancel(job)
    until(lambda: running.process is None or running.process.poll() is not None)
