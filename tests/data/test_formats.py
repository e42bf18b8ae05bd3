"""Other people's formats come back as they were written; what is wrong ends in one sentence."""

import contextlib
import gzip
import io
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from helpers import CLASSES, make_part
from PIL import Image
from pyarrow import parquet as pq
from scipy.io import savemat

from emnist_lab.data import splits
from emnist_lab.data.formats import (
    bounded_process,
    csv_table,
    image_folder,
    label_mapping,
    matlab,
    parquet,
    picture_decoding,
)
from emnist_lab.data.formats.base import allocate_in_memory
from emnist_lab.errors import DatasetError


def listing(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def found(module, folder: Path) -> list:
    rest = (folder,) if module is image_folder else ()
    return module.find(listing(folder), *rest)


def only(module, folder: Path):
    (source,) = found(module, folder)
    return source


def refused(source) -> str:
    """The one sentence with which reading is refused."""
    with pytest.raises(DatasetError) as caught:
        source.read(allocate_in_memory)
    text = str(caught.value)
    assert text.isprintable() and text.endswith(".") and ": " in text, text
    return text


def same(decoded, data, images=None) -> None:
    """Images, and the characters that labels stand for, are those of `data`."""
    np.testing.assert_array_equal(decoded.images, data.images if images is None else images)
    assert decoded.images.dtype == np.uint8 and decoded.labels.dtype == np.int64
    read = [decoded.classes[int(label)] for label in decoded.labels]
    assert read == [data.classes[label] for label in data.labels]


def said(decoded) -> str:
    assert all(note.endswith(".") and note.isprintable() for note in decoded.notes)
    return " ".join(decoded.notes)


def png(image: np.ndarray, kind: str = "PNG", mode: str = "L") -> bytes:
    out = io.BytesIO()
    Image.fromarray(image).convert(mode).save(out, kind)
    return out.getvalue()


@pytest.fixture(scope="module")
def letters():
    return make_part("letters", 2, seed=7)


@pytest.fixture(scope="module")
def digits():
    return make_part("digits", 2, seed=8, part="test")


@pytest.fixture(scope="module")
def balanced():
    return make_part("balanced", 2, seed=9)


def damaged(content: bytes, seed: int, times: int) -> list[bytes]:
    """Copies cut short at many places, and with bytes changed."""
    random = np.random.default_rng(seed)
    cuts = {0, 1, 2, 7, 100, 127, 128, 129, len(content) - 1}
    copies = [content[: int(cut)] for cut in sorted(cuts)]
    for _ in range(times):
        copies.append(content[: random.integers(len(content))])
        flipped = np.frombuffer(content, np.uint8).copy()
        # near both ends, where headers are, as often as anywhere
        reach = int(random.choice([300, len(content)]))
        places = random.integers(0, min(reach, len(content)), random.integers(1, 6))
        places = places if random.random() < 0.5 else len(content) - 1 - places
        flipped[places] = random.integers(0, 256, len(places))
        copies.append(flipped.tobytes())
    return copies


@pytest.fixture
def in_this_process(monkeypatch):
    """Readers run here: what is damaged in hundreds of ways would start hundreds of processes."""

    @contextlib.contextmanager
    def items(generator, *arguments, name, memory=None):
        yield generator(*json.loads(json.dumps(arguments, default=str)))

    monkeypatch.setattr(bounded_process, "items", items)


def survives(module, path: Path, content: bytes, seed: int, times: int = 60) -> int:
    """Damage of any kind is either unseen or refused in a sentence; how often it was refused."""
    count = 0
    for copy in damaged(content, seed, times):
        path.unlink(missing_ok=True)  # what was seen in a file is remembered by size and time
        path.write_bytes(copy)
        for source in found(module, path.parent):
            try:
                decoded = source.read(allocate_in_memory)
            except DatasetError as error:
                assert str(error).isprintable() and ": " in str(error), error
                count += 1
            else:
                assert decoded.images.shape == (len(decoded.labels), 28, 28)
                assert set(decoded.labels.tolist()) <= decoded.classes.keys()
    return count


# Tables


def rows(data, first: int = 0, images=None) -> list[list]:
    images = data.images if images is None else images
    labels = (data.labels + first).tolist()
    return [[label, *image.ravel().tolist()] for label, image in zip(labels, images, strict=True)]


def text(lines: list[list], delimiter: str = ",", end: str = "\n") -> bytes:
    return "".join(delimiter.join(map(str, line)) + end for line in lines).encode()


HEADER = ["label", *[f"pixel{index}" for index in range(784)]]


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: text(lines),
        lambda lines: text(lines, end="\r\n"),
        lambda lines: text(lines, ";"),
        lambda lines: text(lines, "\t"),
        lambda lines: text([HEADER, *lines]),
        lambda lines: b"\xef\xbb\xbf" + text([HEADER, *lines]),
        lambda lines: text([[f'"{name}"' for name in HEADER], *lines]),
        lambda lines: text([list(range(785)), *lines]),
        lambda lines: text([[0, 0.1, *[f"0.{i}" for i in range(2, 785)]], *lines]),
        lambda lines: text([[*HEADER[1:], "label"], *[[*line[1:], line[0]] for line in lines]]),
        lambda lines: text(lines).rstrip(b"\n"),
        lambda lines: text(lines).replace(b"\n", b"\n\n"),
        lambda lines: gzip.compress(text(lines)),
    ],
)
def test_tables_come_back(tmp_path, balanced, change):
    zipped = "gzip" if change([[1, 2]])[:2] == b"\x1f\x8b" else ""
    path = tmp_path / f"emnist-balanced-train.csv{zipped and '.gz'}"
    path.write_bytes(change(rows(balanced)))
    source = only(csv_table, tmp_path)
    assert (source.split, source.part, source.paths) == ("balanced", "train", (path,))
    decoded = source.read(allocate_in_memory)
    same(decoded, balanced)
    assert decoded.classes == splits.mapping("balanced") and decoded.notes == ()


