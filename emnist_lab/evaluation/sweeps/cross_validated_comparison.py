"""Recipes compared by cross-validation over the same folds: paired differences with intervals."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ...data.part import Part
from ...metrics.cross_validation import PairedDifference, corrected_t_test
from ...models.recipe import SEED, Recipe
from ...runs.class_prior import Prior
from ...runs.progress import Progress
from . import hyperparameter_search
from . import plan as planning
from .plan import METRIC
from .results import Result, Sweep, candidate_name


def compare_recipes(
    recipes: Sequence[str | Recipe | tuple[str | Recipe, Mapping[str, Any]]],
    train: Part,
    *,
    folds: int = 3,
    repeats: int = 1,
    sizes: Sequence[int] = (),
    by: str = "",
    seed: int = SEED,
    metric: str = METRIC,
    prior: Prior | None = None,
    name: str | None = None,
    owner: str | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Sweep:
    """Cross-validate recipes over the same folds.

    Parameters
    ----------
    recipes : sequence of str, Recipe, or pairs of one and its settings
        Two or more: ``"hog-qda"``, ``("hog-qda", {"reg_param": 0.2})``.
    train, folds, repeats, sizes, by, seed, metric, prior, name, owner, jobs, scheduler,
    progress, cancel
        See `emnist_lab.evaluation.sweeps.hyperparameter_search.sweep`.

    Returns
    -------
    Sweep
        Its candidates are the recipes; `paired_differences` compares them. It is kept and goes on
        as any sweep.

    Raises
    ------
    TrainingError, TrainingCancelled or RunError
        See `emnist_lab.evaluation.sweeps.hyperparameter_search.sweep`.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> train = lab.load("balanced", "train", root="demo").choose("0123456789").sample(300)
    >>> found = compare_recipes(["pixels-bayes", "pixels-neighbours"], train)
    >>> paired_differences(found)["splits"].tolist()
    [3]
    """
    plan = planning.compared(
        recipes,
        train,
        folds=folds,
        repeats=repeats,
        sizes=sizes,
        by=by,
        seed=seed,
        metric=metric,
        prior=prior,
    )
    return hyperparameter_search.run_plan(
        plan,
        name=name,
        owner=owner,
        jobs=jobs,
        scheduler=scheduler,
        progress=progress,
        cancel=cancel,
    )


def paired_difference(
    one: Result, other: Result, metric: str = METRIC, level: float = 0.95
) -> PairedDifference:
    """How much higher one candidate scores than another, over the splits that both have.

    Parameters
    ----------
    one, other : Result
        Of one sweep.
    metric : str
        A key of `emnist_lab.metrics.METRICS`.
    level : float
        Confidence level.

    Returns
    -------
    PairedDifference
        By `emnist_lab.metrics.cross_validation.corrected_t_test`; all NaN where no split has both
        scores.
    """
    first, second = (
        {(record.repeat, record.fold): record for record in result.records if not record.failed}
        for result in (one, other)
    )
    both = [
        (first[split], second[split])
        for split in sorted(first.keys() & second.keys())
        if not math.isnan(first[split].scores[metric] + second[split].scores[metric])
    ]
    if not both:
        return PairedDifference(math.nan, math.nan, math.nan, math.nan, 0)
    # of candidates that learn from different numbers of images, the fewer: the wider interval
    train = np.mean([min(a.train_images, b.train_images) for a, b in both])
    test = np.mean([a.test_images for a, _ in both])
    differences = [a.scores[metric] - b.scores[metric] for a, b in both]
    return corrected_t_test(differences, float(train), float(test), level)


def paired_differences(
    sweep: Sweep,
    metric: str | None = None,
    *,
    baseline: Result | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Every pair of candidates, the better first; or the best ones against one.

    Parameters
    ----------
    sweep : Sweep
    metric : str, optional
        What the sweep ranks by, unless it is given.
    baseline : Result, optional
        With it only its pairs, in the order of the ranking.
    level : float
        Confidence level.

    Returns
    -------
    pandas.DataFrame
        ``better``, ``other`` (what they are called), ``images``, ``difference`` (score of the
        first less that of the second), ``low``, ``high``, ``p``, ``splits``. Candidates that learn
        from different numbers of images are no pair.
    """
    metric = metric or sweep.metric
    columns = ["better", "other", "images", "difference", "low", "high", "p", "splits"]
    ranked = sweep.ranking
    if baseline is None:
        pairs = list(itertools.combinations(ranked, 2))
    else:
        pairs = [(one, baseline) for one in ranked if one is not baseline]
    rows = []
    for one, other in pairs:
        if one.candidate.images != other.candidate.images:
            continue
        found = paired_difference(one, other, metric, level)
        names = (candidate_name(sweep, one), candidate_name(sweep, other))
        rows.append(
            (*names, one.train_images, found.mean, found.low, found.high, found.p, found.splits)
        )
    return pd.DataFrame(rows, columns=columns)
