"""What to expect of a recipe on so many images: time, memory, accuracy.

Interpolated between fits that were measured (``cost_estimates.json``, made by
``python -m emnist_lab measure-recipes``); nothing here is a guess of ours. They were
made with the recipes' own hyperparameters: what larger ones add to the memory is
counted (`fit_memory`), by factors that were measured too.
"""

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from ..errors import TrainingError
from .convolution import AugmentedConvolutionalNetwork
from .features import HOG
from .forest import ExtraTreesWithProgress
from .hyperparameters import as_text
from .mlp import AugmentedMLPEnsemble, MLPNetwork

MEASURED = Path(__file__).with_name("cost_estimates.json")
_START = 4.0  # seconds that a process takes to start and to read images
# Copies of its input, float32, that a classifier's fit or its keeping holds at once: the fewest
# that were measured.
_COPIES = {LinearDiscriminantAnalysis: 5, KNeighborsClassifier: 4, SVC: 5}
_READ = 4096  # images that a run reads at a time
_CLASSES = 47  # of balanced, which was measured on
_FAR = 0.9  # of the expected accuracy: less is far below it, see `shortfall`


@dataclass(frozen=True)
class CostEstimate:
    """What training may take and give: to choose by, not a promise.

    Attributes
    ----------
    seconds : float
        From the start of a process to the kept run, on two cores; NaN where
        nothing was measured.
    fit_seconds : float
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
    fit_seconds: float
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


def estimate(name: str, images: int) -> CostEstimate:
    """Interpolate between the measured numbers of images; go on straight beyond them.

    Parameters
    ----------
    name : str
        Of a recipe.
    images : int

    Returns
    -------
    CostEstimate
        NaN for a recipe that was not measured.

    Examples
    --------
    >>> few, many = estimate("hog-qda", 2_000), estimate("hog-qda", 50_000)
    >>> few.seconds < many.seconds, few.accuracy < many.accuracy
    (True, True)
    """
    points = measured()["recipes"].get(name, [])
    if len(points) < 2:
        return CostEstimate(*[float("nan")] * 5)
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
    return CostEstimate(
        seconds=_START + work,
        fit_seconds=work,
        peak=along("peak"),
        accuracy=min(along("accuracy", ends_straight=False), 1.0),
        size=along("size"),
    )


def expected_accuracy(manifest: dict) -> float | None:
    """Test accuracy that is usual for a finished run's recipe and number of images.

    Parameters
    ----------
    manifest : dict
        Of a finished run; see `emnist_lab.Run`.

    Returns
    -------
    float or None
        0..1. None where nothing is expected: of generated images or kept
        drawings, of other images than all classes of *balanced*, of fewer
        images or another recipe than were measured.
    """
    data = manifest["data"]
    sides = [data["train"], data.get("test") or {}]
    if (
        data.get("split") != "balanced"
        or len(manifest["classes"]) != _CLASSES
        or any(s.get("generated") or s.get("handwriting") or s.get("absent") for s in sides)
    ):
        return None
    name, images = manifest["recipe"], data["train"]["images"]
    points = measured()["recipes"].get(name, [])
    if len(points) < 2 or images < points[0]["images"]:
        return None
    return estimate(name, images).accuracy


def shortfall(manifest: dict) -> str:
    """One sentence on a run whose test accuracy is far below what is expected of its recipe.

    Far below is less than nine tenths of `estimate`'s accuracy. Ordinary fits
    stay well above that: other samples and seeds change accuracy by a
    fiftieth, and between two measured points recipes rather do better than
    what is interpolated.

    Parameters
    ----------
    manifest : dict
        Of a finished run; see `emnist_lab.Run`.

    Returns
    -------
    str
        Empty where the accuracy is as expected, and where nothing is; see
        `expected_accuracy`.
    """
    accuracy, usual = manifest["scores"].get("accuracy"), expected_accuracy(manifest)
    if accuracy is None or usual is None or accuracy >= _FAR * usual:
        return ""
    images = manifest["data"]["train"]["images"]
    text = (
        f"The test accuracy of {accuracy:.1%} is far below what is expected: on {images:,} images "
        f"the recipe's own settings usually reach about {usual:.0%}"
    )
    changed = [
        f"{name.rpartition('__')[2]}={as_text(value)}"
        for name, value in manifest.get("settings", {}).items()
    ]
    if changed:
        return f"{text}; this run has {', '.join(changed)}."
    return f"{text}, and this run has them. Are its images and their labels right?"


def fit_memory(parts: Iterable, images: int, classes: int) -> float:
    """Memory that those parts of a pipeline take whose size can be chosen.

    Parameters
    ----------
    parts : iterable of estimator
        Every estimator of the pipeline.
    images, classes : int
        To train on.

    Returns
    -------
    float
        Bytes, within a fifth of what was measured where it counts: a network
        of three layers of 4,096 (1.1 GB) and 300 trees of 5,000 leaves (1.5 GB).
        What doesn't depend on a hyperparameter is left out, so only the difference
        between two pipelines of one recipe means something.
    """
    parts = list(parts)
    components = [
        one.n_components
        for one in parts
        if isinstance(one, PCA) and isinstance(one.n_components, int)
    ]
    width = sum(components) + sum(
        one.directions * sum((28 // cell) ** 2 for cell in np.atleast_1d(one.cell))
        for one in parts
        if isinstance(one, HOG)
    )
    copies = max((_COPIES.get(type(one), 2) for one in parts), default=2)
    total = 4.0 * images * width * copies
    for one in parts:
        if isinstance(one, MLPNetwork):
            inputs = max(components, default=28 * 28)
            total += _network(one, inputs, min(images, one.batch_size), classes)
        elif isinstance(one, AugmentedConvolutionalNetwork):
            total += 4.0 * one.numbers(classes)
        elif isinstance(one, ExtraTreesWithProgress):
            # Fully grown, a tree had 0.6 leaves an image; a node is 64 bytes and its class shares.
            leaves = min(one.max_leaf_nodes or np.inf, max(0.6 * images, 1))
            tree = (2 * leaves - 1) * (64 + 8 * classes)
            total += 1.15 * one.n_estimators * tree  # a little more when the run is kept
    return total


def _network(one: MLPNetwork, inputs: int, batch: int, classes: int) -> float:
    """Bytes of a network (or several) while it learns, or while it reads if that's more."""
    layers = [inputs, *np.atleast_1d(one.hidden_layer_sizes).tolist(), classes]
    weights = sum(a * b for a, b in pairwise(layers))
    count = len(one.features) if isinstance(one, AugmentedMLPEnsemble) else 1
    # scikit-learn holds weights, the best so far and Adam's two moments of each network; of the
    # one that learns, gradients, new moments and steps as well.
    fitting = weights * (4 * count + 4) + 3 * batch * sum(layers)
    reading = weights * count + _READ * max(a + 2 * b for a, b in pairwise(layers))
    return 4.0 * max(fitting, reading)


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
    if not np.isfinite(estimate(name, 1000).peak):
        return None
    low, high = 0, 2_000_000
    while high - low > 100:
        middle = (low + high) // 2
        low, high = (middle, high) if estimate(name, middle).peak <= memory else (low, middle)
    step = 10 ** max(len(str(low)) - 2, 0)
    return low // step * step


def check_memory(
    name: str, images: int, memory: float, more: float = 0.0, larger: Iterable[str] = ()
) -> None:
    """Refuse, before any work, what won't fit into memory.

    Parameters
    ----------
    name : str
        Of a recipe.
    images : int
    memory : float
        Bytes that are free; see `emnist_lab.models.memory.available`.
    more : float
        Bytes that changed hyperparameters take beside the recipe's own; see `fit_memory`.
    larger : iterable of str
        Names of those that do.

    Raises
    ------
    TrainingError
        With the hyperparameters to lower, where the recipe's own would fit, or the
        number of images that fits.
    """
    own = estimate(name, images).peak
    own = own if np.isfinite(own) else 0.0  # not measured: what is counted must fit at least
    peak = own + more
    if peak > memory:
        most = most_images(name, memory)
        remedy = f"train on {most:,} images or fewer" if most else "free some memory"
        if own <= memory:
            remedy = f"set {' and '.join(larger)} lower"
        elif more > 0:
            remedy += f", and set {' and '.join(larger)} lower"
        raise TrainingError(
            f"{name} on {images:,} images needs about {peak / 1e9:.1f} GB of memory, and "
            f"{memory / 1e9:.1f} GB are free: {remedy}."
        )
