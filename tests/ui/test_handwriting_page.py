"""The Handwriting page, keeping and practice through Streamlit's own test harness, and the CLI."""

import io
import json
import sqlite3
import sys

import numpy as np
import pytest
import streamlit as st
from helpers import canvas_json, make_part, said, write
from streamlit.testing.v1 import AppTest

import emnist_lab as lab
from emnist_lab.__main__ import main
from emnist_lab.commands.job_queue import JobQueue
from emnist_lab.commands.specs import TrainSpec, as_json, from_json
from emnist_lab.files import PROJECT
from emnist_lab.handwriting import ink
from emnist_lab.handwriting.drawing_reader import predict_variations
from emnist_lab.handwriting.drawing_store import Drawing, database, evaluate_kept, open_store
from emnist_lab.handwriting.drawing_store.files import to_json
from emnist_lab.handwriting.stroke_files import read_drawings
from emnist_lab.metrics.ranking import top_labels
from emnist_lab.ui import cluster_settings, drawing_database, job_queues
from emnist_lab.ui.components import board

ME, YOU = "1" * 32, "2" * 32
SEVEN = [[(60, 60), (200, 60), (110, 230)]]


def drawing(label: str = "7", shift: float = 0, **more) -> Drawing:
    return Drawing.from_strokes(label, [[(x + shift, y) for x, y in SEVEN[0]]], 20, **more)


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A busy machine is no database that doesn't answer."""
    monkeypatch.setattr(database, "PATIENCE", 30)
    for name in (database.ENVIRONMENT, drawing_database.SHARED):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def store(home):
    made = open_store()
    yield made
    made.close()


def opened(page: str = "handwriting", owner: str | None = ME, **query) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=300)
    for key, value in query.items():
        app.query_params[key] = value
    if owner:
        app.session_state["owner"] = owner
    app.switch_page(f"pages/{page}.py")
    return app.run()


def press(app: AppTest, label: str) -> AppTest:
    next(one for one in app.button if one.label == label).click().run()
    assert not app.exception
    return app


# --- the page ----------------------------------------------------------------------------------


def test_before_the_browser_has_told_who_it_is(store):
    store.keep(ME, [drawing()])
    app = opened(owner=None)
    assert not app.exception and not app.error and "1 drawing" not in said(app)


def test_nothing_is_kept_yet(home):
    app = opened()
    assert not app.exception and not app.error
    assert "No drawings are kept yet" in said(app)
    assert not (home / "handwriting").exists()


def test_each_browser_sees_its_own_unless_the_server_shares(store, monkeypatch):
    store.keep(ME, [drawing(), drawing("L", 3)])
    store.keep(YOU, [drawing("1", 6)])
    assert "2 drawings. Only this browser" in said(opened())
    assert "1 drawing. Only this browser" in said(opened(owner=YOU))
    monkeypatch.setenv(drawing_database.SHARED, "1")
    assert "3 drawings. This server shares them" in said(opened())
    monkeypatch.setenv(drawing_database.SHARED, "0")
    assert "2 drawings. Only this browser" in said(opened())


def test_what_others_kept_can_be_looked_at_only(store, monkeypatch):
    store.keep(YOU, [drawing("1", 6)])
    assert "Pick a drawing" not in said(opened(drawing="1"))  # it isn't even named
    monkeypatch.setenv(drawing_database.SHARED, "1")
    app = opened(drawing="1")
    assert "Another browser kept it" in said(app)
    assert not any(one.label == "Delete" for one in app.button)


def test_a_label_is_corrected_and_a_drawing_deleted(store):
    store.keep(ME, [drawing("1", predictions={"hog-qda": {"7": 0.9, "1": 0.1}})])
    app = opened(drawing="1")
    assert "What hog-qda said" in said(app)
    field = next(one for one in app.text_input if one.label == "True label")
    field.set_value("7").run()
    assert "labelled 7 now" in said(app).replace("*", "")
    assert store.counts() == {"7": 1}
    press(app, "Delete")
    assert store.counts() == {"7": 1}  # asked first
    app.button(key="handwriting-delete").click().run()
    assert store.counts() == {} and "No drawings are kept yet" in said(app)


def test_a_label_that_is_none_changes_nothing(store):
    store.keep(ME, [drawing("1")])
    app = opened(drawing="1")
    next(one for one in app.text_input if one.label == "True label").set_value(" ").run()
    assert "isn't a label" in said(app) and store.counts() == {"1": 1}


