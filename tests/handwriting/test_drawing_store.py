"""Kept drawings: what may be kept, in SQLite and in a real PostgreSQL, and as data."""

import io
import json
import sqlite3
import threading
import zipfile

import numpy as np
import postgresql
import pytest
import sqlalchemy as sa
from helpers import BALANCED, make_part

import emnist_lab as lab
from emnist_lab.data.formats import idx
from emnist_lab.errors import DatasetError, HandwritingError, InkError, LabError
from emnist_lab.handwriting import ink
from emnist_lab.handwriting.drawing_store import (
    Drawing,
    Store,
    as_part,
    as_predictions,
    database,
    files,
    not_trained_on,
    open_store,
    parts,
    store,
    tables,
    with_kept_drawings,
)
from emnist_lab.handwriting.stroke_files import read_drawings

SEVEN = [[(60, 60), (200, 60), (110, 230)]]
ME, YOU = "1" * 32, "2" * 32


def drawing(label: str = "7", shift: float = 0.0, **more) -> Drawing:
    strokes = [[(x + shift, y) for x, y in stroke] for stroke in SEVEN]
    return Drawing.from_strokes(label, strokes, 20, **more)


def several(count: int, **more) -> list[Drawing]:
    return [drawing("7Lr1"[index % 4], index, **more) for index in range(count)]


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A busy machine is no database that doesn't answer."""
    monkeypatch.setattr(database, "PATIENCE", 30)


@pytest.fixture(scope="session")
def cluster():
    if postgresql.binaries() is None:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    with postgresql.cluster() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request, tmp_path) -> Store:
    """An empty store of each kind."""
    if request.param == "sqlite":
        made = open_store(f"sqlite:///{tmp_path / 'own' / 'drawings.db'}")
    else:
        made = open_store(request.getfixturevalue("cluster").url)
        with made.database.engine.begin() as connection:
            tables.metadata.drop_all(connection)
    yield made
    made.close()


# --- a drawing ---------------------------------------------------------------------------------


def test_a_drawing_holds_what_was_drawn():
    one = drawing("g", predictions={"hog-qda": {"g": 0.5, "9": 0.4}})
    assert np.array_equal(one.image, ink.from_strokes(SEVEN, 20))
    assert one.strokes == (((60.0, 60.0), (200.0, 60.0), (110.0, 230.0)),)
    assert one.time.endswith("+00:00") and one.source == "drawn"


@pytest.mark.parametrize("label", ["", "ab", "\n", " ", None, 7, "\x00", "\u200b", ["a"]])
def test_a_label_is_one_character(label):
    with pytest.raises(HandwritingError, match="isn't a label"):
        drawing(label)


@pytest.mark.parametrize(
    "strokes, error",
    [
        ([], InkError),
        ([[(5, 5)]], InkError),
        ([[(0, 0), (np.nan, 9)]], InkError),
        ([[(0, 0), (1e12, 9)]], InkError),
        ([[(0, 0, 0), (1, 1, 1)]], InkError),
        (["ab"], InkError),
        (7, InkError),
        ([[(0, n) for n in range(60_000)]] * 2, HandwritingError),
    ],
)
def test_strokes_that_are_none_are_refused(strokes, error):
    with pytest.raises(error) as refused:
        Drawing.from_strokes("a", strokes)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "more",
    [
        {"pen_width": -1},
        {"pen_width": np.inf},
        {"source": "stolen"},
        {"writer": "x" * 100},
        {"writer": ""},
        {"time": "yesterday"},
        {"time": "2026-01-01T00:00:00+02:00"},
        {"predictions": {"run": {"a": 2.0}}},
        {"predictions": {"run": {str(n): 0.1 for n in range(9)}}},
        {"predictions": [1]},
    ],
)
def test_other_fields_are_checked(more):
    with pytest.raises(HandwritingError, match="of another kind"):
        Drawing("a", ink.from_strokes(SEVEN), **more)


@pytest.mark.parametrize(
    "image", [np.zeros((28, 28)), np.zeros((28, 28), np.uint8), np.ones((9, 9), np.uint8)]
)
def test_an_image_that_is_none_is_refused(image):
    with pytest.raises(HandwritingError):
        Drawing("a", image)


