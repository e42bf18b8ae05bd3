"""What a run predicts for images of a part, image by image, as far as somebody asked.

A page that shows one class shouldn't wait for a hundred thousand images of the others: only what it
asks for is predicted, and kept, so that a wider question costs the rest alone.
"""

import numpy as np

from ..callbacks import ProgressCallback
from ..data.part import Part
from ..errors import RunError
from ..metrics.report import Report
from ..runs.run import Run

ALL, CORRECT, MISCLASSIFIED = WHICH = ("all", "correct", "misclassified")
LEAST, MOST = ORDERS = ("least confident first", "most confident first")
_CHUNK = 1000  # images between two words on progress; what is done by then is kept


class PartPredictions:
    """Predicted classes of a part's images, and how confident the run is of each.

    Several threads may predict at a time: what one of them has done, the other passes over.

    Parameters
    ----------
    labels : ndarray of shape (N,), dtype int64
        The part's.

    Attributes
    ----------
    predicted : ndarray of shape (N,), dtype int16
        Likeliest class; -1 where it wasn't predicted yet.
    confidence : ndarray of shape (N,), dtype float64
        Its probability; NaN where it wasn't predicted yet.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> test = lab.load("balanced", "test", root="demo")
    >>> known, rows = PartPredictions(test.labels), np.arange(5)
    >>> known.predict(lab.open_run("hog-qda"), test, rows)
    >>> len(known.missing(np.arange(7))), len(known.choose(rows, ALL, MOST))
    (2, 5)
    """

    def __init__(self, labels: np.ndarray):
        self._labels = np.asarray(labels)
        self.predicted = np.full(len(self._labels), -1, np.int16)
        self.confidence = np.full(len(self._labels), np.nan)

    @classmethod
    def of_report(cls, report: Report) -> "PartPredictions":
        """All of them, as a report on that part says.

        Parameters
        ----------
        report : Report

        Returns
        -------
        PartPredictions
        """
        made = cls(report.labels)
        made.predicted[:] = report.predicted
        made.confidence[:] = report.scores.max(axis=1)
        return made

    def missing(self, rows: np.ndarray) -> np.ndarray:
        """Those of some rows that weren't predicted yet, in their order.

        Parameters
        ----------
        rows : ndarray of shape (M,), dtype int64

        Returns
        -------
        ndarray of shape (K,), dtype int64
        """
        return rows[self.predicted[rows] < 0]

    def predict(
        self, run: Run, part: Part, rows: np.ndarray, progress: ProgressCallback | None = None
    ) -> None:
        """Predict those of some rows that are missing.

        Parameters
        ----------
        run : Run
            Of the part's classes.
        part : Part
        rows : ndarray of shape (M,), dtype int64
        progress : callable, optional
            Told how far it is (see `emnist_lab.callbacks.ProgressCallback`). What it raises ends
            the work; what was predicted by then is kept.

        Raises
        ------
        RunError
            It has other classes, or its model can't be opened.
        """
        if run.classes != part.classes:
            raise RunError(
                f"The run {run.name} has other classes than the {part.name}: choose a run of the "
                "same classes."
            )
        rows = self.missing(rows)
        for start in range(0, len(rows), _CHUNK):
            if progress is not None:
                progress(start / len(rows), f"{start:,} of {len(rows):,} images")
            chunk = self.missing(rows[start : start + _CHUNK])
            if len(chunk):
                scores = run.predict_proba(part.images[chunk])
                self.confidence[chunk] = scores.max(axis=1)
                self.predicted[chunk] = scores.argmax(axis=1)  # last: it says that both are there

    def correct(self, rows: np.ndarray) -> np.ndarray:
        """Whether some rows, all of them predicted, are predicted as their label.

        Parameters
        ----------
        rows : ndarray of shape (M,), dtype int64

        Returns
        -------
        ndarray of shape (M,), dtype bool
        """
        return self.predicted[rows] == self._labels[rows]

    def choose(self, rows: np.ndarray, which: str, order: str) -> np.ndarray:
        """Some rows, all of them predicted, filtered and sorted.

        Parameters
        ----------
        rows : ndarray of shape (M,), dtype int64
        which : {"all", "correct", "misclassified"}
        order : {"least confident first", "most confident first"}
            Rows of the same confidence keep their order.

        Returns
        -------
        ndarray of shape (K,), dtype int64
        """
        if which != ALL:
            rows = rows[self.correct(rows) == (which == CORRECT)]
        confidence = self.confidence[rows]
        return rows[np.argsort(confidence if order == LEAST else -confidence, kind="stable")]
