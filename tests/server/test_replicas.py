"""Two replicas behind a proxy, with PostgreSQL and an object store: the parts of compose.yaml."""

import asyncio
import http.client
import json
import re
import secrets
from urllib.parse import urlsplit

import object_store
import postgresql
import pytest
import replicas
import yaml
from helpers import until

from emnist_lab.errors import LabError
from emnist_lab.files import PROJECT
from emnist_lab.maintenance.replica_load import nginx_program
from emnist_lab.maintenance.visit import Visit

LONG = {"recipe": "warped-blend", "data": "demo", "images": 15_000}  # takes minutes
KEY = secrets.token_hex(16)

needs_all = pytest.mark.skipif(
    postgresql.binaries() is None or nginx_program() is None or not object_store.can_be_made(),
    reason="needs PostgreSQL, nginx, s3fs and moto: make test-extras",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("replicas")


@pytest.fixture(scope="module")
def stack(place):
    with replicas.stack(place, EMNIST_LAB_API_RATE="1000") as made:
        yield made


def ask(address: str, method: str = "GET", body=None, **headers: str):
    """Status, headers and content of an answer; redirects aren't followed."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else json.dumps(body)
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, f"{parts.path}?{parts.query}", content, headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def as_me(address: str, path: str, method: str = "GET", body=None) -> dict:
    status, _, content = ask(
        f"{address}/api/v1/{path}", method, body, Authorization=f"Bearer {KEY}"
    )
    assert status < 400, content
    return json.loads(content)


def job_of(address: str, key: str) -> dict:
    listed = as_me(address, "jobs")["jobs"]
    return next((one for one in listed if one["key"] == key), {"state": "unknown"})


def names_of(address: str) -> set[str]:
    return {one["run"] for one in as_me(address, "runs")["runs"]}


@needs_all
def test_a_run_trained_on_one_replica_is_on_the_other_and_each_job_is_run_once(stack):
    body = {"recipe": "pixels-bayes", "data": "demo", "images": 500}
    keys = [
        as_me(address, "jobs", "POST", {**body, "seed": seed})["key"]
        for seed, address in enumerate(stack.replicas)
    ]
    for address in stack.replicas:
        until(lambda at=address: all(job_of(at, key)["state"] == "done" for key in keys))
    made = {job_of(stack.replicas[0], key)["result"] for key in keys}
    assert len(made) == len(keys)
    for address in stack.replicas:
        until(lambda at=address: made <= names_of(at))
        own = {one for one in names_of(address) if one.startswith("pixels-bayes")}
        assert own == made  # nothing was done twice


@needs_all
def test_a_job_is_cancelled_through_the_other_replica(stack):
    key = as_me(stack.replicas[0], "jobs", "POST", LONG)["key"]
    for address in stack.replicas:
        until(lambda at=address: job_of(at, key)["state"] == "running")
    as_me(stack.replicas[1], f"jobs/{key}", "DELETE")
    for address in stack.replicas:
        until(lambda at=address: job_of(at, key)["state"] == "cancelled")


@needs_all
@pytest.mark.parametrize("page", ["", "draw", "train", "handwriting"])
def test_pages_are_served_below_the_base_path(stack, page):
    status, _, content = ask(f"{stack.proxy}/{page}")
    assert status == 200
    (script,) = re.findall(rb'src="\./(static/[^"]+\.js)"', content)[:1]
    assert ask(f"{stack.proxy}/{script.decode()}")[0] == 200
    assert ask(f"{stack.proxy.removesuffix('lab')}{page}")[0] == 404


@needs_all
def test_the_api_and_its_document_are_below_the_base_path(stack):
    _, _, content = ask(f"{stack.proxy}/api/v1/openapi.json")
    assert json.loads(content)["servers"] == [{"url": "/lab/api"}]
    page = ask(f"{stack.proxy}/api/v1/docs")[2].decode()
    named = re.findall(r'(?:href|src)="(/[^"]+)"', page)
    named += re.findall(r"url: '(/[^']+)'", page)
    assert len(named) >= 3
    for path in named:
        assert path.startswith("/lab/api/")
        assert ask(stack.proxy.removesuffix("/lab") + path)[0] == 200
    assert ask(f"{stack.proxy}/metrics")[0] == 200


@needs_all
def test_redirects_say_https_where_a_proxy_ends_tls(stack):
    status, headers, _ = ask(stack.proxy, X_Forwarded_Proto="https", Host="lab.example.org")
    assert status in (301, 307, 308)
    assert headers["location"] == "https://lab.example.org/lab/"
    assert ask(stack.proxy)[1]["location"].startswith("http://")


@needs_all
def test_a_browser_keeps_its_replica(stack, place):
    _, headers, _ = ask(f"{stack.proxy}/_stcore/health")
    kept = re.match("lab_session=([0-9a-f]{32}); Path=/", headers["Set-Cookie"])[1]
    for _ in range(5):
        _, headers, _ = ask(f"{stack.proxy}/_stcore/health", Cookie=f"lab_session={kept}")
        assert not headers.get("Set-Cookie", "").startswith("lab_session")
    assert len(until(lambda: asked(place, kept))) == 1
    assert len({one for at in range(20) for one in sent(stack, place, f"{at}")}) == 2


def asked(place, session: str) -> set[str]:
    """Replicas that the proxy asked for a session."""
    lines = (place / "nginx" / "log").read_text().splitlines()
    return {line.rsplit(" ", 1)[0] for line in lines if line.endswith(f" {session}")}


def sent(stack, place, session: str) -> set[str]:
    ask(f"{stack.proxy}/_stcore/health", Cookie=f"lab_session={session}")
    return until(lambda: asked(place, session))  # the proxy writes its log after the answer


@needs_all
def test_a_session_goes_on_when_the_other_replica_ends(stack, place):
    """The last test: one replica is gone afterwards."""
    sessions = {}  # replica -> a session that is on it
    for at in range(40):
        (address,) = sent(stack, place, f"{at}")
        sessions.setdefault(address, f"lab_session={at}")
    ports = [urlsplit(address).netloc for address in stack.replicas]
    first, second = (sessions[port] for port in ports)

    def headings(visit: Visit) -> list[str]:
        return [one.proto.body for one in visit.shown() if one.kind == "heading"]

    async def people() -> None:
        async with Visit(stack.proxy, first) as stays, Visit(stack.proxy, second) as leaves:
            for visit in (stays, leaves):
                await visit.open("train", lambda one: one.kind == "heading")
                assert any("Train" in one for one in headings(visit))
            stack.kill(1)
            await stays.open("compare", lambda one: one.kind == "heading")
            assert any("Compare" in one for one in headings(stays))
            assert stays.errors == []
            with pytest.raises(LabError):
                await leaves.open("compare", lambda one: one.kind == "heading")
        # Who was on the other one reloads, by the same cookie.
        async with Visit(stack.proxy, second) as again:
            await again.open("compare", lambda one: one.kind == "heading")
            assert again.errors == []

    asyncio.run(people())


def test_compose_has_the_settings_that_are_tested(tmp_path):
    composed = yaml.safe_load((PROJECT / "compose.yaml").read_text())
    services = composed["services"]
    assert {"proxy", "app-1", "app-2", "database", "store", "scheduler"} < services.keys()
    assert {"worker-1", "worker-2"} < services.keys()
    given = services["app-1"]["environment"]
    assert given == services["app-2"]["environment"] == services["worker-1"]["environment"]
    assert given["EMNIST_LAB_HOME"].startswith("s3://")
    assert given["EMNIST_LAB_DATABASE"].startswith("postgresql+psycopg://")
    assert set(replicas.settings(0, "", tmp_path)) <= set(given)
    assert services["proxy"]["volumes"] == ["./docs/nginx.conf:/etc/nginx/conf.d/default.conf:ro"]
    proxied = re.findall(r"server (\S+):8501", (PROJECT / "docs" / "nginx.conf").read_text())
    assert proxied == ["app-1", "app-2"]
    for name, service in services.items():
        assert ("image" in service) or ("build" in service), name
        for other in service.get("depends_on", []):
            assert other in services
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source.startswith("./") or source in composed["volumes"]
    needed = services["app-1"]["build"]["args"]["REQUIREMENTS"].split()
    assert {"requirements.txt", "requirements-replicas.txt"} <= set(needed)
