"""The hyperparameters that a sweep tries: values and ranges, checked before anything is fitted."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import ParameterGrid, ParameterSampler

from ...errors import TrainingError
from ...models.hyperparameters import Hyperparameter, as_text
from ...models.recipe import Recipe

MOST_CANDIDATES = 20_000
_DIGITS = 4  # significant ones of a number that is drawn: what is drawn can be typed again
_RANGE = re.compile(r"\s*([^:\s]+)\s*:\s*([^:\s]+)\s*(:\s*log\s*)?")


@dataclass(frozen=True)
class Range:
    """A range that values are drawn from; a distribution for scikit-learn's random searches.

    Attributes
    ----------
    low, high : float
        Both ends can be drawn.
    log : bool
        Whether the logarithm is uniform, in place of the value.
    whole : bool
        Whether whole numbers are drawn.

    Examples
    --------
    >>> Range(0.01, 100, log=True).rvs(random_state=np.random.RandomState(0))
    1.568
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def rvs(self, size: int | None = None, random_state: Any = None) -> float | int | list:
        """Draw a value, rounded to four significant digits, or `size` of them.

        Parameters
        ----------
        size : int, optional
        random_state : numpy.random.RandomState or None

        Returns
        -------
        int, float, or list of them
        """
        random = np.random.RandomState() if random_state is None else random_state
        if size is not None:
            return [self.rvs(random_state=random) for _ in range(size)]
        half = 0.5 if self.whole else 0.0  # so that both ends are as likely as what is between
        low, high = self.low - half, self.high + half
        if self.log:
            value = math.exp(random.uniform(math.log(low), math.log(high)))
        else:
            value = random.uniform(low, high)
        value = round(value) if self.whole else float(f"{value:.{_DIGITS}g}")
        value = min(max(value, self.low), self.high)
        return int(value) if self.whole else float(value)

    def __str__(self) -> str:
        return f"{self.low:g}:{self.high:g}{':log' if self.log else ''}"


Values = tuple  # of what `Hyperparameter.checked` gives
Space = dict[str, Values | Range]  # scikit-learn's name of a hyperparameter -> what to try


def checked_grid(recipe: Recipe, grid: Mapping[str, Any]) -> Space:
    """A grid by scikit-learn's names, each value as the recipe takes it.

    Parameters
    ----------
    recipe : Recipe
    grid : mapping
        Name of a hyperparameter -> values: a sequence, one value, or text with commas
        (semicolons, where a value has commas itself).

    Returns
    -------
    dict of str to tuple

    Raises
    ------
    TrainingError
        The recipe has no such hyperparameter, a value is out of range, there is none, or the grid
        has more than 20,000 points.

    Examples
    --------
    >>> from emnist_lab.models import get
    >>> checked_grid(get("pixels-logistic"), {"C": "0.1, 1", "max_iter": [50, 50]})
    {'classifier__C': (0.1, 1.0), 'classifier__max_iter': (50,)}
    """
    space: Space = {}
    for name, values in grid.items():
        one = recipe.hyperparameter(name)
        _add(space, one, _distinct(one, _values(values)))
    points = math.prod(len(values) for values in space.values())
    if points > MOST_CANDIDATES:
        raise TrainingError(
            f"A grid of {points:,} points is more than a sweep takes ({MOST_CANDIDATES:,}): give "
            "fewer values, or draw points at random from ranges."
        )
    return space


def checked_ranges(recipe: Recipe, ranges: Mapping[str, Any]) -> Space:
    """What points are drawn from, by scikit-learn's names.

    Parameters
    ----------
    recipe : Recipe
    ranges : mapping
        Name of a hyperparameter -> a `Range`, text as in ``"0.01:100:log"``, or values as in a
        grid.

    Returns
    -------
    dict of str to Range or tuple

    Raises
    ------
    TrainingError
        See `checked_grid`; or a range has no beginning below its end, or isn't of numbers.

    Examples
    --------
    >>> from emnist_lab.models import get
    >>> str(checked_ranges(get("pixels-logistic"), {"C": "0.01:100:log"})["classifier__C"])
    '0.01:100:log'
    """
    space: Space = {}
    for name, given in ranges.items():
        one = recipe.hyperparameter(name)
        if isinstance(given, str) and ":" in given:
            given = _range(one, given)
        if isinstance(given, Range):
            _add(space, one, _checked_range(one, given))
        else:
            _add(space, one, _distinct(one, _values(given)))
    return space


