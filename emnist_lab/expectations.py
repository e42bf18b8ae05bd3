"""What to expect of a recipe on so many images: time, memory, accuracy.

Interpolated between fits that were measured (``expectations.json``, made by
``python -m emnist_lab measure``); nothing here is a guess of ours.
"""

import functools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import TrainingError

MEASURED = Path(__file__).with_name("expectations.json")
_START = 4.0  # seconds that a process takes to start and to read images


@dataclass(frozen=True)
class Expectation:
    """What training may take and give: to choose by, not a promise.

    Attributes
    ----------
    seconds : float
        From the start of a process to the kept run, on two cores; NaN where
        nothing was measured.
    work : float
        The same without the start of the process and the reading of images,
        which no recipe is to blame for.
    peak : float
        Largest memory of the process, bytes.
    accuracy : float
        On the test part of the data it was measured on, balanced's 47 classes.
    size : float
        Of the run's model on disk, bytes.
    """

    seconds: float
    work: float
    peak: float
    accuracy: float
    size: float


@functools.cache
def measured() -> dict:
    """What was measured: ``data``, ``cores``, ``versions``, and ``recipes``: name -> points.

    A point holds ``images``, ``seconds``, ``peak``, ``accuracy`` and ``size``.

    Returns
    -------
    dict
    """
    if not MEASURED.is_file():
        return {"data": "", "recipes": {}}
    return json.loads(MEASURED.read_text(encoding="utf-8"))


def expect(name: str, images: int) -> Expectation:
    """Interpolate between the measured numbers of images; go on straight beyond them.

    Parameters
    ----------
    name : str
        Of a recipe.
    images : int

    Returns
    -------
    Expectation
        NaN for a recipe that was not measured.
    """
    points = measured()["recipes"].get(name, [])
    if len(points) < 2:
        return Expectation(*[float("nan")] * 5)
    at = np.log([point["images"] for point in points])
    x = np.log(max(images, 1))

    def along(key, ends_straight=True):
        values = np.log([max(point[key], 1e-9) for point in points])
        if not ends_straight or at[0] <= x <= at[-1]:
            return float(np.exp(np.interp(x, at, values)))
        first, last = (0, 1) if x < at[0] else (-2, -1)
        slope = (values[last] - values[first]) / (at[last] - at[first])
        near = 0 if x < at[0] else -1
        return float(np.exp(values[near] + slope * (x - at[near])))

    work = along("seconds")
    return Expectation(
        seconds=_START + work,
        work=work,
        peak=along("peak"),
        accuracy=min(along("accuracy", ends_straight=False), 1.0),
        size=along("size"),
    )


def most_images(name: str, memory: float) -> int | None:
    """How many images a recipe can be trained on in so much memory.

    Parameters
    ----------
    name : str
        Of a recipe.
    memory : float
        Bytes.

    Returns
    -------
    int or None
        Rounded down to two digits; 0 if none fit; None where nothing was measured.
    """
    if not np.isfinite(expect(name, 1000).peak):
        return None
    low, high = 0, 2_000_000
    while high - low > 100:
        middle = (low + high) // 2
        low, high = (middle, high) if expect(name, middle).peak <= memory else (low, middle)
    step = 10 ** max(len(str(low)) - 2, 0)
    return low // step * step


def check_memory(name: str, images: int, memory: float) -> None:
    """Refuse, before any work, what won't fit into memory.

    Parameters
    ----------
    name : str
        Of a recipe.
    images : int
    memory : float
        Bytes that are free; see `emnist_lab.memory.available`.

    Raises
    ------
    TrainingError
        With the number of images that fits.
    """
    peak = expect(name, images).peak
    if np.isfinite(peak) and peak > memory:
        most = most_images(name, memory)
        remedy = f"train on {most:,} images or fewer" if most else "free some memory"
        raise TrainingError(
            f"{name} on {images:,} images needs about {peak / 1e9:.1f} GB of memory, and "
            f"{memory / 1e9:.1f} GB are free: {remedy}."
        )
