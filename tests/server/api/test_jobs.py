"""Training by the API: what is asked for, whose it is, how it ends."""

import pytest
from api_client import KEYS, client_of, said
from helpers import until

from emnist_lab.commands.job_queue import JobQueue
from emnist_lab.commands.specs import FetchSpec, TrainSpec
from emnist_lab.runs import registry
from emnist_lab.server.api import schemas
from emnist_lab.server.visitor import owner_id

CLASS = {"EMNIST_LAB_MODE": "class"}
TRAIN = {"recipe": "hog-qda", "data": "demo", "images": 100}


class Resting(JobQueue):
    """A queue whose jobs wait."""

    def _work(self) -> None:
        return


@pytest.fixture
def queue() -> Resting:
    return Resting()


def test_what_is_trained_is_the_visitors_own_and_reads(home):
    queue = JobQueue()
    client = client_of(CLASS, queue, KEYS[0])
    asked = client.post("/api/v1/jobs", json={**TRAIN, "name": "mine", "images": 235})
    assert asked.status_code == 202
    schemas.Job.model_validate(asked.json())
    place = asked.headers["location"]
    assert place == f"/api/v1/jobs/{asked.json()['key']}"
    until(lambda: client.get(place).json()["state"] not in ("queued", "running"))
    ended = client.get(place).json()
    schemas.JobDetails.model_validate(ended)
    assert (ended["state"], ended["result"], ended["message"]) == ("done", "mine", "")
    body = {"strokes": [[[0, 0], [70, 0], [30, 100]]]}
    found = client.post("/api/v1/predict?run=mine", json=body)
    assert found.json()["generated"] is True
    assert client.get("/api/v1/runs/mine").json()["own"] is True
    other = client_of(CLASS, queue, KEYS[1])
    assert other.get("/api/v1/runs/mine").status_code == 404
    assert other.get(place).status_code == 404
    assert registry.open_run("mine").manifest["data"]["train"]["images"] == 235


def test_every_field_reaches_the_job(queue):
    asked = {
        **TRAIN,
        "split": "balanced",
        "seed": 7,
        "name": "some",
        "classes": "0OQ",
        "hyperparameters": {"reg_param": 0.25},
        "handwriting": "own",
        "repeat": 3,
        "prior": "training",
    }
    answer = client_of({}, queue, KEYS[0]).post("/api/v1/jobs", json=asked)
    assert answer.status_code == 202
    assert queue.jobs[0].spec == TrainSpec(
        "hog-qda",
        "balanced",
        100,
        7,
        "demo",
        "some",
        "0OQ",
        ("reg_param=0.25",),
        owner_id(KEYS[0]),
        3,
        None,
        "training",
    )
    assert queue.jobs[0].owner is None  # on a server of one's own nothing has an owner
    # The place, which a visitor doesn't name, and pages do
    assert answer.json()["spec"]["root"] == "demo"


def test_jobs_are_whose_they_are(queue):
    first, second = (client_of(CLASS, queue, key) for key in KEYS)
    nobody, operator = client_of(CLASS, queue), client_of({}, queue)
    key = first.post("/api/v1/jobs", json=TRAIN).json()["key"]
    queue.submit(FetchSpec("balanced"))  # the operator's
    listed = [
        [job["key"] for job in one.get("/api/v1/jobs").json()["jobs"]]
        for one in (first, second, nobody)
    ]
    assert listed == [[key], [], []]
    everything = operator.get("/api/v1/jobs").json()
    schemas.Jobs.model_validate(everything)
    assert [job["kind"] for job in everything["jobs"]] == ["fetch", "train"]
    for other in (second, nobody):
        for answer in (other.get(f"/api/v1/jobs/{key}"), other.delete(f"/api/v1/jobs/{key}")):
            assert answer.status_code == 404
            assert said(answer)["detail"].startswith(f"There is no job '{key}' of yours")
    assert queue.jobs[1].state == "queued"
    cancelled = first.delete(f"/api/v1/jobs/{key}")
    assert cancelled.status_code == 200
    assert cancelled.json()["state"] == queue.jobs[1].state == "cancelled"
    again = first.delete(f"/api/v1/jobs/{key}")
    assert again.status_code == 409 and "ended already" in said(again)["detail"]


