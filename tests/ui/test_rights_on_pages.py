"""What pages show to visitors of a class and of a show, and what a crafted message is told."""

import os
import shutil

import pytest
from helpers import opened, said
from streamlit.testing.v1 import AppTest

import emnist_lab as lab
from emnist_lab.data import user_datasets
from emnist_lab.errors import DatasetError
from emnist_lab.files import PROJECT, owner_of
from emnist_lab.runs.registry import list_runs
from emnist_lab.server.visitor import OPERATORS, owner_id
from emnist_lab.ui import current_evaluation, job_queues

PAGES = ["home", "data", "samples", "train", "evaluate", "compare", "draw", "handwriting"]
ANN, BOB = owner_id("ann"), owner_id("bob")


def visited(page: str, who: str | None = ANN, **query) -> AppTest:
    """A page as a browser's owner sees it: without one, a test can't tell who it is."""
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=300)
    if who:
        app.session_state["owner"] = who
    for key, value in query.items():
        app.query_params[key] = value
    if page != "home":
        app.switch_page(f"pages/{page}.py")
    return app.run()


def labels(app) -> set[str]:
    return {one.label for one in app.button}


def everything(app) -> str:
    """What a browser gets to read: words, choices and tables."""
    tables = "\n".join(one.value.to_csv() for one in app.dataframe)
    choices = "\n".join(str(one.options) for one in app.selectbox)
    return f"{said(app)}\n{choices}\n{tables}"


@pytest.fixture(scope="module")
def made(tmp_path_factory, folder):
    """Home folder of a class whose visitors have made something."""
    place = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMNIST_LAB_HOME", str(place))
        run = lab.open_run("pixels-logistic")
        run.save("of-ann", owner=ANN), run.save("of-bob", owner=BOB), run.save("of-the-operator")
        for name, owner in (("anns", ANN), ("bobs", BOB)):
            user_datasets.import_dataset(sorted(folder.glob("emnist-digits-*")), name, owner=owner)
    return place


@pytest.fixture
def course(made, home, monkeypatch, folder):
    """The same, as the test's own home."""
    monkeypatch.setenv("EMNIST_LAB_MODE", "class")
    monkeypatch.setenv("EMNIST_DIR", str(folder))
    return shutil.copytree(made, home, dirs_exist_ok=True)


@pytest.mark.parametrize("mode", ["class", "show"])
@pytest.mark.parametrize("page", PAGES)
def test_no_path_of_the_server_is_on_a_page(course, monkeypatch, mode, page, folder):
    monkeypatch.setenv("EMNIST_LAB_MODE", mode)
    app = visited(page)
    assert not app.exception and not app.error
    for place in (course, folder, PROJECT):
        assert os.fspath(place) not in everything(app)


def test_images_that_cannot_be_read_are_told_of_without_their_path(course, monkeypatch):
    def damaged(*given):
        raise DatasetError(f"{course}/imports/x/images.gz is damaged: import it again.")

    monkeypatch.setattr(current_evaluation, "_own_part", damaged)
    app = visited("compare", first="of-ann", second="of-the-operator")
    assert not app.exception and "… is damaged: import it again." in said(app)
    assert "The server's log has more under number" in said(app)
    assert os.fspath(course) not in everything(app)


def test_a_visitor_sees_what_is_theirs_and_the_operators(course):
    app = visited("compare")
    runs = app.selectbox(key="compare-shelf-run").options
    assert {"of-ann", "of-the-operator", "hog-qda"} <= set(runs) and "of-bob" not in runs
    data = visited("data").selectbox(key="data_here").options
    assert "anns" in data and "bobs" not in data


def test_before_the_browser_has_told_nobodys_things_are_shown(course):
    app = visited("compare", who=None)
    runs = app.selectbox(key="compare-shelf-run").options
    assert "of-the-operator" in runs and not {"of-ann", "of-bob"} & set(runs)


def test_an_address_of_somebody_elses_run_or_dataset_opens_nothing(course, folder):
    app = visited("evaluate", run="of-bob")
    assert "There is no run “of-bob” here" in said(app)
    assert app.selectbox(key="run").value != "of-bob"
    for named in ("bobs", str(folder), str(course)):
        app = visited("home", data=named)
        assert not app.exception and "There is no dataset" in said(app)
        assert app.sidebar.selectbox(key="data").value == "EMNIST"


@pytest.mark.parametrize(
    ("key", "value", "page"),
    [("data", "bobs", "home"), ("data", "/etc", "home"), ("run", "of-bob", "evaluate"),
     ("compare-shelf-run", "of-bob", "compare")],
)  # fmt: skip
def test_a_crafted_message_opens_nothing_of_others(course, key, value, page):
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=300)
    app.session_state["owner"] = ANN
    app.session_state[key] = value  # as if a list had held it
    if page != "home":
        app.switch_page(f"pages/{page}.py")
    app.run()
    shown = next(one.value for one in app.selectbox if one.key == key)
    assert not app.exception and shown != value


