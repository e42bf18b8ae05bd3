"""Files made to fill memory or disk, or to crash their reader: refused in a sentence, cheaply."""

import gzip
import io
import itertools
import os
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from helpers import make_part, write
from PIL import Image
from pyarrow import parquet as pq

import emnist_lab as lab
from emnist_lab.data import discovery, user_datasets
from emnist_lab.data.formats import bounded_process, matlab, table_layout, validation
from emnist_lab.errors import DatasetError

LINE = b"3" + b",0" * 784 + b"\n"


def refused(place: Path) -> str:
    """The one sentence with which a file or folder is refused, opened by its address."""
    with pytest.raises(DatasetError) as caught:
        for (split, part), _ in discovery.find(place).items():
            lab.load(split, part, place)
    text = str(caught.value)
    assert text.isprintable() and text.endswith(".") and ": " in text and len(text) < 600, text
    return text


def not_imported(paths, home, name=None) -> str:
    """The same for an import, of which nothing is left."""
    with pytest.raises(DatasetError) as caught:
        user_datasets.import_dataset(paths, name)
    left = [path for path in home.rglob("*") if path.is_file() or path.name.startswith(".")]
    assert not left
    text = str(caught.value)
    assert text.isprintable() and text.endswith(".") and ": " in text and len(text) < 600, text
    return text


def png(pixels=None) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.zeros((28, 28), np.uint8) if pixels is None else pixels).save(out, "PNG")
    return out.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def png_of(side: int) -> bytes:
    """A few bytes that promise a picture of this side."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(10_000)))


# The process with limits


def test_a_reader_that_crashes_or_never_ends_is_left(monkeypatch):
    with (
        pytest.raises(DatasetError, match=r"x\.mat breaks its reader off \(status -6\)"),
        bounded_process.items(os.abort, name="x.mat") as found,
    ):
        next(found)
    with bounded_process.items(itertools.count, 5, name="x") as found:
        assert list(itertools.islice(found, 3)) == [5, 6, 7]
    monkeypatch.setattr(bounded_process, "SECONDS", 1)
    with (
        pytest.raises(DatasetError, match="x takes longer than"),
        bounded_process.items(itertools.count, name="x") as found,
    ):
        for _ in found:
            pass


# Matlab files


def element(kind: int, content: bytes) -> bytes:
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def array(kind: int, shape: tuple[int, ...], name: bytes = b"") -> bytes:
    """The header of an array, whose content isn't there."""
    flags = element(6, struct.pack("<II", kind, 0))
    sizes = element(5, struct.pack(f"<{len(shape)}i", *shape))
    return struct.pack("<II", 14, 2**31) + flags + sizes + element(1, name)


def fields(*names: bytes) -> bytes:
    return struct.pack("<HHI", 5, 4, 16) + element(
        1, b"".join(one.ljust(16, b"\0") for one in names)
    )


def mat(path: Path, content: bytes, compressed: bool = True) -> Path:
    head = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<HH", 0x0100, 0x4D49)
    packed = zlib.compress(content)
    path.write_bytes(
        head + (struct.pack("<II", 15, len(packed)) + packed if compressed else content)
    )
    return path


def structure(*parts: bytes) -> bytes:
    first = array(2, (1, 1), b"dataset") + fields(b"train") + array(2, (1, 1))
    return first + fields(b"images", b"more") + b"".join(parts)


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("name", ["emnist-digits.mat", "other.mat"])
def test_a_matlab_file_is_refused_by_what_its_header_announces(
    tmp_path, home, monkeypatch, name, compressed
):
    def unpacked(*_, **__):
        raise AssertionError("unpacked")

    monkeypatch.setattr(bounded_process, "items", unpacked)
    images = array(9, (2_000_000, 784)) + struct.pack("<II", 2, 2_000_000 * 784) + bytes(9)
    path = mat(tmp_path / name, structure(images), compressed)
    assert "an array of 2000000×784 values" in refused(path)
    assert "2000000×784" in not_imported([path], home)
    path = mat(path, array(1, (2**30, 1), b"dataset"), compressed)
    assert "an array of 1073741824×1 values" in refused(path)


