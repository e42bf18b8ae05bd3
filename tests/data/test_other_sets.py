"""Sets as other libraries keep them: NumPy's arrays, MNIST's own names, Arrow; and other sets."""

import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from helpers import as_idx, make_part

import emnist_lab as lab
from emnist_lab.data import discovery, splits
from emnist_lab.data.formats import numpy_pixels
from emnist_lab.errors import DatasetError

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@pytest.fixture(scope="module")
def train():
    return make_part("digits", 12, seed=9)


@pytest.fixture(scope="module")
def test():
    return make_part("digits", 4, seed=10, part="test")


def refused(place) -> str:
    with pytest.raises(DatasetError) as caught:
        for split, part in discovery.available(place):
            lab.load(split, part, place)
        raise DatasetError(discovery.why_not(place))
    text = str(caught.value)
    assert text.isprintable() and text.endswith(".") and ": " in text and len(text) < 600, text
    return text


def same(place, train, test, split: str) -> None:
    for data in (train, test):
        loaded = lab.load(split, data.part, place)
        np.testing.assert_array_equal(loaded.images, data.images)
        assert [loaded.classes[one] for one in loaded.labels] == [
            data.classes[one] for one in data.labels
        ]


# NumPy's files


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test"),  # Keras
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("X_train", "Y_train", "X_test", "Y_test"),
        ("training_images", "training_labels", "test_images", "test_labels"),
    ],
)
def test_an_npz_of_both_parts(tmp_path, train, test, names):
    arrays = (train.images, train.labels, test.images, test.labels)
    np.savez(tmp_path / "mnist.npz", **dict(zip(names, arrays, strict=True)))
    same(tmp_path, train, test, "mnist")
    same(tmp_path / "mnist.npz", train, test, "mnist")


@pytest.mark.parametrize("save", [np.save, np.savez, np.savez_compressed])
def test_pairs_of_files(tmp_path, train, test, save):
    for data in (train, test):
        save(tmp_path / f"kmnist-{data.part}-imgs", data.images)  # as KMNIST's makers do
        save(tmp_path / f"kmnist-{data.part}-labels", data.labels.astype(np.uint8))
    loaded = lab.load("kmnist", "test", tmp_path)
    np.testing.assert_array_equal(loaded.images, test.images)
    assert loaded.classes == list("おきすつなはまやれを") and "KMNIST" in loaded.name
    assert "taken as upright" in " ".join(loaded.notes)


@pytest.mark.parametrize(
    "change",
    [
        lambda images: images.reshape(-1, 784),
        lambda images: images[..., None],
        lambda images: images[:, None],
        lambda images: np.repeat(images[..., None], 3, axis=-1),
        lambda images: (images / 255).astype(np.float32),
        lambda images: images.astype(np.int64),
        lambda images: images / np.float32(127.5) - 1,
        np.asfortranarray,
    ],
)
def test_images_of_any_layout_and_type(tmp_path, train, change):
    np.savez(tmp_path / "digits.npz", images=change(train.images), labels=train.labels)
    parts = [lab.load("digits", part, tmp_path) for part in ("train", "test")]
    images = {image.tobytes() for part in parts for image in part.images}
    assert images == {image.tobytes() for image in train.images}


@pytest.mark.parametrize(
    "change",
    [
        lambda labels: labels[:, None],
        lambda labels: labels.astype(float),
        lambda labels: np.eye(10)[labels],
        lambda labels: labels.astype(str),
        lambda labels: labels.astype("S1"),
        lambda labels: np.array(WORDS)[labels],
    ],
)
def test_labels_of_any_layout_and_type(tmp_path, train, test, change):
    arrays = {f"x_{data.part}": data.images for data in (train, test)}
    arrays |= {f"y_{data.part}": change(data.labels) for data in (train, test)}
    np.savez(tmp_path / "digits.npz", **arrays)
    same(tmp_path, train, test, "digits")


def test_images_of_another_size_are_scaled(tmp_path, train):
    small = train.images[:, ::2, ::2][:, :, :]  # 14×14
    np.savez(tmp_path / "usps.npz", x_train=small.reshape(-1, 196), y_train=train.labels)
    loaded = lab.load("usps", "train", tmp_path)
    assert len(loaded) == 120 and "of 14×14 pixels were scaled to 28×28" in " ".join(loaded.notes)


