"""Which workers of a cluster have what this process has, and may be sent work."""

from collections.abc import Collection

import distributed

from ...errors import ClusterError
from . import address as addresses
from . import versions

_REMEDY = "install what requirements.txt and requirements-cluster.txt name, from the same checkout"


def require_scheduler(client: distributed.Client, address: str) -> str:
    """Refuse a scheduler of another version.

    Parameters
    ----------
    client : distributed.Client
    address : str

    Returns
    -------
    str
        Address of its dashboard; empty where it has none.

    Raises
    ------
    ClusterError
        Its Python or distributed is another.
    """
    found = client.get_versions(packages=[*versions.LIBRARIES, "bokeh"])
    differ = versions.differences(found["client"], found["scheduler"])
    if own := [one for one in differ if one.startswith(("distributed ", "Python "))]:
        raise ClusterError(
            f"The scheduler {address} can't be used ({', '.join(own)}): {_REMEDY}, and start it "
            f"again; or {addresses.HERE}."
        )
    return client.dashboard_link if found["scheduler"]["packages"].get("bokeh") else ""


def checked(
    client: distributed.Client, only: Collection[str] | None = None
) -> tuple[dict[str, int], dict[str, str]]:
    """Ask workers for their versions.

    Parameters
    ----------
    client : distributed.Client
    only : collection of str, optional
        Addresses of these workers; all by default.

    Returns
    -------
    threads : dict of str to int
        Address of a worker that can be used -> how many tasks it does at a time.
    refused : dict of str to str
        Address of one that can't -> a sentence on why.
    """
    found = client.get_versions(packages=list(versions.LIBRARIES))
    differ = {
        worker: versions.differences(found["client"], there)
        for worker, there in found["workers"].items()
        if only is None or worker in only
    }
    same = [worker for worker, what in differ.items() if not what]
    # Asked only of those that can read what is sent.
    sources = client.run(versions.source, workers=same, on_error="return") if same else {}
    for worker in same:
        other = sources.get(worker)
        if other != versions.source():
            other = other if isinstance(other, str) else None
            differ[worker].append(versions.difference("emnist_lab", versions.source(), other))
    refused = {
        worker: f"The worker {worker} isn't used ({', '.join(what)}): {_REMEDY}, and start it "
        "again."
        for worker, what in differ.items()
        if what
    }
    threads = client.nthreads()
    return {one: threads[one] for one in differ if one in threads and one not in refused}, refused
