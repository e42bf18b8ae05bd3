"""The evaluation as one HTML file."""

import dataclasses
import errno
import os
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from helpers import make_part, remembered_intervals

import emnist_lab as lab
from emnist_lab import __main__ as main
from emnist_lab.errors import RunError
from emnist_lab.evaluation import html_report, label_issues, label_marks
from emnist_lab.evaluation.evaluation import Evaluation


@pytest.fixture(autouse=True, scope="module")
def known_intervals():
    with remembered_intervals():
        yield


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


def document(run, report, test, name=None, images=False) -> str:
    found = Evaluation(
        run,
        report,
        name or test.name,
        test.fingerprint,
        run.generated,
        test if images else None,
        stored=True,
    )
    return html_report.document(found, label_marks.read_if_sound(test.fingerprint))


@pytest.fixture(scope="module")
def made():
    train, test = make_part("digits", 30, 1), make_part("digits", 12, 2, "test")
    run = lab.fit("pixels-bayes", train, test)
    return run, run.report(), test


def test_it_holds_the_numbers_and_needs_nothing(made):
    run, report, test = made
    text = document(run, report, test, images=True)
    words, addresses = read(text)
    assert all(one.startswith("data:image/png;base64,") for one in addresses)
    assert "http" not in text.replace("http-equiv", "")
    assert f"{report.accuracy:.2%}" in words and f"{report.roc_auc_ovo:.4f}" in words
    assert test.name in words and run.manifest["data"]["train"]["name"] in words
    assert run.manifest["versions"]["scikit-learn"] in words
    issues = label_issues.predicted_otherwise(label_issues.find_label_issues(report))
    assert len(addresses) == 3 + min(len(issues), 24)
    for row in report.per_class.itertuples():
        assert f"{row.recall:.4f}" in words


def test_without_images_it_says_so(made):
    run, report, test = made
    words, addresses = read(document(run, report, test))
    assert "weren't at hand" in words and len(addresses) == 3


def test_marked_images_are_left_out(made):
    run, report, test = made
    wrong = np.flatnonzero(report.predicted != report.labels)[:2]
    for image in wrong:
        label_marks.mark(test.fingerprint, label_marks.Mark(int(image), "1"))
    words, _ = read(document(run, report, test))
    assert f"{len(wrong)} images were marked" in words
    assert f"{label_issues.drop_images(report, wrong).accuracy:.2%}" in words


def test_texts_from_files_stay_text(made):
    run, report, test = made
    evil = "<script>alert(1)</script>"
    forged = dataclasses.replace(run, manifest={**run.manifest, "name": evil, "title": evil})
    text = document(forged, report, test, name=evil)
    assert "<script" not in text
    assert evil in read(text)[0]


def test_a_class_that_never_occurs_is_said_and_no_nan_shows(made):
    run, report, test = made
    keep = report.labels != 3
    part = dataclasses.replace(report, labels=report.labels[keep], scores=report.scores[keep])
    words, _ = read(document(run, part, test))
    assert "has no image of 3" in words and "nan" not in words.lower().split()


def test_generated_images_are_called_so(made):
    run, report, test = made
    data = {**run.manifest["data"], "train": {**run.manifest["data"]["train"], "generated": True}}
    forged = dataclasses.replace(run, manifest={**run.manifest, "data": data})
    words, _ = read(document(forged, report, test))
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
        html_report.write(tmp_path, "x")


def test_marks_that_can_not_be_read_are_no_obstacle(made, home):
    run, report, test = made
    label_marks.mark(test.fingerprint, label_marks.Mark(0, "1"))
    next(label_marks.marks_home().glob("*.json")).write_text("{")
    words, _ = read(document(run, report, test))
    assert "marks of wrongly labelled images couldn't be read" in words
    assert f"{report.accuracy:.2%}" in words and "were marked" not in words
    assert str(home) not in words


def test_no_label_issue_is_said_to_be_none(made):
    run, report, test = made
    certain = dataclasses.replace(report, scores=np.eye(10)[report.labels])
    words, addresses = read(document(run, certain, test, images=True))
    assert "None." in words and "weren't at hand" not in words and len(addresses) == 3


def test_a_seed_of_nought_is_told(made):
    run, report, test = made
    other = dataclasses.replace(run, manifest={**run.manifest, "seed": 0})
    assert '"seed": 0' in read(document(other, report, test))[0]


def test_half_a_surrogate_pair_is_written_as_json_escapes_it(made, tmp_path):
    run, report, test = made
    machine = {**run.manifest["machine"], "cpu": "\ud800"}
    odd = dataclasses.replace(run, manifest={**run.manifest, "machine": machine})
    text = document(odd, report, test)
    assert text.encode()  # the page hands it to a browser
    for name, content in (("one.html", text), ("two.html", "\ud800")):
        html_report.write(tmp_path / name, content)
        assert "\\ud800" in (tmp_path / name).read_text(encoding="utf-8")


def test_it_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "out.html"
    html_report.write(path, "before")

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(RunError, match="No space left"):
            html_report.write(path, "after")
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]
    linked = tmp_path / "link.html"
    linked.symlink_to(path)
    html_report.write(linked, "after")
    assert linked.is_symlink() and path.read_text() == "after"


def test_a_pipe_is_written_to_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        html_report.write(pipe, "words")
        assert os.read(reader, 100) == b"words" and pipe.is_fifo()
    finally:
        os.close(reader)
