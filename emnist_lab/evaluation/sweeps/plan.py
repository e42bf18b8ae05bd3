"""What a sweep is to do: checked before any work, with how many fits it takes and how long."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...data.part import Part
from ...errors import TrainingError
from ...metrics import METRICS
from ...models import catalog
from ...models.recipe import SEED, Recipe
from ...runs import class_prior, training
from ...runs.class_prior import Prior
from . import folds as folding
from . import search_space
from .candidates import Candidate
from .folds import Folds
from .halving import halving_rounds
from .pipeline_description import described
from .search_space import Space

SEARCHES = {
    "grid": "Grid",
    "random": "Random",
    "halving": "Successive halving",
}  # name -> what people read
POINTS = 20  # that a random search draws, unless it is told
METRIC = "accuracy"
_CHEAP = 2_000  # images whose work every fit has beside its own, where nothing was measured
_MANY, _LONG = 200, 3600.0  # fits and seconds above which a person is asked first


@dataclass(frozen=True, eq=False)
class Plan:
    """What a sweep is to do.

    Attributes
    ----------
    recipes : tuple of Recipe
        One; several where recipes are compared.
    part : Part
        The images that are dealt into folds.
    folds : Folds
    search : {"grid", "random", "halving"}
    space : dict of str to tuple or Range
        What is tried, by scikit-learn's name of the hyperparameter.
    candidates : tuple of Candidate
        All of them; of successive halving, those of the first round.
    rounds : tuple of (int, int)
        Of successive halving: candidates and training images of each round. Empty for others.
    points : int
        How many were drawn at random from the space, equal ones too; 0 for a grid.
    compares : bool
        Whether recipes are compared, in place of settings of one.
    seed : int
        Of the first repeat; each further one has the next.
    metric : str
        What candidates are ranked by: a key of `emnist_lab.metrics.METRICS`.
    prior : str, mapping, sequence or None
        See `emnist_lab.runs.training.fit`.
    """

    recipes: tuple[Recipe, ...]
    part: Part
    folds: Folds
    search: str
    space: Space
    candidates: tuple[Candidate, ...]
    rounds: tuple[tuple[int, int], ...] = ()
    points: int = 0
    compares: bool = False
    seed: int = SEED
    metric: str = METRIC
    prior: Prior | None = None

    @property
    def splits(self) -> int:
        """How often each candidate is fitted."""
        return self.folds.folds * self.folds.repeats

    @property
    def fits(self) -> int:
        """How many fits it takes."""
        if self.rounds:
            return self.splits * sum(candidates for candidates, _ in self.rounds)
        return self.splits * len(self.candidates)

    def recipe(self, name: str) -> Recipe:
        """One of its recipes by name."""
        return next(one for one in self.recipes if one.name == name)

    def work(self, candidate: Candidate) -> float:
        """How much a fit takes, to say how far a sweep is: seconds, or images with a fixed cost."""
        images = candidate.images or self.folds.train_images()
        seconds = self.recipe(candidate.recipe).expected(images).fit_seconds
        return seconds if math.isfinite(seconds) else (images + _CHEAP) * 1e-4

    def total_work(self) -> float:
        """`work` of all its fits."""
        if not self.rounds:
            return self.splits * sum(map(self.work, self.candidates))
        return self.splits * sum(
            candidates * self.work(Candidate(self.recipes[0].name, {}, images))
            for candidates, images in self.rounds
        )

    def expected_seconds(self, jobs: int = 1) -> float:
        """Rough time that all fits take, from what was measured of the recipes' own settings.

        Parameters
        ----------
        jobs : int
            Processes that fit side by side.

        Returns
        -------
        float
            NaN where a recipe was not measured.
        """
        known = all(math.isfinite(one.expected(1000).fit_seconds) for one in self.recipes)
        return self.total_work() / max(jobs, 1) if known else math.nan

    def sentence(self, jobs: int = 1) -> str:
        """What it takes, for people; see `expected_seconds`."""
        count = len(self.candidates)
        many = "1 candidate" if count == 1 else f"{count:,} candidates"
        where = f"{self.folds.folds} folds"
        if self.folds.repeats > 1:
            where = f"{self.folds.repeats} times {where}"
        if self.rounds:
            where += f", fewer of them in each of {len(self.rounds)} rounds"
        seconds = self.expected_seconds(jobs)
        time = f", which take about {_duration(seconds)}" if math.isfinite(seconds) else ""
        return f"{self.fits:,} fits{time}: {many} on {where}"

    def notes(self) -> list[str]:
        """What a person should know before they begin, a sentence each.

        Returns
        -------
        list of str
            On hyperparameters that change nothing: some recipes replace one where there are few
            images.
        """
        return [
            f"{label} changes nothing on {images:,} images: {self.recipes[0].name} replaces it "
            "where there are few."
            for label, images in self._without_effect().items()
        ]

    def _without_effect(self) -> dict[str, int]:
        """Labels of hyperparameters that change nothing, and on how many images at most."""
        recipe, found = self.recipes[0], {}
        counts = self.part.counts()
        counts = counts[counts > 0]
        sizes = {one.images or self.folds.train_images() for one in self.candidates}
        for images in sorted(sizes | {images for _, images in self.rounds}):
            share = np.maximum(counts * images // counts.sum(), 1)
            for name, values in self.space.items():
                ends = search_space.ends(values)
                made = [described(recipe.pipeline(self.seed, share, {name: one})) for one in ends]
                if len(made) > 1 and made[0] == made[-1]:
                    found[name.rpartition("__")[2]] = images
        return found

    def should_ask(self, jobs: int = 1) -> bool:
        """Whether a person should be asked first: above 200 fits or an hour."""
        return self.fits > _MANY or self.expected_seconds(jobs) > _LONG


def make(
    recipe: str | Recipe,
    train: Part,
    *,
    grid: Mapping[str, Any] | None = None,
    random: Mapping[str, Any] | None = None,
    points: int | None = None,
    search: str | None = None,
    folds: int = 3,
    repeats: int = 1,
    sizes: Sequence[int] = (),
    by: str = "",
    seed: int = SEED,
    metric: str = METRIC,
    prior: Prior | None = None,
) -> Plan:
    """Plan a sweep, or refuse it before any work.

    Parameters
    ----------
    recipe, train, grid, random, points, search, folds, repeats, sizes, by, seed, metric, prior
        See `emnist_lab.evaluation.sweeps.hyperparameter_search.sweep`.

    Returns
    -------
    Plan

    Raises
    ------
    TrainingError
        One sentence with what to do.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> train = lab.load("balanced", "train", root="demo").choose("0123456789").sample(300)
    >>> made = make("pixels-logistic", train, grid={"C": (0.1, 1, 10), "max_iter": (50, 100)})
    >>> len(made.candidates), made.fits
    (6, 18)
    >>> make("pixels-logistic", train, grid={"C": (0.1, 1, 10)}, search="halving").rounds
    ((3, 66), (1, 198))
    """
    recipe = catalog.get(recipe) if isinstance(recipe, str) else recipe
    if grid and random:
        raise TrainingError("A sweep takes a grid or ranges to draw from, not both: leave one out.")
    search = search or ("random" if random else "grid")
    if search not in SEARCHES:
        raise TrainingError(
            f"There is no search {search[:40]!r}: choose one of {', '.join(SEARCHES)}."
        )
    if search == "random" and not random:
        raise TrainingError("A random search needs ranges to draw from: give C=0.01:100:log.")
    if search == "grid" and random:
        raise TrainingError("A grid takes values, not ranges: choose a random search.")
    if points is not None and not random:
        raise TrainingError("Points are drawn from ranges only: give ranges, or leave points out.")
    _check_others(train, folds, repeats, seed, metric, prior, recipe)
    if random:
        space = search_space.checked_ranges(recipe, random)
        count = search_space.count_of_points(space, POINTS if points is None else points)
        settings = search_space.random_points(space, count, seed)
    else:
        space = search_space.checked_grid(recipe, grid or {})
        settings = search_space.grid_points(space)
    dealt = folding.make(train, folds, repeats, seed, by)
    rounds: tuple[tuple[int, int], ...] = ()
    if search == "halving":
        if sizes:
            raise TrainingError(
                "Successive halving chooses the numbers of training images itself: leave the sizes "
                "out, or choose another search."
            )
        rounds = halving_rounds(len(settings), dealt.train_images(), _fewest(recipe, train))
    axis = _checked_sizes(sizes, dealt)
    return Plan(
        recipes=(recipe,),
        part=train,
        folds=dealt,
        search=search,
        space=space,
        candidates=tuple(
            Candidate(recipe.name, one, images if not rounds else rounds[0][1])
            for one in _distinct(settings)
            for images in axis
        ),
        rounds=rounds,
        points=len(settings) if random else 0,
        seed=seed,
        metric=metric,
        prior=prior,
    )


def compared(
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
) -> Plan:
    """Plan a comparison of recipes over the same folds.

    Parameters
    ----------
    recipes : sequence of str, Recipe, or pairs of one and its settings
        Two or more.
    train, folds, repeats, sizes, by, seed, metric, prior
        See `emnist_lab.evaluation.sweeps.hyperparameter_search.sweep`.

    Returns
    -------
    Plan

    Raises
    ------
    TrainingError
        One sentence with what to do.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> train = lab.load("balanced", "train", root="demo").choose("0123456789").sample(300)
    >>> made = compared(["pixels-bayes", ("pixels-logistic", {"C": 0.1})], train)
    >>> [(one.recipe, one.settings) for one in made.candidates]
    [('pixels-bayes', {}), ('pixels-logistic', {'classifier__C': 0.1})]
    """
    known: dict[str, Recipe] = {}
    pairs: list[tuple[str, dict[str, Any]]] = []
    for one in recipes:
        recipe, settings = one if isinstance(one, tuple) else (one, {})
        recipe = catalog.get(recipe) if isinstance(recipe, str) else recipe
        if known.setdefault(recipe.name, recipe) is not recipe:
            raise TrainingError(f"Two recipes are called {recipe.name}: rename one.")
        pair = (recipe.name, recipe.checked(dict(settings)))
        if pair not in pairs:
            pairs.append(pair)
        _check_others(train, folds, repeats, seed, metric, prior, recipe)
    if len(pairs) < 2:
        raise TrainingError("A comparison needs at least two different recipes: choose another.")
    dealt = folding.make(train, folds, repeats, seed, by)
    return Plan(
        recipes=tuple(known.values()),
        part=train,
        folds=dealt,
        search="grid",
        space={},
        candidates=tuple(
            Candidate(name, settings, images)
            for name, settings in pairs
            for images in _checked_sizes(sizes, dealt)
        ),
        compares=True,
        seed=seed,
        metric=metric,
        prior=prior,
    )


def _check_others(train, folds, repeats, seed, metric, prior, recipe) -> None:
    training.check_seed(seed)
    training.check_seed(seed + max(repeats, 1) - 1)
    if metric not in {one.key for one in METRICS}:
        raise TrainingError(
            f"There is no metric {str(metric)[:40]!r}: choose one of "
            f"{', '.join(one.key for one in METRICS)}."
        )
    class_prior.entry(train.counts(), recipe.prior if prior is None else prior, train.classes)
    least, present = recipe.min_images_per_class, train.counts()[train.counts() > 0]
    # the rarest class keeps so many images in every fold's training images, when folds are even
    if (
        2 <= folds <= len(train)
        and len(present)
        and present.min() - -(-present.min() // folds) < least
    ):
        raise TrainingError(
            f"{recipe.name} needs at least {least} training images of every class, and with "
            f"{folds} folds one class has {present.min() - -(-present.min() // folds)}: choose "
            "more images."
        )


def _distinct(settings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each once: whole numbers are drawn again sometimes."""
    return list({tuple(sorted(one.items())): one for one in settings}.values())


def _checked_sizes(sizes: Sequence[int], dealt: Folds) -> tuple[int | None, ...]:
    if not sizes:
        return (None,)
    most = dealt.train_images()
    for size in sizes:
        if not 1 <= size <= most:
            raise TrainingError(
                f"A fit on {size:,} images isn't possible here: {dealt.folds} folds of "
                f"{dealt.images:,} images leave {most:,} to learn from; choose 1 to {most:,}."
            )
    return tuple(sorted(set(map(int, sizes))))


def _fewest(recipe: Recipe, train: Part) -> int:
    """Training images of a round at least: two of each class, or what the recipe needs."""
    counts = train.counts()
    counts = counts[counts > 0]
    each = max(2, recipe.min_images_per_class)
    return int(np.ceil(each * counts.sum() / counts.min()))


def _duration(seconds: float) -> str:
    """A time to wait, roughly."""
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{max(seconds, 1):.0f} s"