def test_a_matlab_file_that_hides_its_size_is_read_with_little_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(bounded_process, "MEMORY", 2**29)
    hidden = array(9, (100_000, 1)) + element(2, bytes(100_000))
    hidden += array(9, (900_000, 784)) + struct.pack("<II", 2, 900_000 * 784) + bytes(99)
    path = mat(tmp_path / "emnist-digits.mat", structure(hidden))
    assert "takes more memory than reading one file may" in refused(path)
    path = mat(path, array(2, (1, 1))[:-8] + struct.pack("<II", 1, 2**30) + b"dataset" * 99)
    assert "emnist-digits.mat" in refused(path)
    assert matlab.find([mat(tmp_path / "other.mat", bytes(800))]) == []


# Parquet files


def test_a_parquet_file_of_too_many_rows_is_refused_by_its_footer(tmp_path, home):
    rows = validation.MOST_IMAGES + 1
    images = pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), pa.array([png()]))
    made = pa.table({"image": images, "label": np.zeros(rows, np.int8)})
    pq.write_table(made, tmp_path / "train.parquet", store_schema=False)
    assert "holds 1,000,001 images" in refused(tmp_path)
    assert "holds 1,000,001 images" in not_imported([tmp_path / "train.parquet"], home)


@pytest.mark.parametrize(
    ("images", "labels", "expected"),
    [
        (lambda: pa.array([png_of(30_000)] * 9), [0] * 9, "row 1, has millions of pixels"),
        (lambda: pa.array([png() + bytes(2**20)] * 9), [0] * 9, "row 1, has more than 1 MB"),
        (lambda: pa.array([png()] * 9), ["x" * 100_000] * 9, "a label of 100,000 characters"),
        (lambda: pa.array([png()] * 2000), list(range(2000)), "more than 1,024 different labels"),
        (lambda: pa.array([[[[[0] * 7] * 28] * 4] * 9] * 9), [0] * 9, "isn't a list of 784 pixels"),
    ],
)
def test_what_is_in_a_parquet_file_is_refused(tmp_path, images, labels, expected):
    made = pa.table({"image": images(), "label": labels})
    pq.write_table(made, tmp_path / "emnist-digits-train.parquet")
    assert expected in refused(tmp_path)


def test_one_large_picture_that_all_rows_repeat(tmp_path, monkeypatch):
    monkeypatch.setattr(bounded_process, "MEMORY", 600 * 2**20)
    images = pa.DictionaryArray.from_arrays(
        np.zeros(1500, np.int32), pa.array([png() + bytes(4 * 2**20)])
    )
    made = pa.table({"image": images, "label": np.zeros(1500, np.int8)})
    path = tmp_path / "emnist-digits-train.parquet"
    pq.write_table(
        made, path, compression="zstd", store_schema=False, dictionary_pagesize_limit=2**30
    )
    assert path.stat().st_size < 10_000
    assert "takes more memory than reading one file may" in refused(path)


def test_lists_too_deep_for_their_reader(tmp_path):
    images = pa.array(np.zeros(784, np.uint8))
    for _ in range(200):
        images = pa.ListArray.from_arrays(pa.array([0, len(images)], pa.int32()), images)
    pq.write_table(pa.table({"image": images, "label": [0]}), tmp_path / "emnist-digits.parquet")
    assert "isn't a whole Parquet file" in refused(tmp_path)


# Pictures