def test_any_run_is_measured_on_them(store):
    store.keep(ME, [drawing("7"), drawing("A", 3), drawing("é", 5)])
    app = opened(run="hog-qda")
    values = {one.label: one.value for one in app.metric}
    assert values["Accuracy"] == "1 of 2" and values["Left out"] == "1"
    assert "handwriting kept here: 2 drawings by 1 person" in said(app)
    assert "not the official split" in said(app)
    assert "Misclassified, most confident first**: 1" in said(app)


def test_all_read_right(store):
    store.keep(ME, [drawing("7")])
    assert "All of them are correct" in said(opened(run="hog-qda"))


def test_a_run_that_was_trained_on_them_is_measured_on_newer_ones_only(store):
    store.keep(ME, [drawing("7"), drawing("1", 3)])
    digits = make_part("digits", 6, 1)
    from emnist_lab.handwriting.drawing_store import with_kept_drawings

    lab.fit("pixels-logistic", with_kept_drawings(digits, ME, store), digits).save("with-mine")
    app = opened(run="with-mine")
    assert "trained on drawings kept here: only the 0" in said(app)
    assert "No drawing is left to measure it on" in said(app)


def test_delete_all_asks_first(store):
    store.keep(ME, [drawing(), drawing("1", 4)])
    store.keep(YOU, [drawing()])
    app = press(opened(), "Delete all of mine")
    assert store.counts(ME) and "can't be undone" in said(app)
    press(app, "Delete them")
    assert store.counts(ME) == {} and store.counts(YOU) == {"7": 1}


def test_a_browser_that_keeps_nothing_is_told(store):
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=300)
    app.session_state["owner"], app.session_state["owner-ephemeral"] = ME, True
    app.switch_page("pages/handwriting.py").run()
    assert not app.exception and "until the page is closed" in said(app)


# --- a database that is away -------------------------------------------------------------------


def test_a_database_that_is_down_is_one_sentence_and_draw_reads_on(monkeypatch):
    monkeypatch.setenv(database.ENVIRONMENT, "postgresql+psycopg://me:secret@127.0.0.1:1/x")
    app = opened()
    assert not app.exception and len(app.error) == 1
    assert "127.0.0.1:1/x" in said(app) and "secret" not in said(app)
    press(app, "Try again")
    assert len(app.error) == 1
    for page in ("draw", "train"):
        app = opened(page)
        assert not app.exception and not app.error


@pytest.mark.parametrize("lose", [lambda file: file.write_bytes(b""), lambda file: file.unlink()])
def test_a_database_that_is_lost_while_the_server_runs_is_said(store, lose):
    store.keep(ME, [drawing("1")])
    assert "1 drawing." in said(opened())
    store.close()
    lose(store.backups.file)
    app = opened()
    assert not app.exception and len(app.error) == 1
    assert "(1 drawing) back with 'python -m emnist_lab handwriting restore'" in said(app)
    store.backups.restore()
    press(app, "Try again")
    assert not app.error and "1 drawing." in said(app)


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "nosuch://x/y"])
def test_an_address_that_is_none_is_one_sentence(monkeypatch, url):
    monkeypatch.setenv(database.ENVIRONMENT, url)
    app = opened()
    assert not app.exception and len(app.error) == 1


