"""Fit a recipe, with progress and cancel: Recipe × Part -> Run."""

import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline

from ..data.part import Part
from ..errors import RunError, TrainingError, first_line
from ..models import catalog, cost_estimates, memory
from ..models.catalog import SEED, Recipe
from ..models.prior_exponent import prior_exponent
from . import class_prior
from .class_prior import Prior
from .manifest import FORMAT, VERSION
from .progress import FitCallback, Progress
from .run import Run

_WATCHED = 2_000  # images whose loss is followed while a recipe is fitted: enough for two digits
_SINGLE = 30  # single images whose reading is timed: a median of a quarter of a second
_LIBRARIES = ("scikit-learn", "numpy", "scipy", "pillow", "skops")


def fit(
    recipe: str | Recipe,
    train: Part,
    test: Part | None = None,
    *,
    seed: int = SEED,
    params: dict[str, Any] | None = None,
    prior: Prior | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    follow: bool = True,
) -> Run:
    """Fit a recipe and measure it on the test part.

    Parameters
    ----------
    recipe : str or Recipe
        A name from the catalog, or a recipe of your own.
    train : Part
        Images to learn from.
    test : Part, optional
        Images to measure on; without it the run has no scores.
    seed : int
        For everything random in the recipe.
    params : dict, optional
        Hyperparameters of the recipe to change: scikit-learn's name -> value; see
        `emnist_lab.models.recipe.Recipe.checked`.
    prior : str, mapping or sequence, optional
        For which class frequencies the run answers: ``"equal"``, ``"training"``, or those given
        (see `emnist_lab.runs.class_prior.entry`). The recipe's by default: equal for all but the
        reference.
    progress : callable, optional
        Called with a `Progress` at every stage, batch and iteration.
    cancel : callable, optional
        Asked at the same times; fitting stops once it returns True.
    follow : bool
        Whether loss and accuracy are measured at every iteration that tells of itself, for the
        run's curve: that takes time of its own.

    Returns
    -------
    Run
        In memory: `Run.save` keeps it.

    Raises
    ------
    TrainingError
        The recipe can't be fitted to these images.
    TrainingCancelled
        `cancel` returned True.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> train, test = (lab.load("balanced", part, root="demo") for part in ("train", "test"))
    >>> run = fit("pixels-bayes", train.sample(470), test.sample(94))
    >>> run.report().accuracy > 0.2, run.generated
    (True, True)
    """
    recipe = catalog.get(recipe) if isinstance(recipe, str) else recipe
    pipeline = check(recipe, train.counts(), seed, params)
    answers = class_prior.entry(
        train.counts(), recipe.prior if prior is None else prior, train.classes
    )
    _check_test(train, test)
    watch = FitCallback(
        recipe,
        pipeline,
        train.sample(_WATCHED, seed) if follow else None,
        test.sample(_WATCHED, seed) if test is not None else None,
        progress,
        cancel,
    )
    if progress is not None or cancel is not None:
        pipeline.set_callbacks(watch)
    try:
        with warnings.catch_warnings():
            # The reference stops at its 100 iterations by design; PCA has no callbacks yet.
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.filterwarnings("ignore", message=".*does not support callbacks.*")
            watch.begun = time.perf_counter()
            pipeline.fit(train.images, train.labels)
    except MemoryError as error:
        raise TrainingError(
            f"{len(train):,} images don't fit into memory with {recipe.name}: train on fewer."
        ) from error
    except (ValueError, RuntimeError, np.linalg.LinAlgError) as error:
        remedy = "take its own settings back, or train on more images"
        raise TrainingError(
            f"{recipe.name} can't be fitted to these {len(train):,} images "
            f"({first_line(error)}): {remedy if params else 'train on more images'}."
        ) from error
    fit_seconds = watch.seconds
    pipeline.set_callbacks()
    run = Run(
        _manifest(
            recipe,
            pipeline,
            train,
            test,
            seed,
            fit_seconds,
            watch.curve,
            recipe.checked(params or {}),
            answers,
        )
    )
    run.model = pipeline
    if (exponent := prior_exponent(pipeline)) != 1:
        answers["exponent"] = exponent
    if test is not None:
        start = time.perf_counter()
        try:
            scores = run.predict_proba(test.images)
        except RunError as error:
            raise TrainingError(
                f"{recipe.name} was fitted, but doesn't answer with probabilities (NaN): take its "
                "own settings back, or train on more images."
            ) from error
        run.manifest["timings"]["predict_s"] = round(time.perf_counter() - start, 3)
        run.manifest["timings"]["one_ms"] = round(latency(run, test.images), 3)
        run.test_scores = (test.labels, scores)
        run.manifest["scores"] = run.report().recorded()
    return run


def latency(run: Run, images: np.ndarray) -> float:
    """Median time to read one image, warm.

    Parameters
    ----------
    run : Run
    images : ndarray of shape (N, 28, 28), dtype uint8

    Returns
    -------
    float
        Milliseconds.
    """
    times, until = [], time.perf_counter() + 3
    for image in np.resize(images, (_SINGLE + 3, *images.shape[1:])):
        begun = time.perf_counter()
        run.predict_proba(image[None])
        times.append(time.perf_counter() - begun)
        if time.perf_counter() > until:
            break
    return statistics.median(times[min(3, len(times) - 1) :]) * 1e3


