"""Strokes or a picture -> one 28×28 image, made as EMNIST's makers made theirs.

NIST's binary image is blurred (sigma 1), cropped to the ink, centred in a
square with its aspect kept, given a border of 2 of 28 pixels and reduced to
28×28 by bicubic interpolation; intensities are scaled to 0..255 (Cohen et al.
2017, arXiv:1702.05373, section III). Strokes are drawn first with a pen whose
width is relative to the character: then neither place nor size matters.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageOps
from scipy.ndimage import gaussian_filter, label

from ..errors import InkError, first_line

SIDE = 28
BORDER = 2
# Size that a character is drawn at before it is reduced: twice NIST's usual 72
# pixels, and so twice its sigma, for smoother edges.
_BOX = 144
_SIGMA = 2.0
# A ballpoint's line beside the larger side of a character. Measured on EMNIST's balanced
# training part: drawings then carry about as much ink as its images do.
_PEN = 0.11
# How much wider `variations` are drawn. The middle one takes drawings on a screen (UJI Pen
# Characters, writers 01, 03, ... 11) to the mean width of EMNIST's; confirmed on the others.
_WIDER = (1.0, 1.15, 1.3)
VARIATIONS = len(_WIDER)
_FAINTEST = 24  # grey levels (of 255) between paper and ink, below which a picture is empty
_LARGEST_SIDE = 1024  # pictures are reduced to this before anything else
_MOST_POINTS, _MOST_STROKES = 100_000, 1_000


def from_strokes(strokes: Iterable[Sequence[Sequence[float]]], pen_width: float = 20) -> np.ndarray:
    """Make the EMNIST image of a drawing.

    Parameters
    ----------
    strokes : iterable of sequences of (x, y)
        What the pen wrote between touching and leaving the surface, in any
        unit; x grows to the right, y grows down. Points outside the canvas
        count like any other.
    pen_width : float
        Width of the pen, same unit. It tells a dot from a small character;
        the line that is drawn is as wide as EMNIST's pens are, relative to
        the character, so that its size doesn't change the image.

    Returns
    -------
    ndarray of shape (28, 28), dtype uint8
        Upright; 0 is paper, 255 is ink.

    Raises
    ------
    InkError
        There is no stroke, only a dot, too much of either, or a coordinate isn't a finite
        number.
    """
    return _reduce(_page(_lines(strokes, pen_width)))


def variations(strokes: Iterable[Sequence[Sequence[float]]], pen_width: float = 20) -> np.ndarray:
    """Make the EMNIST image of a drawing, and of the same drawing made wider.

    On a screen people write narrower than in the boxes of NIST's forms: by a
    seventh on average, some by none and some by a third. Who reads all three
    images and averages meets both; see `emnist_lab.handwriting.drawing_reader.read`.

    Parameters
    ----------
    strokes, pen_width
        As for `from_strokes`.

    Returns
    -------
    ndarray of shape (VARIATIONS, 28, 28), dtype uint8
        The first is `from_strokes`'s.

    Raises
    ------
    InkError
        See `from_strokes`.
    """
    lines = _lines(strokes, pen_width)
    return np.stack([_reduce(_page([line * (width, 1.0) for line in lines])) for width in _WIDER])


def _lines(strokes: Iterable[Sequence[Sequence[float]]], pen_width: float) -> list[np.ndarray]:
    """Strokes as arrays; the smaller coordinate of all is 0, the larger side 1."""
    try:
        lines = [_points(stroke) for stroke in strokes]
    except TypeError as error:
        raise InkError("A drawing isn't a list of strokes: send lists of (x, y).") from error
    lines = [line for line in lines if len(line)]
    if not lines:
        raise InkError("The canvas is empty: draw a digit or a letter.")
    if len(lines) > _MOST_STROKES:
        raise InkError(
            f"The drawing has {len(lines):,} strokes, more than {_MOST_STROKES:,}: clear it and "
            "draw one character."
        )
    every = np.concatenate(lines)
    if len(every) > _MOST_POINTS:
        raise InkError(
            f"The drawing has {len(every):,} points, more than {_MOST_POINTS:,}: clear it and "
            "draw one character."
        )
    low = every.min(axis=0)
    extent = float((every.max(axis=0) - low).max())
    if extent <= 0.5 * pen_width:
        raise InkError("A single dot can't be read: draw a whole digit or letter.")
    return [(line - low) / extent for line in lines]


def _page(lines: list[np.ndarray]) -> np.ndarray:
    """Lines from 0 on -> float32 (h, w), 0..255, drawn with EMNIST's pen whatever their size."""
    pen = _PEN * _BOX
    margin = pen / 2 + 4 * _SIGMA
    extent = np.max([line.max(axis=0) for line in lines], axis=0)
    scale = (_BOX - pen) / extent.max()
    width, height = np.ceil(extent * scale + 2 * margin).astype(int)
    page = Image.new("L", (int(width), int(height)))
    draw = ImageDraw.Draw(page)
    radius = pen / 2 - 0.5  # Pillow's ellipses hold their edge
    for line in lines:
        path = _thinned(line * scale + margin)
        if len(path) > 1:
            draw.line(path.ravel().tolist(), fill=255, width=round(pen))
        for x, y in path.tolist():
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(page, np.float32)


