"""Bringing the official files: every way in which a server, a disk or an archive can fail."""

import hashlib
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from helpers import make_part, write, zipped
from webserver import serving

import emnist_lab as lab
from emnist_lab.data import discovery
from emnist_lab.data.download import archive, http_ranges, nist
from emnist_lab.data.formats import official_files
from emnist_lab.errors import DatasetError

PROMISED = http_ranges.PATIENCE  # seconds, before tests make it shorter
DIGITS = [*official_files.packed_names("digits")]


@pytest.fixture(scope="session")
def whole(folder) -> bytes:
    return zipped(folder)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """No proxy between these two, and less waiting than with a real server."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(http_ranges, "_PAUSE", 0.01)
    monkeypatch.setattr(http_ranges, "PATIENCE", 3.0)


def refused(*arguments, **named) -> str:
    with pytest.raises(DatasetError) as caught:
        nist.fetch(*arguments, **named)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".") and ":" in text
    return text


def left(home: Path) -> set[str]:
    """What has a final name."""
    data = home / "data"
    return {path.name for path in data.iterdir() if path.name[0] != "."} if data.exists() else set()


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_only_the_wanted_split_crosses_the_network(folder, home, compression):
    content = zipped(folder, compression=compression)
    with serving(content) as server:
        placed = nist.fetch(["digits"], server.url)
        assert {path.name for path in placed} == left(home) == set(DIGITS)
        assert server.sent < len(content) / 2
        np.testing.assert_array_equal(
            lab.load("digits", "train").images, lab.load("digits", "train", folder).images
        )
        before = server.sent
        nist.fetch(["digits"], server.url)
        assert server.sent - before < 80_000  # the directory; what is here isn't brought again
    assert not list((home / "data" / ".partial").iterdir())


def test_a_server_that_knows_no_last_bytes(whole, home):
    with serving(whole, suffixes=False) as server:
        nist.fetch(["digits"], server.url)
    assert left(home) == set(DIGITS)


def test_without_ranges_the_archive_comes_once_and_is_kept(whole, home, monkeypatch):
    with serving(whole, ranges=False) as server:
        monkeypatch.setattr(
            archive, "configured", lambda: ([server.url], hashlib.md5(whole).hexdigest())
        )
        nist.fetch(["digits"])
        assert left(home) == {*DIGITS, "gzip.zip"}
        server.requests.clear()
        nist.fetch(["balanced"])
        assert server.requests == ["bytes=0-3"]  # whether it is there, and no more
    assert len(lab.load("balanced", "test")) == 282
    # the archive alone is a dataset, too
    for path in (home / "data").glob("emnist-*"):
        path.unlink()
    assert len(lab.load("digits", "test")) == 80


def test_without_ranges_a_cut_loses_nothing(whole, home):
    with serving(whole, ranges=False, cuts=[4, len(whole) // 3, len(whole) // 2]) as server:
        nist.fetch(["digits"], server.url)
    assert set(DIGITS) < left(home)


def test_a_wrong_md5_is_refused_after_a_second_attempt(whole, home, monkeypatch):
    with serving(whole, ranges=False) as server:
        monkeypatch.setattr(archive, "configured", lambda: ([server.url], "0" * 32))
        assert "damaged twice" in refused(["digits"])
        assert server.sent >= 2 * len(whole)
    assert not left(home)


def spoilt(whole: bytes) -> bytes:
    damaged = bytearray(whole)
    damaged[whole.index(b"emnist-digits-train-images") + 5_000] ^= 0xFF
    return bytes(damaged)


def test_without_ranges_and_md5_every_member_is_checked_before_it_has_a_name(whole, home):
    with serving(spoilt(whole), ranges=False) as server:
        assert "CRC-32" in refused(["digits"], server.url)
        assert not left(home)
        server.content = whole
        nist.fetch(["digits"], server.url)
    assert left(home) == {*DIGITS, "gzip.zip"}


def test_another_archive_of_the_same_length_is_another(folder, tmp_path, home):
    archives = []
    for seed in (5, 6):
        place = tmp_path / str(seed)
        for part in ("train", "test"):
            write(place, make_part("digits", 2, seed, part), zipped=False)
        archives.append(zipped(place, compression=zipfile.ZIP_STORED))
        for path in place.iterdir():
            path.rename(path.with_name(f"{path.name}.gz"))  # as official names go
        archives[-1] = zipped(place, compression=zipfile.ZIP_STORED)
    assert len(archives[0]) == len(archives[1])
    seen = []
    for content in archives:
        with serving(content, ranges=False) as server:
            nist.fetch(["digits"], server.url)
        seen.append(lab.load("digits", "train").images.tobytes())
    assert seen[0] != seen[1]


def test_a_mirror_that_fails_after_its_answer_is_followed_by_the_next(whole, home, monkeypatch):
    with serving(whole) as fails, serving(whole) as good:
        monkeypatch.setattr(archive, "configured", lambda: ([fails.url, good.url], ""))

        def fail(transfer):
            if transfer.title.startswith("Downloading") and fails.status == 200:
                fails.status = 404

        nist.fetch(["digits"], tell=fail)
    assert left(home) == set(DIGITS) and good.sent > 1_000


def test_a_server_that_falls_silent_in_the_middle_is_told_of_and_given_up(whole, home):
    told = []
    with serving(whole, cuts=[10**9, 3_000]) as server:

        def hush(transfer):
            told.append(transfer.title)
            if transfer.done:
                server.silent = 30

        assert "again and again" in refused(["balanced"], server.url, hush)
    assert any("no answer in time, trying again" in title for title in told)


def test_an_empty_member(home):
    names = {f"gzip/{name}": b"" for name in DIGITS}
    with serving(hostile(names)) as server:
        assert "emnist-digits" in refused(["digits"], server.url)
    assert not left(home)


def test_a_source_that_cannot_be_read_is_not_blamed_on_the_target(folder, home, monkeypatch):
    original = open

    def opened(path, *rest, **named):
        if "labels" in str(path) and str(path).startswith(str(folder)):
            raise PermissionError(13, "Permission denied")
        return original(path, *rest, **named)

    monkeypatch.setattr(nist, "open", opened, raising=False)
    text = refused(["digits"], folder)
    assert "labels" in text and "permission to read" in text and "EMNIST_LAB_HOME" not in text


def test_a_failed_download_leaves_the_advice_as_it_was(home):
    refused(["digits"], "http://127.0.0.1:9/gzip.zip")
    with pytest.raises(DatasetError, match="No EMNIST dataset is at hand"):
        lab.load("digits", "test")


def test_a_server_without_ranges_or_length(whole, home):
    with serving(whole, ranges=False, length=False) as server:
        assert "how long" in refused(["digits"], server.url)


@pytest.mark.parametrize("cut", [1, 1_001, 20_000])
def test_a_cut_connection_is_gone_on_with(whole, home, cut):
    with serving(whole, cuts=[10**9, cut, cut, cut + 7]) as server:
        nist.fetch(["digits"], server.url)
    assert left(home) == set(DIGITS)


def test_a_connection_that_never_gets_on_is_given_up_and_the_next_attempt_goes_on(whole, home):
    with serving(whole, cuts=[10**9, 3_000, *[0] * 20]) as server:
        assert "again and again" in refused(["balanced"], server.url)
        assert not left(home)
        (part,) = (home / "data" / ".partial").glob("*.part")
        kept = part.stat().st_size
        assert kept >= 3_000
        unanswered = server.requests[-1]
        server.cuts.clear()
        server.requests.clear()
        nist.fetch(["balanced"], server.url)
        assert unanswered in server.requests  # it begins where the first attempt ended
    assert left(home) == set(official_files.packed_names("balanced"))


def test_a_passing_failure_is_got_over_and_a_lasting_one_named(whole, home):
    with serving(whole) as server:
        told = []

        def fail_in_the_middle(transfer):
            if transfer.done and not told:
                told.append(1)
                server.status, server.failures, server.cuts = 503, 2, [500]

        nist.fetch(["digits"], server.url, fail_in_the_middle)
    assert told and left(home) == set(DIGITS)


@pytest.mark.parametrize(
    ("status", "says"), [(403, "forbidden"), (404, "no such file"), (500, "failure"), (410, "410")]
)
def test_refusals(whole, home, status, says):
    with serving(whole, status=status) as server:
        text = refused(["digits"], server.url)
    assert says in text and str(status) in text and "127.0.0.1" in text
    assert not left(home)


def test_damaged_bytes_are_noticed_and_asked_for_again(whole, home):
    with serving(whole, damage=[10**9, 900]) as server:
        server.damage[0] = 0
        nist.fetch(["digits"], server.url)
    assert left(home) == set(DIGITS)
    assert len(lab.load("digits", "train")) == 80


def test_bytes_that_are_always_damaged_never_get_a_name(whole, home):
    with serving(whole) as server:
        told = []

        def spoil(transfer):
            if transfer.total and not told:
                told.append(1)
                server.damage = [700] * 50

        assert "damaged twice" in refused(["digits"], server.url, spoil)
    assert not left(home)


def test_a_page_instead_of_the_archive(home):
    with serving(b"<html>Please log in</html>" * 100) as server:
        assert "isn't a zip" in refused(["digits"], server.url)


def test_an_archive_that_ends_early(whole, home):
    for ranges in (True, False):
        with serving(whole[: len(whole) // 2], ranges=ranges) as server:
            assert "whole zip" in refused(["digits"], server.url)
    assert not left(home)


def test_an_archive_without_the_split(whole, home):
    with serving(whole) as server:
        assert "emnist-letters-train" in refused(["letters"], server.url)


def test_the_first_mirror_that_answers_counts(whole, home, monkeypatch):
    with serving(whole, status=404) as broken, serving(whole) as good, serving(whole) as spare:
        monkeypatch.setenv("EMNIST_LAB_MIRRORS", f"{broken.url} {good.url}")
        known = archive.configured()
        assert known[0][:2] == [broken.url, good.url] and known[0][-1].startswith("https://")
        monkeypatch.setattr(archive, "configured", lambda: ([broken.url, good.url, spare.url], ""))
        nist.fetch(["digits"])
        assert good.sent > 1_000 and spare.sent < 100
    assert left(home) == set(DIGITS)


def test_nist_is_configured():
    urls, md5 = archive.configured()
    assert urls == ["https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"]
    assert md5 == "58c8d27c78d21e728a6bc7b3cc06412e"


def dead_ports():
    """Addresses that refuse, that never answer, and that can't exist."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        refusing = closed.getsockname()[1]
    return [
        (f"http://127.0.0.1:{refusing}/gzip.zip", "refused"),
        ("http://no-such-server.invalid/gzip.zip", "resolved"),
        ("file:///etc/passwd", "http"),
        ("http:///x.zip", "http"),
    ]


