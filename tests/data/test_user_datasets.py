"""Datasets that people bring: kept whole or not at all."""

import io
import json
import zipfile

import numpy as np
import pytest
from helpers import make_part, zipped
from PIL import Image

import emnist_lab as lab
from emnist_lab.__main__ import main
from emnist_lab.data import discovery, user_datasets
from emnist_lab.errors import DatasetError


@pytest.fixture(scope="module")
def data():
    return make_part("digits", 12, seed=9)


@pytest.fixture
def csv(tmp_path, data):
    """As Kaggle has it: the label first, pixels transposed."""
    path = tmp_path / "emnist-digits-train.csv"
    pixels = data.images.transpose(0, 2, 1).reshape(len(data), -1)
    np.savetxt(path, np.hstack([data.labels[:, None], pixels]), "%d", ",")
    return path


def pictures(data, path, prefix="") -> None:
    with zipfile.ZipFile(path, "w") as made:
        for number, (image, label) in enumerate(zip(data.images, data.labels, strict=True)):
            one = io.BytesIO()
            Image.fromarray(image).save(one, "PNG")
            made.writestr(f"{prefix}{data.classes[label]}/{number}.png", one.getvalue())


def refused(*arguments) -> str:
    with pytest.raises(DatasetError) as caught:
        user_datasets.import_dataset(*arguments)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".") and ":" in text
    return text


def nothing_is_left(home) -> bool:
    return not (home / "imports").exists() or not list((home / "imports").iterdir())


def test_a_table_is_brought_read_and_deleted(csv, data, home):
    assert user_datasets.import_dataset([csv]) == "emnist-digits-train" == user_datasets.names()[0]
    loaded = lab.load("digits", "train", "emnist-digits-train")
    np.testing.assert_array_equal(loaded.images, data.images)
    np.testing.assert_array_equal(loaded.labels, data.labels)
    assert loaded.origin == "copy" and "not known as the official split" in loaded.name
    assert user_datasets.import_dataset([csv]) == "emnist-digits-train-2"
    assert user_datasets.import_dataset([csv], "Mine") == "Mine"
    user_datasets.remove("Mine")
    assert user_datasets.names() == ["emnist-digits-train", "emnist-digits-train-2"]
    with pytest.raises(DatasetError, match="There is no dataset Mine"):
        user_datasets.remove("Mine")


def test_pictures_in_a_zip_get_a_test_part_put_aside(data, tmp_path, home):
    pictures(data, tmp_path / "my digits.zip", "everything/")
    assert user_datasets.import_dataset([tmp_path / "my digits.zip"]) == "my-digits"
    train, test = (lab.load("digits", part, "my-digits") for part in ("train", "test"))
    assert (len(train), len(test)) == (100, 20)
    np.testing.assert_array_equal(test.counts(), [2] * 10)
    assert "put aside" in train.notes[-1]
    both = {image.tobytes() for image in train.images} | {image.tobytes() for image in test.images}
    assert both == {image.tobytes() for image in data.images}
    again = lab.load("digits", "test", "my-digits")
    np.testing.assert_array_equal(test.images, again.images)


def test_nists_archive_is_kept_as_it_is(folder, tmp_path, home):
    (tmp_path / "gzip.zip").write_bytes(zipped(folder))
    name = user_datasets.import_dataset([tmp_path / "gzip.zip"])
    assert [path.name for path in (home / "imports" / name).iterdir()] == ["gzip.zip"]
    assert len(discovery.available(name)) == 4


def test_kaggles_zip_holds_mapping_files_too(csv, data, tmp_path):
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.write(csv, csv.name)
        made.writestr("emnist-digits-mapping.txt", "0 48\r\n")
    assert main(["fetch", "--from", str(path)]) == 0
    assert len(lab.load("digits", "train", "archive")) == len(data)


