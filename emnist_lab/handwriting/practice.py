"""Practice: a run asks for every character once, a person draws it, and both are looked at.

What a person's drawings are predicted as, beside what the run gets wrong on EMNIST,
tells whose the error is: the hand's, or the run's.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..data.classes import display_names
from ..errors import HandwritingError
from ..metrics.report import Report
from .drawing_store import Drawing, as_predictions
from .drawing_store.drawing import Strokes

_RECENT = 20  # drawings that a point of the curve counts


@dataclass(frozen=True, eq=False)
class Attempt:
    """One character that was asked for and drawn.

    Attributes
    ----------
    asked : int
        Index of its class.
    strokes : tuple of tuples of (x, y)
    pen_width : float
    image : ndarray of shape (28, 28), dtype uint8
    probabilities : ndarray of shape (C,), dtype float64
        What the run said.
    adapted : ndarray of shape (C,), dtype float64, or None
        What it said with the person's earlier drawings; None where it didn't learn the hand.
    """

    asked: int
    strokes: Strokes
    pen_width: float
    image: np.ndarray
    probabilities: np.ndarray
    adapted: np.ndarray | None = None

    @property
    def best(self) -> np.ndarray:
        """`adapted` where there is one, else `probabilities`."""
        return self.probabilities if self.adapted is None else self.adapted

    @property
    def read(self) -> int:
        """Index of the likeliest class."""
        return int(self.best.argmax())

    @property
    def right(self) -> bool:
        """Whether it was predicted as what was asked for."""
        return self.read == self.asked


@dataclass(frozen=True, eq=False)
class Practice:
    """How far somebody is; every step gives a new one.

    Attributes
    ----------
    run : str
        Name of the run that reads.
    classes : tuple of str
        The run's.
    order : tuple of int
        Classes in the order in which they are asked for, each once; without those that were
        skipped.
    attempts : tuple of Attempt
    skipped : int
        How many were skipped.
    ended : bool
        Whether it was ended, early or not.
    shown : tuple of str
        Names of the classes for people, where they aren't the usual ones.
    """

    run: str
    classes: tuple[str, ...]
    order: tuple[int, ...]
    attempts: tuple[Attempt, ...] = ()
    skipped: int = 0
    ended: bool = False
    shown: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Names of the classes for people."""
        return list(self.shown) or display_names(list(self.classes))

    @property
    def place(self) -> int:
        """How many characters were drawn or skipped."""
        return len(self.attempts) + self.skipped

    @property
    def asked(self) -> int | None:
        """Index of the class that is asked for now; None at the end."""
        done = self.ended or len(self.attempts) >= len(self.order)
        return None if done else self.order[len(self.attempts)]

    @property
    def right(self) -> int:
        """How many drawings were predicted as what was asked for."""
        return sum(one.right for one in self.attempts)

    def answer(
        self,
        strokes: Sequence,
        image: np.ndarray,
        probabilities: np.ndarray,
        pen_width: float = 20,
        adapted: np.ndarray | None = None,
    ) -> "Practice":
        """Take what was drawn for the character that is asked for.

        Parameters
        ----------
        strokes : sequence of sequences of (x, y)
        image : ndarray of shape (28, 28), dtype uint8
        probabilities : ndarray of shape (C,), dtype float64
        pen_width : float
        adapted : ndarray of shape (C,), dtype float64, optional
            See `Attempt`.

        Returns
        -------
        Practice
            At the next character; `self` where none is asked for.
        """
        if self.asked is None:
            return self
        plain = tuple(tuple((float(x), float(y)) for x, y in stroke) for stroke in strokes)
        said = np.asarray(probabilities, float)
        one = Attempt(self.asked, plain, pen_width, image, said, adapted)
        return replace(self, attempts=(*self.attempts, one))

    def skip(self) -> "Practice":
        """Go on to the next character without a drawing."""
        if self.asked is None:
            return self
        here = len(self.attempts)
        order = self.order[:here] + self.order[here + 1 :]
        return replace(self, order=order, skipped=self.skipped + 1)

    def back(self) -> "Practice":
        """Take the last drawing back, to draw that character once more."""
        return replace(self, attempts=self.attempts[:-1], ended=False)

    def end(self) -> "Practice":
        """End it early."""
        return replace(self, ended=True)

    def report(self) -> Report:
        """The run's answers to these drawings, as on a test part; adapted where it learned.

        Raises
        ------
        HandwritingError
            Nothing was drawn.
        """
        if not self.attempts:
            raise HandwritingError("Nothing was drawn: draw one character at least.")
        labels = np.array([one.asked for one in self.attempts], np.int64)
        return Report(labels, np.stack([one.best for one in self.attempts]), list(self.classes))

    def drawings(self) -> list[Drawing]:
        """The drawings with the characters that were asked for, to be kept."""
        return [
            Drawing(
                self.classes[one.asked],
                one.image,
                one.strokes,
                one.pen_width,
                {self.run: as_predictions(self.classes, one.probabilities)},
            )
            for one in self.attempts
        ]


