"""Tables as people have them: the label anywhere, Excel's dialects, ARFF; and which are refused."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from helpers import make_part

import emnist_lab as lab
from emnist_lab.data import discovery
from emnist_lab.errors import DatasetError


@pytest.fixture(scope="module")
def digits():
    return make_part("digits", 6, seed=9)


def rows(data, place: int = 0, change=str) -> list[list[str]]:
    """A line of texts for each image, its label at `place`."""
    found = []
    for image, label in zip(data.images.reshape(-1, 784), data.labels, strict=True):
        line = [change(pixel) for pixel in image.tolist()]
        line.insert(place % 785, str(label))
        found.append(line)
    return found


def text(lines: list[list[str]], delimiter: str = ",", end: str = "\n") -> bytes:
    return "".join(delimiter.join(line) + end for line in lines).encode()


HEADER = ["label", *[f"pixel{index}" for index in range(784)]]
ARFF = (
    "% handwritten digits\n@RELATION mnist_784\n\n"
    + "".join(f"@ATTRIBUTE pixel{index} real\n" for index in range(1, 785))
    + "@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}\n\n@DATA\n"
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("last.csv", lambda data: text(rows(data, -1))),
        ("semicolons.csv", lambda data: b"\xef\xbb\xbf" + text(rows(data), ";", "\r\n")),
        ("bom.csv", lambda data: b"\xef\xbb\xbf" + text(rows(data))),
        ("told.csv", lambda data: b"sep=;\r\n" + text([HEADER, *rows(data)], ";", "\r\n")),
        ("tabs.tsv", lambda data: text(rows(data), "\t")),
        ("bars.txt", lambda data: text(rows(data), "|")),
        ("savetxt.txt", lambda data: text(rows(data), " ")),
        (
            "pandas.csv",
            lambda data: text(
                [["", *HEADER], *([str(i), *row] for i, row in enumerate(rows(data)))]
            ),
        ),
        ("floats.csv", lambda data: text([HEADER, *rows(data, 0, lambda one: f"{one}.0")])),
        ("bare floats.csv", lambda data: text(rows(data, 0, lambda one: f"{one}.0"))),
        ("shares.csv", lambda data: text(rows(data, 0, lambda one: f"{one / 255:.6f}"))),
        (
            "german.csv",
            lambda data: text(rows(data, 0, lambda one: f"{one / 255:.6f}".replace(".", ",")), ";"),
        ),
        ("mnist_784.arff", lambda data: ARFF.encode() + text(rows(data, -1))),
        ("quoted.arff", lambda data: (ARFF.encode() + text(rows(data, -1))).replace(b",", b", ")),
        ("some.arff.gz", lambda data: gzip.compress(ARFF.encode() + text(rows(data, -1)))),
    ],
)
def test_tables_of_many_dialects_come_back(tmp_path, digits, name, content):
    (tmp_path / name).write_bytes(content(digits))
    ((split, _), (again, _)) = discovery.available(tmp_path)
    assert split == again and split in ("digits", "mnist")
    train, test = (lab.load(split, part, tmp_path) for part in ("train", "test"))
    read = {
        (train.classes[label], image.tobytes())
        for part in (train, test)
        for image, label in zip(part.images, part.labels, strict=True)
    }
    assert read == {
        (digits.classes[label], image.tobytes())
        for image, label in zip(digits.images, digits.labels, strict=True)
    }


def test_a_label_in_the_last_column_is_said(tmp_path, digits):
    blank = digits.images.copy()
    blank[:, 0, 0] = 0
    (tmp_path / "train.csv").write_bytes(text(rows(lab_part(digits, blank), -1)))
    said = " ".join(lab.load("digits", "train", tmp_path).notes)
    assert "taken from the last column: the first is the same on every line" in said


def lab_part(data, images):
    return lab.Part(images, data.labels, data.classes, data.split, data.part, data.origin)


def test_two_tables_of_a_folder_are_parts_of_one_split(tmp_path):
    whole = make_part("balanced", 2, seed=9)
    few = whole.take(np.flatnonzero(whole.labels < 10))
    (tmp_path / "train.csv").write_bytes(text(rows(whole)))
    (tmp_path / "test.csv").write_bytes(text(rows(few)))
    (tmp_path / "sample.csv").write_bytes(text([["0"] * 784] * 3))  # without labels
    assert discovery.available(tmp_path) == [("balanced", "train"), ("balanced", "test")]
    test = lab.load("balanced", "test", tmp_path)
    assert len(test) == 20
    assert "sample.csv beside it can't be read as a part" in " ".join(test.notes)


@pytest.mark.parametrize("numbered", [True, False])
def test_lines_may_be_numbered(tmp_path, digits, numbered):
    lines = rows(digits) if numbered else [line[1:] for line in rows(digits)]
    content = text([[str(number), *line] for number, line in enumerate(lines * 2)])
    (tmp_path / "train.csv").write_bytes(content)
    if numbered:
        assert len(lab.load("digits", "train", tmp_path)) == 120
        return
    with pytest.raises(DatasetError, match="the first one is different on every line"):
        lab.load("digits", "train", tmp_path)


def test_a_corner_that_is_rarely_inked_is_no_label(tmp_path, digits):
    images = digits.images.copy()
    images[:, 0, 0] = 0
    images[3, 0, 0] = 14
    (tmp_path / "train.csv").write_bytes(text(rows(lab_part(digits, images), -1)))
    train = lab.load("digits", "train", tmp_path)
    assert len(train.classes) == 10


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", text([["0"] * 785] * 30), "no column that can be labels"),
        ("a.csv", text([["0"] * 784 + ["255"]] * 30), "no column that can be labels"),
        (
            "a.csv",
            "1,2\n".encode("utf-16"),
            "UTF-16, as Excel's 'Unicode Text' is",
        ),
        ("emnist.arff", b"@relation x\n@attribute a real\n", "no line '@data'"),
        ("emnist.arff", ARFF.encode() + b"{3 12, 784 7}\n", "sparse ARFF file"),
        ("emnist.arff", b"@relation x\n@attribute a real\n@data\n1\n", "declares 1 attributes"),
    ],
)
def test_tables_without_labels_or_of_other_kinds_are_refused(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        for split, part in discovery.available(tmp_path):
            lab.load(split, part, tmp_path)
        raise DatasetError(discovery.why_not(tmp_path))
    said = str(caught.value)
    assert expected in said and said.isprintable() and ": " in said and said.endswith(".")


def test_one_class_is_a_class_where_its_label_is_no_pixel(tmp_path):
    (tmp_path / "emnist-digits-train.csv").write_bytes(text([["7", *["0"] * 784]] * 9))
    assert lab.load("digits", "train", tmp_path).classes == ["7"]


# What isn't read, and why


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"training.pt": b"PK\3\4"}, "training.pt (PyTorch's pickles, which can run code"),
        ({"mnist.pkl.gz": b"\x1f\x8b"}, "mnist.pkl.gz (pickles, which can run code"),
        ({"data_batch_1": b"\x80\x04\x95"}, "data_batch_1 (pickles, which can run code"),
        ({"mnist.h5": b"\x89HDF"}, "mnist.h5 (HDF5"),
        ({"mnist-train.tfrecord-00000-of-00001": b"x"}, "TensorFlow's records"),
        ({"emnist.tar.gz": b"\x1f\x8b"}, "archives: unpack them"),
        ({"sheet.xlsx": b"PK"}, "save them as CSV"),
        ({"train-images-idx3-ubyte": b"\0\0\x08\3"}, "images without their labels"),
        ({"cat/1.png": b"x", "dog/2.png": b"x"}, "such as 1.png (in folders 'cat', 'dog': neither"),
        ({"x.csv": b"a,b\n1,2\n"}, "x.csv (2 columns, expected 784 pixels and a label)"),
        ({"notes.odd": b"dear diary"}, "notes.odd (no images)"),
        ({}, "there is no file in it"),
        (
            {"a.pt": b"", "b.pt": b"", "c.h5": b"", "d.xlsx": b"", "e.md": b"", "f.py": b""},
            "2 .pt files such as a.pt",
        ),
    ],
)
def test_a_refusal_names_what_lies_there_and_why_it_is_not_read(tmp_path, files, expected):
    for name, content in files.items():
        path = Path(tmp_path, name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        lab.load("digits", "train", tmp_path)
    said = str(caught.value)
    assert expected in said and "what is read: IDX files" in said and len(said) < 900
    assert "holds no dataset that is known" in said and said.endswith(".")


def test_arrays_that_are_no_images_are_named_by_their_shapes(tmp_path):
    np.savez(tmp_path / "scores.npz", scores=np.zeros((7, 47)), labels=np.zeros(7, int))
    said = discovery.why_not(tmp_path)
    assert "scores of 7×47, labels of 7, not images" in said
