"""What tests and the examples in docstrings share: a home folder of their own."""

import os
from pathlib import Path

import pytest

# Before anything that reads them is imported, and for processes that tests start: on two cores
# that other tests use too, threads of BLAS crawl, and those of OpenMP burn time as they wait.
for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch) -> Path:
    """Own runs and cache go to a folder of the test's; no dataset is named."""
    place = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("EMNIST_LAB_HOME", str(place))
    monkeypatch.delenv("EMNIST_DIR", raising=False)
    return place