def test_the_likeliest_five_are_kept():
    top = as_predictions(list("abcdefg"), np.array([0.1, 0.3, 0.05, 0.05, 0.2, 0.1, 0.2]))
    assert list(top) == ["b", "e", "g", "a", "f"] and top["b"] == 0.3


def test_times_are_written_so_that_they_sort():
    times = ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5+00:00", "20260101T000001Z"]
    written = [drawing(time=time).time for time in times]
    assert written == sorted(written) and len(set(map(len, written))) == 1


# --- the store ---------------------------------------------------------------------------------


def test_what_is_kept_comes_back(kept):
    one = drawing("g", predictions={"hog-qda": {"g": 0.5}}, writer="Zoë")
    picture = Drawing("Ä", ink.from_strokes(SEVEN), source="picture")
    assert kept.keep(ME, [one, picture]) == 2
    newest, first = kept.drawings(ME)
    for before, after in ((one, first), (picture, newest)):
        assert np.array_equal(before.image, after.image)
        for name in (
            "label",
            "strokes",
            "pen_width",
            "predictions",
            "source",
            "writer",
            "time",
            "digest",
        ):
            assert getattr(before, name) == getattr(after, name)
        assert before.digest == after.digest
        assert after.owner == ME and after.id


def test_looking_makes_no_database(kept, tmp_path):
    assert kept.drawings() == [] and kept.counts() == {} and kept.stamp() == ()
    assert kept.delete() == 0
    with pytest.raises(HandwritingError, match="no drawing 3"):
        kept.correct(3, "a")
    if kept.backups:
        assert not (tmp_path / "own").exists()
    else:
        assert not sa.inspect(kept.database.engine).has_table(tables.about.name)


def test_each_owner_has_their_own(kept):
    kept.keep(ME, several(3))
    kept.keep(YOU, several(2))
    mine, yours, everyone = kept.drawings(ME), kept.drawings(YOU), kept.drawings()
    assert (len(mine), len(yours), len(everyone)) == (3, 2, 5)
    with pytest.raises(HandwritingError, match="no drawing"):
        kept.correct(yours[0].id, "x", ME)
    assert kept.delete([yours[0].id], ME) == 0
    assert kept.delete(owner=ME) == 3
    assert len(kept.drawings()) == 2


def test_the_same_drawing_is_kept_once_whatever_its_label(kept):
    assert kept.keep(ME, [drawing("7"), drawing("7")]) == 1
    assert kept.keep(ME, [drawing("1"), drawing("1", 5)]) == 1
    assert kept.counts(ME) == {"1": 1, "7": 1}


def test_select_some(kept):
    kept.keep(ME, several(9))
    assert [one.label for one in kept.drawings(newest=3)] == ["7", "1", "r"]
    assert {one.label for one in kept.drawings(label="L")} == {"L"}
    assert kept.counts() == {"1": 2, "7": 3, "L": 2, "r": 2}
    bare = kept.drawings(strokes=False)
    assert all(one.strokes == () and one.image.any() for one in bare)
    assert [one.id for one in kept.drawings(ids=[bare[2].id])] == [bare[2].id]


def test_many_come_in_several_statements(kept, monkeypatch):
    monkeypatch.setattr(store, "_AT_ONCE", 4)
    told = []
    assert kept.keep(ME, several(10), told.append) == 10
    assert told == [4, 8, 10]
    found = kept.drawings()
    assert len(found) == len({one.id for one in found}) == 10
    assert len(kept.drawings(newest=6)) == 6


def test_correct_and_delete_change_the_stamp(kept):
    kept.keep(ME, several(3))
    stamps = [kept.stamp(ME)]
    first = kept.drawings(ME)[-1]
    kept.correct(first.id, " Z ", ME)
    stamps.append(kept.stamp(ME))
    assert kept.drawings(ME)[-1].label == "Z"
    with pytest.raises(HandwritingError, match="isn't a label"):
        kept.correct(first.id, "ZZ", ME)
    kept.delete([first.id], ME)
    stamps.append(kept.stamp(ME))
    kept.keep(ME, [drawing("q", 50)])
    stamps.append(kept.stamp(ME))
    assert len(set(stamps)) == 4


