"""Training and fetching in the background, with real processes."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from helpers import gone, make_part, until, zipped
from webserver import serving

import emnist_lab as lab
from emnist_lab.commands import events, job_queue
from emnist_lab.commands.job_queue import Job, JobQueue
from emnist_lab.commands.specs import FetchSpec, TrainSpec
from emnist_lab.files import PROJECT, owner_of


@pytest.fixture
def queue():
    made = JobQueue()
    yield made
    for job in made.jobs:
        made.cancel(job)
        until(lambda job=job: not (job.process and job.process.poll() is None))


def test_a_job_makes_a_run(queue, folder):
    job = queue.submit(TrainSpec("pixels-logistic", "digits", root=str(folder), seed=7))
    assert job.active
    until(lambda: not job.active)
    assert job.state == "done", job.message
    run = lab.open_run(job.result)
    assert run.manifest["seed"] == 7 and run.manifest["data"]["split"] == "digits"
    assert len(job.curve) == run.manifest["iterations"] and owner_of(run.folder) is None
    assert job.progress["stage"] == 2 and job.elapsed > 0 and job.remaining() is None


def test_the_sample_is_as_large_as_asked(queue, folder):
    spec = TrainSpec("pixels-bayes", "balanced", 1_500, root=str(folder))
    job = queue.submit(spec, owner="a" * 32, seconds=1e6)
    until(lambda: not job.active)
    assert job.state == "done", job.message
    run = lab.open_run(job.result)
    data = run.manifest["data"]["train"]
    assert data["images"] == 1_500 and data["origin"] == "sample"
    assert owner_of(run.folder) == "a" * 32


def test_a_job_that_takes_longer_than_it_may_is_ended(queue, folder, home):
    spec = TrainSpec("pixels-logistic", "balanced", root=str(folder))
    job = queue.submit(spec, seconds=0.01)
    until(lambda: not job.active)
    assert job.state == "failed"
    assert "after the 0 seconds that a job may run here: use fewer images" in job.message
    until(lambda: job.process.poll() is not None)
    assert not list((home / "runs").glob("*"))


def test_an_owner_has_so_many_jobs(queue, folder):
    spec = TrainSpec("warped-blend", "balanced", root=str(folder))
    first = queue.submit(spec, owner="a" * 32, most=1)
    assert queue.submit(spec, owner="a" * 32, most=1) is None and queue.jobs == [first]
    other = queue.submit(spec, owner="b" * 32, most=1)
    for job in (first, other):
        queue.cancel(job)
    assert queue.submit(spec, owner="a" * 32, most=1) is not None


def test_one_at_a_time_and_cancel_at_once(queue, folder, home):
    # a long one, so that it surely is in the middle of it when it is cancelled
    first = queue.submit(TrainSpec("warped-blend", "balanced", root=str(folder)))
    second = queue.submit(TrainSpec("hog-qda", "balanced", root=str(folder)))
    third = queue.submit(TrainSpec("hog-qda", "balanced", root=str(folder)))
    until(lambda: first.progress is not None)
    assert [queue.place(job) for job in (first, second, third)] == [0, 1, 2]
    assert queue.jobs == [third, second, first]
    queue.cancel(second)
    assert second.state == "cancelled" and queue.place(third) == 1
    process = first.process
    queue.cancel(first)
    assert first.state == "cancelled"
    until(lambda: process.poll() is not None, 5)
    until(lambda: not third.active)
    assert third.state == "done", third.message
    assert [path.name for path in (home / "runs").iterdir()] == [third.result]
    assert second.process is None
    queue.cancel(third)
    assert third.state == "done"  # too late to cancel


def test_a_refused_job_says_why_and_the_next_one_runs(queue, folder):
    wrong = queue.submit(TrainSpec("hog-qda", "mnist", root=str(folder)))
    few = queue.submit(TrainSpec("hog-qda", "digits", root=str(folder)))
    until(lambda: not few.active)
    assert wrong.state == "failed" and "incomplete" in wrong.message
    assert few.state == "failed" and "train on" in few.message


def test_what_breaks_a_job_does_not_break_the_queue(queue, folder):
    broken = queue.submit(TrainSpec("hog-qda", "digits", root="a\0b"))
    after = queue.submit(TrainSpec("pixels-logistic", "digits", root=str(folder)))
    until(lambda: not after.active)
    assert broken.state == "failed" and broken.message
    assert after.state == "done", after.message


def test_a_run_that_was_kept_before_its_cancel_is_shown(queue):
    job = Job(TrainSpec("hog-qda", "digits"), state="cancelled", begun=time.time())
    queue._handle_event(job, events.read("chatter of a library"))
    queue._handle_event(job, events.read('{"event": "progr'))
    queue._handle_event(job, events.read('{"event": "done", "result": "kept"}'))
    assert (job.state, job.result) == ("done", "kept")


def test_a_killed_process_is_a_failure_that_says_so(queue, folder):
    job = queue.submit(TrainSpec("warped-blend", "balanced", root=str(folder)))
    until(lambda: job.progress is not None)
    os.kill(job.process.pid, signal.SIGKILL)
    until(lambda: not job.active)
    assert job.state == "failed" and "memory" in job.message


def test_training_ends_with_its_server(folder):
    server = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\n"
            "from emnist_lab.commands.job_queue import JobQueue\n"
            "from emnist_lab.commands.specs import TrainSpec\n"
            "queue = JobQueue()\n"
            "job = queue.submit(TrainSpec('warped-blend', 'balanced', root=sys.argv[1]))\n"
            "while job.progress is None: time.sleep(.02)\n"
            "print(job.process.pid, flush=True)\n"
            "time.sleep(60)\n",
            str(folder),
        ],
        cwd=PROJECT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with server:
        pid = int(server.stdout.readline())
        server.kill()
        server.wait()
    until(lambda: gone(pid), 10)


# Only in a job's process: whoever imports numpy waits for ever, which a job that was started by
# now does first of all.
NO_NUMPY = """
import os, pathlib, sys, threading
class Waits:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            pathlib.Path(os.environ["TEST_MARK"]).touch()
            threading.Event().wait()
