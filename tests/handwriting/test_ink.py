"""Strokes and pictures -> EMNIST images."""

import numpy as np
import pytest
from helpers import SEVEN, moved
from PIL import Image, ImageDraw

from emnist_lab.errors import InkError
from emnist_lab.handwriting import ink


def box(image):
    rows, columns = np.flatnonzero(image.max(axis=1) > 25), np.flatnonzero(image.max(axis=0) > 25)
    return rows[0], rows[-1], columns[0], columns[-1]


def test_an_emnist_image():
    image = ink.from_strokes(SEVEN)
    assert image.shape == (28, 28) and image.dtype == np.uint8
    assert image.max() == 255
    top, bottom, left, right = box(image)
    assert (top, bottom) == (2, 25)  # a border of 2, the taller side fills the rest
    assert abs((left + right) - 27) <= 1  # centred
    assert image[3, 14] > 128 and image[24, 4] == 0  # the bar above, paper below left


@pytest.mark.parametrize("scale", [0.2, 0.5, 1.3, 40])
@pytest.mark.parametrize("by", [(0, 0), (-500, 300), (1e5, -1e5)])
def test_place_and_size_do_not_matter(scale, by):
    plain = ink.from_strokes(SEVEN, pen_width=1e-6).astype(int)
    other = ink.from_strokes(moved(SEVEN, scale, by), pen_width=1e-6)
    assert np.abs(plain - other).max() <= 16  # rounding in the last of 256 levels' edges
    assert np.abs(plain - other).mean() < 0.2


def test_the_pens_width_does_not_matter():
    np.testing.assert_array_equal(ink.from_strokes(SEVEN, 10), ink.from_strokes(SEVEN, 30))


def test_aspect_is_kept():
    tall = ink.from_strokes([[(0, 0), (0, 200)]])
    top, bottom, left, right = box(tall)
    assert bottom - top >= 22 and right - left <= 4
    flat = ink.from_strokes([[(0, 0), (200, 0)]])
    np.testing.assert_allclose(tall.T.astype(int), flat, atol=40)


def test_points_more_or_fewer_along_a_line_do_not_matter():
    few = ink.from_strokes([[(0, 0), (100, 0), (100, 150)]])
    corner = [(x, 0.0) for x in np.linspace(0, 100, 400)]
    many = ink.from_strokes([[*corner, *((100.0, y) for y in np.linspace(0, 150, 700))]])
    assert np.abs(few.astype(int) - many).mean() < 1.5


def test_strokes_that_leave_the_canvas_are_read_whole():
    outside = moved(SEVEN, by=(-150, 120))
    np.testing.assert_allclose(
        ink.from_strokes(outside).astype(int), ink.from_strokes(SEVEN), atol=16
    )


def test_a_dot_beside_a_stroke_counts():
    stem = [(100, 80), (100, 200)]
    with_dot = ink.from_strokes([stem, [(100, 40)]])
    assert with_dot[:5].max() > 128 and with_dot[6:8].max() < 128


@pytest.mark.parametrize(
    ("strokes", "says"),
    [
        ([], "empty"),
        ([[]], "empty"),
        ([[(5, 5)]], "single dot"),
        ([[(5, 5), (5.5, 5.2)]], "single dot"),
        ([[(5, 5), (5, np.nan)]], "usable number"),
        ([[(5, 5), (np.inf, 5)]], "usable number"),
        ([[(5, 5), (1e300, 5)]], "usable number"),
        ([[(5, 5), (10**400, 5)]], "pairs"),
        ([[5, 6, 7]], "pairs"),
        ([[(1, 2, 3), (4, 5, 6)]], "pairs"),
        ([["a", "b"]], "pairs"),
        ([[(1, 2), (3,)]], "pairs"),
        ([[(i, i % 7) for i in range(200_001)]], "more than"),
    ],
)
def test_what_is_no_character(strokes, says):
    with pytest.raises(InkError, match=says) as caught:
        ink.from_strokes(strokes)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def page(dark_on_light=True, size=(300, 260), offset=(40, 10)):
    picture = Image.new("L", size, 245 if dark_on_light else 12)
    draw = ImageDraw.Draw(picture)
    for stroke in moved(SEVEN, 0.8, offset):
        draw.line(stroke, fill=20 if dark_on_light else 240, width=17, joint="curve")
    return picture


