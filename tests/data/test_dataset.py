"""Official files -> Part, and every way in which they can be wrong."""

import gzip
import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import CLASSES, as_idx, make_part, write
from PIL import Image

import emnist_lab as lab
from emnist_lab import files
from emnist_lab.data import cache, classes, discovery, orientation, splits
from emnist_lab.data.download import nist
from emnist_lab.data.formats import idx
from emnist_lab.errors import DatasetError

IMAGES = "emnist-balanced-test-images-idx3-ubyte.gz"
LABELS = "emnist-balanced-test-labels-idx1-ubyte.gz"
MAPPING = "emnist-balanced-mapping.txt"


def refused(folder, split="balanced", part="test") -> str:
    """The one sentence with which loading is refused."""
    with pytest.raises(DatasetError) as caught:
        lab.load(split, part, folder)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".") and ":" in text
    return text


@pytest.fixture
def copy(folder, tmp_path):
    """A folder of its own, to damage."""
    return shutil.copytree(folder, tmp_path / "copy")


@pytest.mark.parametrize("split", CLASSES)
@pytest.mark.parametrize("zipped", [True, False])
def test_every_split_comes_back_as_it_was_written(tmp_path, split, zipped):
    data = make_part(split, 2, seed=5)
    write(tmp_path, data, zipped=zipped)
    loaded = lab.load(split, "train", tmp_path)
    assert loaded.images.dtype == np.uint8 and loaded.images.shape == data.images.shape
    np.testing.assert_array_equal(loaded.images, data.images)
    np.testing.assert_array_equal(loaded.labels, data.labels)
    assert loaded.labels.min() == 0
    assert loaded.classes == list(CLASSES[split])


@pytest.mark.parametrize("below", ["gzip", "EMNIST/raw", "a/b/c"])
def test_folders_of_archives_are_searched(tmp_path, below):
    write(tmp_path / below, make_part("digits", 1, seed=5))
    assert len(lab.load("digits", "train", tmp_path)) == 10
    assert discovery.available(tmp_path) == [("digits", "train")]


