"""Every way to name a dataset, and what is said of names that mean nothing."""

import os

import numpy as np
import pytest

import emnist_lab as lab
from emnist_lab.data import discovery
from emnist_lab.data.dataset_address import (
    DEFAULT_NAME,
    AddressKind,
    DatasetAddress,
    fetched_folder,
    imports_folder,
)
from emnist_lab.errors import DatasetError
from emnist_lab.files import SHIPPED


@pytest.fixture(autouse=True)
def an_import():
    (imports_folder() / "mine").mkdir(parents=True)


@pytest.mark.parametrize(
    ("root", "kind"),
    [
        (None, AddressKind.DEFAULT),
        ("", AddressKind.DEFAULT),
        (" ", AddressKind.DEFAULT),
        ("demo", AddressKind.DEMO),
        ("fetched", AddressKind.FETCHED),
        ("mine", AddressKind.IMPORTED),
        ("./mine", AddressKind.PATH),
        ("yours", AddressKind.PATH),
        ("EMNIST", AddressKind.PATH),  # as torchvision calls its folder
        ("/", AddressKind.PATH),
        ("~", AddressKind.PATH),
        (".", AddressKind.PATH),
        ("a\0b", AddressKind.PATH),
        ("x" * 300, AddressKind.PATH),
    ],
)
def test_what_a_root_means_and_that_it_is_kept_as_text(root, kind):
    address = DatasetAddress.parse(root)
    assert address.kind is kind
    assert DatasetAddress.parse(address) is address
    assert DatasetAddress.parse(address.root) == address


@pytest.mark.parametrize("name", ["EMNIST", "demo", "fetched", "mine", "/data/raw"])
def test_a_name_in_a_link_is_the_name_of_its_address(name):
    address = DatasetAddress.from_name(name)
    assert address.name == name
    assert (address.kind is AddressKind.DEFAULT) == (name == DEFAULT_NAME)


def test_a_path_may_be_a_path_object(tmp_path):
    address = DatasetAddress.parse(tmp_path / "mine")
    assert (address.kind, address.text) == (AddressKind.PATH, str(tmp_path / "mine"))


def test_the_places_of_each_kind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    assert DatasetAddress.parse("demo").places() == [SHIPPED / "demo"]
    assert DatasetAddress.parse("mine").places() == [imports_folder() / "mine"]
    assert DatasetAddress.parse("./mine").places() == [tmp_path / "mine"]
    with pytest.raises(DatasetError, match="There is no folder"):
        DatasetAddress.parse("fetched").places()
    fetched_folder().mkdir()
    assert DatasetAddress.parse("fetched").places() == [fetched_folder()]


def test_the_default_is_the_environments_folder_then_what_was_fetched(tmp_path, monkeypatch):
    with pytest.raises(DatasetError, match="No EMNIST dataset is at hand"):
        DatasetAddress().places()
    fetched_folder().mkdir()
    (fetched_folder() / ".fetch.lock").touch()
    with pytest.raises(DatasetError, match="No EMNIST dataset is at hand"):
        DatasetAddress().places()
    (fetched_folder() / "file").touch()
    assert DatasetAddress().places() == [fetched_folder()]
    monkeypatch.setenv("EMNIST_DIR", f" {tmp_path} ")
    assert DatasetAddress().places() == [tmp_path, fetched_folder()]
    monkeypatch.setenv("EMNIST_DIR", "mine")  # an import's name is taken there, too
    assert DatasetAddress().places() == [imports_folder() / "mine", fetched_folder()]
    monkeypatch.setenv("EMNIST_DIR", "demo")  # and this is a folder
    with pytest.raises(DatasetError, match="There is no folder demo"):
        DatasetAddress().places()


def test_an_import_that_may_not_be_read(monkeypatch):
    address = DatasetAddress.parse("mine")

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)  # root reads every folder, so pretend
    with pytest.raises(DatasetError, match="The folder mine can't be read"):
        address.places()


def test_load_and_find_take_an_address_as_they_take_text(folder):
    address = DatasetAddress.parse(folder)
    assert discovery.find(address).keys() == discovery.find(str(folder)).keys()
    images = [lab.load("digits", "test", root).images for root in (address, folder, str(folder))]
    np.testing.assert_array_equal(images[0], images[1])
    np.testing.assert_array_equal(images[0], images[2])
