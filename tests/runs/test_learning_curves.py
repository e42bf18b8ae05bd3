"""Learning curves: measured on nested samples, kept after every point, read with care."""

import json
from dataclasses import replace

import numpy as np
import pytest
from helpers import answer, make_part, refusal, until

import emnist_lab as lab
from emnist_lab.commands.job_queue import JobQueue
from emnist_lab.commands.specs import CurveSpec
from emnist_lab.errors import RunError, TrainingCancelled, TrainingError
from emnist_lab.models import catalog
from emnist_lab.runs import curve_store, learning_curve


@pytest.fixture(scope="module")
def digits():
    return make_part("digits", 24, 3), make_part("digits", 6, 4, "test")


@pytest.fixture(scope="module")
def measured(digits):
    return list(learning_curve.fit_learning_curve("pixels-logistic", *digits, (40, 120, 10_000)))


def test_samples_are_nested_stratified_and_seeded(digits):
    train = digits[0]
    kept = np.sort(np.concatenate([np.flatnonzero(train.labels == 0)[:6],
                                   np.flatnonzero(train.labels > 0)]))  # fmt: skip
    train = replace(train, images=train.images[kept], labels=train.labels[kept])
    order = learning_curve.nested(train, seed=5)
    assert sorted(order) == list(range(len(train)))
    for count in (10, 74, 148):
        found = np.bincount(train.labels[order[:count]], minlength=10)
        assert (abs(found - train.counts() * count / len(train)) <= 1).all() and found.all()
    np.testing.assert_array_equal(order, learning_curve.nested(train, seed=5))
    assert (order != learning_curve.nested(train, seed=6)).any()


def test_a_point_is_a_fit_on_so_many_images(digits, measured):
    train, test = digits
    assert [len(curve.points) for curve in measured] == [1, 2, 3]
    last = measured[-1]
    assert [point.images for point in last.points] == [40, 120, 240] and last.complete
    assert not measured[0].complete and last.test_fingerprint == test.fingerprint
    whole = lab.fit("pixels-logistic", train, test)
    scores, point = whole.manifest["scores"], last.points[-1]
    assert (point.accuracy, point.roc_auc_ovo) == (scores["accuracy"], scores["roc_auc_ovo"])
    assert point.log_loss == pytest.approx(scores["log_loss"]) and point.fit_s > 0
    assert point.train_accuracy == lab.evaluate(whole, train).accuracy
    assert last.points[0].accuracy < point.accuracy
    assert list(last.table()["images"]) == [40, 120, 240]


def test_sizes_that_do_not_fit_are_said(digits):
    picky = replace(catalog.get("pixels-logistic"), min_images_per_class=5)
    *_, last = learning_curve.fit_learning_curve(picky, *digits, (30, 120))
    assert "at least 5" in last.skipped["30"] and len(last.points) == 1 and last.complete
    with pytest.raises(TrainingError, match="at least 5"):
        list(learning_curve.fit_learning_curve(picky, *digits, (20, 30)))
    with pytest.raises(TrainingError, match="at least one image"):
        list(learning_curve.fit_learning_curve(picky, *digits, (0, 30)))


def test_usual_sizes():
    assert learning_curve.sizes_of(12_000) == (1_000, 2_000, 5_000, 10_000, 12_000)
    assert learning_curve.sizes_of(10_100) == (1_000, 2_000, 5_000, 10_100)
    assert learning_curve.sizes_of(800) == (100, 200, 400, 800) and learning_curve.sizes_of(1) == (
        1,
    )


def test_progress_is_of_the_whole_and_cancel_keeps_what_is_measured(digits):
    told, asked = [], []

    def cancel():
        asked.append(1)
        return bool(told) and told[-1].stage == 2

    with pytest.raises(TrainingCancelled, match="stay"):
        curve_store.keep(
            learning_curve.fit_learning_curve(
                "pixels-logistic", *digits, (40, 240), progress=told.append, cancel=cancel
            )
        )
    assert told[0].stages == 2 and "40 images" in told[0].title
    shares = [one.fraction for one in told]
    assert shares == sorted(shares) and shares[0] == 0 and 0.4 < shares[-1] < 0.6
    (kept,), problems = curve_store.list_curves()
    assert [point.images for point in kept.points] == [40] and not problems
    assert not kept.complete and kept.planned == (40, 240)


