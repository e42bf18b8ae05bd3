"""Which way up a page is: how surely a run reads its characters at 0, 90, 180 and 270 degrees."""

import os
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import Image

from ...callbacks import ProgressCallback
from ...runs.run import Run
from . import page_reader
from .page_reader import Page

TURNS = (0, 90, 180, 270)
_SAMPLE = 40  # characters that are compared, at most
# How many characters must agree, how much surer they are on average, and how many standard
# errors that is: to turn a page, and to offer it.
_TO_TURN = (10, 0.07, 3.0)
_ODD = 0.7  # logarithm of a character's width beside its height, at most: more is a word or a 1
_SHAPE = 0.15  # of confidence that characters e times as wide as high are worth
_TO_OFFER = (4, 0.03, 1.5)


@dataclass(frozen=True)
class PageRotation:
    """How a page should be turned.

    Attributes
    ----------
    confidences : dict of int to float
        Degrees clockwise that the page is turned by -> mean probability of the likeliest class.
    best : int
        The turn with the highest.
    sure : bool
        Whether it is so much better than no turn that the page may be turned unasked.
    likely : bool
        Whether it is better enough to offer it.
    """

    confidences: dict[int, float]
    best: int
    sure: bool
    likely: bool


def compare_turns(run: Run, page: Page) -> PageRotation:
    """Read some characters of a page at each turn.

    Parameters
    ----------
    run : Run
    page : Page

    Returns
    -------
    PageRotation

    Raises
    ------
    RunError
        See `emnist_lab.runs.run.Run.predict_proba`.

    Examples
    --------
    >>> from PIL import ImageDraw, ImageFont
    >>> from emnist_lab.runs import open_run
    >>> picture = Image.new("L", (700, 500), 240)
    >>> font = ImageFont.load_default(size=90)
    >>> ImageDraw.Draw(picture).text((60, 30), "A7RK4G\\n2E3BHA\\nK47RGE", 20, font)
    >>> page = page_reader.find(picture.rotate(90, expand=True))
    >>> compare_turns(open_run("hog-qda"), page).best
    90
    """
    images = page.images
    if len(images) > _SAMPLE:
        images = images[np.linspace(0, len(images) - 1, _SAMPLE).astype(int)]
    surest = {
        turn: run.predict_proba(np.ascontiguousarray(np.rot90(images, -turn // 90, (1, 2)))).max(
            axis=1
        )
        for turn in TURNS
    }
    confidences = {turn: float(values.mean()) for turn, values in surest.items()}
    # Characters are higher than wide, by and large: where they aren't, the page lies on its side.
    boxes = np.array([one.box for one in page.characters])
    wide, tall = np.maximum(boxes[:, 2:] - boxes[:, :2], 1).T
    leaning = _SHAPE * float(np.median(np.log(wide / tall).clip(-_ODD, _ODD)))
    best = max(TURNS, key=lambda turn: confidences[turn] + (leaning if turn % 180 else 0))
    gain = surest[best] - surest[0] + (leaning if best % 180 else 0)
    error = float(gain.std()) / len(gain) ** 0.5

    def passes(least: int, more: float, errors: float) -> bool:
        return (
            len(gain) >= least and bool(gain.mean() >= more) and bool(gain.mean() >= errors * error)
        )

    turned = best != 0
    return PageRotation(
        confidences, best, turned and passes(*_TO_TURN), turned and passes(*_TO_OFFER)
    )


def find_upright(
    run: Run,
    source: str | os.PathLike | bytes | BinaryIO | Image.Image | np.ndarray,
    progress: ProgressCallback | None = None,
) -> tuple[Page, PageRotation]:
    """Find the characters on a picture, which is turned first where it surely lies otherwise.

    Parameters
    ----------
    run : Run
        That tells which way up it is.
    source
        See `emnist_lab.handwriting.page_images.page_reader.find`.
    progress : callable, optional
        Called with the share that is done, and what is being done.

    Returns
    -------
    page : Page
        Its `turned` says by how much the picture was turned.
    rotation : PageRotation
        What the picture looked like as it was.

    Raises
    ------
    InkError
        See `emnist_lab.handwriting.page_images.page_reader.find`.
    """
    tell = progress or (lambda share, words: None)
    page = page_reader.find(source, progress=lambda share, words: tell(0.6 * share, words))
    tell(0.6, "which way up it is")
    rotation = compare_turns(run, page)
    if not rotation.sure:
        return page, rotation
    if hasattr(source, "seek"):
        source.seek(0)
    page = page_reader.find(
        source, rotation.best, lambda share, words: tell(0.7 + 0.3 * share, words)
    )
    return page, rotation
