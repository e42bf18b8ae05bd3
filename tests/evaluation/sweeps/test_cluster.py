"""Sweeps and jobs on a Dask cluster: the same scores, whatever ends in the middle."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import answer, call, gone, make_part, refusal, until, write
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline

import emnist_lab as lab
from emnist_lab.commands.job_queue import JobQueue
from emnist_lab.commands.specs import TrainSpec
from emnist_lab.errors import ClusterError, TrainingCancelled
from emnist_lab.files import PROJECT
from emnist_lab.models import catalog

pytest.importorskip("distributed", reason="needs Dask: make test-extras")

import distributed
from dask_cluster import DaskCluster, children, free_port

from emnist_lab.maintenance.cluster_cost import counted
from emnist_lab.runs.cluster import address, connection, fit_process, local_cluster, worker_data

# A socket that distributed opens as its scheduler goes is left to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

METRICS = ("accuracy", "log_loss", "roc_auc_ovo")


@pytest.fixture(scope="module")
def digits():
    return make_part("digits", 24, 3)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A scheduler with two workers."""
    made = DaskCluster(tmp_path_factory.mktemp("dask"))
    try:
        made.start(workers=2)
        yield made
    finally:
        made.stop()


@pytest.fixture
def waiting(tmp_path):
    """A recipe that notes where its fits began; with some settings they wait for a file."""

    class Waiting(GaussianNB):  # cloudpickle sends it, for it is nobody's module
        def __init__(self, place="", var_smoothing=1e-9):
            super().__init__(var_smoothing=var_smoothing)
            self.place = place

        def fit(self, images, labels):
            here = f"{os.getpid()}-of-{os.getppid()}"
            Path(self.place, f"began-{self.var_smoothing}-{here}").touch()
            while self.var_smoothing in (0.4, 0.5) and not Path(self.place, "go").exists():
                time.sleep(0.02)
            return super().fit(images.reshape(len(images), -1), labels)

        def predict_proba(self, images):
            return super().predict_proba(images.reshape(len(images), -1))

    return replace(
        catalog.get("pixels-bayes"),
        name="waiting",
        make=lambda seed: Pipeline([("classifier", Waiting(str(tmp_path)))]),
    )


def began(folder, smoothing) -> int:
    return len(list(folder.glob(f"began-{smoothing}-*")))


def assert_same(one, other):
    assert len(one.results) == len(other.results)
    for left, right in zip(one.results, other.results, strict=True):
        assert left.candidate == right.candidate and len(left.records) == len(right.records)
        for key in METRICS:
            np.testing.assert_allclose(left.scores(key), right.scores(key), rtol=0, atol=1e-9)


def test_every_search_has_the_same_scores_as_here(cluster, digits):
    grid = {"C": (0.1, 1), "max_iter": 5}
    for how in (
        {"grid": grid, "sizes": (60, 120), "folds": 2, "repeats": 2},
        {"random": {"C": "0.01:10:log", "max_iter": 3}, "points": 3, "search": "halving"},
    ):
        told = []
        there = lab.sweep(
            "pixels-logistic", digits, scheduler=cluster.address, progress=told.append, **how
        )
        assert_same(there, lab.sweep("pixels-logistic", digits, jobs=1, **how))
        assert told[-1].fraction == pytest.approx(1)


def test_a_fit_gives_memory_back_as_it_does_here(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "65536")  # as Dask does for its workers

    def setting(told):
        return os.environ.get("MALLOC_TRIM_THRESHOLD_")

    process = fit_process.FitProcess()
    try:
        assert process.call(setting, (), wanted=lambda: True, told=print) is None
    finally:
        process.end()


def test_images_go_to_each_worker_once(cluster):
    some = make_part("digits", 200, 5)
    # Workers and scheduler talk as long as a busy machine takes: it has to be little beside images.
    images, labels = np.tile(some.images, (4, 1, 1)), np.tile(some.labels, 4)
    many = replace(some, images=images, labels=labels)
    grid, data = {"var_smoothing": (1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4)}, 2 * many.images.nbytes
    with counted(cluster.address) as written:
        found = lab.sweep("pixels-bayes", many, grid=grid, folds=4, scheduler=cluster.address)
        assert len(found.records) == 24 and data < written() < 1.2 * data
        before = written()
        with connection.connect(cluster.address) as connected:
            worker_data.send(connected, many)  # which the workers have
        assert written() < before + 0.1 * data


