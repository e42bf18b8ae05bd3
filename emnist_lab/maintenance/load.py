"""What a class costs one server: waits of many people at once, processor time, memory."""

import asyncio
import contextlib
import os
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from pathlib import Path

from ..errors import LabError
from ..files import PROJECT
from .browser import Served, served
from .browser_timings import LONGEST
from .visit import Shown, Visit
from .visitors import ACTIONS, SHORT, TOUR, Answer, Person, arrivals, crowd, summarize

CLASS = 50  # people
THINKING = 5.0  # seconds between two actions of a person
ARRIVING = 10.0  # seconds within which they all come
_BESIDE, _SOAKING, _ALONE = 10, 20, 20  # visits beside training and of a soak, repeats of one
_FORGOTTEN = 150.0  # seconds: Streamlit keeps a session for two minutes after it was left
_LEFT = 600.0  # seconds from the end of a soak to the last look
_SAMPLE = 60.0  # seconds between two looks at memory


def processor_seconds(pid: int) -> float:
    """Processor time that a process and its threads have taken, without its children.

    Parameters
    ----------
    pid : int

    Returns
    -------
    float
        Seconds, in steps of 0.01.

    Raises
    ------
    LabError
        The system has no /proc, or the process is gone.

    Examples
    --------
    >>> import os
    >>> processor_seconds(os.getpid()) > 0
    True
    """
    fields = _proc(pid, "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Memory that a process holds, in MB; raises `LabError` as `processor_seconds` does."""
    return int(_proc(pid, "statm").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _proc(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="utf-8")
    except OSError as error:
        raise LabError(
            f"/proc says nothing of the server ({error.strerror}): measure it on Linux, and see "
            "whether it runs."
        ) from error


async def script_ms(servers: dict[str, Served], repeats: int) -> dict[str, dict]:
    """Processor time of the server for each action of one visit, without others.

    Parameters
    ----------
    servers : dict of str to Served
        They take turns, so that a busy machine slows all alike.
    repeats : int
        Rounds of `TOUR` that count, after one that doesn't.

    Returns
    -------
    dict
        Action -> name of the server -> milliseconds, on average.
    """
    spent: dict[str, dict[str, list]] = {one: {name: [] for name in servers} for one in TOUR}
    async with contextlib.AsyncExitStack() as stack:
        people = {
            name: Person(await stack.enter_async_context(Visit(one.address)), 0)
            for name, one in servers.items()
        }
        for turn in range(repeats + 1):
            for action in TOUR:
                for name, person in people.items():
                    before = processor_seconds(servers[name].pid)
                    await person.act(action)
                    await asyncio.sleep(0.05)  # what a run leaves to do after its end
                    if turn:
                        spent[action][name].append(processor_seconds(servers[name].pid) - before)
        for person in people.values():
            if person.visit.errors:
                raise LabError(f"A page said: {person.visit.errors[0]}")
    return {
        action: {name: 1e3 * statistics.mean(some) for name, some in row.items()}
        for action, row in spent.items()
    }


async def memory(server: Served, people: int, left: float) -> dict:
    """Memory of the server before, with and after several visits.

    Parameters
    ----------
    server : Served
        Warm.
    people : int
    left : float
        Seconds from their leaving to the last look.

    Returns
    -------
    dict
        ``sessions``, ``before_mb``, ``with_mb``, ``mb a session`` (of all but the first quarter),
        ``after_mb``, ``left_s``.
    """
    before, held = resident_mb(server.pid), []
    async with contextlib.AsyncExitStack() as stack:
        for number in range(people):
            visit = await stack.enter_async_context(Visit(server.address))
            person = Person(visit, number)
            for action in islice(person.actions, ACTIONS):
                await person.act(action)
            held.append(resident_mb(server.pid))
    first = (people - 1) // 4  # until then what the server has free is used up
    after = await _after(server, left)
    return {
        "sessions": people,
        "before_mb": before,
        "with_mb": held[-1],
        "mb a session": (held[-1] - held[first]) / max(people - 1 - first, 1),
        "after_mb": after,
        "left_s": left,
    }


async def _after(server: Served, left: float) -> float:
    """Memory some seconds after people left, and one more came: then it forgets old sessions."""
    await asyncio.sleep(left)
    await crowd(server.address, 1, 1)
    await asyncio.sleep(1)
    return resident_mb(server.pid)


async def soak(server: Served, people: int, minutes: float, left: float = _LEFT) -> dict:
    """Memory of the server while people go on and on, and after they left.

    Parameters
    ----------
    server : Served
        Warm.
    people : int
        Each thinks `THINKING` seconds between actions.
    minutes : float
        How long they stay.
    left : float
        Seconds from their leaving to the last look.

    Returns
    -------
    dict
        ``sessions``, ``minutes``, ``actions``, ``before_mb``, ``early_mb`` (after a tenth of the
        time), ``late_mb``, ``growth``, ``after_mb``, ``after / before``.
    """
    before, ends = resident_mb(server.pid), time.monotonic() + 60 * minutes
    held: list[float] = []

    async def look() -> None:
        while True:
            await asyncio.sleep(min(_SAMPLE, 6 * minutes))
            held.append(resident_mb(server.pid))

    async def one(number: int) -> int:
        done, chance = 0, random.Random(number)
        await asyncio.sleep(chance.uniform(0, THINKING))
        async with Visit(server.address) as visit:
            person = Person(visit, number)
            while time.monotonic() < ends:
                await person.act(next(person.actions))
                done += 1
                await asyncio.sleep(chance.uniform(0.5, 1.5) * THINKING)
            if visit.errors:
                raise LabError(f"A page said under load: {visit.errors[0]}")
        return done

    looking = asyncio.create_task(look())
    try:
        done = sum(await asyncio.gather(*map(one, range(people))))
    finally:
        looking.cancel()
    early, late = held[len(held) // 10], held[-1]
    after = await _after(server, left)
    return {
        "sessions": people,
        "minutes": minutes,
        "actions": done,
        "before_mb": before,
        "early_mb": early,
        "late_mb": late,
        "growth": late / early - 1,
        "after_mb": after,
        "after / before": after / before,
    }


async def while_training(address: str, people: int, strokes: int) -> dict:
    """Strokes of several people while another one trains, on all cores.

    Parameters
    ----------
    address : str
        Of a server with images of *balanced*.
    people : int
    strokes : int
        Of each of them; they think `THINKING` seconds before each.

    Returns
    -------
    dict
        As of `summarize`, and ``trained_throughout``: whether training went on from before the
        first stroke until after the last; without that the times say nothing.
    """

    def training(shown: Shown) -> bool:
        return shown.kind == "button" and shown.proto.label == "Cancel"

    async def one(number: int) -> list[Answer]:
        chance, answers = random.Random(number), []
        async with Visit(address) as visit:
            person = Person(visit, number)
            await person.act("Draw")
            for _ in range(strokes):
                await asyncio.sleep(chance.uniform(0.5, 1.5) * THINKING)
                answers.append(await person.act("a stroke"))
        return answers

    async with Visit(address) as trainer:
        query = f"recipe={LONGEST}&split=balanced"
        await trainer.open("train", lambda one: one.kind == "slider", query)
        await trainer.slide_to_end()
        await trainer.press("Train")
        await trainer.wait(training)
        every = await asyncio.gather(*map(one, range(people)))
        answers = [answer for some in every for answer in some]
        await asyncio.sleep(2)  # it looks again every 0.7 s
        going_on = any(map(training, trainer.shown()))
        if going_on:
            await trainer.press("Cancel")
        if trainer.errors:
            raise LabError(f"The Train page said: {trainer.errors[0]}")
    return summarize(answers, people) | {"recipe": LONGEST, "trained_throughout": going_on}


@contextlib.contextmanager
def class_server(root: str | None, project: Path = PROJECT) -> Iterator[Served]:
    """A server for a class, warm, with nothing kept.

    Parameters
    ----------
    root : str or None
        Folder of the dataset; the demo set without it.
    project : pathlib.Path
        The checkout that is served.

    Yields
    ------
    emnist_lab.maintenance.browser.Served
    """
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "EMNIST_DIR": str(Path(root).resolve()) if root else "",
            "EMNIST_LAB_HOME": home,
            "EMNIST_LAB_MODE": "class",
            "EMNIST_LAB_DATABASE": "",
            "EMNIST_LAB_TRAINING_IMAGES": "none",  # a job must go on for as long as it is measured
            "EMNIST_LAB_TRAINING_SECONDS": "none",
        }
        with served(environment, project / "app.py", project=project) as server:
            asyncio.run(_warm(server.address))
            yield server


async def _warm(address: str) -> None:
    """Have everything computed that a server computes once."""
    async with Visit(address) as visit:
        person = Person(visit)
        for action in TOUR:
            await person.act(action)
            await visit.settle()


def measure_load(
    root: str | None,
    people: int = CLASS,
    actions: int = ACTIONS,
    minutes: float = 0.0,
    against: str | None = None,
) -> dict:
    """Time a class on one server, and measure what its scripts and sessions cost.

    Parameters
    ----------
    root : str or None
        Folder of the dataset; the demo set without it.
    people : int
        Visits at once.
    actions : int
        Of each of them.
    minutes : float
        How long 20 visits stay, to see whether memory grows; not at all by default.
    against : str, optional
        Another checkout, whose scripts are measured in turn with this one's.

    Returns
    -------
    dict
        ``closed loop``, ``with thinking``, ``arrivals`` and ``while training`` as of `summarize`;
        ``script_ms``: action -> processor time, see `script_ms`; ``memory``, see `memory`, and
        with minutes ``soak``, see `soak`.

    Raises
    ------
    LabError
        The server doesn't start, an action wasn't answered or answered by an error, or nothing
        is asked for.
    """
    if people < 1 or actions < 1 or minutes < 0:
        raise LabError("Nothing would be measured: name at least one session, and no time below 0.")
    result: dict = {}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(class_server(root))
        both = {"ms": server}
        if against:
            both["before_ms"] = stack.enter_context(class_server(root, Path(against)))
        result["script_ms"] = rows = asyncio.run(script_ms(both, _ALONE))
        for row in rows.values():
            if against:
                row["ratio"] = row["ms"] / row["before_ms"]
    measures: dict[str, Callable[[Served], Awaitable[dict]]] = {
        "memory": lambda server: memory(server, min(people, _SOAKING), _FORGOTTEN),
        "closed loop": lambda server: _closed_loop(server.address, people, actions),
        "with thinking": lambda server: _thinking(server.address, people, actions),
        "arrivals": lambda server: _arriving(server.address, people),
        "while training": lambda server: while_training(server.address, min(people, _BESIDE), 8),
    }
    if minutes:
        measures["soak"] = lambda server: soak(server, min(people, _SOAKING), minutes)
    for name, measure in measures.items():
        with class_server(root) as server:  # a fresh one: what one leaves doesn't slow the next
            result[name] = asyncio.run(measure(server))
    return result


def _short(answers: list[Answer]) -> list[Answer]:
    return [one for one in answers if one.action in SHORT]


async def _closed_loop(address: str, people: int, actions: int) -> dict:
    begun = time.perf_counter()
    answers = await crowd(address, people, actions)
    took = time.perf_counter() - begun
    return {"actions a second": len(answers) / took, **summarize(answers, people)}


async def _thinking(address: str, people: int, actions: int) -> dict:
    answers = _short(await crowd(address, people, actions, THINKING))
    return {"thinking_s": THINKING, **summarize(answers, people)}


async def _arriving(address: str, people: int) -> dict:
    return {"within_s": ARRIVING, **summarize(await arrivals(address, people, ARRIVING), people)}
