"""Reading by the API: the same answers as the library and the command line give."""

import concurrent.futures
import io
import json
import re

import numpy as np
import pytest
from api_client import client_of, said
from helpers import SEVEN, answer
from PIL import Image, ImageDraw

from emnist_lab.data import loading
from emnist_lab.handwriting import character_set, drawing_reader, results
from emnist_lab.runs import registry
from emnist_lab.server.api import schemas

RUNS = ("hog-qda", "warped-blend")


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return loading.load("balanced", "test", "demo").images[:20].copy()


@pytest.fixture
def client():
    return client_of({})


def picture(kind: str = "PNG") -> bytes:
    page = Image.new("L", (300, 300), 255)
    ImageDraw.Draw(page).line([(70, 70), (220, 70), (120, 240)], 20, 18)
    out = io.BytesIO()
    page.save(out, kind)
    return out.getvalue()


def probabilities(run, found: dict) -> np.ndarray:
    assert list(found["probabilities"]) == run.classes
    return np.array([*found["probabilities"].values()])


def assert_same_top(found: list[dict], expected: list[dict]) -> None:
    assert [one["class"] for one in found] == [one["class"] for one in expected]
    for one, other in zip(found, expected, strict=True):
        assert one["probability"] == pytest.approx(other["probability"], abs=1e-9)


@pytest.mark.parametrize("name", RUNS)
def test_an_image_is_read_as_the_library_reads_it(client, images, name):
    run = registry.open_run(name)
    for image in images[:3]:
        body = {"image": image.tolist()}
        found = client.post(f"/api/v1/predict?run={name}", json=body).json()
        expected = run.predict_proba(image[None])[0]
        assert np.abs(probabilities(run, found) - expected).max() < 1e-9
        assert found["class"] == run.classes[expected.argmax()] == found["top"][0]["class"]
        assert found["probability"] == pytest.approx(expected.max(), abs=1e-9)
        schemas.Prediction.model_validate(found)


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("count", [1, 16, 20])
def test_several_images_are_read_as_the_library_reads_them(client, images, name, count):
    run = registry.open_run(name)
    body = {"images": images[:count].tolist()}
    found = client.post(f"/api/v1/predict?run={name}", json=body).json()
    read = np.array([probabilities(run, one) for one in found["predictions"]])
    assert np.abs(read - run.predict_proba(images[:count])).max() < 1e-9
    schemas.Predictions.model_validate(found)


def test_the_best_shipped_run_reads_unless_another_is_named(client, images):
    found = client.post("/api/v1/predict", json={"image": images[0].tolist()}).json()
    assert found["run"] == "warped-blend"
    assert (
        found["trained_on"] == registry.open_run("warped-blend").manifest["data"]["train"]["name"]
    )
    assert found["generated"] is False


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("width", [None, 3, 40.5])
def test_strokes_are_read_as_the_library_reads_them(client, name, width):
    run = registry.open_run(name)
    body = {"strokes": SEVEN} | ({} if width is None else {"pen_width": width})
    found = client.post(f"/api/v1/predict?run={name}", json=body).json()
    _, expected = drawing_reader.read(run, SEVEN, 20 if width is None else width)
    assert np.abs(probabilities(run, found) - expected).max() < 1e-9


def test_strokes_are_read_as_the_command_line_reads_them(client, capfd, tmp_path):
    file = tmp_path / "mine.json"
    file.write_text(json.dumps([{"strokes": SEVEN}]))
    line = answer(capfd, "predict", "--run", "warped-blend", "--drawings", str(file))
    found = client.post("/api/v1/predict", json={"strokes": SEVEN}).json()
    assert_same_top(found["top"], line["predictions"][0]["top"])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
@pytest.mark.parametrize("form", [False, True])
def test_a_picture_is_read_as_the_command_line_reads_it(client, capfd, tmp_path, kind, form):
    content = picture(kind)
    file = tmp_path / f"a.{kind.lower()}"
    file.write_bytes(content)
    line = answer(capfd, "predict", "--run", "warped-blend", str(file))
    sent = (
        {"files": {"file": (file.name, content, f"image/{kind.lower()}")}}
        if form
        else {"content": content, "headers": {"content-type": f"image/{kind.lower()}"}}
    )
    found = client.post("/api/v1/predict", **sent).json()
    assert_same_top(found["top"], line["predictions"][0]["top"])
    schemas.Prediction.model_validate(found)


@pytest.mark.parametrize("classes", ["digits", "71Z", "C-E"])
def test_what_a_reading_may_be(client, classes):
    run = character_set.limit(registry.open_run("hog-qda"), classes)
    sent = {"params": {"run": "hog-qda", "classes": classes}}
    found = client.post("/api/v1/predict", json={"strokes": SEVEN}, **sent).json()
    expected = drawing_reader.read(run, SEVEN)[1]
    assert np.abs(probabilities(run, found) - expected).max() < 1e-9
    assert {one["class"] for one in found["top"]} <= set(run.classes)
    image = client.post("/api/v1/predict", json={"image": [[0] * 28] * 28}, **sent).json()
    assert sum(image["probabilities"].values()) == pytest.approx(1)


@pytest.mark.parametrize("classes", ["", "ß", "digts", "x" * 401])
def test_a_set_of_characters_that_cannot_be_is_refused(client, classes):
    sent = {"params": {"run": "hog-qda", "classes": classes}}
    refused = client.post("/api/v1/predict", json={"strokes": SEVEN}, **sent)
    assert refused.status_code == 422 and said(refused)["detail"]


