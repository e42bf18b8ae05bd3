"""Areas under ROC curves of many classes: every pair, every class, every average."""

import functools
from dataclasses import dataclass

import numpy as np
from scipy import sparse

AVERAGES = {
    "ovo_macro": "One-vs-one, macro",
    "ovo_weighted": "One-vs-one, weighted",
    "ovr_macro": "One-vs-rest, macro",
    "ovr_weighted": "One-vs-rest, weighted",
    "ovr_micro": "One-vs-rest, micro",
}  # name -> what people read


def mann_whitney_sums(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Mann-Whitney sums of all ordered pairs of classes.

    One sort of a class's own scores serves all pairs that it is in, where the
    textbook way sorts twice for each of the C (C - 1) / 2 pairs.

    Parameters
    ----------
    labels : ndarray of shape (N,), dtype int64
        In 0..C-1.
    scores : ndarray of shape (N, C), dtype float64

    Returns
    -------
    ndarray of shape (C, C), dtype float64
        Row a, column b: how many pairs of an image of a and one of b there are
        in which that of a has the higher score for a; ties count one half.

    Examples
    --------
    >>> labels, scores = np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]])
    >>> float(mann_whitney_sums(labels, scores)[0, 1])
    1.0
    """
    classes = scores.shape[1]
    sums = np.zeros((classes, classes))
    for a in range(classes):
        own, below, above = rank_positions(labels, scores, a)
        if len(own):
            beaten_by = len(own) - 0.5 * (below + above)
            sums[a] = np.bincount(labels, weights=beaten_by, minlength=classes)
    return sums


def rank_positions(labels: np.ndarray, scores: np.ndarray, a: int) -> tuple[np.ndarray, ...]:
    """Where every image's score for a class falls among those of the class's own images.

    Parameters
    ----------
    labels, scores
        As for `mann_whitney_sums`.
    a : int
        The class.

    Returns
    -------
    own : ndarray of int64
        Indices of the class's images, lowest score first.
    below, above : ndarray of shape (N,), dtype int64
        How many of these score lower, and how many no higher, than each image.

    Examples
    --------
    >>> labels, scores = np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]])
    >>> own, below, above = rank_positions(labels, scores, 0)
    >>> own.tolist(), below.tolist(), above.tolist()
    ([1, 0], [1, 0, 1], [2, 1, 1])
    """
    column = np.ascontiguousarray(scores[:, a])
    own = np.flatnonzero(labels == a)
    own = own[np.argsort(column[own], kind="stable")]
    values, counts = np.unique(column[own], return_counts=True)
    if not len(own):
        return own, np.zeros(len(column), np.int64), np.zeros(len(column), np.int64)
    place = np.searchsorted(values, column)
    below = np.concatenate(([0], np.cumsum(counts)))[place]
    # One search serves for both: no higher are those below, and the equals where there are any.
    nearest = np.minimum(place, len(values) - 1)
    return own, below, below + np.where(values[nearest] == column, counts[nearest], 0)


@dataclass(frozen=True, eq=False)
class RocAuc:
    """Every area under a ROC curve that labels and scores have.

    All are equal to what `sklearn.metrics.roc_auc_score` gives, ties included,
    for the classes that occur; they are NaN where fewer than two do.

    Attributes
    ----------
    labels : ndarray of shape (N,), dtype int64
    scores : ndarray of shape (N, C), dtype float64

    Examples
    --------
    >>> labels, scores = np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]])
    >>> RocAuc(labels, scores).ovo_macro
    0.5
    """

    labels: np.ndarray
    scores: np.ndarray

    @functools.cached_property
    def counts(self) -> np.ndarray:
        """Images of each class: ndarray of shape (C,), dtype float64."""
        return np.bincount(self.labels, minlength=self.scores.shape[1]).astype(np.float64)

    @property
    def balanced(self) -> bool:
        """Whether all classes that occur have equally many images, and there are two at least.

        Then the macro averages are one number, weighted or not. A class's area against the rest
        is the mean of its areas against the other classes, each counted by its images; with equal
        counts, the mean over classes is the mean over all ordered pairs, which one-vs-one is.
        """
        present = self.counts[self.counts > 0]
        return len(present) > 1 and bool((present == present[0]).all())

    @functools.cached_property
    def _sums(self) -> np.ndarray:
        return mann_whitney_sums(self.labels, self.scores)

    @functools.cached_property
    def pairwise(self) -> np.ndarray:
        """How well each pair is told apart: (C, C) float64, symmetric (Hand and Till 2001).

        The mean of the pair's two areas, one on each class's score. NaN on the
        diagonal and for classes that never occur.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            directed = self._sums / np.outer(self.counts, self.counts)
        both = (directed + directed.T) / 2
        np.fill_diagonal(both, np.nan)
        return both

    @functools.cached_property
    def each(self) -> np.ndarray:
        """Each class against all others together: (C,) float64, NaN where undefined."""
        wins = self._sums.sum(axis=1) - np.diag(self._sums)
        with np.errstate(invalid="ignore", divide="ignore"):
            return wins / (self.counts * (len(self.labels) - self.counts))

    def _pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Areas of the pairs that occur, and how many images each pair has."""
        present = np.flatnonzero(self.counts)
        first, second = (present[side] for side in np.triu_indices(len(present), 1))
        return self.pairwise[first, second], self.counts[first] + self.counts[second]

    @property
    def ovo_macro(self) -> float:
        """One-vs-one: the mean over pairs."""
        areas, _ = self._pairs()
        return float(areas.mean()) if len(areas) else float("nan")

    @property
    def ovo_weighted(self) -> float:
        """One-vs-one, pairs weighted by how many images they have."""
        areas, weights = self._pairs()
        return float(np.average(areas, weights=weights)) if len(areas) else float("nan")

    @property
    def ovr_macro(self) -> float:
        """One-vs-rest: the mean over classes."""
        known = np.isfinite(self.each)
        return float(self.each[known].mean()) if known.any() else float("nan")

    @property
    def ovr_weighted(self) -> float:
        """One-vs-rest, classes weighted by how many images they have."""
        known = np.isfinite(self.each)
        if not known.any():
            return float("nan")
        return float(np.average(self.each[known], weights=self.counts[known]))

    @functools.cached_property
    def ovr_micro(self) -> float:
        """One-vs-rest over all N·C decisions at once: one threshold for all classes.

        Columns of classes that never occur hold decisions too.
        """
        rows, classes = self.scores.shape
        if classes < 2:
            return float("nan")
        own = np.zeros(self.scores.shape, bool)
        own[np.arange(rows), self.labels] = True
        right, others = self.scores[own], np.sort(self.scores[~own])
        beats = np.searchsorted(others, right, "left").sum(dtype=np.float64)
        beats += np.searchsorted(others, right, "right").sum(dtype=np.float64)
        return float(0.5 * beats / (len(right) * len(others)))

    def weighted_macros(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Both macro averages with images weighted, as for a bootstrap.

        Parameters
        ----------
        weights : ndarray of shape (R, N), dtype float64
            Each row sums to every class's number of images within that class.

        Returns
        -------
        ovo, ovr : ndarray of shape (R,), dtype float64
            NaN where fewer than two classes occur.
        """
        labels, scores, counts, total = self.labels, self.scores, self.counts, len(self.labels)
        present = np.flatnonzero(counts)
        ovo, ovr = np.zeros(len(weights)), np.zeros(len(weights))
        if len(present) < 2:
            return ovo * np.nan, ovr * np.nan
        drawn = np.ascontiguousarray(weights.T)
        for a in present:
            own, below, above = rank_positions(labels, scores, a)
            rest = np.flatnonzero(labels != a)
            # Weight of own images above each place between them, and of others in that place.
            above_it = np.full((len(own) + 1, len(weights)), counts[a], np.float64)
            above_it[1:] -= np.cumsum(drawn[own], axis=0)
            places = np.concatenate((below[rest], above[rest])), np.concatenate((rest, rest))
            shape = (len(own) + 1, total)
            # An image's share in the mean over pairs; in the mean over classes it is its weight.
            for areas, share in ((ovo, 1 / counts[labels[rest]]), (ovr, 1 / (total - counts[a]))):
                halves = np.tile(np.broadcast_to(share / 2, len(rest)), 2)
                others = sparse.csr_array((halves, places), shape) @ drawn
                areas += np.einsum("kr,kr->r", above_it, others) / counts[a]
        return ovo / (len(present) * (len(present) - 1)), ovr / len(present)

    def table(self) -> dict[str, float]:
        """All averages by name."""
        return {name: getattr(self, name) for name in AVERAGES}