def test_only_ones_own_run_can_be_deleted(course):
    app = visited("compare")
    app.selectbox(key="compare-shelf-run").set_value("of-the-operator").run()
    assert next(one for one in app.button if one.label == "Delete").disabled
    app.selectbox(key="compare-shelf-run").set_value("of-ann").run()
    next(one for one in app.button if one.label == "Delete").click().run()
    app.button(key="compare-shelf-delete").click().run()
    assert not app.exception and "of-ann is deleted" in said(app).replace("*", "")


def test_a_job_of_a_class_is_small_and_somebodys(course, monkeypatch):
    monkeypatch.setattr("emnist_lab.commands.job_queue.JobQueue._work", lambda self: None)
    monkeypatch.setenv("EMNIST_LAB_TRAINING_IMAGES", "500")
    app = visited("train")
    slider = next(one for one in app.select_slider if one.label == "Training images")
    assert slider.options == ["500"]
    for _ in range(3):
        next(one for one in app.button if one.label == "Train").click().run()
    assert "2 of your jobs wait or run already" in said(app)
    jobs = job_queues.jobs().jobs
    assert [(job.owner, job.spec.images) for job in jobs] == 2 * [(ANN, 500)]
    assert len([one for one in visited("train").button if one.label == "Cancel"]) == 2
    assert not [one for one in visited("train", BOB).button if one.label == "Cancel"]


def test_a_show_offers_nothing_that_is_kept(course, monkeypatch):
    monkeypatch.setenv("EMNIST_LAB_MODE", "show")
    app = visited("train")
    assert "Training is switched off on this server" in said(app)
    assert "Train" not in labels(app) and not app.checkbox
    assert not {"Fetch", "Fetch again", "Import", "Use it", "Delete"} & labels(visited("data"))
    assert "Measure" not in labels(visited("compare"))
    assert not visited("compare").get("file_uploader")
    assert "This server keeps no drawings" in said(visited("handwriting"))


@pytest.mark.parametrize(
    ("right", "page", "label"),
    [
        ("EMNIST_LAB_DOWNLOADS", "data", "Fetch"),
        ("EMNIST_LAB_FOLDERS", "data", "Use it"),
        ("EMNIST_LAB_UPLOADS", "data", "Import"),
        ("EMNIST_LAB_TRAINING", "compare", "Measure"),
    ],
)
def test_each_right_shows_and_hides_its_buttons(course, monkeypatch, right, page, label):
    monkeypatch.setenv(right, "1")
    assert label in labels(visited(page))
    monkeypatch.setenv(right, "0")
    assert label not in labels(visited(page))


def test_an_operator_sees_and_manages_all(course, monkeypatch):
    monkeypatch.setenv(OPERATORS, f"someone@example.org {ANN}")
    app = visited("compare")
    assert {"of-ann", "of-bob"} <= set(app.selectbox(key="compare-shelf-run").options)
    app.selectbox(key="compare-shelf-run").set_value("of-bob").run()
    next(one for one in app.button if one.label == "Delete").click().run()
    app.button(key="compare-shelf-delete").click().run()
    assert "of-bob" not in {run.name for run in list_runs()[0]}
    assert "You manage this server" in said(visited("home"))
    assert "Use it" in labels(visited("data"))


def test_an_error_keeps_the_servers_paths_to_itself(course, monkeypatch, caplog):
    monkeypatch.setenv("EMNIST_DIR", str(course / "nowhere at all"))
    app = visited("data")
    shown = everything(app)
    assert "There is no folder …" in shown and os.fspath(course) not in shown
    number = shown.split("under number ")[1][:8]
    assert any(number in one and os.fspath(course) in one for one in caplog.messages)
    monkeypatch.setenv("EMNIST_LAB_MODE", "own")
    assert os.fspath(course / "nowhere at all") in everything(opened("data"))


def test_what_was_made_before_there_were_owners_is_the_operators(old_home, monkeypatch):
    monkeypatch.setenv("EMNIST_LAB_MODE", "class")
    old = [run for run in list_runs()[0] if not run.shipped]
    assert old and all(owner_of(run.folder) is None for run in old)
    app = visited("compare")
    assert {run.name for run in old} <= set(app.selectbox(key="compare-shelf-run").options)
    app.selectbox(key="compare-shelf-run").set_value(old[0].name).run()
    assert next(one for one in app.button if one.label == "Delete").disabled
