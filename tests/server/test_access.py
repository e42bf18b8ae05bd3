"""What visitors see, and what is refused to them by the library, whichever way it is asked for."""

import dataclasses
import io
import shutil

import pytest

from emnist_lab.commands import job_limits
from emnist_lab.commands.job_queue import JobQueue
from emnist_lab.commands.specs import CurveSpec, FetchSpec, TrainSpec
from emnist_lab.data import user_datasets
from emnist_lab.data.dataset_address import DatasetAddress, imports_folder
from emnist_lab.errors import AccessError, DatasetError, HandwritingError, RunError
from emnist_lab.evaluation.label_marks import Mark
from emnist_lab.files import OWNER, UNKNOWN_OWNER, owner_of
from emnist_lab.handwriting.drawing_store import Drawing, open_store
from emnist_lab.runs import curve_store, import_export
from emnist_lab.server import (
    dataset_access,
    drawing_access,
    job_access,
    mark_access,
    run_access,
    storage,
)
from emnist_lab.server.rights import Mode, of_mode
from emnist_lab.server.visitor import Visitor, owner_id

ANN, BOB = owner_id("ann"), owner_id("bob")
PART = "0" * 32  # fingerprint of a test part


def names(found):
    return {run.name for run in found[0] if not run.shipped}


def test_everybody_sees_their_own_the_operators_and_shipped_runs(runs, ann, bob, operator, guest):
    assert names(run_access.list_runs(ann)) == {"of-ann", "of-the-operator"}
    assert names(run_access.list_runs(bob)) == {"of-bob", "of-the-operator"}
    assert names(run_access.list_runs(guest)) == {"of-the-operator"}
    assert names(run_access.list_runs(operator)) == {"of-ann", "of-bob", "of-the-operator"}
    assert {"hog-qda", "warped-blend"} <= {run.name for run in run_access.list_runs(guest)[0]}


def test_a_run_of_somebody_else_is_not_there(runs, ann, bob, operator):
    with pytest.raises(RunError, match="There is no run 'of-ann'") as caught:
        run_access.open_run(bob, "of-ann")
    assert "of-ann" not in str(caught.value).split(":", 1)[1]
    assert run_access.open_run(ann, "of-ann").name == "of-ann"
    assert run_access.open_run(operator, "of-ann").name == "of-ann"


def test_a_folder_is_no_name_of_a_run(runs, ann, operator, tmp_path, monkeypatch):
    shutil.copytree(runs["operator"].folder, tmp_path / "elsewhere" / "beside-the-server")
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="There is no run 'beside-the-server'"):
        run_access.open_run(ann, "beside-the-server")
    for who in (ann, operator):
        for named in (str(runs["bob"].folder), "../runs/of-bob", f"{runs['bob'].folder}/"):
            with pytest.raises(RunError, match="There is no run"):
                run_access.open_run(who, named)


def test_only_owners_and_operators_change_a_run(runs, ann, bob, operator):
    for mine, change in (
        ("ann", lambda who: run_access.rename(who, runs["ann"], "taken-over")),
        ("ann", lambda who: run_access.delete(who, runs["ann"])),
        ("operator", lambda who: run_access.delete(who, runs["operator"])),
    ):
        with pytest.raises(AccessError, match="isn't yours to change"):
            change(bob)
        assert runs[mine].folder.is_dir()
    assert run_access.rename(ann, runs["ann"], "renamed").folder.is_dir()
    assert owner_of(runs["ann"].folder.with_name("renamed")) == ANN
    run_access.delete(operator, runs["bob"])
    assert not runs["bob"].folder.exists()


def test_a_shipped_run_is_nobodys_to_delete(operator, home):
    with pytest.raises(RunError, match="came with EMNIST Lab"):
        run_access.delete(operator, run_access.open_run(operator, "hog-qda"))


def test_a_run_whose_owner_cannot_be_read_is_nobodys(runs, ann, bob, operator):
    (runs["ann"].folder / OWNER).write_bytes(b"\xff\xfe not an owner")
    assert owner_of(runs["ann"].folder) == UNKNOWN_OWNER
    assert "of-ann" not in names(run_access.list_runs(ann)) | names(run_access.list_runs(bob))
    assert "of-ann" in names(run_access.list_runs(operator))


def test_what_is_made_or_imported_belongs_to_who_made_it(runs, ann, bob, operator):
    made = run_access.save(ann, run_access.open_run(ann, "of-ann"), "copied")
    assert owner_of(made.folder) == ANN
    packed = import_export.export_run(made)
    assert ANN.encode() not in packed  # nobody who gets the file learns whose it was
    assert owner_of(run_access.import_run(bob, io.BytesIO(packed)).folder) == BOB
    assert owner_of(run_access.import_run(operator, io.BytesIO(packed)).folder) is None


