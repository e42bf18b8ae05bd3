"""What the routes of one server share: threads, opened runs, the queue of jobs, metrics."""

from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request

from ...commands.job_queue import JobQueue
from .datasets import LoadedParts
from .metrics import Metrics
from .opened_runs import OpenedRuns
from .workers import Pool


def _no() -> bool:
    return False


@dataclass(eq=False)
class Services:
    """What one server's routes share.

    Attributes
    ----------
    jobs : callable
        Gives the training queue.
    shared_drawings : callable
        Tells whether everybody may use all kept drawings.
    quick : Pool
        Everything but pictures; most of these threads wait for a reading that they share.
    pictures, pages : Pool
        A picture of 64 megapixels takes some 300 MB and a second; a page takes several.
    metrics : Metrics
    runs : OpenedRuns
    parts : LoadedParts
    """

    jobs: Callable[[], JobQueue]
    shared_drawings: Callable[[], bool] = _no
    quick: Pool = field(default_factory=lambda: Pool("api", 32, 256))
    pictures: Pool = field(default_factory=lambda: Pool("api-pictures", 2, 32, 2))
    pages: Pool = field(default_factory=lambda: Pool("api-pages", 2, 8, 10))
    parts: LoadedParts = field(default_factory=LoadedParts)
    metrics: Metrics = field(init=False)
    runs: OpenedRuns = field(init=False)

    def __post_init__(self) -> None:
        pools = {"quick": self.quick, "pictures": self.pictures, "pages": self.pages}
        taken = {name: lambda pool=pool: pool.taken for name, pool in pools.items()}
        self.metrics = Metrics(self.jobs, taken)
        self.runs = OpenedRuns(told=self.metrics.images)


def services_of(request: Request) -> Services:
    """The services of the server that a request came to."""
    return request.app.state.services
