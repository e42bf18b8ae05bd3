"""What tests share: a small dataset in the official format, real data."""

import os
import shutil
import tempfile
from pathlib import Path

import borrowed
import pytest
from helpers import SHARED, VERSION_0_1, make_part, write

from emnist_lab.data.part import Part
from emnist_lab.files import SHIPPED
from emnist_lab.runs import safe_loading

# Jobs that tests start, and servers of tests, step back behind nobody: on a busy machine they would
# hardly begin, while the pages that wait for them look again and again.
os.environ["EMNIST_LAB_NICE"] = "0"

_real = os.environ.get("EMNIST_DIR", "").strip()
REAL = Path(_real).resolve() if _real else None


def pytest_configure(config) -> None:
    """What one process of a test run makes, the others take: from a folder of this run's."""
    if not hasattr(config, "workerinput"):  # workers inherit its name
        os.environ[SHARED] = tempfile.mkdtemp(prefix="emnist-lab-tests-")


def pytest_unconfigure(config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(SHARED), ignore_errors=True)


def pytest_runtest_setup(item) -> None:
    if "chromium" not in item.fixturenames:
        borrowed.give_back()


def pytest_sessionfinish() -> None:
    borrowed.give_back()


@pytest.fixture(autouse=True, scope="session")
def shipped_runs_opened_once():
    """Some thousand times a test, or a page of one, opens a model that nothing changes."""
    known = {}

    def remembered(read):
        def once(path, *more):
            if not path.is_relative_to(SHIPPED):
                return read(path, *more)
            if (read, path) not in known:
                known[read, path] = read(path, *more)
            return known[read, path]

        return once

    with pytest.MonkeyPatch.context() as patch:
        for name in ("open_model", "open_scores"):
            patch.setattr(safe_loading, name, remembered(getattr(safe_loading, name)))
        yield


@pytest.fixture(scope="session")
def train() -> Part:
    return make_part("balanced", 40, seed=1)


@pytest.fixture(scope="session")
def test() -> Part:
    return make_part("balanced", 6, seed=2, part="test")


@pytest.fixture(scope="session")
def folder(tmp_path_factory, train, test) -> Path:
    """Balanced and digits in the official format."""
    place = tmp_path_factory.mktemp("emnist")
    write(place, train)
    write(place, test)
    for part, seed in (("train", 3), ("test", 4)):
        write(place, make_part("digits", 8, seed, part))
    return place


@pytest.fixture
def old_home(home) -> Path:
    """The test's home folder, with what version 0.1 kept in one."""
    shutil.copytree(VERSION_0_1 / "home", home, dirs_exist_ok=True)
    return home


@pytest.fixture
def real() -> Path:
    """Folder of real EMNIST images."""
    if REAL is None:
        pytest.skip("needs real EMNIST images: set EMNIST_DIR")
    return REAL


# Files that take minutes come first, so that no process is left with one of them at the end.
_LONG = (
    "test_train_in_browser",
    "test_training",
    "test_data_in_browser",
    "_in_browser",
    "test_cluster",
    "test_replicas",
    "test_shared_",
    "test_load",
    "test_job",
)


def pytest_collection_modifyitems(items) -> None:
    def place(item) -> int:
        return next((at for at, part in enumerate(_LONG) if part in item.path.name), len(_LONG))

    items.sort(key=place)  # stable: inside a file nothing changes its place
