"""For which class frequencies a run answers."""

import dataclasses
import json

import numpy as np
import pytest
from helpers import answer, call, executed, refusal, write
from sklearn.linear_model import LogisticRegression

import emnist_lab as lab
from emnist_lab.commands.specs import TrainSpec
from emnist_lab.errors import RunError, TrainingError
from emnist_lab.evaluation import explain, prior_comparison
from emnist_lab.evaluation.evaluation import evaluate_part, stored_evaluation
from emnist_lab.handwriting import drawing_reader
from emnist_lab.metrics import label_shift
from emnist_lab.models import catalog, prior_exponent
from emnist_lab.models.ensemble import LogOpinionPool
from emnist_lab.runs import class_prior, import_export, temperature_scaling
from emnist_lab.runs.manifest import Damaged


def _uneven(part, few):
    """All of every fifth class, few of the others."""
    rank = np.empty(len(part), int)
    for label in range(len(part.classes)):
        of = part.labels == label
        rank[of] = np.arange(of.sum())
    kept = (rank < few) | (part.labels % 5 == 0)
    return dataclasses.replace(part, images=part.images[kept], labels=part.labels[kept])


@pytest.fixture(scope="module")
def uneven(train):
    return _uneven(train, 8)


@pytest.fixture(scope="module")
def run(uneven, test):
    return lab.fit("whitened-logistic", uneven, test)


def test_bayes_rule():
    """Two Gaussians: dividing the prior out gives what equal frequencies would have given."""
    random = np.random.default_rng(0)
    x = random.normal(size=(50, 1))
    likelihood = np.exp(-((x - np.array([0.0, 1.0])) ** 2) / 2)
    counts = np.array([30, 90])
    learned = likelihood * counts / (likelihood * counts).sum(axis=1, keepdims=True)
    found = label_shift.adjust(learned, label_shift.class_weights(counts, np.ones(2)))
    np.testing.assert_allclose(found, likelihood / likelihood.sum(axis=1, keepdims=True))


def test_a_run_answers_for_equally_frequent_classes(run, uneven, test):
    assert run.manifest["prior"] == {
        "training": uneven.counts().tolist(), "answers_for": "equal",
    }  # fmt: skip
    model = run.model.predict_proba(test.images)
    model /= uneven.counts()
    expected = model / model.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(run.predict_proba(test.images), expected, rtol=1e-6, atol=1e-12)
    old = run.for_prior("training")
    assert class_prior.describe(old.manifest["prior"]) == "classes as frequent as in training"
    report = run.report()
    assert report.per_class["recall"].mean() > old.report().per_class["recall"].mean()


def test_where_a_temperature_scales_the_prior_it_is_divided_out_as_far(uneven, test):
    """A temperature on Gaussians scales all of Bayes' rule, and in a pool each member counts."""
    run = lab.fit("hog-qda", uneven, test)
    scaled = run.model[-1].calibrated_classifiers_[0].calibrators[0].beta_
    exponent = run.manifest["prior"]["exponent"]
    assert exponent == scaled != 1
    expected = run.model.predict_proba(test.images) / uneven.counts() ** exponent
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(run.test_scores[1], expected, rtol=1e-5, atol=1e-9)
    there = run.for_prior("training").for_prior("equal")
    assert there.manifest["prior"] == run.manifest["prior"]
    np.testing.assert_allclose(there.test_scores[1], run.test_scores[1], rtol=1e-6, atol=1e-12)
    pool = LogOpinionPool([("one", run.model), ("other", run.model[:0])], [3, 1])
    pool.estimators_ = [run.model, LogisticRegression()]
    assert prior_exponent.prior_exponent(pool) == pytest.approx(0.75 * exponent + 0.25)
    assert prior_exponent.may_differ(LogOpinionPool([("one", run.model)], [1]))
    assert not prior_exponent.may_differ(catalog.get("warped-blend").pipeline())
    assert not prior_exponent.may_differ(catalog.get("hog-svm").pipeline())


def test_the_reference_answers_as_its_training_was(uneven, test):
    run = lab.fit("pixels-logistic", uneven, test)
    assert run.manifest["prior"]["answers_for"] == "training" and run.class_weights is None
    np.testing.assert_allclose(run.test_scores[1], run.model.predict_proba(test.images), rtol=1e-9)


