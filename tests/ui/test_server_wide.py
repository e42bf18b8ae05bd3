"""What a server has once outlives its caches, which any visitor's browser may clear."""

import streamlit as st

from emnist_lab.ui import background_pools, job_queues
from emnist_lab.ui.server_wide import server_wide


def test_jobs_and_pools_outlive_a_visitor_who_clears_the_caches(home):
    kept = [job_queues.jobs, job_queues.fetches, background_pools.readings, background_pools.maps]
    before = [one() for one in kept]
    st.cache_data.clear()
    st.cache_resource.clear()  # what Streamlit does for the message `clear_cache`, whoever sends it
    assert [one() for one in kept] == before


def test_a_thing_is_made_once_for_each_argument():
    made = []
    make = server_wide(lambda *args: made.append(args) or object())
    assert make("a") is make("a") is not make("b")
    assert made == [("a",), ("b",)]
