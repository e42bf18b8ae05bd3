"""Grids: found, straightened, read cell by cell; what is written across lines isn't in cells."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from emnist_lab.handwriting.page_images import grid_finder, page_reader, perspective

SAYS = ["H4 A7", "3X K ", "  5HA", "7K43X"]


def sheet(thick=4, cell=90, outside="WWW"):
    """Four rows and five columns of printed characters; some cells are empty."""
    picture = Image.new("L", (700, 640), 235)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=54)
    draw.text((80, 20), outside, 30, font)
    for row in range(5):
        at = 120 + cell * row
        draw.line((100, at, 100 + 5 * cell, at), 40, thick)
    for column in range(6):
        at = 100 + cell * column
        draw.line((at, 120, at, 120 + 4 * cell), 40, thick)
    for row, line in enumerate(SAYS):
        for column, one in enumerate(line):
            middle = (100 + cell * (column + 0.5), 120 + cell * (row + 0.5))
            draw.text(middle, one, 30, font, anchor="mm")
    return picture


def tilted(picture):
    """As a camera sees it that isn't held straight."""
    width, height = picture.size
    seen = np.array([[40, 10], [width - 15, 50], [width - 60, height - 20], [10, height - 70]])
    whole = np.array([[0, 0], [width, 0], [width, height], [0, height]])
    back = perspective.homography(seen, whole)
    how = (back / back[2, 2]).ravel()[:8].tolist()
    return picture.transform(
        picture.size, Image.Transform.PERSPECTIVE, how, Image.Resampling.BICUBIC, fillcolor=235
    )


@pytest.mark.parametrize(
    "picture", [sheet(), sheet(2), tilted(sheet())], ids=["thick", "thin", "tilted"]
)
def test_a_grid_is_read_cell_by_cell(picture):
    page = page_reader.find(picture)
    assert (page.grid.rows, page.grid.columns) == (4, 5)
    every = "".join("".join(SAYS).split())
    assert len(page.characters) == len(every)
    table = page.grid.table(list(every))
    assert ["".join(one or " " for one in row) for row in table] == SAYS
    assert page_reader.text(page, list(every)).split() == [line.replace(" ", "") for line in SAYS]
    for one, (row, column) in zip(page.characters, page.grid.cells, strict=True):
        left, top, right, bottom = one.box
        if picture.getpixel((101, 121)) < 100:  # not tilted
            assert 100 + 90 * column < left < right < 190 + 90 * column
            assert 120 + 90 * row < top < bottom < 210 + 90 * row


def test_cells_with_words_are_a_table():
    picture = Image.new("L", (900, 400), 235)
    draw = ImageDraw.Draw(picture)
    for at in (50, 150, 250, 350):
        draw.line((50, at, 850, at), 40, 3)
    for at in (50, 450, 850):
        draw.line((at, 50, at, 350), 40, 3)
    for row in range(3):
        for column, says in enumerate(("HAX", "347")):
            middle = (250 + 400 * column, 100 + 100 * row)
            draw.text(middle, says, 30, ImageFont.load_default(size=60), anchor="mm")
    page = page_reader.find(picture)
    assert page.grid.table(list("HAX347" * 3)) == [["HAX", "347"]] * 3
    assert page_reader.text(page, list("HAX347" * 3)) == "\n".join(["HAX 347"] * 3)


def test_squared_paper_and_writing_are_no_grid():
    picture = Image.new("L", (900, 600), 235)
    draw = ImageDraw.Draw(picture)
    for at in range(20, 900, 61):
        draw.line((at, 0, at, 600), 170, 2)
        draw.line((0, at, 900, at), 170, 2)
    draw.text((70, 50), "A7HX3K\nHA43KX\n7X4HA3", 30, ImageFont.load_default(size=100))
    page = page_reader.find(picture)
    assert page.grid is None and len(page.lines) == 3
    assert grid_finder.find_grid(np.zeros((300, 300), bool)) is None
    assert grid_finder.find_grid(np.random.default_rng(0).random((300, 300)) < 0.4) is None


def test_straightening_takes_points_back():
    corners = np.array([[30, 20], [170, 40], [160, 180], [20, 150]])
    pixels = np.zeros((200, 200, 3), np.uint8)
    pixels[:, :, 0] = np.arange(200)
    cut, back = perspective.straighten(pixels, corners, 0.1)
    longest = perspective.side_lengths(corners).max()
    np.testing.assert_allclose(
        perspective.project(back, np.array([[0.1 * longest] * 2])), [[30, 20]], atol=1e-6
    )
    assert cut.shape[2] == 3 and cut.dtype == np.uint8
