"""Pages that lie on their side, and pages that make no sense: turned, offered, said."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from emnist_lab.errors import InkError
from emnist_lab.handwriting import results
from emnist_lab.handwriting.page_images import page_reader, page_rotation, page_warnings, photo
from emnist_lab.runs import registry

SAYS = "A7RK4G\n2E3BHA\nK47RGE"


@pytest.fixture(scope="module")
def run():
    return registry.open_run("hog-qda")


def written(says=SAYS, px=90, size=(700, 500)):
    picture = Image.new("L", size, 240)
    ImageDraw.Draw(picture).text((60, 30), says, 20, ImageFont.load_default(size=px))
    return picture


def kinds(page, run, rotation=None):
    probabilities = page_reader.read(run, page).probabilities
    return [one.kind for one in page_warnings.warnings_of(page, probabilities, rotation)]


@pytest.mark.parametrize("lies", [90, 180, 270])
def test_a_page_that_lies_otherwise_is_turned_and_it_is_said(run, lies):
    picture = written().rotate(lies, expand=True)  # to the left
    page, rotation = page_rotation.find_upright(run, picture)
    assert rotation.best == lies and rotation.likely
    if lies == 270:  # on this side letters look like others: it is offered
        assert page.turned == 0
        page = page_reader.find(picture, turned=270)
    assert page.turned == lies and page.size == (700, 500)
    assert [len(line) for line in page.lines] == [6, 6, 6]
    assert kinds(page, run, rotation)[0] == "turned"
    as_it_was = page_reader.find(picture)
    assert kinds(as_it_was, run, rotation)[0] == "turn"  # then it is offered
    assert photo.open_photo(photo.preview(_png(picture), turned=lies)).size == (700, 500)


def _png(picture):
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def test_an_upright_page_stays(run):
    page, rotation = page_rotation.find_upright(run, _png(written()))
    assert rotation.best == 0 and not rotation.likely and page.turned == 0
    assert kinds(page, run, rotation) == []
    few, told = page_rotation.find_upright(run, written("N", size=(300, 200)))
    assert not told.sure and few.turned == 0
    with pytest.raises(InkError, match="90, 180 or 270"):
        page_reader.find(written(), turned=45)


def test_what_makes_no_sense_is_said(run):
    assert "tiny" in kinds(page_reader.find(written(px=16, size=(200, 120))), run)
    random = np.random.default_rng(0)
    strewn = Image.new("L", (1200, 1200), 240)
    draw = ImageDraw.Draw(strewn)
    for row in range(12):
        at, long = random.integers(50, 1100), random.integers(20, 60)
        draw.line((at, 60 + 95 * row, at + 10, 60 + 95 * row + long), 20, 8)
    assert "scattered" in kinds(page_reader.find(strewn), run)
    loops = [(60 + 7 * t + 40 * np.sin(t / 3), 300 + 50 * np.cos(t / 3)) for t in range(160)]
    script = Image.new("L", (1300, 600), 240)
    ImageDraw.Draw(script).line(loops, 20, 8)
    told = kinds(page_reader.find(script), run)
    assert "joined" in told and "unsure" in told
    assert "few" in kinds(page_reader.find(written("A", size=(3000, 2500))), run)


def test_confidence_is_a_share_and_less_where_ink_touches(run):
    page = page_reader.find(written())
    probabilities = np.full((18, 47), 0.2 / 46)
    probabilities[:, 3] = 0.8
    assert page_warnings.confidence(page, probabilities) == pytest.approx(0.8)
    for one in page.characters[:9]:
        object.__setattr__(one, "joined", True)
    assert page_warnings.confidence(page, probabilities) == pytest.approx(0.8 * 0.65)


def test_programs_get_it_too(run, tmp_path):
    path = tmp_path / "page.png"
    written().rotate(90, expand=True).save(path)
    found = results.of_page(run, path)
    assert found["turned"] == 90 and found["size"] == (700, 500) and found["grid"] is None
    assert found["warnings"][0]["kind"] == "turned" and 0.5 < found["confidence"] <= 1
    assert all(one["sentence"].endswith(".") for one in found["warnings"])