def test_a_table_fills_the_room_it_is_given_and_no_other(tmp_path, digits):
    (tmp_path / "emnist-digits-test.csv").write_bytes(text(rows(digits)))
    room = []
    decoded = only(csv_table, tmp_path).read(
        lambda count: room.append(allocate_in_memory(count)) or room[0]
    )
    assert len(room) == 1 and decoded.images is room[0] and len(room[0]) == len(digits)


@pytest.mark.parametrize("first", [0, 1])
def test_letters_that_count_from_0_or_1_are_told_apart_by_their_values(tmp_path, letters, first):
    (tmp_path / "emnist-letters-train.csv").write_bytes(text(rows(letters, first)))
    decoded = only(csv_table, tmp_path).read(allocate_in_memory)
    same(decoded, letters)
    assert ("from 0" in said(decoded)) == (first == 0)


def test_a_table_without_a_telling_name_is_known_by_its_labels(tmp_path, letters, digits):
    (tmp_path / "A_Z Handwritten Data.csv").write_bytes(text(rows(letters)))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "test.csv").write_bytes(text(rows(digits)))
    az, other = found(csv_table, tmp_path)
    assert (az.split, az.part, other.split, other.part) == ("letters", "", "digits", "test")
    decoded = az.read(allocate_in_memory)
    same(decoded, letters)
    assert "taken for letters" in said(decoded)


def test_labels_may_be_characters(tmp_path, balanced):
    lines = [[balanced.classes[line[0]], *line[1:]] for line in rows(balanced)]
    (tmp_path / "train.csv").write_bytes(text(lines))
    source = only(csv_table, tmp_path)
    assert source.split == "balanced"
    same(source.read(allocate_in_memory), balanced)


def test_dark_ink_is_inverted(tmp_path, digits):
    lines = rows(digits, images=255 - digits.images)
    (tmp_path / "emnist-digits-test.csv").write_bytes(text(lines))
    decoded = only(csv_table, tmp_path).read(allocate_in_memory)
    same(decoded, digits)
    assert "inverted" in said(decoded)


