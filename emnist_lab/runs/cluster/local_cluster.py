"""A scheduler and workers on this machine: what ``make cluster`` starts, and the benchmark."""

import contextlib
import importlib.util
import logging
import signal
import sys
import threading
import warnings
from collections.abc import Iterator

import distributed

from ...errors import ClusterError, first_line
from . import connection

PORT, WORKERS = 8786, 2
_HOST = "127.0.0.1"  # it runs what it is sent, so nobody else may reach it


@contextlib.contextmanager
def start(port: int = 0, workers: int = WORKERS) -> Iterator[distributed.LocalCluster]:
    """Start a scheduler and workers of one thread each, which nobody else's machine reaches.

    Parameters
    ----------
    port : int
        Of the scheduler; a free one where it is 0.
    workers : int

    Yields
    ------
    distributed.LocalCluster
        ``scheduler_address`` is what `emnist_lab.runs.cluster.address.given` takes. A worker that
        is killed is started again; all end with the block.

    Raises
    ------
    ClusterError
        The port is taken.
    """
    pages = 8787 if importlib.util.find_spec("bokeh") else 0  # a free port for what nobody opens
    try:
        with connection.quiet(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Port 8787 is already in use")  # takes another then
            cluster = distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                host=_HOST,
                scheduler_port=port,
                dashboard_address=f"{_HOST}:{pages}",
                silence_logs=logging.CRITICAL,
            )
    except (OSError, RuntimeError) as error:
        raise ClusterError(
            f"A scheduler can't listen on port {port} ({first_line(error)}): is one running there "
            "already? Else choose another port, as in make cluster DASK_PORT=9786."
        ) from error
    with connection.quiet(), cluster:
        yield cluster


def main(port: int) -> int:
    """Start them, and wait for an interrupt.

    Parameters
    ----------
    port : int

    Returns
    -------
    int
        Exit status.
    """
    ended = threading.Event()
    # A terminal's Ctrl-C goes to all processes: workers, which inherit this, leave it to this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with start(port) as cluster:
            for one in (signal.SIGINT, signal.SIGTERM):
                signal.signal(one, lambda number, frame: ended.set())
            print(f"{WORKERS} workers wait at {cluster.scheduler_address}; Ctrl-C ends them.")
            if importlib.util.find_spec("bokeh"):
                print(f"Dask's dashboard: {cluster.dashboard_link}", flush=True)
            print(f"EMNIST_LAB_SCHEDULER={cluster.scheduler_address} make app", flush=True)
            ended.wait()
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else PORT))
