"""Strokes from the JSON of a Fabric.js canvas, as streamlit-drawable-canvas returns it.

Fabric keeps a path as it was drawn; where it lies now is said by its centre, scale, skew, flips
and angle, and by those of the groups it is in. Source: Fabric.js 7, `composeMatrix` and
`calcDimensionsMatrix` in ``src/util/misc/matrix.ts``.
"""

import math
from collections.abc import Iterator

import numpy as np

from ..errors import InkError

_LONGEST_STEP = 2.0  # canvas pixels between two points on a curve
_MOST_STEPS = 64  # of one curve
_ORIGINS = {"left": -0.5, "top": -0.5, "center": 0.0, "right": 0.5, "bottom": 0.5}
_MOST_NESTED = 8  # groups in groups
_BROKEN = "The canvas sent something that isn't a drawing: reset the canvas and draw again."


def strokes_from_canvas(json_data: dict | None) -> list[np.ndarray]:
    """Strokes as they lie on the canvas, with every change made in its edit mode.

    Parameters
    ----------
    json_data : dict or None
        ``json_data`` of a `CanvasResult`; None where nothing was sent yet.

    Returns
    -------
    list of ndarray of shape (n, 2), dtype float64
        (x, y) in canvas pixels, y down, in the order they were drawn. A dot
        is one point.

    Raises
    ------
    InkError
        It has another shape, or holds an object that no pen draws.

    Examples
    --------
    >>> line = {"type": "Path", "path": [["M", 10, 10], ["L", 10, 50]], "strokeWidth": 20,
    ...         "originX": "center", "originY": "center", "left": 110, "top": 30, "angle": 90}
    >>> [stroke.round().tolist() for stroke in strokes_from_canvas({"objects": [line]})]
    [[[130.0, 30.0], [90.0, 30.0]]]
    """
    if json_data is None:
        return []
    try:
        return [_apply(points, matrix) for points, matrix in _walk(json_data["objects"], np.eye(3))]
    except InkError:
        raise
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise InkError(_BROKEN) from error


def _walk(objects: list[dict], outer: np.ndarray, depth: int = 0) -> Iterator[tuple]:
    """Points of each stroke around its own centre, and the matrix to the canvas."""
    if not isinstance(objects, list) or depth > _MOST_NESTED:
        raise InkError(_BROKEN)
    for one in objects:
        kind = str(one["type"]).lower()
        if kind == "path":
            points, centre = _flatten(one["path"])
            points = points - centre
        elif kind == "line":
            points = np.array([[one["x1"], one["y1"]], [one["x2"], one["y2"]]], float)
            points = points - points.mean(axis=0)
        elif kind == "circle" and float(one["radius"]) <= float(one.get("strokeWidth") or 0):
            points = np.zeros((1, 2))  # "point" mode: a dot as wide as the pen
        elif kind == "group":
            yield from _walk(one["objects"], outer @ _matrix(one), depth + 1)
            continue
        else:
            raise InkError(
                f"The canvas holds a {kind[:20]}, which no pen draws: remove it in the canvas's "
                "edit mode, or reset the canvas."
            )
        if len(points):
            yield points, outer @ _matrix(one)


def _apply(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return points @ matrix[:2, :2].T + matrix[:2, 2]


def _matrix(one: dict) -> np.ndarray:
    """From an object's own coordinates, around its centre, to its parent's: (3, 3)."""

    def number(name: str, otherwise: float = 0.0) -> float:
        value = one.get(name)
        return otherwise if value is None else float(value)

    scale = np.array([number("scaleX", 1), number("scaleY", 1)])
    own = np.diag(scale * [-1 if one.get("flipX") else 1, -1 if one.get("flipY") else 1])
    own = own @ [[1, math.tan(math.radians(number("skewX")))], [0, 1]]
    own = own @ [[1, 0], [math.tan(math.radians(number("skewY"))), 1]]
    angle = math.radians(number("angle"))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    # `left` and `top` are of the origin, which may be another than the centre.
    pen = 0.0 if one.get("strokeUniform") else number("strokeWidth")
    half = np.array([number("width") + pen, number("height") + pen]) / 2
    corners = np.array([half, half * [1, -1]]) @ own.T
    extent = 2 * np.abs(corners).max(axis=0)
    if one.get("strokeUniform"):
        extent = extent + number("strokeWidth")
    origin = [_ORIGINS[one.get("originX", "left")], _ORIGINS[one.get("originY", "top")]]
    matrix = np.eye(3)
    matrix[:2, :2] = turn @ own
    matrix[:2, 2] = [number("left"), number("top")] - turn @ (origin * extent)
    return matrix


def _flatten(commands: list[list]) -> tuple[np.ndarray, np.ndarray]:
    """Points along a path of lines and Bézier curves, and the centre of the box around it."""
    points, box, at = [], [], np.zeros(2)
    for name, *numbers in commands:
        if not numbers:
            continue  # Z: the pen doesn't close shapes
        corners = np.asarray(numbers, float).reshape(-1, 2)
        if not np.isfinite(corners).all():
            raise InkError("A stroke has a coordinate that isn't a usable number: draw it again.")
        if name in ("M", "L"):
            found = corners
        elif name in ("Q", "C"):
            control = np.vstack([at, corners])
            length = np.linalg.norm(np.diff(control, axis=0), axis=1).sum()
            steps = int(np.clip(length / _LONGEST_STEP, 1, _MOST_STEPS))
            found = _curve(control, np.arange(1, steps + 1) / steps)
            # Fabric takes a quadratic curve's box for that of a cubic one with its handle twice.
            handles = control if len(control) == 4 else control[[0, 1, 1, 2]]
            box.append(_curve(handles, np.linspace(0, 1, 4 * _MOST_STEPS)))
        else:
            raise InkError(_BROKEN)
        points.append(found)
        box.append(found)
        at = corners[-1]
    if not points:
        return np.zeros((0, 2)), np.zeros(2)
    path, every = np.vstack(points), np.vstack(box)
    centre = (every.min(axis=0) + every.max(axis=0)) / 2
    if np.ptp(every, axis=0).max() < 0.1:  # a click: Fabric writes a line too short to be seen
        path = path[:1]
    return path, centre


def _curve(control: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Points of a Bézier curve (de Casteljau): control (k, 2), t (n,) -> (n, 2)."""
    level = np.repeat(control[:, None, :], len(t), axis=1)
    while len(level) > 1:
        level = level[:-1] * (1 - t)[:, None] + level[1:] * t[:, None]
    return level[0]
