"""Confused classes: their order in a matrix, the images of a cell, the most confused pairs."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform

from .ranking import descending_order
from .report import Report

ORDERS = ("by alphabet", "by confusion")


class ConfusedCell(NamedTuple):
    """A cell of the confusion matrix off its diagonal.

    Attributes
    ----------
    true, read : int
        True class, and the class that its images are predicted as.
    count : int
        Images in the cell.
    of : int
        Images of the true class.
    misread : int
        Index of the image of the cell whose answer has the highest probability.
    """

    true: int
    read: int
    count: int
    of: int
    misread: int


def cluster_order(confusion: np.ndarray) -> np.ndarray:
    """An order of classes in which those that are confused are next to each other.

    Average-linkage clustering on one less the share of two classes' images
    that are confused, leaves in the order that brings neighbours
    nearest (Bar-Joseph, Gifford and Jaakkola 2001).

    Parameters
    ----------
    confusion : ndarray of shape (C, C), dtype int64
        Row is the true class, column the predicted one.

    Returns
    -------
    ndarray of shape (C,), dtype int64

    Examples
    --------
    >>> order = cluster_order(np.array([[9, 0, 1], [0, 9, 0], [1, 0, 9]])).tolist()
    >>> abs(order.index(0) - order.index(2))
    1
    """
    if len(confusion) < 3:
        return np.arange(len(confusion))
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    # Roots spread the small shares, which most pairs have.
    near = np.sqrt((share + share.T) / 2)
    distance = 1 - near
    np.fill_diagonal(distance, 0)
    condensed = squareform(distance, checks=False)
    tree = optimal_leaf_ordering(linkage(condensed, "average"), condensed)
    return leaves_list(tree).astype(np.int64)


def images_in_cell(report: Report, true: int | None = None, read: int | None = None) -> np.ndarray:
    """Images of a cell, a row or a column of the confusion matrix, highest confidence first.

    Parameters
    ----------
    report : Report
    true : int, optional
        True class; any by default.
    read : int, optional
        Class that they are read as; any by default, but for a whole row or
        column only errors count.

    Returns
    -------
    ndarray of int64
        Indices, by the probability of the answer, highest first.

    Examples
    --------
    >>> report = Report([0, 1, 1], [[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]], ["0", "1"])
    >>> images_in_cell(report, true=1, read=0).tolist()
    [2]
    """
    chosen = np.ones(len(report.labels), bool)
    if true is not None:
        chosen &= report.labels == true
    if read is not None:
        chosen &= report.predicted == read
    if true is None or read is None:
        chosen &= report.predicted != report.labels
    found = np.flatnonzero(chosen)
    return found[descending_order(report.scores[found].max(axis=1))]


def confusions_of_class(report: Report, index: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Which classes a class is predicted as, and which are predicted as it.

    Parameters
    ----------
    report : Report
    index : int
        The class.

    Returns
    -------
    out, into : DataFrame
        ``index`` (of the other class), ``class`` (its name), ``count``,
        ``share`` (of the images of the true class); most frequent first, right
        answers left out.

    Examples
    --------
    >>> report = Report([0, 1, 1], [[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]], ["0", "1"])
    >>> out, into = confusions_of_class(report, 1)
    >>> out[["class", "count", "share"]].values.tolist(), len(into)
    ([['0', 1, 0.5]], 0)
    """
    totals = report.confusion.sum(axis=1)

    def table(counts, of) -> pd.DataFrame:
        counts = counts.copy()
        counts[index] = 0
        found = np.flatnonzero(counts)
        found = found[descending_order(counts[found])]
        return pd.DataFrame(
            {
                "index": found,
                "class": [report.names[one] for one in found],
                "count": counts[found],
                "share": counts[found] / (of[found] if np.ndim(of) else of),
            }
        )

    return (
        table(report.confusion[index], max(totals[index], 1)),
        table(report.confusion[:, index], totals),
    )


def pairs(report: Report, count: int = 12) -> pd.DataFrame:
    """Pairs of classes most often confused, both directions together.

    Parameters
    ----------
    report : Report
    count : int
        How many at most.

    Returns
    -------
    DataFrame
        ``first``, ``second`` (indices of classes), ``errors``,
        ``first_as_second``, ``second_as_first`` (counts), ``auc`` (of that
        pair alone); most errors first.

    Examples
    --------
    >>> report = Report([0, 1, 1], [[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]], ["0", "1"])
    >>> pairs(report)[["first", "second", "errors"]].values.tolist()
    [[0, 1, 1]]
    """
    both = np.triu(report.confusion + report.confusion.T, 1)
    order = descending_order(both, count)
    first, second = np.unravel_index(order, both.shape)
    frame = pd.DataFrame(
        {
            "first": first,
            "second": second,
            "errors": both[first, second],
            "first_as_second": report.confusion[first, second],
            "second_as_first": report.confusion[second, first],
            "auc": report.aucs.pairwise[first, second],
        }
    )
    return frame[frame["errors"] > 0].reset_index(drop=True)


def confused_cells(report: Report, count: int = 6) -> list[ConfusedCell]:
    """The cells with most errors.

    Parameters
    ----------
    report : Report
    count : int
        How many at most.

    Returns
    -------
    list of ConfusedCell
        Most errors first.

    Examples
    --------
    >>> report = Report([0, 1, 1], [[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]], ["0", "1"])
    >>> confused_cells(report)
    [ConfusedCell(true=1, read=0, count=1, of=2, misread=2)]
    """
    places = {name: index for index, name in enumerate(report.names)}
    found = []
    for pair in report.confused_pairs(count).itertuples():
        true, read = places[pair.true], places[pair.predicted]
        misread = int(images_in_cell(report, true, read)[0])
        found.append(ConfusedCell(true, read, int(pair.count), int(pair.of), misread))
    return found