def test_a_person_can_keep_so_many(kept, monkeypatch):
    monkeypatch.setattr(store, "MOST", 5)
    kept.keep(ME, several(4))
    with pytest.raises(HandwritingError, match="export and delete"):
        kept.keep(ME, [drawing("a", 70), drawing("b", 71)])
    assert len(kept.drawings()) == 4  # all or none
    kept.keep(YOU, several(4))


@pytest.mark.parametrize("owner", ["", "x" * 33])
def test_an_owner_is_a_short_text(kept, owner):
    with pytest.raises(HandwritingError, match="owner"):
        kept.keep(owner, [drawing()])


def test_writers_at_the_same_time(kept):
    """Also the first ones: each finds no tables, or those that another is making."""
    problems = []

    def write(number: int) -> None:
        own = Store(sa.create_engine(kept.database.engine.url))
        try:
            own.keep(ME, several(12))
            own.keep(YOU, [drawing("x", 100 * number + step) for step in range(3)])
        except HandwritingError as error:
            problems.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(1, 5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not problems
    assert len(kept.drawings(ME)) == 12 and len(kept.drawings(YOU)) == 12
    with kept.database.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.about)) == 1


def test_older_tables_are_brought_up_to_date(kept, monkeypatch):
    kept.keep(ME, several(2))

    def more(connection):
        connection.exec_driver_sql("ALTER TABLE emnist_lab_drawings ADD COLUMN mood TEXT")

    before = tables.VERSION
    monkeypatch.setattr(tables, "VERSION", before + 1)
    monkeypatch.setattr(tables, "MIGRATIONS", {before: more})
    assert len(kept.drawings()) == 2  # looking changes nothing
    kept.keep(ME, [drawing("k", 9)])
    columns = {
        one["name"] for one in sa.inspect(kept.database.engine).get_columns(tables.table.name)
    }
    assert "mood" in columns and len(kept.drawings()) == 3
    monkeypatch.setattr(tables, "VERSION", before)
    for use in (kept.drawings, kept.counts, lambda: kept.keep(ME, [drawing()])):
        with pytest.raises(HandwritingError, match="newer EMNIST Lab"):
            use()


def as_in_version_1(kept: Store) -> None:
    """Make tables what version 0.1 of EMNIST Lab made."""
    with kept.database.engine.begin() as connection:
        connection.exec_driver_sql(
            f"ALTER TABLE {tables.table.name} RENAME COLUMN predictions TO said"
        )
        connection.execute(sa.update(tables.about).values(version=1))


def test_predictions_had_another_name_in_version_1(kept):
    kept.keep(ME, several(3, predictions={"hog-qda": {"7": 0.5}}))
    before = kept.drawings()
    as_in_version_1(kept)
    for strokes in (True, False):  # looking changes nothing
        found = kept.drawings(strokes=strokes)
        assert [one.predictions for one in found] == [one.predictions for one in before]
    kept.correct(1, "a")
    assert kept.counts(ME) == {"L": 1, "a": 1, "r": 1}
    assert kept.keep(ME, [before[0], drawing("k", 9)]) == 1
    with kept.database.engine.connect() as connection:
        assert connection.scalar(sa.select(tables.about.c.version)) == tables.VERSION
        assert connection.scalar(sa.select(sa.func.count(tables.table.c.predictions))) == 4
    assert [one.predictions for one in kept.drawings()][1:] == [one.predictions for one in before]


def test_several_may_bring_the_same_tables_up_to_date(kept):
    kept.keep(ME, several(2))
    as_in_version_1(kept)
    problems = []

    def write(number: int) -> None:
        own = Store(kept.database.engine)
        try:
            own.keep(YOU, [drawing("k", 20 + number)])
        except LabError as error:
            problems.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not problems and len(kept.drawings(YOU)) == 4


