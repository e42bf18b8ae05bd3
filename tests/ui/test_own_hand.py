"""A run that reads the visitor's hand: the switch on Draw, practice, the panel on Handwriting."""

import numpy as np
import pytest
from helpers import canvas_json, said
from streamlit.testing.v1 import AppTest

import emnist_lab as lab
from emnist_lab.files import PROJECT
from emnist_lab.handwriting import adaptation, drawing_reader
from emnist_lab.handwriting.drawing_store import Drawing, database, open_store
from emnist_lab.runs import registry
from emnist_lab.ui import drawing_database
from emnist_lab.ui.components import board

ME = "1" * 32
SEVEN = [[(60, 60), (200, 60), (110, 230)]]
OTHER = [[(64, 62), (200, 60), (114, 228)]]
BAR = [[(140, 50), (140, 230)]]
HAND = "hog-qda-hand"


def kept(shift: float = 0) -> list[Drawing]:
    strokes = {"7": SEVEN, "1": BAR, "T": [[(140, 50), (140, 230)], [(60, 50), (220, 50)]]}
    return [
        Drawing.from_strokes(
            label, [[(x + shift * i, y) for i, (x, y) in enumerate(one)] for one in s]
        )
        for label, s in strokes.items()
    ]


@pytest.fixture
def store(home, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE", 30)
    for name in (database.ENVIRONMENT, drawing_database.SHARED):
        monkeypatch.delenv(name, raising=False)
    made = open_store()
    yield made
    made.close()


def opened(page: str, strokes=None, key: str = "draw-board", **query) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=300)
    for name, value in {"run": "hog-qda", **query}.items():
        app.query_params[name] = value
    app.session_state["owner"] = ME
    if strokes:
        app.session_state[f"{key}-drawn"] = board.Drawn(canvas_json(strokes))
    app.switch_page(f"pages/{page}.py")
    app.run()
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    next(one for one in app.button if one.label == label).click().run()
    assert not app.exception
    return app


def test_the_switch_reads_as_the_adapted_run_does(store):
    store.keep(ME, kept())
    off = opened("draw", SEVEN)
    assert "of your drawings" not in said(off)
    app = opened("draw", OTHER, hand="true")
    assert "Adapted to 3 of your drawings, of 3 classes" in said(app)
    assert "Draw characters twice" in said(app)
    press(app, "T")
    newest = store.drawings(ME, newest=1)[0]
    expected = drawing_reader.read(lab.adapt(lab.open_run("hog-qda"), kept()), OTHER, 20)[1]
    assert newest.predictions[HAND]["7"] == pytest.approx(expected.max(), abs=1e-3)
    assert "Adapted to 4 of your drawings" in said(app)  # from the next reading on
    app.toggle(key="hand").set_value(False).run()
    assert "of your drawings" not in said(app)


def test_the_switch_is_remembered_on_other_pages(store):
    store.keep(ME, kept())
    app = opened("draw", OTHER)
    app.toggle(key="hand").set_value(True).run()
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/draw.py").run()
    assert app.toggle(key="hand").value and "Adapted to 3 of your drawings" in said(app)
    assert opened("draw", mode="Picture", hand="true").toggle(key="hand").disabled


def test_with_nothing_to_learn_from_it_reads_as_before_and_says_so(store):
    app = opened("draw", SEVEN, hand="true")
    assert "Nothing is known of your hand yet" in said(app)
    store.keep(ME, kept()[:1])
    assert "All drawings are of one class (7)" in said(opened("draw", SEVEN, hand="true"))


def test_a_database_that_is_away_stops_nobody_from_drawing(monkeypatch):
    monkeypatch.setenv(database.ENVIRONMENT, "postgresql+psycopg://me:secret@127.0.0.1:1/x")
    app = opened("draw", SEVEN, hand="true")
    assert "Not adapted." in said(app) and "Your drawing" not in [e.value for e in app.error]


def test_words_are_read_so_too(store):
    store.keep(ME, kept())
    app = opened(
        "draw", [*SEVEN, [(x + 250, y) for x, y in BAR[0]]], "draw-word", mode="Word", hand="true"
    )
    assert "Adapted to 3 of your drawings" in said(app)


@pytest.mark.parametrize("more", [{}, {"characters": "digits"}])
def test_practice_learns_from_each_drawing_and_shows_how_far(store, more):
    app = opened("draw", mode="Practice", hand="true", **more)
    press(app, "Start")
    for count in range(1, 6):
        now = app.session_state["draw-practice"]
        drawn = [[(x + 9 * count, y + 5 * count * (i % 2)) for i, (x, y) in enumerate(SEVEN[0])]]
        record = app.session_state["draw-practice-board-drawn"]
        app.session_state["draw-practice-board-drawn"] = board.Drawn(
            canvas_json(drawn), turn=record.turn + 50
        )
        app.run()
        press(app, "Submit")
        assert len(app.session_state["draw-practice"].attempts) == count == len(now.attempts) + 1
    one, *_, last = app.session_state["draw-practice"].attempts
    assert one.adapted is None  # nothing was known then
    assert last.adapted is not None and not np.array_equal(last.adapted, last.probabilities)
    assert last.adapted.shape == last.probabilities.shape == ((10,) if more else (47,))
    assert "Adapted to 5 of your drawings, of 5 classes" in said(app)
    assert len(app.get("vega_lite_chart")) == 1
    press(app, "Finish")
    press(app, "Start again")
    press(app, "Start")  # the first round is still known in the second
    assert "Adapted to 5 of your drawings" in said(app)
    assert store.stamp() == ()  # and nothing was kept


def test_the_panel_measures_keeps_and_forgets(store):
    store.keep(ME, [*kept(), *kept(6), Drawing.from_strokes("l", [[(140, 50), (141, 230)]])])
    app = opened("handwriting")
    values = {one.label: one.value for one in app.metric}
    assert values["Learned from"] == "7 drawings" and values["Correct before"].endswith("of 6")
    assert "Drawn alike, labelled differently" in said(app)
    press(app, "Keep it as a run")
    assert f"Kept as a run: {HAND}" in said(app)
    mine = lab.open_run(HAND)
    assert adaptation.is_adapted(mine)
    image, probabilities = drawing_reader.read(mine, SEVEN)
    assert mine.classes[probabilities.argmax()] == "7" and image.any()
    press(app, "Forget a kept one")
    assert "Your drawings are kept" in said(app)
    press(app, "Delete it")
    assert HAND not in [one.name for one in registry.list_runs()[0]]
    assert sum(store.counts(ME).values()) == 7


def test_the_panel_says_what_is_missing(store):
    store.keep(ME, kept()[:1])
    assert "All drawings are of one class (7)" in said(opened("handwriting"))


def test_an_adapted_run_is_chosen_like_any_other(store):
    lab.adapt(lab.open_run("hog-qda"), kept()).save()
    for page in ("evaluate", "compare", "draw"):
        app = opened(page, run=HAND)
        assert not app.error, page
    assert "and 3 drawings by one hand" in said(opened("draw", run=HAND))


def test_an_adapted_run_is_not_measured_on_what_it_learned(store):
    store.keep(ME, kept())
    lab.adapt(lab.open_run("hog-qda"), store.drawings(ME)).save()
    app = opened("handwriting", run=HAND)
    assert "No drawing is left to measure it on" in said(app)
