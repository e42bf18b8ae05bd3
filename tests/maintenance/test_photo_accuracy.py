"""Pictures with a truth: what is read is laid beside what is written, character by character."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from emnist_lab.errors import LabError
from emnist_lab.maintenance import bench, photo_accuracy
from emnist_lab.runs import registry


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two printed pictures, one of digits; what is written on them; one that isn't measured."""
    place = tmp_path_factory.mktemp("photos")
    for name, says in (("digits.png", "734\n852"), ("letters.png", "HAX")):
        picture = Image.new("L", (500, 300), 240)
        ImageDraw.Draw(picture).text((60, 20), says, 20, ImageFont.load_default(size=90))
        picture.save(place / name)
    truth = {"digits.png": ["734", "852"], "letters.png": ["HA X", "K"], "more.png": None}
    (place / "truth.json").write_text(json.dumps(truth))
    return place


def test_alignment_keeps_the_order_and_takes_most_that_is_right():
    assert photo_accuracy.align(list("ABC"), list("ABC")) == (3, 3)
    assert photo_accuracy.align(list("ABC"), list("CBA")) == (3, 1)
    assert photo_accuracy.align(list("AB"), list("xAyBz")) == (2, 2)
    assert photo_accuracy.align([], list("A")) == (0, 0)
    random = np.random.default_rng(0)
    many = random.integers(0, 40, 1500).tolist()
    assert photo_accuracy.align(many, many) == (1500, 1500)


def test_pictures_are_measured_alone_and_together(folder):
    rows = photo_accuracy.photo_accuracy(registry.open_run("hog-qda"), folder)
    assert list(rows) == ["digits.png", "letters.png", "together"]
    assert rows["digits.png"]["characters"] == 6 and rows["digits.png"]["found"] == 1
    assert rows["digits.png"]["right of digits"] >= 5 / 6
    assert rows["letters.png"]["found"] == 0.75  # there is no K
    assert np.isnan(rows["letters.png"]["right of digits"])
    together = rows["together"]
    assert together["found"] == pytest.approx(9 / 10) and together["false boxes"] == 0
    assert together["right of digits"] == rows["digits.png"]["right of digits"]


@pytest.mark.skipif(not shutil.which("tesseract"), reason="Tesseract isn't installed")
def test_tesseract_reads_the_same_pictures(folder):
    rows = photo_accuracy.tesseract_accuracy(registry.open_run("hog-qda"), folder)
    assert rows["digits.png"]["found"] == 1


def test_a_folder_without_its_truth_is_refused(tmp_path, folder):
    with pytest.raises(LabError, match=r"truth\.json can't be read"):
        photo_accuracy.read_truth(tmp_path)
    for wrong in ("[1]", "{", '{"a.png": 3}'):
        (tmp_path / "truth.json").write_text(wrong)
        with pytest.raises(LabError, match=r"truth\.json can't be read"):
            photo_accuracy.read_truth(tmp_path)
    (tmp_path / "truth.json").write_text('{"a.png": ["A"]}')
    with pytest.raises(LabError, match=r"names a\.png, which isn't beside it"):
        photo_accuracy.read_truth(tmp_path)
    with pytest.raises(LabError, match=r"a\.png"):
        bench.bench(None, None, False, quiet=True, only=["photos"], photos=str(tmp_path))