def test_a_picture_gives_the_image_that_its_strokes_give():
    read = ink.from_picture(page()).astype(int)
    assert np.abs(read - ink.from_strokes(SEVEN)).mean() < 12
    assert read.max() == 255


def test_dark_on_light_light_on_dark_colour_and_array_agree():
    plain = ink.from_picture(page())
    np.testing.assert_array_equal(plain, ink.from_picture(page().convert("RGB")))
    np.testing.assert_array_equal(plain, ink.from_picture(np.asarray(page())))
    np.testing.assert_array_equal(plain, ink.from_picture(np.asarray(page().convert("RGBA"))))
    assert np.abs(plain.astype(int) - ink.from_picture(page(False))).mean() < 3


def test_place_and_margin_of_a_picture_do_not_matter():
    plain = ink.from_picture(page()).astype(int)
    other = ink.from_picture(page(size=(900, 700), offset=(500, 300)))
    assert np.abs(plain - other).mean() < 3


def test_transparency_is_paper():
    clear = Image.new("RGBA", (300, 260), (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), mask=Image.eval(page(), lambda value: 255 if value < 128 else 0))
    assert np.abs(ink.from_picture(clear).astype(int) - ink.from_picture(page())).mean() < 2


def test_specks_are_passed_over():
    dusty = page()
    dusty.putpixel((3, 250), 0)
    np.testing.assert_allclose(
        ink.from_picture(dusty).astype(int), ink.from_picture(page()), atol=2
    )


def test_an_emnist_image_comes_back_nearly_as_it_is():
    image = ink.from_strokes(SEVEN)
    assert np.abs(ink.from_picture(image).astype(int) - image).mean() < 14


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("L", (50, 50), 255),
        Image.new("RGB", (50, 50)),
        Image.new("L", (1, 1)),
        Image.new("I;16", (30, 30)),
        Image.new("F", (30, 30), float("nan")),
        np.zeros((0, 4), np.uint8),
        np.zeros((4, 4)),
        np.zeros((4, 4, 2, 2), np.uint8),
    ],
)
def test_what_is_no_picture_of_a_character(picture):
    with pytest.raises(InkError) as caught:
        ink.from_picture(picture)
    assert ":" in str(caught.value) and "\n" not in str(caught.value)


# --- how it is made -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stages():
    return dict(ink.rasterize(SEVEN).stages)


def test_the_steps_end_in_the_image_that_models_see(stages):
    assert list(stages) == ["ink", "blur", "crop", "centre", "shrink", "scale"]
    assert (stages["scale"] == ink.from_strokes(SEVEN)).all()
    assert all(one.dtype == np.uint8 for one in stages.values())


def test_each_step_does_what_it_says(stages):
    assert stages["ink"].shape == stages["blur"].shape
    edges = [np.unique(stages[key]).size for key in ("ink", "blur")]
    assert edges[0] < edges[1]  # hard edges, then soft ones
    crop = stages["crop"]
    assert crop[:, [0, -1]].any(axis=0).all() and crop[[0, -1]].any(axis=1).all()
    height, width = stages["centre"].shape
    assert height == width == round(max(crop.shape) * 28 / 24)
    rows, columns = (np.flatnonzero(stages["centre"].any(axis=axis)) for axis in (1, 0))
    for found in (rows, columns):  # as far from the one edge as from the other
        assert abs(found[0] - (height - 1 - found[-1])) <= 1
    assert stages["shrink"].shape == stages["scale"].shape == (28, 28)
    assert stages["scale"].max() == 255


def test_neither_place_nor_size_nor_pen_changes_a_step_much(stages):
    small = ink.rasterize(moved(SEVEN, 0.25, (180, 190)), 12)
    for key, pixels in small.stages:
        assert pixels.shape == pytest.approx(stages[key].shape, abs=1)
    assert np.abs(small.image.astype(int) - stages["scale"]).mean() < 1


@pytest.mark.parametrize(
    "raster", [lambda: ink.rasterize(SEVEN), lambda: ink.rasterize_picture(page())]
)
def test_variations_are_wider_and_begin_with_the_image(raster):
    made = raster()
    images = made.variations
    assert images.shape == (ink.VARIATIONS, 28, 28) and images.dtype == np.uint8
    np.testing.assert_array_equal(images[0], made.image)
    widths = [(image.max(axis=0) > 25).sum() for image in images]
    assert widths[0] < widths[1] < widths[2]
