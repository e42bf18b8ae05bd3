"""Published figures: the documents say what docs/figures.json holds, and nothing by hand."""

import json
import re

import pytest

from emnist_lab import list_runs
from emnist_lab.__main__ import main
from emnist_lab.maintenance import bench, published_figures
from emnist_lab.maintenance.figure_tables import TABLES


@pytest.fixture
def copies(tmp_path, monkeypatch):
    """The documents, copied where a test may write."""
    for name in ("JSON", "MARKDOWN", "README"):
        path = getattr(published_figures, name)
        (tmp_path / path.name).write_bytes(path.read_bytes())
        monkeypatch.setattr(published_figures, name, tmp_path / path.name)
    return tmp_path


def test_every_section_has_a_table():
    assert set(TABLES) == set(bench.SECTIONS)
    assert set(published_figures.load()) <= set(TABLES)


def test_figures_md_is_what_the_json_gives():
    document = published_figures.load()
    text = published_figures.MARKDOWN.read_text(encoding="utf-8")
    assert text == published_figures.markdown(document), (
        "run: python -m emnist_lab bench --markdown"
    )


def test_the_readme_has_the_figures_of_the_json_and_of_the_shipped_runs():
    document = published_figures.load()
    text = published_figures.README.read_text(encoding="utf-8")
    assert text == published_figures.with_shipped_runs(text, document)
    drawn = document["drawings"]["figures"]
    shipped = [run for run in list_runs()[0] if run.shipped]
    assert len(shipped) == 3
    for run in shipped:
        row = next(line for line in text.splitlines() if line.startswith(f"| `{run.name}` |"))
        assert f"| {run.manifest['scores']['accuracy']:.4f} |" in row
        assert f"| {drawn[run.name]['accuracy']:.3f} |" in row


def test_no_figure_of_another_table_stands_in_the_readme_by_hand():
    text = published_figures.README.read_text(encoding="utf-8")
    by_hand = text.partition("<!-- shipped")[0] + text.partition("<!-- end -->")[2]
    assert not re.findall(r"\b\d+(?:\.\d+)? ms\b|\b0\.\d+\b", by_hand)


def test_what_was_measured_replaces_its_sections_and_no_others(copies):
    before = json.loads((copies / "figures.json").read_text(encoding="utf-8"))
    measured = {"features": {"images": 10, "images a second": 1234.4}}
    measured["scans"] = {"mine": {"scan": {"characters": 3, "found": 1.0, "find_s": float("nan")}}}
    held = published_figures.keep(measured)
    assert held["features"]["figures"] == measured["features"]
    assert {"date", "machine", "versions", "figures"} == set(held["features"])
    assert {key: held[key] for key in before if key != "features"} == {
        key: before[key] for key in before if key != "features"
    }
    published_figures.write()
    text = (copies / "figures.md").read_text(encoding="utf-8")
    assert "1,234 images a second" in text
    assert re.search(r"\| mine \| scan \| 3 \| 1\.000 \| – \|", text)


def test_recipes_that_were_not_measured_keep_their_figures(copies):
    before = json.loads((copies / "figures.json").read_text(encoding="utf-8"))["recipes"]["figures"]
    fresh = {**before["hog-lda"], "accuracy": 0.5}
    held = published_figures.keep({"recipes": {"hog-lda": fresh}})["recipes"]
    assert held["figures"] == {**before, "hog-lda": fresh}
    assert "hog-svm" in held["note"] and "hog-lda" not in held["note"]


def test_bench_keeps_what_it_measures(copies, monkeypatch, capsys):
    found = {"auc": {"ratio": 7.0, "difference": 0.0}}
    monkeypatch.setattr(bench, "bench", lambda *_: found)
    assert main(["bench", "--only", "auc", "--keep", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == found
    assert "7 times faster" in (copies / "figures.md").read_text(encoding="utf-8")
    (copies / "figures.md").unlink()
    assert main(["bench", "--markdown"]) == 0
    assert "7 times faster" in (copies / "figures.md").read_text(encoding="utf-8")


def test_a_bench_of_one_section_gives_that(monkeypatch, capsys):
    found = bench.measure_roc_auc(rows=500, classes=5)
    assert found["difference"] < 1e-12 and found["ratio"] > 0
    monkeypatch.setattr(bench, "measure_roc_auc", lambda: found)
    assert bench.bench(None, None, False, only=["auc"]) == {"auc": found}
    assert bench.SECTIONS["auc"] in capsys.readouterr().out
