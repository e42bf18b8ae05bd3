"""A run that learns one hand: what it says of itself, bad input, and that it lives like any run."""

import json

import numpy as np
import pytest
from helpers import BEFORE_CLASS_PRIORS, answer, refusal

import emnist_lab as lab
from emnist_lab.errors import HandwritingError, RunError
from emnist_lab.handwriting import adaptation, drawing_reader
from emnist_lab.handwriting.drawing_store import Drawing
from emnist_lab.models.writer_adaptation import MOST_PER_CLASS
from emnist_lab.runs import import_export, manifest, registry

BAR, HOOK = [[(0, 0), (0, 90)]], [[(0, 0), (60, 0), (20, 90)]]
RING = [[(45 + 40 * np.cos(t), 45 + 45 * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 40)]]
MINE = [
    {"label": "1", "strokes": BAR},
    {"label": "7", "strokes": HOOK},
    {"label": "7", "strokes": [[(0, 5), (60, 0), (25, 90)]]},
    {"label": "0", "strokes": RING},
    {"strokes": RING},
    {"label": "€", "strokes": RING},
    {"label": "1", "strokes": [[(3, 3)]]},
]


@pytest.fixture(scope="module")
def run():
    return lab.open_run("hog-qda")


def test_it_says_what_it_learned_from(run):
    learned = adaptation.learn(run, MINE)
    assert learned.used.tolist() == [0, 1, 2, 3]
    assert [run.classes[one] for one in learned.labels] == ["1", "7", "7", "0"]
    assert learned.repeated.tolist() == [False, True, True, False]
    mine = learned.run
    about = mine.manifest["adapted"]
    assert about["from"] == "hog-qda" and about["drawings"] == {"0": 1, "1": 1, "7": 2}
    assert about["left_out"] == 3 and about["leave_one_out"]["drawings"] == 2
    assert about["model_sha256"] == run.manifest["files"]["model.skops"]["sha256"]
    assert mine.manifest["data"]["train"]["name"].endswith(", and 4 drawings by one hand")
    assert mine.manifest["scores"] == {} and mine.manifest["data"]["test"] is None
    assert adaptation.is_adapted(mine) and not adaptation.is_adapted(run)
    assert run.manifest == registry.open_run("hog-qda").manifest  # as it was


def test_what_a_person_writes_their_way_is_read_so(run):
    """A ring with a tail and a bar: the second likeliest is what its writer means by it."""
    strange = [[*RING[0], (95, 100)], [(30, 20), (60, 20)]]
    before = drawing_reader.read(run, strange)[1]
    label, other = (run.classes[place] for place in before.argsort()[-2:])
    usual = [{"label": other, "strokes": [[(x, 1.4 * y) for x, y in RING[0]]]}]
    known = [{"label": one, "strokes": BAR} for one in run.classes if one not in (label, other)]
    mine = lab.adapt(run, [*known, *usual, *[{"label": label, "strokes": strange}] * 3])
    after = drawing_reader.read(mine, [[(x + 2, y + 1) for x, y in one] for one in strange])[1]
    assert run.classes[before.argmax()] != label == run.classes[after.argmax()]


def test_it_is_kept_opened_exported_and_imported_like_any_run(run, tmp_path):
    mine = lab.adapt(run, MINE)
    kept = mine.save()
    images = np.stack([Drawing.from_strokes("7", HOOK).image] * 2)
    expected = mine.predict_proba(images)
    opened = lab.open_run(kept.name)
    np.testing.assert_allclose(opened.predict_proba(images), expected, atol=1e-6)
    assert kept.bytes < run.bytes + 2**20
    path = import_export.export_to(opened, tmp_path / "mine.zip")
    elsewhere = import_export.import_run(path, "from-elsewhere")
    registry.delete(opened)  # the base is in it, and so is everything else
    np.testing.assert_allclose(elsewhere.predict_proba(images), expected, atol=1e-6)
    assert elsewhere.manifest["adapted"]["from"] == "hog-qda"


def test_a_run_that_was_adapted_before_class_priors_were_kept_goes_on_working(tmp_path):
    old = import_export.import_run(BEFORE_CLASS_PRIORS / "adapted.emnist-run.zip")
    drawn = [Drawing.from_strokes(label, strokes) for label, strokes in (("1", BAR), ("7", HOOK))]
    images = np.stack([one.image for one in drawn])
    assert [old.classes[one] for one in old.predict_proba(images).argmax(axis=1)] == ["1", "7"]
    again = lab.adapt(old, MINE).save("again")
    assert lab.open_run("again").manifest["adapted"]["from"] == "pixels-logistic"
    np.testing.assert_allclose(
        again.predict_proba(images), lab.open_run("again").predict_proba(images), atol=1e-6
    )
    moved = import_export.import_run(import_export.export_to(old, tmp_path / "old.zip"), "moved")
    np.testing.assert_allclose(moved.predict_proba(images), old.predict_proba(images), atol=1e-6)