def test_who_is_not_known_yet_keeps_nothing(runs):
    nobody = Visitor(of_mode(Mode.CLASS))
    with pytest.raises(AccessError, match="isn't known yet whose"):
        run_access.save(nobody, runs["operator"], "mine")
    assert not run_access.is_own(nobody, runs["operator"])


def test_an_unusable_run_is_deleted_by_its_owner_only(runs, ann, bob):
    (runs["ann"].folder / "run.json").write_text("{")
    assert run_access.unusable(ann) == ["of-ann"] and run_access.unusable(bob) == []
    with pytest.raises(RunError, match="no unusable run"):
        run_access.discard(bob, "of-ann")
    run_access.discard(ann, "of-ann")
    assert not runs["ann"].folder.exists()


def test_disk_space_of_a_visitor_ends(runs, ann, operator):
    assert storage.used(ann) >= runs["ann"].bytes
    poor = dataclasses.replace(ann, rights=dataclasses.replace(ann.rights, storage_mb=0))
    with pytest.raises(AccessError, match=r"of 0 MB that you have here: export and delete"):
        run_access.save(poor, runs["ann"], "more")
    run_access.save(operator, runs["ann"], "more")


def test_an_upload_has_a_largest_size(runs, ann):
    packed = import_export.export_run(runs["ann"])
    small = dataclasses.replace(ann, rights=dataclasses.replace(ann.rights, upload_mb=0))
    with pytest.raises(AccessError, match="more than the 0 MB that this server takes"):
        run_access.import_run(small, io.BytesIO(packed))


