"""What tests and the examples in docstrings share: a home folder of their own."""

import importlib.util
import os
from pathlib import Path

import pytest

# Before anything that reads them is imported, and for processes that tests start: on two cores
# that other tests use too, threads of BLAS crawl, and those of OpenMP burn time as they wait.
for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

# Modules whose examples need Dask, which is an extra.
_OF_DASK = (
    "emnist_lab/runs/cluster/*.py",
    "emnist_lab/evaluation/sweeps/cluster_search.py",
    "emnist_lab/maintenance/cluster_cost.py",
    "tests/dask_cluster.py",
)
collect_ignore_glob = _OF_DASK if importlib.util.find_spec("distributed") is None else ()


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch) -> Path:
    """Own runs and cache go to a folder of the test's; no dataset is named."""
    place = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("EMNIST_LAB_HOME", str(place))
    monkeypatch.delenv("EMNIST_DIR", raising=False)
    return place
