"""Runs exported, imported, renamed, deleted: nothing bad gets in, nothing half is left."""

import copy
import errno
import hashlib
import io
import json
import os
import shutil
import struct
import zipfile

import numpy as np
import pytest
import skops.io
import streamlit as st
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from streamlit.testing.v1 import AppTest

import emnist_lab as lab
from emnist_lab import __main__ as main
from emnist_lab.errors import RunError
from emnist_lab.files import PROJECT
from emnist_lab.runs import import_export, registry, run_folders
from emnist_lab.runs import manifest as manifests
from emnist_lab.runs.manifest import MANIFEST, MODEL, SCORES
from emnist_lab.ui import current_run

FILES = (MANIFEST, MODEL, SCORES)


@pytest.fixture(scope="module")
def packed(made, tmp_path_factory) -> dict[str, bytes]:
    """Files of an exported run, to be tampered with."""
    content = import_export.export_run(made.save("mine", tmp_path_factory.mktemp("elsewhere")))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: dict[str, bytes] | list[tuple]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, content)
    return out.getvalue()


def sealed(files: dict[str, bytes], **others: bytes) -> dict[str, bytes]:
    """Files with a model or scores of a forger's, and a manifest that agrees."""
    manifest = json.loads(files[MANIFEST])
    names = {"model": MODEL, "scores": SCORES}
    changed = {names[key]: content for key, content in others.items()}
    for name, content in changed.items():
        digest = hashlib.sha256(content).hexdigest()
        manifest["files"][name] = {"bytes": len(content), "sha256": digest}
    return {**files, **changed, MANIFEST: manifests.encode(manifest)}


def edited(files: dict[str, bytes], change) -> dict[str, bytes]:
    """Files with a manifest that `change` was let loose on, and that a forger sealed again."""
    manifest = json.loads(files[MANIFEST])
    change(manifest)
    return {**files, MANIFEST: manifests.encode(manifest)}


def refused(content: bytes, *says: str, home) -> str:
    """The sentence that a file is refused with; nothing of it may be left."""
    before = sorted(home.rglob("*"))
    file = io.BytesIO(content)
    file.name = "theirs.emnist-run.zip"
    with pytest.raises(RunError) as caught:
        import_export.import_run(file)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".") and ("theirs.emn" in text or "mine" in text)
    assert all(one in text for one in says), text
    left = [path for path in sorted(home.rglob("*")) if path not in before]
    assert [path for path in left if path != home / "runs"] == []
    return text


def test_a_run_comes_through_as_it_was(kept, test, home, tmp_path, monkeypatch):
    content = import_export.export_run(kept)
    assert content == import_export.export_run(lab.open_run("mine"))  # byte for byte
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == list(FILES)
    path = import_export.export_to(kept, tmp_path)
    assert path == tmp_path / "mine.emnist-run.zip" and path.read_bytes() == content
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    with pytest.raises(RunError, match="already"):
        import_export.export_to(kept, path)
    with monkeypatch.context() as patched:
        patched.setattr(import_export, "LARGEST", 1000)
        with pytest.raises(RunError, match="more than one file may hold"):
            import_export.export_run(kept)

    again = import_export.import_run(path)
    assert again.name == "mine-2" and again.folder == home / "runs" / "mine-2"
    opened = lab.open_run("mine-2")
    np.testing.assert_array_equal(
        opened.predict_proba(test.images), kept.predict_proba(test.images)
    )
    np.testing.assert_array_equal(opened.test_scores[1], kept.test_scores[1])
    assert opened.manifest == {**kept.manifest, "name": "mine-2"}
    assert import_export.import_run(io.BytesIO(content), "theirs").name == "theirs"
    assert kept.bytes == sum((kept.folder / name).stat().st_size for name in FILES)
    # A shipped run comes in as one's own: it can't take a shipped one's place.
    posing = import_export.import_run(io.BytesIO(import_export.export_run(lab.open_run("hog-qda"))))
    assert posing.name == "hog-qda-2" and not posing.shipped