def test_a_run_that_takes_more_than_is_left_is_not_kept(runs, ann, home):
    packed = import_export.export_run(runs["bob"])
    full = dataclasses.replace(ann.rights, storage_mb=-(-storage.used(ann) // 10**6))
    poor = dataclasses.replace(ann, rights=full)
    before = sorted(path.name for path in (home / "runs").iterdir())
    for more in (
        lambda: run_access.import_run(poor, io.BytesIO(packed)),
        lambda: run_access.save(poor, runs["ann"], "more"),
    ):
        with pytest.raises(AccessError, match="that you have here: export and delete some first"):
            more()
    assert sorted(path.name for path in (home / "runs").iterdir()) == before


def test_a_visitor_keeps_so_many_things(runs, ann, bob):
    few = dataclasses.replace(ann, rights=dataclasses.replace(ann.rights, kept_most=2))
    curve_of(ANN, "of-ann")
    with pytest.raises(AccessError, match="You keep 2 runs, datasets, sweeps and learning"):
        run_access.save(few, runs["ann"], "more")
    run_access.delete_curve(few, "of-ann")
    run_access.save(few, runs["ann"], "more")


def curve_of(owner, name):
    kept = curve_store.Curve(
        *("hog-qda", "HOG", "digits", "a", "b", PART),
        *(False, 1, "2026-01-01T00:00:00+00:00", (10,)),
        points=(curve_store.Point(10, 0.5, 0.5, 0.5, 1.0, 1.0),),
    )
    return curve_store.keep([kept], name, owner)


def test_learning_curves_are_seen_and_deleted_by_their_owners(home, ann, bob, operator):
    curve_of(ANN, "of-ann"), curve_of(None, "of-the-operator")
    seen = [{one.name for one in run_access.list_curves(who)[0]} for who in (ann, bob, operator)]
    assert seen == [{"of-ann", "of-the-operator"}, {"of-the-operator"}, seen[0]]
    for name in ("of-ann", "of-the-operator"):
        with pytest.raises(AccessError):
            run_access.delete_curve(bob, name)
    run_access.delete_curve(ann, "of-ann")
    run_access.delete_curve(operator, "of-the-operator")
    assert run_access.list_curves(operator)[0] == []


@pytest.fixture
def datasets(home, folder):
    for name, owner in (("anns", ANN), ("bobs", BOB), ("operators", None)):
        files = sorted(folder.glob("emnist-digits-*"))
        assert user_datasets.import_dataset(files, name, owner=owner) == name


def test_datasets_are_seen_and_deleted_by_their_owners(datasets, ann, bob, operator):
    assert dataset_access.imported_names(ann) == ["anns", "operators"]
    assert dataset_access.imported_names(operator) == ["anns", "bobs", "operators"]
    with pytest.raises(DatasetError, match="There is no dataset bobs"):
        dataset_access.require_address(ann, DatasetAddress.parse("bobs"))
    with pytest.raises(DatasetError, match="There is no dataset bobs"):
        dataset_access.remove(ann, "bobs")
    with pytest.raises(AccessError, match="The dataset operators isn't yours"):
        dataset_access.remove(ann, "operators")
    dataset_access.remove(ann, "anns")
    dataset_access.remove(operator, "bobs")
    assert dataset_access.imported_names(operator) == ["operators"]


@pytest.mark.parametrize("path", ["{}", "{}/..", "./operators", "/etc", "~", "{}/imports/bobs"])
def test_no_folder_of_the_machine_is_named_in_a_class(datasets, ann, operator, home, path):
    address = DatasetAddress.parse(path.format(home))
    with pytest.raises(AccessError, match="doesn't let visitors name folders"):
        dataset_access.require_address(ann, address)
    dataset_access.require_address(operator, address)
    with pytest.raises(AccessError, match="name folders"):
        job_access.require(ann, TrainSpec("hog-qda", "digits", 100, root=path.format(home)))


class Upload(io.BytesIO):
    def __init__(self, name: str, content: bytes = b"x"):
        super().__init__(content)
        self.name = name


def test_uploads_are_refused_where_they_are_not_allowed(home, ann, guest):
    with pytest.raises(AccessError, match="doesn't let visitors upload"):
        dataset_access.keep_upload(guest, [Upload("a.csv")])
    with pytest.raises(DatasetError, match="nothing to import"):
        dataset_access.keep_upload(ann, [])
    with pytest.raises(DatasetError, match="same name"):
        dataset_access.keep_upload(ann, [Upload("a.csv"), Upload("b/a.csv")])
    assert not imports_folder().exists() or list(imports_folder().iterdir()) == []
    (kept,) = dataset_access.keep_upload(ann, [Upload("../../x\0y.csv", b"content")])
    assert kept.startswith(str(imports_folder())) and kept.endswith("xy.csv")


@pytest.fixture
def queue(monkeypatch):
    """A queue whose jobs wait and never begin."""
    monkeypatch.setattr(JobQueue, "_work", lambda self: None)
    return JobQueue()


TRAIN = TrainSpec("hog-qda", "digits", 100, root="demo")


def test_an_upload_counts_until_it_is_imported_and_goes_with_its_job(home, queue, ann, bob):
    job = job_access.import_files(ann, queue, [Upload("a.csv", b"x" * 10**6)])
    assert storage.used(ann) > 10**6 and storage.used(bob) == 0
    assert int(job.limits()[job_limits.ROOM]) > 499 * 10**6
    job_access.cancel(ann, queue, job)
    assert storage.used(ann) == 0 and list(imports_folder().iterdir()) == []


def test_an_upload_that_no_job_takes_is_not_kept(home, queue, ann):
    for _ in range(ann.rights.queue):
        job_access.import_files(ann, queue, [Upload("a.csv")])
    with pytest.raises(AccessError, match="2 of your jobs wait or run already"):
        job_access.import_files(ann, queue, [Upload("a.csv")])
    assert len(list(imports_folder().iterdir())) == 2
    poor = dataclasses.replace(ann, rights=dataclasses.replace(ann.rights, storage_mb=1))
    with pytest.raises(AccessError, match="of 1 MB that you have here"):
        job_access.import_files(poor, queue, [Upload("a.csv", b"x" * 10**6)])
    assert len(list(imports_folder().iterdir())) == 2


def test_only_what_was_uploaded_is_imported(home, queue, ann, bob):
    with pytest.raises(AccessError, match="name folders"):
        job_access.submit(ann, queue, FetchSpec(files=("/etc/hostname",)))
    with pytest.raises(AccessError, match="name folders"):
        path = imports_folder() / ".upload-x" / ".." / ".." / "runs" / "x"
        job_access.submit(ann, queue, FetchSpec(files=(str(path),)))
    kept = dataset_access.keep_upload(ann, [Upload("a.csv")])
    with pytest.raises(AccessError, match="name folders"):
        job_access.submit(bob, queue, FetchSpec(files=kept))
    with pytest.raises(AccessError, match="have EMNIST downloaded"):
        job_access.submit(ann, queue, FetchSpec("balanced", files=kept))
    assert queue.jobs == []


def test_work_is_done_again_within_the_same_limits(home, queue, ann):
    first = job_access.submit(ann, queue, TRAIN)
    job_access.cancel(ann, queue, first)
    first.seconds = None  # as of a server that had no limits
    others = [job_access.submit(ann, queue, TRAIN) for _ in range(ann.rights.queue)]
    with pytest.raises(AccessError, match="2 of your jobs wait or run already"):
        job_access.again(ann, queue, first)
    assert first in queue.jobs
    job_access.cancel(ann, queue, others[0])
    assert job_access.again(ann, queue, first).seconds == ann.rights.training_seconds


def test_a_visitor_keeps_so_many_drawings(home, ann, operator):
    store = open_store(f"sqlite:///{home}/drawings.db")
    few = dataclasses.replace(ann, rights=dataclasses.replace(ann.rights, drawings_most=2))
    drawings = [Drawing.from_strokes("7", [[(0, 0), (70, at), (30, 100)]]) for at in (0, 9, 18)]
    assert drawing_access.keep(few, store, drawings[:2]) == 2
    with pytest.raises(HandwritingError, match="can keep 2 drawings, and 2 are kept: export"):
        drawing_access.keep(few, store, drawings)
    assert drawing_access.keep(few, store, drawings[:1]) == 0  # it is kept already
    assert drawing_access.keep(operator, store, drawings) == 3
    small = dataclasses.replace(ann, rights=dataclasses.replace(ann.rights, upload_mb=0))
    with pytest.raises(AccessError, match="more than the 0 MB that this server takes"):
        drawing_access.import_drawings(small, store, Upload("a.json", b"[]"))
    store.close()


def test_jobs_are_seen_and_stopped_by_their_owners(home, queue, ann, bob, operator):
    job = job_access.submit(ann, queue, TRAIN)
    assert job.owner == ANN and job.seconds == ann.rights.training_seconds
    assert job_access.list_jobs(bob, queue) == [] and job_access.list_jobs(ann, queue) == [job]
    for act in (job_access.cancel, job_access.again, job_access.dismiss):
        with pytest.raises(AccessError, match="isn't yours"):
            act(bob, queue, job)
    assert job.state == "queued"
    job_access.cancel(operator, queue, job)
    assert job.state == "cancelled"
    again = job_access.again(ann, queue, job)
    assert again.owner == ANN and again.seconds == job.seconds


def test_a_visitor_has_so_many_jobs_and_others_theirs(home, queue, ann, bob):
    for _ in range(ann.rights.queue):
        job_access.submit(ann, queue, TRAIN)
    with pytest.raises(AccessError, match="2 of your jobs wait or run already"):
        job_access.submit(ann, queue, TRAIN)
    job_access.submit(bob, queue, TRAIN)


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (dataclasses.replace(TRAIN, images=None), "would take all: choose fewer"),
        (dataclasses.replace(TRAIN, images=20_001), "would take 20,001"),
        (CurveSpec("hog-qda", "digits", None, root="demo"), "would take all"),
        (dataclasses.replace(TRAIN, handwriting="all"), "aren't yours"),
        (dataclasses.replace(TRAIN, handwriting=BOB), "aren't yours"),
        (dataclasses.replace(TRAIN, add_split="mnist"), "can't be added here"),
        (FetchSpec("balanced"), "doesn't let visitors have EMNIST downloaded"),
    ],
)
def test_work_beyond_a_visitors_rights_is_refused(home, queue, ann, operator, spec, why):
    with pytest.raises(AccessError, match=why):
        job_access.submit(ann, queue, spec)
    assert queue.jobs == []
    job_access.submit(operator, queue, spec)