if "TEST_MARK" in os.environ:
    sys.meta_path.insert(0, Waits())
"""
SERVER = """
import os, sys, time
from pathlib import Path
from emnist_lab.commands.job_queue import JobQueue
from emnist_lab.commands.specs import TrainSpec
mark, waits = sys.argv[1:]
queue = JobQueue(environment=lambda: {"TEST_MARK": mark})
job = queue.submit(TrainSpec("warped-blend", "balanced", root="demo"))
while job.process is None or (waits == "inside" and not Path(mark).exists()):
    time.sleep(0.001)
print(job.process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("moment", ["at once", "inside"])
def test_a_process_that_still_imports_ends_with_its_server(tmp_path, monkeypatch, moment):
    (tmp_path / "sitecustomize.py").write_text(NO_NUMPY)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path / "mark"), moment],
        cwd=PROJECT, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    with server:
        pid = int(server.stdout.readline())
        server.kill()
        server.wait()
    try:
        until(lambda: gone(pid), 120)
    except AssertionError:
        os.kill(pid, signal.SIGKILL)  # it would wait for ever
        raise


ONE_OF_TWO = """
import os, signal, sys, time
from emnist_lab.commands import job_queue
from emnist_lab.commands.job_journal import Journal
from emnist_lab.commands.specs import TrainSpec
from emnist_lab.files import home
job_queue._NICE = 0
queue = job_queue.JobQueue(Journal(home() / "jobs"))
job = queue.submit(TrainSpec("pixels-logistic", "balanced", 300, root=sys.argv[1]))
while job.active and job.progress is None:
    time.sleep(0.001)
if sys.argv[2] == "stands still":
    os.kill(job.process.pid, signal.SIGSTOP)
print(job.process.pid, flush=True)
while job.active:
    time.sleep(0.02)
print(job.state, job.message, flush=True)
"""