def test_a_locked_database_still_shows_what_is_there(store, home, monkeypatch):
    monkeypatch.setattr(database, "_LOCKED", 0.05)
    store.keep(ME, [drawing("1")])
    app = opened(drawing="1")
    other = sqlite3.connect(home / "handwriting" / "handwriting.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    press(app, "Delete")
    app.button(key="handwriting-delete").click().run()
    assert "locked by another program" in said(app) and "1 drawing." in said(app)
    other.close()


@pytest.fixture
def secrets(tmp_path, monkeypatch):
    """Secrets of the test's own."""
    path = tmp_path / "secrets.toml"
    monkeypatch.setattr(st.secrets, "_secrets", None)
    before = st.get_option("secrets.files")
    st.config.set_option("secrets.files", [str(path)])
    yield path
    st.config.set_option("secrets.files", before)
    monkeypatch.setattr(st.secrets, "_secrets", None)


def test_secrets_name_the_database_and_training_is_told(secrets, tmp_path, home):
    place = tmp_path / "elsewhere.db"
    secrets.write_text(
        f'[connections.handwriting]\nurl = "sqlite:///{place}"\n[handwriting]\nshared = true\n'
    )
    other = open_store(f"sqlite:///{place}")
    other.keep(YOU, [drawing()])
    other.close()
    assert "1 drawing. This server shares" in said(opened())
    assert drawing_database.environment() == {database.ENVIRONMENT: f"sqlite:///{place}"}
    assert not (home / "handwriting").exists()


@pytest.mark.parametrize(
    "text", ["[connections.handwriting]\nhost = 1\n", "[[[", "connections = 3"]
)
def test_secrets_that_are_none(secrets, text):
    secrets.write_text(text)
    app = opened()
    assert not app.exception
    assert len(app.error) == (0 if text == "connections = 3" else 1)
    assert drawing_database.environment() == {}


def test_secrets_name_a_cluster_for_the_processes_of_jobs(secrets, monkeypatch):
    assert cluster_settings.environment() == {}
    secrets.write_text('[cluster]\nscheduler = "tcp://one:8786"\n')
    assert cluster_settings.environment() == {"EMNIST_LAB_SCHEDULER": "tcp://one:8786"}
    monkeypatch.setenv("EMNIST_LAB_SCHEDULER", "tcp://two:8786")
    assert cluster_settings.scheduler() == "tcp://two:8786"


# --- keeping, as pages that draw call it -------------------------------------------------------


def keeping():
    import numpy as np
    import streamlit as st

    from emnist_lab.handwriting import ink
    from emnist_lab.runs import registry
    from emnist_lab.ui.draw import keep_buttons

    run = registry.open_run("hog-qda")
    strokes = [np.array(stroke, float) for stroke in st.session_state.strokes]
    image = ink.from_strokes(strokes, 20)
    probabilities = run.predict_proba(image[None])[0]
    keep_buttons.keep(image, strokes, 20, {"hog-qda": (run.classes, probabilities)})


@pytest.fixture
def alone(monkeypatch):
    """Without the frame there are no pages to link to."""
    monkeypatch.setattr(st, "page_link", lambda *_, **__: None)


def on_board(owner: str | None = ME) -> AppTest:
    app = AppTest.from_function(keeping, default_timeout=300)
    app.session_state["strokes"] = SEVEN
    if owner:
        app.session_state["owner"] = owner
    return app.run()


def test_one_click_keeps_it_with_what_was_said(store, alone):
    app = on_board()
    assert store.stamp() == ()  # nothing before that click
    press(app, "7")
    (one,) = store.drawings(ME)
    assert one.label == "7" and one.pen_width == 20 and one.source == "drawn"
    assert next(iter(one.predictions["hog-qda"])) == "7" and len(one.predictions["hog-qda"]) == 5
    assert np.array_equal(one.image, ink.from_strokes(SEVEN, 20))
    assert "Kept as" in said(app) and "Keep it in" not in said(app)
    app.session_state["strokes"] = [[(9, 9), (90, 200)]]
    assert "Keep it in" in said(app.run())
    app.session_state["strokes"] = SEVEN
    press(app.run(), "Undo")
    assert store.counts() == {} and "Keep it in" in said(app)


def test_another_character_than_the_likeliest(store, alone):
    app = on_board()
    app.button_group(key="draw-keep-other-0").set_value("Q").run()
    assert not app.exception and store.counts(ME) == {"Q": 1} and "Kept as" in said(app)
    press(app, "Undo")
    assert app.button_group(key="draw-keep-other-1").value is None  # new: nothing to send once more


def test_keeping_where_it_is_not_possible_says_why(monkeypatch):
    assert "press again in a moment" in said(press(on_board(owner=None), "7"))
    monkeypatch.setenv(database.ENVIRONMENT, "postgresql+psycopg://me:secret@127.0.0.1:1/x")
    app = press(on_board(), "7")
    assert len(app.error) == 1 and "127.0.0.1:1" in said(app) and "Keep it in" in said(app)


# --- practice ----------------------------------------------------------------------------------


def drill():
    import numpy as np
    import streamlit as st

    from emnist_lab.runs import registry
    from emnist_lab.ui.components.board import Board
    from emnist_lab.ui.draw import practice_mode

    def clear():
        st.session_state.cleared = st.session_state.get("cleared", 0) + 1
        st.session_state.strokes = []

    strokes = [np.array(stroke, float) for stroke in st.session_state.strokes]
    drawn = Board(strokes, 20.0, clear, lambda: st.session_state.get("sent", strokes))
    practice_mode.practice(registry.open_run("hog-qda"), drawn)


def practising() -> AppTest:
    app = AppTest.from_function(drill, default_timeout=300)
    app.session_state["strokes"], app.session_state["owner"] = [], ME
    return press(app.run(), "Start")


def write_on(app: AppTest, strokes) -> AppTest:
    app.session_state["strokes"] = strokes
    return press(app.run(), "Submit")


def test_practice_asks_scores_and_compares(store, alone):
    app = practising()
    assert next(one for one in app.button if one.label == "Submit").disabled
    app.session_state["strokes"] = [[(5, 5)]]
    assert "single dot" in said(app.run())
    assert next(one for one in app.button if one.label == "Submit").disabled
    for count in range(1, 4):
        write_on(app, SEVEN)
        assert (
            app.session_state["draw-practice"].place == count
            and app.session_state["cleared"] > count
        )
    press(app, "Redo")
    press(app, "Skip")
    write_on(app, SEVEN)
    press(app, "Finish")
    now = app.session_state["draw-practice"]
    values = {one.label: one.value for one in app.metric}
    assert values["Correct"] == f"{now.right} of 3" and values["EMNIST, same characters"].endswith(
        "%"
    )
    table = app.dataframe[0].value
    assert (table["read"] == "7").all() and table["drawing"].str.startswith("data:image/png").all()
    assert store.stamp() == ()
    press(app, "Keep these 3 drawings")
    assert "Kept." in said(app)
    assert sum(store.counts(ME).values()) == len({one.digest for one in now.drawings()})
    press(app, "Start again")
    assert "You are asked for 47 characters" in said(app)


def test_practice_that_is_finished_without_a_drawing_says_so_and_goes_back(alone):
    app = press(practising(), "Finish")
    assert not app.exception and "You finished without a drawing" in said(app)
    press(app, "Start")
    press(app, "Skip")
    assert app.session_state["draw-practice"].place == 1


def test_practice_scores_a_stroke_that_came_after_the_page(alone):
    """On a slow server the button is pressed before the page has answered the last stroke."""
    app = practising()
    app.session_state["sent"] = [*SEVEN, [(80, 140), (190, 140)]]
    write_on(app, SEVEN)
    assert len(app.session_state["draw-practice"].attempts[0].strokes) == len(SEVEN) + 1
    app.session_state["sent"] = [[(5, 5)]]
    write_on(app, SEVEN)
    assert "single dot" in said(app) and app.session_state["draw-practice"].place == 1


def drawn_on_draw(strokes, **query) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=300)
    for key, value in query.items():
        app.query_params[key] = value
    app.session_state["owner"] = ME
    app.session_state["draw-board-drawn"] = board.Drawn(canvas_json(strokes))
    app.switch_page("pages/draw.py")
    return app.run()


