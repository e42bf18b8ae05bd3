"""The API's own documents: OpenAPI, the page that shows it, metrics."""

import re

import pytest
from api_client import client_of
from prometheus_client.parser import text_string_to_metric_families

from emnist_lab.files import PROJECT
from emnist_lab.server.api import settings
from emnist_lab.server.rights import rights_fields

STROKES = {"strokes": [[[0, 0], [70, 0], [30, 100]]]}
PATHS = {
    "/api/v1/predict": {"post"},
    "/api/v1/pages": {"post"},
    "/api/v1/runs": {"get"},
    "/api/v1/runs/{name}": {"get"},
    "/api/v1/runs/{name}/confusion": {"get"},
    "/api/v1/samples": {"get"},
    "/api/v1/jobs": {"get", "post"},
    "/api/v1/jobs/{key}": {"get", "delete"},
    "/api/v1/health": {"get"},
}


@pytest.fixture(scope="module")
def document() -> dict:
    return client_of({}).get("/api/v1/openapi.json").json()


def test_the_document_names_every_address(document):
    base = document["servers"][0]["url"] if "servers" in document else ""
    assert {base + path: set(found) for path, found in document["paths"].items()} == PATHS


def test_every_reference_of_the_document_leads_somewhere(document):
    text = str(document)
    for name in re.findall(r"#/components/schemas/(\w+)", text):
        assert name in document["components"]["schemas"]
    assert "#/$defs" not in text


def test_every_answer_and_refusal_is_described(document):
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["summary"] and operation["description"]
            assert {"401", "403", "422", "429"} <= set(operation["responses"])
            for status, response in operation["responses"].items():
                kind = "application/json" if status < "300" else "application/problem+json"
                assert response["content"][kind]["schema"]


def test_prediction_takes_json_and_pictures(document):
    path = next(path for path in document["paths"] if path.endswith("/predict"))
    content = document["paths"][path]["post"]["requestBody"]["content"]
    assert {"application/json", "image/png", "image/jpeg", "multipart/form-data"} <= set(content)


@pytest.mark.parametrize("mode", ["own", "class", "show"])
def test_the_page_that_shows_the_document_needs_no_other_site(mode):
    client = client_of({"EMNIST_LAB_MODE": mode})
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    assert "//" not in re.sub(r"<!--.*?-->", "", page.text).replace("http://localhost", "")
    used = re.findall(r"""(?:src|href)="([^"]+)"|url: '([^']+)'""", page.text)
    assert len(used) >= 4
    for one in (left or right for left, right in used):
        assert client.get(one).status_code == 200
    assert '"validatorUrl": null' in page.text  # else it would send the document to another site


def test_metrics_count_requests_readings_jobs_and_memory():
    client = client_of({})
    for _ in range(3):
        assert client.post("/api/v1/predict?run=hog-qda", json=STROKES).status_code == 200
    client.get("/api/v1/runs/nobody")
    client.get("/api/v1/runs/anybody")
    client.get("/nowhere/else")
    client.get("/api/x/" + "y" * 100)
    body = {"recipe": "hog-qda", "data": "demo", "images": 100}
    client.delete(client.post("/api/v1/jobs", json=body).headers["location"])
    text = client.get("/metrics").text
    samples = {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }

    def count(route: str, method: str, status: str) -> float:
        labels = (("method", method), ("route", route), ("status", status))
        return samples["emnist_lab_requests_total", labels]

    assert count("/predict", "POST", "200") == 3
    assert count("/runs/{name}", "GET", "404") == 2
    assert count("/jobs", "POST", "202") == 1
    assert samples["emnist_lab_request_seconds_count", (("route", "/predict"),)] == 3
    assert samples["emnist_lab_batch_images_sum", ()] == 9  # three images of each drawing
    assert samples["emnist_lab_jobs", (("state", "cancelled"),)] == 1
    assert samples["emnist_lab_requests_in_work", (("kind", "quick"),)] == 0
    assert "yyyy" not in text and "nobody" not in text
    if ("process_resident_memory_bytes", ()) in samples:  # Linux says it
        assert samples["process_resident_memory_bytes", ()] > 2**20


def test_what_can_be_set_is_documented():
    text = (PROJECT / "docs" / "api.md").read_text(encoding="utf-8")
    for variable in (settings.RATE, settings.HOSTS):
        assert variable in text
    assert all(f"/api/v1/{path.split('/')[3]}" in text for path in PATHS)
    assert "EMNIST_LAB_UPLOADS" in {one.metadata["variable"] for one in rights_fields()}
