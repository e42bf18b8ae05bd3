"""What a person should know about a page that was read: that it was turned, or makes no sense."""

from dataclasses import dataclass

import numpy as np

from .page_reader import Page
from .page_rotation import PageRotation

LOW = 20  # pixels: characters that are lower are read badly
_JOINED = 0.3  # of the characters that may be several: joined script
_LEFT_OUT = 0.5  # of the ink that is in no character
_SCATTERED = 2.0  # characters a line, below which they are strewn about
_LINES = 5  # from which lines can be strewn about
_UNSURE = 0.65  # mean confidence
_FEW = 2  # characters
_JOINED_RIGHT = 0.3  # share of a character's probability that remains where it may be several
_LYING = {90: "on its left side", 180: "upside down", 270: "on its right side"}


@dataclass(frozen=True)
class PageWarning:
    """One thing to know.

    Attributes
    ----------
    kind : str
        ``"turned"``, ``"turn"``, ``"joined"``, ``"tiny"``, ``"scattered"``, ``"left out"``,
        ``"few"`` or ``"unsure"``.
    sentence : str
        What it is, and what to do.
    """

    kind: str
    sentence: str


def confidence(page: Page, probabilities: np.ndarray) -> float:
    """The share of a page's characters that is probably right.

    The mean probability of what each is read as: on generated pages of pen strokes it is the
    share that is right to 0.02, for both shipped runs that read drawings best. A character
    that may be several counts less.

    Parameters
    ----------
    page : Page
    probabilities : ndarray of shape (N, C)
        Of its characters, in reading order.

    Returns
    -------
    float
        0..1.
    """
    joined = np.array([one.joined for one in page.characters])
    return float((probabilities.max(axis=1) * np.where(joined, _JOINED_RIGHT, 1)).mean())


def warnings_of(
    page: Page, probabilities: np.ndarray, rotation: PageRotation | None = None
) -> list[PageWarning]:
    """Say what is wrong with a page, or with the picture of it, and what helps.

    Parameters
    ----------
    page : Page
    probabilities : ndarray of shape (N, C)
        Of its characters, in reading order.
    rotation : PageRotation, optional
        Of the picture as it was.

    Returns
    -------
    list of PageWarning
        What matters most first; empty where nothing is wrong.
    """
    found: list[PageWarning] = []

    def say(kind: str, sentence: str) -> None:
        found.append(PageWarning(kind, sentence))

    characters = page.characters
    count = len(characters)
    if page.turned:
        say(
            "turned",
            f"The picture was turned by {page.turned}° clockwise: its characters are read far "
            "more surely that way.",
        )
    elif rotation is not None and rotation.likely:
        say(
            "turn",
            f"The picture may lie {_LYING[rotation.best]}: turned by {rotation.best}° clockwise "
            "its characters are read more surely. Turn it, if that is so.",
        )
    tall = float(np.median([one.box[3] - one.box[1] for one in characters]))
    joined = float(np.mean([one.joined for one in characters]))
    share = confidence(page, probabilities)
    scattered = (
        page.grid is None and len(page.lines) >= _LINES and count < _SCATTERED * len(page.lines)
    )
    if joined >= _JOINED or (joined > 0.1 and share < _UNSURE and count > _FEW):
        say(
            "joined",
            f"{joined:.0%} of the boxes hold ink that touches: this looks like joined script, "
            "which can't be read. Print the letters apart.",
        )
    if tall < LOW:
        say(
            "tiny",
            f"The writing is only {tall:.0f} pixels high: take the picture from nearer, or cut "
            "out the writing of a larger one.",
        )
    if scattered:
        say(
            "scattered",
            f"The {count} boxes are scattered over {len(page.lines)} lines: they may be of a "
            "pattern, a drawing or the ground, not of writing. Cut out the writing.",
        )
    if page.left_out > _LEFT_OUT:
        say(
            "left out",
            f"{page.left_out:.0%} of the ink is in no character: it is too large, too small or "
            "touches the picture's edge. Cut out the writing.",
        )
    elif count <= _FEW and max(page.size) > 20 * tall:
        say(
            "few",
            f"Only {count} {'character was' if count == 1 else 'characters were'} found on a "
            "large picture: if there are more, cut out the writing, or write with a darker pen.",
        )
    if share < _UNSURE:
        say(
            "unsure",
            f"About {share:.0%} of the characters are probably read right: this may be no print "
            "of separate digits and letters. Print them apart, or take a sharper picture.",
        )
    return found