def tiff() -> bytes:
    """28×28 pixels in one tile of 43,008×43,008."""
    content = zlib.compress(bytes(100_000))
    content += bytes(len(content) % 2)
    tags = [(256, 28), (257, 28), (258, 8), (259, 8), (262, 1), (277, 1), (322, 43_008)]
    tags += [(323, 43_008), (324, 8), (325, len(content))]
    listed = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    head = b"II*\0" + struct.pack("<I", 8 + len(content)) + content
    return head + struct.pack("<H", len(tags)) + listed + bytes(4)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("7/x.png", png_of(100_000), "7/x.png has millions of pixels"),
        ("7/x.png", png() + bytes(2**21), "7/x.png has more than 1 MB"),
        ("7/x.tif", tiff(), "7/x.tif can't be read as a picture"),
        ("7/x.png", b"GIF89a" + bytes(99), "7/x.png can't be read as a picture"),
        *((f"{n:04}/x.png", png(), f"folder of pictures '{n:04}'") for n in (7, 9999)),
    ],
    ids=lambda one: f"{len(one)} bytes" if isinstance(one, bytes) else None,
)
def test_pictures_that_are_larger_than_they_look(tmp_path, name, content, expected):
    for other in ("6/a.png", "7/a.png"):
        (tmp_path / other).parent.mkdir()
        (tmp_path / other).write_bytes(png())
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content)
    assert expected in refused(tmp_path)


def test_a_moving_picture_counts_by_its_first_frame(tmp_path):
    frames = [Image.new("L", (28, 28), value) for value in range(60)]
    for name in "67":
        (tmp_path / name).mkdir()
        for number in range(6):
            frames[0].save(
                tmp_path / name / f"{number}.png", save_all=True, append_images=frames[1:]
            )
    assert not lab.load("digits", "train", tmp_path).images.any()


def test_links_lead_to_no_other_content(tmp_path):
    for name in "67":
        (tmp_path / "here" / name).mkdir(parents=True)
        (tmp_path / "here" / name / "a.png").write_bytes(png())
    (tmp_path / "secret.txt").write_text("a password")
    place = tmp_path / "here" / "7"
    (place / "circle").symlink_to("..")
    (place / "gone.png").symlink_to("/nowhere")
    (place / "endless.png").symlink_to("/dev/zero")
    assert len(discovery.find(tmp_path / "here")["digits", "train"].paths) == 2
    (place / "b.png").symlink_to(tmp_path / "secret.txt")
    said = refused(tmp_path / "here")
    assert "7/b.png can't be read as a picture" in said and "password" not in said


# Tables


def test_a_line_without_end_is_not_read_to_its_end(tmp_path):
    path = tmp_path / "emnist-digits-train.csv.gz"
    path.write_bytes(gzip.compress(b"0," * 2**25))
    tracemalloc.start()
    try:
        said = refused(path)
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()
    assert "line 1, is longer than a label and 784 pixels can be" in said


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (LINE * 21, "holds 21 images or more, and 20 are read at most"),
        (LINE + b"\n" * 50, "more than 41 lines"),
        (b"".join(b"x%d" % n + LINE[1:] for n in range(20)), "more than 8 different labels"),
    ],
)
@pytest.mark.parametrize("name", ["emnist-digits-train.csv.gz", "data.csv.gz"])
def test_tables_without_end(tmp_path, monkeypatch, name, content, expected):
    for module in (table_layout, validation):
        monkeypatch.setattr(module, "MOST_IMAGES", 20)
    monkeypatch.setattr(table_layout, "_MOST_LINES", 41)
    monkeypatch.setattr(table_layout, "MOST_LABELS", 8)
    (tmp_path / name).write_bytes(gzip.compress(content))
    assert expected in refused(tmp_path / name)


# NIST's files


