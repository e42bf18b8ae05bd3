"""The figures of docs/figures.md, measured in one run on this machine."""

import importlib.util
import os
import statistics
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from ..data import discovery, loading
from ..data.dataset_address import DEMO
from ..errors import InkError, LabError
from ..handwriting import ink
from ..handwriting.stroke_files import read_drawings
from ..metrics.roc import RocAuc
from ..models.catalog import RECIPES, REFERENCE
from ..models.features import HOG
from ..runs import registry
from . import (
    adaptation_accuracy,
    api_load,
    demo_set,
    detection_accuracy,
    drawing_robustness,
    loading_cost,
    orientation_training,
    photo_accuracy,
    scribble_training,
)
from .recipe_cost import measure_recipe

SECTIONS = {
    "features": "histograms of gradients",
    "recipes": "recipes, a process each",
    "loading": "loading, in a process each",
    "orientation": "orientation told from test images",
    "demo": "the demo set",
    "auc": "ROC AUC of 47 classes, 18,800 images",
    "drawings": f"drawings, {drawing_robustness.SMALLEST} to {drawing_robustness.LARGEST} px, "
    "anywhere on the canvas",
    "adapt": "one hand learned, by writer",
    "scans": "pages of drawings, as photos",
    "photos": "pictures that people took, with a truth",
    "words": "words of drawings",
    "scribbles": "refused as no character, shares",
    "pages": "in Chromium",
    "api": "the JSON API: 16 clients, an image a request",
    "clicks": "Evaluate on 18,800 test images (of repeats), ms from a click to its answer",
    "load": "a class on one server",
    "cluster": "a sweep of 24 fits by two workers, beside two processes of this machine",
}

_SEVEN = {"strokes": [[(60, 60), (200, 60), (110, 230)], [(80, 140), (190, 140)]]}
_REPEATS, _QUICK = 3, 20.0  # fits of less than so many seconds are repeated, and the reference's


def _readable(strokes: list) -> bool:
    try:
        ink.from_strokes(strokes)
    except InkError:
        return False
    return True


def measure_recipes(root: str | None, names: list[str]) -> dict:
    """Recipes beside the reference, each fitted on all of balanced in a process of its own.

    Parameters
    ----------
    root : str or None
        Folder of the dataset.
    names : list of str
        The reference is measured first, named or not.

    Returns
    -------
    dict
        Recipe -> figures, ``fits`` among them: times and memory are medians of
        three fits for the reference, to which all are compared, and for those
        that take less than 20 s; of one fit for others.
    """
    rows: dict[str, dict] = {}
    for name in dict.fromkeys([REFERENCE, *names]):
        found = [measure_recipe(name, "balanced", None, root)]
        while len(found) < _REPEATS and (name == REFERENCE or found[0]["fit_s"] < _QUICK):
            found.append(measure_recipe(name, "balanced", None, root))
        middle = {
            key: statistics.median(one[key] for one in found)
            for key in ("fit_s", "peak", "one_ms", "many_s")
        }
        rows[name] = {
            "fit_s": middle["fit_s"],
            "time / reference": middle["fit_s"] / (rows or {name: middle})[REFERENCE]["fit_s"],
            "peak_MB": middle["peak"] / 1e6,
            "accuracy": found[0]["accuracy"],
            "roc_auc_ovo": found[0]["roc_auc_ovo"],
            "log_loss": found[0]["log_loss"],
            "model_MB": found[0]["size"] / 1e6,
            "one_ms": middle["one_ms"],
            "10,000_s": middle["many_s"],
            "fits": len(found),
        }
        print(f"  {name}: {middle['fit_s']:.1f} s", file=sys.stderr, flush=True)
    return rows


def _features(root: str | None) -> dict:
    """Images a second of the gradients alone, as hog-qda has them, on all of balanced."""
    train = loading.load("balanced", "train", root)
    hog = HOG(cell=(4, 7)).fit(train.images[:1])
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        hog.transform(train.images)
        times.append(time.perf_counter() - begun)
    return {"images": len(train), "images a second": len(train) / statistics.median(times)}


