"""What a run's probabilities come down to: one class, either of some that look alike, or unsure."""

from dataclasses import dataclass

import numpy as np

from ..metrics.ranking import top_classes
from .look_alikes import look_alike_groups

SURE = 0.5  # below it, the answer is more likely wrong than right by the run's own probabilities
_SHARE = 0.1  # of the likeliest's probability, from which on a look-alike is named with it


@dataclass(frozen=True)
class Decision:
    """What a run says of one image.

    Attributes
    ----------
    members : tuple of int
        Classes it comes down to, likeliest first: one, or some that look alike.
    probability : float
        That it is one of these.
    runner_up : int or None
        The likeliest class that isn't among them, nor looks like them.
    """

    members: tuple[int, ...]
    probability: float
    runner_up: int | None

    @property
    def sure(self) -> bool:
        """Whether the answer is at least as likely right as wrong."""
        return self.probability >= SURE


def decide(probabilities: np.ndarray, classes: list[str]) -> Decision:
    """Say what probabilities come down to.

    Parameters
    ----------
    probabilities : ndarray of shape (C,)
        Of one image; they sum to 1.
    classes : list of str
        One character a class.

    Returns
    -------
    Decision

    Examples
    --------
    >>> found = decide([0.5, 0.3, 0.2], ["0", "O", "A"])
    >>> found.members, round(found.probability, 2), found.runner_up
    ((0, 1), 0.8, 2)
    """
    probabilities, group = np.asarray(probabilities, np.float64), look_alike_groups(classes)
    sums = np.bincount(group, probabilities, len(group))[group]
    best = group[int(sums.argmax())]
    ranked = top_classes(probabilities, len(classes))
    alike = [index for index in ranked if group[index] == best]
    members = tuple(i for i in alike if probabilities[i] >= _SHARE * probabilities[alike[0]])
    others = (index for index in ranked if group[index] != best)
    return Decision(members, float(probabilities[list(members)].sum()), next(others, None))
