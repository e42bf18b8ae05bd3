"""Searches are scikit-learn's, with the scores that runs have, and nothing is fitted twice."""

import math
import os
import signal
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import make_part
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline

import emnist_lab as lab
from emnist_lab.errors import TrainingCancelled, TrainingError
from emnist_lab.evaluation.sweeps import Range, fold_fit, plan, search, sweep_store
from emnist_lab.evaluation.sweeps.results import headline
from emnist_lab.models import catalog
from emnist_lab.runs import training


@pytest.fixture(scope="module")
def train():
    return make_part("digits", 24, 3)


@pytest.fixture
def fits(monkeypatch):
    """Counts fits by recipe, settings and seed."""
    done, fit = Counter(), training.fit

    def counted(recipe, part, *given, **how):
        done[recipe.name, str(how["params"]), how["seed"], len(part)] += 1
        return fit(recipe, part, *given, **how)

    monkeypatch.setattr(training, "fit", counted)
    return done


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_grid_has_the_scores_of_a_plain_grid_search(train):
    grid = {"C": (0.01, 1.0), "max_iter": (5, 10)}
    found = lab.sweep("pixels-logistic", train, grid=grid, folds=3, seed=7)
    pipeline = catalog.get("pixels-logistic").pipeline(7)
    plain = GridSearchCV(
        pipeline,
        {f"classifier__{name}": values for name, values in grid.items()},
        cv=StratifiedKFold(3, shuffle=True, random_state=7),
        scoring={"accuracy": "accuracy", "log_loss": "neg_log_loss", "auc": "roc_auc_ovo"},
        refit=False,
    ).fit(train.images, train.labels)
    assert len(found.results) == len(plain.cv_results_["params"]) == 4
    by_settings = {str(one.candidate.settings): one for one in found.results}
    for place, params in enumerate(plain.cv_results_["params"]):
        own = by_settings[str(params)]
        for fold in range(3):
            for name, key, sign in (
                ("accuracy", "accuracy", 1),
                ("log_loss", "log_loss", -1),
                ("auc", "roc_auc_ovo", 1),
            ):
                expected = plain.cv_results_[f"split{fold}_test_{name}"][place] * sign
                assert own.scores(key)[fold] == pytest.approx(expected, abs=1e-9)
        assert own.mean("accuracy") == pytest.approx(
            plain.cv_results_["mean_test_accuracy"][place], abs=1e-12
        )
    best = found.best.mean("accuracy")
    assert best == pytest.approx(plain.cv_results_["mean_test_accuracy"].max(), abs=1e-12)


def test_scores_are_those_of_a_run_that_was_fitted_on_the_other_folds(train):
    # not even classes, so that the class prior counts
    kept = np.flatnonzero((train.labels > 3) | (np.arange(len(train)) % 3 > 0))
    uneven = train.take(kept)
    for recipe, prior in (("pixels-bayes", "training"), ("hog-qda", None)):
        found = lab.sweep(recipe, uneven, folds=4, seed=3, prior=prior)
        folds = StratifiedKFold(4, shuffle=True, random_state=3).split(uneven.labels, uneven.labels)
        for (learned, measured), record in zip(folds, found.results[0].records, strict=True):
            run = lab.fit(recipe, uneven.take(learned), seed=3, prior=prior)
            report = lab.evaluate(run, uneven.take(measured))
            for key, value in report.summary().items():
                assert record.scores[key] == pytest.approx(value, abs=1e-9)
    equal, natural = (
        lab.sweep("pixels-bayes", uneven, folds=4, seed=3, prior=one).results[0].mean("log_loss")
        for one in ("equal", "training")
    )
    assert equal != natural


def test_repeats_have_folds_and_seeds_of_their_own(train, fits):
    found = lab.sweep("pixels-bayes", train, folds=2, repeats=3, seed=5)
    (one,) = found.results
    assert [(r.repeat, r.fold, r.seed) for r in one.records] == [
        (0, 0, 5), (0, 1, 5), (1, 0, 6), (1, 1, 6), (2, 0, 7), (2, 1, 7)
    ]  # fmt: skip
    assert found.splits == 6 and sum(fits.values()) == 6
    alone = lab.sweep("pixels-bayes", train, folds=2, seed=6).results[0]
    assert one.scores("log_loss")[2:4].tolist() == alone.scores("log_loss").tolist()
    scores = one.scores("accuracy")
    assert one.std("accuracy") == pytest.approx(np.std(scores, ddof=1)) and len(scores) == 6


