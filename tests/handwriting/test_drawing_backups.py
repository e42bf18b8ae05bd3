"""Backups of kept drawings: made daily, told apart from what is lost, put back."""

import logging
import os
import sqlite3
import threading
import time

import pytest
from helpers import SEVEN, VERSION_0_1, answer, call

from emnist_lab.errors import HandwritingError
from emnist_lab.handwriting.drawing_store import Drawing, Store, backups, database, open_store

ME = "1" * 32


def several(count: int, first: int = 0) -> list[Drawing]:
    return [
        Drawing.from_strokes("7", [[(x + shift, y) for x, y in stroke] for stroke in SEVEN], 20)
        for shift in range(first, first + count)
    ]


def names(kept: Store) -> list[str]:
    return sorted(path.name for path in kept.backups.folder.iterdir())


def drawn(path) -> int:
    """How many drawings a database holds, by SQLite's own word."""
    with sqlite3.connect(path) as connection:
        found = connection.execute(f"SELECT count(*) FROM {backups.DRAWINGS}").fetchone()[0]
    connection.close()
    return found


def refusal(use) -> str:
    with pytest.raises(HandwritingError) as refused:
        use()
    text = str(refused.value)
    assert "\n" not in text and ": " in text and text.endswith(".")
    return text


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A busy machine is no database that doesn't answer."""
    monkeypatch.setattr(database, "PATIENCE", 30)


@pytest.fixture
def day(monkeypatch):
    """Days pass when a test says so; and a backup is due as soon as something has changed."""
    now = ["2026-01-01"]
    monkeypatch.setattr(backups, "today", lambda: now[0])
    monkeypatch.setattr(backups, "_SECONDS", -1e9)
    return lambda number: now.__setitem__(0, f"2026-01-{number:02}")


@pytest.fixture
def kept(home, day):
    made = open_store()
    made.keep(ME, several(3))
    other = sqlite3.connect(made.backups.file)
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # all of it is in the file, as after a while
    other.close()
    yield made
    made.close()


def empty(path):
    path.write_bytes(b"")


def garbage(path):
    path.write_bytes(bytes(range(256)) * 40)


