"""What the candidates of a sweep differ in: the axes of its charts."""

from dataclasses import dataclass
from typing import Any

from ...models.hyperparameters import as_text
from .results import Result, Sweep

_DECADES = 20.0  # largest value by smallest one from which an axis is logarithmic


@dataclass(frozen=True)
class Axis:
    """A hyperparameter that candidates differ in.

    Attributes
    ----------
    name, label : str
        scikit-learn's name of it, and that without its step.
    values : tuple
        That were tried, in order; texts where they aren't all numbers.
    """

    name: str
    label: str
    values: tuple

    @property
    def numeric(self) -> bool:
        """Whether all values are numbers."""
        return all(_is_number(one) for one in self.values)

    @property
    def log(self) -> bool:
        """Whether values lie so far apart that a chart needs a logarithmic axis.

        Examples
        --------
        >>> Axis("classifier__C", "C", (0.1, 1.0, 10.0)).log, Axis("n", "n", (1, 5, 9)).log
        (True, False)
        """
        return self.numeric and self.values[0] > 0 and self.values[-1] / self.values[0] >= _DECADES

    def value_of(self, result: Result) -> Any:
        """A candidate's value: a number, or a text where not all are numbers."""
        found = result.candidate.settings.get(self.name)
        return found if self.numeric else as_text(found)


def varied_axes(sweep: Sweep) -> list[Axis]:
    """Hyperparameters that candidates of a sweep differ in, in the order in which they were given.

    Parameters
    ----------
    sweep : Sweep

    Returns
    -------
    list of Axis
        Those with two values or more.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> train = lab.load("balanced", "train", root="demo").choose("0123456789").sample(200)
    >>> grid = {"n_neighbors": (5, 1), "weights": ("uniform",)}
    >>> [(one.label, one.values) for one in varied_axes(lab.sweep("pixels-neighbours", train,
    ...     grid=grid))]
    [('n_neighbors', (1, 5))]
    """
    found = []
    for name in sweep.axes:
        values = list(dict.fromkeys(one.candidate.settings.get(name) for one in sweep.results))
        if len(values) < 2:
            continue
        if all(map(_is_number, values)):
            values.sort()
        else:
            values = [as_text(one) for one in values]
        found.append(Axis(name, name.rpartition("__")[2], tuple(values)))
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
