"""A fitted run, in memory and kept."""

import pytest

import emnist_lab as lab


@pytest.fixture(scope="session")
def made(train, test):
    return lab.fit("hog-qda", train, test)


@pytest.fixture
def kept(made):
    return made.save("mine")
