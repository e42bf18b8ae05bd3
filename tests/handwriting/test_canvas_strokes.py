"""Strokes from a canvas's JSON: each transform by itself, and what is no drawing."""

import math

import numpy as np
import pytest

from emnist_lab.errors import InkError
from emnist_lab.handwriting.canvas_strokes import strokes_from_canvas

CORNER = [["M", 100, 50], ["L", 100, 150], ["L", 160, 150]]
POINTS = np.array([[100, 50], [100, 150], [160, 150]], float)
CENTRE = np.array([130, 100])


def path(**changes) -> dict:
    """A path as Fabric writes it: where it was drawn, unless it is changed."""
    return {
        "type": "Path", "path": CORNER, "originX": "center", "originY": "center", "left": 130,
        "top": 100, "width": 60, "height": 100, "strokeWidth": 20, "strokeUniform": False,
        "scaleX": 1, "scaleY": 1, "angle": 0, "flipX": False, "flipY": False, "skewX": 0,
        "skewY": 0, **changes,
    }  # fmt: skip


def read(*objects):
    return strokes_from_canvas({"version": "7.4.0", "objects": list(objects)})


def moved(matrix, by=(0, 0)):
    return (POINTS - CENTRE) @ np.array(matrix, float).T + CENTRE + by


SLANT = math.tan(math.radians(20))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, POINTS),
        ({"left": 140, "top": 95}, moved(np.eye(2), (10, -5))),
        ({"scaleX": 2, "scaleY": 0.5}, moved([[2, 0], [0, 0.5]])),
        ({"angle": 90}, moved([[0, -1], [1, 0]])),
        ({"flipX": True}, moved([[-1, 0], [0, 1]])),
        ({"flipY": True, "angle": 180}, moved([[-1, 0], [0, 1]])),
        ({"skewX": 20}, moved([[1, SLANT], [0, 1]])),
        ({"skewY": 20}, moved([[1, 0], [SLANT, 1]])),
        ({"scaleX": 2, "skewX": 20}, moved([[2, 2 * SLANT], [0, 1]])),
        ({"originX": "left", "originY": "top", "left": 90, "top": 40}, POINTS),
        ({"originX": "right", "originY": "bottom", "left": 170, "top": 160}, POINTS),
        (
            # The upper left corner of a box of 80 × 120 that is turned by a quarter.
            {"originX": "left", "originY": "top", "left": 190, "top": 60, "angle": 90},
            moved([[0, -1], [1, 0]]),
        ),
    ],
)
def test_each_transform_is_followed(changes, expected):
    (found,) = read(path(**changes))
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_groups_move_what_is_in_them():
    inner = path(left=-10, top=5)
    group = {"type": "Group", "objects": [inner], "originX": "center", "originY": "center",
             "left": 100, "top": 100, "angle": 180, "width": 80, "height": 120}  # fmt: skip
    (found,) = read(group)
    np.testing.assert_allclose(found, 100 - (POINTS - CENTRE) - (-10, 5), atol=1e-9)


def test_curves_lines_and_dots():
    curve = path(path=[["M", 0, 0], ["Q", 50, 100, 100, 0], ["L", 100, 10]], left=50, top=37.5,
                 width=100, height=75)  # fmt: skip
    (found,) = read(curve)
    assert np.abs(found[0]).max() < 0.01 and np.abs(found[-1] - (100, 10)).max() < 0.01
    assert found[:, 1].max() == pytest.approx(50, abs=0.5)  # the curve turns at half its handle
    assert np.abs(np.diff(found, axis=0)).max() < 12
    line = {"type": "Line", "x1": -30, "y1": -40, "x2": 30, "y2": 40, "left": 50, "top": 60,
            "originX": "center", "originY": "center", "width": 60, "height": 80}  # fmt: skip
    np.testing.assert_allclose(read(line)[0], [[20, 20], [80, 100]])
    click = path(path=[["M", 149.98, 149.4], ["L", 150.02, 149.4]], left=150, top=149.4, width=0.04,
                 height=0)  # fmt: skip
    np.testing.assert_allclose(read(click)[0], [[149.98, 149.4]], atol=1e-9)
    point = {"type": "Circle", "radius": 3, "left": 37, "top": 60, "originX": "left",
             "originY": "center", "width": 6, "height": 6, "strokeWidth": 20}  # fmt: skip
    np.testing.assert_allclose(read(point)[0], [[50, 60]])


def test_nothing_was_sent_yet():
    assert strokes_from_canvas(None) == [] and read() == []


@pytest.mark.parametrize("kind", ["Rect", "IText", "Polygon", "Image", "Circle", "LabeledRect"])
def test_what_no_pen_draws_is_refused_in_a_sentence(kind):
    with pytest.raises(InkError, match=rf"{kind.lower()}, which no pen draws: remove it"):
        read(path(), {**path(), "type": kind, "radius": 60})


@pytest.mark.parametrize(
    "sent",
    [
        {}, [], "x", 7, {"objects": None}, {"objects": [None]}, {"objects": [{}]},
        {"objects": [{"type": "Path"}]}, {"objects": [path(path=7)]},
        {"objects": [path(path=[["M", "a", 3]])]}, {"objects": [path(path=[["A", 1, 2]])]},
        {"objects": [path(left="here")]}, {"objects": [path(originX="middle")]},
        {"objects": [path(path=[["M", 1, float("nan")]])]},
    ],
)  # fmt: skip
def test_what_is_no_drawing_is_refused_in_a_sentence(sent):
    with pytest.raises(InkError) as refused:
        strokes_from_canvas(sent)
    assert str(refused.value).count(":") == 1 and "draw" in str(refused.value)


def test_groups_without_end_are_refused():
    one = path()
    for _ in range(50):
        one = {**path(), "type": "Group", "objects": [one]}
    with pytest.raises(InkError, match="isn't a drawing"):
        read(one)
