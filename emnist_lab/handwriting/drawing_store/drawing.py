"""A drawing with its true label, checked before anything keeps it."""

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from ...data.formats.base import SIDE
from ...errors import HandwritingError, InkError
from ...metrics.ranking import top_labels
from .. import ink

SOURCES = ("drawn", "picture", "import")
MOST_POINTS = 100_000
_LARGEST = 1e9  # of a coordinate
_LIKELIEST = 5  # answers of a run that are kept
_MOST_RUNS = 32
_LONGEST = 80  # characters of a run's or a writer's name
_PEN = 0.1  # of a drawing's larger side, where nothing tells how wide the pen was

Strokes = tuple[tuple[tuple[float, float], ...], ...]


def now() -> str:
    """This moment: ISO 8601, UTC, microseconds."""
    return _written(datetime.now(UTC))


def _written(time: datetime) -> str:
    """One way to write a time, so that texts sort as times do."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True, eq=False)
class Drawing:
    """One character that a person wrote, and what it is.

    Attributes
    ----------
    label : str
        The true character.
    image : ndarray of shape (28, 28), dtype uint8
        What runs see of it: upright, 0 is paper.
    strokes : tuple of tuples of (x, y)
        Canvas pixels, y grows down; empty for a character from a picture.
    pen_width : float or None
        Same unit; None where it isn't known.
    predictions : dict of str to dict of str to float
        Name of a run -> its likeliest five classes -> their probabilities.
    source : {"drawn", "picture", "import"}
    writer : str or None
        Who wrote it, as the file that it came in says.
    time : str
        When it was drawn: ISO 8601, UTC.
    id : int or None
        Its number in the database; None while it isn't in one.
    owner : str
        Whose it is there; see `emnist_lab.handwriting.drawing_store.store.Store`.

    Raises
    ------
    HandwritingError
        A field holds something else, or there are more than 100,000 points.
    """

    label: str
    image: np.ndarray
    strokes: Strokes = ()
    pen_width: float | None = None
    predictions: dict[str, dict[str, float]] = field(default_factory=dict)
    source: str = "drawn"
    writer: str | None = None
    time: str = field(default_factory=now)
    id: int | None = None
    owner: str = ""

    def __post_init__(self):
        object.__setattr__(self, "label", checked_label(self.label))
        object.__setattr__(self, "strokes", _checked_strokes(self.strokes))
        image = np.asarray(self.image)
        if image.shape != (SIDE, SIDE) or image.dtype != np.uint8:
            raise HandwritingError(
                f"A drawing's image is uint8 of shape ({SIDE}, {SIDE}), not {image.dtype} of "
                f"{image.shape}: make it with ink.from_strokes or ink.from_picture."
            )
        if not image.any():
            raise HandwritingError("The drawing is empty: draw a digit or a letter.")
        object.__setattr__(self, "image", image)
        for name, fits in _FIELDS.items():
            if not fits(getattr(self, name)):
                raise HandwritingError(f"A drawing's {name!r} is of another kind: leave it out.")
        object.__setattr__(self, "time", _written(datetime.fromisoformat(self.time)))

    @classmethod
    def from_strokes(
        cls, label: str, strokes: Iterable[Sequence], pen_width: float | None = None, **more
    ) -> "Drawing":
        """A drawing whose image is made from its strokes.

        Parameters
        ----------
        label : str
        strokes : iterable of sequences of (x, y)
        pen_width : float, optional
            A tenth of the drawing where it isn't known.
        **more
            Other attributes.

        Returns
        -------
        Drawing

        Raises
        ------
        HandwritingError or InkError
            It holds nothing that could be kept.

        Examples
        --------
        >>> one = Drawing.from_strokes("7", [[(0, 0), (70, 0), (30, 100)]])
        >>> one.label, one.image.shape, one.source
        ('7', (28, 28), 'drawn')
        """
        lines = _checked_strokes(strokes)
        pen = pen_width
        if pen is None:
            points = np.array([point for line in lines for point in line] or [(0.0, 0.0)])
            pen = _PEN * float(np.ptp(points, axis=0).max())
        return cls(label, ink.from_strokes(lines, pen or 1.0), lines, pen_width, **more)

    @property
    def variations(self) -> np.ndarray:
        """What a run reads: ndarray of shape (V, 28, 28), dtype uint8.

        As `emnist_lab.handwriting.ink.Raster` makes them of the strokes; where there are none
        that can be drawn, the image that was kept.
        """
        try:
            return ink.rasterize(self.strokes, 0).variations
        except InkError:  # no strokes, or a program kept some that show nothing
            return self.image[None]

    @property
    def digest(self) -> str:
        """BLAKE2b of the strokes, or of the image where there are none: 32 hexadecimal digits.

        The same drawing has the same one whatever its label is, so that a label that was
        corrected isn't contradicted by an older copy.
        """
        content = self.strokes_json().encode() if self.strokes else self.image.tobytes()
        return hashlib.blake2b(content, digest_size=16).hexdigest()

    def strokes_json(self) -> str:
        """The strokes as JSON: the same text for the same numbers."""
        return json.dumps(self.strokes, separators=(",", ":"))

    @property
    def person(self) -> str:
        """Who wrote it, for files and counts: the writer, else eight digits for the owner."""
        return self.writer or self.owner[:8] or "unknown"


def as_predictions(classes: Sequence[str], probabilities: np.ndarray) -> dict[str, float]:
    """What a run predicts for one image, as it is kept.

    Parameters
    ----------
    classes : sequence of str
        The run's.
    probabilities : ndarray of shape (C,), float
        Their probabilities.

    Returns
    -------
    dict of str to float
        The likeliest five, highest first.

    Examples
    --------
    >>> as_predictions("AB", [0.25, 0.75])
    {'B': 0.75, 'A': 0.25}
    """
    best = top_labels(classes, probabilities, _LIKELIEST)
    return {label: round(probability, 6) for label, probability in best}


def checked_label(label) -> str:
    """A true label: one character that can be seen; raises `HandwritingError`."""
    text = label.strip() if isinstance(label, str) else ""
    if len(text) != 1 or not text.isprintable():
        raise HandwritingError(
            f"{str(label)[:20]!r} isn't a label: give one digit or letter, as in 7 or g."
        )
    return text


def _checked_strokes(strokes) -> Strokes:
    """Strokes as plain numbers; raises `InkError` or `HandwritingError`."""
    lines, count = [], 0
    try:
        for stroke in strokes:
            count += len(stroke)
            if count > MOST_POINTS:
                raise HandwritingError(
                    f"A drawing of more than {MOST_POINTS:,} points can't be kept: clear the "
                    "canvas and draw one character."
                )
            line = tuple((float(x), float(y)) for x, y in stroke)
            if any(not abs(value) <= _LARGEST for point in line for value in point):  # or NaN
                raise InkError(
                    "A stroke has a coordinate that isn't a usable number: draw it again."
                )
            if line:
                lines.append(line)
    except (TypeError, ValueError, OverflowError) as error:
        raise InkError("A stroke isn't a list of (x, y) points: send pairs of numbers.") from error
    return tuple(lines)


def _name(value) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable()


def _number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _utc(value) -> bool:
    if not isinstance(value, str) or len(value) > 32:
        return False
    try:
        return datetime.fromisoformat(value).utcoffset() == timedelta(0)
    except ValueError:
        return False


def _predictions(value) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= _MOST_RUNS
        and all(
            _name(run)
            and isinstance(top, dict)
            and len(top) <= _LIKELIEST
            and all(
                _name(one) and _number(probability) and 0 <= probability <= 1
                for one, probability in top.items()
            )
            for run, top in value.items()
        )
    )


_FIELDS = {
    "pen_width": lambda value: value is None or (_number(value) and 0 < value <= _LARGEST),
    "predictions": _predictions,
    "source": lambda value: value in SOURCES,
    "writer": lambda value: value is None or _name(value),
    "time": _utc,
}