def test_sizes_are_a_learning_curve_on_nested_samples(train):
    found = lab.sweep("pixels-bayes", train, sizes=(40, 20), folds=3)
    table = found.table()
    assert table["images"].tolist() == [40, 20] and table["rank"].tolist() == [1, 2]
    assert {one.test_images for one in found.records} == {80}
    with pytest.raises(TrainingError, match="leave 160 to learn from; choose 1 to 160"):
        lab.sweep("pixels-bayes", train, sizes=(20, 161), folds=3)


def test_random_points_are_scikit_learns_and_can_be_typed_again(train):
    found = lab.sweep(
        "pixels-logistic",
        train,
        random={"C": "0.001:10:log", "max_iter": "2:4"},
        points=5,
        folds=2,
        seed=2,
    )
    assert found.complete and len(found.ranking) == len(found.results) <= 5
    for one in found.results:
        value = one.candidate.settings["classifier__C"]
        assert 0.001 <= value <= 10 and float(f"{value:.4g}") == value
        assert one.candidate.settings["classifier__max_iter"] in (2, 3, 4)
    again = plan.make(
        "pixels-logistic", train, random={"C": Range(0.001, 10, log=True), "max_iter": (2, 3, 4)},
        points=5, seed=2,
    )  # fmt: skip
    assert len(again.candidates) == 5


@pytest.mark.parametrize(
    ("axes", "points"),
    [({"grid": {"C": (0.01, 0.1, 1, 10), "max_iter": (3, 6)}}, None),
     ({"random": {"C": "0.01:10:log", "max_iter": "3:6"}}, 9)],
)  # fmt: skip
def test_successive_halving_has_scikit_learns_rounds(train, axes, points, tmp_path):
    made = plan.make("pixels-logistic", train, search="halving", points=points, folds=2, **axes)
    source = fold_fit.FitSource.of(made, tmp_path)
    (searched,) = search.searches(made, source)
    searched.fit(np.arange(made.splits)[:, None])
    assert made.rounds == tuple(zip(searched.n_candidates_, searched.n_resources_, strict=True))
    found = lab.sweep("pixels-logistic", train, search="halving", points=points, folds=2, **axes)
    assert len(found.records) <= found.fits == made.fits
    last = [one for one in found.results if one.candidate.images == made.rounds[-1][1]]
    assert found.best in last
    best = {**found.best.candidate.settings, "images": found.best.candidate.images}
    assert best == searched.best_params_
    assert found.best.mean("accuracy") == pytest.approx(searched.best_score_, abs=1e-12)


def test_recipes_are_compared_over_the_same_folds(train):
    pairs = ["pixels-bayes", ("pixels-logistic", {"max_iter": 5}), "pixels-bayes"]
    found = lab.compare_recipes(pairs, train, folds=2, repeats=2)
    assert found.comparison and len(found.results) == 2
    rows = lab.paired_differences(found)
    first, second = found.ranking
    assert rows["better"][0].startswith(first.candidate.recipe) and rows["splits"][0] == 4
    differences = first.scores("accuracy") - second.scores("accuracy")
    assert rows["difference"][0] == pytest.approx(differences.mean(), abs=1e-12)
    assert rows["low"][0] < rows["difference"][0] < rows["high"][0]
    alone = lab.sweep("pixels-bayes", train, folds=2, repeats=2).results[0]
    both = {one.candidate.recipe: one for one in found.results}
    assert both["pixels-bayes"].scores("log_loss").tolist() == alone.scores("log_loss").tolist()
    against = lab.paired_differences(found, "log_loss", baseline=second)
    assert against["other"].tolist() == [rows["other"][0]]
    with pytest.raises(TrainingError, match="at least two different recipes"):
        lab.compare_recipes(["pixels-bayes", "pixels-bayes"], train)