def test_a_read_only_file_of_version_1_can_be_read(tmp_path):
    one = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    one.keep(ME, [drawing(predictions={"hog-qda": {"7": 0.5}})])
    as_in_version_1(one)
    fixed = open_store(f"sqlite:///file:{tmp_path / 'a.db'}?mode=ro&uri=true")
    assert fixed.drawings()[0].predictions == {"hog-qda": {"7": 0.5}}
    assert "read-only" in refusal(lambda: fixed.keep(ME, [drawing("a", 3)]))
    for each in (one, fixed):
        each.close()


def test_a_damaged_row_is_named(kept):
    kept.keep(ME, several(2))
    with kept.database.engine.begin() as connection:
        connection.execute(
            sa.update(tables.table).where(tables.table.c.id == 1).values(predictions="{")
        )
    if kept.drawings(ids=[2]):
        with pytest.raises(HandwritingError, match="delete 1"):
            kept.drawings()


# --- bad databases -----------------------------------------------------------------------------


def let_end() -> None:
    """Wait for threads that were given up."""
    for one in threading.enumerate():
        if one.name == "handwriting":
            one.join(20)


def refusal(use) -> str:
    with pytest.raises(HandwritingError) as refused:
        use()
    text = str(refused.value)
    assert "\n" not in text and "secret" not in text and len(text) < 400
    return text


@pytest.mark.parametrize(
    "url, what",
    [
        ("nonsense", "can't be understood"),
        ("postgresql://me:secret@host:port/x", "can't be understood"),
        ("nosuch://me:secret@host/x", "no kind of database"),
        ("mysql+mysqldb://me:secret@host/x", "driver MySQLdb is missing"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
    ],
)
def test_an_address_that_is_none(url, what, monkeypatch):
    monkeypatch.setenv(database.ENVIRONMENT, url)
    assert what in refusal(open_store)


def test_the_default_is_a_file_in_the_home(home):
    one = open_store()
    one.keep(ME, [drawing()])
    assert (home / "handwriting" / "handwriting.db").is_file()
    one.close()


def test_a_locked_file_is_said_and_can_still_be_read(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "_LOCKED", 0.05)
    one = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    one.keep(ME, [drawing()])
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "locked by another program" in refusal(lambda: one.keep(ME, [drawing("a", 3)]))
    assert len(one.drawings()) == 1
    other.close()
    assert one.keep(ME, [drawing("a", 3)]) == 1
    one.close()


def test_a_read_only_file_is_said_and_can_still_be_read(tmp_path):
    one = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    one.keep(ME, [drawing()])
    fixed = open_store(f"sqlite:///file:{tmp_path / 'a.db'}?mode=ro&uri=true")
    for use in (lambda: fixed.keep(ME, [drawing("a", 3)]), fixed.delete):
        assert "read-only" in refusal(use)
    assert len(fixed.drawings()) == 1
    for each in (one, fixed):
        each.close()


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "a.db").write_bytes(b"no database at all" * 99)
    one = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    assert "damaged or no database" in refusal(one.drawings)
    assert "damaged or no database" in refusal(lambda: one.keep(ME, [drawing()]))
    one.close()


def test_a_folder_that_can_not_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    one = open_store(f"sqlite:///{tmp_path / 'file' / 'below' / 'a.db'}")
    assert one.drawings() == []
    assert "can't be" in refusal(lambda: one.keep(ME, [drawing()]))


def test_a_server_that_is_not_there():
    one = open_store("postgresql+psycopg://me:secret@127.0.0.1:1/x")
    assert "postgresql at 127.0.0.1:1/x" in refusal(one.drawings)


def test_one_that_does_not_answer_is_given_up_and_not_asked_again(kept, monkeypatch):
    kept.keep(ME, [drawing()])
    patient, open_again, began = kept.database, threading.Event(), []
    monkeypatch.setattr(patient, "_patience", 0.05)

    def hang(connection, heartbeat):
        began.append(1)
        connection.execute(sa.delete(tables.table))
        open_again.wait(20)

    assert "doesn't answer" in refusal(lambda: patient.run(hang, writes=True))
    assert "doesn't answer" in refusal(lambda: patient.run(hang, writes=True))
    open_again.set()
    let_end()
    assert len(began) == 1
    monkeypatch.setattr(patient, "_patience", 20)
    patient.retry_now()
    assert len(kept.drawings()) == 1  # what was given up has left no trace


