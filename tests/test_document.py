"""The evaluation as one HTML file."""

import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from conftest import make_part

import emnist_lab as lab
from emnist_lab import __main__ as main
from emnist_lab import document, doubt, marks
from emnist_lab.errors import RunError


class Balanced(HTMLParser):
    """Collects text and addresses, and sees that every element is closed."""

    EMPTY = ("meta", "img", "br", "link")

    def __init__(self):
        super().__init__()
        self.open, self.addresses, self.words = [], [], []

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        self.words.append(text)


def read(text: str) -> tuple[str, list[str]]:
    page = Balanced()
    page.feed(text)
    assert page.open == []
    return re.sub(r"\s+", " ", " ".join(page.words)), page.addresses


@pytest.fixture(scope="module")
def made():
    train, test = make_part("digits", 30, 1), make_part("digits", 12, 2, "test")
    run = lab.fit("pixels-bayes", train, test)
    return run, run.report(), test


def test_it_holds_the_numbers_and_needs_nothing(made):
    run, report, test = made
    text = document.document(run, report, test.name, test.fingerprint, test)
    words, addresses = read(text)
    assert all(one.startswith("data:image/png;base64,") for one in addresses)
    assert "http" not in text.replace("http-equiv", "")
    assert f"{report.accuracy:.2%}" in words and f"{report.roc_auc_ovo:.6f}" in words
    assert test.name in words and run.manifest["data"]["train"]["name"] in words
    assert run.manifest["versions"]["scikit-learn"] in words
    found = doubt.doubtful(report)
    assert len(addresses) == 3 + min((found["doubt"] > 0.5).sum(), 24)
    for row in report.per_class.itertuples():
        assert f"{row.recall:.4f}" in words


def test_without_images_it_says_so(made):
    run, report, test = made
    words, addresses = read(document.document(run, report, test.name, test.fingerprint))
    assert "weren't at hand" in words and len(addresses) == 3


def test_marked_images_are_left_out(made):
    run, report, test = made
    wrong = np.flatnonzero(report.predicted != report.labels)[:2]
    for image in wrong:
        marks.mark(test.fingerprint, marks.Mark(int(image), "1"))
    words, _ = read(document.document(run, report, test.name, test.fingerprint))
    assert f"{len(wrong)} images were marked" in words
    assert f"{doubt.without(report, wrong).accuracy:.2%}" in words


def test_texts_from_files_stay_text(made):
    run, report, test = made
    evil = "<script>alert(1)</script>"
    forged = dataclasses.replace(run, manifest={**run.manifest, "name": evil, "title": evil})
    text = document.document(forged, report, evil, test.fingerprint)
    assert "<script" not in text
    assert evil in read(text)[0]


def test_a_class_that_never_occurs_is_said_and_no_nan_shows(made):
    run, report, test = made
    keep = report.labels != 3
    part = dataclasses.replace(report, labels=report.labels[keep], scores=report.scores[keep])
    words, _ = read(document.document(run, part, test.name, test.fingerprint))
    assert "has no image of 3" in words and "nan" not in words.lower().split()


def test_generated_images_are_called_so(made):
    run, report, test = made
    data = {**run.manifest["data"], "train": {**run.manifest["data"]["train"], "generated": True}}
    forged = dataclasses.replace(run, manifest={**run.manifest, "data": data})
    words, _ = read(document.document(forged, report, test.name, test.fingerprint))
    assert "Made from generated images" in words


def test_the_command_writes_it(tmp_path, capsys):
    out = tmp_path / "out.html"
    words = ["evaluate", "--run", "hog-qda", "--stored", "--report", str(out), "--json"]
    assert main.main(words) == 0
    assert f'"report": "{out}"' in capsys.readouterr().out
    assert "hog-qda" in read(out.read_text(encoding="utf-8"))[0]
    assert main.main([*words[:-2], str(tmp_path / "no" / "where.html")]) == 2
    assert "can't be written" in capsys.readouterr().err


def test_a_place_that_can_not_be_written(tmp_path):
    with pytest.raises(RunError, match="name a file"):
        document.write(tmp_path, "x")
