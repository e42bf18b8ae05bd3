"""What a sweep refuses before any work, in one sentence; how folds are dealt; what it will take."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import make_part

import emnist_lab as lab
from emnist_lab.data.part import Part
from emnist_lab.errors import TrainingError
from emnist_lab.evaluation.sweeps import Range, folds, plan, search_space
from emnist_lab.handwriting.drawing_store import Drawing, open_store, with_kept_drawings
from emnist_lab.models import cost_estimates, get
from emnist_lab.runs import training


@pytest.fixture(scope="module")
def train():
    return make_part("digits", 24, 3)


@pytest.fixture(autouse=True)
def no_fit(monkeypatch):
    def fit(*given, **how):
        raise AssertionError("nothing is to be fitted")

    monkeypatch.setattr(training, "fit", fit)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"grid": {"speed": (1,)}}, "pixels-logistic has no setting 'speed': choose among C"),
        ({"grid": {"n_neighbors": (1,)}}, "has no setting 'n_neighbors'"),
        ({"grid": {"C": (0.1, -1)}}, "C can't be '-1': give it a number from"),
        ({"grid": {"C": (float("nan"),)}}, "C can't be 'nan'"),
        ({"grid": {"C": ()}}, "C has no values"),
        ({"grid": {"C": (1,), "classifier__C": (2,)}}, "C is given twice"),
        ({"grid": {"C": (1,)}, "random": {"C": "1:2"}}, "not both"),
        ({"grid": {"C": [i / 300 + 0.001 for i in range(300)], "max_iter": range(1, 101)}},
         "A grid of 30,000 points is more than a sweep takes"),
        ({"random": {"C": "0.1"}, "points": 0}, "0 points can't be drawn"),
        ({"random": {"C": "2:1"}}, "nothing between its ends"),
        ({"random": {"C": "a:b"}}, "'a:b' is no range for C"),
        ({"random": {"C": "0.1:1:lin"}}, "is no range for C"),
        ({"random": {"C": "0:1:log"}}, "C can't be '0.0'"),
        ({"random": {"C": Range(0.1, 1)}, "points": 30_000}, "draw 20,000 or fewer"),
        ({"points": 5}, "Points are drawn from ranges only"),
        ({"search": "random"}, "A random search needs ranges"),
        ({"search": "grid", "random": {"C": "1:2"}}, "A grid takes values"),
        ({"search": "luck"}, "There is no search 'luck'"),
        ({"search": "halving", "sizes": (10,)}, "chooses the numbers of training images itself"),
        ({"folds": 1}, "with 1 folds isn't possible: choose 2 to 50"),
        ({"folds": 25}, "0 has 24 images, fewer than 25 folds need"),
        ({"repeats": 0}, "can't be repeated 0 times"),
        ({"sizes": (0,)}, "A fit on 0 images isn't possible"),
        ({"by": "colour"}, "can't be dealt by 'colour'"),
        ({"by": "writer"}, "don't say who wrote them"),
        ({"metric": "beauty"}, "There is no metric 'beauty': choose one of accuracy"),
        ({"seed": -1}, "The seed -1 can't be used"),
        ({"seed": 2**32 - 1, "repeats": 2}, "The seed 4294967296 can't be used"),
        ({"prior": "Q=1"}, "There is no class 'Q'"),
        ({"jobs": 0}, "A sweep can't have 0 processes"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_sentence(train, asked, said):
    with pytest.raises(TrainingError) as refused:
        lab.sweep("pixels-logistic", train, **asked)
    text = str(refused.value)
    assert said in text and "\n" not in text and ": " in text and text.endswith(".")


def test_a_recipe_that_is_not_there(train):
    with pytest.raises(TrainingError, match="There is no recipe 'magic'"):
        lab.sweep("magic", train)
    with pytest.raises(TrainingError, match="hog-qda needs at least 5 training images of every"):
        lab.sweep("hog-qda", train.sample(60), folds=3)


def test_folds_are_stratified_and_each_image_is_measured_on_once_a_repeat(train):
    made = folds.make(train, 4, repeats=2, seed=3)
    splits = list(made.splits())
    assert len(splits) == 8 and made.train_images() == 180 and not made.by_writer
    for learned, measured in splits:
        counts = np.bincount(train.labels[measured % len(train)])
        assert (counts == 6).all() and len(learned) + len(measured) == len(train)
        assert not set(learned) & set(measured)
    assert sorted(np.concatenate([test for _, test in splits])) == list(range(2 * len(train)))
    assert (made.fold_of[0] != made.fold_of[1]).any()
    again = folds.make(train, 4, seed=4)
    np.testing.assert_array_equal(again.fold_of[0], made.fold_of[1])


def test_whole_writers_stay_in_one_fold(train):
    names = tuple("abcdef")
    writers = np.arange(len(train)) % 6
    known = replace(train, writers=writers, writer_names=names)
    made = folds.make(known, 3)
    assert made.by_writer
    for learned, measured in made.splits():
        assert not set(writers[learned]) & set(writers[measured])
    assert not folds.make(known, 3, by="class").by_writer
    with pytest.raises(TrainingError, match="are of 6 writers, fewer than 7 folds need"):
        folds.make(known, 7)
    alone = replace(known, writers=train.labels)  # one writer a class
    with pytest.raises(TrainingError, match=r"Fold 1 has no image of .* to .*deal them by class"):
        folds.make(alone, 3)


def test_kept_drawings_bring_their_writers_and_count_several_times_in_one_fold(train, home):
    store = open_store()
    for place, writer in enumerate(("ann", "bob")):
        drawn = [
            Drawing.from_strokes(label, [[(0, 0), (70, 9 * place + int(label)), (30, 100)]])
            for label in "01"
        ]
        store.keep("o" * 32, [replace(one, writer=writer) for one in drawn])
    both = with_kept_drawings(train, store=store, times=3)
    store.close()
    assert len(both) == len(train) + 12 and len(both.writer_names) == 2
    assert (both.writers[: len(train)] == -1).all()
    made = folds.make(both, 3, repeats=2, seed=1)
    assert made.by_writer
    for fold_of in made.fold_of:
        for writer in (0, 1):
            assert len(set(fold_of[both.writers == writer])) == 1
        assert (np.bincount(fold_of[: len(train)]) == 80).all()
    again = both.joined(both)
    assert again.writer_names == both.writer_names and (again.writers[-12:] >= 0).all()


def test_values_are_given_in_many_ways():
    recipe = get("hog-mlp")
    assert search_space.checked_grid(recipe, {"hidden_layer_sizes": "128;256, 64"}) == {
        "classifier__hidden_layer_sizes": ((128,), (256, 64))
    }
    assert search_space.checked_grid(recipe, {"hidden_layer_sizes": [128, (256, 64)]}) == {
        "classifier__hidden_layer_sizes": ((128,), (256, 64))
    }
    with pytest.raises(TrainingError, match="can't be drawn from a range"):
        search_space.checked_ranges(recipe, {"hidden_layer_sizes": "10:20"})


def test_ranges_reach_both_ends():
    random = np.random.RandomState(0)
    assert set(Range(1, 3, whole=True).rvs(200, random)) == {1, 2, 3}
    drawn = np.array(Range(0.001, 1000, log=True).rvs(2000, random))
    assert drawn.min() >= 0.001 and drawn.max() <= 1000
    assert abs((drawn < 1).mean() - 0.5) < 0.05


def test_a_plan_says_what_it_takes_and_when_to_ask(train, monkeypatch):
    made = plan.make("pixels-logistic", train, grid={"C": (0.1, 1), "max_iter": (5, 6, 7)})
    assert (len(made.candidates), made.splits, made.fits) == (6, 3, 18)
    seconds = 18 * cost_estimates.estimate("pixels-logistic", 160).fit_seconds
    assert made.expected_seconds() == pytest.approx(seconds)
    assert made.expected_seconds(2) == pytest.approx(seconds / 2)
    assert not made.should_ask()
    assert made.sentence().startswith("18 fits, which take about ")
    assert made.sentence().endswith(": 6 candidates on 3 folds")
    many = plan.make(
        "pixels-logistic", train, grid={"C": np.linspace(0.1, 9, 100), "max_iter": range(1, 101)}
    )
    assert many.fits == 30_000 and many.should_ask() and "hours" in many.sentence()
    nothing = {"data": "", "recipes": {}}
    monkeypatch.setattr(cost_estimates, "measured", lambda: nothing)
    assert np.isnan(made.expected_seconds()) and not made.should_ask()
    assert made.sentence() == "18 fits: 6 candidates on 3 folds"


def test_what_changes_nothing_is_said(train):
    grid = {"reg_param": (0.1, 0.4), "n_components": (60, 140)}
    few = plan.make("hog-qda", train, grid=grid)
    assert few.notes() == [
        "reg_param changes nothing on 160 images: hog-qda replaces it where there are few."
    ]
    many = Part(
        np.zeros((4000, 28, 28), np.uint8), np.arange(4000) % 10, train.classes, "digits", "train",
        "copy",
    )  # fmt: skip
    assert plan.make("hog-qda", many, grid=grid).notes() == []
    halving = plan.make("hog-qda", many, grid=grid, search="halving")
    assert halving.notes() == [
        "reg_param changes nothing on 888 images: hog-qda replaces it where there are few."
    ]
    assert plan.make("pixels-logistic", train, grid={"C": (1, 2), "max_iter": 5}).notes() == []
