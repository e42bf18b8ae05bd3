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


def fabric(points, **more):
    """A stroke as the canvas component sends it."""
    (x, y), *rest = points
    array = np.array(points, float)
    width, height = np.ptp(array, axis=0)
    middle = (array.min(axis=0) + array.max(axis=0)) / 2
    return {
        "type": "Path", "originX": "center", "originY": "center",
        "left": middle[0], "top": middle[1], "width": width, "height": height,
        "strokeWidth": 20, "scaleX": 1, "scaleY": 1, "angle": 0,
        "path": [["M", x, y], *(["L", *point] for point in rest)],
    } | more  # fmt: skip


def test_strokes_of_the_canvas():
    strokes = ink.strokes_from_fabric({"objects": [fabric(SEVEN[0]), fabric(SEVEN[1])]})
    np.testing.assert_allclose(strokes[0], SEVEN[0])
    np.testing.assert_allclose(strokes[1], SEVEN[1])
    corner = fabric(SEVEN[0], originX="left", originY="top", left=50, top=50)  # half a pen outside
    np.testing.assert_allclose(ink.strokes_from_fabric({"objects": [corner]})[0], SEVEN[0])


def test_curves_of_the_canvas():
    bow = {"path": [["M", 0, 0], ["Q", 50, 100, 100, 0], ["L", 100, 40]]}
    stroke = ink.strokes_from_fabric({"objects": [fabric([(0, 0), (100, 50)], **bow)]})[0]
    bottom = stroke[: len(stroke) - 1, 1].max()
    assert len(stroke) > 20 and bottom == pytest.approx(50, abs=0.5)
    s = {"path": [["M", 0, 0], ["C", 0, 100, 100, 100, 100, 0]]}
    stroke = ink.strokes_from_fabric({"objects": [fabric([(0, 0), (100, 75)], **s)]})[0]
    assert stroke[:, 1].max() == pytest.approx(75, abs=0.5)


def test_strokes_moved_scaled_and_turned_with_the_edit_tool():
    line = [(100, 100), (200, 100)]
    shifted, larger, turned = (
        ink.strokes_from_fabric({"objects": [fabric(line, **change)]})[0]
        for change in ({"left": 160, "top": 130}, {"scaleX": 2}, {"angle": 90})
    )
    np.testing.assert_allclose(shifted, [(110, 130), (210, 130)])
    np.testing.assert_allclose(larger, [(50, 100), (250, 100)])
    np.testing.assert_allclose(turned, [(150, 50), (150, 150)], atol=1e-9)


@pytest.mark.parametrize("nothing", [None, {}, {"objects": []}, {"objects": [{"type": "Rect"}]}])
def test_a_canvas_without_strokes(nothing):
    assert ink.strokes_from_fabric(nothing) == []
