"""Runs on disk: whole or not there, and harmless when opened."""

import copy
import errno
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
import skops.io
from helpers import SEVEN
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

import emnist_lab as lab
from emnist_lab.__main__ import main
from emnist_lab.errors import RunError
from emnist_lab.files import PROJECT
from emnist_lab.models.features import Pixels
from emnist_lab.runs import manifest as manifests
from emnist_lab.runs import registry, run_folders
from emnist_lab.runs.manifest import MANIFEST, MODEL, SCORES


def sealed(folder, name, content: bytes):
    """Replace a file of a run, with a manifest that agrees: what a forger would send."""
    (folder / name).write_bytes(content)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (folder / MANIFEST).write_bytes(manifests.encode(manifest))


def refused(act, says):
    with pytest.raises(RunError, match=says) as caught:
        act()
    text = str(caught.value)
    assert ("\n" not in text and text.endswith(".") and ":" in text) or "Delete" in text
    return text


def edited(change):
    """A manifest's text with something else in it."""

    def edit(text: str) -> str:
        manifest = json.loads(text)
        change(manifest)
        return json.dumps(manifest)

    return edit


def test_a_run_comes_back(made, kept, test, home):
    opened = lab.open_run("mine")
    assert opened.folder == home / "runs" / "mine"
    np.testing.assert_array_equal(
        opened.predict_proba(test.images), made.predict_proba(test.images)
    )
    labels, scores = opened.test_scores
    np.testing.assert_array_equal(labels, test.labels)
    np.testing.assert_array_equal(scores, made.test_scores[1])
    assert opened.report().summary() == pytest.approx(opened.manifest["scores"], rel=1e-12)
    assert lab.open_run(opened.folder).name == "mine"
    assert next(run.name for run in lab.list_runs()[0]) == "mine"


def test_a_taken_name_gets_a_number(made, kept):
    assert made.save("mine").name == "mine-2"
    assert made.save("hog-qda").name == "hog-qda-2"  # the shipped run's name is taken too
    assert lab.open_run("hog-qda").shipped


@pytest.mark.parametrize(
    "name", ["", "../out", "a/b", ".hidden", "x" * 81, "a b", "~nobody/x", "x" * 300, "a\0b"]
)
def test_names_that_are_no_folders(made, name):
    if name:
        refused(lambda: made.save(name), "can't be called")
    refused(lambda: lab.open_run(name or "nothing"), "no run")


@pytest.mark.parametrize(
    "images", [np.zeros((2, 28)), np.zeros((1, 28, 28)), np.zeros((1, 32, 32), np.uint8)]
)
def test_images_of_another_kind(made, images):
    refused(lambda: made.predict_proba(images), "can't be read")


def test_no_images_are_no_error(made):
    assert made.predict_proba(np.zeros((0, 28, 28), np.uint8)).shape == (0, 47)


@pytest.mark.parametrize("name", [MODEL, SCORES])
@pytest.mark.parametrize("damage", ["gone", "truncated", "other"])
def test_damaged_files_are_refused_by_name(kept, name, damage):
    path = kept.folder / name
    if damage == "gone":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.write_bytes(b"?" * 100)
    run = lab.open_run("mine")
    use = (lambda: run.model) if name == MODEL else (lambda: run.test_scores)
    assert name in refused(use, "mine")


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"{}", b"PK\x05\x06" + bytes(18)], ids=["empty", "PK", "json", "zip"]
)
def test_a_forged_model_that_is_no_model(kept, content):
    sealed(kept.folder, MODEL, content)
    refused(lambda: lab.open_run("mine").model, "damaged")


def test_a_hostile_model_is_refused_and_executes_nothing(kept, tmp_path):
    mark = tmp_path / "executed"
    evil = Pipeline([("run", FunctionTransformer(os.system, kw_args={"command": f"touch {mark}"}))])
    sealed(kept.folder, MODEL, skops.io.dumps(evil))
    assert "trusted" in refused(lambda: lab.open_run("mine").model, "refused")
    assert not mark.exists()


def test_a_model_that_unpacks_to_too_much(kept):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", bytes(600 * 2**20))
    assert len(out.getvalue()) < 2**20
    sealed(kept.folder, MODEL, out.getvalue())
    refused(lambda: lab.open_run("mine").model, "512 MiB")


