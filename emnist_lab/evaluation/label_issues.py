"""Label errors: images whose given label a model contradicts, by confident learning."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from ..errors import DatasetError
from ..metrics.report import Report


def thresholds(report: Report) -> np.ndarray:
    """How likely a class must be for an image to count as one of its own.

    Parameters
    ----------
    report : Report

    Returns
    -------
    ndarray of shape (C,), dtype float64
        Mean probability of a class over the images that are labelled so; 0..1,
        infinite for a class without images.

    Examples
    --------
    >>> report = Report([0, 0, 1], [[0.9, 0.1], [0.7, 0.3], [0.2, 0.8]], ["A", "B"])
    >>> thresholds(report).round(3).tolist()
    [0.8, 0.8]
    """
    own = report.scores[np.arange(len(report.labels)), report.labels]
    size = len(report.classes)
    count = np.bincount(report.labels, minlength=size)
    total = np.bincount(report.labels, weights=own, minlength=size)
    return np.divide(total, count, out=np.full(size, np.inf), where=count > 0)


def find_label_issues(report: Report, count: int | None = None) -> pd.DataFrame:
    """Images whose label may be wrong, by confident learning.

    Classes count as possible where their probability reaches their threshold
    (see `thresholds`). A label is an issue where the likeliest possible class
    is another: the off-diagonal of the confident joint in Northcutt, Jiang and
    Chuang (2021), doi:10.1613/jair.1.12125, section 3.1. Images without a
    possible class are left out. The probabilities must come from a model that
    was not fitted on these images.

    Parameters
    ----------
    report : Report
    count : int, optional
        How many at most; all by default.

    Returns
    -------
    DataFrame
        ``image`` (index), ``given``, ``suggested`` (indices of classes),
        ``given_probability``, ``suggested_probability``, ``label_quality``; lowest
        quality first. ``label_quality`` is the normalised margin, 0..1: the
        probability of the given class less that of the likeliest other one,
        scaled. Below 0.5 the model itself predicts another class; above, it
        predicts the given one, but with less confidence than is usual for it.

    Examples
    --------
    >>> scores = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.95, 0.05]]
    >>> found = find_label_issues(Report([0, 0, 1, 1, 1], scores, ["A", "B"]))
    >>> found["image"].tolist(), found["label_quality"].round(3).tolist()
    ([4], [0.05])
    """
    labels, scores = report.labels, report.scores
    # A class whose images all have one probability reaches its mean, however that is rounded.
    possible = np.where(scores >= thresholds(report) - 1e-9, scores, -1)
    suggested = possible.argmax(axis=1)
    found = np.flatnonzero((possible.max(axis=1) >= 0) & (suggested != labels))
    given, suggested = labels[found], suggested[found]
    given_probability = scores[found, given]
    others = scores[found]
    others[np.arange(len(found)), given] = -1
    frame = pd.DataFrame(
        {
            "image": found,
            "given": given,
            "suggested": suggested,
            "given_probability": given_probability,
            "suggested_probability": scores[found, suggested],
            "label_quality": (1 + given_probability - others.max(axis=1)) / 2,
        }
    )
    return frame.sort_values("label_quality", kind="stable", ignore_index=True)[:count]


def predicted_otherwise(issues: pd.DataFrame) -> pd.DataFrame:
    """Of label issues those where the model itself predicts another class than the given one.

    Parameters
    ----------
    issues : DataFrame
        As `find_label_issues` gives it.

    Returns
    -------
    DataFrame
        Its rows of ``label_quality`` below 0.5.

    Examples
    --------
    >>> scores = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.95, 0.05]]
    >>> issues = find_label_issues(Report([0, 0, 1, 1, 1], scores, ["A", "B"]))
    >>> predicted_otherwise(issues)["image"].tolist()
    [4]
    """
    return issues[issues["label_quality"] < 0.5].reset_index(drop=True)


def drop_images(report: Report, images: Iterable[int]) -> Report:
    """The report with some images left out.

    Leaving out images because the model contradicts their labels can only
    raise its own accuracy: a fair comparison leaves out the same ones for all.

    Parameters
    ----------
    report : Report
    images : iterable of int
        Their indices.

    Returns
    -------
    Report
        Of the other images, in their order; `report` where none is left out.

    Raises
    ------
    DatasetError
        An index isn't the report's, or no image would be left.

    Examples
    --------
    >>> report = Report([0, 1, 1], [[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]], ["A", "B"])
    >>> drop_images(report, [2]).accuracy
    1.0
    """
    total = len(report.labels)
    chosen = np.array(list(images), dtype=np.int64)
    if not len(chosen):
        return report
    outside = chosen[(chosen < 0) | (chosen >= total)]
    if len(outside):
        raise DatasetError(
            f"Image {outside[0]} can't be left out of the {total:,} that were measured: choose "
            f"indices from 0 to {total - 1}."
        )
    kept = np.ones(total, bool)
    kept[chosen] = False
    if not kept.any():
        raise DatasetError(
            f"All {total:,} images are left out, so there is nothing to measure: leave out fewer."
        )
    return replace(report, labels=report.labels[kept], scores=report.scores[kept])