GOOD = [3, *[0] * 784]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty"),
        (b"\n\n\n", "is empty"),
        (text([HEADER]), "holds no images"),
        (text([GOOD[1:]]), "line 1, has 784 columns, expected 785"),
        (text([GOOD, GOOD[1:-1]]), "line 2, has 783 columns"),
        (text([[*GOOD, 1]]), "line 1, has 786 columns"),
        (text([GOOD, GOOD, [*GOOD, 0]]), "line 3, has 786 columns"),
        (text([HEADER, GOOD, [*GOOD[:-1], 256]]), "line 3, holds '256'"),
        (text([GOOD, [*GOOD[:-1], -1]]), "line 2, holds '-1'"),
        (text([GOOD, [*GOOD[:-1], "x"]]), "line 2, holds 'x'"),
        (text([GOOD, [*GOOD[:-1], 0.5]]), "line 2, holds '0.5'"),
        (text([GOOD, [*GOOD[:-1], ""]]), "line 2, holds ''"),
        (text([GOOD, [*GOOD[:-1], "NA"]]), "line 2, holds 'NA'"),
        (text([GOOD, [*GOOD[:-1], "9" * 5000]]), "line 2, holds '999"),
        (text([GOOD, ["", *GOOD[1:]]]), "line 2, has no label"),
        (text([GOOD, [47, *GOOD[1:]]]), "label 47"),
        (text([GOOD, [-1, *GOOD[1:]]]), "label -1"),
        (text([GOOD, ["9" * 30, *GOOD[1:]]]), "holds the class '999"),
        (text([GOOD, ["ä", *GOOD[1:]]]), "holds the class 'ä'"),
        (text([GOOD, ['"3', *GOOD[1:-1], '0"']]), "isn't a plain table"),
        (text([GOOD, ['"3"3', *GOOD[1:]]]), "holds the class '3\"3'"),
        (b"\x00\xff" * 4000, "line 1, isn't text"),
        (b"\xff" * 100_000, "line 1, isn't text"),
        (text([GOOD, HEADER]).decode().encode("utf-16"), "isn't text"),
        (text([GOOD]) + b"7" + b",\xff\xfe\xfd" * 784, "where a pixel should be"),
        (b"<!doctype html>\n<p>Not found", "line 1, has 1 columns"),
        (gzip.compress(text([GOOD] * 50), mtime=0)[:-40], "isn't a whole CSV file"),
        (b"\x1f\x8b" + b"x" * 50, "isn't a whole CSV file"),
    ],
)
def test_a_wrong_table_is_refused_with_the_line(tmp_path, content, expected):
    (tmp_path / "emnist-balanced-train.csv").write_bytes(content)
    source = only(csv_table, tmp_path)
    assert source.split == "balanced"
    assert expected in refused(source)


@pytest.mark.parametrize(
    "content", [b"", b"split,accuracy\nbalanced,0.86\n", b"\0\1\2", text([[1] * 300])]
)
def test_other_tables_are_passed_by(tmp_path, content):
    (tmp_path / "results.csv").write_bytes(content)
    (tmp_path / "digits.csv").mkdir()
    assert found(csv_table, tmp_path) == []


def test_a_table_that_tries_to_be_a_dataset_is_found_so_that_it_can_be_refused(tmp_path):
    (tmp_path / "images.csv").write_bytes(text([GOOD[1:]]))
    (tmp_path / "other.csv").write_bytes(text([[99, *GOOD[1:]]]))
    first, second = found(csv_table, tmp_path)
    assert first.split in ("digits", "") and "784 columns" in refused(first)
    assert second.split == "" and "label 99" in refused(second)


def test_damaged_tables(tmp_path, digits):
    content = text(rows(digits)[:6])
    assert survives(csv_table, tmp_path / "emnist-digits-test.csv", content, 1) > 20
    (tmp_path / "emnist-digits-test.csv").unlink()
    zipped = gzip.compress(content)
    assert survives(csv_table, tmp_path / "emnist-digits-test.csv.gz", zipped, 2) > 80


# Matlab files


def structure(train, test, columns: int = 2, **more) -> dict:
    """As NIST's files are; `train` and `test` are upright, what is written is not."""
    first = 1 if train.split == "letters" else 0
    mapping = np.array([[i + first, ord(name)] for i, name in enumerate(train.classes)], np.uint8)
    if columns == 3:
        small = [ord(name.lower()) for name in train.classes]
        mapping = np.column_stack([mapping, np.array(small, np.uint8)])
    parts = {
        data.part: {
            "images": data.images.reshape(-1, 784),
            "labels": (data.labels + first).astype(np.uint8)[:, None],
            "writers": np.zeros((len(data), 1), np.uint16),
        }
        for data in (train, test)
    }
    return {"dataset": {**parts, "mapping": mapping, **more}}


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("split", ["balanced", "letters", "digits", "byclass"])
def test_matlab_files_come_back(tmp_path, split, compressed):
    train, test = make_part(split, 2, 1), make_part(split, 1, 2, "test")
    path = tmp_path / f"emnist-{split}.mat"
    columns = 3 if split == "letters" else 2
    savemat(path, structure(train, test, columns), do_compression=compressed)
    first, second = found(matlab, tmp_path)
    assert [first.part, second.part] == ["train", "test"]
    assert {first.split, second.split} == {split} and first.paths == second.paths == (path,)
    for source, data in ((first, train), (second, test)):
        decoded = source.read(allocate_in_memory)
        same(decoded, data)
        assert decoded.notes == ()


def test_a_matlab_file_without_a_telling_name_is_known_by_its_mapping(tmp_path, balanced):
    savemat(tmp_path / "matlab.mat", structure(balanced, make_part("balanced", 1, 2, "test")))
    first, second = found(matlab, tmp_path)
    assert first.split == second.split == "balanced"
    assert "taken for balanced" in said(first.read(allocate_in_memory))


