"""Pictures as people sort them into folders: of any size, by writer, with classes by any name."""

import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from helpers import make_part
from PIL import Image

import emnist_lab as lab
from emnist_lab.data import discovery, loading
from emnist_lab.errors import DatasetError

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.fixture(scope="module")
def digits():
    return make_part("digits", 12, seed=9)


@pytest.fixture(scope="module")
def balanced():
    return make_part("balanced", 2, seed=9)


def lay(place: Path, data, name=None, size: int = 28, start: int = 0) -> None:
    """Write a part's pictures, each where `name` says: a relative path without its ending."""
    name = name or (lambda character, index: f"{character}/{index}")
    for index, (image, label) in enumerate(zip(data.images, data.labels, strict=True)):
        path = place / f"{name(data.classes[label], index + start)}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(image)
        if size != 28:
            picture = Image.fromarray(255 - np.asarray(picture.resize((size, size))))
        picture.save(path)


def read(place: Path, part: str = "train"):
    ((split, _), _) = next(iter(discovery.find(place).items()))
    return lab.load(split, part, place)


def refused(place: Path) -> str:
    with pytest.raises(DatasetError) as caught:
        read(place)
    text = str(caught.value)
    assert text.isprintable() and text.endswith(".") and ": " in text, text
    return text


def counted(*parts) -> Counter:
    """How often each class occurs."""
    return Counter(part.classes[label] for part in parts for label in part.labels)


def whole(data) -> Counter:
    return Counter(data.classes[label] for label in data.labels)


@pytest.mark.parametrize("size", [16, 64, 128])
def test_pictures_of_any_size_become_emnists(tmp_path, digits, size):
    lay(tmp_path / "train", digits, size=size)
    data = read(tmp_path)
    assert counted(data) == whole(digits)
    assert f"120 pictures of {size}×{size} pixels were scaled to 28×28" in " ".join(data.notes)
    assert "as EMNIST's makers did" in " ".join(data.notes)
    # ink bright on black, centred, with a border of two pixels
    assert not data.images[:, [0, 27]].any() and data.images.max() == 255
    assert 10 < data.images.mean() < 90


def test_sizes_may_differ_and_nothing_is_lost(tmp_path, digits):
    lay(tmp_path / "train", digits, size=64)
    lay(tmp_path / "train", digits, size=28, start=200)
    lay(tmp_path / "train", digits, size=40, start=400)
    out = io.BytesIO()
    Image.new("L", (50, 50), 255).save(out, "PNG")
    (tmp_path / "train" / "3" / "blank.png").write_bytes(out.getvalue())
    data = read(tmp_path)
    said = " ".join(data.notes)
    assert len(data) == 361
    assert "241 pictures of sizes from 40×40 to 64×64 pixels" in said
    assert "1 of them show nothing that stands out" in said


@pytest.mark.parametrize("ink", [0, 255])
def test_ink_on_nothing_is_read_whatever_its_colour(tmp_path, digits, ink):
    for index, (image, label) in enumerate(zip(digits.images, digits.labels, strict=True)):
        clear = np.full((28, 28, 4), ink, np.uint8)
        clear[..., 3] = image
        path = tmp_path / str(label) / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(clear).resize((56, 56)).save(path)
    data = read(tmp_path)
    assert data.images.reshape(len(data), -1).max(axis=1).min() == 255  # none is empty


def test_clothes_are_reduced_as_a_whole(tmp_path):
    for name in ("Ankle boot", "T-shirt_top", "bag"):
        for index in range(6):
            path = tmp_path / "fashion" / name / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.full((56, 56), 255, np.uint8)
            pixels[4:52, 4:30] = 40 * index
            Image.fromarray(pixels).save(path)
    data = read(tmp_path)
    assert data.split == "fashion-mnist" and data.classes == ["👕", "👜", "👢"]
    assert lab.data.display_names(data.classes) == ["T-shirt/top", "Bag", "Ankle boot"]
    assert "reduced as a whole" in " ".join(data.notes) and "Fashion-MNIST" in data.name


@pytest.mark.parametrize("name", ["valid", "val", "validation", "dev"])
def test_a_validation_part_is_the_test_part(tmp_path, digits, name):
    lay(tmp_path / "train", digits)
    lay(tmp_path / name, digits.sample(30))
    train, test = (read(tmp_path, part) for part in ("train", "test"))
    assert (len(train), len(test)) == (120, 30)
    assert "taken as the test part" in " ".join(test.notes)
    lay(tmp_path / "test", digits.sample(20))  # now there is another
    train, test = (read(tmp_path, part) for part in ("train", "test"))
    assert (len(train), len(test)) == (150, 20)
    assert "as a share of the training part" in " ".join(train.notes)