@pytest.mark.parametrize(("url", "says"), dead_ports(), ids=["refuses", "unknown", "file", "none"])
def test_a_dead_network_is_one_sentence(home, url, says):
    assert says in refused(["digits"], url)


def test_a_server_that_says_nothing_is_given_up(whole, home):
    with serving(whole, silent=30) as server:
        begun = time.monotonic()
        assert "no answer in time" in refused(["digits"], server.url)
        # Long before the server speaks, however busy the machine: PATIENCE is 3 s here, and 8 s
        # in truth, below the 10 s that are promised.
        assert time.monotonic() - begun < 20 and PROMISED < 10


def test_a_name_server_that_says_nothing_is_given_up(home, monkeypatch):
    asked = threading.Event()

    def hang(*_, **__):
        asked.set()
        time.sleep(30)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    assert "no answer in time" in refused(["digits"], "http://somewhere.example/gzip.zip")
    assert asked.is_set()


def test_the_promised_patience_is_below_ten_seconds():
    assert PROMISED <= 8


def test_progress_tells_size_speed_and_remaining_time(whole, home):
    told = []
    with serving(whole, pause=0.02) as server:
        nist.fetch(["balanced"], server.url, told.append)
    loading = [one for one in told if one.total]
    assert len({one.total for one in loading}) == 1
    assert [one.done for one in loading] == sorted(one.done for one in loading)
    assert loading[-1].done == loading[-1].total
    middle = [one for one in loading if 0 < one.done < one.total and one.speed]
    assert middle and all(one.remaining > 0 for one in middle)
    titles = list(dict.fromkeys(one.title for one in told))
    assert titles[0].startswith("Asking") and titles[-1] == "Checking balanced"


