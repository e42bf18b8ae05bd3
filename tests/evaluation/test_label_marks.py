"""Marks on disk: they come back, sessions don't lose each other's, damage is one sentence."""

import io
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import filelock
import numpy as np
import pandas as pd
import pytest
from helpers import make_part

from emnist_lab import files
from emnist_lab.errors import RunError
from emnist_lab.evaluation import label_marks
from emnist_lab.evaluation.label_marks import Mark

PART, OTHER = "0123456789abcdef" * 2, "fedcba9876543210" * 2


def one(image, given="a", suggested="C", time="2026-01-02T03:04:05+00:00"):
    return Mark(image, given, suggested, time)


def file_of(home, part=PART):
    return home / "marks" / f"{part[:16]}.json"


def test_marks_come_back_by_image(home):
    assert label_marks.read(PART) == [] and not (home / "marks").exists()
    kept = [one(7), one(2, "é", None), one(4699, "'", '"')]
    for mark in kept:
        label_marks.mark(PART, mark)
    assert label_marks.read(PART) == [kept[1], kept[0], kept[2]]
    assert label_marks.read(OTHER) == []
    assert file_of(home).is_file() and not list((home / "marks").glob(".partial-*"))


def test_a_mark_replaces_that_of_its_image_and_is_taken_back(home):
    label_marks.unmark(PART, 3)
    assert not (home / "marks").exists()
    for mark in (one(3), one(4), one(3, suggested=None)):
        label_marks.mark(PART, mark)
    assert label_marks.read(PART) == [one(3, suggested=None), one(4)]
    label_marks.unmark(PART, 99)
    label_marks.unmark(PART, np.int64(3))
    assert label_marks.read(PART) == [one(4)]
    label_marks.unmark(PART, 4)
    label_marks.unmark(PART, 4)
    assert label_marks.read(PART) == []


def test_a_parts_own_fingerprint_and_numpy_indices_do():
    part = make_part("digits", 2, 5, "test")
    chosen = np.flatnonzero(part.labels == 3)
    for image in chosen:
        label_marks.mark(part.fingerprint, Mark(image, "3"))
    assert [mark.image for mark in label_marks.read(part.fingerprint)] == chosen.tolist()


def test_the_time_is_now_in_utc():
    before = datetime.now(UTC).replace(microsecond=0)
    stamp = datetime.fromisoformat(Mark(1, "a").time)
    assert stamp.utcoffset() == timedelta(0) and before <= stamp <= datetime.now(UTC)


@pytest.mark.parametrize(
    "field",
    [
        {"image": -1},
        {"image": True},
        {"image": 1.0},
        {"image": "1"},
        {"image": 2**31},
        {"image": [1]},
        {"image": None},
        {"given": ""},
        {"given": "ab"},
        {"given": " "},
        {"given": "\n"},
        {"given": "\ud800"},
        {"given": None},
        {"suggested": "ab"},
        {"suggested": 3},
        {"suggested": float("nan")},
        {"time": ""},
        {"time": "yesterday"},
        {"time": "2026-01-02T03:04:05"},
        {"time": "2026-01-02T03:04:05+01:00"},
        {"time": 1767323045},
        {"time": None},
    ],
)
def test_every_field_is_checked(home, field):
    values = {"image": 1, "given": "a", "suggested": "C", "time": "2026-01-02T03:04:05+00:00"}
    Mark(**values)
    with pytest.raises(ValueError, match=next(iter(field))):
        Mark(**{**values, **field})
    for changed in ({**values, **field}, {k: v for k, v in values.items() if k not in field}):
        label_marks.mark(PART, one(5))
        content = json.loads(file_of(home).read_text())
        file_of(home).write_text(json.dumps({**content, "marks": [changed]}))
        refused(home)


def refused(home, words="move that file away"):
    """The file is refused in one sentence by every way in, and left as it is."""
    before = file_of(home).read_bytes()
    for way in (
        label_marks.read,
        lambda part: label_marks.mark(part, one(1)),
        lambda p: label_marks.unmark(p, 1),
    ):
        with pytest.raises(RunError, match=words) as caught:
            way(PART)
        text = str(caught.value)
        assert "\n" not in text and text.endswith(".") and ". " not in text and len(text) < 500
    assert file_of(home).read_bytes() == before
    file_of(home).unlink()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2}, "update"),
        ({"version": None}, "update"),
        ({"format": "other"}, "holds no marks"),
        ({"fingerprint": PART[:16] + OTHER[16:]}, "another test subset"),
        ({"fingerprint": None}, "another test subset"),
        ({"marks": None}, "'marks'"),
        ({"marks": {}}, "'marks'"),
        ({"marks": [3]}, "lacks a field"),
        ({"marks": [{}] * 10_001}, "'marks'"),
    ],
)
def test_a_damaged_file_is_one_sentence(home, change, words):
    label_marks.mark(PART, one(5))
    content = json.loads(file_of(home).read_text())
    file_of(home).write_text(json.dumps({**content, **change}))
    refused(home, words)


def test_an_image_marked_twice_is_damage(home):
    label_marks.mark(PART, one(5))
    content = json.loads(file_of(home).read_text())
    file_of(home).write_text(json.dumps({**content, "marks": content["marks"] * 2}))
    refused(home, "twice")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe\xfd", b"[" * 100_000, b"1" * 5000, b" " * (2**22 + 1)]
)
def test_what_is_not_a_marks_file_at_all(home, content):
    (home / "marks").mkdir()
    file_of(home).write_bytes(content)
    refused(home)


