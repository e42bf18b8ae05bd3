"""What is around the writing, or drawn between it: sheets on tables, frames, arrows, underlines."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from emnist_lab.handwriting.page_images import page_reader, perspective, sheet_finder

SAYS = "HAX 347"


def written(size=(900, 600), draw_more=None):
    picture = Image.new("L", size, 235)
    draw = ImageDraw.Draw(picture)
    draw.text((80, 100), SAYS, 30, ImageFont.load_default(size=110))
    if draw_more:
        draw_more(draw)
    return picture


def on_a_table(corners, light=235):
    """The sheet as a camera sees it, on wood with a grain."""
    random = np.random.default_rng(3)
    grain = 95 + 18 * np.sin(np.arange(1000)[:, None] / 5 + random.normal(0, 0.3, (1000, 1)))
    table = np.repeat(grain, 1300, axis=1) + random.normal(0, 3, (1000, 1300))
    sheet = written()
    width, height = sheet.size
    corners = np.array(corners, float)
    whole = np.array([[0, 0], [width, 0], [width, height], [0, height]])
    back = perspective.homography(corners, whole)
    how = (back / back[2, 2]).ravel()[:8].tolist()
    seen = np.asarray(
        sheet.transform((1300, 1000), Image.Transform.PERSPECTIVE, how, fillcolor=0), float
    )
    inside = np.asarray(
        Image.new("L", sheet.size, 255).transform(
            (1300, 1000), Image.Transform.PERSPECTIVE, how, fillcolor=0
        )
    )
    return Image.fromarray(np.where(inside > 0, seen, table).clip(0, 255).astype(np.uint8))


CORNERS = [(150, 120), (1130, 60), (1220, 900), (90, 860)]


def test_a_sheet_on_a_table_is_straightened_and_the_table_left_out():
    picture = on_a_table(CORNERS)
    found = sheet_finder.find_sheet(np.asarray(picture))
    assert np.abs(found - np.array(CORNERS)).max() < 40
    page = page_reader.find(picture)
    assert page.sheet and page.size == (1300, 1000)
    assert [len(line) for line in page.lines] == [6]
    boxes = np.array([one.box for one in page.characters])
    assert (boxes[:, :2] > (140, 100)).all() and (boxes[:, 2:] < (1200, 600)).all()


@pytest.mark.parametrize("dark", [120, 205])
def test_a_shadow_is_no_sheet(dark):
    across = np.linspace(0, 1, 900)
    light = dark / 235 + (1 - dark / 235) / (1 + np.exp(-(across - 0.4) * 40))
    shaded = np.asarray(written(), float) * light
    assert sheet_finder.find_sheet(shaded.astype(np.float32)) is None
    page = page_reader.find(shaded.astype(np.uint8))
    assert not page.sheet and [len(line) for line in page.lines] == [6]


@pytest.mark.parametrize(
    "draw_more",
    [
        lambda draw: draw.line((90, 260, 420, 256), 30, 6),
        lambda draw: draw.line([(600, 500), (300, 380), (340, 380), (300, 380), (310, 420)], 30, 6),
        lambda draw: draw.rectangle((50, 70, 560, 260), outline=30, width=6),
        lambda draw: draw.ellipse((5, 15, 700, 325), outline=30, width=6),
    ],
    ids=["underline", "arrow", "box", "ring"],
)
def test_what_is_drawn_is_no_character(draw_more):
    page = page_reader.find(written(draw_more=draw_more))
    assert [len(line) for line in page.lines] == [6]
