"""The command line, as other programs rely on it."""

import json
import shutil
import subprocess
import sys

import pytest
from helpers import answer, call, refusal
from PIL import Image

from emnist_lab.errors import RunError
from emnist_lab.evaluation import results
from emnist_lab.files import PROJECT
from emnist_lab.handwriting import ink
from emnist_lab.models import cost_estimates
from emnist_lab.runs import registry, run

SEVEN = [[[60, 60], [200, 60], [110, 230]]]


def test_train_evaluate_runs(capfd, folder):
    made = answer(capfd, "train", "hog-qda", "--root", folder, "--name", "mine", "--images", 1600)
    assert made["run"] == "mine" and made["accuracy"] > 0.6
    found = answer(capfd, "evaluate", "--run", "mine", "--split", "balanced", "--root", folder)
    assert found["equals_manifest"] is True and found["same_data_as_manifest"] is True
    assert found["roc_auc_ovo"] == pytest.approx(made["roc_auc_ovo"])
    assert "not the official split" in found["data"]
    stored = answer(capfd, "evaluate", "--run", "mine", "--stored")
    assert stored["accuracy"] == found["accuracy"]
    on_train = answer(capfd, "evaluate", "--run", "mine", "--part", "train", "--root", folder)
    assert on_train["equals_manifest"] is None and on_train["images"] == 1880
    listed = answer(capfd, "runs")["runs"]
    assert {row["run"] for row in listed} == {"mine", "hog-qda", "pixels-logistic", "warped-blend"}
    out, _ = call(capfd, "evaluate", "--run", "mine", "--root", folder)
    assert "roc_auc_ovo" in out and "predicted as" in out
    assert "mine" in call(capfd, "runs")[0]


@pytest.mark.parametrize(
    ("name", "kept", "value", "same"),
    [
        ("log_loss", 0.5, 0.5 * (1 + 2e-6), True),  # another kernel's order of summation
        ("log_loss", 0.5, 0.501, False),
        ("accuracy", 0.8, 0.8 + 1 / 200, True),  # a near tie
        ("accuracy", 0.8, 0.8 + 2 / 200, False),
        ("roc_auc_ovo", 0.99, 0.99 + 1 / 200, False),
        ("roc_auc_ovo", None, float("nan"), True),
        ("roc_auc_ovo", None, 0.5, False),
    ],
)
def test_a_number_is_the_manifests_on_any_processor(name, kept, value, same):
    assert results._equal(name, kept, value, 200) is same


def test_a_fit_far_below_what_is_expected_is_said(capfd, folder, monkeypatch):
    point = {"seconds": 1, "peak": 1e6, "size": 1e6, "accuracy": 1.0}
    points = [{**point, "images": 100}, {**point, "images": 10_000}]
    found = {"data": "x", "recipes": {"pixels-bayes": points}}
    monkeypatch.setattr(cost_estimates, "measured", lambda: found)
    words = ("train", "pixels-bayes", "--root", folder, "--set", "var_smoothing=10")
    out, err = call(capfd, *words, "--json")
    assert "recipe's own settings usually reach about 100%" in err and "var_smoothing=10" in err
    assert json.loads(out)["accuracy"] < 0.9
    points[:] = [{**one, "accuracy": 0.01} for one in points]
    assert "usually" not in call(capfd, *words)[1]


def test_a_run_on_chosen_classes_is_measured_on_its_own_images(capfd, folder, tmp_path):
    words = ("--split", "digits", "--root", folder)
    call(capfd, "train", "pixels-bayes", *words, "--classes", "0178", "--name", "few")
    report = tmp_path / "few.html"
    found = answer(capfd, "evaluate", "--run", "few", *words, "--report", report)
    stored = answer(capfd, "evaluate", "--run", "few", "--stored")
    assert found["data"] == stored["data"] and found["images"] == stored["images"] == 32
    assert found["same_data_as_manifest"] is True and found["equals_manifest"] is True
    assert found["data"] in report.read_text(encoding="utf-8")


def test_a_run_is_measured_on_some_of_its_classes(capfd, folder, tmp_path):
    words = ("--run", "hog-qda", "--root", folder, "--split", "digits")
    found = answer(capfd, "evaluate", *words)
    assert (found["over"], found["images"], found["left_out"]) == ("all", 80, {})
    assert len(found["classes_without_images"]) == 37 and found["equals_manifest"] is None
    report = tmp_path / "some.html"
    over = answer(capfd, "evaluate", *words, "--over", "present", "--report", report)
    assert over["over"] == "present" and over["accuracy"] > found["accuracy"]
    assert over["classes_without_images"] == found["classes_without_images"]
    assert "over the other classes" in report.read_text(encoding="utf-8")
    assert "has no image of A, B" in call(capfd, "evaluate", *words)[0]
    digits = shutil.copytree(folder, tmp_path / "digits", ignore=shutil.ignore_patterns("*bal*"))
    out, err = call(capfd, "evaluate", "--run", "hog-qda", "--root", digits, "--json")
    assert json.loads(out)["accuracy"] == found["accuracy"] and "measured on digits" in err


