"""The metrics: key, name, format, meaning and formula of each, in the order of display.

To add one, add it to `METRICS`. Reports, intervals, pages, the leaderboard, the HTML report and
the command line follow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .calibration import calibration_error
from .percent import percent
from .roc import RocAuc
from .scores import in_top, losses


class Predictions(Protocol):
    """What a metric is computed from; `emnist_lab.metrics.report.Report` is one.

    Attributes
    ----------
    labels : ndarray of shape (N,), dtype int64
    scores : ndarray of shape (N, C), dtype float64
        Probabilities.
    predicted : ndarray of shape (N,), dtype int64
    per_image : dict of str to ndarray of shape (N,)
        Key of each metric that has `Metric.per_image` -> these values, computed once.
    aucs : RocAuc
    """

    labels: np.ndarray
    scores: np.ndarray
    predicted: np.ndarray
    per_image: dict[str, np.ndarray]
    aucs: RocAuc


@dataclass(frozen=True)
class Metric:
    """A number that says how well probabilities fit labels.

    Attributes
    ----------
    key : str
        Its name in manifests, JSON and tables.
    name, short_name : str
        For people; the short one heads a column.
    definition : str
        One sentence.
    value_format, table_format, interval_format : str
        Format specifications of the value, of the value in a table of runs, and of
        the two ends of its interval. One that ends in "%" is written by
        `emnist_lab.metrics.percent.percent`.
    higher_is_better : bool
    formula : callable, optional
        Gives the value.
    per_image : callable, optional
        In place of `formula`: gives an array of shape (N,), whose mean is the value.
        Where its dtype is bool, the value is a share of the images. Such a metric has
        a bootstrap interval of its own accord.
    resample : callable, optional
        Values for the bootstrap, where there is no `per_image`: takes predictions and
        weights of shape (R, N), how often each image is drawn, and gives key -> (R,).
        Metrics that share their work share the function.
    steps_by_image : bool
        Whether one image that is read otherwise moves the value by 1/N at once, as a share.
    is_headline : bool
        Whether pages, the leaderboard and the HTML report show it beside the others; if not, it
        stands in JSON, in manifests and where all averages do.
    """

    key: str
    name: str
    short_name: str
    definition: str
    value_format: str
    table_format: str
    interval_format: str = ""
    higher_is_better: bool = True
    formula: Callable[[Predictions], float] | None = None
    per_image: Callable[[Predictions], np.ndarray] | None = None
    resample: Callable[[Predictions, np.ndarray], dict[str, np.ndarray]] | None = None
    steps_by_image: bool = False
    is_headline: bool = True

    def compute(self, report: Predictions) -> float:
        """Its value.

        Parameters
        ----------
        report : Predictions

        Returns
        -------
        float
            NaN where it is undefined.
        """
        if self.per_image is not None:
            return float(report.per_image[self.key].mean())
        return float(self.formula(report))

    @property
    def help(self) -> str:
        """Its definition, and which way is better."""
        return f"{self.definition} {'Higher' if self.higher_is_better else 'Lower'} is better."

    def format(self, value: float | None) -> str:
        """A value for people; a dash where it is undefined or was never measured.

        Examples
        --------
        >>> get("accuracy").format(0.8734), get("accuracy").format(None)
        ('87.34%', '–')
        """
        return "–" if value is None or np.isnan(value) else _written(value, self.value_format)

    def format_interval(self, low: float, high: float) -> str:
        """An interval for people; empty where it is undefined.

        Examples
        --------
        >>> get("accuracy").format_interval(0.86, 0.885)
        '86.0 – 88.5%'
        """
        if np.isnan(low) or np.isnan(high) or not self.interval_format:
            return ""
        ends = [_written(end, self.interval_format) for end in (low, high)]
        return " – ".join([ends[0].removesuffix("%"), ends[1]])


def _written(value: float, spec: str) -> str:
    return percent(value, int(spec[1:-1])) if spec.endswith("%") else format(value, spec)


def _resample_aucs(report: Predictions, weights: np.ndarray) -> dict[str, np.ndarray]:
    return dict(
        zip(("roc_auc_ovo", "roc_auc_ovr"), report.aucs.weighted_macros(weights), strict=True)
    )


METRICS = [
    Metric(
        "accuracy",
        "Accuracy",
        "Accuracy",
        "Share of images whose likeliest class is the true one.",
        value_format=".2%",
        table_format=".2%",
        interval_format=".1%",
        per_image=lambda report: report.predicted == report.labels,
        steps_by_image=True,
    ),
    Metric(
        "top3_accuracy",
        "Top-3 accuracy",
        "Top-3",
        "Share of images whose true class is among the three likeliest.",
        value_format=".2%",
        table_format=".2%",
        interval_format=".1%",
        per_image=lambda report: in_top(report.labels, report.scores, 3),
        steps_by_image=True,
    ),
    Metric(
        "log_loss",
        "Log loss",
        "Log loss",
        "Mean negative logarithm (nats) of the probability given to the true class: 0 is perfect, "
        "confident errors cost most.",
        value_format=".4f",
        table_format=".3f",
        interval_format=".3f",
        higher_is_better=False,
        per_image=lambda report: losses(report.labels, report.scores),
    ),
    Metric(
        "roc_auc_ovo",
        "ROC AUC",
        "ROC AUC",
        "How well two classes are told apart by their probabilities, averaged over all pairs of "
        "classes (one-vs-one macro average, Hand and Till 2001): 0.5 is chance, 1 is perfect.",
        value_format=".4f",
        table_format=".4f",
        interval_format=".4f",
        formula=lambda report: report.aucs.ovo_macro,
        resample=_resample_aucs,
    ),
    Metric(
        "roc_auc_ovr",
        "ROC AUC, one-vs-rest",
        "AUC, one-vs-rest",
        "How well a class is told from all others together, averaged over classes; frequent "
        "classes weigh more in the rest. Where all are equally frequent it equals one-vs-one.",
        value_format=".4f",
        table_format=".4f",
        interval_format=".4f",
        formula=lambda report: report.aucs.ovr_macro,
        resample=_resample_aucs,
        is_headline=False,
    ),
    Metric(
        "calibration_error",
        "Calibration error",
        "Calibration error",
        "Mean distance between confidence and accuracy, over 15 bins of equal width (expected "
        "calibration error, Naeini et al. 2015): at 0, of predictions made with 80% confidence "
        "80% are correct.",
        value_format=".2%",
        table_format=".2%",
        higher_is_better=False,
        formula=lambda report: calibration_error(report.labels, report.scores),
        steps_by_image=True,
    ),
]


def get(key: str) -> Metric:
    """A metric by its key.

    Raises
    ------
    KeyError
        There is none.

    Examples
    --------
    >>> get("log_loss").name
    'Log loss'
    """
    for metric in METRICS:
        if metric.key == key:
            return metric
    raise KeyError(key)
