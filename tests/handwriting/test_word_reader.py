"""Drawings of several characters: how strokes are parted, and read."""

import numpy as np
import pytest

from emnist_lab.errors import InkError
from emnist_lab.handwriting import word_reader
from emnist_lab.handwriting.page_images import layout
from emnist_lab.maintenance import detection_accuracy, synthetic_pages
from emnist_lab.runs import registry

# Each in a square of 100, as somebody may draw it.
LETTERS = {
    "H": [[(0, 0), (0, 100)], [(70, 0), (70, 100)], [(0, 50), (70, 50)]],
    "T": [[(0, 0), (80, 0)], [(40, 0), (40, 100)]],
    "7": [[(0, 0), (60, 0), (20, 100)]],
    "i": [[(10, 45), (10, 100)], [(12, 20), (14, 24)]],
    "L": [[(0, 0), (0, 100), (55, 100)]],
    "D": [[(0, 0), (0, 100)], [(2, 0), (40, 10), (60, 50), (40, 90), (2, 100)]],
    "X": [[(0, 0), (70, 100)], [(70, 0), (0, 100)]],
    "E": [[(60, 0), (0, 0), (0, 100), (60, 100)], [(2, 50), (45, 50)]],
}


def drawn(says, gap=30, step=160):
    """Strokes of a text, and which make each character."""
    strokes, groups, top = [], [], 0.0
    for line in says.split("\n"):
        x = 0.0
        for one in line:
            if one == " ":
                x += 90
                continue
            shape = [np.array(stroke, float) for stroke in LETTERS[one]]
            groups.append(tuple(range(len(strokes), len(strokes) + len(shape))))
            strokes += [stroke + np.array([x, top]) for stroke in shape]
            x += np.concatenate(shape)[:, 0].max() + gap
        top += step
    return strokes, groups


@pytest.fixture(scope="module")
def run():
    return registry.open_run("hog-qda")


@pytest.mark.parametrize("gap", [15, 30, 60])
@pytest.mark.parametrize("says", ["HiT7", "LDX", "TEH", "Xi", "H"])
def test_strokes_are_parted(run, says, gap):
    strokes, groups = drawn(says, gap)
    found = word_reader.read(run, strokes, 10)
    assert [one.strokes for one in found.letters] == groups
    assert found.probabilities.shape == (len(says), 47)


def test_what_it_says(run):
    found = word_reader.read(run, drawn("XT EX\nLX7")[0], 10)
    assert found.text == "XT EX\nLX7"
    assert [one.line for one in found.letters] == [0] * 4 + [1] * 3
    assert [one.space for one in found.letters] == [False, False, True, False, False, False, False]
    assert found.best(0, 3)[0][0] == "X" and len(found.best(0, 3)) == 3


def test_place_and_size_make_no_difference(run):
    strokes, groups = drawn("LDX")
    for scale, by in ((0.4, (-300, 90)), (7, (1000, 2000))):
        moved = [stroke * scale + by for stroke in strokes]
        found = word_reader.read(run, moved, 10 * scale)
        assert [one.strokes for one in found.letters] == groups
        left, top, _, bottom = found.letters[0].box
        assert (left, top) == pytest.approx(by) and bottom - top == pytest.approx(100 * scale)


def test_later_dots_and_bars_find_their_character(run):
    strokes, _ = drawn("ii7")
    order = [0, 2, 4, 3, 1]  # both dots last
    found = word_reader.read(run, [strokes[i] for i in order], 10)
    assert [one.strokes for one in found.letters] == [(0, 4), (1, 3), (2,)]


def test_touching_strokes_are_parted_by_what_they_read_as(run):
    strokes, groups = drawn("LT", gap=0)  # the foot of the L meets the bar of nothing
    assert [one.strokes for one in word_reader.read(run, strokes, 10).letters] == groups
    bow = [[(0, 0), (0, 100)], [(3, 0), (50, 15), (60, 50), (50, 85), (3, 100)]]
    assert [one.strokes for one in word_reader.read(run, bow, 10).letters] == [(0, 1)]


def test_one_stroke_for_several_is_marked(run):
    t = np.linspace(0, 12 * np.pi, 300)
    script = np.stack([10 * t + 30 * np.sin(t), 40 * np.cos(t)], axis=1)
    found = word_reader.read(run, [script], 10)
    assert len(found.letters) == 1 and found.letters[0].joined
    assert not any(one.joined for one in word_reader.read(run, drawn("HTX")[0], 10).letters)


