"""What every request passes: host, origin, key, rate, size; how refusals and defects are told."""

import logging

import pytest
from api_client import KEYS, client_of, said

from emnist_lab.errors import LabError, RunError
from emnist_lab.server.api import opened_runs, settings
from emnist_lab.server.rights import Mode
from emnist_lab.server.visitor import owner_id

STROKES = {"strokes": [[[0, 0], [70, 0], [30, 100]]]}
CLASS = {"EMNIST_LAB_MODE": "class"}
SHOW = {"EMNIST_LAB_MODE": "show"}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8501", 200),
        ("127.0.0.1:8501", 200),
        ("[::1]:8501", 200),
        ("192.168.1.7", 200),
        ("app.localhost:8501", 200),
        ("my-box:8501", 200),
        ("evil.example", 403),
        ("evil.example:8501", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("evil.example.", 403),
        ("", 403),
        ("[", 403),
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/health", "/metrics"])
def test_ones_own_server_answers_to_its_own_names_only(host, status, path):
    answer = client_of({}).get(path, headers={"host": host})
    assert answer.status_code == status
    if status != 200:
        assert "EMNIST_LAB_API_HOSTS" in said(answer)["detail"]


def test_a_name_of_ones_own_server_can_be_set(monkeypatch):
    monkeypatch.setenv("EMNIST_LAB_API_HOSTS", "Lab.example.org, other.example.org")
    client = client_of({})
    assert client.get("/api/v1/health", headers={"host": "lab.example.org"}).status_code == 200
    assert client.get("/api/v1/health", headers={"host": "evil.example"}).status_code == 403


@pytest.mark.parametrize("variables", [CLASS, SHOW])
def test_a_server_for_many_has_whatever_name_its_operator_gave_it(variables):
    client = client_of(variables)
    assert client.get("/api/v1/health", headers={"host": "lab.example.org"}).status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8501", 202),
        ("http://evil.example", 403),
        ("http://localhost:3000", 403),
        ("http://localhost", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_a_page_of_another_site_changes_nothing_on_ones_own_server(origin, status):
    client = client_of({})
    # takes minutes, so that it hasn't ended when it is deleted
    body = {"recipe": "warped-blend", "data": "demo", "images": 5_000}
    answer = client.post("/api/v1/jobs", json=body, headers={"origin": origin})
    assert answer.status_code == status
    jobs = client.get("/api/v1/jobs").json()["jobs"]
    assert len(jobs) == (status == 202)
    for job in jobs:
        refused = client.delete(f"/api/v1/jobs/{job['key']}", headers={"origin": "http://evil"})
        assert refused.status_code == 403
        assert client.delete(f"/api/v1/jobs/{job['key']}").status_code == 200


def test_a_form_or_plain_text_of_another_page_is_no_job():
    client = client_of({})
    content = '{"recipe": "hog-qda", "data": "demo"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = client.post("/api/v1/jobs", content=content, headers={"content-type": kind})
        assert answer.status_code in (400, 422)
        said(answer)
    assert client.get("/api/v1/jobs").json()["jobs"] == []


@pytest.mark.parametrize("variables", [{}, CLASS])
def test_no_page_of_another_site_may_read_an_answer(variables):
    client = client_of(variables)
    origin = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    for answer in (
        client.get("/api/v1/runs", headers=origin),
        client.options("/api/v1/jobs", headers=origin),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "key", ["", "Bearer", "Bearer abc", f"Basic {'a' * 32}", "Bearer " + "G" * 32]
)
def test_a_key_that_is_none_is_refused(key):
    for variables in ({}, CLASS, SHOW):
        answer = client_of(variables).get("/api/v1/runs", headers={"authorization": key})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "32 hexadecimal digits" in said(answer)["detail"]


def test_who_asks_too_often_is_told_when_to_come_again(monkeypatch):
    monkeypatch.setenv("EMNIST_LAB_API_RATE", "0.001")
    client = client_of(CLASS)
    assert client.get("/api/v1/health").status_code == 200
    refused = client.get("/api/v1/health")
    assert refused.status_code == 429
    assert 800 <= int(refused.headers["retry-after"]) <= 1000
    assert said(refused)["detail"].startswith("A client may ask 0.001 times a second here: try")
    # Another one at the same address isn't hindered, and Prometheus isn't either.
    other = {"authorization": f"Bearer {KEYS[0]}"}
    assert client.get("/api/v1/health", headers=other).status_code == 200
    assert client.get("/api/v1/health", headers=other).status_code == 429
    assert client.get("/metrics").status_code == 200


def test_nobody_gets_more_by_making_up_keys(monkeypatch):
    monkeypatch.setenv("EMNIST_LAB_API_RATE", "0.001")
    client = client_of(CLASS)
    seen = [
        client.get("/api/v1/health", headers={"authorization": f"Bearer {at:032x}"}).status_code
        for at in range(30)
    ]
    assert 1 <= seen.count(200) <= 10 and 429 in seen


def test_there_is_no_limit_on_ones_own_server_and_fifty_a_second_for_many():
    assert settings.from_environment(Mode.OWN, {}).rate is None
    assert settings.from_environment(Mode.CLASS, {}).rate == 50
    assert settings.from_environment(Mode.SHOW, {}).rate == 50
    assert settings.from_environment(Mode.SHOW, {"EMNIST_LAB_API_RATE": "none"}).rate is None


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", "often", "1e9"])
def test_a_server_does_not_start_with_a_rate_that_is_none(monkeypatch, rate):
    monkeypatch.setenv("EMNIST_LAB_API_RATE", rate)
    with pytest.raises(LabError, match=r"\$EMNIST_LAB_API_RATE is "):
        client_of({})


def chunks(size: int):
    """A body whose size isn't said."""
    for _ in range(size // 2**16):
        yield b" " * 2**16


@pytest.mark.parametrize("told", [True, False])
def test_a_body_of_json_is_read_up_to_its_limit(told):
    headers = {"content-type": "application/json"}
    client = client_of({})
    for path in ("/api/v1/predict", "/api/v1/jobs"):
        content = b"".join(chunks(5 * 2**20)) if told else chunks(5 * 2**20)
        refused = client.post(path, content=content, headers=headers)
        assert refused.status_code == 413
        assert "more than the 2 MiB" in said(refused)["detail"]


@pytest.mark.parametrize("kind", ["image/png", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("told", [True, False])
def test_a_picture_is_read_up_to_the_limit_of_uploads(kind, told):
    client = client_of({"EMNIST_LAB_UPLOAD_MB": "1"})
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'

    def parts():
        yield head
        yield from chunks(3 * 2**20)

    for path in ("/api/v1/predict", "/api/v1/pages"):
        content = b"".join(parts()) if told else parts()
        refused = client.post(path, content=content, headers={"content-type": kind})
        assert refused.status_code == 413
        assert "more than the 1 MiB" in said(refused)["detail"]


def test_a_false_content_length_lets_nobody_past_the_limit():
    client = client_of({})
    headers = {"content-type": "application/json", "content-length": "9" * 400}
    assert client.post("/api/v1/predict", content=b"{}", headers=headers).status_code == 413


def test_what_is_no_fault_of_the_callers_has_a_number_that_the_log_has(monkeypatch, caplog):
    def broken(*given):
        raise ZeroDivisionError("/srv/secret/place")

    monkeypatch.setattr(opened_runs.run_access, "open_run", broken)
    with caplog.at_level(logging.ERROR):
        answer = client_of({}).post("/api/v1/predict", json=STROKES)
    assert answer.status_code == 500
    body = said(answer)
    assert "/srv" not in answer.text and "ZeroDivision" not in answer.text
    assert body["number"] in body["detail"] and body["number"] in caplog.text
    assert "/srv/secret/place" in caplog.text


@pytest.mark.parametrize(("variables", "seen"), [({}, True), (CLASS, False), (SHOW, False)])
def test_only_an_operator_reads_where_things_lie(monkeypatch, variables, seen):
    def broken(*given):
        raise RunError("The disk is full (/srv/secret/place/run.json): free some space.")

    monkeypatch.setattr(opened_runs.run_access, "open_run", broken)
    text = client_of(variables).post("/api/v1/predict", json=STROKES).json()["detail"]
    assert ("/srv" in text) is seen
    assert text.startswith("The disk is full (") and text.endswith("): free some space.")


def test_an_operator_is_known_by_their_key(monkeypatch):
    monkeypatch.setenv("EMNIST_LAB_OPERATORS", owner_id(KEYS[0]))
    body = {"recipe": "hog-qda", "data": "demo", "images": 100}
    operator, visitor = client_of(SHOW, key=KEYS[0]), client_of(SHOW, key=KEYS[1])
    assert visitor.post("/api/v1/jobs", json=body).status_code == 403
    job = operator.post("/api/v1/jobs", json=body)
    assert job.status_code == 202
    operator.delete(job.headers["location"])


def test_who_cannot_sign_in_gets_nothing_where_that_is_required(monkeypatch):
    monkeypatch.setenv("EMNIST_LAB_OPERATORS", owner_id(KEYS[0]))
    monkeypatch.setenv("EMNIST_LAB_SIGN_IN", "required")
    body = {"recipe": "hog-qda", "data": "demo", "images": 100}
    for key in (None, KEYS[1]):
        client = client_of(CLASS, key=key)
        for answer in (
            client.get("/api/v1/runs"),
            client.get("/api/v1/samples?data=demo"),
            client.get("/api/v1/docs"),
            client.post("/api/v1/predict", json=STROKES),
            client.post("/api/v1/jobs", json=body),
        ):
            assert answer.status_code == 401 and "use its pages" in said(answer)["detail"]
        assert client.get("/api/v1/health").status_code == 200
        assert client.get("/metrics").status_code == 200
    assert client_of(CLASS, key=KEYS[0]).get("/api/v1/runs").status_code == 200


def test_a_server_that_was_meant_to_be_closed_does_not_start_open(monkeypatch):
    monkeypatch.setenv("EMNIST_LAB_SIGN_IN", "yes")
    with pytest.raises(LabError, match="SIGN_IN is 'yes': set it to required, or leave it out"):
        client_of(CLASS)


@pytest.mark.parametrize("variables", [{}, CLASS, SHOW])
def test_an_unknown_address_and_method_are_refused_alike(variables):
    client = client_of(variables)
    assert "see /api/v1/docs" in said(client.get("/api/v2/predict"))["detail"]
    assert "doesn't take this method" in said(client.put("/api/v1/predict"))["detail"]