def test_root_falls_back_to_the_environment_then_to_fetched_files(folder, home, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    assert len(lab.load("digits", "test")) == 80
    monkeypatch.delenv("EMNIST_DIR")
    assert "No EMNIST dataset" in refused(None)
    nist.fetch(["digits"], folder)
    assert len(lab.load("digits", "test")) == 80


def test_the_named_folder_comes_first_and_copies_are_not_mixed(tmp_path, home, monkeypatch):
    write(home / "data", make_part("digits", 2, seed=5))
    write(home / "data", make_part("digits", 2, seed=6, part="test"))
    write(tmp_path / "own", make_part("digits", 1, seed=7))
    monkeypatch.setenv("EMNIST_DIR", str(tmp_path / "own"))
    assert len(lab.load("digits", "train")) == 20  # the own folder has no test part to go with it
    write(tmp_path / "own", make_part("digits", 1, seed=8, part="test"))
    assert len(lab.load("digits", "train")) == 10


def test_a_copy_without_mapping_files_as_torchvision_leaves_it(copy):
    raw = copy / "EMNIST" / "raw"
    raw.mkdir(parents=True)
    for path in list(copy.glob("emnist-*")):
        if path.suffix == ".gz":
            (raw / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    data = lab.load("balanced", "test", copy)
    assert data.classes == list(CLASSES["balanced"]) and "NIST's mapping" in data.notes[0]


@pytest.mark.parametrize("place", ["folder", "file"])
def test_an_archive_is_read_as_it_is(folder, tmp_path, place):
    path = tmp_path / "gzip.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.write(file, f"gzip/{file.name}")
    data = lab.load("digits", "train", tmp_path if place == "folder" else path)
    np.testing.assert_array_equal(data.images, lab.load("digits", "train", folder).images)
    assert data.format == "NIST's archive"


def test_a_damaged_archive(folder, tmp_path):
    path = tmp_path / "gzip.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.glob("emnist-digits-*"):
            archive.write(file, file.name)
    whole = bytearray(path.read_bytes())
    whole[whole.index(b"emnist-digits-train-images") + 5_000] ^= 0xFF
    path.write_bytes(whole)
    assert "again" in refused(tmp_path, "digits", "train")


@pytest.mark.parametrize("pose", orientation.POSES)
def test_orientation_is_looked_at_not_assumed(folder, tmp_path, pose):
    """The same files, but somebody turned the images before."""
    data = lab.load("balanced", "train", folder)
    stored = np.ascontiguousarray(orientation.apply_pose(data.images, pose))
    write(tmp_path, replace(data, images=stored.transpose(0, 2, 1)))
    loaded = lab.load("balanced", "train", tmp_path)
    np.testing.assert_array_equal(loaded.images, data.images)
    assert f"The images were {pose}" in loaded.notes[-1] and "told from" in loaded.notes[-1]


def test_images_that_do_not_tell_are_taken_as_the_format_has_them(tmp_path):
    data = make_part("digits", 2, seed=5)
    write(tmp_path, replace(data, images=np.zeros_like(data.images)))
    assert "don't tell" in lab.load("digits", "train", tmp_path).notes[-1]


def test_two_formats_of_one_split_are_not_mixed(folder, tmp_path):
    """Else images that are put aside of the one may stand in the other's test part."""
    whole = make_part("digits", 6, seed=9)
    rows = np.hstack([whole.labels[:, None], whole.images.transpose(0, 2, 1).reshape(-1, 784)])
    np.savetxt(tmp_path / "emnist-digits.csv", rows, "%d", ",")
    write(tmp_path, replace(whole, part="test"))
    train, test = (lab.load("digits", part, tmp_path) for part in ("train", "test"))
    assert train.format == test.format
    assert not {bytes(one) for one in train.images} & {bytes(one) for one in test.images}


def test_generated_images_never_complete_real_ones(tmp_path):
    shutil.copytree(files.SHIPPED / "demo", tmp_path / "demo")
    write(tmp_path, make_part("balanced", 2, seed=5, part="test"))
    assert {source.generated for source in discovery.find(tmp_path).values()} == {True}
    write(tmp_path, make_part("balanced", 2, seed=6))
    assert {source.generated for source in discovery.find(tmp_path).values()} == {False}


def test_a_second_file_of_one_part_is_spoken_of(tmp_path):
    whole = make_part("digits", 6, seed=9)
    rows = np.hstack([whole.labels[:, None], whole.images.reshape(-1, 784)])
    for name in ("a", "b"):
        np.savetxt(tmp_path / f"digits-{name}-train.csv", rows, "%d", ",")
    assert "digits-b-train.csv" in lab.load("digits", "train", tmp_path).notes[0]


def test_a_renamed_class_folder_is_noticed(tmp_path):
    data = make_part("digits", 10, seed=9)
    for number, (image, label) in enumerate(zip(data.images, data.labels, strict=True)):
        if label < 4:
            (tmp_path / "train" / str(label)).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(tmp_path / "train" / str(label) / f"{number}.png")
    assert lab.load("digits", "train", tmp_path).classes == ["0", "1", "2", "3"]
    (tmp_path / "train" / "3").rename(tmp_path / "train" / "7")
    assert lab.load("digits", "train", tmp_path).classes == ["0", "1", "2", "7"]


@pytest.mark.parametrize(
    ("content", "says"), [(b"not a zip", "whole zip"), (None, "isn't NIST's archive")]
)
def test_a_zip_that_is_not_nists_is_named(tmp_path, content, says):
    if content is None:
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as made:
            made.writestr("holiday.txt", "sun")
    else:
        (tmp_path / "x.zip").write_bytes(content)
    for place in (tmp_path, tmp_path / "x.zip"):
        assert says in refused(place)


@pytest.mark.parametrize(
    ("name", "split", "part"),
    [
        ("emnist-balanced-train.csv", "balanced", "train"),
        ("EMNIST_letters_testing.csv", "letters", "test"),
        ("emnist-mnist-train", "mnist", "train"),
        ("emnist-latest.csv", None, None),
        ("unbalanced-constraints", None, None),
        ("newsletters", None, None),
    ],
)
def test_what_a_name_speaks_of(name, split, part):
    assert (splits.named_in(name), splits.part_in(name)) == (split, part)


def test_the_demo_set_is_called_generated():
    for part, least in (("train", 47 * 100), ("test", 47 * 20)):
        data = lab.load("balanced", part, "demo")
        assert len(data) >= least and len(data.classes) == 47 and data.counts().min() > 0
        assert data.generated and data.name.startswith("generated images")
        assert data.sample(60).generated and "generated images" in data.sample(60).name
    assert discovery.available("demo") == [("balanced", "train"), ("balanced", "test")]


def test_the_demo_set_is_called_generated_wherever_it_is_copied(tmp_path):
    shutil.copytree(files.SHIPPED / "demo", tmp_path / "emnist")
    assert lab.load("balanced", "test", tmp_path).generated


def test_second_reading_is_cached_and_a_changed_file_noticed(copy, home, monkeypatch):
    first = lab.load("digits", "train", copy)
    reads = []
    original = idx._read_images
    monkeypatch.setattr(idx, "_read_images", lambda *a: reads.append(a) or original(*a))
    again = lab.load("digits", "train", copy)
    assert not reads
    np.testing.assert_array_equal(first.images, again.images)

    # same size and same time of change, other content
    path = copy / "emnist-digits-train-images-idx3-ubyte.gz"
    before = path.stat()
    flipped = np.ascontiguousarray(255 - first.images.transpose(0, 2, 1))
    packed = gzip.compress(as_idx(flipped), 1)
    path.write_bytes(packed)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    changed = lab.load("digits", "train", copy)
    assert reads
    np.testing.assert_array_equal(changed.images, 255 - np.asarray(first.images))
    assert len(list((home / "cache").iterdir())) == 1  # the old entry is gone


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"x" * 5000])
def test_a_damaged_cache_entry_is_made_again(folder, home, damage):
    first = np.array(lab.load("digits", "test", folder).images)
    for name in ("images.npy", "labels.npy", "about.json"):
        for entry in (home / "cache").glob(f"*/{name}"):
            entry.write_bytes(damage)
        np.testing.assert_array_equal(lab.load("digits", "test", folder).images, first)
        assert len(list((home / "cache").iterdir())) == 1