@pytest.mark.parametrize(
    "part",
    ["", "../" * 10 + "ab", PART[:31], PART + "0", PART.upper(), "g" * 32, PART + "\n", None],
)
def test_only_a_fingerprint_becomes_a_path(home, part):
    for way in (
        label_marks.read,
        lambda part: label_marks.mark(part, one(1)),
        lambda p: label_marks.unmark(p, 1),
    ):
        with pytest.raises(RunError, match="fingerprint"):
            way(part)
    assert not (home / "marks").exists()


def test_a_part_has_room_for_many_marks_and_no_more(home, monkeypatch):
    wide = [asdict_of(Mark(2**31 - 1 - i, "𝔸", "𝔹")) for i in range(10_000)]
    head = {"format": label_marks.FORMAT, "version": label_marks.VERSION, "fingerprint": PART}
    files.write_json(file_of(home), {**head, "marks": wide})
    assert len(label_marks.read(PART)) == 10_000
    with pytest.raises(RunError, match="take some back"):
        label_marks.mark(PART, one(1))
    assert len(label_marks.read(PART)) == 10_000
    label_marks.unmark(PART, 2**31 - 1)
    label_marks.mark(PART, one(1))
    assert label_marks.read(PART)[0] == one(1)


def asdict_of(mark):
    return {"image": mark.image, "given": mark.given, "suggested": mark.suggested,
            "time": mark.time}  # fmt: skip


def test_threads_do_not_lose_each_others_marks():
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda image: label_marks.mark(PART, one(image)), range(40)))
        assert [mark.image for mark in label_marks.read(PART)] == list(range(40))
        list(pool.map(lambda image: label_marks.unmark(PART, image), range(0, 40, 2)))
    assert [mark.image for mark in label_marks.read(PART)] == list(range(1, 40, 2))


def test_processes_do_not_lose_each_others_marks():
    program = (
        "import sys\n"
        "from emnist_lab.evaluation.label_marks import Mark, mark\n"
        "sys.stdin.readline()\n"
        f"for image in range(int(sys.argv[1]), 60, 2): mark({PART!r}, Mark(image, 'a'))\n"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(first)], stdin=subprocess.PIPE)
        for first in (0, 1)
    ]
    for process in started:
        process.stdin.write(b"go\n")
        process.stdin.flush()
    for process in started:
        process.stdin.close()
        assert process.wait(60) == 0
    assert [mark.image for mark in label_marks.read(PART)] == list(range(60))


def test_a_lock_that_is_never_let_go_is_one_sentence(home, monkeypatch):
    label_marks.mark(PART, one(1))
    monkeypatch.setattr(label_marks, "_PATIENCE", 0.1)
    with filelock.FileLock(home / "marks" / f".{PART[:16]}.lock"):
        with pytest.raises(RunError, match="Another session"):
            label_marks.mark(PART, one(2))
        assert label_marks.read(PART) == [one(1)]
    label_marks.mark(PART, one(2))
    assert label_marks.read(PART) == [one(1), one(2)]


def test_a_write_that_fails_leaves_what_was(home, monkeypatch):
    label_marks.mark(PART, one(1))

    def full(*_):
        raise OSError(28, "No space left on device")

    for name in ("replace", "fsync"):
        with monkeypatch.context() as patched:
            patched.setattr(os, name, full)
            with pytest.raises(RunError, match=r"No space.*EMNIST_LAB_HOME"):
                label_marks.mark(PART, one(2))
        assert label_marks.read(PART) == [one(1)]
        assert not list((home / "marks").glob(".partial-*"))


def test_a_file_in_the_way(home):
    (home / "marks").write_text("")
    with pytest.raises(RunError, match="EMNIST_LAB_HOME"):
        label_marks.mark(PART, one(1))
    with pytest.raises(RunError, match="can't be read"):
        label_marks.read(PART)


def test_what_killed_writers_left_is_swept(home):
    label_marks.mark(PART, one(1))
    old, new = (home / "marks" / f".partial-{name}" for name in ("old", "new"))
    for path in (old, new):
        path.write_text("{")
    os.utime(old, (0, 0))
    label_marks.mark(PART, one(2))
    assert not old.exists() and new.exists()


def test_json_that_can_not_be_written_touches_nothing(tmp_path):
    path = tmp_path / "sub" / "x.json"
    for content in ({"a": float("nan")}, {"a": "\ud800"}):
        with pytest.raises(ValueError):
            files.write_json(path, content)
    assert not path.parent.exists()
    files.write_json(path, {"a": "é"})
    assert json.loads(path.read_text(encoding="utf-8")) == {"a": "é"}


def test_the_table_is_for_a_spreadsheet():
    listed = [one(7, ",", '"'), one(2, "é", None)]
    csv = label_marks.table(listed).to_csv(index=False)
    back = pd.read_csv(io.StringIO(csv), keep_default_na=False)
    assert list(back.columns) == ["image", "given", "suggested", "time"]
    assert back["image"].tolist() == [7, 2] and back["given"].tolist() == [",", "é"]
    assert back["suggested"].tolist() == ['"', ""]
    empty = label_marks.table([])
    assert empty.empty and list(empty.columns) == list(back.columns)
