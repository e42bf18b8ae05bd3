"""The dataset in use: every address that links may hold, and what choosing one leaves alone."""

import shutil

import pytest
from helpers import opened, said

from emnist_lab.data import discovery, user_datasets
from emnist_lab.data.dataset_address import DatasetAddress, fetched_folder
from emnist_lab.ui import current_dataset


@pytest.fixture
def several(folder, tmp_path, monkeypatch):
    """A dataset of each kind; the folder of one that only a path names."""
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    shutil.copytree(folder, fetched_folder())
    user_datasets.import_dataset(sorted(folder.glob("emnist-digits-*")), "mine")
    return shutil.copytree(folder, tmp_path / "elsewhere")


@pytest.mark.parametrize("name", ["EMNIST", "demo", "fetched", "mine", "elsewhere", ""])
def test_every_address_of_a_dataset_opens_it(several, name):
    asked = str(several) if name == "elsewhere" else name
    app = opened("home", **({"data": asked} if asked else {}))
    assert not app.exception and not app.error and "There is no dataset" not in said(app)
    assert app.sidebar.selectbox(key="data").value == (asked or "EMNIST")
    split = "digits" if name == "mine" else "balanced"
    assert ("**Generated images.**" in said(app)) == (name == "demo")
    assert f"EMNIST {split}, train part" in said(app)


@pytest.mark.parametrize("name", ["gone", "/nowhere/at/all", "relative/folder", "a\0b", "x" * 5000])
def test_an_address_of_no_dataset_is_said_and_another_shown(several, name):
    app = opened("home", data=name)
    assert not app.exception and "There is no dataset" in said(app)
    assert app.sidebar.selectbox(key="data").value == "EMNIST"


def test_choosing_a_dataset_leaves_what_is_known_of_others(several, monkeypatch):
    monkeypatch.setattr(current_dataset, "_REMEMBERED", 3600.0)  # however busy the machine is
    one = opened("home", data="mine")
    looked = []
    original = discovery.find
    monkeypatch.setattr(discovery, "find", lambda root: looked.append(root) or original(root))
    other = opened("data")
    other.selectbox(key="data_here").set_value("demo").run()
    assert not other.exception and "**Generated images.**" in said(other)
    looked.clear()
    one.run()
    assert not one.exception and looked == []


def test_a_part_is_read_from_where_it_was_found(several, monkeypatch):
    looked = []
    original = discovery.find
    monkeypatch.setattr(discovery, "find", lambda root: looked.append(root) or original(root))
    monkeypatch.setattr(discovery, "locate", lambda *_: pytest.fail("it was found already"))
    app = opened("home", data=str(several))
    assert not app.exception and not app.error
    assert looked.count(DatasetAddress.parse(several)) == 1


def test_what_is_known_of_a_place_is_forgotten_alone_and_never_grows_without_end(several):
    here, there = DatasetAddress.parse(several), DatasetAddress.parse("mine")
    for address in (here, there):
        current_dataset._scan(address)
    current_dataset.forget_scan(here)
    assert {key[0] for key in current_dataset._scans()} == {there}
    for number in range(3 * current_dataset._MOST_SCANS):
        current_dataset._scan(DatasetAddress.parse(f"/nowhere/{number}"))
    assert len(current_dataset._scans()) <= current_dataset._MOST_SCANS + 1