def test_a_cache_that_cannot_be_written_is_no_error(folder, tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("EMNIST_LAB_HOME", str(blocked / "home"))
    assert len(lab.load("digits", "test", folder)) == 80


def test_a_truncated_cache_write_leaves_no_entry(folder, home, monkeypatch):
    def full(file, array, **_):
        Path(file).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.np, "save", full)
    assert len(lab.load("digits", "test", folder)) == 80
    assert not list((home / "cache").iterdir())


def test_a_full_disk_is_no_error_and_leaves_no_entry(folder, home, monkeypatch):
    """Asked for before anything is written: a mapped file without room would end the process."""

    class Full:
        free = 1_000

    monkeypatch.setattr(cache.shutil, "disk_usage", lambda path: Full)
    assert len(lab.load("digits", "test", folder)) == 80
    assert not list((home / "cache").iterdir())


def test_a_dataset_that_was_moved_is_known_again(copy, tmp_path, monkeypatch):
    lab.load("digits", "test", copy)
    monkeypatch.setattr(idx, "_read_images", lambda *a: pytest.fail("it was read again"))
    copy.rename(tmp_path / "elsewhere")
    assert len(lab.load("digits", "test", tmp_path / "elsewhere")) == 80


def test_no_dataset_at_all():
    text = refused(None)
    assert "--root" in text and "EMNIST_DIR" in text