def _points(stroke: Sequence[Sequence[float]]) -> np.ndarray:
    try:
        points = np.asarray(stroke, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InkError("A stroke isn't a list of (x, y) points: send pairs of numbers.") from error
    if points.size == 0:
        return points.reshape(0, 2)
    if points.ndim != 2 or points.shape[1] != 2:
        raise InkError("A stroke isn't a list of (x, y) points: send pairs of numbers.")
    if not np.isfinite(points).all() or np.abs(points).max() > 1e9:
        raise InkError("A stroke has a coordinate that isn't a usable number: draw it again.")
    return points


def _thinned(path: np.ndarray) -> np.ndarray:
    """One point every half pixel of the final image, and both ends: more would only cost time."""
    step = _BOX / (SIDE - 2 * BORDER) / 2
    travelled = (np.abs(np.diff(path, axis=0)).max(axis=1).cumsum() / step).astype(int)
    kept = np.flatnonzero(np.diff(travelled, prepend=0)) + 1
    return path[np.unique([0, *kept, len(path) - 1])]


def _reduce(page: np.ndarray) -> np.ndarray:
    """Blur, crop, centre, border, bicubic, scale: float32 (h, w), ink bright -> uint8 (28, 28)."""
    *_, (_, image) = _stages(page)
    return image


def _stages(page: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """What `_reduce` does, step by step: each step's name and what it gives, 0..255."""
    page = gaussian_filter(page, _SIGMA)
    yield "blur", page
    inked = page > page.max() / 512
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    page = page[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    yield "crop", page
    height, width = page.shape
    side = round(max(height, width) * SIDE / (SIDE - 2 * BORDER))
    square = np.zeros((side, side), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = page
    yield "centre", square
    small = Image.fromarray(square).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    pixels = np.asarray(small).clip(min=0)
    yield "shrink", pixels
    yield "scale", (pixels * (255 / pixels.max())).round().astype(np.uint8)


def from_picture(picture: Image.Image | np.ndarray) -> np.ndarray:
    """Make the EMNIST image of a picture of one character.

    Parameters
    ----------
    picture : PIL image or ndarray of shape (H, W), (H, W, 3) or (H, W, 4), dtype uint8
        Dark on light or light on dark; paper of one shade. Transparent
        pixels count as white paper.

    Returns
    -------
    ndarray of shape (28, 28), dtype uint8
        Upright; 0 is paper, 255 is ink.

    Raises
    ------
    InkError
        The picture can't be decoded, or has no ink that stands out.
    """
    grey = _grey(picture)
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(edge))
    darker, lighter = paper - grey.min(), grey.max() - paper
    ink = (paper - grey) if darker >= lighter else (grey - paper)
    ink = ink.clip(min=0)
    if max(darker, lighter) < _FAINTEST:
        raise InkError(
            "Nothing in the picture stands out from its background: use a darker pen or more light."
        )
    mask = _without_specks(ink > otsu(ink))
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if max(len(rows), len(columns)) < 3:
        raise InkError("A single dot can't be read: show a whole digit or letter.")
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    crop = np.pad(np.where(mask, ink, 0)[box], 2)
    scale = _BOX / (max(crop.shape) - 4)
    size = [max(round(n * scale), 1) for n in crop.shape[::-1]]
    large = np.asarray(
        Image.fromarray(crop.astype(np.float32)).resize(size, Image.Resampling.BICUBIC)
    )
    binary = np.where(large > large.max() / 2, np.float32(255), np.float32(0))
    return _reduce(np.pad(binary, round(4 * _SIGMA)))


def _grey(picture: Image.Image | np.ndarray) -> np.ndarray:
    try:
        if isinstance(picture, np.ndarray):
            if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or picture.size == 0:
                raise InkError(
                    f"A picture of shape {picture.shape} and type {picture.dtype} can't be read: "
                    "send uint8 of shape (H, W), (H, W, 3) or (H, W, 4)."
                )
            picture = Image.fromarray(picture)
        picture = ImageOps.exif_transpose(picture)
        if max(picture.size) > _LARGEST_SIDE:
            picture.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE), Image.Resampling.BOX)
        if picture.mode.startswith(("I", "F")):  # 16 bits or more: the darkest is 0, the lightest 1
            deep = np.asarray(picture, np.float32)
            if not np.isfinite(deep).all():
                raise InkError("The picture holds pixels that aren't numbers: save it as PNG.")
            span = float(deep.max() - deep.min())
            return (deep - deep.min()) * (255 / span) if span else np.zeros_like(deep)
        clear = picture.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        return np.asarray(Image.alpha_composite(white, clear).convert("L"), np.float32)
    except InkError:
        raise
    except (OSError, ValueError, TypeError, SyntaxError, Image.DecompressionBombError) as error:
        raise InkError(
            f"The picture can't be decoded ({first_line(error)}): save it as PNG or JPEG."
        ) from error


def otsu(values: np.ndarray) -> float:
    """Threshold that separates two kinds of values best (Otsu 1979, 10.1109/TSMC.1979.4310076).

    Parameters
    ----------
    values : ndarray
        Of any shape, finite.

    Returns
    -------
    float
    """
    histogram, edges = np.histogram(values, bins=256)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(histogram)[:-1]
    above = values.size - below
    sums = np.cumsum(histogram * centres)
    usable = (below > 0) & (above > 0)
    mean_below = sums[:-1] / np.maximum(below, 1)
    mean_above = (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    between = np.where(usable, below * above * (mean_below - mean_above) ** 2.0, -1)
    return float(edges[1:-1][between.argmax()])


def _without_specks(mask: np.ndarray) -> np.ndarray:
    """`mask` without pieces far smaller than the largest: dust, not the dot of an i."""
    pieces, count = label(mask, structure=np.ones((3, 3)))
    if count <= 1:
        return mask
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return (sizes >= 0.02 * sizes.max())[pieces] & mask


def strokes_from_fabric(json_data: dict | None) -> list[np.ndarray]:
    """Strokes of a drawing as the canvas component sends it (Fabric.js JSON).

    Parameters
    ----------
    json_data : dict or None
        ``{"objects": [{"type": "path", "path": [["M", x, y], ["Q", ...], ...], ...}]}``.

    Returns
    -------
    list of ndarray of shape (n, 2), dtype float64
        One array of canvas pixels a stroke, in the order they were drawn;
        objects that aren't strokes are passed over.
    """
    strokes = []
    for thing in (json_data or {}).get("objects", []):
        if str(thing.get("type", "")).lower() == "path" and thing.get("path"):
            points = _flatten(thing["path"])
            if len(points):
                strokes.append(_moved(points, thing))
    return strokes


def _flatten(commands: list[list]) -> np.ndarray:
    """Points along an SVG path of lines and Bézier curves, about one every two pixels."""
    points: list[np.ndarray] = []
    at = np.zeros(2)
    for name, *numbers in commands:
        if not numbers:
            continue  # Z: the pen doesn't close shapes
        corners = np.asarray(numbers, float).reshape(-1, 2)
        if name in "ML":
            points.append(corners)
        else:
            length = np.linalg.norm(np.diff(np.vstack([at, corners]), axis=0), axis=1).sum()
            steps = min(max(int(length / 2), 1), 64)
            t = (np.arange(1, steps + 1) / steps)[:, None]
            if name == "Q":
                curve = (1 - t) ** 2 * at + 2 * t * (1 - t) * corners[0] + t**2 * corners[1]
            else:
                curve = (
                    (1 - t) ** 3 * at
                    + 3 * t * (1 - t) ** 2 * corners[0]
                    + 3 * t**2 * (1 - t) * corners[1]
                    + t**3 * corners[2]
                )
            points.append(curve)
        at = corners[-1]
    return np.vstack(points) if points else np.zeros((0, 2))


def _moved(points: np.ndarray, thing: dict) -> np.ndarray:
    """Where a stroke lies after the canvas's edit tool moved, scaled or turned it."""
    scale = np.array([thing.get("scaleX", 1), thing.get("scaleY", 1)], float)
    scale *= [-1 if thing.get("flipX") else 1, -1 if thing.get("flipY") else 1]
    angle = np.deg2rad(float(thing.get("angle", 0)))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    # Fabric keeps the path as it was drawn; left, top and the origin say where its box lies now.
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    half = np.array([thing.get("width", 0), thing.get("height", 0)], float) / 2
    pen = float(thing.get("strokeWidth", 0)) / 2
    origin = {"left": 1, "top": 1, "center": 0, "right": -1, "bottom": -1}
    away = np.array(
        [origin.get(thing.get("originX", "left"), 1), origin.get(thing.get("originY", "top"), 1)]
    )
    corner = np.array([thing.get("left", 0), thing.get("top", 0)], float)
    centre = corner + turn @ (away * (half + pen) * np.abs(scale))
    return (points - middle) * scale @ turn.T + centre