def test_another_prior_is_the_same_as_from_the_start(run, uneven, test, tmp_path):
    wanted = {"O": 3, "0": 0.5}
    made = lab.fit("whitened-logistic", uneven, test, prior=wanted)
    changed = run.for_prior("O=3, 0=0.5")
    as_array = np.array([wanted.get(name, 1.0) for name in run.classes])
    assert run.for_prior(as_array).manifest["prior"] == changed.manifest["prior"]
    assert changed.manifest["prior"] == made.manifest["prior"]
    np.testing.assert_allclose(changed.test_scores[1], made.test_scores[1], rtol=1e-6, atol=1e-12)
    assert changed.manifest["scores"] == pytest.approx(made.manifest["scores"], rel=1e-6)
    there = changed.for_prior("training").for_prior("equal")
    np.testing.assert_allclose(there.test_scores[1], run.test_scores[1], rtol=1e-6, atol=1e-12)
    kept = changed.save(folder=tmp_path)
    again = lab.open_run(kept.folder)
    np.testing.assert_allclose(
        again.predict_proba(test.images), made.predict_proba(test.images), rtol=1e-6, atol=1e-12
    )


def test_it_moves_with_the_run(run, test, home):
    kept = run.for_prior("O=3").save("given")
    moved = import_export.import_run(import_export.export_to(kept, home / "out.zip"), "moved")
    assert moved.manifest["prior"] == kept.manifest["prior"]
    np.testing.assert_array_equal(moved.predict_proba(test.images), kept.predict_proba(test.images))


def test_a_class_without_training_images(train, test):
    some = train.labels != 3
    part = dataclasses.replace(train, images=train.images[some], labels=train.labels[some])
    run = lab.fit("whitened-logistic", part, test)
    for prior in ("equal", "training", "3=5"):
        scores = run.for_prior(prior).test_scores[1]
        assert (scores[:, 3] == 0).all()
        np.testing.assert_allclose(scores.sum(axis=1), 1)
    assert len(prior_comparison.compare_priors(stored_evaluation(run))) == 3


@pytest.mark.parametrize(
    ("prior", "why"),
    [
        ("O3", "no class prior"),
        ("O=3;0=2", "no class prior"),
        ("", "no class prior"),
        ("?=2", "no class '?'"),
        ("O=0", "no prior of 47"),
        ([1.0, 2.0], "no prior of 47"),
        ([float("nan")] * 47, "no prior of 47"),
        (["a"] * 47, "no prior of 47"),
    ],
)
def test_what_is_no_prior_is_one_sentence(run, prior, why):
    with pytest.raises(TrainingError, match=why) as caught:
        run.for_prior(prior)
    assert "write equal, training, or" in str(caught.value)


def test_a_run_that_can_not_be_changed_says_why(run):
    with pytest.raises(RunError, match="doesn't say how many images"):
        lab.open_run("pixels-logistic").for_prior("equal")
    # a temperature is fitted to the probabilities as they are
    run = dataclasses.replace(run, manifest={**run.manifest, "temperature": 2.0})
    with pytest.raises(RunError, match="choose the run that it was made from"):
        run.for_prior("training")


def test_a_temperature_comes_after_the_prior(run, test, monkeypatch):
    monkeypatch.setattr(temperature_scaling, "_FEWEST", 50)
    scaled = temperature_scaling.with_temperature(run)
    np.testing.assert_allclose(
        scaled.test_scores[1], scaled.predict_proba(test.images), rtol=1e-6, atol=1e-12
    )


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"training": [1, 2], "answers_for": "equal"},
        {"training": [0] * 47, "answers_for": "equal"},
        {"training": [5] * 47, "answers_for": "whatever"},
        {"training": [5] * 47, "answers_for": "given"},
        {"training": [5] * 47, "answers_for": "given", "given": [0] * 47},
        {"training": [5] * 46 + [-1], "answers_for": "training"},
        {"training": [5] * 47, "answers_for": "equal", "exponent": 0},
    ],
)
def test_a_damaged_prior_is_said(run, tmp_path, wrong):
    kept = run.save(folder=tmp_path)
    path = kept.folder / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "prior": wrong}))
    with pytest.raises(Damaged, match="'prior' isn't what a run keeps there"):
        lab.open_run(kept.folder)


