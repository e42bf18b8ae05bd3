"""A home that replicas share: what one keeps the others see, and of two writers one succeeds."""

import os
import subprocess
import sys
import threading
import time
import uuid
import zipfile

import object_store
import pytest
from helpers import until
from object_store import BUCKET

from emnist_lab import files
from emnist_lab.errors import DatasetError, HandwritingError, RunError, SharedHomeError
from emnist_lab.files import PROJECT, entry_archive
from emnist_lab.files.shared_home import Overtaken, SharedHome
from emnist_lab.handwriting.drawing_store import database

needs_s3 = pytest.mark.skipif(not object_store.can_be_made(), reason=object_store.EXTRAS)


@pytest.fixture(scope="module")
def s3():
    with object_store.moto() as port:
        yield port


@pytest.fixture(params=["memory", "file", pytest.param("s3", marks=needs_s3)])
def address(request, tmp_path, monkeypatch):
    if request.param == "memory":
        return f"memory://{uuid.uuid4().hex}"
    if request.param == "file":
        return f"file://{tmp_path}/store"
    for name, value in object_store.variables(request.getfixturevalue("s3")).items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{uuid.uuid4().hex}"


@pytest.fixture
def replicas(address, tmp_path):
    return [SharedHome(address, tmp_path / name) for name in ("one", "two")]


@pytest.fixture
def use(monkeypatch, tmp_path):
    """Have this process be a replica of an address."""

    def now(address: str, name: str = "one"):
        monkeypatch.setenv("EMNIST_LAB_HOME", address)
        monkeypatch.setenv("EMNIST_LAB_CACHE", str(tmp_path / name))
        return files.home()

    return now


def made(home: SharedHome, text: str, folder: bool = True):
    """Something that no list shows yet."""
    (home.copy / "runs").mkdir(parents=True, exist_ok=True)
    path = files.partial_path(home.copy / "runs")
    if not folder:
        path.write_text(text)
        return path
    path.mkdir()
    (path / "run.json").write_text(text)
    return path


def keep(home: SharedHome, name: str, text: str) -> None:
    home.place(made(home, text), home.copy / "runs" / name, f"runs/{name}")


def seen(home: SharedHome) -> dict[str, str]:
    home.pull("runs")
    return {
        path.name: (path / "run.json").read_text()
        for path in sorted((home.copy / "runs").glob("[!.]*"))
    }


def test_others_see_what_is_kept_renamed_and_deleted(replicas):
    one, two = replicas
    keep(one, "first", "a")
    keep(two, "second", "b")
    assert seen(one) == seen(two) == {"first": "a", "second": "b"}
    two.remove(two.copy / "runs" / "first", "runs/first")
    assert seen(one) == {"second": "b"}
    keep(one, "first", "again")  # a name that was deleted is free
    assert seen(two) == {"first": "again", "second": "b"}
    with pytest.raises(FileNotFoundError):
        one.remove(one.copy / "runs" / "none", "runs/none")


def test_a_taken_name_is_refused_before_it_was_seen(replicas):
    one, two = replicas
    keep(one, "first", "a")
    with pytest.raises(FileExistsError):
        keep(two, "first", "b")
    assert seen(two) == {"first": "a"}


