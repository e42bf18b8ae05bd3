"""Pages and words of handwriting made from pen drawings, to measure finding characters on.

They are generated: real strokes of one writer, laid out side by side at random, on drawn
paper. Which strokes make a character and where it lies are known exactly.
"""

import io
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from ..handwriting.page_images.example import uneven_light

_BASE = 1270.0  # how far down the drawings' own line lies, in units of the tablet
KINDS = ("scan", "ruled", "squared", "photo", "board")


@dataclass(frozen=True, eq=False)
class SyntheticPage:
    """A generated page and what it says.

    Attributes
    ----------
    picture : PIL image
        RGB.
    boxes : ndarray of shape (N, 4), dtype float64
        Left, top, right, bottom of each character's ink in pixels, in reading order.
    labels : list of str
        What each character is.
    lines : ndarray of shape (N,), dtype int64
        Which line it stands in.
    spaces : ndarray of shape (N,), dtype bool
        Whether a word begins with it, inside a line.
    """

    picture: Image.Image
    boxes: np.ndarray
    labels: list[str]
    lines: np.ndarray
    spaces: np.ndarray


@dataclass
class _Layout:
    paths: list[np.ndarray] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    spaces: list[bool] = field(default_factory=list)
    of: list[int] = field(default_factory=list)  # the character of each path


def _lay_out(drawings: list[dict], random: np.random.Generator, size: tuple[int, int]) -> tuple:
    """Lay out one writer's drawings in words and lines, in pixels; also the height of capitals."""
    own = _one_writer(drawings, random)
    width, height = size
    cap = min(width, height) * random.uniform(0.025, 0.05)
    scale = cap / _capital(own)
    pitch, margin = cap * random.uniform(2.1, 3.0), min(width, height) * 0.06
    made, base, line = _Layout(), margin + 2 * cap, 0
    while base < height - margin - cap:
        x, begins, left = margin + random.uniform(0, 2) * cap, False, 0
        while True:
            if left == 0:
                left = int(random.integers(2, 8))
                begins = x > margin + 2 * cap
                x += random.uniform(0.9, 1.4) * cap if begins else 0
            one = own[random.integers(len(own))]
            strokes = [np.asarray(stroke, float) for stroke in one["strokes"]]
            every = np.concatenate(strokes)
            low, high = every.min(axis=0), every.max(axis=0)
            if x + (high[0] - low[0]) * scale > width - margin:
                break
            offset = np.array([low[0], _BASE])
            made.paths += [(stroke - offset) * scale + (x, base) for stroke in strokes]
            made.of += [len(made.labels)] * len(strokes)
            made.labels.append(one["label"])
            made.lines.append(line)
            made.spaces.append(begins)
            begins = False
            x += (high[0] - low[0]) * scale + random.uniform(0.25, 0.5) * cap
            left -= 1
        base += pitch
        line += 1
    return made, cap, pitch, margin


def _one_writer(drawings: list[dict], random: np.random.Generator) -> list[dict]:
    """All drawings of a writer who is chosen at random."""
    writers = sorted({str(one.get("writer", "")) for one in drawings})
    writer = writers[random.integers(len(writers))]
    return [one for one in drawings if str(one.get("writer", "")) == writer]


def _capital(drawings: list[dict]) -> float:
    """Median height of a writer's capitals and digits."""
    high = [one for one in drawings if one["label"].isupper() or one["label"].isdigit()]
    return float(
        np.median([np.ptp(np.concatenate(one["strokes"])[:, 1]) for one in high or drawings])
    )