class Stop(Exception):
    pass


def test_what_progress_raises_stops_it_and_the_rest_comes_later(whole, home):
    def stop(transfer):
        if transfer.done > 5_000:
            raise Stop

    with serving(whole, pause=0.01) as server:
        with pytest.raises(Stop):
            nist.fetch(["balanced"], server.url, stop)
        assert not left(home)
        nist.fetch(["balanced"], server.url)
    assert left(home) == set(official_files.packed_names("balanced"))


def test_two_processes_at_once_and_one_killed(whole, home):
    with serving(whole, pause=0.05) as server:
        command = [sys.executable, "-m", "emnist_lab", "fetch", "balanced", "--from", server.url]
        environment = {**os.environ, "EMNIST_LAB_HOME": str(home)}
        first, second, third = (
            subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
            for _ in range(3)
        )
        partial = home / "data" / ".partial"
        limit = time.monotonic() + 60
        while not list(partial.glob("*.part")) if partial.exists() else True:
            assert time.monotonic() < limit
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
        said = [one.communicate(timeout=100)[1] for one in (first, second, third)]
    assert [second.returncode, third.returncode] == [0, 0], said
    assert left(home) == set(official_files.packed_names("balanced"))
    assert len(lab.load("balanced", "train")) == 1_880


def hostile(names: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for name, data in names.items():
            made.writestr(name, data)
    return content.getvalue()


def test_hostile_member_names_lead_nowhere(folder, home, tmp_path):
    files = {f"gzip/{path.name}": path.read_bytes() for path in folder.glob("emnist-digits-*")}
    evil = {
        "../../evil.txt": b"x",
        "/etc/evil.txt": b"x",
        "gzip/../../../evil.sh": b"x",
        "C:\\evil.txt": b"x",
        "gzip/emnist-digits-train-images-idx3-ubyte.gz/../../evil": b"x",
    }
    content = hostile({**evil, **files})
    path = tmp_path / "odd.zip"
    path.write_bytes(content)
    with serving(content) as server:
        nist.fetch(["digits"], server.url)
    assert left(home) == set(DIGITS)
    nist.fetch(["digits"], path)
    everything = {one.name for one in home.rglob("*")} | {one.name for one in tmp_path.rglob("*")}
    assert not any("evil" in name for name in everything)


def test_a_member_that_claims_to_be_huge_or_encrypted(whole, folder, home, tmp_path):
    name = "emnist-digits-test-labels-idx1-ubyte.gz"
    directory = official_files.members(zipfile.ZipFile(io.BytesIO(whole)).infolist())
    directory[name].file_size = 2**40
    with pytest.raises(DatasetError, match="far too large"):
        archive.of_split(directory, "digits", "x.zip")
    directory[name].file_size, directory[name].flag_bits = 10, 1
    with pytest.raises(DatasetError, match="encrypted"):
        archive.of_split(directory, "digits", "x.zip")


def test_unpacking_stops_at_the_promised_size(tmp_path):
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = tmp_path / "packed"
    packed.write_bytes(bomb.compress(bytes(50_000_000)) + bomb.flush())
    info = zipfile.ZipInfo("x")
    info.compress_type, info.file_size, info.CRC = zipfile.ZIP_DEFLATED, 1_000, 0
    seen = []
    original = zlib.crc32
    try:
        archive.zlib.crc32 = lambda data, crc=0: seen.append(len(data)) or original(data, crc)
        assert not archive.unpack(packed, info, tmp_path / "out")
    finally:
        archive.zlib.crc32 = original
    assert sum(seen) < 3 * 2**20 and not (tmp_path / "out").exists()


def test_a_local_zip_brings_its_splits(whole, home, tmp_path):
    path = tmp_path / "download.zip"
    path.write_bytes(whole)
    nist.fetch(None, path)
    assert left(home) == {*DIGITS, *official_files.packed_names("balanced")}


def test_local_files_that_are_no_archive(whole, home, tmp_path):
    path = tmp_path / "gzip.zip"
    path.write_bytes(b"not a zip at all")
    assert "whole zip" in refused(["digits"], path)
    path.write_bytes(whole[:-300])
    assert "whole zip" in refused(["digits"], path)
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    path.write_bytes(damaged)
    assert "damaged" in refused(None, path)
    assert "There is no folder" in refused(None, tmp_path / "nothing.zip")
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("holiday.jpg", b"x")
    assert "no official EMNIST files" in refused(None, path)


def test_official_names_with_other_content_are_refused_though_their_checksum_is_right(home):
    names = {f"gzip/{name}": b"whatever" for name in DIGITS}
    with serving(hostile(names)) as server:
        assert "emnist-digits" in refused(["digits"], server.url)
    assert not left(home) and not list((home / "data" / ".partial").glob("emnist*"))


def test_no_room_is_said_before_anything_is_downloaded(whole, home, monkeypatch):
    class Full:
        free = 1_000

    with serving(whole) as server:
        monkeypatch.setattr(nist.shutil, "disk_usage", lambda path: Full)
        assert "MB are free" in refused(["digits"], server.url)
        assert server.sent < 80_000
    assert not left(home)


def test_a_disk_that_fills_up_on_the_way(whole, home, monkeypatch):
    original = open

    class Filling(io.FileIO):
        def write(self, data):
            raise OSError(28, "No space left on device")

    def opened(path, mode="r", *rest, **named):
        full = str(path).endswith(".part") and mode == "ab"
        return Filling(path, mode) if full else original(path, mode, *rest, **named)

    with serving(whole) as server:
        monkeypatch.setattr(http_ranges, "open", opened, raising=False)
        text = refused(["digits"], server.url)
    assert "No space left" in text and "EMNIST_LAB_HOME" in text
    assert not left(home)


def test_a_home_that_cannot_be_written(whole, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("EMNIST_LAB_HOME", str(tmp_path / "file"))
    with serving(whole) as server:
        assert "EMNIST_LAB_HOME" in refused(["digits"], server.url)


def test_wrong_names_and_no_names(home):
    assert "choose one of" in refused(["fashion"])
    assert "No split is named" in refused()


def test_a_folder_of_official_files(folder, home):
    placed = nist.fetch(["digits"], folder)
    assert {path.parent for path in placed} == {home / "data"}
    assert left(home) == set(DIGITS)
    assert discovery.available() == [("digits", "train"), ("digits", "test")]


def test_a_folder_again_replaces_what_was_there(tmp_path, home):
    write(tmp_path / "plain", make_part("digits", 1, seed=5), zipped=False)
    write(tmp_path / "zipped", make_part("digits", 2, seed=6))
    for name, count in (("plain", 10), ("zipped", 20), ("plain", 10)):
        nist.fetch(None, tmp_path / name)
        assert len(lab.load("digits", "train")) == count


def test_a_folder_with_a_damaged_file(folder, tmp_path, home):
    import shutil

    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    path = copy / "emnist-balanced-test-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-100])
    assert "damaged" in refused(["balanced"], copy)
    assert not left(home)


def test_an_empty_folder(tmp_path, home):
    assert "no complete EMNIST part" in refused(None, tmp_path)
    assert "there is no file in it" in refused(["balanced"], tmp_path)