def test_processes_side_by_side_have_the_same_scores(train):
    told = []
    how = {"grid": {"C": (0.1, 1)}, "folds": 3}
    one = lab.sweep("pixels-logistic", train, jobs=1, **how)
    two = lab.sweep("pixels-logistic", train, jobs=2, progress=told.append, **how)
    for left, right in zip(one.results, two.results, strict=True):
        assert left.candidate == right.candidate
        for key in ("accuracy", "log_loss", "roc_auc_ovo"):
            np.testing.assert_allclose(left.scores(key), right.scores(key), rtol=0, atol=1e-9)
    assert told[-1].step == told[-1].steps == 6 and told[-1].fraction == pytest.approx(1)


def test_a_killed_process_loses_only_its_fit_and_a_cancel_ends_all(train, tmp_path):
    class Fragile(GaussianNB):  # cloudpickle sends it, for it is nobody's module
        def __init__(self, place="", var_smoothing=1e-9):
            super().__init__(var_smoothing=var_smoothing)
            self.place = place

        def fit(self, images, labels):
            if self.var_smoothing == 0.5:
                time.sleep(600)
            if self.var_smoothing == 0.1:
                try:
                    Path(self.place, "died").touch(exist_ok=False)
                    os.kill(os.getpid(), signal.SIGKILL)
                except FileExistsError:
                    pass
            return super().fit(images.reshape(len(images), -1), labels)

        def predict_proba(self, images):
            return super().predict_proba(images.reshape(len(images), -1))

    fragile = replace(
        catalog.get("pixels-bayes"),
        name="fragile",
        make=lambda seed: Pipeline([("classifier", Fragile(str(tmp_path)))]),
    )
    values, told = {"var_smoothing": (1e-9, 0.1)}, []
    found = lab.sweep(fragile, train, grid=values, jobs=2, progress=told.append)
    assert (tmp_path / "died").exists() and found.complete and len(found.records) == 6
    assert told[-1].step == 6
    sound = lab.sweep("pixels-bayes", train, grid={"var_smoothing": 1e-9})
    assert found.results[0].scores("accuracy").tolist() == sound.best.scores("accuracy").tolist()
    with pytest.raises(TrainingCancelled, match="are kept"):
        lab.sweep(
            fragile, train, grid={"var_smoothing": (0.2, 0.5)}, jobs=2, name="f",
            progress=told.append, cancel=lambda: told[-1].step == 3,
        )  # fmt: skip
    assert len(lab.open_sweep("f").records) == 3


def test_a_fit_that_fails_is_listed_with_its_reason_and_others_go_on(train, fits):
    few, settings = train.sample(120), {"n_neighbors": (1, 50, 100)}  # 80 to learn from
    found = lab.sweep("pixels-neighbours", few, grid=settings, name="some")
    table = found.table()
    assert table["rank"].isna().tolist() == [False, False, True]
    assert "100 neighbours can't be found in 80 images" in table["reason"][2]
    assert math.isnan(table["accuracy"][2]) and table["fits"].tolist() == [3, 3, 3]
    assert "100 neighbours" in found.csv()
    with pytest.raises(TrainingError, match="100 neighbours can't be found"):
        lab.sweep("pixels-neighbours", few, grid={"n_neighbors": 100})


def test_answers_that_are_no_numbers_are_a_reason(train, monkeypatch):
    answers = Pipeline.predict_proba

    def spoiled(self, images):
        found = answers(self, images)
        return found * np.nan if self[-1].C > 1 else found

    monkeypatch.setattr(Pipeline, "predict_proba", spoiled)
    found = lab.sweep("pixels-logistic", train, grid={"C": (0.1, 10), "max_iter": 3}, folds=2)
    assert found.best.candidate.settings["classifier__C"] == 0.1
    (bad,) = (one for one in found.results if one.reason)
    assert "doesn't answer with probabilities (NaN)" in bad.reason and "\n" not in bad.reason


