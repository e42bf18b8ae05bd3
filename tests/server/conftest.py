"""Visitors of a server in each mode, and what is theirs."""

import pytest

import emnist_lab as lab
from emnist_lab.server.rights import Mode, of_mode
from emnist_lab.server.visitor import Visitor, owner_id

ANN, BOB = owner_id("ann"), owner_id("bob")


def visitor(mode: Mode, id: str | None = ANN, operator: bool = False) -> Visitor:
    return Visitor(of_mode(Mode.OWN if operator else mode), id, operator)


@pytest.fixture
def ann() -> Visitor:
    return visitor(Mode.CLASS, ANN)


@pytest.fixture
def bob() -> Visitor:
    return visitor(Mode.CLASS, BOB)


@pytest.fixture
def operator() -> Visitor:
    return visitor(Mode.CLASS, owner_id("operator"), operator=True)


@pytest.fixture
def guest() -> Visitor:
    return visitor(Mode.SHOW, owner_id("guest"))


@pytest.fixture
def runs(home):
    """A run of Ann's, one of Bob's and one that has no owner."""
    run = lab.open_run("pixels-logistic")
    return {
        "ann": run.save("of-ann", owner=ANN),
        "bob": run.save("of-bob", owner=BOB),
        "operator": run.save("of-the-operator"),
    }
