"""A class in a real Chromium: what one visitor makes is theirs alone."""

import contextlib
import http.client
import shutil
from urllib.parse import urlsplit

import pytest
from helpers import JOB, WAIT, press, settled

from emnist_lab.maintenance import browser


@pytest.fixture(scope="module")
def course(tmp_path_factory, folder):
    home = tmp_path_factory.mktemp("course")
    own = shutil.copytree(folder, home / "emnist")
    settings = {
        "EMNIST_LAB_HOME": str(home),
        "EMNIST_DIR": str(own),
        "EMNIST_LAB_MODE": "class",
        "EMNIST_LAB_TRAINING_IMAGES": "1000",
    }
    with browser.server(settings) as address:
        yield address


@pytest.fixture
def visitor(chromium):
    """Makes pages of browsers that have nothing in common."""
    contexts = []

    def come():
        contexts.append(chromium.new_context(viewport={"width": 1280, "height": 900}))
        page = contexts[-1].new_page()
        page.set_default_timeout(WAIT)
        return page

    yield come
    for context in contexts:
        context.close()


@pytest.mark.timeout(1800)
def test_what_a_visitor_trains_is_theirs(visitor, course):
    ann, bob = visitor(), visitor()
    ann.goto(f"{course}/train?recipe=hog-qda")
    press(ann, "Train")
    ann.get_by_text("Kept as").wait_for(timeout=JOB)
    name = ann.get_by_text("Kept as").locator("strong").first.inner_text()
    assert name.startswith("hog-qda-balanced-1000")
    bob.goto(f"{course}/train")
    bob.get_by_role("button", name="Train", exact=True).wait_for()
    settled(bob)
    assert bob.get_by_text("Kept as").count() == 0
    bob.goto(f"{course}/evaluate?run={name}")
    bob.get_by_text(f"There is no run “{name}” here").wait_for()
    ann.goto(f"{course}/evaluate?run={name}")  # the same browser is the same visitor
    ann.locator("canvas[role=application]").wait_for()
    settled(ann)
    assert f"run={name}" in ann.url and ann.get_by_text("There is no run").count() == 0


def test_a_visitor_uploads_as_much_as_they_may(visitor, course):
    ann = visitor()
    ann.goto(f"{course}/data")
    with ann.expect_response("**/_stcore/upload_file/**") as sent:
        small = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"x"}
        ann.locator("input[type=file]").first.set_input_files(small)
    assert sent.value.status == 204
    place = urlsplit(sent.value.url)
    # What a file's head says is enough: 65 MB through a browser would take a minute.
    with contextlib.closing(http.client.HTTPConnection(place.netloc, timeout=300)) as sender:
        sender.putrequest("PUT", f"{place.path.rpartition('/')[0]}/another")
        sender.putheader("Content-Length", str(65 * 2**20))
        sender.endheaders()
        large = sender.getresponse()
        assert large.status == 413 and "may have 64 MB here" in large.read().decode()
    unknown = ann.request.put(f"{course}/_stcore/upload_file/nobody/x", data=b"x")
    assert unknown.status == 403 and "takes no files of visitors" in unknown.text()