def test_of_two_writers_at_once_one_succeeds(replicas):
    won = []

    def write(home, text):
        try:
            keep(home, "same", text)
            won.append(text)
        except FileExistsError:
            pass

    threads = [
        threading.Thread(target=write, args=(home, str(at))) for at, home in enumerate(replicas)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(won) == 1
    assert [seen(home) for home in replicas] == [{"same": won[0]}] * 2


def test_a_stale_writer_never_overwrites(replicas):
    one, two = replicas
    target = [home.copy / "runs" / "x.json" for home in replicas]
    one.place(made(one, "0", folder=False), target[0], "runs/x.json")
    two.pull("runs")
    for text in range(20):  # more than the store keeps names of
        one.replace(made(one, str(text), folder=False), target[0], "runs/x.json")
    with pytest.raises(Overtaken):
        two.replace(made(two, "stale", folder=False), target[1], "runs/x.json")
    two.pull("runs")
    assert target[1].read_text() == target[0].read_text() == "19"


def test_old_versions_take_no_room(tmp_path):
    home = SharedHome(f"file://{tmp_path}/store", tmp_path / "one")
    target = home.copy / "runs" / "x.json"
    home.place(made(home, "0", folder=False), target, "runs/x.json")
    for _ in range(30):
        home.replace(made(home, "more", folder=False), target, "runs/x.json")
    kept = sorted((tmp_path / "store" / "runs" / "x.json").iterdir())
    assert len(kept) <= 17
    assert [bool(one.stat().st_size) for one in kept[-3:]] == [False, True, True]
    home.remove(target, "runs/x.json")
    assert not any(one.stat().st_size for one in (tmp_path / "store/runs/x.json").iterdir())


def test_what_grows_is_merged(replicas):
    one, two = replicas
    keep(one, "sweep", "a\n")
    two.pull("runs")

    def merge(theirs, ours):
        lines = (ours / "run.json").read_text().splitlines(True)
        more = (theirs / "run.json").read_text().splitlines(True)
        (ours / "run.json").write_text("".join([*lines, *(x for x in more if x not in lines)]))

    for home, line in zip(replicas, "bc", strict=True):
        with open(home.copy / "runs" / "sweep" / "run.json", "a") as file:
            file.write(f"{line}\n")
        home.publish(home.copy / "runs" / "sweep", "runs/sweep", merge)
    assert seen(one)["sweep"].split() == ["a", "c", "b"]


def test_what_the_store_cannot_take_is_sent_later(replicas, monkeypatch):
    one, two = replicas
    keep(two, "first", "theirs")
    with monkeypatch.context() as away:
        refused = SharedHomeError("The shared home is full: free some space there.")

        def refuse(*_):
            raise refused

        away.setattr(one.store, "create", refuse)
        away.setattr(one, "_next_attempt", 0.0)
        keep(one, "mine", "a")
        away.setattr(one.store, "newest", refuse)
        keep(one, "first", "ours")  # the store isn't even asked whether the name is free
        assert set(one.unsent) == {"runs/mine", "runs/first"}
        with pytest.raises(SharedHomeError):
            one.remove(one.copy / "runs" / "mine", "runs/mine")
        assert (one.copy / "runs" / "mine").exists()
    monkeypatch.setattr(one, "_next_attempt", 0.0)
    # Another process of this machine, after this one has ended, sends it too.
    again = SharedHome(one._address, one.copy)
    assert seen(again) == {"first-2": "ours", "mine": "a"}
    assert seen(again) == seen(two) == {"first": "theirs", "first-2": "ours", "mine": "a"}
    one.pull("runs")
    assert not one.unsent


def test_an_answer_that_was_lost_makes_no_second_copy(replicas, monkeypatch):
    one, two = replicas
    create = one.store.create

    def lost(*what):
        create(*what)
        raise SharedHomeError("The shared home doesn't answer: start it.")

    with monkeypatch.context() as bad:
        bad.setattr(one.store, "create", lost)
        keep(one, "first", "a")
    one._next_attempt = 0.0
    assert seen(one) == seen(two) == {"first": "a"}


def test_a_home_that_lost_everything_takes_nothing_with_it(tmp_path):
    home = SharedHome(f"file://{tmp_path}/store", tmp_path / "one")
    keep(home, "first", "a")
    home.pull("runs")
    (tmp_path / "store").rename(tmp_path / "elsewhere")
    with pytest.raises(SharedHomeError, match="has lost its runs"):
        home.pull("runs")
    assert (home.copy / "runs" / "first").exists()


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out", "a\\b", "", "./a"])
def test_an_archive_can_write_nowhere_else(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(name) if name else zipfile.ZipInfo("a//b"), b"x")
    with pytest.raises(SharedHomeError, match="refused"):
        entry_archive.unpack(tmp_path / "bad.zip", tmp_path / "made")
    assert not (tmp_path / "out").exists()


def test_an_archive_that_unpacks_to_more_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(10**6))
    with pytest.raises(SharedHomeError, match="compressed"):
        entry_archive.unpack(tmp_path / "bad.zip", tmp_path / "made")
    (tmp_path / "cut.zip").write_bytes((tmp_path / "bad.zip").read_bytes()[:-30])
    with pytest.raises(SharedHomeError, match="damaged"):
        entry_archive.unpack(tmp_path / "cut.zip", tmp_path / "made")