def make_page(
    drawings: list[dict],
    seed: int,
    kind: str = "photo",
    size: tuple[int, int] = (4032, 3024),
) -> SyntheticPage:
    """Lay out drawings of one writer at random on a page.

    Parameters
    ----------
    drawings : list of dict
        With ``strokes``, ``label`` and ``writer``; y grows downwards, and all drawings share
        the tablet line of UJI Pen Characters (1,270 units down).
    seed : int
        The same seed makes the same page.
    kind : str
        ``scan``: grey noise only. ``ruled`` and ``squared``: lines, paler than ink, and
        uneven light. ``photo``: ruled or squared, tinted, a shadow across it, turned by up
        to 3 degrees, noise. ``board``: light on dark. All are kept as JPEG.
    size : (int, int)
        Width and height in pixels.

    Returns
    -------
    SyntheticPage

    Examples
    --------
    >>> stroke = {"strokes": [[(0, 900), (0, 1270)]], "label": "1", "writer": "a"}
    >>> page = make_page([stroke], seed=1, kind="scan", size=(400, 300))
    >>> page.picture.size, set(page.labels), page.boxes.shape == (len(page.labels), 4)
    ((400, 300), {'1'}, True)
    """
    random = np.random.default_rng([seed, KINDS.index(kind)])
    made, cap, pitch, margin = _lay_out(drawings, random, size)
    width, height = size
    pen = cap * random.uniform(0.07, 0.13)
    angle = np.deg2rad(random.uniform(-3, 3)) if kind in ("photo", "board") else 0.0
    centre = np.array([width, height]) / 2
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])

    def turned(points: np.ndarray) -> np.ndarray:
        return (points - centre) @ turn + centre

    ink, boxes = Image.new("L", size), np.full((len(made.labels), 4), np.nan)
    draw = ImageDraw.Draw(ink)
    radius = pen / 2
    for of, path in zip(made.of, map(turned, made.paths), strict=True):
        draw.line(path.ravel().tolist(), fill=255, width=round(pen), joint="curve")
        for x, y in path[[0, -1]].tolist():
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        low, high = path.min(axis=0) - radius, path.max(axis=0) + radius
        boxes[of, :2] = np.fmin(boxes[of, :2], low)
        boxes[of, 2:] = np.fmax(boxes[of, 2:], high)

    paper = np.ones((height, width), np.float32)
    squared = kind == "squared" or (kind == "photo" and random.random() < 0.5)
    if kind in ("ruled", "squared", "photo"):
        lines = Image.new("L", size)
        pencil = ImageDraw.Draw(lines)
        step = cap * random.uniform(0.9, 1.3) if squared else pitch
        thick = max(round(cap * random.uniform(0.02, 0.04)), 1)
        reach = width + height
        for at in np.arange(margin + 2 * cap - 40 * step, reach, step):
            rows = turned(np.array([[-reach, at], [reach, at]]))
            pencil.line(rows.ravel().tolist(), fill=255, width=thick)
            if squared:
                columns = turned(np.array([[at, -reach], [at, reach]]))
                pencil.line(columns.ravel().tolist(), fill=255, width=thick)
        paper -= np.asarray(lines, np.float32) * (random.uniform(0.15, 0.5) / 255)
    darkest = random.uniform(0.15, 0.4)
    covered = np.asarray(ink, np.float32) / 255
    if kind == "board":
        shade = 0.12 + covered * random.uniform(0.5, 0.75)
    else:
        shade = paper * (1 - covered * (1 - darkest))
    if kind != "scan":
        shade *= uneven_light(random, width, height, kind == "photo")
    tint = random.uniform(0.8, 1, 3) if kind in ("photo", "board") else np.ones(3)
    noise = random.normal(0, 0.008 if kind == "scan" else 0.02, shade.shape).astype(np.float32)
    grey = shade * 0.95 + noise
    colours = (grey[:, :, None] * (255 * tint).astype(np.float32)).clip(0, 255).astype(np.uint8)
    packed = io.BytesIO()
    Image.fromarray(colours).save(packed, "JPEG", quality=int(random.integers(70, 92)))
    return SyntheticPage(
        Image.open(packed), boxes, made.labels, np.array(made.lines), np.array(made.spaces)
    )


def make_word(
    drawings: list[dict], seed: int, gap: float, height: float = 100
) -> tuple[list[np.ndarray], list[tuple[int, ...]], list[str]]:
    """Lay out two to six drawings of one writer side by side, at random.

    Parameters
    ----------
    drawings : list of dict
        See `make_page`.
    seed : int
        The same seed makes the same word.
    gap : float
        Room between characters in heights of a capital; 0 touches.
    height : float
        Of the writer's capitals, in pixels.

    Returns
    -------
    strokes : list of ndarray of shape (n, 2)
    characters : list of tuple of int
        Which strokes make each, from left to right.
    labels : list of str

    Examples
    --------
    >>> stroke = {"strokes": [[(0, 900), (0, 1270)]], "label": "1", "writer": "a"}
    >>> strokes, characters, labels = make_word([stroke], seed=1, gap=0.2)
    >>> len(strokes) == len(characters) == len(labels), characters[0], labels[0]
    (True, (0,), '1')
    """
    random = np.random.default_rng(seed)
    own = _one_writer(drawings, random)
    scale, x = height / _capital(own), 0.0
    strokes: list[np.ndarray] = []
    characters, labels = [], []
    for _ in range(int(random.integers(2, 7))):
        one = own[random.integers(len(own))]
        lines = [np.asarray(stroke, float) for stroke in one["strokes"]]
        every = np.concatenate(lines)
        left, right = every[:, 0].min(), every[:, 0].max()
        characters.append(tuple(range(len(strokes), len(strokes) + len(lines))))
        labels.append(one["label"])
        strokes += [(line - (left, _BASE)) * scale + (x, 2 * height) for line in lines]
        x += (right - left) * scale + gap * height
    return strokes, characters, labels