def test_progress_counts_fits_and_cancel_keeps_what_is_done(train, fits):
    told, how = [], {"grid": {"C": (0.1, 1, 10), "max_iter": 3}, "folds": 2, "jobs": 1}

    def cancel():
        return bool(told) and told[-1].step >= 4

    with pytest.raises(TrainingCancelled, match="are kept"):
        lab.sweep("pixels-logistic", train, name="c", progress=told.append, cancel=cancel, **how)
    kept = lab.open_sweep("c")
    assert headline(kept).startswith("Best so far: C=")
    assert (
        len(kept.records) == 4 and not kept.complete and kept.table()["fits"].tolist() == [2, 2, 0]
    )
    shares = [one.fraction for one in told]
    assert shares == sorted(shares) and told[-1].steps == 6 and told[-1].remaining >= 0
    with pytest.raises(TrainingCancelled, match="it has no name"):  # within a fit
        asked = iter([False, False])
        lab.sweep("pixels-bayes", train, folds=2, jobs=1, cancel=lambda: next(asked, True))
    fits.clear()
    again = lab.sweep("pixels-logistic", train, name="c", progress=told.append, **how)
    assert again.name == "c" and again.complete and sum(fits.values()) == 2
    assert again.records[:4] == kept.records
    fits.clear()
    same = lab.sweep("pixels-logistic", train, name="c", **how)
    assert same.records == again.records and not fits
    other = lab.sweep("pixels-logistic", train, name="c", **{**how, "folds": 3})
    assert other.name == "c-2"


@pytest.mark.parametrize("search_name", ["grid", "random", "halving"])
def test_any_search_goes_on_without_fitting_again(train, fits, search_name):
    axes = {"C": (0.01, 0.1, 1, 10)} if search_name == "grid" else {"C": "0.01:10:log"}
    how = {
        "grid" if search_name == "grid" else "random": {**axes, "max_iter": (3,)},
        "search": search_name,
        "points": None if search_name == "grid" else 4,
        "folds": 2,
        "jobs": 1,
    }
    whole = lab.sweep("pixels-logistic", train, **how)
    assert set(fits.values()) <= {1, 2}  # two folds are as large
    count = sum(fits.values())
    done = []
    with pytest.raises(TrainingCancelled, match="are kept"):
        lab.sweep(
            "pixels-logistic", train, name="x", progress=done.append,
            cancel=lambda: done[-1].step >= 3, **how,
        )  # fmt: skip
    fits.clear()
    resumed = lab.resume_sweep("x", train, jobs=1)
    assert sum(fits.values()) == count - 3 and resumed.complete
    assert (
        resumed.table(splits=True)
        .drop(columns="fit_s")
        .equals(whole.table(splits=True).drop(columns="fit_s"))
    )


def test_a_recipe_of_ones_own(train):
    own = replace(catalog.get("pixels-bayes"), name="mine", title="Mine")
    found = lab.sweep(own, train, folds=2)
    assert found.best.candidate.recipe == "mine"
    assert found.refit(train).manifest["recipe"] == "mine"


def test_the_best_is_refitted_as_a_run_that_names_its_sweep(train):
    found = lab.sweep("pixels-logistic", train, grid={"C": (0.01, 1), "max_iter": 5}, name="s")
    kept = found.refit(train, train.sample(50)).save("best")
    again = lab.open_run("best").manifest
    assert again["sweep"]["name"] == "s" and again["sweep"]["fits"] == 3
    assert again["sweep"]["mean"] == found.best.mean("accuracy")
    assert (
        kept.manifest["params"]["classifier__C"] == found.best.candidate.settings["classifier__C"]
    )
    plain = lab.fit("pixels-logistic", train, params=found.best.candidate.settings)
    images = train.images[:20]
    np.testing.assert_allclose(kept.predict_proba(images), plain.predict_proba(images), atol=1e-12)
    assert sweep_store.open_sweep("s").best.candidate == found.best.candidate


def test_scores_by_another_metric_rank_the_other_way_round(train):
    found = lab.sweep(
        "pixels-bayes", train, grid={"var_smoothing": (1e-9, 10.0)}, metric="log_loss"
    )
    means = [one.mean("log_loss") for one in found.ranking]
    assert means == sorted(means) and means[0] < means[1]