def check_seed(seed: int) -> None:
    """Refuse a seed that random generators don't take; raises `TrainingError`."""
    if not 0 <= seed < 2**32:
        raise TrainingError(f"The seed {seed} can't be used: choose one from 0 to 4294967295.")


def check(
    recipe: Recipe,
    counts: np.ndarray,
    seed: int = SEED,
    params: dict[str, Any] | None = None,
) -> Pipeline:
    """Refuse, before any work, what can't be trained.

    Parameters
    ----------
    recipe : Recipe
    counts : ndarray of shape (C,)
        Training images of each class.
    seed, params
        As for `fit`.

    Returns
    -------
    sklearn.pipeline.Pipeline
        What is to be fitted.

    Raises
    ------
    TrainingError
        One sentence with what to do.
    """
    check_seed(seed)
    images, present = int(counts.sum()), counts[counts > 0]
    if len(present) < 2:
        raise TrainingError("A classifier needs images of at least two classes: choose more.")
    least = recipe.min_images_per_class
    if present.min() < least:
        raise TrainingError(
            f"{recipe.name} needs at least {least} training images of every class, and one class "
            f"has {present.min()}: train on {int(np.ceil(images * least / present.min())):,} "
            "images or more."
        )
    pipeline = recipe.pipeline(seed, present, params)
    offered = {one.label for one in recipe.hyperparameters}
    for name, value in _params(pipeline):
        for parameter, what in (
            ("n_components", "principal components"),
            ("n_neighbors", "neighbours"),
        ):
            if name.endswith(f"__{parameter}") and isinstance(value, int) and value > images:
                lower = f", or set {parameter} lower" if parameter in offered else ""
                raise TrainingError(
                    f"{value} {what} can't be found in {images:,} images: train on {value:,} or "
                    f"more{lower}."
                )
    more, larger = _more_memory(recipe, present, seed, params or {})
    cost_estimates.check_memory(recipe.name, images, memory.available(), more, larger)
    return pipeline


def _more_memory(
    recipe: Recipe, present: np.ndarray, seed: int, params: dict
) -> tuple[float, list[str]]:
    """Bytes that changed hyperparameters take beside the recipe's own, and which do."""

    def taken(some: dict) -> float:
        parts = {id(part): part for _, part in _params(recipe.pipeline(seed, present, some))}
        return cost_estimates.fit_memory(parts.values(), int(present.sum()), len(present))

    changed = recipe.checked(params)
    if not changed:
        return 0.0, []
    own = taken({})
    larger = [
        name.rpartition("__")[2] for name, value in changed.items() if taken({name: value}) > own
    ]
    return (max(taken(changed) - own, 0.0) if larger else 0.0), larger


def _params(estimator) -> Iterator[tuple[str, Any]]:
    """Parameters by name, those of estimators in lists too."""
    for name, value in estimator.get_params().items():
        yield name, value
        for one in value if isinstance(value, list) else ():
            if hasattr(one, "get_params"):
                yield from _params(one)


def _check_test(train: Part, test: Part | None) -> None:
    if test is not None and test.classes != train.classes:
        raise TrainingError(
            "The training and the test part have different classes: load both from one split."
        )
    if test is not None and len(test) == 0:
        raise TrainingError("The test part holds no images: choose another.")


def _manifest(recipe, pipeline, train, test, seed, fit_seconds, curve, changed, prior) -> dict:
    def side(part: Part) -> dict:
        return {
            "name": part.name,
            "part": part.part,
            "origin": part.origin,
            "generated": part.generated,
            "handwriting": part.handwriting,
            "images": len(part),
            "fingerprint": part.fingerprint,
            "absent": [part.classes[index] for index in np.flatnonzero(part.counts() == 0)],
            **({"joined_from": list(part.joined_from)} if part.joined_from else {}),
        }

    final = pipeline[-1]
    iterations = getattr(final, "n_iter_", None)
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": recipe.name,
        "recipe": recipe.name,
        "title": recipe.title,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "settings": {name: _plain(value) for name, value in changed.items()},
        "params": {
            name: _plain(value)
            for name, value in sorted(pipeline.get_params().items())
            if "__" in name and isinstance(value, (bool, int, float, str, tuple, type(None)))
        },
        "iterations": int(np.max(iterations)) if iterations is not None else None,
        "classes": train.classes,
        "prior": prior,
        "data": {
            "split": train.split,
            "train": side(train),
            "test": side(test) if test is not None else None,
        },
        "timings": {"fit_s": round(fit_seconds, 3)},
        "curve": curve,
        "scores": {},
        "versions": {"python": platform.python_version()}
        | {library: version(library) for library in _LIBRARIES},
        "machine": {
            "system": platform.system(),
            "cpu": platform.machine(),
            "cores": os.cpu_count(),
        },
        "files": {},
    }


def _plain(value: Any) -> Any:
    """As JSON gives it back."""
    return list(value) if isinstance(value, tuple) else value
