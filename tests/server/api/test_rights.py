"""What the three modes let a caller do and see by the API."""

import io

import pytest
from api_client import KEYS, client_of, said
from PIL import Image, ImageDraw

from emnist_lab.data.dataset_address import imports_folder
from emnist_lab.files import write_owner
from emnist_lab.runs import registry
from emnist_lab.server.visitor import owner_id

MODES = [{}, {"EMNIST_LAB_MODE": "class"}, {"EMNIST_LAB_MODE": "show"}]
OWN, CLASS, SHOW = MODES
TRAIN = {"recipe": "hog-qda", "data": "demo", "images": 100}
STROKES = {"strokes": [[[0, 0], [70, 0], [30, 100]]]}


def tree(place) -> set:
    return {path.relative_to(place) for path in place.rglob("*")} if place.exists() else set()


def picture() -> bytes:
    page = Image.new("L", (300, 300), 255)
    ImageDraw.Draw(page).line([(70, 70), (220, 70), (120, 240)], 20, 18)
    out = io.BytesIO()
    page.save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def kept(home) -> dict[str, str]:
    """Runs of two visitors and of the operator: name -> owner."""
    names = {"first": owner_id(KEYS[0]), "second": owner_id(KEYS[1]), "everybodys": None}
    for name, owner in names.items():
        registry.open_run("hog-qda").save(name, owner=owner)
    return names


@pytest.mark.parametrize(
    ("variables", "key", "seen"),
    [
        (OWN, None, {"first", "second", "everybodys"}),
        (OWN, KEYS[0], {"first", "second", "everybodys"}),
        (CLASS, None, {"everybodys"}),
        (CLASS, KEYS[0], {"first", "everybodys"}),
        (CLASS, "c" * 32, {"everybodys"}),
        (SHOW, None, {"everybodys"}),
        (SHOW, KEYS[1], {"second", "everybodys"}),
    ],
)
def test_a_caller_sees_what_is_theirs_and_the_operators(kept, variables, key, seen):
    client = client_of(variables, key=key)
    shipped = {"hog-qda", "pixels-logistic", "warped-blend"}
    listed = {one["run"] for one in client.get("/api/v1/runs").json()["runs"]}
    assert listed == seen | shipped
    for name in kept:
        for answer in (
            client.get(f"/api/v1/runs/{name}"),
            client.get(f"/api/v1/runs/{name}/confusion"),
            client.post(f"/api/v1/predict?run={name}", json=STROKES),
        ):
            assert answer.status_code == (200 if name in seen else 404)
            if answer.status_code == 404:
                sentence = said(answer)["detail"]
                assert sentence.startswith(f"There is no run '{name}'")
                assert not (set(kept) - seen - {name}) & set(sentence.replace(",", "").split())


def test_a_run_that_is_read_once_stays_somebodys_own(kept):
    client = client_of(CLASS)
    mine = {"authorization": f"Bearer {KEYS[0]}"}
    ask = "/api/v1/predict?run=first"
    assert client.post(ask, json=STROKES, headers=mine).status_code == 200
    assert client.post(ask, json=STROKES).status_code == 404


def test_a_run_that_changes_under_its_name_is_opened_anew(home):
    client = client_of({})
    registry.open_run("hog-qda").save("mine")
    first = client.post("/api/v1/predict?run=mine", json=STROKES).json()
    registry.delete(registry.open_run("mine"))
    assert client.post("/api/v1/predict?run=mine", json=STROKES).status_code == 404
    registry.open_run("pixels-logistic").save("mine")
    second = client.post("/api/v1/predict?run=mine", json=STROKES).json()
    assert first["probabilities"] != second["probabilities"]


@pytest.mark.parametrize(("key", "own"), [(KEYS[0], True), (KEYS[1], False)])
def test_whether_a_run_is_ones_own_is_said(kept, key, own):
    mine = client_of(CLASS, key=key).get("/api/v1/runs/" + ("first" if own else "everybodys"))
    assert mine.json()["own"] is own