def test_a_validation_part_of_arrays(tmp_path, train, test):
    np.savez(
        tmp_path / "digits.npz",
        **{"train_images": train.images, "train_labels": train.labels},
        **{"val_images": test.images, "val_labels": test.labels},
    )
    same(tmp_path, train, test, "digits")


def test_parts_of_arrays_have_one_split_and_its_classes(tmp_path):
    whole = make_part("balanced", 2, seed=9)
    few = whole.take(np.flatnonzero(whole.labels < 10))  # digits alone, as they are numbered
    np.savez(
        tmp_path / "some.npz",
        **{"x_train": whole.images, "y_train": whole.labels},
        **{"x_test": few.images, "y_test": few.labels},
    )
    assert discovery.available(tmp_path) == [("balanced", "train"), ("balanced", "test")]
    train, test = (lab.load("balanced", part, tmp_path) for part in ("train", "test"))
    assert train.classes == test.classes == whole.classes


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"x": np.zeros((9, 28, 28), np.uint8), "y": np.zeros(8, int)}, "9 images but y in"),
        ({"x": np.full((9, 28, 28), np.nan), "y": np.zeros(9, int)}, "that aren't numbers"),
        ({"x": np.full((9, 28, 28), 300), "y": np.zeros(9, int)}, "holds the pixel 300"),
        ({"x": np.zeros((9, 28, 28)), "y": np.full(9, 0.5)}, "aren't whole numbers"),
        ({"x": np.zeros((9, 28, 28)), "y": np.full(9, 99)}, "the label 99"),
        ({"x": np.zeros((9, 28, 28)), "y": np.ones((9, 10))}, "don't mark one class"),
        ({"x": np.zeros((9, 28, 28)), "y": np.full(9, "?")}, "no class '?'"),
    ],
)
def test_wrong_arrays_are_refused(tmp_path, arrays, expected):
    np.savez(tmp_path / "some.npz", **arrays)
    assert expected in refused(tmp_path)


def test_what_is_pickled_is_never_opened(tmp_path, train):
    class Trap:
        def __reduce__(self):
            return (Path(tmp_path, "sprung").write_text, ("!",))

    np.savez(
        tmp_path / "mnist.npz",
        x_train=train.images,
        y_train=np.array([Trap()] * len(train), object),
    )
    said = refused(tmp_path)
    assert "y_train in mnist.npz is pickled" in said and "can run code" in said
    assert not (tmp_path / "sprung").exists()


def header(shape: tuple, kind: str = "|u1") -> bytes:
    text = repr({"descr": kind, "fortran_order": False, "shape": shape}).ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


def test_damaged_and_hostile_arrays(tmp_path, train):
    """Unseen, or refused in a sentence, and with little memory."""
    np.save(tmp_path / "labels.npy", train.labels)
    path = tmp_path / "train_images.npy"
    for content in (
        header((2**40, 28, 28)),
        header((2**20, 256, 256)),
        header((120, 28, 28)) + bytes(99),
        header((120, 28, 28), "|O") + bytes(99),
        header((-1, 28, 28)) + bytes(99),
        b"\x93NUMPY\x01\x00\xff\xff{",
        b"\x93NUMPY\x09\x00" + bytes(99),
        b"",
    ):
        path.write_bytes(content)
        refused(tmp_path)


def test_pixels_know_their_range():
    pixels = numpy_pixels.Pixels("x", (1, 1))
    pixels.look(np.array([[0], [16]]))
    assert pixels.grey(np.array([[16], [8]])).ravel().tolist() == [255, 128]


# IDX files by MNIST's names


def lay(place: Path, train, test, *, zipped: bool = False, dot: bool = False) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for data, part in ((train, "train"), (test, "t10k")):
        for kind, array in (("images-idx3", data.images), ("labels-idx1", data.labels)):
            name = f"{part}-{kind}-ubyte"
            name = name.replace("-idx", ".idx") if dot else name
            content = as_idx(np.ascontiguousarray(array))
            if zipped:
                (place / f"{name}.gz").write_bytes(gzip.compress(content, 1))
            else:
                (place / name).write_bytes(content)