def test_only_so_many_wait_for_one_that_does_not_answer(kept, monkeypatch):
    patient, open_again = kept.database, threading.Event()
    monkeypatch.setattr(patient, "_patience", 0.01)
    for _ in range(database._MOST + 2):
        patient.retry_now()
        refusal(lambda: patient.run(lambda connection, heartbeat: open_again.wait(20)))
    names = [one.name for one in threading.enumerate()]
    assert names.count("handwriting") <= database._MOST
    open_again.set()
    let_end()


def test_two_stores_of_one_engine(kept):
    kept.keep(ME, [drawing()])
    other = Store(kept.database.engine)
    assert other.keep(ME, [drawing("a", 3)]) == 1 and len(kept.drawings()) == 2


def test_long_work_that_gives_signs_of_life_is_waited_for(tmp_path):
    kept = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    kept.keep(ME, [drawing()])
    kept.database._patience = 1.5
    pause = threading.Event()

    def slow(connection, heartbeat):
        for _ in range(20):
            pause.wait(0.1)
            heartbeat()
        return "done"

    assert kept.database.run(slow) == "done"
    kept.close()


# --- PostgreSQL's own troubles -----------------------------------------------------------------


@pytest.fixture
def server(cluster):
    made = open_store(cluster.url)
    with made.database.engine.begin() as connection:
        tables.metadata.drop_all(connection)
    made.keep(ME, several(2))
    yield made
    made.close()


@pytest.mark.parametrize("kind", ["TABLE mine (a int)", "TYPE mine AS (a int)"])
def test_what_another_session_makes_at_the_same_moment_is_a_collision(server, kind):
    """A table brings a type of its name, and either may be there first."""

    def twice(connection, heartbeat):
        for _ in range(2):
            connection.execute(sa.text(f"CREATE {kind}"))

    with pytest.raises(database.Collision, match="already exists"):
        server.database.run(twice, writes=True)


def test_postgresql_read_only(server, cluster):
    fixed = open_store(f"{cluster.url}?options=-c%20default_transaction_read_only%3Don")
    assert "read-only" in refusal(lambda: fixed.keep(ME, [drawing("a", 3)]))
    assert len(fixed.drawings()) == 2
    fixed.close()


def test_postgresql_locked(server, monkeypatch):
    monkeypatch.setattr(database, "_LOCKED", 0.05)
    server.close()
    other = sa.create_engine(server.database.engine.url)
    with other.begin() as connection:
        connection.exec_driver_sql(f"LOCK TABLE {tables.table.name} IN ACCESS EXCLUSIVE MODE")
        assert "locked by another program" in refusal(lambda: server.keep(ME, [drawing("a", 3)]))
        assert "locked by another program" in refusal(server.drawings)
    assert len(server.drawings()) == 2
    other.dispose()


def test_postgresql_goes_down_and_comes_back(server, cluster):
    assert len(server.drawings()) == 2  # a connection is open
    cluster.stop()
    try:
        assert f"127.0.0.1:{cluster.port}" in refusal(server.drawings)
    finally:
        cluster.start()
    assert len(server.drawings()) == 2
    assert server.keep(ME, [drawing("a", 3)]) == 1


def test_postgresql_restarts_between_two_looks(server, cluster):
    assert len(server.drawings()) == 2
    cluster.stop()
    cluster.start()
    assert len(server.drawings()) == 2  # over the connection that is dead by now


def test_postgresql_takes_what_is_sent_and_answers_nothing(server, cluster, monkeypatch):
    monkeypatch.setattr(server.database, "_patience", 0.2)
    with cluster.frozen():
        assert "doesn't answer" in refusal(server.drawings)
    let_end()
    server.database.retry_now()
    monkeypatch.setattr(server.database, "_patience", 20)
    assert len(server.drawings()) == 2


@pytest.mark.parametrize(
    "change, what",
    [
        ({"database": "nosuch"}, "nosuch"),
        ({"username": "nobody"}, "nobody"),
    ],
)
def test_postgresql_by_a_wrong_address(cluster, change, what):
    url = sa.make_url(cluster.url).set(**change)
    one = open_store(url)
    assert "127.0.0.1" in refusal(one.drawings)