def begin(run: str, classes: Sequence[str], seed: int = 25, names: Sequence[str] = ()) -> Practice:
    """Ask for every class once, in an order that the seed makes.

    Parameters
    ----------
    run : str
        Name of the run that reads.
    classes : sequence of str
    seed : int
    names : sequence of str
        Of the classes for people, where they aren't the usual ones.

    Returns
    -------
    Practice

    Examples
    --------
    >>> now = begin("my-run", "AB7")
    >>> len(now.order), now.place, now.skip().skipped
    (3, 0, 1)
    """
    order = np.random.default_rng(seed).permutation(len(classes))
    return Practice(run, tuple(classes), tuple(order.tolist()), shown=tuple(names))


def learning_progress(rounds: Sequence[Practice]) -> pd.DataFrame:
    """Share of drawings that are correct so far, without and with the person's earlier drawings.

    Each drawing is predicted before it is learned from, so both are measurements (prequential
    evaluation, Dawid 1984, doi:10.2307/2981683).

    Parameters
    ----------
    rounds : sequence of Practice
        In the order in which they were drawn.

    Returns
    -------
    DataFrame
        A row a drawing, from 1; columns ``without`` and ``with your hand``: shares of the last 20.

    Examples
    --------
    >>> zero = np.zeros((28, 28), np.uint8)
    >>> now = begin("my-run", "AB").answer([], zero, np.eye(2)[0], 20, np.eye(2)[1])
    >>> learning_progress([now]).sum(axis=1).tolist()
    [1.0]
    """
    every = [one for practice in rounds for one in practice.attempts]
    right = pd.DataFrame(
        {
            "without": [one.probabilities.argmax() == one.asked for one in every],
            "with your hand": [one.best.argmax() == one.asked for one in every],
        },
        index=pd.RangeIndex(1, len(every) + 1, name="drawings"),
        dtype=float,
    )
    return right.rolling(_RECENT, min_periods=1).mean()


def reference_accuracy(own: Report, known: Report) -> float:
    """How accurate the run would be on these characters, if they were EMNIST's.

    Parameters
    ----------
    own : Report
        On a person's drawings.
    known : Report
        On the run's test part; of the same classes.

    Returns
    -------
    float
        Mean of the classes' recalls there, each as often as it was drawn; NaN
        where the test part has images of none.
    """
    counts = np.bincount(own.labels, minlength=len(own.classes))
    recall = known.per_class["recall"].to_numpy()
    usable = (counts > 0) & ~np.isnan(recall)
    return float(np.average(recall[usable], weights=counts[usable])) if usable.any() else np.nan


def confusions_vs_reference(
    own: Report, known: Report | None, names: Sequence[str] | None = None
) -> pd.DataFrame:
    """What a person writes that is misclassified, beside what happens to EMNIST's images.

    Parameters
    ----------
    own : Report
        On a person's drawings.
    known : Report or None
        On the run's test part; of the same classes.
    names : sequence of str, optional
        Of the classes for people, where they aren't the usual ones: of capitals alone, say.

    Returns
    -------
    DataFrame
        A row for each confusion: ``true`` and ``read`` (indices), ``asked`` and
        ``read_as`` (names), ``times`` and ``of`` (drawings), ``emnist_same``
        (share of EMNIST's images of that character predicted as the same wrong one),
        ``emnist_wrong`` (share misclassified), ``emnist_as`` (what they
        are predicted as most; empty for none). Shares are NaN without `known`.
        Those come first that EMNIST's images suffer least.
    """
    true, read = np.nonzero(own.confusion * ~np.eye(len(own.classes), dtype=bool))
    size, names = len(own.classes), names or own.names
    shares, most = np.full((size, size), np.nan), [""] * size
    if known is not None:
        counts = known.confusion.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = known.confusion / counts[:, None]
        wrong = known.confusion * ~np.eye(size, dtype=bool)
        most = [names[row.argmax()] if row.any() else "" for row in wrong]
    frame = pd.DataFrame(
        {
            "true": true,
            "read": read,
            "asked": [names[index] for index in true],
            "read_as": [names[index] for index in read],
            "times": own.confusion[true, read],
            "of": own.confusion.sum(axis=1)[true],
            "emnist_same": shares[true, read],
            "emnist_wrong": 1 - shares[true, true],
            "emnist_as": [most[index] for index in true],
        }
    )
    return frame.sort_values(["emnist_same", "true"], kind="stable").reset_index(drop=True)
