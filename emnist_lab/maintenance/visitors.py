"""People in a class, as visits to a served app: what each does, and many of them at once."""

import asyncio
import random
import statistics
import time
from itertools import cycle, islice
from typing import NamedTuple

from ..errors import LabError
from .visit import Shown, Visit, is_component

ACTIONS = 12  # of a person
_CLASSES = 47
# What a person does, over and over; other persons begin at other pages.
TOUR = (
    "Home", "Samples", "an image", "Evaluate", "a cell", "a cell", "a cell",
    "Draw", "a stroke", "a stroke", "a stroke", "a stroke",
)  # fmt: skip
SHORT = ("an image", "a cell", "a stroke")  # what must answer at once; the others open a page


def _gallery(shown: Shown) -> bool:
    return is_component(shown, "emnist_lab_gallery")


def _matrix(shown: Shown) -> bool:
    return is_component(shown, "emnist_lab_matrix")


def _canvas(shown: Shown) -> bool:
    return shown.kind == "bidi_component" and "-draw-board-canvas" in shown.proto.id


def _readings(shown: Shown) -> bool:
    return is_component(shown, "emnist_lab_readings")


# Name of a page -> its address, and what a person waits for.
_PAGES = {
    "Home": ("", _gallery),
    "Samples": ("samples", _gallery),
    "Evaluate": ("evaluate", _matrix),
    "Draw": ("draw", _readings),
}


class Answer(NamedTuple):
    """One action that was answered.

    Attributes
    ----------
    action : str
        One of `TOUR`.
    seconds : float
        From asking to the end of the last run that came of it.
    """

    action: str
    seconds: float


class Person:
    """Somebody who goes through `TOUR`.

    Parameters
    ----------
    visit : Visit
        Connected.
    number : int
        Where in `TOUR` this person begins, what they pick and draw.
    """

    def __init__(self, visit: Visit, number: int = 0):
        self.visit = visit
        begins = [at for at, one in enumerate(TOUR) if one in _PAGES]
        first = begins[number % len(begins)]
        self.actions = cycle(TOUR[first:] + TOUR[:first])
        self._random, self._strokes = random.Random(number), []

    async def act(self, action: str) -> Answer:
        """Do one of `TOUR`, and wait for its answer; raises `LabError`."""
        begun = time.perf_counter()
        if action in _PAGES:
            self._strokes = []
            await self.visit.open(*_PAGES[action])
        elif action == "an image":
            place = self._random.randrange(100)
            await self.visit.trigger(self.visit.find(_gallery), "picked", place)
        elif action == "a cell":
            place = self._random.randrange(_CLASSES)
            cell = {"true": place, "read": place}  # where every class has images
            await self.visit.trigger(self.visit.find(_matrix), "picked", cell)
        else:
            self._strokes.append([[self._random.uniform(40, 240) for _ in "xy"] for _ in range(24)])
            drawing = {"raw": canvas_json(self._strokes), "data": None}
            await self.visit.tell(self.visit.find(_canvas), {"drawing": drawing})
        return Answer(action, time.perf_counter() - begun)


def canvas_json(strokes: list[list]) -> dict:
    """Strokes as a canvas sends them.

    Parameters
    ----------
    strokes : list of lists of (x, y)
        In canvas pixels.

    Returns
    -------
    dict
        What `emnist_lab.handwriting.canvas_strokes.strokes_from_canvas` reads.

    Examples
    --------
    >>> from emnist_lab.handwriting.canvas_strokes import strokes_from_canvas
    >>> [stroke.tolist() for stroke in strokes_from_canvas(canvas_json([[(10, 20), (30, 60)]]))]
    [[[10.0, 20.0], [30.0, 60.0]]]
    """
    objects = []
    for stroke in strokes:
        ends = [(min(axis), max(axis)) for axis in zip(*stroke, strict=True)]
        (left, top), (width, height) = zip(
            *(((low + high) / 2, high - low) for low, high in ends), strict=True
        )
        objects.append({
            "type": "Path", "path": [["ML"[at > 0], *one] for at, one in enumerate(stroke)],
            "originX": "center", "originY": "center", "left": left, "top": top, "width": width,
            "height": height, "strokeWidth": 20,
        })  # fmt: skip
    return {"version": "7.4.0", "objects": objects}


async def crowd(
    address: str, people: int, actions: int, thinking: float = 0.0, first: int = 0
) -> list[Answer]:
    """Have several people act at once, each waiting for an answer before the next action.

    Parameters
    ----------
    address : str
        Of the server.
    people : int
    actions : int
        Of each of them.
    thinking : float
        Seconds between an answer and the next action, on average; they begin within as many.
    first : int
        Number of the first of them, see `Person`.

    Returns
    -------
    list of Answer
        Of all of them, `people` times `actions`.

    Raises
    ------
    LabError
        An action wasn't answered, or answered by an error.
    """

    async def one(number: int) -> list[Answer]:
        chance = random.Random(number)
        await asyncio.sleep(chance.uniform(0, thinking))
        async with Visit(address) as visit:
            person, answers = Person(visit, number), []
            for action in islice(person.actions, actions):
                answers.append(await person.act(action))
                await asyncio.sleep(chance.uniform(0.5, 1.5) * thinking)
            if visit.errors:
                raise LabError(f"A page said under load: {visit.errors[0]}")
            return answers

    every = await asyncio.gather(*(one(first + number) for number in range(people)))
    return [answer for answers in every for answer in answers]


async def arrivals(address: str, people: int, within: float) -> list[Answer]:
    """Have people come to Home one after the other, as first visitors do.

    Parameters
    ----------
    address : str
        Of the server.
    people : int
    within : float
        Seconds from the first to the last.

    Returns
    -------
    list of Answer
        Seconds from asking for the address to the gallery and its pictures.
    """

    async def one(number: int) -> Answer:
        await asyncio.sleep(within * number / people)
        begun = time.perf_counter()
        async with Visit(address) as visit:
            await visit.load()
            await Person(visit).act("Home")
            return Answer("Home", time.perf_counter() - begun)

    return await asyncio.gather(*map(one, range(people)))


def summarize(answers: list[Answer], people: int) -> dict:
    """Median, 95th percentile and largest of waits.

    Parameters
    ----------
    answers : list of Answer
        At least one.
    people : int
        How many asked.

    Returns
    -------
    dict
        ``sessions``, ``actions``, ``median_s``, ``p95_s``, ``largest_s``.

    Examples
    --------
    >>> summarize([Answer("a cell", 0.1 * (at + 1)) for at in range(20)], 4)
    {'sessions': 4, 'actions': 20, 'median_s': 1.05, 'p95_s': 1.9, 'largest_s': 2.0}
    """
    waits = sorted(one.seconds for one in answers)
    return {
        "sessions": people,
        "actions": len(waits),
        "median_s": round(statistics.median(waits), 3),
        "p95_s": round(waits[max(-(-95 * len(waits) // 100) - 1, 0)], 3),
        "largest_s": round(waits[-1], 3),
    }
