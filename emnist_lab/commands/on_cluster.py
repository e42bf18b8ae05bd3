"""What verbs say of the cluster that their work goes to, where one is named."""

from typing import Any

from ..runs.cluster import address as addresses
from .output import say

DASHBOARD, NOTES = "dashboard", "cluster_notes"  # what events say beside a fit's progress


def address(here: bool) -> str:
    """Address of the scheduler that work goes to; somebody listens there.

    Parameters
    ----------
    here : bool
        Whether it stays on this machine though a cluster is named.

    Returns
    -------
    str
        Empty for this machine.

    Raises
    ------
    ClusterError
        It is no address, nobody listens there, or the libraries are missing.

    Examples
    --------
    >>> address(here=True)
    ''
    """
    named = "" if here else addresses.given()
    addresses.require(named)
    return named


class Connected:
    """Takes the cluster once there is a connection, and says what people should know of it.

    Attributes
    ----------
    more : dict
        For `emnist_lab.commands.events.teller`: Dask's own pages, and workers that aren't used.
    """

    def __init__(self) -> None:
        self.more: dict[str, Any] = {}

    def __call__(self, cluster: Any) -> None:
        """Say where the work goes.

        Parameters
        ----------
        cluster : emnist_lab.runs.cluster.connection.Cluster
        """
        pages = f", dashboard {cluster.dashboard}" if cluster.dashboard else ""
        say(f"{cluster.sentence}{pages}")
        for sentence in cluster.refused.values():
            say(f"warning: {sentence}")
        if cluster.dashboard:
            self.more[DASHBOARD] = cluster.dashboard
        if cluster.refused:
            self.more[NOTES] = list(cluster.refused.values())
