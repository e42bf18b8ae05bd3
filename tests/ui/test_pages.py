"""Every page through Streamlit's own test harness, with and without a dataset."""

import json
import re
import shutil

import numpy as np
import pytest
from helpers import canvas_json, make_part, opened, said, write
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

import emnist_lab as lab
from emnist_lab.commands.job_queue import Job
from emnist_lab.commands.specs import TrainSpec
from emnist_lab.data import user_datasets
from emnist_lab.errors import RunError
from emnist_lab.files import PROJECT
from emnist_lab.handwriting import drawing_store
from emnist_lab.runs import run_folders
from emnist_lab.runs.manifest import MANIFEST, MODEL
from emnist_lab.ui import background_pools, current_run
from emnist_lab.ui.components import board

PAGES = ["home", "data", "samples", "train", "evaluate", "compare", "draw"]


@pytest.fixture
def dataset(folder, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_every_page_with_a_dataset(dataset, page):
    app = opened(page)
    assert not app.exception and not app.error
    assert app.title[0].value == {"home": "EMNIST Lab"}.get(page, page.title())
    if page != "data":
        assert "not the official split" in said(app)
    assert "Generated images" not in said(app)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_without_one_shows_generated_images_and_says_so(page):
    app = opened(page)
    assert not app.exception and not app.error
    words = said(app)
    if page in ("home", "data", "samples", "train"):
        assert "**Generated images.**" in words
    if page in ("home", "samples", "train"):
        assert "generated images like EMNIST balanced" in words
    if page == "home":
        assert "69.2%" in str(app.metric[0].value)
    elif page == "samples":
        assert "Image 0 is" in words
    elif page == "evaluate":
        assert len(app.metric) == 5 and "Generated" not in words  # that run saw real ones
    elif page == "draw":
        assert "The canvas is empty" in words


@pytest.mark.parametrize("page", PAGES)
def test_every_page_with_a_folder_that_is_not_there(page, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", "/nowhere")
    app = opened(page)
    assert not app.exception
    if page in ("home", "data", "samples", "train"):
        assert "There is no folder /nowhere" in said(app)


@pytest.mark.parametrize("page", ["home", "samples", "train"])
def test_a_way_out_of_a_folder_that_holds_nothing(page, tmp_path, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", str(tmp_path))
    app = opened(page)
    assert "holds no dataset that is known: there is no file in it" in said(app)
    next(one for one in app.button if one.label == "Use the demo set").click().run()
    assert not app.exception and "**Generated images.**" in said(app)


@pytest.mark.parametrize("page", ["evaluate", "draw"])
def test_a_run_that_saw_generated_images_says_so(page):
    run = lab.fit(
        "hog-qda", lab.load("balanced", "train", "demo"), lab.load("balanced", "test", "demo")
    )
    run.save("from-demo")
    assert run.generated and "generated" in run.manifest["data"]["train"]["name"]
    app = opened(page, run="from-demo")
    assert not app.exception and "**Made from generated images.**" in said(app)


def test_choose_another_dataset_on_the_data_page(dataset):
    app = opened("data")
    app.selectbox(key="data_here").set_value("demo").run()
    assert not app.exception and "**Generated images.**" in said(app)


def test_a_folder_is_named_on_the_data_page(folder, tmp_path):
    app = opened("data")
    app.text_input(key="data_typed").set_value(str(tmp_path)).run()
    assert "holds no dataset that is known" in said(app)
    app.text_input(key="data_typed").set_value(str(folder)).run()
    assert not app.exception and not app.error and "**Generated" not in said(app)


def test_an_imported_dataset_is_used_and_deleted(folder):
    user_datasets.import_dataset(sorted(folder.glob("emnist-digits-*")), "mine")
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=300)
    app.session_state["data"] = "mine"
    app.switch_page("pages/data.py").run()
    assert not app.exception and not app.error
    next(one for one in app.button if one.label == "Delete").click().run()
    assert user_datasets.names() == ["mine"] and "can't be undone" in said(app)
    app.button(key="data_delete").click().run()
    assert not app.exception and user_datasets.names() == []


@pytest.mark.parametrize("page", ["home", "samples", "train"])
def test_a_damaged_file_is_one_sentence(folder, tmp_path, monkeypatch, page):
    copy = shutil.copytree(folder, tmp_path / "copy")
    name = "emnist-balanced-train-images-idx3-ubyte.gz"
    (copy / name).write_bytes((copy / name).read_bytes()[:-50])
    monkeypatch.setenv("EMNIST_DIR", str(copy))
    app = opened(page)
    assert not app.exception
    assert len(app.error) == 1 and "copy or download it again" in said(app)


def metric_deltas(app, count: int) -> set[str]:
    return {metric.delta for metric in app.metric[:count]}


@pytest.mark.parametrize("scale", ["counts", "by row", "by column"])
@pytest.mark.parametrize("run", ["hog-qda", "pixels-logistic"])
def test_evaluate_shows_the_manifests_numbers(run, scale, known_intervals):
    if scale == "counts":
        known_intervals.clear()
    app = opened("evaluate", run=run, scale=scale)
    assert not app.exception
    scores = lab.open_run(run).manifest["scores"]
    values = [metric.value for metric in app.metric]
    if scale == "counts":
        assert metric_deltas(app, 4) == {"…"}  # the place for its interval
    for task in background_pools.intervals().tasks():
        assert task.wait(60)
    app.run()
    assert all(re.match("95% CI .* – ", one) for one in metric_deltas(app, 4))
    assert values[0] == f"{scores['accuracy']:.2%}"
    assert values[3] == f"{scores['roc_auc_ovo']:.4f}"
    assert "Most confused" in said(app)
    app = opened("evaluate", run=run, look="Per-class metrics")
    assert not app.exception and len(app.dataframe[0].value) == 47


def test_a_run_that_the_address_names_but_is_not_there():
    app = opened("evaluate", run="long-gone")
    assert not app.exception and app.selectbox(key="run").value == current_run.FIRST_RUN


def test_evaluate_a_run_without_scores_and_images_for_it(train, tmp_path, monkeypatch):
    lab.fit("pixels-bayes", train.choose("ABC")).save("bare")
    for part, seed in (("train", 3), ("test", 4)):
        write(tmp_path, make_part("digits", 8, seed, part))
    monkeypatch.setenv("EMNIST_DIR", str(tmp_path))
    app = opened("evaluate", run="bare")
    assert not app.exception and "no test scores" in said(app)
    assert "has no test subset of balanced: choose another dataset" in said(app)


def test_evaluate_a_run_of_digits_on_the_digits_of_another_split(folder):
    lab.fit("pixels-bayes", lab.load("digits", "train", folder)).save("bare")
    app = opened("evaluate", run="bare")
    assert not app.exception and not app.error and "**Generated images.**" in said(app)
    assert "images were left out, of classes that the run doesn't know: A, B" in said(app)


def test_evaluate_a_run_without_scores_on_generated_images_and_say_so(train):
    lab.fit("pixels-bayes", train).save("bare")
    app = opened("evaluate", run="bare")
    assert not app.exception and not app.error
    assert "**Generated images.**" in said(app) and "Measured now, on the generated" in said(app)


def test_evaluate_measures_a_run_without_scores_on_the_dataset_at_hand(dataset, train):
    lab.fit("pixels-bayes", train).save("bare")
    app = opened("evaluate", run="bare")
    assert not app.exception and not app.error
    assert "Measured now, on the re" in said(app) and len(app.metric) == 5


def test_home_without_its_shipped_scores(monkeypatch):
    def gone(name):
        raise RunError("The run hog-qda can't be used: scores.npz is damaged (it is missing).")

    monkeypatch.setattr("emnist_lab.ui.current_evaluation.report", gone)
    app = opened("home")
    assert not app.exception and "scores.npz" in said(app)


@pytest.mark.parametrize("page", ["evaluate", "draw", "compare", "home"])
def test_a_damaged_run_spoils_no_page(page, train, test, home):
    lab.fit("pixels-bayes", train, test).save("mine")
    (home / "runs" / "mine" / MANIFEST).write_text("{")
    app = opened(page)
    assert not app.exception
    if page != "home":
        assert "mine can't be used" in said(app)


def test_a_model_that_was_tampered_with_is_refused_on_draw(train, test, home):
    lab.fit("pixels-bayes", train, test).save("mine")
    (home / "runs" / "mine" / MODEL).write_bytes(b"other")
    app = opened("draw", run="mine")
    assert not app.exception and "model.skops is damaged" in said(app)
    assert [one["who"] for one in bars(app)["columns"]] == ["pixels-logistic"]  # goes on


SEVEN = [[(60, 60), (200, 60), (110, 230)]]


def drawing(strokes, key="draw-board", **query) -> AppTest:
    """The Draw page with these strokes on a board."""
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=300)
    for name, value in query.items():
        app.query_params[name] = value
    app.switch_page("pages/draw.py")
    app.session_state[f"{key}-drawn"] = board.Drawn(canvas_json(strokes))
    return app.run()


def bars(app: AppTest) -> dict:
    """What the readings show; empty where there are none."""
    shown = [one.proto for one in app.get("bidi_component")]
    return next((json.loads(p.json) for p in shown if p.component_name.endswith("readings")), {})


def test_draw_reads_what_the_board_holds_with_the_best_and_the_reference():
    app = drawing(SEVEN)
    assert not app.exception
    best, reference = bars(app)["columns"]
    assert not bars(app)["example"] and bars(app)["heading"] == "Your drawing"
    assert (best["who"], reference["who"]) == ("warped-blend", "pixels-logistic")
    assert best["answer"] == best["rows"][0]["name"] == "7" and len(best["rows"]) == 5
    steps = next(one.proto.body for one in app.get("html") if "el-steps" in one.proto.body)
    assert steps.count("<figure>") == 6


def test_draw_shows_an_example_as_such_until_something_is_drawn():
    app = opened("draw")
    assert bars(app)["example"] and bars(app)["heading"].startswith("An example, not yours:")
    best, reference = bars(app)["columns"]
    assert best["answer"] == "B" and reference["rows"][0]["name"] == "8"


def test_draw_puts_other_runs_side_by_side_by_its_address():
    app = drawing(SEVEN, run="pixels-logistic")
    assert [one["who"] for one in bars(app)["columns"]] == ["pixels-logistic", "warped-blend"]
    app = drawing(SEVEN, run="hog-qda", beside=["warped-blend", "hog-qda", "gone"])
    assert not app.exception and "no run “gone”" in said(app)
    assert [one["who"] for one in bars(app)["columns"]] == ["hog-qda", "warped-blend"]


def test_draw_says_why_and_shows_the_array():
    app = drawing(SEVEN, why="true", array="true", nearest="true")
    assert not app.exception and not app.error
    words = said(app)
    assert "**Why 7 and not" in words and "This run adds up pixels" in words
    assert "nearest training images" in words.lower()
    assert any("el-grid" in one.proto.body for one in app.get("html"))


@pytest.mark.parametrize(
    ("strokes", "words"),
    [
        ([[(100, 100)]], "A single dot can't be read"),
        ([[(0, 0), (float("nan"), 50)]], "isn't a usable number"),
        ([[(0, 0), (1e12, 50)]], "isn't a usable number"),
        ([[(x, y) for x in range(1_100)] for y in range(100)], "110,000 points"),
        (np.random.default_rng(3).uniform(0, 280, (10_000, 3, 2)), "10,000 strokes"),
    ],
)
def test_draw_says_in_one_sentence_what_cannot_be_read_and_keeps_it(strokes, words):
    app = drawing(strokes)
    assert not app.exception and words in said(app)
    assert bars(app) == {}
    assert len(app.session_state["draw-board-drawn"].json["objects"]) == len(strokes)


def test_draw_names_no_letter_for_a_scribble():
    zigzag = [(10 + 260 * (turn % 2), 10 + 4 * turn) for turn in range(66)]
    app = drawing([zigzag, [(y, x) for x, y in zigzag]])
    assert not app.exception and "doesn't look like one digit or letter" in said(app)
    assert [one["answer"] for one in bars(app)["columns"]] == ["Not sure", "Not sure"]


@pytest.mark.parametrize("mode", ["Draw", "Practice", "Word", "Picture"])
def test_every_way_to_draw_opens(mode):
    app = opened("draw", mode=mode)
    assert not app.exception and not app.error
    assert app.segmented_control(key="mode").value == mode


HI = [
    [(60, 60), (60, 220)],
    [(60, 140), (150, 140)],
    [(150, 60), (150, 220)],
    [(330, 60), (330, 220), (420, 220)],
]


def test_a_word_is_read_character_by_character():
    app = drawing(HI, key="draw-word", mode="Word")
    assert not app.exception and not app.error
    text = next(one.proto.body for one in app.get("html") if "aria-live" in one.proto.body)
    assert ">H L<" in text or ">HL<" in text
    assert "**Character 1** of 2, predicted as **H**" in said(app)


def test_practice_asks_scores_and_ends_with_what_came_of_it():
    app = opened("draw", mode="Practice", run="hog-qda")
    press(app, "Start")
    asked = app.session_state["draw-practice"].asked
    app.session_state["draw-practice-board-drawn"] = board.Drawn(canvas_json(SEVEN), turn=7)
    app.run()
    assert not app.exception
    press(app, "Submit")
    attempt = app.session_state["draw-practice"].attempts[0]
    image, probabilities = lab.drawings.read(lab.open_run("hog-qda"), SEVEN, 20)
    assert attempt.asked == asked and attempt.read == probabilities.argmax()
    assert np.array_equal(attempt.image, image)
    assert not app.session_state["draw-practice-board-drawn"].json["objects"]  # for the next one
    press(app, "Finish")
    assert not app.exception and "Keep this drawing" in [one.label for one in app.button]


def test_corrected_characters_of_a_picture_can_be_kept(tmp_path):
    page = Image.new("L", (320, 160), 255)
    for left, strokes in ((20, SEVEN), (170, HI[3:])):
        pen = ImageDraw.Draw(page)
        for stroke in strokes:
            points = np.asarray(stroke, float)
            points = (points - points.min(axis=0)) * 0.6 + (left, 30)
            pen.line(points.ravel().tolist(), fill=0, width=9, joint="curve")
    file = tmp_path / "page.png"
    page.save(file)
    app = opened("draw", mode="Picture", run="hog-qda")
    app.session_state["draw_picture_file"], app.session_state["draw_picture_name"] = (
        file.read_bytes(),
        "page",
    )
    app.session_state["owner"] = "0123456789abcdef0123456789abcdef"
    app.run()
    assert not app.exception and "2 characters in 1 line." in said(app)
    app.session_state["draw_picture_at"] = 1
    app.run()
    choice = next(one for one in app.selectbox if one.label == "True label")
    choice.set_value("L").run()
    press(app, "Keep this corrected character")
    assert not app.exception and "All corrections are kept" in said(app)
    (kept,) = drawing_store.open_store().drawings()
    assert kept.label == "L" and kept.source == "picture" and list(kept.predictions) == ["hog-qda"]


def press(app: AppTest, label: str) -> None:
    next(one for one in app.button if one.label == label).click().run()


def test_train_submits_what_was_chosen(dataset, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "emnist_lab.commands.job_queue.JobQueue.submit",
        lambda self, spec, **more: asked.append(spec) or spec,
    )
    app = opened("train", recipe="hog-qda")
    app.number_input(key="train-seed").set_value(11).run()
    press(app, "Train")
    assert not app.exception
    assert (asked[0].recipe, asked[0].split, asked[0].images, asked[0].seed) == (
        "hog-qda", "balanced", None, 11,
    )  # fmt: skip


def test_a_training_that_ended_far_below_what_is_expected_is_a_warning(
    dataset, train, test, monkeypatch
):
    lab.fit("pixels-bayes", train, test).save("mine")
    job = Job(TrainSpec("pixels-bayes", "balanced"), "1", state="done", result="mine")
    monkeypatch.setattr("emnist_lab.ui.job_panel.to_show", lambda queue: [job])
    point = {"seconds": 1, "peak": 1e6, "size": 1e6}
    for accuracy, kind in ((1.0, "warning"), (0.1, "success")):
        points = [{**point, "images": count, "accuracy": accuracy} for count in (100, 10_000)]
        found = {"data": "x", "recipes": {"pixels-bayes": points}}
        monkeypatch.setattr("emnist_lab.models.cost_estimates.measured", lambda found=found: found)
        app = opened("train")
        assert not app.exception
        for other in ("warning", "success"):
            words = "".join(one.value for one in getattr(app, other))
            assert ("Kept as **mine**" in words) == (kind == other)
            assert ("usually reach about 100%" in words) == (kind == other == "warning")


def test_train_on_a_disk_without_room(dataset, monkeypatch):
    full = shutil.disk_usage("/")._replace(free=10)
    monkeypatch.setattr(run_folders.shutil, "disk_usage", lambda _: full)
    app = opened("train")
    press(app, "Train")
    assert not app.exception and "free some space" in said(app)


def test_a_run_of_other_classes_can_be_looked_at(dataset, folder):
    data = lab.load("digits", "train", folder)
    test = lab.load("digits", "test", folder)
    lab.fit("pixels-logistic", data, test).save("tens")
    for page in ("evaluate", "draw"):
        app = opened(page, run="tens")
        assert not app.exception and not app.error
    manifest = json.loads((lab.open_run("tens").folder / MANIFEST).read_text())
    assert manifest["data"]["split"] == "digits"