def test_a_killed_worker_loses_only_the_fit_under_way_and_a_new_one_takes_part(
    cluster, digits, waiting, tmp_path
):
    grid = {"var_smoothing": (0.1, 0.2, 0.4, 0.5, 0.6, 0.7)}
    victim, added = cluster.workers[0], []

    def cancel():
        """Both workers are in a fit that waits: one is killed; the other waits for a new one."""
        if not added and began(tmp_path, 0.4) + began(tmp_path, 0.5) == 2:
            cluster.kill(victim)
            added.append(cluster.add_worker())
        if added and cluster.kept_by(added[0], "emnist-lab-images-*"):
            (tmp_path / "go").touch()
        return False

    found = lab.sweep(
        waiting, digits, grid=grid, folds=4, name="k", scheduler=cluster.address, cancel=cancel
    )
    assert found.complete and len(found.records) == 24 and victim.poll() is not None
    assert [*tmp_path.glob(f"began-*-of-{added[0].pid}")]
    assert_same(found, lab.sweep(waiting, digits, grid=grid, folds=4, jobs=1))
    cluster.wait(2)


def test_a_cancel_ends_the_fits_and_what_ended_is_kept(cluster, digits, waiting, tmp_path):
    def cancel():
        return began(tmp_path, 0.4) + began(tmp_path, 0.5) == 2

    how = {"grid": {"var_smoothing": (0.1, 0.4, 0.5)}, "folds": 2}
    with pytest.raises(TrainingCancelled, match="are kept"):
        lab.sweep(waiting, digits, name="c", scheduler=cluster.address, cancel=cancel, **how)
    fitting = {int(path.name.split("-")[2]) for path in tmp_path.glob("began-0.[45]-*")}
    assert len(fitting) == 2
    until(lambda: all(map(gone, fitting)))
    kept = lab.open_sweep("c")
    assert len(kept.records) == 2 and not kept.complete
    (tmp_path / "go").touch()
    begun = began(tmp_path, 0.1)
    again = lab.sweep(waiting, digits, name="c", scheduler=cluster.address, **how)
    assert again.complete and again.records[:2] == kept.records
    assert began(tmp_path, 0.1) == begun  # nothing was fitted again


def test_a_worker_with_other_versions_is_refused_by_name(cluster, digits, tmp_path):
    about = tmp_path / "scipy-0.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: scipy\nVersion: 0.1\n")
    other = cluster.add_worker(before=str(tmp_path))
    try:
        cluster.wait(3)
        with connection.connect(cluster.address) as connected:
            assert len(connected.workers) == 2 and len(connected.refused) == 1
            (name,) = (
                connected.client.scheduler_info(n_workers=-1)["workers"].keys()
                - connected.threads.keys()
            )
            assert connected.refused[name].startswith(
                f"The worker {name} isn't used (scipy 0.1 in "
            )
        with pytest.warns(RuntimeWarning, match="isn't used .scipy 0.1 in place of"):
            found = lab.sweep("pixels-bayes", digits, folds=4, scheduler=cluster.address)
        assert found.complete and not cluster.kept_by(other, "emnist-lab*")
    finally:
        cluster.kill(other)
    cluster.wait(2)


def greet(server):
    """As a server of another kind does."""
    with server.accept()[0] as one:
        one.sendall(b"SSH-2.0-other\r\n")


def test_a_cluster_without_workers_is_a_sentence(digits, monkeypatch):
    monkeypatch.setattr(connection, "WAIT", 0.1)
    with (
        local_cluster.start(workers=0) as none,
        pytest.raises(ClusterError, match="has no workers: start some"),
    ):
        lab.sweep("pixels-bayes", digits, scheduler=none.scheduler_address)


def test_an_address_where_nobody_listens_is_a_sentence(digits, monkeypatch):
    nobody = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(ClusterError, match=r"No Dask scheduler answers at .*--here"):
        lab.sweep("pixels-bayes", digits, scheduler=nobody)
    monkeypatch.setattr(address, "_SECONDS", 0.2)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(ClusterError, match="doesn't answer"),
    ):
        lab.sweep("pixels-bayes", digits, scheduler=f"127.0.0.1:{silent.getsockname()[1]}")
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setattr(address, "_SECONDS", 60)
        greeting = threading.Thread(target=greet, args=(other,))
        greeting.start()
        with pytest.raises(ClusterError, match="something else listens there"):
            lab.sweep("pixels-bayes", digits, scheduler=f"127.0.0.1:{other.getsockname()[1]}")
        greeting.join()
    monkeypatch.setenv(address.ENVIRONMENT, "127.0.0.1")
    with pytest.raises(ClusterError, match="is no address of a Dask scheduler: write it as"):
        lab.sweep("pixels-bayes", digits)
    monkeypatch.setenv(address.ENVIRONMENT, nobody)
    monkeypatch.setattr(address.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ClusterError, match=r"pip install -r requirements-cluster\.txt"):
        lab.sweep("pixels-bayes", digits)
    assert lab.sweep("pixels-bayes", digits, scheduler="").complete