@needs_s3
@pytest.mark.parametrize(
    "code, status, words",
    [
        ("AccessDenied", 403, "lets nobody in by these credentials, or only to read"),
        ("InvalidAccessKeyId", 403, "lets nobody in by these credentials"),
        ("RequestTimeTooSkewed", 403, "whose clock differs"),
        ("QuotaExceeded", 403, "is full: free some space there"),
        ("XMinioStorageFull", 507, "is full: free some space there"),
        ("NoSuchBucket", 404, "isn't there: create its bucket"),
    ],
)
def test_a_bucket_that_refuses(use, monkeypatch, code, status, words):
    with object_store.refusing(code, status) as port:
        for name, value in object_store.variables(port).items():
            monkeypatch.setenv(name, value)
        home = use(f"s3://{BUCKET}/lab")
        (home / "runs").mkdir(parents=True)
        (home / "runs" / ".made").mkdir()
        files.place(home / "runs" / ".made", home / "runs" / "one")
        said = files.trouble()
    assert words in said
    assert said.endswith("runs/one is kept on this machine only, and sent by itself later.")
    assert (home / "runs" / "one").is_dir()


@needs_s3
def test_where_nobody_listens(use, monkeypatch):
    for name, value in object_store.variables(object_store.free_port()).items():
        monkeypatch.setenv(name, value)
    use(f"s3://{BUCKET}/lab")
    files.refresh("runs")
    assert "doesn't answer: start it, or correct its address" in files.trouble()


@needs_s3
def test_a_silent_store_keeps_no_page_waiting(use, monkeypatch):
    monkeypatch.setattr("emnist_lab.files.keeping._patience", 0.2)
    with object_store.silent() as port:
        for name, value in object_store.variables(port).items():
            monkeypatch.setenv(name, value)
        use(f"s3://{BUCKET}/lab")
        begun = time.monotonic()
        for _ in range(100):
            files.refresh("runs")
        assert time.monotonic() - begun < 10  # one answer is waited for 15 seconds
        assert "doesn't answer" in files.trouble()


@pytest.mark.parametrize(
    "address, words",
    [
        ("nothing://x/y", "name a folder or an address like s3://BUCKET/FOLDER"),
        ("s3://user:secret@bucket/lab", "EMNIST_LAB_HOME_OPTIONS"),
    ],
)
def test_an_address_or_options_that_nobody_understands(use, monkeypatch, address, words):
    monkeypatch.setenv("EMNIST_LAB_HOME_OPTIONS", "" if "nothing" in address else "[")
    use(address)
    files.refresh("runs")
    assert words in files.trouble()
    assert "secret" not in files.trouble()
    assert "\n" not in files.trouble()


def test_the_error_is_caught_where_runs_and_datasets_are():
    assert issubclass(SharedHomeError, RunError)
    assert issubclass(SharedHomeError, DatasetError)


def test_drawings_need_a_database_beside_it(use, monkeypatch):
    monkeypatch.delenv("EMNIST_LAB_DATABASE", raising=False)
    use("memory://lab")
    with pytest.raises(HandwritingError, match="name a PostgreSQL"):
        database.address()


def test_a_folder_needs_nothing_of_it(home):
    script = (
        "import sys, emnist_lab as lab; lab.list_runs(); "
        "print([one for one in ('fsspec', 's3fs', 'emnist_lab.files.shared_home') "
        "if one in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "EMNIST_LAB_HOME": str(home)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "[]"


def test_pages_see_within_two_seconds_what_another_replica_keeps(use, tmp_path):
    address = f"memory://{uuid.uuid4().hex}"
    use(address)
    other = SharedHome(address, tmp_path / "two")
    files.refresh("runs")
    keep(other, "first", "a")

    def listed():
        files.refresh("runs")
        return (files.home() / "runs" / "first").exists()

    assert until(listed)
