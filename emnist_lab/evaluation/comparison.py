"""Two runs on the same images: where they disagree, and whether one is better."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binomtest, norm

from ..errors import RunError
from ..metrics.ranking import descending_order
from ..metrics.report import Report
from ..runs.manifest import SCORES
from ..runs.run import Run
from .evaluation import fingerprint_of_test_part


@dataclass(frozen=True)
class McNemar:
    """Whether one classifier is better than another on the same images.

    Attributes
    ----------
    both, first, second, neither : int
        Images that both predict correctly, only the first, only the second, neither.
    p_value : float
        Probability of a split of the disagreements at least as uneven, were both
        classifiers equally good: McNemar's exact test, two-sided.
    difference : float
        Accuracy of the first less that of the second.
    low, high : float
        Its confidence interval.
    level : float
        The interval's confidence level.
    """

    both: int
    first: int
    second: int
    neither: int
    p_value: float
    difference: float
    low: float
    high: float
    level: float

    @property
    def images(self) -> int:
        """How many images were compared."""
        return self.both + self.first + self.second + self.neither

    @property
    def significant(self) -> bool:
        """Whether the p-value lies below one less the confidence level."""
        return self.p_value < 1 - self.level


def mcnemar(labels, first, second, level: float = 0.95) -> McNemar:
    """McNemar's exact test of two classifiers on the same images.

    Only images on which one is correct and the other is not tell the two apart: were
    they equally good, each such image would be a toss of a fair coin (McNemar
    1947; the exact binomial form is recommended for classifiers by Dietterich
    1998). The interval of the difference of the paired accuracies is the
    adjusted Wald interval of Bonett and Price (2012), J. Educ. Behav. Stat.
    37(4): with one image added to each kind of disagreement, p and q their
    shares of n + 2 images, ``p - q ± z sqrt((p + q - (p - q)²) / (n + 2))``.

    Parameters
    ----------
    labels : array-like of shape (N,)
        True classes.
    first, second : array-like of shape (N,)
        Predicted classes.
    level : float
        Confidence level of the interval.

    Returns
    -------
    McNemar

    Raises
    ------
    ValueError
        The shapes differ, or there are no images.

    Examples
    --------
    >>> test = mcnemar([0, 1, 1, 0], [0, 1, 1, 1], [0, 0, 0, 0])
    >>> test.first, test.second, round(test.p_value, 3), test.difference
    (2, 1, 1.0, 0.25)
    """
    labels, first, second = (np.asarray(one) for one in (labels, first, second))
    if labels.ndim != 1 or not labels.shape == first.shape == second.shape:
        raise ValueError(f"shapes {labels.shape}, {first.shape}, {second.shape} aren't one (N,)")
    if not len(labels):
        raise ValueError("there is nothing to compare: no images")
    a, b = first == labels, second == labels
    only_a, only_b = int((a & ~b).sum()), int((~a & b).sum())
    count = len(labels)
    tosses = only_a + only_b
    p, q = (only_a + 1) / (count + 2), (only_b + 1) / (count + 2)
    half = norm.ppf((1 + level) / 2) * math.sqrt((p + q - (p - q) ** 2) / (count + 2))
    return McNemar(
        both=int((a & b).sum()),
        first=only_a,
        second=only_b,
        neither=int((~a & ~b).sum()),
        p_value=float(binomtest(only_a, tosses).pvalue) if tosses else 1.0,
        difference=(only_a - only_b) / count,
        low=max(float(p - q - half), -1.0),
        high=min(float(p - q + half), 1.0),
        level=level,
    )


@dataclass(frozen=True, eq=False)
class Disagreements:
    """Images that two classifiers read differently, most confident first.

    Attributes
    ----------
    first, second : ndarray of int64
        Indices of images that only the first (the second) reads right, by
        the probability that it gives to its right answer.
    neither : ndarray of int64
        Indices of images that both misclassify, but differently, by the mean of
        the probabilities that they give to their answers.
    """

    first: np.ndarray
    second: np.ndarray
    neither: np.ndarray


def disagreements(first: Report, second: Report) -> Disagreements:
    """Where two reports on the same images disagree.

    Parameters
    ----------
    first, second : Report
        On the same labels, in the same order.

    Returns
    -------
    Disagreements

    Raises
    ------
    RunError
        The labels or classes differ: see `check_reports`.

    Examples
    --------
    >>> one = Report([0, 1, 1], [[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]], ["0", "1"])
    >>> other = Report([0, 1, 1], [[0.7, 0.3], [0.9, 0.1], [0.1, 0.9]], ["0", "1"])
    >>> found = disagreements(one, other)
    >>> found.first.tolist(), found.second.tolist(), found.neither.tolist()
    ([1], [2], [])
    """
    check_reports(first, second)
    a, b = first.predicted, second.predicted
    right_a, right_b = a == first.labels, b == first.labels
    confidence_a, confidence_b = first.scores.max(axis=1), second.scores.max(axis=1)

    def ranked(which: np.ndarray, confidence: np.ndarray) -> np.ndarray:
        found = np.flatnonzero(which)
        return found[descending_order(confidence[found])]

    return Disagreements(
        first=ranked(right_a & ~right_b, confidence_a),
        second=ranked(right_b & ~right_a, confidence_b),
        neither=ranked(~right_a & ~right_b & (a != b), (confidence_a + confidence_b) / 2),
    )


def differing_predictions(first: Report, second: Report) -> pd.DataFrame:
    """Every image that two classifiers read differently.

    Parameters
    ----------
    first, second : Report
        On the same labels, in the same order.

    Returns
    -------
    DataFrame
        ``image`` (index), ``true``, ``first``, ``second`` (names: what it is, what each says),
        ``first_probability``, ``second_probability`` (each of its own answer).

    Raises
    ------
    RunError
        The labels or classes differ.

    Examples
    --------
    >>> one = Report([0, 1, 1], [[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]], ["0", "1"])
    >>> other = Report([0, 1, 1], [[0.7, 0.3], [0.9, 0.1], [0.1, 0.9]], ["0", "1"])
    >>> differing_predictions(one, other)[["image", "true", "first", "second"]].values.tolist()
    [[1, '1', '1', '0'], [2, '1', '0', '1']]
    """
    check_reports(first, second)
    found = np.flatnonzero(first.predicted != second.predicted)
    names = np.array(first.names, dtype=object)
    return pd.DataFrame(
        {
            "image": found,
            "true": names[first.labels[found]],
            "first": names[first.predicted[found]],
            "second": names[second.predicted[found]],
            "first_probability": first.scores[found].max(axis=1),
            "second_probability": second.scores[found].max(axis=1),
        }
    )


def disagreements_by_class(first: Report, second: Report, count: int = 12) -> pd.DataFrame:
    """Most frequent disagreements.

    Parameters
    ----------
    first, second : Report
        On the same labels, in the same order.
    count : int
        How many at most.

    Returns
    -------
    DataFrame
        ``true``, ``first``, ``second`` (names: what it is, what each says),
        ``images``; most frequent first.

    Raises
    ------
    RunError
        The labels or classes differ.

    Examples
    --------
    >>> one = Report([0, 1, 1], [[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]], ["0", "1"])
    >>> other = Report([0, 1, 1], [[0.7, 0.3], [0.9, 0.1], [0.1, 0.9]], ["0", "1"])
    >>> disagreements_by_class(one, other, 1).values.tolist()
    [['1', '0', '1', 1]]
    """
    kinds = differing_predictions(first, second).groupby(
        ["true", "first", "second"], as_index=False
    )
    counts = kinds.agg(images=("image", "size"))
    return counts.sort_values("images", ascending=False, kind="stable", ignore_index=True)[:count]


def check_pair(first: Run, second: Run) -> None:
    """Refuse two runs that weren't measured on the same images.

    Parameters
    ----------
    first, second : Run

    Raises
    ------
    RunError
        One has no test scores, or they come from different test parts.

    Examples
    --------
    >>> from emnist_lab import open_run
    >>> check_pair(open_run("hog-qda"), open_run("pixels-logistic"))
    """
    for run in (first, second):
        if fingerprint_of_test_part(run) is None or SCORES not in run.manifest["files"]:
            raise RunError(
                f"The run {run.name} has no test scores to compare: choose another, or train it "
                "again with a test subset."
            )
    if (
        fingerprint_of_test_part(first) != fingerprint_of_test_part(second)
        or first.classes != second.classes
    ):
        a, b = (run.manifest["data"]["test"]["name"] for run in (first, second))
        other = " (other images by the same name)" if a == b else ""
        raise RunError(
            f"{first.name} and {second.name} can't be compared: {first.name} was measured on the "
            f"{a}, {second.name} on the {b}{other}, and an easier test subset would pass for a "
            "better run. Choose two runs with one test subset, or train one again."
        )


def check_reports(first: Report, second: Report) -> None:
    """Refuse reports on different images, whatever their manifests say.

    Parameters
    ----------
    first, second : Report

    Raises
    ------
    RunError
        The labels or classes differ.

    Examples
    --------
    >>> report = Report([0, 1], [[0.7, 0.3], [0.2, 0.8]], ["0", "1"])
    >>> check_reports(report, report)
    """
    if first.classes != second.classes or not np.array_equal(first.labels, second.labels):
        raise RunError(
            "The two runs' test scores are of different images, so they can't be compared: train "
            "one of them again on the other's dataset."
        )
