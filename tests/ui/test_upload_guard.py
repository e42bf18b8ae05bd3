"""Files that are sent to Streamlit's own address, past its widgets."""

from collections import Counter

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from emnist_lab.server.rights import Mode, of_mode
from emnist_lab.ui import upload_guard
from emnist_lab.ui.upload_guard import UploadGuard

MB = 2**20


@pytest.fixture
def held(monkeypatch):
    """What Streamlit holds, and a visitor of a class and a guest of a show."""
    held = Counter()
    monkeypatch.setattr(upload_guard, "_held", lambda: Counter(held))
    monkeypatch.setattr(upload_guard, "_largest", {"ann": 64 * MB, "guest": 0})
    return held


@pytest.fixture
def send(held):
    async def taken(request):
        await request.body()
        return Response(status_code=204)

    address = "/_stcore/upload_file/{session}/{file}"
    client = TestClient(UploadGuard(Starlette(routes=[Route(address, taken, methods=["PUT"])])))

    def put(session: str, size: int | None):
        headers = {} if size is None else {"content-length": str(size)}
        return client.put(f"/_stcore/upload_file/{session}/x", headers=headers, content=iter([b""]))

    return put


def test_an_upload_is_taken_from_who_may(send):
    assert send("ann", 64 * MB).status_code == 204


@pytest.mark.parametrize(
    ("session", "size", "status", "why"),
    [
        ("guest", 10, 403, "takes no files of visitors"),
        ("nobody-knows-it", 10, 403, "takes no files of visitors"),
        ("ann", 65 * MB, 413, "may have 64 MB here"),
        ("ann", None, 411, "must say how large"),
    ],
)
def test_others_are_refused_before_they_are_read(send, session, size, status, why):
    answer = send(session, size)
    assert answer.status_code == status and why in answer.text


def test_what_is_held_already_counts(send, held):
    held["ann"] = 100 * MB
    assert send("ann", 20 * MB).status_code == 204
    assert "take one away first" in send("ann", 60 * MB).text
    held["others"] = 2**30
    answer = send("ann", 20 * MB)
    assert answer.status_code == 503 and "try again in a minute" in answer.text


def test_a_visitor_may_upload_what_their_rights_say(monkeypatch):
    class Context:
        session_id = "one"

    monkeypatch.setattr(upload_guard, "get_script_run_ctx", Context)
    for mode, largest in ((Mode.CLASS, 64 * MB), (Mode.SHOW, 0)):
        upload_guard.allow(of_mode(mode))
        assert upload_guard._largest["one"] == largest
    upload_guard._largest.pop("one")