def test_a_matlab_file_with_one_image_and_other_types(tmp_path, digits):
    held = structure(make_part("digits", 1, 2), digits)
    held["dataset"]["test"]["images"] = digits.images[:1].reshape(1, 784).astype(float)
    held["dataset"]["test"]["labels"] = np.array([[float(digits.labels[0])]])
    del held["dataset"]["mapping"]
    savemat(tmp_path / "emnist-digits.mat", held)
    decoded = found(matlab, tmp_path)[1].read(allocate_in_memory)
    np.testing.assert_array_equal(decoded.images, digits.images[:1])
    assert decoded.labels.tolist() == digits.labels[:1].tolist()


def changed(**changes):
    def change(held):
        for path, value in changes.items():
            *above, name = path.split("_")
            place = held["dataset"]
            for step in above:
                place = place[step]
            if value is None:
                del place[name]
            else:
                place[name] = value
        return held

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda held: {"X": np.zeros((3, 784)), "y": np.zeros(3)}, "holds X, y, no structure"),
        (lambda held: {}, "holds nothing, no structure"),
        (lambda held: {"dataset": np.zeros(3)}, "no structure 'dataset'"),
        (changed(test=None), "has no test part, but train"),
        (changed(test=np.zeros(3)), "has no test part"),
        (changed(test_images=np.zeros((20, 100), np.uint8)), "shape 20×100"),
        (changed(test_images=np.zeros((784, 20), np.uint8)), "shape 784×20"),
        (changed(test_images=None), "0 images but 20 labels"),
        (changed(test_labels=None), "20 images but 0 labels"),
        (changed(test_labels=np.zeros((19, 1))), "20 images but 19 labels"),
        (changed(test_labels=np.full((20, 1), 0.5)), "aren't whole numbers"),
        (changed(test_labels=np.full((20, 1), np.nan)), "aren't whole numbers"),
        (changed(test_labels=np.full((20, 1), 12)), "label 12"),
        (changed(test_labels=np.array(["a"] * 20)), "aren't whole numbers"),
        (changed(test_images=np.full((20, 784), 0.5)), "pixel 0.5"),
        (changed(test_images=np.full((20, 784), 256)), "pixel 256"),
        (changed(test_images=np.full((20, 784), np.nan)), "pixel nan"),
        (changed(test_images=np.full((20, 784), 1j)), "type complex128"),
        (changed(test_images=np.zeros((0, 784)), test_labels=np.zeros((0, 1))), "holds no images"),
        (changed(mapping=np.array([[1, 48], [2, 48]])), "mapping that isn't"),
        (changed(mapping=np.array([[1, 10]])), "mapping that isn't"),
        (changed(mapping=np.array([[1, 2**40]])), "mapping that isn't"),
        (changed(mapping=np.array([7])), "mapping that isn't"),
        (changed(mapping="digits"), "mapping that isn't"),
        (changed(mapping=None, test_labels=np.full((20, 1), 12)), "label 12"),
    ],
)
def test_a_wrong_matlab_file_is_refused(tmp_path, digits, change, expected):
    held = change(structure(make_part("digits", 1, 2), digits))
    savemat(tmp_path / "emnist-digits.mat", held)
    assert expected in refused(found(matlab, tmp_path)[1])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "isn't a whole Matlab file"),
        (b"not a Matlab file at all", "isn't a whole Matlab file"),
        (b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512) + b"\x89HDF", "'-v7'"),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 600, "'-v7'"),
    ],
)
def test_foreign_matlab_files_are_refused_if_they_claim_to_be_emnist(tmp_path, content, expected):
    (tmp_path / "emnist-digits.mat").write_bytes(content)
    (tmp_path / "results.mat").write_bytes(content)
    train, test = found(matlab, tmp_path)
    assert expected in refused(train) and expected in refused(test)


def test_other_matlab_files_are_passed_by(tmp_path):
    savemat(tmp_path / "results.mat", {"X": np.zeros(3)})
    savemat(tmp_path / "more.mat", {"dataset": {"train": {"labels": np.zeros(3)}}})
    savemat(tmp_path / "cells.mat", {"dataset": np.array(["a", 3], object)})
    assert found(matlab, tmp_path) == []


@pytest.mark.parametrize("compressed", [True, False])
def test_damaged_matlab_files(tmp_path, digits, compressed, in_this_process):
    data = io.BytesIO()
    held = structure(make_part("digits", 1, 2), digits)
    savemat(data, held, do_compression=compressed)
    assert survives(matlab, tmp_path / "emnist-digits.mat", data.getvalue(), 3) > 100


# Parquet files


def hugging(names) -> dict:
    info = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
    return {b"huggingface": json.dumps(info).encode()}