def test_images_of_other_classes_are_left_out_or_refused(capfd, folder):
    words = ("--split", "digits", "--root", folder)
    call(capfd, "train", "pixels-bayes", *words, "--classes", "0178", "--name", "few")
    words = ("evaluate", "--run", "few", *words)
    found = answer(capfd, *words)
    assert found["left_out"] == dict.fromkeys("234569", 8) and found["images"] == 32
    assert "48 images were left out" in call(capfd, *words)[0]
    assert "no class for 48 of the 80 images" in refusal(capfd, *words, "--unknown", "refuse")


def test_undefined_numbers_are_dashes(capfd, monkeypatch):
    shipped = registry.open_run("hog-qda")
    labels, scores = shipped.test_scores
    only = run.Run({**shipped.manifest, "scores": {"accuracy": 0.0, "roc_auc_ovo": None}})
    only.test_scores = labels[labels == 0], scores[labels == 0]
    monkeypatch.setattr(registry, "open_run", lambda name: only)
    out, _ = call(capfd, "evaluate", "--run", "only", "--stored")
    assert "roc_auc_ovo  –   (manifest: –)" in out and "(manifest: 0.0)" in out
    line = next(line for line in out.splitlines() if "has no image of" in line)
    assert line.count(",") == 45
    assert "nan" not in out.lower() and "None" not in out
    monkeypatch.setattr(registry, "list_runs", lambda: ([only], []))
    out, _ = call(capfd, "runs")
    assert "accuracy 0.0000  AUC –" in out and "nan" not in out


