"""Confused classes: their order, a cell's images, pairs."""

import numpy as np
import pytest
from helpers import data

from emnist_lab.metrics import confusion
from emnist_lab.metrics.report import Report


@pytest.fixture(scope="module")
def report():
    labels, scores = data(6, 600, seed=2)
    return Report(labels, scores, list("ABCDEF"))


def test_confused_classes_stand_together():
    counts = np.diag([100] * 6)
    for a, b in ((0, 3), (1, 5), (2, 4)):
        counts[a, b] = counts[b, a] = 30
    counts[0, 1] = 1
    order = confusion.cluster_order(counts)
    assert sorted(order) == list(range(6))
    place = np.argsort(order)
    assert all(abs(place[a] - place[b]) == 1 for a, b in ((0, 3), (1, 5), (2, 4)))
    assert abs(place[[0, 3]][:, None] - place[[1, 5]]).min() == 1


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_an_order_is_had_without_errors_or_images(size):
    for counts in (np.eye(size, dtype=int), np.zeros((size, size), int)):
        assert sorted(confusion.cluster_order(counts)) == list(range(size))


def test_images_of_a_cell(report):
    for true in range(6):
        for read in range(6):
            found = confusion.images_in_cell(report, true, read)
            assert len(found) == report.confusion[true, read]
            assert (report.labels[found] == true).all() and (report.predicted[found] == read).all()
            assert (np.diff(report.scores[found].max(axis=1)) <= 0).all()


def test_images_of_a_row_and_a_column_are_errors(report):
    wrong = report.confusion - np.diag(np.diag(report.confusion))
    assert len(confusion.images_in_cell(report, true=2)) == wrong[2].sum()
    assert len(confusion.images_in_cell(report, read=2)) == wrong[:, 2].sum()
    assert len(confusion.images_in_cell(report)) == wrong.sum()


def test_what_a_class_is_taken_for(report):
    out, into = confusion.confusions_of_class(report, 1)
    assert 1 not in out["index"].to_numpy() and out["count"].is_monotonic_decreasing
    for row in out.itertuples():
        assert row.count == report.confusion[1, row.index]
    assert out["share"].sum() == pytest.approx(1 - report.per_class["recall"][1])
    for _, row in into.iterrows():
        of = report.confusion[row["index"]].sum()
        assert row["count"] == report.confusion[row["index"], 1]
        assert row["share"] == pytest.approx(row["count"] / of)
        assert row["class"] == report.names[row["index"]]


def test_pairs_count_both_ways(report):
    found = confusion.pairs(report, 100)
    assert len(found) == 15 and found["errors"].is_monotonic_decreasing
    for row in found.itertuples():
        assert row.first < row.second
        assert row.first_as_second == report.confusion[row.first, row.second]
        assert row.errors == row.first_as_second + row.second_as_first
        assert row.auc == report.aucs.pairwise[row.first, row.second]
    perfect = Report(report.labels, np.eye(6)[report.labels], list("ABCDEF"))
    assert confusion.pairs(perfect).empty


def test_the_cells_with_most_errors_come_with_a_misread_image():
    labels, scores = data(classes=5)
    report = Report(labels, scores, list("abcde"))
    cells = confusion.confused_cells(report, 4)
    assert [(report.names[one.true], report.names[one.read], one.count, one.of) for one in cells] \
        == [tuple(row)[:4] for row in report.confused_pairs(4).values.tolist()]  # fmt: skip
    for one in cells:
        assert report.labels[one.misread] == one.true
        assert report.predicted[one.misread] == one.read
    assert len(confusion.confused_cells(report, 100)) == (report.confusion > 0).sum() - 5
