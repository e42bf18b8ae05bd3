"""Characters that were told apart in a word or on a page, and what a run reads in them."""

from dataclasses import dataclass

import numpy as np

from ..metrics.ranking import top_labels


@dataclass(frozen=True, eq=False, kw_only=True)
class Character:
    """One of several characters.

    Attributes
    ----------
    box : tuple of float
        Left, top, right, bottom.
    variations : ndarray of shape (V, 28, 28), dtype uint8
        Its image, and that made wider; see `emnist_lab.handwriting.ink.Raster`.
    space : bool
        Whether a word begins with it, inside a line.
    joined : bool
        Whether it may be several characters.
    """

    box: tuple[float, float, float, float]
    variations: np.ndarray
    space: bool = False
    joined: bool = False

    @property
    def image(self) -> np.ndarray:
        """As EMNIST has it: ndarray of shape (28, 28), dtype uint8."""
        return self.variations[0]


@dataclass(frozen=True, eq=False, kw_only=True)
class CharacterPredictions:
    """What a run reads in several characters.

    Attributes
    ----------
    classes : list of str
        One character each.
    probabilities : ndarray of shape (N, C), dtype float64
        In reading order.
    """

    classes: list[str]
    probabilities: np.ndarray

    def likeliest(self) -> list[int]:
        """The index of the likeliest class of each character.

        Returns
        -------
        list of int
        """
        return self.probabilities.argmax(axis=1).tolist()

    def best(self, index: int, count: int = 5) -> list[tuple[str, float]]:
        """The likeliest classes of a character, with their probabilities.

        Parameters
        ----------
        index : int
            In reading order.
        count : int

        Returns
        -------
        list of (str, float)

        Examples
        --------
        >>> found = CharacterPredictions(
        ...     classes=list("AB"), probabilities=np.array([[0.25, 0.75], [0.5, 0.5]])
        ... )
        >>> found.best(0)
        [('B', 0.75), ('A', 0.25)]
        """
        return top_labels(self.classes, self.probabilities[index], count)