# --- files -------------------------------------------------------------------------------------


def test_json_goes_out_and_comes_in_again(kept, tmp_path):
    drawn = [*several(3, predictions={"hog-qda": {"7": 0.9}}), drawing("e", 8, writer="Ada")]
    kept.keep(ME, [*drawn, Drawing("x", ink.from_strokes(SEVEN), source="picture")])
    content = files.to_json(kept.drawings(ME))
    path = tmp_path / "drawings.json"
    path.write_bytes(content)
    rows = read_drawings(path)  # the format of other tools
    assert [row["label"] for row in rows] == ["7", "L", "r", "e"]  # a picture has no strokes
    assert [row["writer"] for row in rows] == [ME[:8]] * 3 + ["Ada"]
    assert ME not in content.decode()
    again = files.from_json(content, "drawings.json")
    assert kept.keep(ME, again) == 0  # all there
    assert kept.keep(YOU, again) == 4
    mine, yours = kept.drawings(ME)[1:], kept.drawings(YOU)
    for before, after in zip(mine, yours, strict=True):
        assert np.array_equal(before.image, after.image)
        assert (before.time, before.predictions, before.strokes) == (
            after.time,
            after.predictions,
            after.strokes,
        )
        assert after.source == "import"


def test_drawings_of_other_tools_come_in():
    plain = [{"label": "a", "strokes": [[[0.1, 0.1], [0.2, 0.9]]], "writer": "01"}]
    (one,) = files.from_json(json.dumps(plain).encode(), "x.json")
    assert one.image.any() and one.pen_width is None and one.person == "01"


@pytest.mark.parametrize(
    "content, what",
    [
        (b"", "can't be read as JSON"),
        (b"\xff\xfe", "can't be read as JSON"),
        (b"{}", "isn't a list"),
        (b"[]", "holds no drawings"),
        (b"[" * 100_000, "can't be read as JSON"),
        (b'[{"strokes": [[[0, 0], [9, 9]]]}]', "drawing 1 of 1, can't be kept: it has no label"),
        (b'[{"label": "ab", "strokes": [[[0, 0], [9, 9]]]}]', "isn't a label"),
        (b'[{"label": "a", "strokes": [[[0, NaN], [9, 9]]]}]', "usable number"),
        (b'[{"label": "a", "strokes": [[[0, "x"], [9, 9]]]}]', "pairs of numbers"),
        (b'[{"label": "a", "strokes": [[[4, 4]]]}]', "single dot"),
        (b'[{"label": "a", "strokes": []}]', "empty"),
        (b'[{"label": "a", "strokes": [[[0, 0], [9, 9]]], "predictions": 7}]', "'predictions'"),
    ],
)
def test_a_file_that_is_none_is_one_sentence(content, what):
    with pytest.raises(lab.LabError) as refused:
        files.from_json(content, "x.json")
    assert what in str(refused.value) and "\n" not in str(refused.value)


def test_a_time_in_the_future_is_not_believed():
    row = {"label": "a", "strokes": [[[0, 0], [9, 9]]], "time": "2999-01-01T00:00:00+00:00"}
    (one,) = files.from_json(json.dumps([row]).encode(), "x.json")
    assert not one.time.startswith("2999")


def test_idx_is_what_nist_ships(tmp_path):
    drawn = [drawing("r"), drawing("7", 3), drawing("Q", 6), drawing("7", 9)][::-1]
    with zipfile.ZipFile(io.BytesIO(files.to_idx(drawn))) as archive:
        archive.extractall(tmp_path)
    stem = tmp_path / "handwriting"
    found = idx.read(
        idx.IdxFile(stem.with_name("handwriting-images-idx3-ubyte.gz")),
        idx.IdxFile(stem.with_name("handwriting-labels-idx1-ubyte.gz")),
        idx.IdxFile(stem.with_name("handwriting-mapping.txt")),
        lambda count: np.empty((count, 28, 28), np.uint8),
        split="byclass",
    )
    assert found.classes == {0: "7", 1: "Q", 2: "r"}
    assert found.labels.tolist() == [2, 0, 1, 0]
    assert np.array_equal(found.images[0].T, drawn[-1].image)
    with pytest.raises(HandwritingError, match="no drawings"):
        files.to_idx([])