def test_a_name_counts_before_a_folder_of_the_same_name(csv, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    user_datasets.import_dataset([csv], "mine")
    assert discovery.available("mine") == [("digits", "train")]
    assert discovery.available("./mine") == []


def test_a_deleted_dataset_leaves_no_cache(csv, home):
    user_datasets.import_dataset([csv], "mine")
    lab.load("digits", "train", "mine")
    assert list((home / "cache").iterdir())
    user_datasets.remove("mine")
    assert not list((home / "cache").iterdir())


def test_an_upload_is_removed_when_it_was_brought_or_refused(csv, home):
    for number, content in enumerate((csv.read_bytes(), b"1,2\n")):
        place = home / "imports" / f"{user_datasets.UPLOAD}{number}"
        place.mkdir(parents=True)
        (place / "digits.csv").write_bytes(content)
    user_datasets.import_dataset([home / "imports" / f"{user_datasets.UPLOAD}0" / "digits.csv"])
    refused([home / "imports" / f"{user_datasets.UPLOAD}1" / "digits.csv"])
    assert [path.name for path in (home / "imports").iterdir()] == ["digits"]


def test_zips_that_cannot_be_unpacked_are_to_blame_themselves(tmp_path, home):
    path = tmp_path / "1.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name in ("a", "a/b.csv"):
            made.writestr(name, "1")
    assert "can't be unpacked" in refused([path])
    assert nothing_is_left(home)


def test_a_folder_needs_no_import(folder):
    assert "needs no import" in refused([folder])


def test_what_is_no_dataset_leaves_nothing(tmp_path, csv, home):
    notes = tmp_path / "notes.txt"
    notes.write_text("dear diary")
    assert "no dataset that is known" in refused([notes])
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 nothing")
    assert "whole zip" in refused([broken])
    csv.write_text(csv.read_text()[:-500])
    assert "emnist-digits-train.csv" in refused([csv])
    assert "There is no file" in refused([tmp_path / "nowhere.csv"])
    assert "No file" in refused([])
    assert nothing_is_left(home)


def test_pictures_of_another_class_are_refused(tmp_path, home):
    with zipfile.ZipFile(tmp_path / "cats.zip", "w") as made:
        for name in ("cats", "dogs"):
            one = io.BytesIO()
            Image.new("L", (28, 28)).save(one, "PNG")
            made.writestr(f"train/{name}/1.png", one.getvalue())
    assert "cats" in refused([tmp_path / "cats.zip"])
    assert nothing_is_left(home)


@pytest.mark.parametrize("name", ["../evil", "demo", "fetched", "a b", "", "x" * 61, ".hidden"])
def test_names_that_cannot_be(csv, name):
    assert "can't be a dataset's name" in refused([csv], name)


def test_a_name_that_is_taken(csv):
    user_datasets.import_dataset([csv], "mine")
    assert "already" in refused([csv], "Mine")


def test_a_zip_is_looked_at_before_it_is_unpacked(tmp_path, home, monkeypatch):
    def unpacked(*args):
        raise AssertionError("unpacked")

    monkeypatch.setattr(zipfile.ZipFile, "extract", unpacked)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("train/A/1.png", bytes(70 * 2**20))
    assert "from 0 MB to 73 MB" in refused([tmp_path / "bomb.zip"])
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(tmp_path / "twice.zip", "w") as made,
    ):
        for content in (b"one", b"another"):
            made.writestr("train/A/1.png", content)
    assert "'train/A/1.png' more than once" in refused([tmp_path / "twice.zip"])
    with zipfile.ZipFile(tmp_path / "colon.zip", "w") as made:
        made.writestr("train/12:30/1.png", b"one")
    said = refused([tmp_path / "colon.zip"])
    assert "a name with a colon ('train/12:30/1.png')" in said and "outside" not in said
    assert nothing_is_left(home)


def test_a_zip_that_reaches_out_of_its_folder(tmp_path, home):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as made:
        made.writestr("../../evil/1.png", b"x")
    assert "outside" in refused([tmp_path / "evil.zip"])
    assert nothing_is_left(home) and not (home.parent / "evil").exists()


def test_a_full_disk_leaves_nothing(csv, home, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(user_datasets.shutil, "copy2", full)
    text = refused([csv])
    assert "No space left" in text and "EMNIST_LAB_HOME" in text
    assert nothing_is_left(home)


def test_from_the_command_line(csv, data, capsys):
    assert main(["fetch", "--from", str(csv), "--name", "mine", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["dataset"] == "mine"
    assert main(["data", "--root", "mine", "--json"]) == 0
    (part,) = json.loads(capsys.readouterr().out)["parts"]
    assert (part["split"], part["part"], part["images"]) == ("digits", "train", len(data))
    assert any("turned upright" in note for note in part["notes"])
    assert main(["data", "--root", "demo"]) == 0
    assert "generated images" in capsys.readouterr().out
    assert main(["data", "--root", str(csv.parent / "nowhere")]) == 2
    assert main(["fetch", "digits", "--from", str(csv)]) == 2
    assert "leave them out" in capsys.readouterr().err
    for origin in ([], ["--from", "http://127.0.0.1:9/x.zip"]):
        assert main(["fetch", "--name", "x", *origin]) == 2
        assert "files of your own" in capsys.readouterr().err


def test_fetching_on_the_command_line(folder, home, capsys):
    assert main(["fetch", "digits", "--from", str(folder)]) == 0
    assert "in place" in capsys.readouterr().err
    assert discovery.available("fetched") == [("digits", "train"), ("digits", "test")]
    assert main(["fetch"]) == 2
    assert "No split is named" in capsys.readouterr().err