def _loading(root: str | None) -> dict:
    """Loading balanced, bymerge, and byclass at its official size, each in a process of its own."""
    at = {key: source.paths[0].parent for key, source in discovery.find(root).items()}
    rows = {
        split: loading_cost.measure_loading(split, "train", at[split, "train"])
        for split in ("balanced", "bymerge")
        if (split, "train") in at
    }
    if ("byclass", "train") in at:
        with tempfile.TemporaryDirectory() as place:
            loading_cost.write_official_size_copy("byclass", "train", root, Path(place))
            measured = loading_cost.measure_loading("byclass", "train", place)
        rows["byclass at its official size, from repeats of the images at hand"] = measured
    return rows


def _orientation(root: str | None) -> dict:
    """How often stored images are taken for transposed ones and the other way round."""
    rows = {}
    for split, part in discovery.find(root):
        if part == "test":
            data = loading.load(split, part, root)
            of_all = orientation_training.error_rates(data, sizes=(1, 5, 20, 100), draws=1000)
            of_one = orientation_training.error_rates(data, sizes=(5,), draws=1000, one_class=True)
            rows[split] = (
                of_all["error"]
                | {f"{size} of one class": rate for size, rate in of_one["error"].items()}
                | {"wrong though sure": max(of_all["sure_error"].values())}
            )
    return rows


def _demo(root: str | None) -> dict:
    """How far the generated images are from real ones."""
    train, test = (loading.load("balanced", part, root) for part in ("train", "test"))
    own = [loading.load("balanced", part, DEMO) for part in ("train", "test")]
    return demo_set.measure_realism(*own, train, test)


def measure_roc_auc(rows: int = 18_800, classes: int = 47) -> dict:
    """Every ROC AUC beside scikit-learn's one-vs-one average, on the same scores.

    Parameters
    ----------
    rows, classes : int
        EMNIST balanced's test part by default.

    Returns
    -------
    dict
        ``ours_s`` (all averages and the matrix of pairs), ``scikit_learn_s`` (one average),
        medians; ``ratio``; ``difference`` of the one number that both give.
    """
    random = np.random.default_rng(0)
    labels = np.arange(rows) % classes
    logits = random.normal(size=(rows, classes))
    logits[np.arange(rows), labels] += 3
    scores = np.exp(logits)
    # Rounded, as probabilities of a forest are: ties must count.
    scores = np.round(scores / scores.sum(axis=1, keepdims=True), 4) + 1e-6
    scores /= scores.sum(axis=1, keepdims=True)

    def ours() -> float:
        found = RocAuc(labels, scores)
        found.table()  # asks for the matrix of pairs too
        return found.ovo_macro

    def theirs() -> float:
        return float(roc_auc_score(labels, scores, multi_class="ovo"))

    times, values = {}, {}
    for name, work, repeats in (("ours_s", ours, 9), ("scikit_learn_s", theirs, 3)):
        took = []
        for _ in range(repeats):
            begun = time.perf_counter()
            values[name] = work()
            took.append(time.perf_counter() - begun)
        times[name] = statistics.median(took)
    return {
        **times,
        "ratio": times["scikit_learn_s"] / times["ours_s"],
        "difference": abs(values["ours_s"] - values["scikit_learn_s"]),
    }


def _sections(
    root: str | None,
    drawings: list[dict],
    browser: bool,
    recipes: list[str],
    load: dict,
    photos: str | None,
    cluster: dict,
) -> dict[str, Callable[[], dict]]:
    """What can be measured with what is given: key of `SECTIONS` -> what measures it."""
    shipped = [run for run in registry.list_runs()[0] if run.shipped]
    real = bool(root or os.environ.get("EMNIST_DIR"))

    def each_run(measure: Callable) -> Callable[[], dict]:
        return lambda: {run.name: measure(run, drawings) for run in shipped}

    def scribbles() -> dict:
        part = loading.load("balanced", "test", root) if real else None
        return scribble_training.measure_scribbles(part, drawings)

    work: dict[str, Callable[[], dict]] = {
        "auc": measure_roc_auc,
        "scribbles": scribbles,
        "api": lambda: api_load.measure_api([run.name for run in shipped]),
    }
    if real:
        work |= {
            "features": lambda: _features(root),
            "recipes": lambda: measure_recipes(root, recipes or [*RECIPES]),
            "loading": lambda: _loading(root),
            "orientation": lambda: _orientation(root),
            "demo": lambda: _demo(root),
        }
    if drawings:
        work |= {
            "drawings": each_run(drawing_robustness.measure_drawings),
            "adapt": each_run(adaptation_accuracy.measure_adaptation),
            "scans": each_run(detection_accuracy.page_accuracy),
            "words": each_run(detection_accuracy.word_accuracy),
        }
    else:
        work["drawings"] = lambda: {
            run.name: {"median_ms": drawing_robustness.measure_latency(run, [_SEVEN])}
            for run in shipped
        }

    if photos:
        work["photos"] = lambda: photo_accuracy.measure_photos(shipped, photos)

    def measure_load() -> dict:
        at = root or os.environ.get("EMNIST_DIR")
        if "replicas" in load:
            from .replica_load import measure_replicas

            return measure_replicas(at, load["replicas"], load["people"])
        from .load import measure_load

        return measure_load(at, **load)

    def measure_cluster() -> dict:
        from .cluster_cost import measure_cluster

        return measure_cluster(root, **cluster)

    work["load"] = measure_load
    if real and importlib.util.find_spec("distributed"):
        work["cluster"] = measure_cluster
    if browser:
        from . import browser_timings, evaluate_page_timings

        at = root or os.environ.get("EMNIST_DIR")
        work["pages"] = lambda: browser_timings.measure_pages(at)
        if at:
            work["clicks"] = lambda: evaluate_page_timings.measure_evaluate_page(at)
    return work


