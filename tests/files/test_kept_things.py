"""Runs, datasets, sweeps, curves and marks on replicas with one home, as whoever uses them sees."""

import dataclasses
import threading
import uuid

import pytest
from helpers import until, write

import emnist_lab as lab
from emnist_lab import files
from emnist_lab.__main__ import main
from emnist_lab.data import user_datasets
from emnist_lab.errors import DatasetError, RunError, SharedHomeError
from emnist_lab.evaluation import label_marks
from emnist_lab.evaluation.label_marks import Mark
from emnist_lab.evaluation.sweeps import hyperparameter_search, plan, sweep_store
from emnist_lab.runs import curve_store, registry
from emnist_lab.runs.curve_store import Curve, Point

PART = "0" * 32  # fingerprint of a test part


@pytest.fixture
def on(monkeypatch, tmp_path):
    """Be one of the replicas from now on."""
    monkeypatch.setenv("EMNIST_LAB_HOME", f"memory://{uuid.uuid4().hex}")
    monkeypatch.setattr("emnist_lab.files.copy_refreshing._EVERY", 0.0)
    monkeypatch.setattr("emnist_lab.files.copy_refreshing._RESTS", 0.0)
    monkeypatch.setattr("emnist_lab.files.shared_home._RESTS", 0.0)

    def be(name: str) -> None:
        monkeypatch.setenv("EMNIST_LAB_CACHE", str(tmp_path / name))

    be("one")
    return be


@pytest.fixture
def away(monkeypatch):
    """Has the store refuse everything."""

    def refuse(*_):
        raise SharedHomeError("The shared home doesn't answer: start it.")

    def now():
        for name in ("newest", "create", "read"):
            monkeypatch.setattr(f"emnist_lab.files.version_store.VersionStore.{name}", refuse)

    return now


@pytest.fixture(scope="module")
def part():
    return lab.load("balanced", "train", root="demo").choose("0123456789").sample(300)


@pytest.fixture(scope="module")
def run(part):
    return lab.fit("pixels-bayes", part, part)


def own() -> list[str]:
    return sorted(one.name for one in lab.list_runs()[0] if not one.shipped)


def test_runs(on, run):
    run.save("mine")
    on("two")
    assert own() == ["mine"]
    opened = lab.open_run("mine")
    assert opened.predict_proba(opened.test_scores[1][:0].reshape(0, 28, 28).astype("uint8")).shape
    assert run.save("mine").name == "mine-2"  # the name is taken
    on("one")
    renamed = registry.rename(lab.open_run("mine-2"), "other")
    assert renamed.manifest["name"] == "other"
    with pytest.raises(RunError, match="called mine already"):
        registry.rename(renamed, "mine")
    on("two")
    assert own() == ["mine", "other"]
    stale = lab.open_run("mine")
    on("one")
    registry.delete(lab.open_run("mine"))
    on("two")
    with pytest.raises(RunError, match="no run mine any more"):
        registry.delete(stale)
    assert own() == ["other"]


def test_a_run_is_opened_that_was_kept_just_now(on, run, monkeypatch):
    monkeypatch.setattr("emnist_lab.files.copy_refreshing._EVERY", 600.0)
    on("two")
    assert own() == []
    on("one")
    run.save("mine")
    on("two")
    assert own() == []  # looked just now
    assert lab.open_run("mine").name == "mine"


def test_a_run_that_is_replaced_is_another_one_for_caches(on, run):
    run.save("mine")
    on("two")
    before = lab.open_run("mine").version_key()
    on("one")
    registry.delete(lab.open_run("mine"))
    run.save("mine")
    on("two")
    assert lab.open_run("mine").version_key() != before


def full(*_):
    raise SharedHomeError("The shared home is full: free some space there.")


def test_a_run_is_kept_here_while_the_store_is_away(on, run, monkeypatch):
    with monkeypatch.context() as gone:
        for name in ("newest", "create"):
            gone.setattr(f"emnist_lab.files.version_store.VersionStore.{name}", full)
        run.save("mine")
        assert own() == ["mine"]
        assert "runs/mine is kept on this machine only" in files.trouble()
        for change in (registry.delete, lambda one: registry.rename(one, "other")):
            with pytest.raises(SharedHomeError, match="free some space"):
                change(lab.open_run("mine"))
        assert own() == ["mine"]
    on("two")
    assert own() == []
    on("one")
    assert own() == ["mine"]  # which has sent it
    on("two")
    assert own() == ["mine"]
    on("one")
    assert files.trouble() == ""


def test_datasets(on, tmp_path, train, test):
    place = tmp_path / "files"
    place.mkdir()
    write(place, train)
    brought = sorted(place.iterdir())
    user_datasets.import_dataset(brought, "mine", owner="a" * 32)
    on("two")
    found = lab.load("balanced", "train", root="mine")  # asked for by name, before any list
    assert len(found) == len(train)
    assert user_datasets.names() == ["mine"]
    assert files.owner_of(files.home() / "imports" / "mine") == "a" * 32
    with pytest.raises(DatasetError, match="already"):
        user_datasets.import_dataset(brought, "mine")
    user_datasets.remove("mine")
    on("one")
    assert user_datasets.names() == []


