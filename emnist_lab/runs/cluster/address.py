"""Address of the cluster's scheduler, where one is given; whether somebody listens there."""

import importlib.util
import os
import re
import socket
import time

from ...errors import ClusterError

ENVIRONMENT = "EMNIST_LAB_SCHEDULER"
HERE = f"unset ${ENVIRONMENT} or give --here to run on this machine"
_ADDRESS = re.compile(
    r"(?:(?P<protocol>[a-z]+)://)?(?P<host>\[[0-9a-fA-F:]+\]|[^\s:/\[\]]+):(?P<port>\d{1,5})"
)
_SECONDS = 3.0  # that a connection with its greeting may take
_GREETING = 2**20  # bytes; a true one has some hundred


def given(scheduler: str | None = None) -> str:
    """Address of the scheduler that work goes to.

    Parameters
    ----------
    scheduler : str, optional
        In place of what ``$EMNIST_LAB_SCHEDULER`` names; empty for none.

    Returns
    -------
    str
        As in ``"tcp://host:8786"``; empty where work stays on this machine.

    Raises
    ------
    ClusterError
        It is no address.

    Examples
    --------
    >>> given("host:8786"), given("")
    ('tcp://host:8786', '')
    """
    named = (os.environ.get(ENVIRONMENT, "") if scheduler is None else scheduler).strip()
    if not named:
        return ""
    found = _ADDRESS.fullmatch(named)
    if found is None or not 0 < int(found["port"]) < 2**16:
        raise ClusterError(
            f"{named[:80]!r} is no address of a Dask scheduler: write it as in tcp://host:8786, or "
            f"{HERE}."
        )
    return named if found["protocol"] else f"tcp://{named}"


def require(address: str) -> None:
    """Refuse an address where no scheduler listens, before any work.

    Parameters
    ----------
    address : str
        Of `given`; nothing is done for an empty one.

    Raises
    ------
    ClusterError
        None listens there, or the libraries for a cluster are missing.
    """
    if not address:
        return
    if importlib.util.find_spec("distributed") is None:
        raise ClusterError(
            "Work for a cluster needs the package distributed: pip install -r "
            f"requirements-cluster.txt, or {HERE}."
        )
    found = _ADDRESS.fullmatch(address)
    if found["protocol"] not in ("tcp", "tls"):
        return
    where = (found["host"].strip("[]"), int(found["port"]))
    try:
        until = time.monotonic() + _SECONDS
        with socket.create_connection(where, _SECONDS) as one:
            one.settimeout(max(until - time.monotonic(), 0.1))
            begins = one.recv(8, socket.MSG_WAITALL) if found["protocol"] == "tcp" else None
    except TimeoutError as error:
        raise nobody(address, "it doesn't answer") from error
    except OSError as error:
        raise nobody(address, error.strerror or str(error)) from error
    # Dask speaks first, and begins with the size of what it says. distributed waits for others for
    # ever, or makes room for whatever they begin with.
    if begins is not None and not 0 < int.from_bytes(begins, "little") < _GREETING:
        raise nobody(address, "something else listens there")


def nobody(address: str, why: str) -> ClusterError:
    """What is said where no scheduler answers.

    Parameters
    ----------
    address : str
    why : str

    Returns
    -------
    ClusterError
    """
    return ClusterError(
        f"No Dask scheduler answers at {address} ({why}): start it (make cluster, or dask "
        f"scheduler), correct the address, or {HERE}."
    )
