"""A recipe fitted in a process of its own: time, peak memory, scores, size, latency.

``python -m emnist_lab.maintenance.recipe_cost RECIPE SPLIT IMAGES ROOT`` prints one JSON object.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ..data import loading
from ..errors import LabError
from ..files import PROJECT
from ..models import catalog, memory
from ..models.cost_estimates import MEASURED
from ..runs import training

SIZES = (2_000, 20_000, 100_000)
_MANY = 10_000  # images whose reading is timed together


def _here(recipe: str, split: str, images: int, root: str) -> dict:
    train = loading.load(split, "train", root)
    test = loading.load(split, "test", root)
    data = train.name
    train = train.sample(images) if images else train
    begun = time.perf_counter()
    run = training.fit(recipe, train, test)
    with tempfile.TemporaryDirectory() as place:
        kept = run.save("measured", Path(place))
        took = time.perf_counter() - begun
        size = kept.manifest["files"]["model.skops"]["bytes"]
    many = np.resize(test.images, (_MANY, *test.images.shape[1:]))
    begun = time.perf_counter()
    run.predict_proba(many)
    return {
        "images": len(train),
        "fit_s": run.manifest["timings"]["fit_s"],
        "seconds": took,
        "peak": memory.peak(),
        "size": size,
        "one_ms": run.manifest["timings"]["one_ms"],
        "many_s": time.perf_counter() - begun,
        **run.manifest["scores"],
        "data": data,
    }


def measure_recipe(recipe: str, split: str, images: int | None, root: str | None) -> dict:
    """Fit a recipe in a new process, without callbacks, and measure what it takes and gives.

    Parameters
    ----------
    recipe : str
        A name from the catalogue.
    split : str
        ``"balanced"`` and the like.
    images : int or None
        Training images; all when None.
    root : str or None
        Folder of the dataset.

    Returns
    -------
    dict
        ``images``, ``fit_s`` (features included), ``seconds`` (with measuring
        and saving), ``peak`` (bytes), ``size`` (bytes of the model), ``one_ms``,
        ``many_s`` (10,000 images), the scores, and ``data``.

    Raises
    ------
    LabError
        The process failed; says the last line of its error output.
    """
    root = root or os.environ.get("EMNIST_DIR", "")
    path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "emnist_lab.maintenance.recipe_cost",
            recipe,
            split,
            str(images or 0),
            root,
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        raise LabError(f"{recipe} could not be measured: {last}")
    return json.loads(done.stdout)


def update_cost_estimates(
    root: str | None,
    names: list[str],
    progress: Callable[[str], None],
    sizes: Sequence[int] = SIZES,
    into: Path = MEASURED,
) -> dict:
    """Measure recipes on several numbers of images, for `emnist_lab.models.cost_estimates`.

    Parameters
    ----------
    root : str or None
        Folder of the dataset.
    names : list of str
        Recipes to measure; those that aren't named keep their figures.
    progress : callable
        Called with a line of text at a time.
    sizes : sequence of int
        Numbers of images; those that aren't named keep their figures.
    into : pathlib.Path
        File to write; after every recipe, so that a long run can be stopped.

    Returns
    -------
    dict
        What was written.
    """
    kept = json.loads(into.read_text(encoding="utf-8")) if into.is_file() else {"recipes": {}}
    for name in names:
        points = {point["images"]: point for point in kept["recipes"].get(name, [])}
        for images in sizes:
            found = measure_recipe(name, "balanced", images, root)
            points[found["images"]] = {
                "images": found["images"],
                "seconds": round(found["seconds"], 2),
                "peak": int(found["peak"]),
                "accuracy": round(found["accuracy"], 4),
                "size": found["size"],
            }
            progress(f"{name}: {points[found['images']]}")
        kept["recipes"][name] = [points[images] for images in sorted(points)]
        kept |= {
            "data": found["data"],
            "cores": os.cpu_count(),
            "versions": {
                "python": platform.python_version(),
                "scikit-learn": version("scikit-learn"),
            },
        }
        kept["recipes"] = {one: kept["recipes"][one] for one in catalog.RECIPES
                           if one in kept["recipes"]}  # fmt: skip
        into.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return kept


if __name__ == "__main__":
    name, split, images, root = sys.argv[1:]
    print(json.dumps(_here(name, split, int(images), root or None)))