def bench(
    root: str | None,
    drawings_file: str | None,
    browser: bool,
    quiet: bool = False,
    recipes: list[str] | None = None,
    only: list[str] | None = None,
    load: dict | None = None,
    photos: str | None = None,
    cluster: dict | None = None,
) -> dict:
    """Measure everything that can be measured with what is given.

    Parameters
    ----------
    root : str or None
        Folder of EMNIST files; without it and ``$EMNIST_DIR`` fits aren't timed.
    drawings_file : str or None
        JSON file of labelled drawings; without it they aren't scored.
    browser : bool
        Whether pages are timed in Chromium.
    quiet : bool
        Print nothing but progress on standard error.
    recipes : list of str, optional
        Recipes to fit beside the reference; all by default.
    only : list of str, optional
        Some of `SECTIONS`; all by default.
    load : dict, optional
        Arguments of `emnist_lab.maintenance.load.measure_load`, beside the folder; with
        ``replicas`` those of `emnist_lab.maintenance.replica_load.measure_replicas`.
    photos : str, optional
        Folder of pictures; see `emnist_lab.maintenance.photo_accuracy.read_truth`.
    cluster : dict, optional
        Arguments of `emnist_lab.maintenance.cluster_cost.measure_cluster`, beside the folder.

    Returns
    -------
    dict
        Key of `SECTIONS` -> figures, in that order.

    Raises
    ------
    LabError
        A section is unknown, or the file holds no drawing with a label.
    """
    wanted = set(only or SECTIONS)
    if unknown := wanted - set(SECTIONS):
        raise LabError(
            f"There is no section {min(unknown)[:40]!r}: choose among {', '.join(SECTIONS)}."
        )
    drawings = read_drawings(drawings_file) if drawings_file else []
    drawings = [one for one in drawings if one.get("label") and _readable(one["strokes"])]
    if drawings_file and not drawings:
        raise InkError(f"{drawings_file} holds no labelled drawing: choose another file.")
    work = _sections(root, drawings, browser, recipes or [], load or {}, photos, cluster or {})
    result: dict = {}
    for key, title in SECTIONS.items():
        if key in wanted and key in work:
            print(f"measuring: {title} …", file=sys.stderr, flush=True)
            result[key] = work[key]()
            if not quiet:
                _show(title, result[key])
    return result


def _show(title: str, figures: dict, indent: str = "") -> None:
    rows = list(figures.values())
    print(f"{indent}{title}")
    if len(rows) > 1 and all(
        isinstance(row, dict)
        and row.keys() == rows[0].keys()
        and not any(isinstance(one, dict) for one in row.values())
        for row in rows
    ):
        table = pd.DataFrame(figures.values(), index=list(figures))
        print(textwrap.indent(table.to_string(float_format="{:.4g}".format), indent + "  "))
        return
    for name, value in figures.items():
        if isinstance(value, dict):
            _show(name, value, indent + "  ")
        else:
            shown = f"{value:.4g}" if isinstance(value, float) and value > 1 else value
            print(f"{indent}  {name}: {shown if not isinstance(shown, float) else f'{shown:.6f}'}")
