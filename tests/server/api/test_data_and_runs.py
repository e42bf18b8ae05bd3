"""Runs, confusion, samples and pages by the API: what the library says of the same."""

import itertools
import json

import numpy as np
import pytest
from api_client import client_of, said
from helpers import answer
from PIL import Image, ImageDraw, ImageFont

from emnist_lab.data import loading
from emnist_lab.evaluation.evaluation import stored_evaluation
from emnist_lab.models import catalog
from emnist_lab.runs import registry, training
from emnist_lab.server.api import schemas


@pytest.fixture
def client():
    return client_of({})


@pytest.fixture
def page_file(tmp_path):
    page = Image.new("L", (900, 500), 245)
    draw = ImageDraw.Draw(page)
    for row, text in enumerate(("A7 K2", "E 9 H")):
        for column, character in enumerate(text):
            at = (80 + 150 * column, 60 + 220 * row)
            draw.text(at, character, 30, ImageFont.load_default(size=130))
    page.save(tmp_path / "page.png")
    return tmp_path / "page.png"


def test_runs_are_those_of_the_command_line(client, capfd):
    registry.open_run("hog-qda").save("mine")
    found = client.get("/api/v1/runs").json()
    assert found == answer(capfd, "runs")
    schemas.Runs.model_validate(found)


@pytest.mark.parametrize("name", ["hog-qda", "pixels-logistic", "warped-blend"])
def test_a_run_is_what_its_manifest_says(client, name):
    run = registry.open_run(name)
    found = client.get(f"/api/v1/runs/{name}").json()
    schemas.RunDetails.model_validate(found)
    assert found["classes"] == run.classes
    assert found["accuracy"] == run.manifest["scores"]["accuracy"]
    assert found["measured_on"] == run.manifest["data"]["test"]["name"]
    assert found["own"] is False  # it came with the project


def test_confusion_is_the_librarys(client):
    found = client.get("/api/v1/runs/hog-qda/confusion").json()
    schemas.Confusion.model_validate(found)
    stored = stored_evaluation(registry.open_run("hog-qda"))
    assert np.array_equal(found["matrix"], stored.report.confusion)
    assert found["accuracy"] == pytest.approx(np.trace(found["matrix"]) / found["images"])
    assert found["data"] == stored.name
    assert found["confused_pairs"][0]["count"] >= found["confused_pairs"][-1]["count"]


def test_a_run_without_test_scores_has_no_confusion(client, train):
    training.fit(catalog.get("pixels-bayes"), train).save("unmeasured")
    refused = client.get("/api/v1/runs/unmeasured/confusion")
    assert refused.status_code == 404
    assert "has no test scores" in said(refused)["detail"]
    assert client.get("/api/v1/runs/unmeasured").json()["measured_on"] is None


def test_a_damaged_run_is_the_servers_fault(client, home):
    run = registry.open_run("hog-qda").save("broken")
    (run.folder / "model.skops").write_bytes(b"damaged")
    body = {"strokes": [[[0, 0], [70, 0], [30, 100]]]}
    for _ in range(2):
        refused = client.post("/api/v1/predict?run=broken", json=body)
        assert refused.status_code == 500
        assert "model.skops is damaged" in said(refused)["detail"]


def test_samples_are_images_of_the_dataset_with_their_labels(client):
    found = client.get("/api/v1/samples?data=demo&part=train&n=40&seed=3").json()
    schemas.Samples.model_validate(found)
    part = loading.load("balanced", "train", "demo")
    assert found["generated"] is True and found["name"] == part.name
    assert len(found["images"]) == len(set(found["indices"])) == 40
    assert np.array_equal(found["images"], part.images[found["indices"]])
    assert found["labels"] == [part.classes[one] for one in part.labels[found["indices"]]]
    assert client.get("/api/v1/samples?data=demo&part=train&n=40&seed=3").json() == found
    other = client.get("/api/v1/samples?data=demo&part=train&n=40&seed=4").json()
    assert other["indices"] != found["indices"]


def test_samples_of_one_class(client):
    found = client.get("/api/v1/samples?data=demo&class=q&n=5").json()
    assert found["labels"] == ["q"] * 5
    few = client.get("/api/v1/samples?data=demo&class=Q&n=256").json()
    assert set(few["labels"]) == {"Q"} and len(few["labels"]) == 30  # all that the part has
    refused = client.get("/api/v1/samples?data=demo&class=é")
    assert refused.status_code == 404 and "no class 'é'" in said(refused)["detail"]


def test_samples_of_the_servers_own_dataset(client, folder, monkeypatch):
    refused = client.get("/api/v1/samples")
    assert refused.status_code == 404 and "No EMNIST dataset is at hand" in said(refused)["detail"]
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    found = client.get("/api/v1/samples?split=digits&n=7").json()
    assert (found["data"], found["generated"]) == ("EMNIST", False)
    assert np.array_equal(found["images"], loading.load("digits", "test").images[found["indices"]])


@pytest.mark.parametrize(
    "query", ["n=0", "n=257", "n=x", "seed=-1", "part=all", "class=" + "x" * 30]
)
def test_samples_that_cannot_be_are_refused(client, query):
    refused = client.get(f"/api/v1/samples?data=demo&{query}")
    assert refused.status_code == 422
    assert "in the query can't be used" in said(refused)["detail"]


def test_a_page_is_read_as_the_command_line_reads_it(client, capfd, page_file):
    line = answer(capfd, "predict", "--run", "hog-qda", "--page", str(page_file))
    expected = json.loads(json.dumps(line["predictions"][0]))
    sent = {"content": page_file.read_bytes(), "headers": {"content-type": "image/png"}}
    found = client.post("/api/v1/pages?run=hog-qda", **sent).json()
    schemas.Page.model_validate(found)
    assert found["text"] == expected["text"] and found["size"] == expected["size"]
    assert len(found["lines"]) == len(expected["lines"]) >= 1
    read, other = (list(itertools.chain(*one["lines"])) for one in (found, expected))
    for mine, theirs in zip(read, other, strict=True):
        assert mine["box"] == theirs["box"] and mine["may_be_joined"] == theirs["may_be_joined"]
        for one, other in zip(mine["top"], theirs["top"], strict=True):
            assert one["class"] == other["class"]
            assert one["probability"] == pytest.approx(other["probability"], abs=1e-9)


def test_a_page_of_some_characters_in_context(client, page_file):
    sent = {"content": page_file.read_bytes(), "headers": {"content-type": "image/png"}}
    asked = {"run": "hog-qda", "classes": "digits", "context": "true"}
    found = client.post("/api/v1/pages", params=asked, **sent).json()
    schemas.Page.model_validate(found)
    for text in (found["text"], found["in_context"]["text"]):
        assert set(text) <= set("0123456789 \n")
    assert [len(one) for one in found["in_context"]["lines"]] == [
        len(one) for one in found["lines"]
    ]


def test_a_page_without_writing_is_refused(client):
    sent = {"content": b"no picture", "headers": {"content-type": "image/png"}}
    refused = client.post("/api/v1/pages", **sent)
    assert refused.status_code == 422 and "isn't a picture" in said(refused)["detail"]
    refused = client.post("/api/v1/pages", json={"image": [[0] * 28] * 28})
    assert refused.status_code == 415