@pytest.mark.parametrize(
    "name",
    [
        lambda character, index: f"writer {index % 4}/{character}/{index}",
        lambda character, index: f"{character}/w{index % 4}/{index}",
        lambda character, index: f"forms/{index % 4:04}/{character}/{index}",
        lambda character, index: f"{index % 4:02}/{character}/{index}",
    ],
)
def test_one_folder_a_writer_is_one_dataset(tmp_path, digits, name):
    lay(tmp_path, digits, name)
    train, test = (read(tmp_path, part) for part in ("train", "test"))
    assert counted(train, test) == whole(digits)
    assert len(train.writer_names) == 4 and len(train.writers) == len(train)
    source = discovery.locate("digits", "train", tmp_path)
    assert loading.describe(train, source)["writers"] == 4
    assert "It has 4 writers" in " ".join(train.notes)
    assert set(train.writers) & set(test.writers)  # images were put aside, not writers
    sample = train.sample(30)
    assert len(sample.writers) == len(sample)


def test_a_split_by_writer_keeps_writers_apart(tmp_path, digits):
    lay(tmp_path, digits, lambda character, index: f"writer {index % 6}/{character}/{index}")
    train, test = (lab.load("digits", part, f"{tmp_path}#by-writer") for part in ("train", "test"))
    assert not set(train.writers) & set(test.writers)
    assert (len(set(train.writers)), len(set(test.writers))) == (5, 1)
    assert "of the writers one in 6" in " ".join(test.notes)
    lay(tmp_path / "plain", digits)
    with pytest.raises(DatasetError, match="Nothing tells who wrote"):
        lab.load("digits", "test", f"{tmp_path / 'plain'}#by-writer")


def test_writers_that_wrote_one_class_each_are_one_dataset(tmp_path, digits):
    lay(tmp_path, digits, lambda character, index: f"person {character}/{character}/{index}")
    assert counted(read(tmp_path), read(tmp_path, "test")) == whole(digits)


def test_nists_special_database_19(tmp_path, balanced):
    def name(character, index):
        below = ("hsf_0", "hsf_1", f"train_{ord(character):02x}")[index % 3]
        return f"by_class/{ord(character):02x}/{below}/{index:05}"

    lay(tmp_path, balanced, name, size=128)
    train, test = (read(tmp_path, part) for part in ("train", "test"))
    assert counted(train, test) == whole(balanced)
    said = " ".join(train.notes)
    assert "hexadecimal codes: 30 is 0" in said and "hsf_0, hsf_1" in said
    assert train.writers is None  # partitions are no writers


def test_nists_merged_classes_and_its_training_folders_alone(tmp_path, balanced):
    def name(character, index):
        both = character.isalpha() and character.swapcase() not in balanced.classes
        code = f"{ord(character):02x}" + (f"_{ord(character.swapcase()):02x}" if both else "")
        return f"by_merge/{code}/train_{ord(character):02x}/{index}"

    lay(tmp_path, balanced, name, size=64)
    assert counted(read(tmp_path), read(tmp_path, "test")) == whole(balanced)


def test_folders_tell_the_case_of_letters(tmp_path, balanced):
    letters = balanced.choose([name for name in balanced.classes if name.isalpha()])

    def name(character, index):
        return f"{'Upper' if character.isupper() else 'Lower'}case/{character.lower()}/{index}"

    lay(tmp_path, letters, name)
    assert counted(read(tmp_path), read(tmp_path, "test")) == whole(letters)


def test_numbers_of_forms_are_no_classes(tmp_path, digits):
    lay(tmp_path, digits, lambda character, index: f"f0001_{index % 40:02}_{index:05}")
    assert discovery.find(tmp_path) == {}


def test_two_sets_of_one_part_are_not_read_as_one_half(tmp_path, digits):
    few, many = digits.choose("0123"), digits.choose("456789")
    lay(tmp_path / "one", few)
    lay(tmp_path / "other", many)
    assert "hold pictures of the same part, 48 and 72" in refused(tmp_path)


