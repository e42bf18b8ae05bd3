"""The Dask cluster that this server's jobs go to, where one is named."""

import os

import streamlit as st

from emnist_lab.runs.cluster.address import ENVIRONMENT


def scheduler() -> str:
    """Address of the scheduler; empty where jobs stay on this machine.

    ``$EMNIST_LAB_SCHEDULER``, else ``scheduler`` in ``[cluster]`` of the secrets. Whether it is
    one is said by the job that goes there.
    """
    named = os.environ.get(ENVIRONMENT, "").strip()
    if named or not st.secrets.load_if_toml_exists():
        return named
    section = st.secrets.get("cluster", {})
    return str(section.get("scheduler", "")).strip() if hasattr(section, "get") else ""


def environment() -> dict[str, str]:
    """What the process of a job needs to find the cluster."""
    named = scheduler()
    return {ENVIRONMENT: named} if named else {}
