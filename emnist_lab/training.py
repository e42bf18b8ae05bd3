"""Fit a recipe, with progress and cancel: Recipe × Part -> Run."""

import os
import platform
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline

from . import expectations, memory, metrics, recipes
from .dataset import Part
from .errors import RunError, TrainingCancelled, TrainingError, first_line
from .manifest import FORMAT, VERSION
from .recipes import SEED, Recipe
from .runs import Run

_WATCHED = 2_000  # images whose loss is followed while a recipe is fitted: enough for two digits
_SINGLE = 30  # single images whose reading is timed: a median of a quarter of a second
_TOLD = {  # scikit-learn's name of a task -> what people call it; others are too fine to show
    "lbfgs-iter": "iteration",
    "hog-batch": "batch",
    "epoch": "epoch",
    "trees": "step",
}
_LIBRARIES = ("scikit-learn", "numpy", "scipy", "pillow", "skops")


@dataclass(frozen=True)
class Progress:
    """How far a fit is.

    Attributes
    ----------
    stage, stages : int
        Which step of the recipe, from 1, of how many.
    title : str
        What it does.
    step, steps : int or None
        Iterations, epochs, batches or the like done within the stage, where it has any.
    unit : str
        What a step is.
    fraction : float
        Share of the whole work that is done, 0..1: an estimate from the
        stages' usual shares. An optimiser that converges early ends early.
    elapsed, remaining : float
        Seconds; the latter is an estimate, NaN while there is nothing to go by.
    loss, score : float or None
        Log loss on training images and accuracy on held-out ones, at most
        2,000 of each, after this iteration.
    """

    stage: int
    stages: int
    title: str
    step: int | None = None
    steps: int | None = None
    unit: str = "step"
    fraction: float = 0.0
    elapsed: float = 0.0
    remaining: float = float("nan")
    loss: float | None = None
    score: float | None = None


@dataclass
class _Watch:
    """scikit-learn fit callback that turns tasks into `Progress`, and stops when asked to."""

    recipe: Recipe
    pipeline: object
    train: Part
    test: Part | None
    progress: Callable[[Progress], None] | None
    cancel: Callable[[], bool] | None
    curve: list[dict[str, float]] = field(default_factory=list)
    watching: float = 0.0  # seconds spent on measuring, which the fit isn't charged for
    max_propagation_depth = None

    def __post_init__(self):
        self.begun = time.perf_counter()
        self.stage = 0
        # features and labels to measure on, made when the first iteration asks for them
        self.samples: list[tuple[np.ndarray, np.ndarray]] | None = None

    def setup(self, estimator, context):
        """Nothing to prepare: part of scikit-learn's callback protocol."""

    def teardown(self, estimator, context):
        """Nothing to release: part of scikit-learn's callback protocol."""

    def on_fit_task_begin(self, estimator, context):
        """A stage begins, or an iteration does."""
        self._stop_if_asked()
        # A task right below the pipeline is a stage; a pipeline within a stage has none of its own.
        if context.parent is not None and context.parent.parent is None:
            self.stage = context.task_id
            self._tell()

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        """An iteration or a batch is done."""
        self._stop_if_asked()
        name, above = context.task_name, context.parent
        if above is None or (name == "hog-batch" and above.parent.parent is not None):
            return
        if name == "warp-batch":
            within = (context.task_id + 1) / above.max_subtasks
            self._tell(above.task_id + within, above.parent.max_subtasks, "epoch")
            return
        if name not in _TOLD:
            return
        step, steps = context.task_id + 1, above.max_subtasks
        if name == "lbfgs-iter":
            steps -= 1  # scikit-learn counts one empty task after the last iteration
        loss = score = None
        if fitted_estimator is not None:
            loss, score = self._measure(fitted_estimator)
            self.curve.append({"step": step, "seconds": self.seconds, "loss": loss, "score": score})
        self._tell(step, steps, _TOLD[name], loss, score)

    @property
    def seconds(self) -> float:
        """Seconds of fitting so far."""
        return time.perf_counter() - self.begun - self.watching

    def _stop_if_asked(self):
        if self.cancel is not None and self.cancel():
            raise TrainingCancelled("Training was cancelled; nothing was kept.")

    def _measure(self, classifier) -> tuple[float, float | None]:
        start = time.perf_counter()
        if self.samples is None:
            before = self.pipeline[:-1]
            self.samples = [
                (before.transform(part.images) if len(before) else part.images, part.labels)
                for part in (self.train, self.test)
                if part is not None
            ]
        chance = classifier.predict_proba(self.samples[0][0])
        places = np.searchsorted(classifier.classes_, self.samples[0][1])
        loss = metrics.log_loss(places, chance)
        score = None
        if len(self.samples) > 1:
            score = float((classifier.predict(self.samples[1][0]) == self.samples[1][1]).mean())
        self.watching += time.perf_counter() - start
        return loss, score

    def _tell(self, step=None, steps=None, unit="step", loss=None, score=None):
        if self.progress is None:
            return
        shares = [share for _, share in self.recipe.stages]
        done = sum(shares[: self.stage])
        if step is not None and steps:
            done += shares[self.stage] * step / steps
        elapsed = time.perf_counter() - self.begun
        self.progress(
            Progress(
                stage=self.stage + 1,
                stages=len(shares),
                title=self.recipe.stages[self.stage][0],
                step=step if step is None else max(int(step), 1),
                steps=steps,
                unit=unit,
                fraction=min(done, 1.0),
                elapsed=elapsed,
                remaining=elapsed * (1 - done) / done if done > 0.02 else float("nan"),
                loss=loss,
                score=score,
            )
        )