def test_a_run_without_scores(train, packed, home, tmp_path):
    run = lab.fit("pixels-bayes", train).save("bare")
    again = import_export.import_run(import_export.export_to(run, tmp_path / "bare.zip"))
    assert again.name == "bare-2" and again.predict_proba(train.images[:1]).shape == (1, 47)
    claims = edited(packed, lambda manifest: manifest["files"].pop(SCORES))
    del claims[SCORES]
    refused(zipped(claims), "run.json", "names scores", home=home)


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_is_refused_by_the_files_name(packed, home, name):
    content = bytearray(zipped(packed))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.getinfo(name)
    content[entry.header_offset + 30 + len(name) + entry.compress_size // 2] ^= 1
    refused(bytes(content), name, home=home)
    if name != MANIFEST:  # zipped again, so that the zip itself is sound
        changed = bytearray(packed[name])
        changed[len(changed) // 2] ^= 1
        refused(zipped({**packed, name: bytes(changed)}), name, "mine", home=home)
        lacking = {key: value for key, value in packed.items() if key != name}
        refused(zipped(lacking), name, "missing", home=home)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda m: m["scores"].update(accuracy=0.99), ("run.json", "accuracy")),
        (lambda m: m["scores"].update(log_loss=0.01), ("run.json", "log_loss")),
        (lambda m: m["data"]["test"].update(images=18_800), ("run.json", "test images")),
        (lambda m: m.pop("classes"), ("run.json", "lacks 'classes'")),
        (lambda m: m["classes"].pop(), ("is damaged",)),
        (lambda m: m["classes"].append("ß"), ("is damaged",)),
        (lambda m: m["files"].update({"../../evil": m["files"][MODEL]}), ("run's files",)),
        (lambda m: m.update(format="other"), ("run.json", "isn't a run's manifest")),
    ],
)
def test_a_manifest_that_tells_something_else(packed, home, change, says):
    refused(zipped(edited(packed, change)), *says, home=home)


def test_a_manifest_that_was_edited_and_not_sealed_again(packed, home):
    manifest = json.loads(packed[MANIFEST])
    manifest["timings"]["fit_s"] = 0.001  # which nothing can be recomputed from
    changed = {**packed, MANIFEST: json.dumps(manifest).encode()}
    refused(zipped(changed), "mine", "run.json", "changed after it was saved", home=home)
    del manifest["digest"], manifest["revision"]  # as earlier versions exported: scores decide
    manifest["scores"]["accuracy"] = 0.99
    changed = {**packed, MANIFEST: json.dumps(manifest).encode()}
    refused(zipped(changed), "run.json", "accuracy", home=home)


def test_a_run_of_a_newer_version(packed, home):
    newer = edited(packed, lambda manifest: manifest.update(version=2, classes="other"))
    content = zipped({**newer, "extra.json": b"{}"})  # of which this version knows nothing
    with pytest.raises(RunError, match=r"run mine was made by a newer EMNIST Lab .* update EMNIST"):
        import_export.import_run(io.BytesIO(content))
    assert not (home / "runs").exists()