# --- as data -----------------------------------------------------------------------------------


def test_a_part_says_what_it_is(kept):
    kept.keep(ME, [*several(3), drawing("c", 5), drawing("é", 6)])
    kept.keep(YOU, [drawing("7", 40, writer="a"), drawing("7", 41, writer="b")])
    own = as_part(kept.drawings(), list(BALANCED), "balanced")
    assert own.name == "handwriting kept here: 6 drawings by 3 people"
    assert own.handwriting and not own.generated and own.classes == list(BALANCED)
    assert own.counts()[list(BALANCED).index("C")] == 1  # c has no class of its own
    assert own.notes == ("1 drawings of other characters were left out.",)
    assert as_part(several(1), list(BALANCED)).name.endswith("1 drawing by 1 person")
    assert "images drawn from: handwriting kept here" in own.sample(2).name


@pytest.mark.parametrize("drawn", [[], [drawing("é")]])
def test_nothing_of_these_classes(drawn):
    with pytest.raises(HandwritingError, match="nothing to measure"):
        as_part(drawn, list(BALANCED))


def test_any_run_is_measured_on_them():
    run = lab.open_run("hog-qda")
    report = lab.evaluate(run, as_part([drawing("7"), drawing("A", 4)], run.classes))
    assert report.accuracy == 0.5 and len(report.labels) == 2 and np.isfinite(report.roc_auc_ovo)
    assert np.isnan(lab.evaluate(run, as_part([drawing("7")], run.classes)).roc_auc_ovo)


def test_they_are_added_to_training_images():
    train, test = make_part("digits", 12, 1), make_part("digits", 3, 2, "test")
    kept = open_store()
    kept.keep(ME, several(8))
    kept.keep(YOU, [drawing("3", 99)])
    mine, everyone = with_kept_drawings(train, ME, kept), with_kept_drawings(train, store=kept)
    assert (len(mine), len(everyone)) == (len(train) + 4, len(train) + 5)
    assert mine.name == f"{train.name} and handwriting kept here: 4 drawings by 1 person"
    assert len({train.fingerprint, mine.fingerprint, everyone.fingerprint}) == 3
    run = lab.fit("pixels-logistic", mine, test)
    recorded = run.manifest["data"]["train"]
    assert recorded["name"] == mine.name and recorded["origin"] == "joined"
    assert recorded["handwriting"] is True and recorded["images"] == len(mine)
    assert not run.generated and run.manifest["data"]["test"]["handwriting"] is False
    saved = lab.open_run(run.save("with-mine").folder)
    old = drawing("a", 7, time="2020-01-01T00:00:00+00:00")
    new = drawing("a", 8, time="2999-01-01T00:00:00+00:00")
    assert not_trained_on(saved, [old, new]) == [new]
    assert not_trained_on(lab.open_run("hog-qda"), [old, new]) == [old, new]
    saved.manifest["created"] = "2026-01-02T03:04:05+00:00"  # whole seconds: cut, not rounded
    within, after = (
        drawing("a", 9, time=f"2026-01-02T03:04:{at}+00:00") for at in ("05.900000", "06.100000")
    )
    assert not_trained_on(saved, [within, after]) == [after]
    saved.manifest["created"] = "yesterday"
    assert not_trained_on(saved, [new]) == []
    kept.close()


def test_generated_images_stay_generated_when_drawings_are_added():
    kept = open_store()
    kept.keep(ME, several(3))
    demo = lab.load("balanced", "train", "demo")
    both = with_kept_drawings(demo, ME, kept)
    assert both.generated and both.handwriting and "not real handwriting" in both.name
    kept.close()


def test_parts_of_other_classes_are_not_joined():
    with pytest.raises(DatasetError, match="other classes"):
        make_part("letters", 1, 1).joined(make_part("digits", 1, 1))


def test_what_is_added_where_there_is_nothing(kept):
    with pytest.raises(HandwritingError, match="no drawing"):
        with_kept_drawings(make_part("digits", 1, 1), parts.ALL, kept)
