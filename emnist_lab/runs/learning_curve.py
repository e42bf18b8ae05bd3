"""Learning curves: a recipe's numbers over the number of training images."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ..data.part import Part
from ..errors import TrainingCancelled, TrainingError
from ..models import catalog
from ..models.recipe import SEED, Recipe
from . import training
from .curve_store import Curve, Point
from .progress import Progress

SIZES = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000)
_MEASURED = 2_000  # training images that training accuracy is measured on
_LONGEST = 600  # characters of a reason


def nested(train: Part, seed: int = SEED) -> np.ndarray:
    """An order in which the first n images are a stratified sample, for every n.

    Each class's images are shuffled and dealt at even distances, so that every
    class keeps its share (give or take one image) and comes up once before any
    comes up twice.

    Parameters
    ----------
    train : Part
    seed : int

    Returns
    -------
    ndarray of shape (N,), dtype int64
        Indices of all images.
    """
    return nested_labels(train.labels, seed)


def nested_labels(labels: np.ndarray, seed: int = SEED) -> np.ndarray:
    """As `nested`, of labels alone.

    Parameters
    ----------
    labels : ndarray of shape (N,), dtype int64
    seed : int

    Returns
    -------
    ndarray of shape (N,), dtype int64

    Examples
    --------
    >>> labels = np.array([0, 1, 0, 1, 0, 1])
    >>> sorted(labels[nested_labels(labels)[:2]].tolist())
    [0, 1]
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    labels, counts = labels[order], np.bincount(labels)
    by_class = np.argsort(labels, kind="stable")
    rank = np.empty(len(order))
    rank[by_class] = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    return order[np.argsort(rank / counts[labels], kind="stable")]


def sizes_of(count: int) -> tuple[int, ...]:
    """Usual sizes of samples of `count` images, and all of them.

    Parameters
    ----------
    count : int

    Returns
    -------
    tuple of int
        A few sizes below 1,000 where there are few images.
    """
    usual = SIZES if count > 2 * SIZES[0] else tuple(count // part for part in (8, 4, 2))
    return (*(size for size in usual if 0 < size < 0.95 * count), count)


def fit_learning_curve(
    recipe: str | Recipe,
    train: Part,
    test: Part,
    sizes: tuple[int, ...] | None = None,
    *,
    seed: int = SEED,
    params: dict[str, Any] | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Iterator[Curve]:
    """Fit a recipe on nested stratified samples, fewest images first.

    Parameters
    ----------
    recipe : str or Recipe
        A name from the catalogue, or a recipe of your own.
    train : Part
        Images to draw the samples from; see `nested`.
    test : Part
        Images to measure on.
    sizes : tuple of int, optional
        Numbers of training images; `sizes_of` by default.
    seed : int
        Of the samples, and for everything random in the recipe.
    params : dict, optional
        Parameters of the pipeline that differ from the recipe's.
    progress : callable, optional
        Called with a `Progress` of the whole work.
    cancel : callable, optional
        See `training.fit`.

    Yields
    ------
    Curve
        With one point more each time, to be kept with `curve_store.keep`.

    Raises
    ------
    TrainingError
        The recipe can be fitted on none of the sizes.
    TrainingCancelled
        `cancel` returned True. Curves that came before stay good.
    """
    recipe = catalog.get(recipe) if isinstance(recipe, str) else recipe
    wanted = sizes or sizes_of(len(train))
    if min(wanted) < 1:
        raise TrainingError("A learning curve needs sizes of at least one image: choose others.")
    planned = tuple(sorted({min(size, len(train)) for size in wanted}))
    curve = Curve(
        recipe=recipe.name,
        title=recipe.title,
        split=train.split,
        train=train.name,
        test=test.name,
        test_fingerprint=test.fingerprint,
        generated=train.generated or test.generated,
        seed=seed,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        planned=planned,
        params=dict(params or {}),
    )
    order = nested(train, seed)
    more = {"params": params} if params else {}
    tell = _Whole(planned, progress)
    problem: TrainingError | None = None
    for place, size in enumerate(planned):
        tell.place = place
        part = _first(train, order, size)
        try:
            run = training.fit(recipe, part, test, seed=seed, progress=tell, cancel=cancel, **more)
        except TrainingCancelled as error:
            raise TrainingCancelled(
                "Measuring was cancelled; the points that were kept so far stay."
            ) from error
        except TrainingError as error:
            problem = error
            curve = replace(curve, skipped={**curve.skipped, str(size): str(error)[:_LONGEST]})
            continue
        scores = run.manifest["scores"]
        known = part.sample(_MEASURED, seed)
        learned = run.predict_proba(known.images).argmax(axis=1) == known.labels
        point = Point(
            images=size,
            train_accuracy=float(learned.mean()),
            **{
                key: math.nan if scores[key] is None else scores[key]
                for key in ("accuracy", "roc_auc_ovo", "log_loss")
            },
            fit_s=run.manifest["timings"]["fit_s"],
        )
        curve = replace(curve, points=(*curve.points, point))
        yield curve
    if not curve.points:
        raise problem
    if str(planned[-1]) in curve.skipped:
        yield curve


@dataclass
class _Whole:
    """Turns the progress of one fit into that of all of them."""

    sizes: tuple[int, ...]
    progress: Callable[[Progress], None] | None
    place: int = 0

    def __post_init__(self):
        self.begun = time.perf_counter()
        # A rough guess: a fit has its fixed costs and those of every image, measuring included.
        work = np.array(self.sizes) + 2_000.0
        self.done = np.concatenate(([0.0], np.cumsum(work / work.sum())))

    def __call__(self, one: Progress) -> None:
        if self.progress is None:
            return
        begin, end = self.done[self.place : self.place + 2]
        share = float(begin + (end - begin) * one.fraction)
        elapsed = time.perf_counter() - self.begun
        self.progress(
            replace(
                one,
                stage=self.place + 1,
                stages=len(self.sizes),
                title=f"{self.sizes[self.place]:,} images: {one.title}",
                fraction=share,
                elapsed=elapsed,
                remaining=elapsed * (1 - share) / share if share > 0.02 else math.nan,
                loss=None,  # each fit's own would read as one that jumps
                score=None,
            )
        )


def _first(train: Part, order: np.ndarray, size: int) -> Part:
    return train if size >= len(train) else train.take(order[:size])