def encoded(data, images=None, **options) -> list[dict]:
    images = data.images if images is None else images
    return [{"bytes": png(image, **options), "path": "x.png"} for image in images]


@pytest.mark.parametrize(
    "images",
    [
        lambda data: encoded(data),
        lambda data: encoded(data, kind="BMP"),
        lambda data: encoded(data, mode="RGB"),
        lambda data: [one["bytes"] for one in encoded(data)],
        lambda data: data.images.reshape(-1, 784).tolist(),
        lambda data: data.images.tolist(),
        lambda data: pa.FixedSizeListArray.from_arrays(pa.array(data.images.ravel()), 784),
        lambda data: pa.array(data.images.reshape(-1, 784).tolist(), pa.list_(pa.uint8())),
    ],
)
def test_parquet_files_come_back(tmp_path, balanced, images):
    made = pa.table({"image": images(balanced), "label": balanced.labels})
    pq.write_table(made, tmp_path / "emnist-balanced-train.parquet", row_group_size=30)
    source = only(parquet, tmp_path)
    assert (source.split, source.part) == ("balanced", "train")
    decoded = source.read(allocate_in_memory)
    same(decoded, balanced)
    assert decoded.classes == splits.mapping("balanced") and decoded.notes == ()


def test_dark_pictures_in_parquet_files_are_inverted(tmp_path, digits):
    made = pa.table({"image": encoded(digits, 255 - digits.images), "label": digits.labels})
    pq.write_table(made, tmp_path / "emnist-digits-test.parquet")
    decoded = only(parquet, tmp_path).read(allocate_in_memory)
    same(decoded, digits)
    assert "inverted" in said(decoded)


@pytest.mark.parametrize("label", ["label", "", "Label", "character"])
def test_columns_of_pixels_come_back(tmp_path, digits, label):
    columns = {f"p{index}": column for index, column in enumerate(digits.images.reshape(-1, 784).T)}
    if label:
        columns[label] = digits.labels  # at the end
    else:
        columns = {"0": digits.labels, **columns}
    pq.write_table(pa.table(columns), tmp_path / "test.parquet")
    source = only(parquet, tmp_path)
    assert (source.split, source.part) == ("digits", "test")
    same(source.read(allocate_in_memory), digits)


@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_class_names_come_from_the_metadata(tmp_path, letters, case):
    names = [case(name) for name in letters.classes]
    made = pa.table({"image": encoded(letters), "label": letters.labels})
    made = made.replace_schema_metadata(hugging(names))
    (tmp_path / "train").mkdir()
    pq.write_table(made, tmp_path / "train" / "0000.parquet")
    source = only(parquet, tmp_path)
    assert (source.split, source.part) == ("letters", "train")
    same(source.read(allocate_in_memory), letters)


@pytest.mark.parametrize("names", [None, ["zero", "one"], [str(i) for i in range(47)], "x", [1, 2]])
def test_names_that_are_no_characters_are_passed_over(tmp_path, balanced, names):
    made = pa.table({"image": encoded(balanced), "label": balanced.labels})
    metadata = hugging(names) if names != "x" else {b"huggingface": b"{["}
    pq.write_table(made.replace_schema_metadata(metadata), tmp_path / "train.parquet")
    source = only(parquet, tmp_path)
    assert source.split == "balanced"
    same(source.read(allocate_in_memory), balanced)


@pytest.mark.parametrize("texts", ["characters", "numbers"])
def test_labels_of_parquet_files_may_be_text(tmp_path, balanced, texts):
    named = [balanced.classes[label] for label in balanced.labels]
    labels = named if texts == "characters" else [str(label) for label in balanced.labels]
    made = pa.table({"image": encoded(balanced), "character": labels})
    pq.write_table(made, tmp_path / "train.parquet")
    source = only(parquet, tmp_path)
    assert source.split == "balanced"
    same(source.read(allocate_in_memory), balanced)