@pytest.mark.parametrize("inside", [False, True])
def test_files_of_nist_that_promise_too_many_images(tmp_path, home, inside):
    names = ("images-idx3", "labels-idx1")
    for name, head in zip(
        names, (struct.pack(">3I", 2_000_000, 28, 28), b"\0\x1e\x84\x80"), strict=True
    ):
        content = bytes([0, 0, 8, len(head) // 4]) + head + bytes(2_000_000)
        packed = gzip.compress(content)
        (tmp_path / f"emnist-digits-train-{name}-ubyte.gz").write_bytes(packed)
    if not inside:
        assert "2,000,000 labels or more" in refused(tmp_path)
        return
    with zipfile.ZipFile(tmp_path / "gzip.zip", "w") as made:
        for name in names:
            file = f"emnist-digits-train-{name}-ubyte.gz"
            made.write(tmp_path / file, f"gzip/{file}")
    assert "2,000,000 labels or more" in not_imported([tmp_path / "gzip.zip"], home)


DIGITS = b"".join(b"%d %d\n" % (label, 48 + label) for label in range(10))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (DIGITS + b"10 65\n" * 20_000, "larger than any mapping"),
        (b"\n" * 5000, "larger than any mapping"),
        (bytes(10**6), "larger than any mapping"),
        (DIGITS + b"10 1114112", "line 11"),
        (DIGITS + b"10 55296", "line 11"),
        (DIGITS + b"10 7", "line 11"),
        (DIGITS + b"10 8238", "line 11"),  # turns the direction of what follows
        (DIGITS + b"-1 65", "line 11"),
        (DIGITS + b"10 -65", "line 11"),
        (DIGITS + b"3 65", "line 11"),
        (DIGITS + b"10 48", "two labels the same character"),
        (DIGITS + b"9" * 5000 + b" 65", "line 11"),
        (DIGITS + b"10 " + b"9" * 5000, "line 11"),
        (DIGITS + b"1\x000 65", "line 11"),
        (DIGITS + b"1_0 65", "line 11"),
        (DIGITS + b"4294967296 65", "labels outside of 0 to 1023"),
        (DIGITS + "١٠ 65".encode(), "line 11"),
    ],
)
def test_hostile_mappings(tmp_path, content, expected):
    write(tmp_path, make_part("digits", 1, 3))
    (tmp_path / "emnist-digits-mapping.txt").write_bytes(content)
    said = refused(tmp_path)
    assert (expected in said and "emnist-digits-mapping.txt" in said) or "labels outside" in said


# Zips


def test_a_zip_whose_list_of_members_would_fill_the_memory(tmp_path, home):
    one = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 3, 20, *[0] * 4, 33, *[0] * 3, 1, *[0] * 6)
    count = 2_200_000
    listed = (one + b"a") * count
    end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(listed), 0)
    end += struct.pack("<4sLQL", b"PK\6\7", 0, len(listed), 1)
    end += struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2**16 - 1, 2**16 - 1, 2**32 - 1, 2**32 - 1, 0)
    path = tmp_path / "many.zip"
    path.write_bytes(listed + end)
    tracemalloc.start()
    try:
        assert "holds too many files" in not_imported([path], home)
        assert "isn't NIST's archive" in refused(path)
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("7/passwd.png")
    info.external_attr = 0o120777 << 16
    return info


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["d/" * 1500 + "x.png"], "1,500 folders within each other"),
        ([f"{number}/x.png" for number in range(20_001)], "folders, and EMNIST has 62 classes"),
        (["6/" + "x" * 300 + ".png"], "a name of 304 bytes"),
        (["6/" + "😀" * 70 + ".png"], "a name of 284 bytes"),
        ([link()], "holds a link ('7/passwd.png')"),
        (["../x.png"], "outside of it"),
    ],
)
def test_zips_that_no_disk_should_unpack(tmp_path, home, names, expected):
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name in ("6/a.png", "7/a.png", *names):
            made.writestr(name, b"")
    assert expected in not_imported([path], home)


def test_what_all_parts_hold_together_is_limited_and_no_cache_is_left(tmp_path, home, monkeypatch):
    for part in ("train", "test"):
        (tmp_path / f"emnist-digits-{part}.csv").write_bytes(LINE * 30)
    files = sorted(tmp_path.iterdir())
    monkeypatch.setattr(user_datasets, "_MOST_IMAGES", 50)
    assert "more than 50 images in all its parts" in not_imported(files, home)
    files[1].write_bytes(LINE * 30 + b"1\n")  # one part is read and cached before the other is
    assert "line 31" in not_imported(files, home)
