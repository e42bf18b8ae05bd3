"""What tests of pages share."""

import pytest
import streamlit as st
from helpers import WAIT

from emnist_lab.maintenance import browser


@pytest.fixture(autouse=True)
def fresh():
    """Caches outlive a test's home and dataset."""
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def chromium():
    """A browser; each test makes a context of its own in it."""
    if browser.chromium() is None:
        pytest.skip("needs Chromium: apt-get install it")
    with browser.launched() as made:
        yield made


@pytest.fixture
def page(chromium):
    """A page of a browser that knows nothing yet."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    made = context.new_page()
    made.set_default_timeout(WAIT)
    yield made
    context.close()