def test_a_guest_of_a_show_has_nothing_done(home, queue, guest, runs):
    run = run_access.open_run(guest, "of-the-operator")
    for refused in (
        lambda: job_access.submit(guest, queue, TRAIN),
        lambda: job_access.submit(guest, queue, CurveSpec("hog-qda", "digits", 100)),
        lambda: job_access.submit(guest, queue, FetchSpec(files=("/tmp/x",))),
        lambda: run_access.save(guest, run),
        lambda: run_access.import_run(guest, io.BytesIO(b"")),
        lambda: run_access.delete(guest, run),
        lambda: run_access.rename(guest, run, "mine"),
        lambda: run_access.discard(guest, "x"),
        lambda: run_access.delete_curve(guest, "x"),
        lambda: dataset_access.remove(guest, "x"),
        lambda: dataset_access.keep_upload(guest, [Upload("a.csv")]),
        lambda: mark_access.mark(guest, PART, Mark(1, "A")),
        lambda: mark_access.unmark(guest, PART, 1),
    ):
        with pytest.raises(AccessError, match="This server doesn't let visitors"):
            refused()
    assert queue.jobs == []


def test_marks_are_everybodys_own(home, ann, bob, operator):
    mark_access.mark(operator, PART, Mark(1, "A"))
    mark_access.mark(ann, PART, Mark(2, "B"))
    seen = [[one.image for one in mark_access.read(who, PART)] for who in (operator, ann, bob)]
    assert seen == [[1], [2], []]
    assert mark_access.read(Visitor(of_mode(Mode.CLASS)), PART) == []
    mark_access.unmark(ann, PART, 1)
    mark_access.unmark(ann, PART, 2)
    assert [one.image for one in mark_access.read(operator, PART)] == [1]
    assert mark_access.read_if_sound(ann, PART) == []