def test_a_picture_without_a_kind_of_its_own_is_read_too(client):
    sent = {"content": picture(), "headers": {"content-type": "application/octet-stream"}}
    run = registry.open_run("warped-blend")
    expected = drawing_reader.predict_raster(run, results.picture_raster(picture()))
    found = client.post("/api/v1/predict", **sent).json()
    assert np.abs(probabilities(run, found) - expected).max() < 1e-9


@pytest.mark.parametrize("top", [1, 3, 100])
def test_as_many_classes_are_listed_as_are_asked_for(client, top):
    found = client.post(f"/api/v1/predict?top={top}", json={"strokes": SEVEN}).json()
    assert len(found["top"]) == min(top, 47)
    order = [one["probability"] for one in found["top"]]
    assert order == sorted(order, reverse=True)
    assert sum(found["probabilities"].values()) == pytest.approx(1)


IMAGE = [[0] * 28] * 28
BAD_BODIES = {
    "empty object": ({}, 422, "has 0 of strokes, image or images"),
    "two kinds": ({"image": IMAGE, "strokes": SEVEN}, 422, "has 2 of"),
    "list": ([IMAGE], 422, "isn't an object"),
    "unknown field": ({"image": IMAGE, "colour": 1}, 422, "'colour' that isn't known"),
    "27 rows": ({"image": IMAGE[1:]}, 422, "28 rows of 28"),
    "ragged": ({"image": [*IMAGE[1:], [0]]}, 422, "28 rows of 28"),
    "above 255": ({"image": [[256] * 28] * 28}, 422, "from 0 to 255"),
    "negative": ({"image": [[-1] * 28] * 28}, 422, "from 0 to 255"),
    "huge": ({"image": [[10**40] * 28] * 28}, 422, "from 0 to 255"),
    "fractions": ({"image": [[0.5] * 28] * 28}, 422, "whole numbers"),
    "text": ({"image": [["1"] * 28] * 28}, 422, "whole numbers"),
    "null": ({"image": None}, 422, "28 rows of 28"),
    "no images": ({"images": []}, 422, "no image among"),
    "images that are none": ({"images": 3}, 422, "no image among"),
    "too many": ({"images": [IMAGE] * 257}, 422, "more than the 256"),
    "empty canvas": ({"strokes": []}, 422, "The canvas is empty"),
    "strokes that are none": ({"strokes": 5}, 422, "isn't a list of strokes"),
    "points that are none": ({"strokes": [[1, 2]]}, 422, r"isn't a list of \(x, y\) points"),
    "pen": ({"strokes": SEVEN, "pen_width": "wide"}, 422, "The pen's width"),
    "pen of an image": ({"image": IMAGE, "pen_width": 3}, 422, "'pen_width' that isn't known"),
}


@pytest.mark.parametrize("body,status,sentence", BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_body_that_cannot_be_read_is_refused_in_a_sentence(client, body, status, sentence):
    refused = client.post("/api/v1/predict", json=body)
    assert refused.status_code == status
    assert re.search(sentence, said(refused)["detail"])


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, '{"strokes": [[[NaN, 1], [2, 3]]]}', "\xff"]
)
def test_what_is_no_json_is_refused(client, text):
    headers = {"content-type": "application/json"}
    refused = client.post("/api/v1/predict", content=text.encode("latin-1"), headers=headers)
    assert refused.status_code in (400, 422)
    assert said(refused)["detail"].count(": ") >= 1


@pytest.mark.parametrize("content", [b"", b"no picture", picture()[:60]])
def test_what_is_no_picture_is_refused(client, content):
    refused = client.post("/api/v1/predict", content=content, headers={"content-type": "image/png"})
    assert refused.status_code == 422
    assert "picture" in said(refused)["detail"]


def test_a_form_without_a_file_is_refused(client):
    refused = client.post("/api/v1/predict", files={"other": b"x"})
    assert refused.status_code == 422 and "field 'file'" in said(refused)["detail"]
    refused = client.post(
        "/api/v1/predict", content=b"x", headers={"content-type": "multipart/form-data"}
    )
    assert refused.status_code == 400
    said(refused)


def test_another_type_of_body_is_refused_with_those_that_are_taken(client):
    refused = client.post("/api/v1/predict", data={"a": "b"})
    assert refused.status_code == 415
    assert "image/png" in said(refused)["detail"]


@pytest.mark.parametrize(
    "name", ["nobody", "", "../hog-qda", "/etc", "a/b", "x" * 500, "hog-qda\n"]
)
def test_a_run_is_a_name_and_never_a_folder(client, name):
    refused = client.post("/api/v1/predict", params={"run": name}, json={"strokes": SEVEN})
    assert refused.status_code == 404
    assert said(refused)["detail"].startswith("There is no run ")


@pytest.mark.parametrize("top", ["0", "-1", "101", "many", "1.5"])
def test_a_number_of_classes_that_cannot_be_is_refused(client, top):
    refused = client.post("/api/v1/predict", params={"top": top}, json={"strokes": SEVEN})
    assert refused.status_code == 422
    assert said(refused)["detail"].startswith("top in the query can't be used")


def test_many_at_once_get_their_own_answers(client, images):
    run = registry.open_run("warped-blend")
    expected = run.predict_proba(images[:16])

    def ask(at: int) -> np.ndarray:
        body = {"image": images[at % 16].tolist()}
        return probabilities(run, client.post("/api/v1/predict", json=body).json())

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        found = list(pool.map(ask, range(64)))
    for at, one in enumerate(found):
        # Networks compute in float32: with other neighbours the last of its digits differ.
        assert np.abs(one - expected[at % 16]).max() < 1e-5