def test_shards_of_a_part_are_read_as_one_in_their_order(tmp_path, balanced, digits):
    whole = pa.table({"image": encoded(balanced), "label": balanced.labels})
    place = tmp_path / "emnist-balanced" / "data"
    place.mkdir(parents=True)
    for index, name in enumerate(
        ("train-00000-of-00002-ab12cd", "train-00001-of-00002-ef34ab", "validation-00000-of-00001")
    ):
        pq.write_table(whole.slice(index * 40, 40 if index < 2 else 99), place / f"{name}.parquet")
    pq.write_table(whole.slice(0, 5), place / "test-00000-of-00001.parquet")
    test, train = sorted(found(parquet, tmp_path), key=lambda source: source.part)
    assert (train.part, train.split, len(train.paths)) == ("train", "balanced", 3)
    assert (test.part, test.split, len(test.paths)) == ("test", "balanced", 1)
    decoded = train.read(allocate_in_memory)
    same(decoded, balanced)
    assert "validation" in said(decoded)
    (place / "train-00001-of-00002-ef34ab.parquet").unlink()
    again = next(source for source in found(parquet, tmp_path) if source.part == "train")
    assert "Shard 2 of 2" in refused(again)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (lambda d: {"image": encoded(d)}, "has no column of labels"),
        (lambda d: {"image": encoded(d), "label": [None, *[1] * 19]}, "row 1, has no label"),
        (lambda d: {"image": encoded(d), "label": [0.5] * 20}, "row 1, has no label"),
        (lambda d: {"image": encoded(d), "label": ["", *["1"] * 19]}, "row 1, has no label"),
        (lambda d: {"image": encoded(d), "label": [10] * 20}, "label 10"),
        (lambda d: {"image": encoded(d), "label": ["A"] * 20}, "the class 'A', which digits"),
        (lambda d: {"image": encoded(d), "label": [None] * 20}, "row 1, has no label"),
        (
            lambda d: {"image": [*encoded(d)[:19], None], "label": d.labels},
            "row 20, holds no image",
        ),
        (
            lambda d: {"image": [{"bytes": None, "path": "x.png"}] * 20, "label": d.labels},
            "row 1, only names a picture",
        ),
        (
            lambda d: {"image": [*encoded(d)[:18], *[{"bytes": b"x"}] * 2], "label": d.labels},
            "row 19, can't be read",
        ),
        (lambda d: {"image": [[0] * 783] * 20, "label": d.labels}, "isn't a list of 784"),
        (lambda d: {"image": [[0] * 784] * 19 + [[0]], "label": d.labels}, "isn't a list of 784"),
        (lambda d: {"image": [[0] * 784] * 19 + [[]], "label": d.labels}, "isn't a list of 784"),
        (lambda d: {"image": [[256] * 784] * 20, "label": d.labels}, "pixel 256"),
        (lambda d: {"image": [[0.5] * 784] * 20, "label": d.labels}, "pixel 0.5"),
        (lambda d: {"image": [["x"] * 784] * 20, "label": d.labels}, "type object"),
        (
            lambda d: {"image": [[0] * 783 + [None]] * 20, "label": d.labels},
            "pixel nan",
        ),
        (lambda d: {"image": ["x.png"] * 20, "label": d.labels}, "has no column of images"),
        (
            lambda d: {**{f"p{i}": [0] * 20 for i in range(783)}, "label": d.labels},
            "783 columns beside its labels (p0, p1",
        ),
        (
            lambda d: {**{f"p{i}": [-1] * 20 for i in range(784)}, "label": d.labels},
            "pixel -1",
        ),
        (
            lambda d: {"image": pa.array([], pa.binary()), "label": pa.array([], pa.int64())},
            "no im",
        ),
    ],
)
def test_a_wrong_parquet_file_is_refused(tmp_path, digits, columns, expected):
    pq.write_table(pa.table(columns(digits)), tmp_path / "emnist-digits-test.parquet")
    assert expected in refused(only(parquet, tmp_path))


def test_a_label_beyond_the_named_classes_is_refused(tmp_path, digits):
    made = pa.table({"image": encoded(digits), "label": digits.labels})
    made = made.replace_schema_metadata(hugging(list("01234567")))
    pq.write_table(made, tmp_path / "emnist-digits-test.parquet")
    assert "names 8 classes" in refused(only(parquet, tmp_path))