def test_a_model_of_another_kind(kept):
    sealed(kept.folder, MODEL, skops.io.dumps({"not": "a pipeline"}))
    refused(lambda: lab.open_run("mine").model, "not a classifier")


def test_a_trusted_but_useless_model_is_one_sentence(kept, made, test):
    unfitted = Pipeline([("pixels", Pixels()), ("classifier", LogisticRegression())])
    broken = copy.deepcopy(made.model)
    broken.named_steps["pca"].components_ = broken.named_steps["pca"].components_[:, :10]
    empty = copy.deepcopy(made.model)
    empty.named_steps["pca"].mean_[:] = np.nan
    for model in (unfitted, broken, empty):
        sealed(kept.folder, MODEL, skops.io.dumps(model))
        refused(lambda: lab.open_run("mine").predict_proba(test.images), "model.skops")


def test_folders_that_cannot_be_opened_by_name_are_problems(made, home):
    made.save("mine")
    shutil.copytree(home / "runs" / "mine", home / "runs" / "my run")
    shutil.copytree(home / "runs" / "mine", home / "runs" / "hog-qda")
    found, problems = lab.list_runs()
    assert sorted(run.name for run in found) == [
        "hog-qda",
        "mine",
        "pixels-logistic",
        "warped-blend",
    ]
    assert len(problems) == 2 and all("name of its own" in problem for problem in problems)


def test_a_long_name_that_is_taken_still_opens(made):
    made.save("x" * 80)
    again = made.save("x" * 80)
    assert again.name == "x" * 78 + "-2" and lab.open_run(again.name).name == again.name


def test_pickled_scores_are_not_unpickled(kept, tmp_path):
    mark = tmp_path / "executed"

    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {mark}",)

    out = io.BytesIO()
    np.savez(out, labels=np.array([Evil()], dtype=object), scores=np.zeros((1, 47)))
    sealed(kept.folder, SCORES, out.getvalue())
    refused(lambda: lab.open_run("mine").test_scores, "damaged")
    assert not mark.exists()