def test_pictures_of_other_kinds_are_counted(tmp_path, digits):
    lay(tmp_path, digits)
    for index in range(3):
        (tmp_path / "7" / f"{index}.gif").write_bytes(b"GIF89a")
    assert "3 pictures of kinds that aren't read" in " ".join(read(tmp_path).notes)
    for index in range(40):
        (tmp_path / "7" / f"{index}.heic").write_bytes(b"x")
    assert "save all pictures as PNG" in refused(tmp_path)


def test_copies_in_special_database_19_count_once_and_hsf_4_is_the_test_part(tmp_path, digits):
    for below, data in (("hsf_0", digits), ("train_{}", digits), ("hsf_4", digits.sample(20))):
        lay(
            tmp_path,
            data,
            lambda c, index, x=below: f"{ord(c):x}/{x.format(f'{ord(c):x}')}/{index}",
        )
    train, test = (read(tmp_path, part) for part in ("train", "test"))
    assert (len(train), len(test)) == (120, 20)
    assert "120 pictures are copies of others and count once" in " ".join(train.notes)


def test_chars74k(tmp_path, balanced):
    every = lab.data.splits.mapping("byclass")
    number = {character: value + 1 for value, character in every.items()}

    def name(character, index):
        return f"English/Hnd/Img/Sample{number[character]:03}/img{number[character]:03}-{index:03}"

    lay(tmp_path / "folders", balanced, name)
    lay(tmp_path / "names", balanced, lambda *given: f"Img/{name(*given).rpartition('/')[2]}")
    for place in ("folders", "names"):
        parts = [read(tmp_path / place, part) for part in ("train", "test")]
        assert counted(*parts) == whole(balanced)


@pytest.mark.parametrize(
    "name",
    [
        lambda character, index: f"{WORDS[int(character)]}/{index}",
        lambda character, index: f"class_{character}/{index}",
        lambda character, index: f"Digit {character}/{index}",
        lambda character, index: f"{character}_{index:03}",
        lambda character, index: f"scan-{index:03}-{WORDS[int(character)]}",
        lambda character, index: f"img_{index}_label_{character}",
        lambda character, index: f"{'ABCDEFGHIJ'[int(character)]}{index:04}",
    ],
)
def test_classes_have_many_names(tmp_path, digits, name):
    lay(tmp_path, digits, name)
    found = counted(read(tmp_path), read(tmp_path, "test"))
    assert sorted(found.values()) == sorted(whole(digits).values())
    assert found == whole(digits) or set(found) == set("ABCDEFGHIJ")


def test_names_of_files_that_tell_two_stories_tell_none(tmp_path, digits):
    lay(tmp_path, digits, lambda character, index: f"{character}_{index % 10}_{index:03}")
    assert discovery.find(tmp_path) == {}


def test_parts_in_names_of_files(tmp_path, digits):
    lay(tmp_path, digits, lambda character, index: f"train_{character}_{index:03}")
    lay(tmp_path, digits.sample(30), lambda character, index: f"test_{character}_{index:03}")
    assert [len(read(tmp_path, part)) for part in ("train", "test")] == [120, 30]


def test_what_lies_in_no_class_is_counted_and_refused_where_it_is_much(tmp_path, digits):
    lay(tmp_path / "train", digits)
    lay(tmp_path / "test", digits)
    Image.fromarray(digits.images[0]).save(tmp_path / "sheet.png")
    said = " ".join(read(tmp_path).notes)
    assert "1 picture lies in no class's folder of a part (such as sheet.png)" in said
    lay(tmp_path, digits.sample(40))  # beside the parts
    said = refused(tmp_path)
    assert "41 pictures lie in no class's folder of a part" in said


def test_a_test_part_that_lacks_classes_goes_with_its_training_part(tmp_path, balanced):
    lay(tmp_path / "train", balanced)
    lay(tmp_path / "test", balanced.choose("ABC").sample(5))
    train, test = (read(tmp_path, part) for part in ("train", "test"))
    assert train.classes == test.classes == balanced.classes and (test.counts() > 0).sum() == 3
    assert lab.fit("hog-lda", train, test).classes == balanced.classes


def test_a_class_with_one_image_is_trained_on(tmp_path, balanced):
    first = np.unique(balanced.labels, return_index=True)[1]
    lay(tmp_path / "balanced", balanced.take(first))
    train, test = (read(tmp_path, part) for part in ("train", "test"))
    assert (len(train), len(test)) == (40, 7)
    assert "of classes that have no other" in " ".join(test.notes)
