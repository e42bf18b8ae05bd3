"""Labels are compared with what a shipped run reads: said, and refused where hopeless."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import answer, as_idx, call, refusal

import emnist_lab as lab
from emnist_lab.commands import label_check
from emnist_lab.data import user_datasets
from emnist_lab.errors import DatasetError


@pytest.fixture(scope="module")
def copy():
    """Images that a shipped run reads well, as if somebody had brought them."""
    part = lab.load("balanced", "test", "demo")
    return replace(part, origin="copy", generated=False)


def table(path, images, labels, split: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = np.hstack([np.asarray(labels)[:, None], images.reshape(len(images), -1)])
    np.savetxt(path, rows, "%d", ",")


def letters(copy):
    """Capitals, and their places in the alphabet from 0."""
    rows = np.flatnonzero((copy.labels >= 10) & (copy.labels < 36))
    return copy.images[rows], copy.labels[rows] - 10


def test_right_labels_agree_and_wrong_ones_are_refused(copy):
    found = label_check.require(copy)
    assert found.kappa > 0.7 and not found.hopeless and not found.moved
    assert "as they are labelled" in found.sentence()
    wrong = replace(copy, labels=np.random.default_rng(0).permutation(copy.labels))
    with pytest.raises(DatasetError, match="The labels don't belong to the images"):
        label_check.require(wrong)
    half = np.where(np.arange(len(copy)) % 5 < 3, wrong.labels, copy.labels)
    doubtful = label_check.require(replace(copy, labels=half))
    assert "look at some before you trust the labels" in doubtful.sentence()


def test_few_images_and_what_is_known_are_not_refused(copy):
    assert label_check.check(lab.load("balanced", "test", "demo")) is None  # generated
    assert label_check.check(replace(copy, origin="official")) is None
    assert label_check.check(replace(copy, split="kmnist")) is None
    wrong = replace(copy, labels=np.random.default_rng(0).permutation(copy.labels))
    assert not label_check.require(wrong.take(np.arange(20))).hopeless


def test_what_is_no_character_is_said(copy):
    spots = np.random.default_rng(0).integers(0, 255, copy.images.shape).astype(np.uint8)
    with pytest.raises(DatasetError, match=r"look like no character.*#fashion-mnist"):
        label_check.require(replace(copy, images=spots))


def test_letters_that_count_from_0_are_noticed_and_read_so_where_it_is_said(tmp_path, copy, capfd):
    images, labels = letters(copy)
    inner = (labels > 0) & (labels < 25)  # neither A nor Z, which would prove it
    table(tmp_path / "letters.csv", images[inner], labels[inner])
    found = answer(capfd, "data", "--root", tmp_path / "letters.csv")
    check = found["parts"][0]["label_check"]
    assert check["moved"] == 1 and check["agreement"] < 0.2 and check["moved_agreement"] > 0.7
    assert "#letters-from-0" in found["parts"][0]["notes"][-1]
    found = answer(capfd, "data", "--root", f"{tmp_path / 'letters.csv'}#letters-from-0")
    part = found["parts"][0]
    assert part["label_check"]["agreement"] > 0.7 and part["classes"][0] == "B"
    table(tmp_path / "other" / "letters.csv", images, labels + 1)
    words = ("data", "--root", f"{tmp_path / 'other' / 'letters.csv'}#letters-from-0")
    assert "count from 1" in refusal(capfd, *words)


def test_an_import_whose_labels_are_wrong_is_refused(tmp_path, copy, capfd, home):
    images, labels = letters(copy)
    table(tmp_path / "letters.csv", images, np.random.default_rng(0).permutation(labels) + 1)
    said = call(capfd, "fetch", "--from", tmp_path / "letters.csv", status=2)[1]
    assert "The labels don't belong to the images" in said and user_datasets.names() == []
    said = refusal(capfd, "data", "--root", tmp_path / "letters.csv")
    assert "look which column or file holds the labels" in said


@pytest.mark.parametrize("verb", ["train", "evaluate"])
def test_doubtful_labels_are_warned_of_where_they_are_used(verb, tmp_path, copy, capfd, home):
    images, labels = letters(copy)
    inner = (labels > 0) & (labels < 25)
    for part in ("train", "test"):
        table(tmp_path / f"letters-{part}.csv", images[inner], labels[inner])
    words = {
        "train": ("train", "hog-qda", "--split", "letters"),
        "evaluate": ("evaluate", "--run", "hog-qda"),
    }[verb]
    said = call(capfd, *words, "--root", tmp_path)[1]
    assert "warning:" in said and "labels that are one higher" in said
    assert "#letters-from-0" in said


def test_a_set_is_said_when_it_is_imported(tmp_path, copy, capfd, home):
    digits = np.flatnonzero(copy.labels < 10)
    for part in ("train", "t10k"):
        for kind, array in (
            ("images-idx3", copy.images[digits]),
            ("labels-idx1", copy.labels[digits]),
        ):
            (tmp_path / f"{part}-{kind}-ubyte").write_bytes(as_idx(np.ascontiguousarray(array)))
    files = [word for path in sorted(tmp_path.iterdir()) for word in ("--from", path)]
    said = call(capfd, "fetch", *files, "--name", "mine", status=2)[1]
    assert "Which set is it?" in said and user_datasets.names() == []
    call(capfd, "fetch", *files, "--name", "mine", "--as", "fashion-mnist")
    assert lab.load("fashion-mnist", "test", "mine").classes[1] == "👖"
    call(capfd, "fetch", *files, "--name", "digits", "--as", "mnist")
    assert answer(capfd, "data", "--root", "digits")["parts"][0]["label_check"]["kappa"] > 0.7
    assert "files of your own" in refusal(capfd, "fetch", "digits", "--as", "mnist")