def test_other_parquet_files_are_passed_by(tmp_path):
    pq.write_table(pa.table({"text": ["a"], "label": [1]}), tmp_path / "reviews.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    assert found(parquet, tmp_path) == []
    (tmp_path / "emnist-digits.parquet").write_bytes(b"PAR1 and no more")
    assert "isn't a whole Parquet file" in refused(only(parquet, tmp_path))


@pytest.mark.parametrize("kind", ["pictures", "lists", "columns"])
def test_damaged_parquet_files(tmp_path, digits, kind, in_this_process):
    columns = {
        "pictures": {"image": encoded(digits)},
        "lists": {"image": digits.images.reshape(-1, 784).tolist()},
        "columns": {f"p{i}": column for i, column in enumerate(digits.images.reshape(-1, 784).T)},
    }[kind]
    out = io.BytesIO()
    pq.write_table(pa.table({**columns, "label": digits.labels}), out)
    times = 12 if kind == "columns" else 60
    path = tmp_path / "emnist-digits.parquet"
    assert survives(parquet, path, out.getvalue(), 4, times) > times


# Pictures


def lay(place: Path, data, name=lambda character: character, kind="PNG", images=None) -> None:
    images = data.images if images is None else images
    for index, (image, label) in enumerate(zip(images, data.labels, strict=True)):
        folder = place / name(data.classes[label])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{index:05}.{kind.lower()}").write_bytes(png(image, kind))


def by_content(decoded) -> list:
    read = zip(decoded.images, decoded.labels.tolist(), strict=True)
    return sorted((decoded.classes[label], image.tobytes()) for image, label in read)


def content(data) -> list:
    read = zip(data.images, data.labels, strict=True)
    return sorted((data.classes[label], image.tobytes()) for image, label in read)


@pytest.mark.parametrize(
    "name",
    [
        lambda c: f"{c}_lower" if c.islower() else c,
        lambda c: f"upper_{c}" if c.isupper() else f"lower_{c}" if c.islower() else c,
        lambda c: f"{c.lower()}_caps" if c.isupper() else f"{c}_small" if c.islower() else c,
        lambda c: f"{ord(c):02x}",
        lambda c: f"{ord(c):02X}",
        lambda c: c,
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_pictures_in_folders_come_back(tmp_path, balanced, name, kind):
    lay(tmp_path / "train", balanced, name, kind)
    lay(tmp_path / "test", make_part("balanced", 1, 3), name, kind)
    test, train = found(image_folder, tmp_path)
    assert (train.split, train.part) == ("balanced", "train")
    assert (test.split, test.part) == ("balanced", "test") and len(train.paths) == 94
    decoded = train.read(allocate_in_memory)
    assert by_content(decoded) == content(balanced)
    assert decoded.classes == splits.mapping("balanced")
    assert "taken for balanced" in said(decoded)
    assert ("hexadecimal" in said(decoded)) == (name("J").lower() == "4a")
    assert ("their case" in said(decoded)) == (len(name("a")) > 2)


def test_pictures_without_parts_and_in_folders_that_name_the_split(tmp_path, letters, digits):
    lay(tmp_path / "emnist-letters", letters, str.lower)
    lay(tmp_path / "mnist" / "images" / "Testing", digits)
    first, second = sorted(found(image_folder, tmp_path), key=lambda source: source.split)
    assert (first.split, first.part) == ("letters", "")
    assert (second.split, second.part) == ("mnist", "test")
    assert by_content(first.read(allocate_in_memory)) == content(letters)
    assert by_content(second.read(allocate_in_memory)) == content(digits)


def test_pictures_in_the_folder_itself(tmp_path, digits):
    lay(tmp_path / "here", digits)
    (tmp_path / "here" / "readme.png").write_bytes(b"not in a class folder")
    source = only(image_folder, tmp_path / "here")
    assert (source.split, source.part) == ("digits", "")
    assert by_content(source.read(allocate_in_memory)) == content(digits)


def test_folders_named_by_label_values(tmp_path, balanced):
    index = {name: f"{place}" for place, name in enumerate(balanced.classes)}
    lay(tmp_path / "train", balanced, index.get)
    source = only(image_folder, tmp_path)
    assert source.split == "balanced"
    decoded = source.read(allocate_in_memory)
    assert by_content(decoded) == content(balanced) and "label values" in said(decoded)


def test_dark_colourful_and_see_through_pictures(tmp_path, digits):
    lay(tmp_path / "dark", digits, images=255 - digits.images)
    clear = np.zeros((len(digits), 28, 28, 4), np.uint8)  # black ink on nothing
    clear[..., 3] = digits.images
    for index, (image, label) in enumerate(zip(clear, digits.labels, strict=True)):
        place = tmp_path / "clear" / digits.classes[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{index}.png")
    for name in ("dark", "clear"):
        decoded = only(image_folder, tmp_path / name).read(allocate_in_memory)
        assert by_content(decoded) == content(digits) and "inverted" in said(decoded)


def test_jpeg_and_webp_are_read(tmp_path, digits):
    for kind in ("JPEG", "WEBP"):
        lay(tmp_path / kind, digits, kind=kind)
        decoded = only(image_folder, tmp_path / kind).read(allocate_in_memory)
        assert Counter(decoded.labels.tolist()) == Counter(digits.labels.tolist())
        order = np.argsort(digits.labels, kind="stable")
        far = np.abs(decoded.images.astype(int) - digits.images[order]).mean()
        assert far < 25


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("7/bad.png", b"", "7/bad.png can't be read"),
        ("7/bad.png", png(np.zeros((28, 28), np.uint8))[:50], "7/bad.png can't be read"),
        ("7/bad.png", png(np.zeros((28, 28), np.uint8), "GIF"), "7/bad.png can't be read"),
        ("7/bad.png", png(np.zeros((3000, 3000), np.uint8)), "7/bad.png has 3,000×3,000 pixels"),
        ("7/bad.png", png(np.zeros((28, 28), np.uint8), mode="I;16"), "more than 8 bits"),
        ("cat/x.png", png(np.zeros((28, 28), np.uint8)), "folder of pictures 'cat'"),
        ("ä/x.png", png(np.zeros((28, 28), np.uint8)), "folder of pictures 'ä'"),
        ("a\nb/x.png", png(np.zeros((28, 28), np.uint8)), r"folder of pictures 'a\nb'"),
    ],
)
def test_wrong_pictures_are_refused(tmp_path, digits, file, content, expected):
    lay(tmp_path, digits)
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_bytes(content)
    assert expected in refused(only(image_folder, tmp_path))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_huge_picture_is_refused_unpacked(tmp_path, digits):
    """Its header alone promises 100,000 × 100,000 pixels."""
    lay(tmp_path, digits)
    bomb = bytearray(png(np.zeros((28, 28), np.uint8), "BMP"))
    for side in (20_000, 100_000):
        bomb[18:26] = np.array([side, side], "<i4").tobytes()
        (tmp_path / "7" / "bomb.bmp").write_bytes(bomb)
        assert "bomb.bmp" in refused(only(image_folder, tmp_path))


def test_a_class_that_the_named_split_lacks_is_refused(tmp_path, letters):
    lay(tmp_path / "emnist-digits", letters)
    assert "the class 'A', which digits lacks" in refused(only(image_folder, tmp_path))


def test_other_pictures_are_passed_by(tmp_path, digits):
    for name in (
        "docs/a.png",
        "docs/img/b.png",
        "assets/c.png",
        ".cache/0/x.png",
        ".cache/1/x.png",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(digits.images[0]))
    lay(tmp_path / "__MACOSX", digits)
    (tmp_path / "5").mkdir()
    (tmp_path / "5" / "alone.png").write_bytes(png(digits.images[0]))
    (tmp_path / "6").mkdir()
    (tmp_path / "6" / "._x.png").write_bytes(b"")
    (tmp_path / "6" / "notes.txt").write_bytes(b"")
    assert found(image_folder, tmp_path) == []


# Pillow warns of damaged tags before it gives up, in words that change with its version.
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF", "WEBP"])
def test_damaged_pictures(tmp_path, digits, kind):
    lay(tmp_path, digits)
    path = tmp_path / "7" / f"bad.{kind.lower()}"
    assert survives_picture(path, tmp_path, png(digits.images[0], kind)) > 20


def survives_picture(path: Path, folder: Path, content: bytes) -> int:
    count = 0
    for copy in damaged(content, 5, 40):
        path.write_bytes(copy)
        try:
            picture_decoding.decode(copy, path.name)
        except DatasetError as error:
            assert str(error).isprintable() and ": " in str(error), error
            count += 1
    path.write_bytes(content[:30])
    assert path.name in refused(only(image_folder, folder))
    return count


# What labels mean


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (range(10), "digits"),
        (range(1, 27), "letters"),
        (range(26), "letters"),
        (range(27), "balanced"),
        (range(47), "balanced"),
        (range(62), "byclass"),
    ],
)
def test_the_split_is_deduced_from_label_values(values, expected):
    assert label_mapping.split_of_values(dict.fromkeys(values, 5)) == expected


def test_counts_tell_mnist_from_digits_and_bymerge_from_balanced():
    assert label_mapping.split_of_values(dict.fromkeys(range(10), 6000)) == "mnist"
    uneven = {value: 50 if value else 5000 for value in range(47)}
    assert label_mapping.split_of_values(uneven) == "bymerge"
    with pytest.raises(DatasetError, match="label 62"):
        label_mapping.split_of_values({62: 1})


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("train.csv", "emnist-letters", "x"), "letters"),
        (("train.csv", "data", "emnist-byclass"), "byclass"),
        (("train.csv", "mine", "digits"), None),
        (("emnist-bymerge-train.csv", "digits"), "bymerge"),
        (("A_Z.csv", "emnist"), None),
    ],
)
def test_the_nearest_telling_name_counts(names, expected):
    assert label_mapping.named_split(*names) == expected


def test_every_class_of_every_split_has_a_character():
    for split, characters in CLASSES.items():
        first = 1 if split == "letters" else 0
        counts = {value + first: 1 for value in range(len(characters))}
        classes, _ = label_mapping.by_value(split, counts, "x")
        assert "".join(classes[value] for value in sorted(classes)) == characters
