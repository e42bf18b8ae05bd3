"""What a visitor's job may read and keep, asked in its own process."""

import time
import zipfile

import pytest

from emnist_lab.__main__ import main
from emnist_lab.commands import job_limits
from emnist_lab.commands.job_queue import JobQueue
from emnist_lab.commands.specs import FetchSpec, TrainSpec
from emnist_lab.data import user_datasets
from emnist_lab.data.dataset_address import imports_folder
from emnist_lab.errors import DatasetError, HandwritingError, LabError
from emnist_lab.files import OWNER, owner_of
from emnist_lab.handwriting.drawing_store import Drawing, open_store

ANN, BOB = "a" * 32, "b" * 32


@pytest.fixture
def works_for(monkeypatch):
    def set_up(owner, room=None):
        told = {job_limits.OWNER: owner or "", **job_limits.variables(room)}
        for name, value in told.items():
            monkeypatch.setenv(name, value)

    return set_up


@pytest.fixture
def datasets(home, folder):
    files = sorted(folder.glob("emnist-digits-*"))
    for name, owner in (("anns", ANN), ("bobs", BOB), ("operators", None)):
        user_datasets.import_dataset(files, name, owner=owner)


def test_a_dataset_that_became_somebody_elses_is_not_trained_on(
    datasets, works_for, tmp_path, monkeypatch
):
    works_for(ANN)
    (tmp_path / "plain").mkdir()
    monkeypatch.chdir(tmp_path)
    for root in (None, "demo", "anns", "operators", str(tmp_path)):
        job_limits.require_dataset(root)
    for root in ("bobs", "plain", "gone"):
        with pytest.raises(DatasetError, match=f"no dataset {root} any more: choose another"):
            job_limits.require_dataset(root)
    works_for(None)
    job_limits.require_dataset("bobs")


@pytest.mark.parametrize("verb", ["train", "curve"])
def test_the_command_line_of_a_job_asks(datasets, works_for, verb, capsys):
    works_for(ANN)
    assert main([verb, "hog-qda", "--split=digits", "--root=bobs"]) != 0
    assert "There is no dataset bobs any more" in capsys.readouterr().err


def test_an_import_that_unpacks_to_more_than_is_left_is_not_kept(home, works_for, tmp_path):
    path = tmp_path / "much.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("emnist-digits-train.csv", b"1" + b",0" * 784 + b"\n" * 2 * 10**6)
    works_for(ANN, 10**6)
    with pytest.raises(LabError, match=r"takes 2\.0 MB, and 1\.0 MB are left of the disk space"):
        user_datasets.import_dataset([path], "much", require_room=job_limits.require_room)
    assert user_datasets.names() == [] and list(imports_folder().iterdir()) == []


def test_images_count_as_they_are_kept(home, folder, works_for):
    files = sorted(folder.glob("emnist-digits-*"))
    size = sum(path.stat().st_size for path in files)
    works_for(ANN, size + 1)
    with pytest.raises(LabError, match="are left of the disk space"):
        user_datasets.import_dataset(files, "mine", require_room=job_limits.require_room)
    assert not list((home / "cache").glob("[!.]*"))


def test_a_job_is_told_what_is_left_when_it_begins(home, folder):
    asked, limits = [], job_limits.variables(10)
    queue = JobQueue()
    files = tuple(map(str, sorted(folder.glob("emnist-digits-*"))))
    job = queue.submit(
        FetchSpec(files=files, name="mine"), owner=ANN, limits=lambda: asked.append(1) or limits
    )
    while job.active:
        time.sleep(0.05)
    assert asked == [1] and job.state == "failed" and "0.0 MB are left" in job.message
    assert user_datasets.names() == []


def test_drawings_add_so_many_images_at_most(home, folder, works_for, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    store = open_store()
    store.keep(ANN, [Drawing.from_strokes("7", [[(0, 0), (70, at), (30, 100)]]) for at in (0, 9)])
    store.close()
    spec = TrainSpec("hog-qda", "digits", handwriting=ANN, repeat=10)
    works_for(ANN)
    without = len(spec.load()[0]) - 20
    monkeypatch.setenv(job_limits.DRAWN, "19")
    with pytest.raises(HandwritingError, match="2 drawings, each 10 times, are more than the 19"):
        spec.load()
    monkeypatch.setenv(job_limits.DRAWN, "20")
    assert len(spec.load()[0]) == without + 20


def test_an_owner_that_came_in_an_archive_owns_nothing(home, folder, tmp_path):
    path = tmp_path / "sly.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for one in folder.glob("emnist-digits-*"):
            packed.write(one, one.name)
        packed.writestr(OWNER, BOB)
    for owner in (None, ANN):
        name = user_datasets.import_dataset([path], owner=owner)
        assert owner_of(imports_folder() / name) == owner
