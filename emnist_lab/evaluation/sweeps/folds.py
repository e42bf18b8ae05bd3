"""The folds that all candidates of a sweep share: stratified by class, whole writers together."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from ...data.part import Part
from ...errors import TrainingError

MOST_FOLDS = 50
MOST_REPEATS = 100


@dataclass(frozen=True, eq=False)
class Folds:
    """Which images each split of a repeated k-fold cross-validation measures on.

    Rows stand for images, once for each repeat: row ``repeat * N + image``. Splits have numbers:
    ``repeat * folds + fold``, where the fold is measured on. A search is given these numbers in
    place of images: its tasks are small then, and though it knows nothing of repeats, each of them
    is fitted with a seed of its own.

    Attributes
    ----------
    fold_of : ndarray of shape (R, N), dtype int16
        Fold of each image, from 0, in each repeat.
    folds : int
    by_writer : bool
        Whether a writer's images are in one fold.
    """

    fold_of: np.ndarray
    folds: int
    by_writer: bool

    @property
    def repeats(self) -> int:
        """How often the images are dealt anew."""
        return len(self.fold_of)

    @property
    def images(self) -> int:
        """How many images there are."""
        return self.fold_of.shape[1]

    def splits(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Training and test rows of every split, repeat by repeat.

        Yields
        ------
        train, test : ndarray of int32
        """
        for repeat, fold_of in enumerate(self.fold_of):
            first = repeat * self.images
            for fold in range(self.folds):
                test = fold_of == fold
                yield (
                    (np.flatnonzero(~test) + first).astype(np.int32),
                    (np.flatnonzero(test) + first).astype(np.int32),
                )

    def numbers(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Numbers of the splits, as a cross-validation of scikit-learn's has samples.

        Returns
        -------
        list of (ndarray of int, ndarray of int)
            Of each split those of the folds that are learned from, (folds - 1,), and its own, (1,).

        Examples
        --------
        >>> made = Folds(np.zeros((2, 9), np.int16), 2, False)
        >>> [(learned.tolist(), measured.tolist()) for learned, measured in made.numbers()]
        [([1], [0]), ([0], [1]), ([3], [2]), ([2], [3])]
        """
        whole = np.arange(self.repeats * self.folds).reshape(self.repeats, self.folds)
        return [(one[one != number], np.array([number])) for one in whole for number in one]

    def train_images(self) -> int:
        """Training images of the smallest split."""
        sizes = [np.bincount(one, minlength=self.folds).max() for one in self.fold_of]
        return self.images - int(max(sizes))


def make(part: Part, folds: int = 3, repeats: int = 1, seed: int = 25, by: str = "") -> Folds:
    """Deal images into folds, of which each is measured on once a repeat.

    Parameters
    ----------
    part : Part
    folds : int
    repeats : int
        How often, each time with another seed: `seed`, ``seed + 1``, ...
    seed : int
    by : {"", "class", "writer"}
        Whether whole writers stay together; where it is empty, they do where the part knows them.
        Images of which it doesn't are dealt one by one.

    Returns
    -------
    Folds
        By `sklearn.model_selection.StratifiedKFold` or ``StratifiedGroupKFold``.

    Raises
    ------
    TrainingError
        There are too few images of a class or too few writers, or a fold would lack a class.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> train = lab.load("balanced", "train", root="demo").choose("0123456789").sample(100)
    >>> [len(test) for _, test in make(train, folds=4).splits()]
    [25, 25, 25, 25]
    """
    _check_numbers(folds, repeats, by)
    if by == "writer" and part.writers is None:
        raise TrainingError("These images don't say who wrote them: deal them by class.")
    by_writer = part.writers is not None and by != "class"
    counts = part.counts()
    present = np.flatnonzero(counts)
    if len(present) < 2:
        raise TrainingError("A classifier needs images of at least two classes: choose more.")
    rarest = present[counts[present].argmin()]
    if counts[rarest] < folds:
        raise TrainingError(
            f"{part.classes[rarest]} has {counts[rarest]} images, fewer than {folds} folds need: "
            f"choose fewer folds, or more images."
        )
    if by_writer and (part.writers >= 0).all() and len(np.unique(part.writers)) < folds:
        raise TrainingError(
            f"The images are of {len(np.unique(part.writers))} writers, fewer than {folds} folds "
            "need: choose fewer folds, or deal them by class."
        )
    known = part.writers >= 0 if by_writer else np.zeros(len(part), bool)
    fold_of = np.empty((repeats, len(part)), np.int16)
    for repeat in range(repeats):
        for rows, writers in ((~known, None), (known, part.writers)):
            fold_of[repeat, rows] = _dealt(
                part.labels[rows], None if writers is None else writers[rows], folds, seed + repeat
            )
    made = Folds(fold_of, folds, by_writer)
    _check_classes(made, part, present)
    return made


def _dealt(labels: np.ndarray, writers: np.ndarray | None, folds: int, seed: int) -> np.ndarray:
    """Fold of each image, (N,) int16; those of a writer have the same."""
    fold_of = np.empty(len(labels), np.int16)
    groups = (
        np.arange(len(labels)) if writers is None else np.unique(writers, return_inverse=True)[1]
    )
    if not len(labels):
        return fold_of
    few = np.bincount(labels).max() if writers is None else groups.max() + 1
    if few < folds:  # some images of no writer beside others, or a few people's drawings
        return (np.random.default_rng(seed).permutation(groups.max() + 1) % folds)[groups]
    kind = StratifiedKFold if writers is None else StratifiedGroupKFold
    splitter = kind(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it warns of is refused here, in one sentence
        for fold, (_, test) in enumerate(splitter.split(labels, labels, writers)):
            fold_of[test] = fold
    return fold_of


def _check_numbers(folds: int, repeats: int, by: str) -> None:
    if not 2 <= folds <= MOST_FOLDS:
        raise TrainingError(
            f"Cross-validation with {folds} folds isn't possible: choose 2 to {MOST_FOLDS}."
        )
    if not 1 <= repeats <= MOST_REPEATS:
        raise TrainingError(
            f"Cross-validation can't be repeated {repeats} times: choose 1 to {MOST_REPEATS}."
        )
    if by not in ("", "class", "writer"):
        raise TrainingError(f"Folds can't be dealt by {by[:40]!r}: choose class or writer.")


def _check_classes(made: Folds, part: Part, present: np.ndarray) -> None:
    """Refuse folds of which one has no image of a class, to learn from or to measure on."""
    for fold_of in made.fold_of:
        for fold in range(made.folds):
            test = fold_of == fold
            for rows, what in ((test, "measure on"), (~test, "learn from")):
                here = np.bincount(part.labels[rows], minlength=len(part.classes))
                absent = [part.classes[one] for one in present if here[one] == 0]
                if absent:
                    raise TrainingError(
                        f"Fold {fold + 1} has no image of {absent[0]} to {what}: choose fewer "
                        "folds, more images"
                        + (", or deal them by class." if made.by_writer else ".")
                    )
