"""What labels and probabilities give together: headline numbers, confusion matrix, curves."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_curve

from ..data.classes import display_names
from . import definitions, label_shift
from .ranking import descending_order
from .roc import RocAuc
from .scores import checked


@dataclass(frozen=True, eq=False)
class PrecisionRecall:
    """Precision over recall of one class against the rest.

    Attributes
    ----------
    recall, precision : ndarray of shape (K,), dtype float64
        Points of the curve, recall rising; at most some hundred.
    average : float
        Average precision: exact, from all thresholds.
    """

    recall: np.ndarray
    precision: np.ndarray
    average: float


@dataclass(frozen=True, eq=False)
class Report:
    """How well scores fit labels.

    Attributes
    ----------
    labels : ndarray of shape (N,), dtype int64
    scores : ndarray of shape (N, C), dtype float64
        Probabilities; rows sum to 1.
    classes : list of str
        One character a class.

    Examples
    --------
    >>> report = Report([0, 1, 1], [[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]], ["A", "B"])
    >>> round(report.accuracy, 3), report.confusion.tolist()
    (0.667, [[1, 0], [1, 1]])
    """

    labels: np.ndarray
    scores: np.ndarray
    classes: list[str]

    def __post_init__(self):
        labels, scores = checked(self.labels, self.scores)
        if scores.shape[1] != len(self.classes):
            raise ValueError(f"{scores.shape[1]} columns of scores, {len(self.classes)} classes")
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "scores", scores)

    @functools.cached_property
    def names(self) -> list[str]:
        """Names for people; see `emnist_lab.data.classes.display_names`."""
        return display_names(self.classes)

    @functools.cached_property
    def predicted(self) -> np.ndarray:
        """Likeliest class of each row: ndarray of shape (N,), dtype int64."""
        return self.scores.argmax(axis=1)

    @functools.cached_property
    def confusion(self) -> np.ndarray:
        """Counts, (C, C) int64: row is the true class, column the predicted one."""
        size = len(self.classes)
        return np.bincount(self.labels * size + self.predicted, minlength=size * size).reshape(
            size, size
        )

    @functools.cached_property
    def per_image(self) -> dict[str, np.ndarray]:
        """What some metrics are means of: key -> (N,) float64 or bool."""
        return {one.key: one.per_image(self) for one in definitions.METRICS if one.per_image}

    @functools.cached_property
    def _values(self) -> dict[str, float]:
        return {}

    def _value(self, metric: definitions.Metric) -> float:
        if metric.key not in self._values:
            self._values[metric.key] = metric.compute(self)
        return self._values[metric.key]

    @property
    def accuracy(self) -> float:
        """Share of rows whose likeliest class is the true one."""
        return self._value(definitions.get("accuracy"))

    @property
    def top3_accuracy(self) -> float:
        """Share of rows whose true class is among the three likeliest."""
        return self._value(definitions.get("top3_accuracy"))

    @property
    def log_loss(self) -> float:
        """See `emnist_lab.metrics.scores.log_loss`."""
        return self._value(definitions.get("log_loss"))

    @property
    def calibration_error(self) -> float:
        """See `emnist_lab.metrics.calibration.calibration_error`."""
        return self._value(definitions.get("calibration_error"))

    @functools.cached_property
    def aucs(self) -> RocAuc:
        """Areas under ROC curves: every pair, class and average."""
        return RocAuc(self.labels, self.scores)

    @property
    def roc_auc_ovo(self) -> float:
        """See `emnist_lab.metrics.scores.roc_auc_ovo`."""
        return self._value(definitions.get("roc_auc_ovo"))

    @property
    def roc_auc_ovr(self) -> float:
        """See `emnist_lab.metrics.scores.roc_auc_ovr`."""
        return self._value(definitions.get("roc_auc_ovr"))

    @property
    def absent(self) -> list[str]:
        """Classes without a single row: their AUC is undefined and left out of averages."""
        counts = np.bincount(self.labels, minlength=len(self.classes))
        return [name for name, count in zip(self.names, counts, strict=True) if not count]

    def over(self, classes: Sequence[str]) -> "Report":
        """The report on the images of some classes, answered as if there were no others.

        Parameters
        ----------
        classes : sequence of str
            Some of `classes`; one of them has an image at least.

        Returns
        -------
        Report
            Of these classes, in the order that they are given in; probabilities sum to 1 over them.

        Raises
        ------
        ValueError
            There is no such class, or no image of any.

        Examples
        --------
        >>> report = Report([0, 1], [[0.2, 0.2, 0.6], [0.1, 0.3, 0.6]], ["A", "B", "C"])
        >>> report.over(["B", "A"]).scores.round(2).tolist()
        [[0.5, 0.5], [0.75, 0.25]]
        """
        columns = [self.classes.index(one) for one in classes]
        place = np.full(len(self.classes), -1)
        place[columns] = np.arange(len(columns))
        rows = place[self.labels] >= 0
        scores = label_shift.restrict(self.scores[rows], columns)
        return Report(place[self.labels[rows]], scores, list(classes))

    def summary(self) -> dict[str, float]:
        """Every metric: key -> value; see `emnist_lab.metrics.definitions.METRICS`."""
        return {one.key: self._value(one) for one in definitions.METRICS}

    def recorded(self) -> dict[str, float | None]:
        """The summary as a manifest keeps it: None for what is undefined."""
        return {
            name: value if np.isfinite(value) else None for name, value in self.summary().items()
        }

    @functools.cached_property
    def per_class(self) -> pd.DataFrame:
        """Precision, recall, F1, AUC (one-vs-rest) and support, a row a class.

        Undefined numbers (a class never predicted has no precision) are NaN.
        """
        hits = np.diag(self.confusion).astype(float)
        support, read = self.confusion.sum(axis=1), self.confusion.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            frame = pd.DataFrame(
                {
                    "class": self.names,
                    "precision": hits / read,
                    "recall": hits / support,
                    "f1": 2 * hits / (support + read),
                    "auc": self.aucs.each,
                    "support": support,
                }
            )
        return frame

    def confused_pairs(self, count: int = 10) -> pd.DataFrame:
        """Most frequent errors.

        Parameters
        ----------
        count : int
            How many at most.

        Returns
        -------
        DataFrame
            ``true``, ``predicted`` (names), ``count``, ``of`` (images of the
            true class), ``share``; most frequent first.

        Examples
        --------
        >>> report = Report([0, 1, 1], [[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]], ["0", "1"])
        >>> report.confused_pairs().values.tolist()
        [['1', '0', 1, 2, 0.5]]
        """
        if count not in self._pairs:
            self._pairs[count] = self._confused_pairs(count)
        return self._pairs[count].copy()

    @functools.cached_property
    def _pairs(self) -> dict[int, pd.DataFrame]:
        return {}

    def _confused_pairs(self, count: int) -> pd.DataFrame:
        errors = self.confusion.copy()
        np.fill_diagonal(errors, 0)
        order = descending_order(errors, count)
        rows, columns = np.unravel_index(order, errors.shape)
        frame = pd.DataFrame(
            {
                "true": [self.names[i] for i in rows],
                "predicted": [self.names[i] for i in columns],
                "count": errors[rows, columns],
                "of": self.confusion.sum(axis=1)[rows],
            }
        )
        frame = frame[frame["count"] > 0].reset_index(drop=True)
        return frame.assign(share=frame["count"] / frame["of"])

    def most_missed(self) -> tuple[str, float] | None:
        """Name of the class with the lowest recall, and that recall; None without any error."""
        recall = self.per_class["recall"]
        if not (recall < 1).any():
            return None
        worst = int(recall.idxmin())
        return self.names[worst], float(recall[worst])

    @functools.cached_property
    def roc_curves(self) -> tuple[np.ndarray, np.ndarray]:
        """ROC curve of each class against the rest, on one grid of false positive rates.

        Rates, ndarray of shape (R,), and the true positive rates there, ndarray of
        shape (C, R), interpolated; NaN for a class that is absent. Rates are ten times
        as dense below 0.1: good classifiers differ there.
        """
        rates = np.concatenate([np.arange(100) / 1000, np.arange(20, 201) / 200])
        hits = np.full((len(self.classes), len(rates)), np.nan)
        for index in range(len(self.classes)):
            own = self.labels == index
            if own.any() and not own.all():
                false, true, _ = roc_curve(own, self.scores[:, index])
                hits[index] = np.interp(rates, false, true)
        return rates, hits

    def precision_recall(self, index: int) -> PrecisionRecall:
        """Precision-recall curve of a class against the rest.

        Parameters
        ----------
        index : int
            Of a class that occurs.

        Returns
        -------
        PrecisionRecall

        Raises
        ------
        ValueError
            The class doesn't occur.

        Examples
        --------
        >>> report = Report([0, 1, 1], [[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]], ["0", "1"])
        >>> round(report.precision_recall(0).average, 3)
        1.0
        """
        own = self.labels == index
        if not own.any():
            raise ValueError(f"no image is of class {index}: precision and recall are undefined")
        precision, recall, _ = precision_recall_curve(own, self.scores[:, index])
        # The first point of each half percent of recall: all that a screen shows.
        precision, recall = precision[::-1], recall[::-1]
        steps = np.unique(np.floor(recall * 200).astype(int), return_index=True)[1]
        keep = np.union1d(steps, np.flatnonzero(np.diff(recall) > 0.005) + 1)
        average = float(average_precision_score(own, self.scores[:, index]))
        return PrecisionRecall(recall[keep], precision[keep], average)
