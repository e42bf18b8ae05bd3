"""What a process of `fit_process` runs: a watch for its worker's end, then what it is sent.

It is run by its path, as `emnist_lab.commands.job_process` is: the watch begins before the imports.
"""

import os
import signal
import sys
import threading
from multiprocessing.connection import Connection

_IDLE = 60.0  # seconds without work after which it ends


def _end_with_worker() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)


def _serve(connection: Connection) -> None:
    import cloudpickle

    # the whole library with it, which takes seconds: before the first fit is there
    from emnist_lab.errors import LabError, first_line

    def told(value: object) -> None:
        connection.send(("told", value))

    while connection.poll(_IDLE):
        try:
            work = connection.recv_bytes()
        except EOFError:
            return
        try:
            function, given = cloudpickle.loads(work)
            answer = ("done", function(*given, told=told))
        except LabError as error:
            answer = ("failed", error)
        except Exception as error:  # noqa: BLE001  it belongs to whoever sent the work
            answer = ("failed", RuntimeError(f"{type(error).__name__}: {first_line(error)}"))
        connection.send(answer)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all; the worker decides
    threading.Thread(target=_end_with_worker, name="worker", daemon=True).start()
    _serve(Connection(int(sys.argv[1])))
