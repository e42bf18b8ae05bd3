"""Predictions of a part's images, as far as they were asked for."""

import numpy as np
import pytest

import emnist_lab as lab
from emnist_lab.callbacks import Cancelled
from emnist_lab.errors import RunError
from emnist_lab.evaluation import part_predictions
from emnist_lab.evaluation.part_predictions import PartPredictions


@pytest.fixture(scope="module")
def run(train, test):
    return lab.fit("pixels-bayes", train, test)


@pytest.fixture
def asked(run, monkeypatch):
    """How many images the run was given, call by call."""
    given, real = [], type(run).predict_proba

    def counted(self, images, progress=None):
        given.append(len(images))
        return real(self, images, progress)

    monkeypatch.setattr(type(run), "predict_proba", counted)
    return given


def test_only_what_is_asked_for_is_predicted_and_a_wider_question_costs_the_rest(run, test, asked):
    known = PartPredictions(test.labels)
    one = np.flatnonzero(test.labels == 3)
    known.predict(run, test, one)
    known.predict(run, test, one)
    assert asked == [len(one)]
    every = np.arange(len(test))
    assert not np.isin(one, known.missing(every)).any()
    known.predict(run, test, every)
    assert sum(asked) == len(test) and not len(known.missing(every))
    scores = run.predict_proba(test.images)
    assert np.array_equal(known.predicted, scores.argmax(axis=1))
    assert np.allclose(known.confidence, scores.max(axis=1))


def test_what_was_predicted_before_a_cancel_is_kept(run, test, monkeypatch):
    monkeypatch.setattr(part_predictions, "_CHUNK", 10)
    known, told = PartPredictions(test.labels), []

    def tell(share, words):
        told.append((share, words))
        if len(told) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        known.predict(run, test, np.arange(50), tell)
    assert told[2] == (0.4, "20 of 50 images")
    assert known.missing(np.arange(50)).tolist() == list(range(20, 50))


def test_kept_scores_are_all_of_them_and_filter_and_order_are_those_of_the_report(run):
    report = run.report()
    known, every = PartPredictions.of_report(report), np.arange(len(report.labels))
    right, sure = report.predicted == report.labels, report.scores.max(axis=1)
    assert np.array_equal(known.correct(every), right)
    shown = known.choose(every, "misclassified", "most confident first")
    assert np.array_equal(np.sort(shown), np.flatnonzero(~right))
    assert (np.diff(sure[shown]) <= 0).all()
    shown = known.choose(every, "correct", "least confident first")
    assert np.array_equal(np.sort(shown), np.flatnonzero(right))
    assert (np.diff(sure[shown]) >= 0).all()


def test_a_run_of_other_classes_is_refused_in_one_sentence(run, test):
    some = test.choose("ABC")
    with pytest.raises(RunError, match="other classes"):
        PartPredictions(some.labels).predict(run, some, np.arange(3))
