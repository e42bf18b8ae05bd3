"""Jobs that tests start aren't lower in priority: on a busy machine they would never end."""

import pytest

from emnist_lab.commands import job_queue


@pytest.fixture(autouse=True)
def _own_priority(monkeypatch):
    monkeypatch.setattr(job_queue, "_NICE", 0)