def test_files_that_are_no_run(packed, home, tmp_path):
    whole = zipped(packed)
    for content in (b"", b"GIF89a" + bytes(100), whole[: len(whole) // 2], whole[:-1], whole[1:]):
        refused(content, "theirs", home=home)
    refused(zipped({"readme.txt": b"hello"}), "run.json", home=home)
    refused(zipped({**packed, "evil.py": b"import os"}), "'evil.py'", "mine", home=home)
    for name in ("../run.json", "/tmp/x", "in/model.skops", "C:\\x", "run.json/"):
        refused(zipped({**packed, name: b"x"}), "plain name", home=home)
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = zipped([*packed.items(), (MODEL, b"other")])
    refused(twice, "twice", MODEL, home=home)
    link = zipfile.ZipInfo(MODEL)
    link.external_attr = 0o120777 << 16
    others = [(name, one) for name, one in packed.items() if name != MODEL]
    refused(zipped([*others, (link, b"/etc/passwd")]), "plain file", MODEL, home=home)
    locked = bytearray(whole)
    locked[whole.rindex(b"PK\1\2") + 8] |= 1
    refused(bytes(locked), "encrypted", home=home)
    for path in (tmp_path / "nothing.zip", tmp_path):
        with pytest.raises(RunError, match=r"no file nothing\.zip|can't be read"):
            import_export.import_run(path)


def test_bombs_are_refused_before_they_go_off(packed, home):
    bomb = zipped({**packed, SCORES: bytes(600 * 2**20)})
    assert len(bomb) < 8 * 2**20
    refused(bomb, "512 MiB", home=home)
    refused(zipped({**packed, MANIFEST: bytes(5 * 2**20)}), "4 MiB", home=home)
    # One that says it is small gives what it says, no more, and its CRC is then wrong.
    lying = bytearray(zipped({**packed, SCORES: bytes(2**20)}))
    entry = lying.rindex(b"PK\1\2")
    lying[entry + 24 : entry + 28] = struct.pack("<I", 1000)
    refused(bytes(lying), SCORES, home=home)
    many = zipped([(f"{number:05}", b"") for number in range(3000)])
    refused(many, "isn't a run", home=home)


def test_a_model_that_a_forger_sends(made, packed, home, tmp_path):
    mark = tmp_path / "executed"
    evil = Pipeline([("run", FunctionTransformer(os.system, kw_args={"command": f"touch {mark}"}))])
    refused(
        zipped(sealed(packed, model=skops.io.dumps(evil))),
        "mine",
        MODEL,
        "trusted types",
        home=home,
    )
    assert not mark.exists()
    for content in (b"", b"PK", skops.io.dumps({"no": "pipeline"})):
        refused(zipped(sealed(packed, model=content)), MODEL, home=home)
    for classes in (np.arange(47.0), np.arange(47) - 47, np.arange(47) + 1, np.zeros(47, int)):
        other = copy.deepcopy(made.model)
        other.steps[-1][1].classes_ = classes
        refused(zipped(sealed(packed, model=skops.io.dumps(other))), MODEL, home=home)
    out = io.BytesIO()
    np.savez(out, labels=np.array([evil], dtype=object), scores=np.zeros((1, 47)))
    refused(zipped(sealed(packed, scores=out.getvalue())), SCORES, home=home)


def test_a_disk_that_fills_up(kept, packed, home, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    content = zipped(packed)
    before = sorted(home.rglob("*"))
    for owner, name in (
        (import_export, "_unpack"),
        (run_folders, "write_synced"),
        (run_folders.os, "rename"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, full)
            with pytest.raises(RunError, match="is full: free some space"):
                import_export.import_run(io.BytesIO(content))
            if name != "_unpack":
                with pytest.raises(RunError, match="is full: free some space"):
                    registry.rename(kept, "other")
        assert sorted(home.rglob("*")) == before
    with monkeypatch.context() as patched:
        patched.setattr(import_export.os, "replace", full)
        with pytest.raises(RunError, match="free some space"):
            import_export.export_to(kept, tmp_path / "x.zip")
    assert list(tmp_path.iterdir()) == []
    little = shutil.disk_usage("/")._replace(free=10)
    monkeypatch.setattr(run_folders.shutil, "disk_usage", lambda _: little)
    with pytest.raises(RunError, match="0 MB free, a run needs"):
        import_export.import_run(io.BytesIO(content))
    assert sorted(home.rglob("*")) == before and lab.open_run("mine").report().accuracy > 0.5


def test_rename(made, kept, home):
    run = registry.rename(kept, "yours")
    assert run.name == "yours" and lab.open_run("yours").folder == home / "runs" / "yours"
    assert json.loads((run.folder / MANIFEST).read_text())["name"] == "yours"
    assert sorted(path.name for path in run.folder.iterdir()) == sorted(FILES)
    assert registry.rename(run, "yours") is run
    made.save("third")
    for name, says in (("third", "already"), ("hog-qda", "already"), ("../out", "can't be called")):
        with pytest.raises(RunError, match=says):
            registry.rename(run, name)
    for change in (lambda: registry.rename(kept, "fourth"), lambda: registry.delete(kept)):
        with pytest.raises(RunError, match="no run mine any more"):
            change()
    assert {path.name for path in (home / "runs").iterdir()} == {"yours", "third"}


def test_a_process_killed_while_renaming_leaves_the_run(kept, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt  # what is left is as after a kill: nothing catches it

    monkeypatch.setattr(run_folders.os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        registry.rename(kept, "yours")
    run = lab.open_run("yours")
    assert run.name == "yours" and run.report().accuracy > 0.5
    assert lab.list_runs()[1] == []
    with pytest.raises(RunError, match="no run"):
        lab.open_run("mine")


def test_delete(made, kept, home, tmp_path):
    elsewhere = made.save("mine", tmp_path / "other")
    link = home / "runs" / "link"
    link.symlink_to(elsewhere.folder)
    for run, says in (
        (lab.open_run("hog-qda"), "came with EMNIST Lab"),
        (elsewhere, "isn't kept in"),
        (lab.open_run("link"), "isn't kept in"),
        (made, "save it first"),
    ):
        for change in (registry.delete, lambda run: registry.rename(run, "x")):
            with pytest.raises(RunError, match=says):
                change(run)
    registry.delete(kept)
    assert list((home / "runs").iterdir()) == [link] and elsewhere.report()
    assert lab.open_run("hog-qda").bytes > 2**20 and kept.bytes == 0


def test_a_run_that_can_not_be_opened_can_go(kept, home, capfd):
    (kept.folder / MANIFEST).write_text("{")
    assert registry.unusable() == ["mine"]
    for name in ("hog-qda", "nothing", "../mine"):
        with pytest.raises(RunError, match="no unusable run"):
            registry.discard(name)
    assert "--yes" in command(capfd, "delete", "mine", status=2).err
    assert json.loads(command(capfd, "delete", "mine", "--yes", "--json").out)["deleted"] is True
    assert registry.unusable() == [] and not list((home / "runs").iterdir())


def command(capfd, *words, status=0):
    assert main.main([str(word) for word in words]) == status
    return capfd.readouterr()


def test_the_verbs(kept, capfd, tmp_path, monkeypatch):
    file = tmp_path / "out.emnist-run.zip"
    said = json.loads(command(capfd, "export", "mine", file, "--json").out)
    assert said == {"run": "mine", "file": str(file), "bytes": file.stat().st_size}
    assert json.loads(command(capfd, "import", file, "--json").out)["run"] == "mine-2"
    assert json.loads(command(capfd, "import", file, "--name", "x", "--json").out)["run"] == "x"
    assert json.loads(command(capfd, "rename", "x", "y", "--json").out)["was"] == "x"
    listed = json.loads(command(capfd, "runs", "--json").out)["runs"]
    assert {row["run"]: row["bytes"] for row in listed}["y"] == lab.open_run("y").bytes
    for words in (("export", "mine", file), ("import", tmp_path / "no.zip"), ("rename", "y", "a b"),
                  ("delete", "nothing"), ("delete", "hog-qda", "--yes")):  # fmt: skip
        said = command(capfd, *words, status=2)
        assert said.out == "" and said.err.count("\n") == 1

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert "--yes" in command(capfd, "delete", "y", "--json", status=2).err
    monkeypatch.setattr("sys.stdin", Terminal("\n"))
    said = command(capfd, "delete", "y", "--json")
    assert "can't be undone" in said.err and json.loads(said.out)["deleted"] is False
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert json.loads(command(capfd, "delete", "y", "--json").out)["deleted"] is True
    assert json.loads(command(capfd, "delete", "mine-2", "--yes", "--json").out)["deleted"] is True
    assert [run.name for run in lab.list_runs()[0] if not run.shipped] == ["mine"]


def _page():
    from emnist_lab.ui import current_run
    from emnist_lab.ui.compare import run_manager

    run_manager.manage_runs(current_run.all_runs()[0])


def button(app: AppTest, label: str):
    return next(one for one in app.get("button") if one.label == label)


def test_the_shelf(kept, home, packed):
    st.cache_data.clear()
    st.cache_resource.clear()
    app = AppTest.from_function(_page, default_timeout=300).run()
    assert not app.exception and "One run of your own" in app.caption[0].value
    app.selectbox(key="compare-shelf-run").set_value("hog-qda").run()
    assert button(app, "Delete").disabled and "came with" in button(app, "Delete").help

    app.selectbox(key="compare-shelf-run").set_value("mine").run()
    app.session_state["run"] = "mine"
    app.text_input(key="compare-shelf-name-mine").set_value("a b")
    button(app, "Rename").click().run()
    assert "can't be called" in app.error[0].value and not app.exception
    app.text_input(key="compare-shelf-name-mine").set_value("yours")
    button(app, "Rename").click().run()
    assert not app.error and "yours" in app.success[0].value
    assert app.selectbox(key="compare-shelf-run").value == "yours" == app.session_state["run"]
    assert (home / "runs" / "yours").is_dir() and not app.run().success

    app.file_uploader[0].set_value(("theirs.zip", zipped(packed), "application/zip")).run()
    assert not app.exception and "kept as **mine**" in app.success[0].value
    assert app.selectbox(key="compare-shelf-run").value == "mine"
    spoilt = home / "runs" / "mine" / SCORES
    whole = spoilt.read_bytes()
    spoilt.write_bytes(b"other")  # said beside the button, not when it is too late
    assert not app.run().exception and "scores" in app.get("download_button")[0].help
    spoilt.write_bytes(whole)
    bad = {**packed, MODEL: b"other"}
    app.file_uploader[0].set_value(("bad.zip", zipped(bad), "application/zip")).run()
    assert "model.skops" in app.error[0].value.replace("\\", "") and not app.exception
    assert not app.run().error and len(lab.list_runs()[0]) == 5  # it doesn't come again

    button(app, "Delete").click().run()
    assert any("**mine** and its" in one.value for one in app.markdown)  # asked first
    assert (home / "runs" / "mine").is_dir()
    button(app, "Delete it").click().run()
    assert not app.exception and "is deleted" in app.success[0].value
    assert [path.name for path in (home / "runs").iterdir()] == ["yours"]


def test_the_shelf_deletes_what_can_not_be_opened(kept, home):
    (kept.folder / MANIFEST).write_text("{")
    app = AppTest.from_function(_page, default_timeout=300).run()
    assert "mine" in next(one.options for one in app.selectbox if "can't be" in one.label)
    button(app, "Delete it").click().run()
    assert not app.exception and "is deleted" in app.success[0].value
    assert not list((home / "runs").iterdir()) and "Delete it" not in {b.label for b in app.button}


@pytest.mark.parametrize("page", ["evaluate", "draw"])
def test_a_run_in_the_address_that_is_gone_is_said(page):
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=300)
    app.query_params["run"] = "deleted-one"
    app.switch_page(f"pages/{page}.py")
    app.run()
    assert not app.exception
    words = [one.value.replace("\\", "") for one in app.warning]
    assert any("no run “deleted-one”" in one for one in words)
    assert app.selectbox(key="run").value == current_run.FIRST_RUN
    assert not any("deleted-one" in one.value for one in app.run().warning)
