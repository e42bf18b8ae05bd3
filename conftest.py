"""What tests and the examples in docstrings share: a home folder of their own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch) -> Path:
    """Own runs and cache go to a folder of the test's; no dataset is named."""
    place = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("EMNIST_LAB_HOME", str(place))
    monkeypatch.delenv("EMNIST_DIR", raising=False)
    return place
