"""Hyperparameters that can be changed: scikit-learn's names, checked before anything is fitted."""

import math
import re
from dataclasses import dataclass
from typing import Any

from ..errors import TrainingError


@dataclass(frozen=True)
class Hyperparameter:
    """A hyperparameter of a recipe that people may change.

    Attributes
    ----------
    name : str
        As in ``pipeline.set_params``: ``"classifier__C"``.
    help : str
        What it does, for people.
    kind : {"number", "whole", "choice", "layers"}
        ``"layers"`` is one or more whole numbers.
    low, high : float
        Range of numbers, both ends allowed.
    choices : tuple
        Of a choice.
    """

    name: str
    help: str
    kind: str = "number"
    low: float = 0.0
    high: float = math.inf
    choices: tuple = ()

    @property
    def label(self) -> str:
        """scikit-learn's own name of it: ``"C"``."""
        return self.name.rpartition("__")[2]

    def checked(self, value: Any) -> Any:
        """`value` as scikit-learn takes it.

        Parameters
        ----------
        value : object
            A number, a text as on a command line, or a list from JSON.

        Returns
        -------
        int, float, str, None or tuple

        Raises
        ------
        TrainingError
            It isn't one of this kind, or out of range.

        Examples
        --------
        >>> Hyperparameter("classifier__max_iter", "Iterations.", "whole", 1, 2000).checked("20")
        20
        >>> Hyperparameter("hog__cell", "Cells.", "choice", choices=(4, (4, 7))).checked("4, 7")
        (4, 7)
        """
        try:
            found = getattr(self, f"_{self.kind}")(value)
        except (TypeError, ValueError, OverflowError):
            found = None
        if found is None:
            shown = str(value)[:60]
            raise TrainingError(f"{self.label} can't be {shown!r}: give it {self.wanted}.")
        return found

    @property
    def wanted(self) -> str:
        """What it takes, to end "give it …"."""
        if self.kind == "choice":
            return "one of " + ", ".join(as_text(one) for one in self.choices)
        between = f"{self.low:g} to {self.high:g}" if self.high < math.inf else f"{self.low:g} up"
        if self.kind == "layers":
            return f"one to three whole numbers from {between}, with commas between them"
        return f"a {'whole ' if self.kind == 'whole' else ''}number from {between}"

    def _number(self, value) -> float | None:
        if isinstance(value, bool):
            return None
        found = float(value)
        return found if self.low <= found <= self.high else None

    def _whole(self, value) -> int | None:
        found = self._number(value)
        return int(found) if found is not None and found == int(found) else None

    def _choice(self, value):
        for one in self.choices:
            if as_text(one) == as_text(value):
                return one
        return None

    def _layers(self, value) -> tuple[int, ...] | None:
        if isinstance(value, str):
            value = [one for one in re.split(r"[\s,()\[\]]+", value) if one]
        elif not isinstance(value, (list, tuple)):
            value = [value]
        found = [self._whole(one) for one in value]
        return None if None in found or not 1 <= len(found) <= 3 else tuple(found)


def as_text(value: Any) -> str:
    """A hyperparameter as people write it: ``(4, 7)`` is "4, 7".

    Parameters
    ----------
    value : object

    Returns
    -------
    str

    Examples
    --------
    >>> as_text((4, 7)), as_text(0.5)
    ('4, 7', '0.5')
    """
    if isinstance(value, (list, tuple)):
        return ", ".join(as_text(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
