"""What a run's probabilities come down to: one class, either of some that look alike, or unsure."""

from dataclasses import dataclass

import numpy as np

from .explain import likeliest

# No one can tell the members of a group apart without their neighbours. To be replaced by
# `drawings.LOOK_ALIKES` as soon as that is there: nothing else here depends on it.
LOOK_ALIKES = (frozenset("0O"), frozenset("1IL"), frozenset("9gq"), frozenset("Ff"))
SURE = 0.5  # below it, the answer is more likely wrong than right by the run's own probabilities
_SHARE = 0.1  # of the likeliest's chance, from which on a look-alike is named with it


@dataclass(frozen=True)
class Answer:
    """What a run says of one image.

    Attributes
    ----------
    members : tuple of int
        Classes it comes down to, likeliest first: one, or some that look alike.
    chance : float
        That it is one of these.
    runner_up : int or None
        The likeliest class that isn't among them, nor looks like them.
    """

    members: tuple[int, ...]
    chance: float
    runner_up: int | None

    @property
    def sure(self) -> bool:
        """Whether the answer is at least as likely right as wrong."""
        return self.chance >= SURE


def answer(chances: np.ndarray, classes: list[str]) -> Answer:
    """Say what probabilities come down to.

    Parameters
    ----------
    chances : ndarray of shape (C,)
        Of one image; they sum to 1.
    classes : list of str
        One character a class.

    Returns
    -------
    Answer
    """
    ranked = likeliest(chances, len(classes))
    first = ranked[0]
    alike = next((group for group in LOOK_ALIKES if classes[first] in group), {classes[first]})
    members = tuple(
        index
        for index in ranked
        if classes[index] in alike and chances[index] >= _SHARE * chances[first]
    )
    others = (index for index in ranked if classes[index] not in alike)
    return Answer(members, float(sum(chances[index] for index in members)), next(others, None))
