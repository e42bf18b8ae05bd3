"""How well runs read what people draw: figures that `bench` prints of every shipped run."""

import math
import statistics
import time

import numpy as np

from ..handwriting.drawing_reader import DrawingPredictions, predict_drawings, read
from ..metrics import calibration, scores
from ..runs.run import Run

CANVAS, PEN = 280, 20  # pixels: the Draw page's
SMALLEST, LARGEST = 80, 240  # pixels of the larger side of what people draw there
SEED = 25
_CHANGES = 8  # of each drawing: few enough to wait for, and a share of 1,364 × 8 is exact to 0.2 %
_MOVED, _SCALED, _PENS = 80, (0.4, 1.0), (10, 30)
_ROUNDS, _UNCOUNTED = 200, 10


def place(
    strokes: list, size: float, across: float, down: float, canvas: float = CANVAS
) -> list[np.ndarray]:
    """Draw strokes somewhere on the canvas, in whole pixels as a mouse does.

    Parameters
    ----------
    strokes : list of sequences of (x, y)
    size : float
        Larger side of the drawing in pixels of the canvas.
    across, down : float
        Place, as shares of the room that is left: 0 is left or top, 1 right or bottom.
    canvas : float
        Side of the canvas in pixels.

    Returns
    -------
    list of ndarray of shape (n, 2)

    Examples
    --------
    >>> [line.tolist() for line in place([[(0, 0), (1, 2)]], size=100, across=0, down=1)]
    [[[0.0, 180.0], [50.0, 280.0]]]
    """
    lines = [np.asarray(stroke, float).reshape(-1, 2) for stroke in strokes]
    every = np.concatenate(lines)
    low, extent = every.min(axis=0), max(float(np.ptp(every, axis=0).max()), 1e-9)
    room = canvas - np.ptp(every, axis=0) * (size / extent)
    corner = room * np.array([across, down])
    return [np.round((line - low) * (size / extent) + corner) for line in lines]


def place_randomly(drawings: list[dict], seed: int = SEED) -> list[dict]:
    """Drawings as people make them: of any size from 80 to 240 pixels, anywhere on the canvas.

    Parameters
    ----------
    drawings : list of dict
        See `emnist_lab.handwriting.stroke_files.read_drawings`.
    seed : int

    Returns
    -------
    list of dict
        The same, in whole pixels of the canvas.

    Examples
    --------
    >>> [one] = place_randomly([{"label": "1", "strokes": [[(0, 0), (0, 9)]]}])
    >>> one["label"], SMALLEST <= round(np.ptp(one["strokes"][0], axis=0).max()) <= LARGEST
    ('1', True)
    """
    random = np.random.default_rng(seed)
    return [
        {
            **one,
            "strokes": place(one["strokes"], random.uniform(SMALLEST, LARGEST), *random.random(2)),
        }
        for one in drawings
    ]


def perturb(drawings: list[dict], seed: int) -> tuple[list[dict], list[float]]:
    """The same drawings moved by up to 80 pixels, scaled 0.4 to 1, with pens of 10 to 30 pixels.

    Parameters
    ----------
    drawings : list of dict
        In pixels of the canvas.
    seed : int

    Returns
    -------
    drawings : list of dict
        In whole pixels again: a small one is coarser. May leave the canvas.
    pens : list of float
        Width of the pen of each.

    Examples
    --------
    >>> [one], [pen] = perturb([{"strokes": [[(100, 100), (100, 200)]]}], seed=1)
    >>> 40 <= round(np.ptp(one["strokes"][0], axis=0).max()) <= 100, 10 <= pen <= 30
    (True, True)
    """
    random, moved, pens = np.random.default_rng(seed), [], []
    for one in drawings:
        by, scale = random.uniform(-_MOVED, _MOVED, 2), random.uniform(*_SCALED)
        strokes = [np.round(np.asarray(stroke) * scale + by) for stroke in one["strokes"]]
        moved.append({**one, "strokes": strokes})
        pens.append(random.uniform(*_PENS))
    return moved, pens


def measure_stability(
    run: Run, drawings: list[dict], first: DrawingPredictions, seed: int = SEED
) -> dict:
    """How often the answer stays the same when a drawing is changed; see `perturb`.

    Parameters
    ----------
    run : Run
    drawings : list of dict
        In pixels of the canvas.
    first : DrawingPredictions
        Of these drawings.
    seed : int

    Returns
    -------
    dict
        ``same answer``: share of changes, eight a drawing, after which the most probable class is
        the one before; ``always the same``: share of drawings of which all eight keep it.
    """
    same = []
    for turn in range(_CHANGES):
        moved, pens = perturb(drawings, seed + 1 + turn)
        again = predict_drawings(run, moved, pens)
        same.append(again.probabilities.argmax(axis=1) == first.probabilities.argmax(axis=1))
    return {
        "same answer": float(np.mean(same)),
        "always the same": float(np.all(same, axis=0).mean()),
    }


def measure_latency(run: Run, drawings: list[dict]) -> float:
    """Median milliseconds from strokes to probabilities, warm.

    Parameters
    ----------
    run : Run
    drawings : list of dict
        Repeated where they are few.

    Returns
    -------
    float
    """
    times = []
    for one in (drawings * math.ceil((_ROUNDS + _UNCOUNTED) / len(drawings)))[
        : _ROUNDS + _UNCOUNTED
    ]:
        begun = time.perf_counter()
        read(run, one["strokes"], PEN)
        times.append(time.perf_counter() - begun)
    return statistics.median(times[_UNCOUNTED:]) * 1e3


def measure_drawings(run: Run, drawings: list[dict]) -> dict:
    """Every figure of one run.

    Parameters
    ----------
    run : Run
    drawings : list of dict
        Labelled.

    Returns
    -------
    dict
        Name -> float; shares, but for ``log_loss`` in nats and ``median_ms``.
    """
    here = place_randomly(drawings)
    reading = predict_drawings(run, here, PEN)
    known = (reading.labels >= 0) & np.isfinite(reading.probabilities).all(axis=1)
    labels, probabilities = reading.labels[known], reading.probabilities[known]
    found = dict(reading.summary())
    if known.any():
        found |= {
            "log_loss": scores.log_loss(labels, probabilities),
            "calibration_error": calibration.calibration_error(labels, probabilities),
        }
    return found | measure_stability(run, here, reading) | {"median_ms": measure_latency(run, here)}
