"""The API alone, without pages: for programs only, and for measuring it.

``python -m uvicorn --factory emnist_lab.server.api.standalone:application`` serves it.
"""

from starlette.applications import Starlette

from ... import files
from ...commands.shared_job_queue import training_queue
from . import routes


def application() -> Starlette:
    """An application that has the API's routes, and a training queue of its own.

    Returns
    -------
    starlette.applications.Starlette

    Raises
    ------
    LabError
        A variable holds something else than it can.

    Examples
    --------
    >>> [route.path for route in application().routes]
    ['/api', '/metrics']
    """
    files.set_patience(2.0)
    queue = training_queue()
    return Starlette(routes=routes(jobs=lambda: queue))
