"""All runs beside each other: their metrics and costs as a table, and the Pareto front."""

import math
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from ..errors import RunError
from ..metrics import definitions
from ..metrics.definitions import Metric
from ..runs.manifest import MODEL, SCORES
from ..runs.run import Run
from .evaluation import fingerprint_of_test_part


def test_parts(runs: Iterable[Run]) -> dict[str, str]:
    """Test parts that runs were measured on, those of most runs first.

    Parameters
    ----------
    runs : iterable of Run

    Returns
    -------
    dict of str to str
        Name for people, unique -> fingerprint. Two parts of one name get the
        first digits of their fingerprints.

    Examples
    --------
    >>> from emnist_lab import open_run
    >>> list(test_parts([open_run("hog-qda")]))
    ['re-partition of EMNIST balanced, test part (4,700 images; not the official split)']
    """
    counts: dict[tuple[str, str], int] = {}
    for run in runs:
        if (mark := fingerprint_of_test_part(run)) is not None:
            key = (run.manifest["data"]["test"]["name"], mark)
            counts[key] = counts.get(key, 0) + 1
    found: dict[str, str] = {}  # fingerprint -> name
    for (name, mark), _ in sorted(counts.items(), key=lambda item: -item[1]):
        found.setdefault(mark, name)
    names = list(found.values())
    return {
        name if names.count(name) == 1 else f"{name} · {mark[:8]}": mark
        for mark, name in found.items()
    }


def metrics() -> list[Metric]:
    """The metrics that a leaderboard shows, in its order.

    Examples
    --------
    >>> [one.key for one in metrics()][:2]
    ['accuracy', 'top3_accuracy']
    """
    return [one for one in definitions.METRICS if one.is_headline]


def metric_of(run: Run, key: str) -> float:
    """A metric from a run's manifest, or from its kept scores where an older one lacks it.

    Parameters
    ----------
    run : Run
    key : str
        See `emnist_lab.metrics.definitions.Metric.key`.

    Returns
    -------
    float
        NaN for a run without scores.

    Raises
    ------
    RunError
        The kept scores are damaged.

    Examples
    --------
    >>> from emnist_lab import open_run
    >>> round(metric_of(open_run("hog-qda"), "accuracy"), 1)
    0.9
    """
    kept = run.manifest["scores"]
    if key in kept:
        return _number(kept[key])
    if SCORES not in run.manifest["files"]:
        return math.nan
    return definitions.get(key).compute(run.report())


def leaderboard(
    runs: Iterable[Run], metric: Callable[[Run, str], float] = metric_of
) -> pd.DataFrame:
    """All runs with their numbers, most accurate first.

    Accuracies are comparable between rows of one ``test_fingerprint`` only.

    Parameters
    ----------
    runs : iterable of Run
    metric : callable
        As `metric_of`; a page has it cached.

    Returns
    -------
    DataFrame
        ``run``, ``recipe``, ``title``, ``split``, ``trained_on``, ``measured_on``,
        ``test_fingerprint``, ``shipped``, ``generated``, ``train_images``, a column for each of
        `metrics` by its key, ``fit_s``, ``one_ms`` (median ms to read one image), ``bytes`` (of
        the model), ``created``. Numbers that a manifest lacks are NaN, a metric only where there
        are no scores to compute it from, or damaged ones.

    Examples
    --------
    >>> from emnist_lab import list_runs
    >>> table = leaderboard(list_runs()[0])
    >>> bool(table["accuracy"].is_monotonic_decreasing)
    True
    """
    rows = []
    for run in runs:
        manifest = run.manifest
        data, timings = manifest["data"], manifest["timings"]
        rows.append(
            {
                "run": run.name,
                "recipe": manifest["recipe"],
                "title": manifest["title"],
                "split": data["split"],
                "trained_on": data["train"]["name"],
                "measured_on": data["test"]["name"] if data.get("test") else None,
                "test_fingerprint": fingerprint_of_test_part(run),
                "shipped": run.shipped,
                "generated": run.generated,
                "train_images": data["train"]["images"],
                **{one.key: _or_nan(metric, run, one.key) for one in metrics()},
                "fit_s": _number(timings.get("fit_s")),
                "one_ms": _number(timings.get("one_ms")),
                "bytes": _number(manifest["files"][MODEL].get("bytes")),
                "created": pd.to_datetime(manifest["created"], utc=True, errors="coerce"),
            }
        )
    columns = [*_BEFORE, *(one.key for one in metrics()), *_AFTER]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values("accuracy", ascending=False, kind="stable", ignore_index=True)


_BEFORE = [
    "run", "recipe", "title", "split", "trained_on", "measured_on", "test_fingerprint", "shipped",
    "generated", "train_images",
]  # fmt: skip
_AFTER = ["fit_s", "one_ms", "bytes", "created"]


def _or_nan(metric: Callable[[Run, str], float], run: Run, key: str) -> float:
    try:
        return metric(run, key)
    except RunError:  # the pages that show its scores say what is wrong with them
        return math.nan


def _number(value) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan


def pareto(times, accuracies) -> np.ndarray:
    """Which points no other beats: none is as fast and as accurate, and better in one of both.

    Parameters
    ----------
    times : array-like of shape (N,)
        Less is better.
    accuracies : array-like of shape (N,)
        More is better.

    Returns
    -------
    ndarray of shape (N,), dtype bool
        False where either is NaN. Points that are equal are all on the front.

    Examples
    --------
    >>> pareto([1, 2, 3], [0.8, 0.9, 0.85]).tolist()
    [True, True, False]
    """
    times, accuracies = np.asarray(times, float), np.asarray(accuracies, float)
    known = np.isfinite(times) & np.isfinite(accuracies)
    no_worse = (times[:, None] <= times) & (accuracies[:, None] >= accuracies)
    better = (times[:, None] < times) | (accuracies[:, None] > accuracies)
    return known & ~(no_worse & better & known[:, None]).any(axis=0)