@pytest.mark.parametrize("path", ["/api/v1/predict", "/api/v1/pages"])
def test_a_show_takes_no_pictures_and_reads_what_is_drawn(path):
    for variables, status in ((OWN, 200), (CLASS, 200), (SHOW, 403)):
        sent = {"content": picture(), "headers": {"content-type": "image/png"}}
        answer = client_of(variables).post(path, **sent)
        assert answer.status_code == status
    assert "upload" in said(answer)["detail"]
    assert client_of(SHOW).post("/api/v1/predict", json=STROKES).status_code == 200
    allowed = client_of({**SHOW, "EMNIST_LAB_UPLOADS": "1"}).post(path, **sent)
    assert allowed.status_code == 200


@pytest.mark.parametrize("key", [None, KEYS[0]])
def test_a_show_writes_nothing(home, key):
    client = client_of(SHOW, key=key)
    client.get("/api/v1/samples?data=demo")  # images that were read once go to the cache
    before = tree(home)
    assert client.post("/api/v1/predict", json=STROKES).status_code == 200
    assert client.get("/api/v1/samples?data=demo").status_code == 200
    refused = client.post("/api/v1/jobs", json=TRAIN)
    assert refused.status_code == 403
    assert "doesn't let visitors train" in said(refused)["detail"]
    assert tree(home) == before


def test_a_class_trains_for_who_is_known_only(home):
    client = client_of(CLASS)
    before = tree(home)
    refused = client.post("/api/v1/jobs", json=TRAIN)
    assert refused.status_code == 401 and refused.headers["www-authenticate"] == "Bearer"
    assert "emnist-lab-owner" in said(refused)["detail"]
    assert client.get("/api/v1/jobs").json() == {"jobs": []}
    assert tree(home) == before


@pytest.mark.parametrize("more", [{}, {"images": 20_001}, {"images": None}])
def test_a_class_trains_within_limits(more):
    asked = {**TRAIN, **more}
    if not more:
        del asked["images"]
    refused = client_of(CLASS, key=KEYS[0]).post("/api/v1/jobs", json=asked)
    assert refused.status_code == 403
    assert "20,000 training images at most" in said(refused)["detail"]


@pytest.fixture
def imported(home):
    """Datasets that two visitors and the operator imported; what is in them isn't read."""
    for name, key in (("ones", KEYS[0]), ("others", KEYS[1]), ("all", None)):
        place = imports_folder() / name
        place.mkdir(parents=True)
        write_owner(place, owner_id(key) if key else None)


@pytest.mark.parametrize(
    ("variables", "key", "seen"),
    [
        (OWN, None, {"ones", "others", "all"}),
        (CLASS, None, {"all"}),
        (CLASS, KEYS[0], {"ones", "all"}),
    ],
)
def test_a_dataset_of_another_is_as_if_it_were_not(imported, variables, key, seen):
    client = client_of(variables, key=key)
    for name in (
        "ones",
        "others",
        "all",
        "nobodys",
        "../imports/ones",
        "/etc",
        str(imports_folder()),
    ):
        refused = client.get("/api/v1/samples", params={"data": name})
        assert refused.status_code == 404  # those that are seen hold nothing
        sentence = said(refused)["detail"]
        assert sentence.startswith("There is no dataset ") is (name not in seen)
        if name not in seen:
            assert {*sentence.rstrip(".").rpartition(": ")[2].split(", ")} == {"demo", *seen}
            if key or not variables:
                job = client.post("/api/v1/jobs", json={**TRAIN, "data": name})
                assert said(job)["detail"] == sentence


@pytest.mark.parametrize("variables", [CLASS, SHOW])
def test_a_place_of_the_server_is_not_told(monkeypatch, tmp_path, variables):
    place = tmp_path / "a secret place"
    monkeypatch.setenv("EMNIST_DIR", str(place))
    for created in (False, True):
        if created:
            place.mkdir()
        told = client_of({}).get("/api/v1/samples")
        hidden = client_of(variables).get("/api/v1/samples")
        assert told.status_code == hidden.status_code == 404
        assert "secret" in said(told)["detail"]
        assert "secret" not in hidden.text and str(tmp_path) not in hidden.text
        said(hidden)