def _add(space: Space, one: Hyperparameter, values: Values | Range) -> None:
    if one.name in space:
        raise TrainingError(f"{one.label} is given twice: give all its values at once.")
    space[one.name] = values


def _values(given: Any) -> list:
    if isinstance(given, str):
        return [part.strip() for part in re.split(";" if ";" in given else ",", given)]
    return list(given) if isinstance(given, Iterable) else [given]


def _distinct(one: Hyperparameter, values: Sequence) -> Values:
    found = []
    for value in values:
        if (checked := one.checked(value)) not in found:
            found.append(checked)
    if not found:
        raise TrainingError(f"{one.label} has no values: give it {one.wanted}.")
    return tuple(found)


def _range(one: Hyperparameter, text: str) -> Range:
    found = _RANGE.fullmatch(text)
    try:
        low, high = float(found[1]), float(found[2])
    except (TypeError, ValueError):
        raise TrainingError(
            f"{text[:60]!r} is no range for {one.label}: write LOW:HIGH or LOW:HIGH:log, as in "
            "0.01:100:log."
        ) from None
    return Range(low, high, bool(found[3]))


def _checked_range(one: Hyperparameter, given: Range) -> Range:
    if one.kind not in ("number", "whole"):
        raise TrainingError(
            f"{one.label} can't be drawn from a range: give it values, {one.wanted}."
        )
    low, high = one.checked(given.low), one.checked(given.high)
    if not low < high < math.inf:
        raise TrainingError(
            f"The range {given} for {one.label} has nothing between its ends: give the lower one "
            "first, as in 0.01:100:log."
        )
    if given.log and low <= 0:
        raise TrainingError(
            f"The range {given} for {one.label} has no logarithm: begin it above 0, or leave :log "
            "out."
        )
    return Range(low, high, given.log, one.kind == "whole")


def ends(values: Values | Range) -> Values:
    """The first and the last of values or of a range; one where there is no other."""
    if isinstance(values, Range):
        return (values.low, values.high)
    return (values[0], values[-1]) if len(values) > 1 else values


def grid_points(space: Space) -> list[dict[str, Any]]:
    """All points of a grid, in scikit-learn's order.

    Parameters
    ----------
    space : dict

    Returns
    -------
    list of dict

    Examples
    --------
    >>> grid_points({"classifier__C": (0.1, 1.0)})
    [{'classifier__C': 0.1}, {'classifier__C': 1.0}]
    """
    return list(ParameterGrid({name: list(values) for name, values in space.items()}))


def distributions(space: Space) -> dict[str, Any]:
    """A space as scikit-learn's random searches take it."""
    return {
        name: values if isinstance(values, Range) else list(values)
        for name, values in space.items()
    }


def count_of_points(space: Space, points: int) -> int:
    """How many points can be drawn: no more than there are, where all values are listed."""
    if points < 1:
        raise TrainingError(f"{points} points can't be drawn: ask for 1 or more.")
    if points > MOST_CANDIDATES:
        raise TrainingError(
            f"{points:,} points are more than a sweep takes: draw {MOST_CANDIDATES:,} or fewer."
        )
    if any(isinstance(values, Range) for values in space.values()):
        return points
    return min(points, math.prod(len(values) for values in space.values()))


def random_points(space: Space, points: int, seed: int) -> list[dict[str, Any]]:
    """The points that scikit-learn's random searches draw with this seed.

    Parameters
    ----------
    space : dict
    points : int
        See `count_of_points`.
    seed : int

    Returns
    -------
    list of dict
    """
    return list(ParameterSampler(distributions(space), points, random_state=seed))


def describe(values: tuple | Range) -> str:
    """What is tried of a hyperparameter, for people and for the command line.

    Parameters
    ----------
    values : tuple or Range

    Returns
    -------
    str

    Examples
    --------
    >>> describe((0.1, 1.0)), describe(((128,), (256, 64))), describe(Range(0.1, 1))
    ('0.1,1', '128;256, 64', '0.1:1')
    """
    if isinstance(values, Range):
        return str(values)
    texts = [as_text(one) for one in values]
    return (";" if any("," in one for one in texts) else ",").join(texts)
