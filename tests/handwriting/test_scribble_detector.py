"""What is no character is told; what is one isn't refused."""

import numpy as np
import pytest
from helpers import SEVEN, moved

import emnist_lab as lab
from emnist_lab.handwriting import ink, scribble_detector, stroke_files
from emnist_lab.maintenance import scribble_training, synthetic_scribbles


@pytest.mark.parametrize("kind", synthetic_scribbles.KINDS)
def test_scribbles_of_every_kind_are_as_often_told_as_was_measured(kind):
    share = scribble_detector.is_scribble(
        synthetic_scribbles.make_scribbles(kind, 200, seed=77)
    ).mean()
    assert share == pytest.approx(scribble_detector.operating_point()["refused"][kind], abs=0.1)
    assert share > 0.5


def test_drawn_characters_are_not_refused():
    ring = [(100 + 60 * np.cos(t), 120 + 90 * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 40)]
    known = [SEVEN, [ring], [[(0, 0), (0, 90)], [(-30, 0), (30, 0)]], [[(0, 0), (0, 90), (60, 90)]]]
    images = np.stack([ink.from_strokes(strokes) for strokes in known])
    assert not scribble_detector.is_scribble(images).any()


def test_a_scribble_over_everything_is_told_wherever_and_however_large_it_is():
    lines = [[(x, 10), (x + 5, 270)] for x in range(10, 270, 10)]
    for scale, by in ((1, (0, 0)), (0.4, (80, -80))):
        image = ink.from_strokes(moved(lines, scale, by))
        assert scribble_detector.is_scribble(image[None])[0]


def test_other_scribbles_than_those_learned_from_are_measured(test, monkeypatch):
    monkeypatch.setattr(scribble_training, "_TESTED", 100)
    found = scribble_training.measure_scribbles(test, [{"strokes": SEVEN}])
    assert found["shading"] > 0.9 and found["wrongly, of 1 drawings"] == 0
    assert f"wrongly, of {test.name}" in found and found["median_ms"] > 0
    assert len(scribble_training.measure_scribbles(None, [])) == len(synthetic_scribbles.KINDS) + 1


def test_rates_name_both_ways_to_err():
    rates = scribble_detector.operating_point()
    assert set(rates["refused"]) == set(rates["refused_unseen"]) == set(synthetic_scribbles.KINDS)
    assert len(rates["wrongly_refused"]) == 2 and max(rates["wrongly_refused"].values()) <= 0.02
    assert scribble_detector.REJECTED.endswith(".") and ":" in scribble_detector.REJECTED


def test_scribbles_are_drawn_by_their_seed():
    first, again, other = (
        synthetic_scribbles.make_scribbles("tangle", 3, seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_fit_tells_what_it_learned_from(train, test, tmp_path, monkeypatch):
    monkeypatch.setattr(scribble_detector, "WEIGHTS", tmp_path / "weights.npz")
    monkeypatch.setattr(scribble_detector, "MEASURED", tmp_path / "measured.json")
    monkeypatch.setattr(scribble_training, "_OF_EACH", 80)
    monkeypatch.setattr(scribble_training, "_TESTED", 50)
    monkeypatch.setattr(scribble_training, "KINDS", ("tangle", "shading", "blots"))
    try:
        some = [{"strokes": SEVEN}, {"strokes": [[(1, 1)]]}]
        found = scribble_training.refit_detector(train, test, some)
        assert found == scribble_detector.operating_point()
        assert found["wrongly_refused"][test.name] < 0.1
        assert np.mean(list(found["refused"].values())) > 0.8
        assert (
            scribble_detector.is_scribble(
                synthetic_scribbles.make_scribbles("shading", 20, 5)
            ).mean()
            > 0.9
        )
    finally:
        scribble_detector.operating_point.cache_clear()
        scribble_detector.load_weights.cache_clear()


def test_few_real_characters_and_drawings_are_refused(real):
    test = lab.load("balanced", "test", real)
    assert scribble_detector.is_scribble(test.images).mean() <= 0.02
    path = real.parent / "drawings" / "uji_pen.json"
    if not path.is_file():
        pytest.skip("needs uji_pen.json in drawings beside the real images")
    images = [ink.from_strokes(one["strokes"]) for one in stroke_files.read_drawings(path)]
    assert scribble_detector.is_scribble(np.stack(images)).mean() <= 0.02