@pytest.mark.parametrize(
    "scores",
    [
        np.full((3, 47), np.nan),
        np.zeros((3, 47)),
        np.full((3, 47), -1 / 47),
        np.zeros((3, 9)),
        np.zeros((2, 47)),
        np.zeros(3),
    ],
)
def test_forged_scores_that_do_not_fit(kept, scores):
    out = io.BytesIO()
    np.savez(out, labels=np.zeros(3, np.int16), scores=scores)
    sealed(kept.folder, SCORES, out.getvalue())
    refused(lambda: lab.open_run("mine").test_scores, "damaged")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: "{", "damaged"),
        (lambda text: "[]", "isn't a run's manifest"),
        (lambda text: "[" * 100_000, "damaged"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "update EMNIST Lab"),
        (lambda text: text.replace('"classes"', '"klassen"'), "lacks 'classes'"),
        (lambda text: text.replace('"files": {', '"files": 3, "x": {'), "the run's files"),
        (lambda text: text.replace('"0",', '"zero",'), "characters"),
        (lambda text: text.replace('"0",', '"1",'), "characters"),
        (lambda text: text.replace('"0",', '" ",'), "characters"),
        (lambda text: text.replace('"title": "Q', '"title": "\\ud800 Q'), "'title'"),
        (lambda text: text.replace('"timings": {', '"timings": 3, "x": {'), "'timings'"),
        (lambda text: text.replace('"train": {', '"test": {'), "trained on"),
        (lambda text: text.replace('"split"', '"splits"'), "trained on"),
        (lambda text: text.replace('"accuracy": ', '"accuracy": "x", "y": '), "'scores'"),
        (lambda text: text.replace('"test": {', '"exam": {'), "no test part"),
        (edited(lambda it: it["data"]["train"].update(absent=3)), "trained on"),
        (edited(lambda it: it["data"]["train"].update(absent="AB")), "trained on"),
        (edited(lambda it: it["data"]["train"].update(absent=["A", 3])), "trained on"),
        (edited(lambda it: it["data"]["train"].update(absent=["A" * 40])), "trained on"),
        (edited(lambda it: it["data"]["test"].update(absent={"A": 1})), "measured on"),
        (edited(lambda it: it["data"]["train"].update(fingerprint="../" * 10)), "trained on"),
        (edited(lambda it: it["data"]["test"].update(fingerprint="AB" * 16)), "measured on"),
        (edited(lambda it: it.update(curve=[{"step": 1, "score": 0.5}])), "'curve'"),
        (edited(lambda it: it.update(curve=[{"step": 1, "loss": 0.5}])), "'curve'"),
        (edited(lambda it: it.update(curve=[{"step": 1, "loss": "x", "score": 0.5}])), "'curve'"),
        (edited(lambda it: it.update(curve=[{"loss": 0.5, "score": 0.5}])), "'curve'"),
        (edited(lambda it: it["files"].pop(SCORES)), "there is no scores.npz"),
        (lambda text: text.replace('"sha256": "', '"sha256": 1, "x": "'), "the run's files"),
    ],
)
def test_damaged_manifests(kept, change, says):
    path = kept.folder / MANIFEST
    path.write_text(change(path.read_text()))
    refused(lambda: lab.open_run("mine"), says)
    found, problems = lab.list_runs()
    assert "mine" not in [run.name for run in found]
    assert any("mine" in problem for problem in problems)
    assert {run.name for run in found if run.shipped} == {
        "hog-qda",
        "pixels-logistic",
        "warped-blend",
    }


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda it: it["scores"].update(accuracy=0.999), "was changed after it was saved"),
        (lambda it: it.update(seed=26), "was changed after it was saved"),
        (lambda it: it["data"]["train"].update(generated=True), "was changed after it was saved"),
        (lambda it: it.update(digest="0" * 64), "was changed after it was saved"),
        (lambda it: it.update(digest=None), "lacks 'digest'"),
        (lambda it: it.pop("digest"), "lacks 'digest'"),
        (lambda it: it.update(revision=2), "was changed after it was saved"),
        (lambda it: it.pop("revision"), "was changed after it was saved"),
        (lambda it: it["curve"].append({"step": 1, "loss": 0, "score": 1}), "was changed after"),
    ],
)
def test_a_manifest_that_was_changed_is_refused_by_name(kept, capfd, change, says):
    path = kept.folder / MANIFEST
    path.write_text(edited(change)(path.read_text()))
    assert MANIFEST in refused(lambda: lab.open_run("mine"), says)
    assert main(["runs", "--json"]) == 0
    said = capfd.readouterr()
    assert "mine" not in [row["run"] for row in json.loads(said.out)["runs"]]
    assert "The run mine can't be used: run.json" in said.err
    for act in (lambda: registry.rename(kept, "yours"), lambda: lab.open_run(kept.folder)):
        refused(act, says)


def test_a_manifest_that_only_looks_different_is_the_same(kept):
    """Spaces, the order of fields and the name, for which the folder's counts."""
    path = kept.folder / MANIFEST
    fields = json.loads(path.read_text())
    path.write_text(json.dumps({**dict(reversed(fields.items())), "name": "other"}))
    assert lab.open_run("mine").manifest == kept.manifest


def test_whatever_writes_a_manifest_seals_it(kept, train):
    """What is made from a run has a digest of its own, whatever it was made from."""
    drawn = [{"label": "7", "strokes": SEVEN}, {"label": "1", "strokes": [[(50, 0), (50, 90)]]}]
    made = [
        kept.for_prior("training").save(),
        lab.fit("pixels-bayes", train).save("bare"),
        lab.adapt(kept, drawn).save(),
        registry.rename(kept, "yours"),
    ]
    for run in made:
        written = (run.folder / MANIFEST).read_bytes()
        assert {"digest", "revision"} <= json.loads(written).keys()
        assert lab.open_run(run.name).manifest == run.manifest
        assert manifests.encode(run.manifest) == written


def test_a_manifest_of_an_earlier_version_has_no_digest(kept):
    path = kept.folder / MANIFEST
    fields = json.loads(path.read_text())
    del fields["digest"], fields["revision"]
    path.write_text(json.dumps(fields))
    assert lab.open_run("mine").manifest == kept.manifest
    registry.rename(lab.open_run("mine"), "yours")
    assert json.loads((kept.folder.with_name("yours") / MANIFEST).read_text())["digest"]


