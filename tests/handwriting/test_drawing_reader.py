"""Strokes -> answers, with a run; and how well runs read drawings."""

import numpy as np
import pytest
from helpers import SEVEN, moved

import emnist_lab as lab
from emnist_lab.errors import InkError
from emnist_lab.handwriting import drawing_reader, ink
from emnist_lab.maintenance import drawing_robustness
from emnist_lab.runs.run import Run

RING = [[(100 + 60 * np.cos(t), 120 + 90 * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 40)]]
SOME = [
    {"strokes": SEVEN, "label": "7"},
    {"strokes": RING, "label": "o"},
    {"strokes": [[(5, 5)]], "label": "I"},
    {"strokes": SEVEN},
]


@pytest.fixture(scope="module")
def run():
    return lab.open_run("hog-qda")


def test_read_is_the_mean_over_widths(run):
    image, probabilities = lab.drawings.read(run, SEVEN, 20)
    np.testing.assert_array_equal(image, ink.from_strokes(SEVEN, 20))
    assert probabilities.shape == (47,) and probabilities.sum() == pytest.approx(1)
    wider = [
        ink.from_strokes([[(x * wide, y) for x, y in one] for one in SEVEN])
        for wide in (1, 1.15, 1.3)
    ]
    expected = run.predict_proba(np.stack(wider)).mean(axis=0) * drawing_reader.case_prior(run)
    np.testing.assert_allclose(probabilities, expected / expected.sum(), atol=1e-6)
    assert run.classes[probabilities.argmax()] == "7"


def test_a_class_counts_for_as_many_characters_as_it_stands_for(run):
    counts = dict(zip(run.classes, drawing_reader.case_prior(run), strict=True))
    assert sum(counts.values()) == 62
    assert (counts["O"], counts["0"], counts["a"], counts["A"]) == (2, 1, 1, 1)


@pytest.mark.parametrize(
    ("split", "classes", "counts"),
    [("balanced", "0OAa", [1, 2, 1, 1]), ("bymerge", "0O", [1, 1]), ("digits", "01", [1, 1])],
)
def test_characters_of_other_runs(split, classes, counts):
    other = Run({"classes": list(classes), "data": {"split": split}})
    assert drawing_reader.case_prior(other).tolist() == counts


def test_an_image_alone_is_read_by_the_same_prior(run):
    image = ink.from_strokes(SEVEN)
    expected = run.predict_proba(image[None]) * drawing_reader.case_prior(run)
    found = drawing_reader.predict_variations(run, image[None, None])
    np.testing.assert_allclose(found, expected / expected.sum(), atol=1e-9)


def test_score_reads_as_read_does_and_says_what_it_could_not(run):
    reading = drawing_reader.predict_drawings(run, SOME, [20, 15, 20, 10])
    np.testing.assert_allclose(
        reading.probabilities[0], drawing_reader.read(run, SEVEN, 20)[1], atol=1e-6
    )
    assert np.isnan(reading.probabilities[2]).all() and "dot" in reading.problems[2]
    assert reading.problems[0] is None and reading.labels.tolist()[3] == -1


def test_look_alikes_count_as_one_in_the_summary(run):
    probabilities = np.zeros((4, 47))
    said = [run.classes.index(name) for name in ("O", "L", "7", "F")]
    probabilities[np.arange(4), said] = 1
    probabilities[3] = np.nan
    labels = np.array([run.classes.index(name) for name in ("0", "1", "T", "f")])
    found = drawing_reader.DrawingPredictions(
        probabilities, [None] * 4, labels, run.classes
    ).summary()
    assert found["labelled"] == 4 and found["accuracy"] == 0
    assert found["alike_accuracy"] == 0.5  # 0 and 1; T isn't 7, and what can't be read is wrong
    assert (
        drawing_reader.DrawingPredictions(
            probabilities, [None] * 4, labels * 0 - 1, run.classes
        ).summary()
        == {}
    )


@pytest.mark.parametrize(
    ("strokes", "says"),
    [
        (None, "list of strokes"),
        (7, "list of strokes"),
        ([[(i, 0), (i, 9)] for i in range(10_000)], "10,000 strokes"),
        ([[(0, 0), (float("nan"), 3)]], "usable number"),
        ([[(0, 0), (3, 1e12)]], "usable number"),
        ([[]], "empty"),
        ([[(50, 50)], [(51, 52)]], "single dot"),
        ([{"x": 1}], "pairs"),
    ],
)
def test_bad_strokes_get_one_sentence(run, strokes, says):
    with pytest.raises(InkError, match=says) as caught:
        drawing_reader.read(run, strokes, 20)
    assert ":" in str(caught.value) and "\n" not in str(caught.value)


def test_strokes_far_outside_the_canvas_are_read_as_inside(run):
    here, far = (
        drawing_reader.read(run, moved(SEVEN, by=by), 20)[1] for by in ((0, 0), (9e5, -9e5))
    )
    np.testing.assert_allclose(here, far, atol=0.02)


def test_as_many_strokes_as_are_taken_are_read(run):
    pieces = [
        [a + (b - a) * t / 400, a + (b - a) * (t + 1) / 400]
        for a, b in ((np.array([60, 60]), np.array([200, 60])), (np.array([200, 60]), [110, 230]))
        for t in range(400)
    ]
    whole = ink.from_strokes([[(60, 60), (200, 60), (110, 230)]])
    assert np.abs(ink.from_strokes(pieces).astype(int) - whole).mean() < 8
    assert run.classes[drawing_reader.read(run, pieces, 20)[1].argmax()] == "7"


def test_drawings_are_put_anywhere_on_the_canvas_in_whole_pixels():
    sizes = []
    for one in drawing_robustness.place_randomly(SOME[:2] * 40, seed=3):
        every = np.concatenate(one["strokes"])
        assert (every == np.round(every)).all()
        assert every.min() >= 0 and every.max() <= drawing_robustness.CANVAS
        sizes.append(np.ptp(every, axis=0).max())
    assert 79 <= min(sizes) < 100 and 220 < max(sizes) <= 241


def test_changes_are_those_that_are_stated():
    first = drawing_robustness.place_randomly(SOME[:2] * 100, seed=1)
    moved_, pens = drawing_robustness.perturb(first, seed=2)
    assert min(pens) >= 10 and max(pens) <= 30 and max(pens) - min(pens) > 15
    for before, after in zip(first, moved_, strict=True):
        sizes = [np.ptp(np.concatenate(one["strokes"]), axis=0).max() for one in (before, after)]
        assert 0.39 < sizes[1] / sizes[0] < 1.02


def test_stability_is_a_share_of_drawings(run):
    here = drawing_robustness.place_randomly([SOME[0]] * 5)
    reading = drawing_reader.predict_drawings(run, here)
    found = drawing_robustness.measure_stability(run, here, reading)
    assert found == {"same answer": 1.0, "always the same": 1.0}
    reading.probabilities[0] = np.roll(
        reading.probabilities[0], 1
    )  # now the first is read otherwise
    found = drawing_robustness.measure_stability(run, here, reading)
    assert found["always the same"] == 0.8 and found["same answer"] == pytest.approx(0.8)


def test_a_run_is_measured_on_drawings(run):
    found = drawing_robustness.measure_drawings(run, SOME[:2])
    assert {"accuracy", "top3_accuracy", "alike_accuracy", "log_loss", "median_ms"} < set(found)
    assert found["alike_accuracy"] == 1.0 and found["median_ms"] > 0