def test_two_servers_of_one_home_do_not_wait_for_each_other(folder, home):
    """One finishes its training while the other one, in the middle of its own, stands still."""

    def server(how: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-c", ONE_OF_TWO, str(folder), how],
            cwd=PROJECT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    with server("stands still") as first:
        pid = int(first.stdout.readline())
        first.send_signal(signal.SIGSTOP)
        try:
            with server("goes on") as second:
                assert second.stdout.read().split()[1:] == ["done"]
        finally:
            first.send_signal(signal.SIGCONT)
            os.kill(pid, signal.SIGCONT)
        assert first.stdout.read().split() == ["done"]
    name = "pixels-logistic-balanced-300"
    assert {path.name for path in (home / "runs").iterdir()} == {name, f"{name}-2"}


def test_a_split_is_fetched_with_progress(queue, folder, home, monkeypatch):
    content = zipped(folder)
    with serving(content, pause=0.02) as server:
        monkeypatch.setenv("EMNIST_LAB_MIRRORS", server.url)
        job = queue.submit(FetchSpec("balanced"))
        until(lambda: (job.progress or {}).get("done", 0) > 0 or not job.active)
        assert job.progress["total"] > 100_000 and job.progress["title"].startswith("Downloading")
        until(lambda: not job.active)
    assert job.state == "done", job.message
    assert len(lab.load("balanced", "test")) == 282


def size_of(wanted: str) -> int:
    """Bytes that a Range header asks for, but not the archive's last ones, its directory."""
    first, last = wanted.removeprefix("bytes=").split("-")
    return int(last) - int(first) + 1


def test_a_cancelled_download_goes_on_where_it_stopped(queue, folder, home, monkeypatch):
    content = zipped(folder)
    with serving(content, pause=0.1) as server:
        monkeypatch.setenv("EMNIST_LAB_MIRRORS", server.url)
        first = queue.submit(FetchSpec("balanced"))
        until(lambda: (first.progress or {}).get("done", 0) > 20_000)
        queue.cancel(first)
        until(lambda: first.process.poll() is not None)
        assert first.state == "cancelled"
        assert not list((home / "data").glob("emnist-*"))
        begun = server.requests[-1]
        server.pause = 0
        server.requests.clear()
        second = queue.submit(FetchSpec("balanced"))
        until(lambda: not second.active)
    assert second.state == "done", second.message
    assert len(lab.load("balanced", "train")) == 1_880
    again = [one for one in server.requests if one.split("-")[1] == begun.split("-")[1]]
    assert len(again) == 1 and size_of(again[0]) < size_of(begun) - 20_000


def test_a_dead_network_is_one_sentence(queue, monkeypatch):
    monkeypatch.setenv("EMNIST_LAB_MIRRORS", "http://127.0.0.1:9/gzip.zip")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nor is NIST's server asked by a test
    job = queue.submit(FetchSpec("digits"))
    until(lambda: not job.active)
    assert job.state == "failed" and "can't be reached" in job.message


def test_files_are_imported(queue, tmp_path):
    path = tmp_path / "emnist-digits-train.csv"
    data = make_part("digits", 12, seed=9)
    rows = np.hstack([data.labels[:, None], data.images.transpose(0, 2, 1).reshape(-1, 784)])
    np.savetxt(path, rows, "%d", ",")
    job = queue.submit(FetchSpec(files=(str(path),), name="mine"))
    until(lambda: not job.active)
    assert (job.state, job.result) == ("done", "mine"), job.message
    np.testing.assert_array_equal(lab.load("digits", "train", "mine").images, data.images)


def test_ended_jobs_are_forgotten_in_time(queue, monkeypatch):
    monkeypatch.setattr("emnist_lab.commands.job_queue._REMEMBERED", 2)
    spec = TrainSpec("pixels-logistic", "digits", root="/nowhere")
    made = [queue.submit(spec) for _ in range(5)]
    for job in made:
        queue.cancel(job)
    last = queue.submit(spec)
    queue.cancel(last)
    assert queue.jobs == [last, made[4], made[3]]


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="needs priorities")
@pytest.mark.parametrize(
    ("asked", "further"), [(None, 10), ("3", 3), ("0", 0), ("much", 10), ("9" * 5000, 19)]
)
def test_work_steps_back_as_far_as_asked(monkeypatch, asked, further):
    monkeypatch.delenv(job_queue.NICE)
    if asked is not None:
        monkeypatch.setenv(job_queue.NICE, asked)
    own = os.getpriority(os.PRIO_PROCESS, 0)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        job_queue._lower_priority(process.pid)
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == min(own + further, 19)
        process.communicate(b"\n")