@pytest.mark.parametrize(
    "odd", ["\ud83d", "\ud83d\ude00", "é", 1e300, -0.0, 10**20, (1, (2,)), None]
)
def test_a_digest_is_that_of_what_is_read_again(kept, odd):
    manifest = {**kept.manifest, "note": odd, "notes": {3: odd}}
    assert manifests.decode(manifests.encode(manifest), "mine")["recipe"] == "hog-qda"


def test_a_run_without_scores(train):
    run = lab.fit("pixels-bayes", train).save("bare")
    refused(lambda: lab.open_run("bare").report(), "no test scores")
    assert run.predict_proba(train.images[:1]).shape == (1, 47)


@pytest.mark.parametrize(
    ("number", "says"), [(errno.ENOSPC, "is full"), (errno.EROFS, "EMNIST_LAB_HOME")]
)
def test_a_full_or_read_only_disk(made, home, monkeypatch, number, says):
    def fail(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(np, "savez_compressed", fail)
    refused(lambda: made.save("mine"), says)
    assert list((home / "runs").iterdir()) == []
    monkeypatch.setattr(run_folders.tempfile, "TemporaryFile", fail)
    refused(run_folders.check_disk_space, says)


def test_a_home_that_cannot_be_a_folder(made, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EMNIST_LAB_HOME", str(tmp_path / "file"))
    refused(lambda: made.save("mine"), "EMNIST_LAB_HOME")
    refused(run_folders.check_disk_space, "EMNIST_LAB_HOME")
    assert lab.open_run("hog-qda")  # what is shipped still opens


def test_little_room_is_noticed_before_training(monkeypatch):
    full = shutil.disk_usage("/")._replace(free=10)
    monkeypatch.setattr(run_folders.shutil, "disk_usage", lambda _: full)
    refused(run_folders.check_disk_space, "0 MB free")


_SAVE_FOREVER = """
import sys, time
import emnist_lab as lab
from emnist_lab.runs import manifest as manifests
from emnist_lab.runs import registry, run_folders
run = lab.open_run("hog-qda")
run.model, run.test_scores
run_folders.commit = lambda *_, **__: (print("saving", flush=True), time.sleep(60))
run.save("half")
"""


def test_a_killed_process_leaves_no_half_written_run(home, made):
    process = subprocess.Popen(
        [sys.executable, "-c", _SAVE_FOREVER], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "saving\n"
        left = list((home / "runs").iterdir())
        assert len(left) == 1 and (left[0] / MODEL).exists()  # it was in the middle of it
        process.send_signal(signal.SIGKILL)
        process.wait()
    own = [run for run in lab.list_runs()[0] if not run.shipped]
    assert own == [] and lab.list_runs()[1] == []
    long_ago = time.time() - 3600
    os.utime(left[0], (long_ago, long_ago))
    made.save("whole")
    assert [path.name for path in (home / "runs").iterdir()] == ["whole"]  # and is swept up


def test_two_processes_saving_at_once_get_two_runs(home):
    code = "import emnist_lab as lab; r = lab.open_run('hog-qda'); r.model; print(r.save('x').name)"
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    assert {process.communicate(timeout=60)[0] for process in both} == {"x\n", "x-2\n"}


def test_shipped_runs_are_whole():
    for name in ("pixels-logistic", "hog-qda", "warped-blend"):
        run = lab.open_run(name)
        assert run.shipped and json.loads((run.folder / MANIFEST).read_text())["name"] == name
        assert (run.folder / MANIFEST).read_bytes() == manifests.encode(run.manifest)
        begun = time.perf_counter()
        assert run.predict_proba(np.zeros((1, 28, 28), np.uint8)).shape == (1, 47)
        assert time.perf_counter() - begun < 60
        summary = run.report().summary()
        known = {key: summary[key] for key in run.manifest["scores"]}  # older ones hold fewer
        assert known == pytest.approx(run.manifest["scores"], rel=1e-12)
        assert "not the official split" in run.manifest["data"]["train"]["name"]
        assert (run.folder / MODEL).stat().st_size <= 8_000_000