def test_priors_are_compared_on_the_part(run, test):
    part = _uneven(test, 1)
    table = prior_comparison.compare_priors(evaluate_part(run, part)).set_index("prior")
    assert table.index[table["now"]].tolist() == ["equal"]
    # the part is about as uneven as training was
    assert table.log_loss["training"] < table.log_loss["equal"]
    assert table.accuracy["training"] >= table.accuracy["equal"]
    assert table.mean_recall["equal"] >= table.mean_recall["training"]


def test_drawings_are_read_for_what_people_draw(run):
    """Of equal classes, those of two characters count twice; given frequencies are left alone."""
    assert drawing_reader.case_prior(run).sum() == 62
    assert drawing_reader.case_prior(run.for_prior("O=3")).sum() == 47
    assert class_prior.describe(run.for_prior("O=3").manifest["prior"]) == "given class frequencies"


def test_evidence_adds_up_to_what_the_run_answers(run, test):
    image = test.images[0]
    found = explain.evidence(run, image, 0, 1)
    first, second = run.predict_proba(image[None])[0][:2]
    assert found.log_odds == pytest.approx(np.log(first / second), abs=1e-3)


def test_a_hand_is_learned_on_top_of_the_prior(run):
    bar, hook = [[(0, 0), (0, 90)]], [[(0, 0), (60, 0), (20, 90)]]
    mine = [{"label": "1", "strokes": bar}, {"label": "7", "strokes": hook}]
    for base in (run, run.for_prior("training")):
        adapted = lab.adapt(base, mine)
        image = np.zeros((1, 28, 28), np.uint8)  # like no drawing: the base's answer stays
        found, plain = adapted.predict_proba(image)[0], base.predict_proba(image)[0]
        outside = [place for place, name in enumerate(run.classes) if name not in "17"]
        np.testing.assert_allclose(
            found[outside] / found[outside].sum(),
            plain[outside] / plain[outside].sum(),
            rtol=1e-6,
            atol=1e-9,
        )
        assert "prior" not in adapted.manifest
        with pytest.raises(RunError, match="calibrated or adapted"):
            adapted.for_prior("equal")


@pytest.mark.parametrize(
    ("recipe", "prior"),
    [("whitened-logistic", "equal"), ("whitened-logistic", "O=3,0=0.5"), ("hog-qda", "O=3,0=0.5")],
)
def test_the_code_that_is_shown_answers_the_same(uneven, test, tmp_path, recipe, prior):
    write(tmp_path, uneven)
    write(tmp_path, test)
    run = lab.fit(recipe, uneven, test)
    spec = TrainSpec(recipe, root=str(tmp_path), prior=prior)
    counts = uneven.counts()
    program = spec.program(catalog.get(recipe).pipeline(counts=counts))
    made = executed(program)
    expected = run.for_prior(prior).test_scores[1]
    np.testing.assert_allclose(made["probabilities"], expected, rtol=1e-5, atol=1e-9)


def test_the_command_line(capfd, home, folder):
    data = ["--root", folder, "--split", "digits"]
    made = answer(capfd, "train", "pixels-bayes", *data, "--prior", "7=4", "--name", "given")
    assert lab.open_run(made["run"]).manifest["prior"]["given"][7] == 4
    again = answer(capfd, "set-prior", "given", "equal", "--name", "even")
    assert lab.open_run("even").manifest["prior"]["answers_for"] == "equal"
    assert again["prior"]["training"] == lab.open_run("given").manifest["prior"]["training"]
    code, _ = call(capfd, "train", "pixels-bayes", *data, "--prior", "7=4", "--code")
    assert '"7=4"' in code and "prior_exponent" not in code
    assert "no class prior" in refusal(capfd, "train", "pixels-bayes", *data, "--prior", "often")
    assert "no class prior" in refusal(capfd, "set-prior", "given", "often")