def test_a_drawing_is_read_alike_everywhere(store, alone, tmp_path, capsys):
    press(drawn_on_draw(SEVEN, run="hog-qda"), "7")
    (kept,) = store.drawings(ME)
    expected = dict(kept.predictions["hog-qda"])
    run = lab.open_run("hog-qda")

    def top(probabilities) -> dict:
        return pytest.approx(dict(top_labels(run.classes, probabilities)), abs=1e-5)

    assert expected == top(lab.drawings.read(run, SEVEN, 20)[1])
    app = write_on(practising(), SEVEN)
    assert expected == top(app.session_state["draw-practice"].attempts[0].probabilities)
    page = evaluate_kept(run, store.drawings(ME, strokes=False), store)  # as the page asks for it
    assert expected == top(page.scores[0])
    (tmp_path / "drawings.json").write_bytes(to_json([kept]))
    status, found, _ = command(
        capsys, "predict", "--run", "hog-qda", "--drawings", str(tmp_path / "drawings.json")
    )
    assert status == 0
    one = {top["class"]: top["probability"] for top in found["predictions"][0]["top"]}
    assert expected == pytest.approx(one, abs=1e-5)


def test_handwriting_reads_strokes_where_there_are_some_else_the_image(store):
    picture = Drawing("7", ink.from_strokes(SEVEN), source="picture")
    store.keep(ME, [drawing("7"), picture, drawing("Ä", 3)])
    run = lab.open_run("hog-qda")
    report = evaluate_kept(run, store.drawings(ME, strokes=False), store)
    alone_, drawn = report.scores  # the newest first; no run knows an Ä
    np.testing.assert_allclose(drawn, lab.drawings.read(run, SEVEN)[1], atol=1e-6)
    plain = predict_variations(run, picture.image[None, None])[0]
    np.testing.assert_allclose(alone_, plain, atol=1e-6)