def test_a_folder_that_is_not_there_and_one_that_is_a_file(tmp_path):
    assert "There is no folder" in refused(tmp_path / "nowhere")
    file = tmp_path / "file"
    file.write_text("")
    assert "file is no dataset that is known: no images" in refused(file)


@pytest.mark.parametrize("name", ["~nobody-here/x", "x" * 300, "a\0b"])
def test_names_that_can_be_no_folder(name):
    assert "check the spelling" in refused(name)


def test_links_that_lead_nowhere_are_passed_over(copy):
    (copy / "loop").symlink_to(copy / "loop")
    (copy / "gone").symlink_to(copy / "nothing")
    assert len(lab.load("digits", "test", copy)) == 80


def test_an_unreadable_folder(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(discovery.os, "scandir", refuse)  # root reads every folder, so pretend
    assert "can't be read" in refused(tmp_path)


@pytest.mark.parametrize("name", [IMAGES, LABELS])
def test_a_missing_file_is_named_and_so_is_what_there_is(copy, name):
    (copy / name).unlink()
    text = refused(copy)
    assert name.removesuffix(".gz") in text and "digits train" in text
    assert lab.load("digits", "train", copy)


@pytest.mark.parametrize("name", [IMAGES, LABELS])
@pytest.mark.parametrize("keep", [1, 3, 11, 0.5, 0.99])
def test_a_truncated_gzip(copy, name, keep):
    path = copy / name
    whole = path.read_bytes()
    path.write_bytes(whole[: keep if keep > 1 or keep == 1 else int(len(whole) * keep)])
    text = refused(copy)
    assert (name.removesuffix(".gz") in text and "again" in text) or "official" in text


@pytest.mark.parametrize("name", [IMAGES, LABELS])
def test_a_corrupt_gzip(copy, name):
    path = copy / name
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    path.write_bytes(whole)
    assert "damaged" in refused(copy) or "again" in refused(copy)


def header(magic: int, *shape: int) -> bytes:
    return b"".join(value.to_bytes(4, "big") for value in (magic, *shape))


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        (IMAGES, b"PK\x03\x04 something else entirely", "isn't an IDX file"),
        (IMAGES, header(0x0D03, 1, 28, 28) + bytes(784 * 4), "0x0d"),
        (IMAGES, header(0x0801, 282) + bytes(282), "dimensions"),
        (LABELS, header(0x0803, 1, 28, 28) + bytes(784), "dimensions"),
        (IMAGES, header(0x0803, 282, 32, 32) + bytes(282 * 1024), "32×32"),
        (IMAGES, header(0x0803, 1, 28, 28) + bytes(784), "don't belong together"),
        (IMAGES, header(0x0803, 282, 28, 28) + bytes(282 * 784 + 1), "more than its header"),
        (IMAGES, header(0x0803, 0xFFFFFFFF, 28, 28) + bytes(784), "more than it can hold"),
        (LABELS, header(0x0801, 282) + bytes([99] * 282), "label 99"),
        (IMAGES, b"", "truncated"),
        (MAPPING, b"", "empty"),
        (MAPPING, b"0 48\r\none 49\r\n", "line 2"),
        (MAPPING, b"0\r\n", "line 1"),
        (MAPPING, b"0 99999999999\r\n", "line 1"),
        (MAPPING, b"0 55296\r\n", "line 1"),
        (MAPPING, b"0 32\r\n", "line 1"),
        (MAPPING, b"0 48\r\n1 48\r\n", "same character"),
        (
            MAPPING,
            b"".join(b"%d %d\n" % (i, 48 + i) for i in range(47)) + b"2000000000 9999",
            "0 to",
        ),
        (IMAGES, header(0x0803, 0, 28, 28), "no images"),
    ],
)
def test_wrong_content(copy, name, content, says):
    (copy / name).write_bytes(content)
    assert says in refused(copy)


def test_wrong_names_of_split_and_part(folder):
    assert "choose one of" in refused(folder, split="fashion")
    assert "train or test" in refused(folder, part="validation")


