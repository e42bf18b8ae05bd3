"""What tests of pages share."""

import pytest
import streamlit as st
from helpers import WAIT

from emnist_lab.maintenance import browser
from emnist_lab.ui import task_panel


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Caches outlive a test's home and dataset; and pages show what comes of background work."""
    st.cache_data.clear()
    st.cache_resource.clear()
    monkeypatch.setattr(task_panel, "_AT_ONCE", 60)


@pytest.fixture(scope="module")
def chromium():
    """A browser; each test makes a context of its own in it."""
    if browser.chromium() is None:
        pytest.skip("needs Chromium: apt-get install it")
    with browser.launched() as made:
        yield made


@pytest.fixture(scope="module")
def window(chromium):
    """A context that all tests of a file share: the app's files are loaded and compiled once."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(window):
    """A page with a session of its own."""
    made = window.new_page()
    made.set_default_timeout(WAIT)
    yield made
    made.close()