def test_kept_drawings_are_drawn_once_for_all_runs(store, monkeypatch):
    store.keep(ME, [drawing("7"), drawing("1", 3), Drawing("L", ink.from_strokes(SEVEN))])
    calls = []
    made = ink._page
    monkeypatch.setattr(ink, "_page", lambda lines: calls.append(1) or made(lines))
    for run in ("hog-qda", "pixels-logistic"):
        assert "3 drawings by 1 person" in said(opened(run=run))
        assert len(calls) == 2 * ink.VARIATIONS
    store.keep(ME, [drawing("e", 5)])
    opened(run="hog-qda")
    assert len(calls) == 3 * ink.VARIATIONS + 1  # that one alone: to keep it, and to read it


def test_a_drawing_that_several_runs_read_is_drawn_once(monkeypatch):
    calls = []
    made = ink._page
    monkeypatch.setattr(ink, "_page", lambda lines: calls.append(1) or made(lines))
    app = drawn_on_draw(SEVEN, run="hog-qda", beside=["pixels-logistic", "warped-blend"])
    assert not app.exception and len(calls) == ink.VARIATIONS


def test_practice_that_can_not_be_kept(monkeypatch):
    app = press(write_on(practising(), SEVEN), "Finish")
    monkeypatch.setenv(database.ENVIRONMENT, "postgresql+psycopg://me:secret@127.0.0.1:1/x")
    press(app, "Keep this drawing")
    assert len(app.error) == 1 and app.session_state["draw-practice"].attempts  # nothing is lost


# --- training ----------------------------------------------------------------------------------