def delete(path):
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def without_tables(path):
    delete(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


LOSSES = [
    (empty, "is empty"),
    (delete, "is gone"),
    (without_tables, "is empty"),
    (garbage, "damaged or no database"),
]


def test_what_is_kept_has_a_backup_at_once(kept):
    assert names(kept) == ["handwriting-2026-01-01.db"]  # one plain file, nothing beside it
    (backup,) = kept.backups.found()
    assert drawn(backup) == 3 and kept.backups.newest() == (backup, 3)


def test_three_days_are_kept(kept, day):
    for number in range(2, 6):
        day(number)
        assert len(kept.drawings()) == 3  # to look is enough
    kept.keep(ME, several(2, 10))
    assert names(kept) == [f"handwriting-2026-01-0{number}.db" for number in (3, 4, 5)]
    assert [drawn(path) for path in kept.backups.found()] == [5, 3, 3]


def test_a_new_home_is_no_fault(home, day):
    new = open_store()
    assert new.drawings() == [] and new.counts() == {} and new.delete() == 0
    assert not (home / "handwriting").exists()


def test_who_deletes_all_drawings_has_none_and_that_is_no_fault(kept, day):
    day(2)
    assert kept.delete() == 3
    assert kept.drawings() == [] and kept.counts() == {}
    assert names(kept) == ["handwriting-2026-01-01.db"]  # an empty one takes no backup's place
    assert kept.keep(ME, several(1, 9)) == 1


@pytest.mark.parametrize(("lose", "says"), LOSSES)
@pytest.mark.parametrize("running", [True, False], ids=["running", "started anew"])
def test_what_is_lost_is_said_and_put_back(kept, home, capfd, lose, says, running, day):
    path = home / "handwriting" / "handwriting.db"
    day(2)
    server = kept
    if not running:
        kept.close()
        server = open_store()
    lose(path)
    before = path.read_bytes() if path.exists() else None
    for use in (
        server.drawings,
        server.counts,
        server.stamp,
        server.delete,
        lambda: server.keep(ME, several(1, 9)),
        lambda: server.correct(1, "a"),
    ):
        text = refusal(use)
        assert says in text and "handwriting restore" in text and str(path) in text
    assert names(kept) == ["handwriting-2026-01-01.db"] and drawn(kept.backups.found()[0]) == 3
    assert "handwriting restore" in call(capfd, "handwriting", "list", status=2)[1]

    told = answer(capfd, "handwriting", "restore")
    assert told["drawings"] == 3 and told["backup"].endswith("handwriting-2026-01-01.db")
    assert len(server.drawings()) == 3 and server.keep(ME, several(1, 9)) == 1  # also one that runs
    assert drawn(path) == 4 and len(answer(capfd, "handwriting", "list")["drawings"]) == 4
    if before is None:
        assert told["replaced"] is None
    else:
        with open(told["replaced"], "rb") as replaced:
            assert replaced.read() == before
    server.close()


def test_a_file_without_a_byte_is_said_where_there_is_no_backup_too(home, day):
    path = home / "handwriting" / "handwriting.db"
    path.parent.mkdir(parents=True)
    path.touch()
    one = open_store()
    assert one.drawings() == [] and path.stat().st_size == 0  # another may be making it just now
    os.utime(path, (time.time() - 60,) * 2)
    assert "is empty: put a copy of it back, or delete that file" in refusal(one.drawings)
    assert "is empty" in refusal(lambda: one.keep(ME, several(1)))
    path.unlink()
    assert one.keep(ME, several(1)) == 1
    one.close()


def test_who_moves_the_backups_away_begins_anew(kept, home):
    delete(home / "handwriting" / "handwriting.db")
    assert str(kept.backups.folder) in refusal(kept.drawings)
    kept.backups.folder.rename(home / "old")
    assert kept.drawings() == [] and kept.keep(ME, several(1)) == 1
    assert drawn(home / "handwriting" / "handwriting.db") == 1


def test_what_a_restore_replaces_is_kept_whole(kept, home, capfd, day):
    day(2)
    kept.keep(ME, several(4, 20))  # some of it in SQLite's log still: the connection is open
    told = answer(capfd, "handwriting", "restore", "handwriting-2026-01-01.db")
    assert told["drawings"] == 3 and len(kept.drawings()) == 3
    assert drawn(told["replaced"]) == 7
    told = answer(capfd, "handwriting", "restore", told["replaced"])  # and back again
    assert told["drawings"] == 7 and len(kept.drawings()) == 7
    out, _ = call(capfd, "handwriting", "restore")
    assert out == "" and len(kept.drawings()) == 7


def test_what_can_not_be_restored(kept, home, tmp_path, capfd, monkeypatch):
    path = home / "handwriting" / "handwriting.db"
    (tmp_path / "text.db").write_text("no database" * 999)
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE x (a)").connection.close()
    half = kept.backups.found()[0].read_bytes()
    (tmp_path / "half.db").write_bytes(half[: len(half) // 2])
    before = sorted(path.parent.iterdir())
    for name, says in (
        ("text.db", "can't be put back"),
        ("other.db", "no such table"),
        ("half.db", "can't be put back"),
        ("nothing.db", "handwriting-2026-01-01.db"),
    ):
        out, said = call(capfd, "handwriting", "restore", tmp_path / name, status=2)
        assert says in said and said.count("\n") == 1 and out == ""
    assert sorted(path.parent.iterdir()) == before and drawn(path) == 3
    for each in kept.backups.found():
        each.unlink()
    assert "no backup" in call(capfd, "handwriting", "restore", status=2)[1]
    monkeypatch.setenv(database.ENVIRONMENT, "postgresql+psycopg://127.0.0.1:1/x")
    assert "its operator does" in call(capfd, "handwriting", "restore", status=2)[1]


def test_a_damaged_database_takes_no_backups_place(kept, home, day):
    path = home / "handwriting" / "handwriting.db"
    kept.keep(ME, several(300, 100))
    kept.close()  # all of it is in the file now
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = b"?" * (len(content) - len(content) // 2)
    path.write_bytes(content)
    day(2)
    kept.backups.keep()
    assert names(kept) == ["handwriting-2026-01-01.db"] and drawn(kept.backups.found()[0]) == 303


@pytest.mark.parametrize("trouble", ["a file is in the way", "full"])
def test_where_no_backup_can_be_made_drawings_are_kept_all_the_same(
    home, day, monkeypatch, caplog, trouble
):
    one = open_store()
    if trouble == "full":

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(backups.os, "replace", full)
    else:
        (home / "handwriting").mkdir(parents=True)
        (home / "handwriting" / "backups").write_text("mine")
    with caplog.at_level(logging.WARNING):
        assert one.keep(ME, several(2)) == 2 and len(one.drawings()) == 2
        assert one.keep(ME, several(1, 9)) == 1
    assert [record.message.count("no backup could be made") for record in caplog.records] == [1]
    assert not list((home / "handwriting").glob("**/.partial-*"))
    one.close()


def test_it_is_not_made_anew_all_the_time(home, monkeypatch):
    one = open_store()
    one.keep(ME, several(1))
    one.keep(ME, several(1, 5))
    (backup,) = one.backups.found()
    assert drawn(backup) == 1 and not one.backups.due()
    long_ago = time.time() - 3600
    os.utime(backup, (long_ago, long_ago))
    assert one.backups.due() and one.counts() == {"7": 2}
    assert drawn(backup) == 2
    one.close()


def test_several_processes_may_make_one_at_the_same_time(kept):
    """Threads of stores that know nothing of each other do as processes do."""
    others = [open_store() for _ in range(4)]
    threads = [threading.Thread(target=one.backups.keep) for one in others]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert names(kept) == ["handwriting-2026-01-01.db"] and drawn(kept.backups.found()[0]) == 3


def test_drawings_of_version_0_1_get_a_backup_when_they_are_looked_at(old_home, day):
    one = open_store()
    count = len(one.drawings())
    (backup,) = one.backups.found()
    assert count == drawn(backup) > 0
    delete(one.backups.file)
    one.backups.restore()
    assert len(one.drawings()) == count == drawn(VERSION_0_1 / "home/handwriting/handwriting.db")
    one.close()