def test_a_visitor_has_so_many_jobs_and_they_so_many_seconds(queue):
    client = client_of(CLASS, queue, KEYS[0])
    assert [client.post("/api/v1/jobs", json=TRAIN).status_code for _ in range(3)] == [
        202,
        202,
        403,
    ]
    assert [job.seconds for job in queue.jobs] == [600, 600]
    assert client_of(CLASS, queue, KEYS[1]).post("/api/v1/jobs", json=TRAIN).status_code == 202


def test_the_drawings_of_all_are_added_where_they_are_shared(queue):
    asked = {**TRAIN, "handwriting": "all"}
    refused = client_of(CLASS, queue, KEYS[0]).post("/api/v1/jobs", json=asked)
    assert refused.status_code == 403 and "aren't yours" in said(refused)["detail"]
    shared = client_of(CLASS, queue, KEYS[0], shared_drawings=lambda: True)
    assert shared.post("/api/v1/jobs", json=asked).status_code == 202
    assert queue.jobs[0].spec.handwriting == "all"


def test_ones_own_drawings_need_a_key(queue):
    refused = client_of({}, queue).post("/api/v1/jobs", json={**TRAIN, "handwriting": "own"})
    assert refused.status_code == 401
    assert "whose drawings are yours" in said(refused)["detail"]


BAD = {
    "no recipe": ({}, 422, "recipe in the body can't be used"),
    "another recipe": ({"recipe": "magic"}, 422, "There is no recipe 'magic'"),
    "another setting": (
        {"recipe": "hog-qda", "hyperparameters": {"speed": 9}},
        422,
        "has no setting 'speed'",
    ),
    "a setting out of range": (
        {"recipe": "hog-qda", "hyperparameters": {"reg_param": 7}},
        422,
        "reg_param can't be '7'",
    ),
    "no images": ({"recipe": "hog-qda", "images": 0}, 422, "images in the body"),
    "text for a number": ({"recipe": "hog-qda", "images": "5"}, 422, "images in the body"),
    "a name that is a path": ({"recipe": "hog-qda", "name": "../x"}, 422, "can't be called"),
    "an unknown split": ({"recipe": "hog-qda", "split": "runes"}, 404, "no split 'runes'"),
    "a split that isn't there": ({"recipe": "hog-qda", "split": "byclass"}, 404, "byclass"),
    "another field": ({"recipe": "hog-qda", "root": "/etc"}, 422, "root in the body"),
    "an owner": ({"recipe": "hog-qda", "handwriting": "f" * 32}, 422, "handwriting in the body"),
    "a seed that is none": ({"recipe": "hog-qda", "seed": 2**32}, 422, "seed in the body"),
    "a zero byte": ({"recipe": "hog-qda", "classes": "a\0b"}, 422, "classes in the body"),
}


@pytest.mark.parametrize(("asked", "status", "sentence"), BAD.values(), ids=BAD)
def test_what_cannot_be_trained_is_refused_before_it_waits(queue, asked, status, sentence):
    refused = client_of({}, queue).post("/api/v1/jobs", json={"data": "demo", **asked})
    assert refused.status_code == status
    assert sentence in said(refused)["detail"]
    assert queue.jobs == []


def test_a_failed_job_says_why_and_not_where(home):
    queue = JobQueue()
    spec = TrainSpec("hog-qda", root=str(home / "nothing here"))
    job = queue.submit(spec, owner=owner_id(KEYS[0]))
    until(lambda: job.state == "failed")
    told = client_of({}, queue).get(f"/api/v1/jobs/{job.key}").json()["message"]
    hidden = client_of(CLASS, queue, KEYS[0]).get(f"/api/v1/jobs/{job.key}").json()["message"]
    assert str(home) in told and str(home) not in hidden
    assert hidden.startswith("There is no folder …")