def test_verbs_and_jobs_go_there_unless_they_are_told_to_stay(
    cluster, tmp_path, capfd, monkeypatch
):
    folder = tmp_path / "emnist"
    folder.mkdir()
    for part, seed in (("train", 3), ("test", 4)):
        write(folder, make_part("digits", 8, seed, part))
    words = (
        "train",
        "pixels-logistic",
        "--split",
        "digits",
        "--root",
        folder,
        "--set",
        "max_iter=9",
    )
    here = lab.open_run(answer(capfd, *words, "--name", "here")["run"])
    monkeypatch.setenv(address.ENVIRONMENT, cluster.address)
    queue = JobQueue()
    job = queue.submit(
        TrainSpec("pixels-logistic", "digits", root=str(folder), hyperparameters=("max_iter=9",))
    )
    until(lambda: not job.active)
    assert job.state == "done", job.message
    there = lab.open_run(job.result)
    for key in METRICS:
        assert there.manifest["scores"][key] == pytest.approx(
            here.manifest["scores"][key], abs=1e-9
        )
    images = here.test_scores[1]
    np.testing.assert_allclose(there.test_scores[1], images, rtol=0, atol=1e-9)
    assert len(job.curve) == len(there.manifest["curve"]) == len(here.manifest["curve"]) > 5
    assert there.manifest["data"] == here.manifest["data"]

    sweep = ("sweep", "pixels-bayes", "--split", "digits", "--root", folder, "--folds", 2)
    _, err = call(capfd, *sweep, "--name", "s")
    assert f"on the cluster {cluster.address}: 2 workers, 2 fits at a time" in err
    _, err = call(capfd, *sweep, "--name", "h", "--here")
    assert "cluster" not in err
    monkeypatch.setenv(address.ENVIRONMENT, f"127.0.0.1:{free_port()}")
    assert "--here" in refusal(capfd, *sweep) and "--here" in refusal(capfd, *words)
    assert answer(capfd, *words, "--here", "--name", "again")["run"] == "again"


def test_a_job_that_is_cancelled_frees_its_worker(cluster, monkeypatch):
    monkeypatch.setenv(address.ENVIRONMENT, cluster.address)
    queue = JobQueue()
    # takes many minutes, so that it hasn't ended when it is cancelled
    job = queue.submit(TrainSpec("warped-blend", root="demo", hyperparameters=("max_iter=500",)))
    until(lambda: job.progress is not None or not job.active)
    assert job.active, job.message
    busy = cluster.fits()
    queue.cancel(job)
    until(lambda: any(map(gone, busy)))
    with connection.connect(cluster.address) as connected:
        until(lambda: not any(connected.client.processing().values()))


def test_without_an_address_dask_is_not_imported():
    program = (
        "import sys, emnist_lab as lab, emnist_lab.commands.sweep, emnist_lab.ui.job_queues;"
        "train = lab.load('balanced', 'train', root='demo').choose('01').sample(40);"
        "lab.sweep('pixels-bayes', train, folds=2);"
        "sys.exit('distributed' in sys.modules or 'dask' in sys.modules)"
    )
    environment = {name: value for name, value in os.environ.items() if name != address.ENVIRONMENT}
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, env=environment, check=True)


def test_what_make_cluster_starts_ends_as_a_whole_with_an_interrupt(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "emnist_lab.runs.cluster.local_cluster", str(port)]
    with subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    ) as one:  # fmt: skip
        try:
            assert one.stdout.readline() == (
                f"2 workers wait at tcp://127.0.0.1:{port}; Ctrl-C ends them.\n"
            )
            with distributed.Client(f"tcp://127.0.0.1:{port}", set_as_default=False) as client:
                assert list(client.nthreads().values()) == [1, 1]
            started = children(one.pid)
            os.killpg(one.pid, signal.SIGINT)  # as a terminal sends it
            assert "Traceback" not in one.stdout.read() and one.wait() == 0
            until(lambda: len(started) >= 2 and all(map(gone, started)))
        finally:
            one.kill()


def test_a_killed_scheduler_is_a_sentence_and_the_sweep_goes_on_here(
    cluster, digits, waiting, tmp_path
):
    """The last one: it takes the cluster's scheduler."""
    told, fitting = [], []

    def cancel():
        if cluster.scheduler.poll() is None and told[-1].step >= 1 and began(tmp_path, 0.4):
            fitting.extend(cluster.fits())
            cluster.kill(cluster.scheduler)
        return False

    how = {"grid": {"var_smoothing": (0.1, 0.4)}, "folds": 2, "name": "s"}
    there = {"scheduler": cluster.address, "cancel": cancel, "progress": told.append}
    with pytest.raises(ClusterError) as refused:
        lab.sweep(waiting, digits, **there, **how)
    assert str(refused.value) == (
        f"The Dask scheduler at {cluster.address} ended, or can't be reached: start it again, or "
        "unset $EMNIST_LAB_SCHEDULER or give --here to run on this machine. The fits that ended "
        "are kept: python -m emnist_lab sweep --resume s goes on."
    )
    until(lambda: fitting and all(map(gone, fitting)))
    assert 1 <= len(lab.open_sweep("s").records) == told[-1].step < 4
    (tmp_path / "go").touch()
    again = lab.sweep(waiting, digits, scheduler="", jobs=1, **how)
    assert again.complete and again.name == "s" and len(again.records) == 4