@pytest.mark.parametrize(
    ("strokes", "says"),
    [
        ([], "empty"),
        ([[]], "empty"),
        ([[(5, 5)]], "single dot"),
        ([[(5, np.nan), (3, 4)]], "usable number"),
        ([[("a", "b")]], "pairs"),
        ([[(0, 0), (1, 100)]] * 401, "more than 400"),
        ([[(0, 0)], [(300, 0)]], "only dots"),
    ],
)
def test_bad_drawings_are_refused_in_one_sentence(run, strokes, says):
    with pytest.raises(InkError, match=says) as caught:
        word_reader.read(run, strokes)
    assert str(caught.value).endswith(".") and ":" in str(caught.value)


def test_ten_thousand_points_and_empty_strokes(run):
    strokes, _ = drawn("X7")
    long = np.stack([np.linspace(0, 70, 10_000), np.linspace(0, 100, 10_000)], axis=1)
    found = word_reader.read(run, [[], long, *strokes[1:], []], 10)
    assert [one.strokes for one in found.letters] == [(1, 2), (3,)]


def test_strokes_far_away_and_level_ones_are_no_trouble(run):
    strokes, _ = drawn("HT7X")
    far = [*strokes, np.array([(9e8, -9e8), (9e8, -9e8 + 100)])]
    assert len(word_reader.read(run, far, 10).letters) == 5
    level = [np.array([(0.0, 50.0 * at), (80.0, 50.0 * at)]) for at in range(12)]
    with pytest.raises(InkError, match="only dots and dashes"):
        word_reader.read(run, level, 10)


def test_layout_of_nothing_and_of_level_lines():
    assert layout.group_into_lines(np.zeros((0, 4))) == []
    boxes = np.array([[x, 100 * row, x + 20, 100 * row + 30] for row in (0, 1) for x in (50, 0)])
    found = layout.group_into_lines(boxes)
    assert [[group.components for group in line] for line in found] == [[(1,), (0,)], [(3,), (2,)]]


def drawings():
    """Drawings of one writer, as the set of pen strokes has them."""
    return [
        {
            "label": label,
            "writer": "1",
            "strokes": [(np.array(stroke) * 6 + (300, 670)).tolist() for stroke in strokes],
        }
        for label, strokes in LETTERS.items()
    ]


def test_made_words_and_pages_are_known_exactly():
    strokes, groups, labels = synthetic_pages.make_word(drawings(), 3, gap=0.2)
    again, *_ = synthetic_pages.make_word(drawings(), 3, gap=0.2)
    assert all((one == other).all() for one, other in zip(strokes, again, strict=True))
    assert sum(map(len, groups)) == len(strokes) and len(groups) == len(labels)
    ends = [max(strokes[i][:, 0].max() for i in one) for one in groups]
    starts = [min(strokes[i][:, 0].min() for i in one) for one in groups]
    np.testing.assert_allclose(np.subtract(starts[1:], ends[:-1]), 20)
    for kind in synthetic_pages.KINDS:
        sheet = synthetic_pages.make_page(drawings(), 0, kind, size=(900, 700))
        assert sheet.picture.size == (900, 700) and len(sheet.boxes) == len(sheet.labels) > 20
        assert np.isfinite(sheet.boxes).all() and (sheet.boxes[:, 2:] > sheet.boxes[:, :2]).all()


def test_findings(run):
    some = drawings()
    rows = detection_accuracy.page_accuracy(run, some, pages=1, size=(1300, 1000))
    assert set(rows) == set(synthetic_pages.KINDS)
    for kind, row in rows.items():
        assert row["found"] > 0.85 and row["false boxes"] < 0.1, kind
        assert row["read"] <= row["found"] and row["in order"] > 0.8 and row["spaces"] > 0.9
    words = detection_accuracy.word_accuracy(run, some, words=8)
    assert words["gap 0.4"]["characters"] == 1 and words["gap 0.4"]["words"] == 1
    assert words["gap 0.4"]["read"] == words["gap 0.4"]["alone"]


def test_shared_area():
    a = np.array([[0, 0, 10, 10], [20, 0, 30, 10]], float)
    b = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [40, 40, 50, 50]], float)
    np.testing.assert_allclose(detection_accuracy.iou(a, b), [[1, 1 / 3, 0], [0, 0, 0]])