def fit(
    recipe: str | Recipe,
    train: Part,
    test: Part | None = None,
    *,
    seed: int = SEED,
    params: dict[str, Any] | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Run:
    """Fit a recipe and measure it on the test part.

    Parameters
    ----------
    recipe : str or Recipe
        A name from the catalogue, or a recipe of your own.
    train : Part
        Images to learn from.
    test : Part, optional
        Images to measure on; without it the run has no scores.
    seed : int
        For everything random in the recipe.
    params : dict, optional
        Settings of the recipe to change: scikit-learn's name -> value; see
        `emnist_lab.recipe.Recipe.checked`.
    progress : callable, optional
        Called with a `Progress` at every stage, batch and iteration.
    cancel : callable, optional
        Asked at the same times; fitting stops once it returns True.

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
    """
    recipe = recipes.get(recipe) if isinstance(recipe, str) else recipe
    pipeline = check(recipe, train.counts(), seed, params)
    _check_test(train, test)
    watch = _Watch(
        recipe,
        pipeline,
        train.sample(_WATCHED, seed),
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
    except (ValueError, np.linalg.LinAlgError) as error:
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
        )
    )
    run.model = pipeline
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
        run.manifest["scores"] = {
            name: value if np.isfinite(value) else None
            for name, value in run.report().summary().items()
        }
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
    if not 0 <= seed < 2**32:
        raise TrainingError(f"The seed {seed} can't be used: choose one from 0 to 4294967295.")
    images, present = int(counts.sum()), counts[counts > 0]
    if len(present) < 2:
        raise TrainingError("A classifier needs images of at least two classes: choose more.")
    if present.min() < recipe.fewest:
        raise TrainingError(
            f"{recipe.name} needs at least {recipe.fewest} training images of every class, and "
            f"one class has {present.min()}: train on "
            f"{int(np.ceil(images * recipe.fewest / present.min())):,} images or more."
        )
    pipeline = recipe.pipeline(seed, present, params)
    for name, value in pipeline.get_params().items():
        for setting, what in (
            ("n_components", "principal components"),
            ("n_neighbors", "neighbours"),
        ):
            if name.endswith(f"__{setting}") and isinstance(value, int) and value > images:
                raise TrainingError(
                    f"{value} {what} can't be found in {images:,} images: train on {value:,} or "
                    f"more, or set {setting} lower."
                )
    expectations.check_memory(recipe.name, images, memory.available())
    return pipeline


def _check_test(train: Part, test: Part | None) -> None:
    if test is not None and test.classes != train.classes:
        raise TrainingError(
            "The training and the test part have different classes: load both from one split."
        )
    if test is not None and len(test) == 0:
        raise TrainingError("The test part holds no images: choose another.")


def _manifest(recipe, pipeline, train, test, seed, fit_seconds, curve, changed) -> dict:
    def side(part: Part) -> dict:
        return {
            "name": part.name,
            "part": part.part,
            "origin": part.origin,
            "generated": part.generated,
            "images": len(part),
            "fingerprint": part.fingerprint,
            "absent": [part.classes[index] for index in np.flatnonzero(part.counts() == 0)],
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


def evaluate(run: Run, test: Part) -> metrics.Report:
    """Measure a run on a part, from the model.

    Parameters
    ----------
    run : Run
        The classifier.
    test : Part
        Images with labels, of the run's classes; of others only these are taken.

    Returns
    -------
    metrics.Report

    Raises
    ------
    RunError
        The run has other classes, or its model can't be opened.
    TrainingError
        There are no images.
    """
    if set(run.classes) < set(test.classes):
        test = test.choose(run.classes)
    run.check_classes(test.classes)
    if len(test) == 0:
        raise TrainingError("There are no images to measure on: choose another part.")
    return metrics.Report(test.labels, run.predict_proba(test.images), test.classes)


def as_json(progress: Progress) -> dict:
    """`progress` as plain values; NaN becomes None.

    Parameters
    ----------
    progress : Progress

    Returns
    -------
    dict
    """
    return {
        name: None if isinstance(value, float) and np.isnan(value) else value
        for name, value in asdict(progress).items()
    }