@pytest.mark.parametrize(
    ("folder", "split"),
    [
        ("MNIST/raw", "mnist"),
        ("FashionMNIST/raw", "fashion-mnist"),
        ("fashion-mnist/data/fashion", "fashion-mnist"),
        ("KMNIST/raw", "kmnist"),
    ],
)
@pytest.mark.parametrize("how", [{}, {"zipped": True}, {"dot": True}])
def test_mnists_own_names_in_a_folder_that_tells(tmp_path, train, test, folder, split, how):
    lay(tmp_path / folder, train, test, **how)
    assert discovery.available(tmp_path) == [(split, "train"), (split, "test")]
    loaded = lab.load(split, "test", tmp_path)
    np.testing.assert_array_equal(loaded.images, test.images)
    assert loaded.classes == list(splits.mapping(split).values())


def test_which_set_it_is_is_asked_where_nothing_tells(tmp_path, train, test):
    lay(tmp_path / "data" / "raw", train, test)
    said = refused(tmp_path / "data" / "raw")
    assert "Which set is it?" in said and "#fashion-mnist" in said
    for split in ("mnist", "fashion-mnist"):
        place = f"{tmp_path / 'data' / 'raw'}#{split}"
        assert discovery.available(place) == [(split, "train"), (split, "test")]
        assert len(lab.load(split, "train", place)) == 120
    said = refused(f"{tmp_path / 'data'}#fasion")
    assert "'fasion' can't be said of" in said and "fashion-mnist" in said


def test_qmnist_keeps_its_writers(tmp_path, train):
    table = np.zeros((len(train), 8), ">i4")
    table[:, 0], table[:, 2] = train.labels, 3600 + np.arange(len(train)) % 7
    head = b"\0\0\x0c\x02" + struct.pack(">2I", *table.shape)
    (tmp_path / "qmnist-train-labels-idx2-int").write_bytes(head + table.tobytes())
    images = as_idx(np.ascontiguousarray(train.images))
    (tmp_path / "qmnist-train-images-idx3-ubyte").write_bytes(images)
    loaded = lab.load("qmnist", "train", tmp_path)
    np.testing.assert_array_equal(loaded.images, train.images)
    assert len(loaded.writer_names) == 7 and loaded.writer_names[0] == "3600"


# Arrow files


@pytest.mark.parametrize("stream", [True, False])
def test_a_set_that_hugging_faces_library_saved(tmp_path, train, test, stream):
    about = {"info": {"features": {"label": {"names": WORDS, "_type": "ClassLabel"}}}}
    for data in (train, test):
        place = tmp_path / "set" / data.part
        place.mkdir(parents=True)
        table = pa.table({"image": data.images.tolist(), "label": data.labels})
        table = table.replace_schema_metadata({b"huggingface": json.dumps(about).encode()})
        write = pa.ipc.new_stream if stream else pa.ipc.new_file
        with write(str(place / "data-00000-of-00001.arrow"), table.schema) as out:
            out.write_table(table, max_chunksize=50)
        (place / "cache-12ab.arrow").write_bytes(b"no table")
        (place / "state.json").write_text("{}")
    same(tmp_path, train, test, "digits")


def test_a_damaged_arrow_file(tmp_path):
    (tmp_path / "emnist-digits-train.arrow").write_bytes(b"\xff\xff\xff\xff\x10\0\0\0junk" * 9)
    assert "emnist-digits-train.arrow isn't a whole Arrow file" in refused(tmp_path)


def test_runs_are_trained_and_measured_on_another_set(tmp_path, train, test):
    """Everything but reading handwriting works on clothes."""
    lay(tmp_path / "FashionMNIST" / "raw", train, test)
    parts = [lab.load("fashion-mnist", part, tmp_path) for part in ("train", "test")]
    run = lab.fit("hog-lda", *parts)
    assert run.classes[0] == "👕" and run.manifest["data"]["split"] == "fashion-mnist"
    report = lab.evaluate(run, parts[1])
    assert report.confusion.shape == (10, 10) and report.names[9] == "Ankle boot"
    run.save("clothes")
    assert lab.open_run("clothes").classes == parts[0].classes
