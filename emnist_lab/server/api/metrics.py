"""What Prometheus reads: requests, their times, readings, jobs, memory."""

from collections.abc import Callable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    make_asgi_app,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp

from ...commands.job_queue import JobQueue

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_STATES = ("queued", "running", "done", "failed", "cancelled", "interrupted")


class Metrics:
    """Counters of one server.

    Parameters
    ----------
    jobs : callable
        Gives the training queue.
    pools : dict of str to callable
        Kind of work -> how many requests are in work or wait.

    Attributes
    ----------
    app : ASGI application
        Answers with all of them in Prometheus's text format.
    """

    def __init__(self, jobs: Callable[[], JobQueue], pools: dict[str, Callable[[], int]]):
        registry = CollectorRegistry()
        self._requests = Counter(
            "emnist_lab_requests",
            "Requests that were answered.",
            ("route", "method", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "emnist_lab_request_seconds",
            "Time from a request to the end of its answer.",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._images = Histogram(
            "emnist_lab_batch_images",
            "Images that were read together.",
            buckets=(1, 2, 4, 8, 16),
            registry=registry,
        )
        registry.register(_Now(jobs, pools))
        for kind in (ProcessCollector, PlatformCollector, GCCollector):
            kind(registry=registry)
        self.app: ASGIApp = make_asgi_app(registry)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request.

        Parameters
        ----------
        route : str
            With the names of its parameters, not their values.
        method : str
        status : int
        seconds : float
        """
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def images(self, count: int) -> None:
        """Count a reading of so many images."""
        self._images.observe(count)


class _Now(Collector):
    """What is asked for when Prometheus comes, not counted along."""

    def __init__(self, jobs: Callable[[], JobQueue], pools: dict[str, Callable[[], int]]):
        self._jobs, self._pools = jobs, pools

    def describe(self) -> list:
        return []  # or a registry asks for the jobs when it is made, before there is a queue

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(
            "emnist_lab_jobs", "Jobs of the training queue.", labels=["state"]
        )
        states = [job.state for job in self._jobs().jobs]
        for state in _STATES:
            family.add_metric([state], states.count(state))
        yield family
        family = GaugeMetricFamily(
            "emnist_lab_requests_in_work",
            "Requests that are in work or wait for a thread.",
            labels=["kind"],
        )
        for kind, taken in self._pools.items():
            family.add_metric([kind], taken())
        yield family
