"""People in a class without browsers: every action of theirs is answered by a real server."""

import asyncio
import json
import re

import pytest
from helpers import make_part, write

from emnist_lab.__main__ import main
from emnist_lab.errors import LabError
from emnist_lab.maintenance import bench, browser, figure_tables, load, visitors
from emnist_lab.maintenance.visit import Visit
from emnist_lab.maintenance.visitors import ACTIONS, SHORT, TOUR, Answer, Person


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("emnist")
    for seed, part in enumerate(("train", "test")):
        write(folder, make_part("balanced", 6, seed, part))
    with load.class_server(str(folder)) as started:
        yield started


def test_everybody_gets_an_answer_to_every_action(server):
    answers = asyncio.run(visitors.crowd(server.address, 3, ACTIONS))
    assert len(answers) == 3 * ACTIONS
    assert {one.action for one in answers} == set(TOUR)
    assert visitors.summarize(answers, 3)["actions"] == 3 * ACTIONS


def test_pages_show_what_was_asked_for(server):
    async def visited() -> tuple:
        async with Visit(server.address) as visit:
            person, seen = Person(visit), []
            for action in TOUR:
                await person.act(action)
                shown = visit.shown()
                seen.append(" ".join(str(one.proto) for one in shown))
            return seen, visit.errors

    seen, errors = asyncio.run(visited())
    assert errors == []
    after = dict(zip(TOUR, seen, strict=True))
    assert "What three classifiers see of the example" in after["Home"]
    assert "aria-pressed" in after["an image"] and re.search("Image [0-9,]+ is", after["an image"])
    assert "of_true" in after["a cell"] and "Most confused" in after["a cell"]
    assert "Your drawing" in after["a stroke"] and "Your drawing" not in after["Draw"]


@pytest.mark.parametrize("page", ["data", "train", "compare", "handwriting"])
def test_each_page_can_be_the_first_of_a_browser(server, page):
    async def first() -> list:
        async with Visit(server.address) as visit:
            await visit.open(page, lambda one: one.kind == "heading")
            return visit.errors

    assert asyncio.run(first()) == []


def test_arrivals_bring_the_app_and_home(server):
    answers = asyncio.run(visitors.arrivals(server.address, 3, 0.1))
    assert [one.action for one in answers] == ["Home"] * 3


def test_what_a_server_takes_is_read_from_its_process(server):
    rows = asyncio.run(load.script_ms({"ms": server, "before_ms": server}, 1))
    assert set(rows) == set(TOUR)
    assert all(row.keys() == {"ms", "before_ms"} for row in rows.values())
    assert sum(row["ms"] for row in rows.values()) > 0
    held = asyncio.run(load.memory(server, 2, 0))
    assert held["with_mb"] > 0 and held["sessions"] == 2
    with pytest.raises(LabError, match="see whether it runs"):
        load.resident_mb(2**30)


def test_strokes_are_answered_while_a_job_trains(server):
    found = asyncio.run(load.while_training(server.address, 2, 1))
    assert found["actions"] == 2 and isinstance(found["trained_throughout"], bool)


def test_people_may_stay_for_some_minutes(server, monkeypatch):
    monkeypatch.setattr(load, "THINKING", 0.1)
    found = asyncio.run(load.soak(server, 2, 0.05, 0))
    assert found["actions"] >= 2 and found["late_mb"] > 0


def test_an_error_on_a_page_is_told(server, monkeypatch):
    wanted = dict(visitors._PAGES, Home=("samples?", visitors._PAGES["Home"][1]))
    monkeypatch.setattr(visitors, "_PAGES", wanted)

    async def lost() -> list:
        async with Visit(server.address) as visit:
            await Person(visit).act("Home")
            return visit.errors

    assert asyncio.run(lost()) == ["a page wasn't found"]


def test_a_server_that_is_not_there_is_said():
    with pytest.raises(LabError, match="start the app"):
        asyncio.run(visitors.crowd(f"http://127.0.0.1:{browser.free_port()}", 1, 1))
    with pytest.raises(LabError, match="at least one session"):
        load.measure_load(None, people=0)


def test_the_bench_has_the_section_and_its_table(monkeypatch, capsys):
    waits = visitors.summarize([Answer(one, 0.5) for one in SHORT], 3)
    figures = {
        "script_ms": {one: {"ms": 12.0, "before_ms": 24.0, "ratio": 0.5} for one in TOUR},
        "memory": {"mb a session": 1.24},
        "closed loop": {"actions a second": 8.04, **waits},
        "soak": {"minutes": 60, "sessions": 20, "growth": 0.012, "after / before": 1.06},
    }
    asked = []
    monkeypatch.setattr(load, "measure_load", lambda root, **how: asked.append(how) or figures)
    assert bench.bench("x", None, False, only=["load"], load={"people": 3}) == {"load": figures}
    assert asked == [{"people": 3}]
    assert main(["bench", "--only", "load", "--minutes", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["load"] == figures
    assert asked[1:] == [{"people": 50, "minutes": 3.0, "against": None}]
    text = figure_tables.TABLES["load"][1](figures)
    assert "| one action after the other | 3 | 3 | 8.0 | 0.50 s | 0.50 s |" in text
    assert "| 12 ms |" in text and "| +1.2% |" in text and "| a session | 1.2 MB |" in text