def test_a_whole_process_keeps_standard_output_clean(folder, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "emnist_lab", "train", "pixels-logistic", "--split", "digits",
         "--root", str(folder), "--json"],
        cwd=PROJECT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run"].startswith("pixels-logistic-digits")
    assert "Fitting logistic regression" in done.stderr
    refused = subprocess.run(
        [sys.executable, "-m", "emnist_lab", "evaluate", "--run", "nothing", "--json"],
        cwd=PROJECT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert refused.returncode == 2 and refused.stdout == ""
    assert refused.stderr.count("\n") == 1


def test_predict_drawings(capfd, tmp_path):
    path = tmp_path / "strokes.json"
    drawings = [
        {"label": "7", "writer": "me", "strokes": SEVEN},
        {"strokes": SEVEN},
        {"label": "7", "strokes": []},
        {"label": "ß", "strokes": SEVEN},
    ]
    path.write_text(json.dumps(drawings))
    found = answer(capfd, "predict", "--run", "hog-qda", "--drawings", path)
    first, second, third, _ = found["predictions"]
    assert first["top"][0]["class"] == "7" and first["label"] == "7" and first["writer"] == "me"
    assert len(second["top"]) == 5 and "label" not in second
    assert "empty" in third["error"] and "top" not in third
    assert found["labelled"] == 2 and found["accuracy"] == 0.5
    out, _ = call(capfd, "predict", "--run", "hog-qda", "--drawings", path)
    assert "accuracy 0.5000" in out


def test_predict_pictures(capfd, tmp_path):
    path = tmp_path / "seven.png"
    Image.fromarray(255 - ink.from_strokes(SEVEN)).resize((200, 200)).save(path)
    found = answer(capfd, "predict", "--run", "hog-qda", path)
    assert found["predictions"][0]["top"][0]["class"] == "7"


def test_predict_some_characters(capfd, tmp_path):
    path = tmp_path / "seven.png"
    Image.fromarray(255 - ink.from_strokes(SEVEN)).resize((200, 200)).save(path)
    found = answer(capfd, "predict", "--run", "hog-qda", path, "--page", "--classes", "123")
    assert found["classes"] == list("123") and found["predictions"][0]["suggestion"] is None
    (character,) = found["predictions"][0]["lines"][0]
    assert {one["class"] for one in character["top"]} == set("123")
    assert sum(one["probability"] for one in character["top"]) == pytest.approx(1)
    assert found["predictions"][0]["text"] == found["text"] in "123"
    assert found["predictions"][0]["lines"] == found["lines"]
    (tmp_path / "words").write_text("red green")
    words = ("predict", "--run", "hog-qda", path, "--page", "--words", tmp_path / "words")
    found = answer(capfd, *words)["predictions"][0]
    assert found["text"] == found["in_context"]["text"] == "7"
    assert found["in_context"]["lines"][0][0]["character"] == "7"
    assert "by neighbours and heights:\n7" in call(capfd, *words)[0]


def test_fetch(capfd, folder, home):
    found = answer(capfd, "fetch", "digits", "--from", folder)
    assert len(found["files"]) == 5
    assert answer(capfd, "evaluate", "--run", "hog-qda", "--stored")


@pytest.mark.parametrize(
    "words",
    [
        ["evaluate", "--run", "nothing", "--stored"],
        ["evaluate", "--run", "hog-qda"],
        ["evaluate", "--run", "hog-qda", "--root", "/nowhere"],
        ["evaluate", "--run", "hog-qda", "--split", "mnist", "--root", "FOLDER"],
        ["train", "nothing", "--root", "FOLDER"],
        ["train", "hog-qda", "--root", "FOLDER", "--images", "0"],
        ["train", "hog-qda", "--root", "FOLDER", "--images", "100"],
        ["train", "hog-qda", "--root", "FOLDER", "--images", "50", "--seed", "-1"],
        ["train", "hog-qda", "--root", "FOLDER", "--seed", "5000000000"],
        ["evaluate", "--run", "~nobody/x", "--stored"],
        ["bench", "--drawings", "UNLABELLED"],
        ["train", "pixels-logistic", "--split", "digits", "--root", "FOLDER", "--name", "../x"],
        ["predict", "--run", "hog-qda"],
        ["predict", "--run", "hog-qda", "/nowhere.png"],
        ["predict", "--run", "hog-qda", "TEXT"],
        ["predict", "--run", "hog-qda", "--drawings", "/nowhere.json"],
        ["predict", "--run", "hog-qda", "--drawings", "TEXT"],
        ["predict", "--run", "hog-qda", "--drawings", "NUMBERS"],
        ["predict", "--run", "hog-qda", "--drawings", "EMPTY"],
        ["predict", "--run", "hog-qda", "--drawings", "NAN"],
        ["predict", "--run", "hog-qda", "--drawings", "HUGE"],
        ["adapt", "hog-qda", "--drawings", "LONG", "--name", "mine"],
        ["predict", "--run", "hog-qda", "TEXT", "--context"],
        ["predict", "--run", "hog-qda", "TEXT", "--page", "--words", "/nowhere"],
        ["predict", "--run", "hog-qda", "TEXT", "--classes", ""],
        ["predict", "--run", "hog-qda", "TEXT", "--classes", "digits7ß"],
        ["fetch", "--from", "/nowhere"],
        ["fetch", "letters", "--from", "FOLDER"],
        ["fetch", "fashion", "--from", "FOLDER"],
    ],
    ids=" ".join,
)
def test_refusals_are_one_line_and_status_2(capfd, folder, tmp_path, words):
    good = '{"strokes": [[[0, 0], [70, 0]]], "label": "7"}'
    contents = {
        "TEXT": "no picture",
        "NUMBERS": "[1, 2]",
        "EMPTY": "[]",
        "UNLABELLED": '[{"strokes": []}]',
    }
    endless = {"NAN": "NaN", "HUGE": "1e400", "LONG": "9" * 400}
    contents |= {
        name: f'[{good}, {{"strokes": [[[0, {number}], [5, 5]]], "label": "1"}}]'
        for name, number in endless.items()
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
    known = {"FOLDER": folder} | {name: tmp_path / name for name in contents}
    lines = refusal(capfd, *(known.get(word, word) for word in words))
    assert "Traceback" not in lines
    if endless.keys() & set(words):
        assert "Drawing 2 in" in lines and "isn't a finite number" in lines


def test_a_disk_that_fills_up_during_training_loses_nothing(capfd, folder, monkeypatch, home):
    original = run.Run.save

    def full(self, name=None, place=None, owner=None):
        if place is None or place == home / "runs":
            raise RunError("The disk that holds X is full: free some space and try again.")
        return original(self, name, place)

    monkeypatch.setattr(run.Run, "save", full)
    err = call(capfd, "train", "hog-qda", "--root", folder, status=2)[1].splitlines()[-1]
    kept = err.split("the run lies in ")[1].split(";")[0]
    assert registry.open_run(kept).report().accuracy > 0.6