def test_an_adapted_run_learns_anew_from_its_base(run):
    once = lab.adapt(run, MINE)
    again = lab.adapt(once, MINE[:2])
    assert again.manifest["adapted"]["drawings"] == {"1": 1, "7": 1}
    assert again.manifest["adapted"]["from"] == "hog-qda" and again.name == "hog-qda-hand"
    assert again.manifest["title"] == lab.adapt(run, MINE).manifest["title"]
    assert adaptation.base_of(again)[0] is run.model


def test_kept_drawings_are_learned_from_too(run):
    kept = [Drawing.from_strokes(one["label"], one["strokes"]) for one in MINE[:4]]
    picture = Drawing("1", kept[0].image, source="picture")
    assert lab.adapt(run, [*kept, picture]).manifest["adapted"]["drawings"]["1"] == 2


@pytest.mark.parametrize(
    ("drawings", "match"),
    [
        ([], "no drawings with labels"),
        ([{"strokes": HOOK}], "no drawings with labels"),
        ([{"label": "€", "strokes": HOOK}], "None of the 1 drawings is of a class"),
        ([{"label": "7", "strokes": HOOK}] * 1_000, r"All drawings are of one class \(7\)"),
        (
            [{**MINE[0], "writer": "Ann"}, {**MINE[1], "writer": "Bob"}],
            r"by 2 people: choose one of them.*\(Ann, Bob\)",
        ),
    ],
)
def test_what_can_not_be_learned_from_is_one_sentence(run, drawings, match):
    with pytest.raises(HandwritingError, match=match) as caught:
        lab.adapt(run, drawings)
    assert "\n" not in str(caught.value)


def test_one_of_several_writers_is_chosen(run):
    several = [{**one, "writer": "Ann"} for one in MINE[:3]] + [{**MINE[3], "writer": "Bob"}]
    assert lab.adapt(run, several, "Ann").manifest["adapted"]["drawings"] == {"1": 1, "7": 2}
    with pytest.raises(HandwritingError, match="no drawings by 'Eve': choose one of Ann, Bob"):
        lab.adapt(run, several, "Eve")


def test_a_thousand_of_one_class_leave_the_others_as_they_are(run):
    many = [{"label": "7", "strokes": HOOK}] * 1_000 + [{"label": "1", "strokes": BAR}]
    mine = lab.adapt(run, many)
    assert mine.manifest["adapted"]["drawings"] == {"1": 1, "7": MOST_PER_CLASS}
    _, before = drawing_reader.read(run, RING)
    assert drawing_reader.read(mine, RING)[1].argmax() == before.argmax()


def test_drawings_that_contradict_each_other_are_named(run):
    learned = adaptation.learn(run, [*MINE[:2], {"label": "l", "strokes": [[(0, 0), (1, 90)]]}])
    ((one, other, alike),) = learned.contradictions
    assert (one, other) == (0, 2) and alike > 0.9


@pytest.mark.parametrize("change", [{"drawings": [1]}, {"from": 7}, {"scale": "x"}])
def test_a_manifest_that_lies_about_it_is_refused(run, change):
    damaged = lab.adapt(run, MINE).save().manifest
    damaged["adapted"] |= change
    with pytest.raises(RunError, match="'adapted' isn't what a run keeps there"):
        manifest.decode(manifest.encode(damaged), "mine")


def test_the_command(capfd, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(
        json.dumps([{**one, "strokes": [list(s) for s in one["strokes"]]} for one in MINE])
    )
    found = answer(capfd, "adapt", "hog-qda", "--drawings", str(path), "--name", "my-hand")
    assert found["run"] == "my-hand" and found["adapted"]["left_out"] == 3
    assert lab.open_run("my-hand").manifest["adapted"]["from"] == "hog-qda"
    assert "no drawings with labels" in refusal(capfd, "adapt", "hog-qda")  # none were kept


def test_real_people_are_read_better_each_of_them(real, run):
    from emnist_lab.handwriting.stroke_files import read_drawings
    from emnist_lab.maintenance.adaptation_accuracy import measure_adaptation

    path = real.parent / "drawings" / "uji_pen.json"
    if not path.is_file():
        pytest.skip("needs uji_pen.json in drawings beside the real images")
    drawings = [one for one in read_drawings(path) if one["writer"] in ("02", "05")]
    found = measure_adaptation(run, drawings)
    assert found["writers"] == 2 and found["learned"] == 62
    assert found["after"] > found["before"] + 0.05 and found["worst change"] > 0
    assert found["worst change after 10"] > -0.03