def test_marks_of_two_replicas_at_once_are_all_kept(on):
    def mark(images):
        for image in images:
            label_marks.mark(PART, Mark(image, "O", "0"))

    mark([0])
    on("two")
    mark([1])
    on("one")
    mark([2])
    label_marks.unmark(PART, 0)
    on("two")
    assert [one.image for one in label_marks.read(PART)] == [1, 2]
    label_marks.mark(PART, Mark(3, "O"), owner="b" * 32)
    on("one")
    assert [one.image for one in label_marks.read(PART, "b" * 32)] == [3]
    threads = [threading.Thread(target=mark, args=([at],)) for at in (10, 11, 12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [one.image for one in label_marks.read(PART)] == [1, 2, 10, 11, 12]


def test_a_mark_that_cannot_be_kept_is_said(on, away):
    label_marks.mark(PART, Mark(1, "O"))
    away()
    with pytest.raises(RunError, match="doesn't answer: start it"):
        label_marks.mark(PART, Mark(2, "O"))
    assert [one.image for one in label_marks.read(PART)] == [1]


def test_curves(on):
    point = Point(100, 0.9, 0.8, 0.9, 0.5, 1.0)
    texts = dict.fromkeys(("title", "train", "test", "test_fingerprint", "created"), "x")
    curve = Curve("hog-qda", split="digits", generated=True, seed=1, planned=(1, 2), **texts)
    kept = curve_store.keep(
        dataclasses.replace(curve, points=(point,) * number) for number in (1, 2)
    )
    on("two")
    (seen,) = curve_store.list_curves()[0]
    assert (seen.name, len(seen.points)) == (kept.name, 2)
    again = curve_store.save(dataclasses.replace(curve, points=(point,)))
    assert again.name == f"{kept.name}-2"
    curve_store.delete(kept.name)
    on("one")
    assert [one.name for one in curve_store.list_curves()[0]] == [again.name]


def test_a_sweep_that_was_broken_off_goes_on_on_another_replica(on, part):
    made = plan.make("pixels-neighbours", part, grid={"n_neighbors": (1, 3, 5)}, folds=2)
    folder = sweep_store.begin(made, "mine")
    with sweep_store.locked(folder):  # two fits, then it is killed
        records = lab.sweep(
            "pixels-neighbours", part, grid={"n_neighbors": (1, 3, 5)}, folds=2, jobs=1
        ).records[:2]
        journal = sweep_store.FitJournal(folder)
        for record in records:
            journal.append(record)
    on("two")
    assert len(lab.open_sweep("mine").records) == 2
    done = hyperparameter_search.resume("mine", part, jobs=1)
    assert done.complete and done.records[:2] == records  # what was fitted isn't fitted again
    on("one")
    assert lab.open_sweep("mine").records == done.records
    sweep_store.delete("mine")
    on("two")
    assert sweep_store.list_sweeps() == ([], [])


def test_a_sweep_that_is_deleted_on_another_replica_stays_deleted(on, part):
    deleted = []

    def progress(one):
        if one.step == 2 and not deleted:
            on("two")
            deleted.append(lab.open_sweep("mine").name)
            sweep_store.delete("mine")
            on("one")

    with pytest.raises(RunError, match="mine was deleted on another replica while it went on"):
        lab.sweep(
            "pixels-neighbours", part, grid={"n_neighbors": (1, 3, 5)}, folds=2, jobs=1,
            name="mine", progress=progress,
        )  # fmt: skip
    assert deleted == ["mine"]
    for name in ("one", "two"):
        on(name)
        assert sweep_store.list_sweeps() == ([], [])
    again = lab.sweep("pixels-bayes", part, folds=2, grid={"var_smoothing": (1, 2)}, name="mine")
    assert again.name == "mine" and lab.open_sweep("mine").complete  # the name is free


def test_fits_of_two_replicas_come_together(on, part):
    made = plan.make("pixels-neighbours", part, grid={"n_neighbors": (1, 3)}, folds=2)
    records = lab.sweep("pixels-neighbours", part, grid={"n_neighbors": (1, 3)}, folds=2).records
    for name, some in (("one", records[:2]), ("two", records[2:])):
        on(name)
        folder = sweep_store.begin(made, "mine")
        if name == "one":
            on("two")
            until(lambda: lab.open_sweep("mine"))  # both have it as it was begun
            on("one")
        with sweep_store.locked(folder):
            journal = sweep_store.FitJournal(folder)
            for record in some:
                journal.append(record)
    assert {one.key for one in lab.open_sweep("mine").records} == {one.key for one in records}


def test_the_command_line_says_what_is_wrong(on, away, capfd):
    away()
    assert main(["runs"]) == 0
    said = capfd.readouterr().err
    assert "warning: The shared home doesn't answer: start it. What is shown" in said
