"""What tests of pages share."""

import contextlib
import functools
import shutil
import tempfile
from pathlib import Path

import pytest
import streamlit as st
from borrowed import borrow
from helpers import WAIT, remembered_intervals
from streamlit.components.v2 import manifest_scanner

from emnist_lab.maintenance import browser
from emnist_lab.ui import background_pools, task_panel


@pytest.fixture(autouse=True, scope="session")
def images_read_once(tmp_path_factory):
    """Cache of images that all tests of pages share; its entries name the files they are of."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def cached(home, images_read_once):
    (home / "cache").symlink_to(images_read_once)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Caches outlive a test's home and dataset; and pages show what comes of background work."""
    st.cache_data.clear()
    st.cache_resource.clear()
    for pool in ("readings", "neighbours", "maps", "words", "intervals"):
        getattr(background_pools, pool).forget()
    monkeypatch.setattr(task_panel, "_AT_ONCE", 60)


@pytest.fixture(autouse=True, scope="session")
def installed_components():
    """What is installed stays so: Streamlit reads all packages' metadata for each `AppTest`."""
    scan = manifest_scanner.scan_component_manifests
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", functools.cache(scan))
        yield


@pytest.fixture(autouse=True, scope="session")
def known_intervals():
    with remembered_intervals() as known:
        yield known


# Pages of one context share a process, and what it has compiled of the app; and no page is there
# long enough that optimizing its code pays. Both save a third of the processor time of a page.
_SHORT_LIVED = ("--process-per-site", "--js-flags=--no-opt,--no-maglev")


@pytest.fixture(scope="module")
def chromium():
    """A browser; each test makes a context of its own in it."""
    if browser.chromium() is None:
        pytest.skip("needs Chromium: apt-get install it")
    return borrow("chromium", lambda: browser.launched(*_SHORT_LIVED))


@pytest.fixture(scope="module")
def window(chromium):
    """A context that all tests of a file share: the app's files are loaded and compiled once."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    anchor = context.new_page()  # while a page of a site is there, its process is
    anchor.route("**", lambda route: route.fulfill(body=""))
    anchor.goto("http://127.0.0.1/")
    yield context
    context.close()


@pytest.fixture
def page(window):
    """A page with a session of its own."""
    made = window.new_page()
    made.set_default_timeout(WAIT)
    yield made
    made.close()


@contextlib.contextmanager
def _served(images: Path | None):
    with tempfile.TemporaryDirectory() as home:
        own = shutil.copytree(images, Path(home, "emnist")) if images else ""
        environment = {"EMNIST_LAB_HOME": home, "EMNIST_DIR": str(own), "EMNIST_LAB_DATABASE": ""}
        with browser.server(environment) as address:
            yield address


@pytest.fixture(scope="module")
def site(chromium, folder):
    """The app with a dataset of its own to use; other files of tests use it too."""
    return borrow("site", lambda: _served(folder))


@pytest.fixture(scope="module")
def empty_site(chromium):
    """The app as it comes, with the demo set; other files of tests use it too."""
    return borrow("empty site", lambda: _served(None))
