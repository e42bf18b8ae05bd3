"""Figures: what is drawn, and that nothing is where there is nothing to draw."""

import warnings

import numpy as np
import pytest
from helpers import data

from emnist_lab.evaluation import figures
from emnist_lab.metrics.report import Report


def legend(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def lines(figure):
    return {line.get_label(): line for line in figure.axes[0].get_lines()}


def drawn(report, chosen=None):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = figures.roc_figure(report, chosen)
        assert figures.encode(figure)[:4] == b"\x89PNG"
    return figure


def test_the_macro_curve_is_the_mean_of_those_there_are():
    labels, scores = data(5, 300, seed=4)
    keep = labels != 3
    report = Report(labels[keep], scores[keep], list("01234"))
    figure = drawn(report, [0, 3])
    assert legend(figure) == [
        f"0   {report.per_class['auc'][0]:.4f}",  # 3 is absent: no curve, no name
        f"macro average   {report.roc_auc_ovr:.4f}",
        "chance   0.5000",
    ]
    macro = lines(figure)[f"macro average   {report.roc_auc_ovr:.4f}"].get_ydata()
    np.testing.assert_allclose(macro, report.roc_curves[1][[0, 1, 2, 4]].mean(axis=0))
    assert np.trapezoid(macro, report.roc_curves[0]) == pytest.approx(report.roc_auc_ovr, abs=0.01)


def test_images_of_one_class_have_no_curve():
    labels, scores = data(4, 200, seed=5)
    one = labels == 2
    figure = drawn(Report(labels[one], scores[one], list("ABCD")), [2])
    assert legend(figure) == ["chance   0.5000"]


def test_shares_of_a_confusion_matrix_add_up_to_one_or_none():
    labels, scores = data(6, 100, seed=6)
    keep = labels != 1
    confusion = Report(labels[keep], scores[keep], list("ABCDEF")).confusion
    rows = figures.normalize_confusion(confusion, "by row").sum(axis=1)
    np.testing.assert_allclose(rows, [1, 0, 1, 1, 1, 1])
    columns = figures.normalize_confusion(confusion, "by column").sum(axis=0)
    np.testing.assert_allclose(columns, confusion.any(axis=0))