def test_a_repartition_is_never_called_official(folder):
    data = lab.load("balanced", "test", folder)
    assert data.origin == "re-partition" and "not the official split" in data.name
    assert "not the official split" in data.sample(50).name
    assert not splits.is_official("mnist", "test", np.zeros(10_000, np.uint8))


def test_sample_keeps_shares_and_every_class():
    data = make_part("digits", 20, seed=6)
    uneven = lab.Part(
        data.images[:120], np.sort(data.labels)[:120], data.classes, "digits", "train", "x"
    )
    drawn = uneven.sample(30, seed=1)
    assert len(drawn) == 30
    np.testing.assert_array_equal(drawn.counts()[:6], [5] * 6)
    tiny = uneven.sample(2, seed=1)
    assert (tiny.counts()[:6] == 1).all()
    np.testing.assert_array_equal(drawn.labels, uneven.sample(30, seed=1).labels)
    assert not np.array_equal(drawn.labels, uneven.sample(30, seed=2).labels)
    assert uneven.sample(1000) is uneven
    with pytest.raises(DatasetError, match="at least one"):
        uneven.sample(0)


def test_what_is_added_stands_in_no_other_part(train, test):
    """Splits of EMNIST share images, and a test image must not be learned from."""
    mixed = replace(
        train,
        images=np.concatenate([train.images[:9], test.images[:7], test.images[10:13]]),
        labels=np.concatenate([train.labels[:9], test.labels[:7], test.labels[10:13]]),
    )
    few = replace(test, images=test.images[:7], labels=test.labels[:7])
    left = mixed.without(train, few)
    np.testing.assert_array_equal(left.images, test.images[10:13])
    np.testing.assert_array_equal(left.labels, test.labels[10:13])
    both = train.joined(left)
    assert len(both) == len(train) + 3 and "3 images drawn from" in both.name
    assert both.joined_from == (train.fingerprint, left.fingerprint)
    assert both.sample(100).joined_from == () == both.choose("0O").joined_from
    twice = replace(test, images=test.images[[0, 0, 1]], labels=test.labels[[0, 0, 1]])
    assert len(twice.without(train)) == 2  # each once
    assert left.without(train) is left
    with pytest.raises(DatasetError, match="adds nothing"):
        few.without(test)


def test_sample_takes_images_with_their_labels(train):
    drawn = train.sample(100, seed=3)
    pool = {image.tobytes(): label for image, label in zip(train.images, train.labels, strict=True)}
    for image, label in zip(drawn.images, drawn.labels, strict=True):
        assert pool[image.tobytes()] == label


def test_means_and_counts(train):
    means = train.mean_images()
    for index in (0, 20, 46):
        own = train.images[train.labels == index]
        np.testing.assert_allclose(means[index], own.mean(axis=0), atol=1e-3)
    np.testing.assert_array_equal(train.counts(), [40] * 47)


def test_fingerprint_follows_images_and_labels(train):
    same = lab.Part(
        train.images.copy(), train.labels.copy(), train.classes, "balanced", "train", "x"
    )
    assert same.fingerprint == train.fingerprint
    other = train.images.copy()
    other[7, 3, 3] ^= 1
    changed = lab.Part(other, train.labels, train.classes, "balanced", "train", "x")
    assert changed.fingerprint != train.fingerprint


def test_names_for_people():
    assert classes.display_names(list(CLASSES["balanced"]))[12] == "C c"
    assert classes.display_names(list(CLASSES["balanced"]))[10] == "A"
    assert classes.display_names(list(CLASSES["letters"]))[0] == "A a"
    assert classes.display_names(list(CLASSES["byclass"])) == list(CLASSES["byclass"])
    balanced = list(CLASSES["balanced"])
    assert classes.class_index("c", balanced) == balanced.index("C")
    assert classes.class_index("a", balanced) == balanced.index("a")
    assert classes.class_index("ß", balanced) is None
    assert classes.class_index("", balanced) is None
