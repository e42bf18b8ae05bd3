"""A fitted run, in memory and kept."""

import shutil

import pytest

import emnist_lab as lab
from emnist_lab.runs.run_folders import runs_home


@pytest.fixture(scope="session")
def made(train, test):
    return lab.fit("hog-qda", train, test)


@pytest.fixture(scope="session")
def saved(made, tmp_path_factory):
    return made.save("mine", tmp_path_factory.mktemp("saved")).folder


@pytest.fixture
def kept(saved, home):
    """The same run in this test's home folder: copied, for to pack a model takes long."""
    return lab.open_run(shutil.copytree(saved, runs_home() / saved.name))