def test_the_train_page_offers_what_is_kept(store, folder, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    asked = []
    monkeypatch.setattr(JobQueue, "submit", lambda self, spec, **more: asked.append(spec) or spec)
    app = opened("train", recipe="pixels-logistic", split="digits")
    box = app.checkbox(key="train-handwriting")
    assert box.disabled and box.label == "Add my handwriting (0 drawings)"
    store.keep(ME, [drawing("7"), drawing("1", 3), drawing("A", 5)])
    store.keep(YOU, [drawing("2")])
    app = opened("train", recipe="pixels-logistic", split="digits")
    app.checkbox(key="train-handwriting").check().run()
    assert "2 drawings kept here" in said(app)
    assert f'with_kept_drawings(train, "{ME}", times=20)' in app.code[0].value
    app.number_input(key="train-handwriting-repeat").set_value(3).run()
    press(app, "Train")
    assert (asked[0].handwriting, asked[0].repeat) == (ME, 3)
    monkeypatch.setenv(drawing_database.SHARED, "1")
    app = opened("train", recipe="pixels-logistic", split="digits")
    assert (
        app.checkbox(key="train-handwriting").label == "Add the handwriting kept here (3 drawings)"
    )


def test_a_sweep_takes_what_is_kept(store, folder, monkeypatch):
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    asked = []
    monkeypatch.setattr(JobQueue, "submit", lambda self, spec, **more: asked.append(spec) or spec)
    store.keep(ME, [drawing("7"), drawing("1", 3)])
    app = opened("train", recipe="pixels-bayes", split="digits", task="Sweep")
    app.checkbox(key="train-handwriting").check().run()
    app.number_input(key="train-handwriting-repeat").set_value(3).run()
    press(app, "Begin the sweep")
    assert not app.error and (asked[0].handwriting, asked[0].repeat) == (ME, 3)
    assert asked[0].name.endswith("-86")  # images: 80, and each drawing three times


def test_a_spec_with_handwriting_goes_to_disk_and_to_a_command_line():
    spec = TrainSpec("hog-qda", "digits", handwriting=ME, repeat=7)
    assert from_json(as_json(spec)) == spec
    assert {f"--handwriting={ME}", "--repeat=7"} <= set(spec.arguments())
    assert not any("repeat" in one for one in TrainSpec("hog-qda", "digits").arguments())
    assert from_json({"kind": "train", "recipe": "a", "split": "b"}).handwriting is None


def test_a_training_process_is_told_where_drawings_are(monkeypatch):
    monkeypatch.setattr(drawing_database, "environment", lambda: {"A": "b"})
    assert job_queues.jobs()._environment() == {"A": "b"}


# --- the command line --------------------------------------------------------------------------


def command(capsys, *arguments: str) -> tuple[int, dict, str]:
    status = main([*arguments, "--json"])
    out, err = capsys.readouterr()
    return status, json.loads(out) if out else {}, err


def test_the_command_line_lists_exports_imports_and_deletes(store, tmp_path, capsys, monkeypatch):
    store.keep(ME, [drawing("7", predictions={"hog-qda": {"7": 1.0}}), drawing("1", 3)])
    store.keep(YOU, [drawing("L", 5, writer="Ada")])
    status, found, _ = command(capsys, "handwriting", "list")
    assert status == 0 and found["people"] == 2
    assert [one["label"] for one in found["drawings"]] == ["L", "1", "7"]
    assert main(["handwriting", "list", "--owner", "11"]) == 0
    assert "read as hog-qda: 7" in capsys.readouterr().out
    path = tmp_path / "out.json"
    assert command(capsys, "handwriting", "export", str(path))[1]["drawings"] == 3
    assert len(read_drawings(path)) == 3
    assert command(capsys, "handwriting", "export", str(tmp_path / "out.zip"))[0] == 0
    status, done, _ = command(capsys, "handwriting", "import", str(path))
    assert status == 0 and done["new"] == 3
    assert command(capsys, "handwriting", "import", str(path))[1]["new"] == 0
    assert command(capsys, "handwriting", "delete", "--all", "--owner", "comm", "--yes")[1] == {
        "deleted": 3
    }
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    status, _, err = command(capsys, "handwriting", "delete", "1")
    assert status == 2 and "--yes" in err
    assert command(capsys, "handwriting", "delete", "1", "--yes")[1] == {"deleted": 1}
    status, scores, _ = command(capsys, "handwriting", "evaluate", "--run", "hog-qda")
    assert status == 0 and scores["drawings"] == 2 and 0 <= scores["accuracy"] <= 1
    assert scores["roc_auc_ovo"] is not None


@pytest.mark.parametrize(
    "arguments, what",
    [
        (["export", "x.txt"], "could be of any kind"),
        (["export", "x.json"], "no drawings to export"),
        (["import", "/nowhere.json"], "no file"),
        (["delete"], "Nothing to delete"),
        (["delete", "1", "--all"], "Nothing to delete"),
        (["delete", "99", "--yes"], "no drawing 99"),
        (["list", "--owner", "zz"], "No owners begin with"),
        (["evaluate", "--run", "hog-qda"], "nothing to measure"),
        (["evaluate", "--run", "nosuch"], "no run"),
    ],
)
def test_a_refused_input_is_one_line_and_status_2(capsys, arguments, what):
    status = main(["handwriting", *arguments])
    out, err = capsys.readouterr()
    assert status == 2 and what in err and not out and len(err.strip().splitlines()) == 1


def test_a_database_that_is_away_is_one_line_and_status_2(capsys, monkeypatch):
    monkeypatch.setenv(database.ENVIRONMENT, "postgresql+psycopg://me:secret@127.0.0.1:1/x")
    assert main(["handwriting", "list"]) == 2
    err = capsys.readouterr().err
    assert "127.0.0.1:1/x" in err and "secret" not in err and len(err.strip().splitlines()) == 1


def test_train_with_handwriting(store, tmp_path, capsys):
    for part, seed in (("train", 1), ("test", 2)):
        write(tmp_path, make_part("digits", 6, seed, part))
    arguments = [
        "train",
        "pixels-logistic",
        "--split",
        "digits",
        "--root",
        str(tmp_path),
        "--seed",
        "3",
    ]
    status, _, err = command(capsys, *arguments, "--handwriting")
    assert status == 2 and "nothing to measure or to add" in err
    store.keep(ME, [drawing("7"), drawing("1", 3)])
    store.keep(YOU, [drawing("2", 5)])
    status, done, _ = command(capsys, *arguments, f"--handwriting={ME}")
    assert status == 0 and done["trained_on"].endswith("2 drawings by 1 person")
    run = lab.open_run(done["run"])
    assert run.manifest["data"]["train"]["handwriting"] is True and not run.generated
    more = ["--handwriting", "--repeat", "5"]
    status, done, _ = command(capsys, *arguments, *more)
    assert done["trained_on"].endswith("3 drawings by 2 people, each 5 times")
    assert lab.open_run(done["run"]).manifest["data"]["train"]["images"] == 60 + 3 * 5
    assert command(capsys, *arguments, "--handwriting", "--times", "0")[0] == 2
    status, done, _ = command(capsys, *arguments, *more, "--code")
    assert 'train = with_kept_drawings(train, "all", times=5)' in done["code"]
    compile(done["code"], "made", "exec")
