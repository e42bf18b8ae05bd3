"""The server's queues of background work."""

from pathlib import Path

from emnist_lab import files
from emnist_lab.commands.job_queue import JobQueue
from emnist_lab.commands.shared_job_queue import training_queue
from emnist_lab.ui import cluster_settings, drawing_database
from emnist_lab.ui.server_wide import server_wide


def fetches() -> JobQueue:
    """The server's one queue of downloads and imports.

    Without a journal: what came of a download is on disk anyway and the next attempt goes on
    with it, and files that were uploaded for an import are gone with the server.
    """
    return _fetches(files.home())


def jobs() -> JobQueue:
    """The server's one training queue, or that of all replicas."""
    return _jobs(files.home())


@server_wide
def _fetches(home: Path) -> JobQueue:
    return JobQueue()


@server_wide
def _jobs(home: Path) -> JobQueue:
    return training_queue(_environment)


def _environment() -> dict[str, str]:
    """Addresses of what the processes of jobs use, which aren't for all eyes."""
    return {**drawing_database.environment(), **cluster_settings.environment()}