def test_a_curve_comes_back_and_its_name_is_its_own(measured, home):
    first = curve_store.save(measured[0], "mine")
    grown = curve_store.save(replace(measured[-1], name=first.name))
    assert curve_store.open_curve("mine") == grown
    other = curve_store.save(measured[0], "mine")
    assert other.name == "mine-2" and len(curve_store.list_curves()[0]) == 2
    undefined = replace(measured[0].points[0], roc_auc_ovo=float("nan"))
    kept = curve_store.save(replace(measured[0], points=(undefined,)), "nan")
    assert np.isnan(curve_store.open_curve(kept.name).points[0].roc_auc_ovo)
    curve_store.delete("mine")
    curve_store.delete("mine")
    assert {curve.name for curve in curve_store.list_curves()[0]} == {"mine-2", "nan"}
    for name in ("../mine", "", "a" * 81):
        with pytest.raises(RunError, match="can't be called"):
            curve_store.delete(name)
        with pytest.raises(RunError, match="can't be called"):
            curve_store.open_curve(name)
    with pytest.raises(RunError, match="measure it again"):
        curve_store.open_curve("gone")
    assert not list((home / "curves").glob(".partial-*"))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"format": "other"},
        {"points": []},
        {"points": [{"images": 40}]},
        {"seed": -1},
        {"seed": True},
        {"title": "a\nb"},
        {"skipped": {"many": "why"}},
        {"planned": [10**400]},
        {"test": "x" * 1000},
    ],
)
def test_a_damaged_file_is_a_sentence_and_spoils_no_other(measured, change, home):
    curve_store.save(measured[0], "good")
    path = home / "curves" / f"{curve_store.save(measured[0], 'bad').name}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    found, problems = curve_store.list_curves()
    assert [curve.name for curve in found] == ["good"]
    assert len(problems) == 1 and "bad" in problems[0] and "\n" not in problems[0]


@pytest.mark.parametrize("value", [float("nan"), 10**400, -0.1, 1.5, "1", None])
def test_a_number_that_is_none_is_refused(measured, value, home):
    path = home / "curves" / f"{curve_store.save(measured[0], 'bad').name}.json"
    content = json.loads(path.read_text())
    content["points"][0]["accuracy"] = value
    path.write_text(json.dumps(content))
    assert len(curve_store.list_curves()[1]) == 1


@pytest.mark.parametrize("content", ["", "[" * 100_000, "{", "[]", "1" * 5000, " " * (2**20 + 1)])
def test_what_is_not_a_curve_at_all(content, home):
    (home / "curves").mkdir()
    (home / "curves" / "bad.json").write_text(content)
    (home / "curves" / "odd name.json").write_text(content)
    found, problems = curve_store.list_curves()
    assert not found and len(problems) == 2


def test_a_disk_that_takes_nothing(measured, home):
    (home / "curves").write_text("a file in the way")
    with pytest.raises(RunError, match="EMNIST_LAB_HOME"):
        curve_store.save(measured[0])


def test_a_job_measures_a_curve(folder):
    queue = JobQueue()
    job = queue.submit(CurveSpec("pixels-logistic", "digits", 40, root=str(folder)))
    until(lambda: not job.active)
    assert job.state == "done", job.message
    assert [point.images for point in curve_store.open_curve(job.result).points] == [5, 10, 20, 40]
    assert job.progress["stages"] == 4 and not job.curve


def test_the_command_line(capfd, folder):
    words = ("curve", "pixels-logistic", "--split", "digits", "--root", folder)
    made = answer(capfd, *words, "--images-max", 60, "--name", "mine")
    assert made["curve"] == "mine" and [p["images"] for p in made["points"]] == [7, 15, 30, 60]
    assert curve_store.open_curve("mine").points[-1].accuracy == made["points"][-1]["accuracy"]
    sized = answer(capfd, *words, "--sizes", "20,40")
    assert sized["curve"] == "pixels-logistic-digits" and len(sized["points"]) == 2
    assert "above 0" in refusal(capfd, *words, "--images-max", 0)
    assert "can't be called" in refusal(capfd, *words, "--name", "a/b")
