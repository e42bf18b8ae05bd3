"""A photo, scan or screenshot of writing -> its characters, one by one, in reading order.

It reads characters that stand apart. Where neighbours touch they are cut at thin places;
joined script it can't read: what was cut, or may be several characters, is marked so.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np
from PIL import Image

from ...callbacks import ProgressCallback
from ...errors import InkError
from ...runs.run import Run
from .. import character_set, drawing_reader
from ..characters import Character, CharacterPredictions
from . import (
    binarization,
    connected_components,
    grid_cells,
    grid_finder,
    layout,
    perspective,
    photo,
    sheet_finder,
)
from .character_cutting import cut_out
from .grid_cells import Grid

_MOST = 2_000  # characters a page
_MOST_COMPONENTS = 4_000  # of ink, those that are no specks
_TOO_MANY = (
    f"The picture holds more than {_MOST:,} pieces that could be characters: cut out the "
    "writing, without pictures and patterns."
)
_LARGE, _FILLS = 0.35, 0.6  # shares of the picture: a large character, and its widest stroke


@dataclass(frozen=True, eq=False)
class Page:
    """What was found on a picture.

    Attributes
    ----------
    lines : tuple of tuple of Character
        From top to bottom, in each from left to right; at least one. Boxes are in whole pixels
        of the upright picture, right and bottom outside; `joined` are those that were cut from
        ink that touches, too.
    size : (int, int)
        Width and height of the upright picture.
    light_on_dark : bool
    ruled : int
        How many ruled lines were removed.
    grid : Grid or None
        Where a grid was read cell by cell: lines are its rows, and what stands beside it is
        left out.
    sheet : bool
        Whether a sheet or board was found, straightened, and what is around it left out.
    turned : int
        Degrees clockwise that the picture was turned by; boxes and size are those of the
        turned picture.
    left_out : float
        Share of the ink that is in no character.
    """

    lines: tuple[tuple[Character, ...], ...]
    size: tuple[int, int]
    light_on_dark: bool
    ruled: int
    grid: Grid | None = None
    sheet: bool = False
    turned: int = 0
    left_out: float = 0.0

    @property
    def characters(self) -> list[Character]:
        """All in reading order."""
        return [one for line in self.lines for one in line]

    @property
    def images(self) -> np.ndarray:
        """Shape (N, 28, 28), dtype uint8, in reading order."""
        return np.stack([one.image for one in self.characters])


@dataclass(frozen=True, eq=False, kw_only=True)
class PagePrediction(CharacterPredictions):
    """A page as a run reads it.

    Attributes
    ----------
    page : Page
    read_as : str or None
        The set of characters that it was read as unasked; see `read`.
    """

    page: Page
    read_as: str | None = None

    @property
    def text(self) -> str:
        """The likeliest characters, a line each, words apart."""
        return text(self.page, [self.best(i, 1)[0][0] for i in range(len(self.probabilities))])


def text(page: Page, characters: list[str]) -> str:
    """Set characters as they stand on a page.

    Parameters
    ----------
    page : Page
    characters : list of str
        One for each of the page's, in reading order.

    Returns
    -------
    str
        Lines end with a line feed, the last one excepted.
    """
    each: Iterator[str] = iter(characters)
    return "\n".join(
        "".join(f"{' ' if one.space else ''}{next(each)}" for one in line) for line in page.lines
    )


def find(
    source: str | os.PathLike | bytes | BinaryIO | Image.Image | np.ndarray,
    turned: int = 0,
    progress: ProgressCallback | None = None,
) -> Page:
    """Find the characters on a picture.

    Parameters
    ----------
    source : path-like, bytes, binary file, PIL image or ndarray
        Dark on light or light on dark, on paper of any colour, ruled or squared,
        unevenly lit. See `emnist_lab.handwriting.page_images.photo`.
    turned : int
        Degrees clockwise to turn it by first: 0, 90, 180 or 270.
    progress : callable, optional
        Called with the share that is done, and what is being done.

    Returns
    -------
    Page

    Raises
    ------
    InkError
        The picture can't be read, or holds nothing that could be a character.

    Examples
    --------
    >>> picture = np.full((300, 400), 255, np.uint8)
    >>> picture[100:200, 100:110] = picture[100:200, 200:210] = picture[100:110, 200:260] = 0
    >>> page = find(picture)
    >>> [one.box[:2] for one in page.characters]
    [(100, 100), (200, 100)]
    """
    tell = progress or (lambda share, words: None)
    tell(0.0, "opening the picture")
    if isinstance(source, Image.Image | np.ndarray):
        picture = photo.from_pixels(source)
    else:
        picture = photo.open_photo(source)
    if turned:
        picture = picture.turned(turned)
    tell(0.2, "telling ink from paper")
    page = _page_of_sheet(picture) or _whole_page(picture)
    tell(1.0, "found")
    return replace(page, turned=turned)


def _page_of_sheet(picture: photo.Photo) -> Page | None:
    """The characters of the sheet or board in view, if there is one with characters on it."""
    sheet = sheet_finder.find_sheet(picture.pixels)
    if sheet is None:
        return None
    try:
        flat = picture.straightened(*perspective.straighten(picture.pixels, sheet))
        return replace(_whole_page(flat), sheet=True)
    except InkError:  # then that was no sheet
        return None


def _whole_page(picture: photo.Photo) -> Page:
    """The characters of a picture, or of the sheet that was cut out of it."""
    try:
        found = binarization.binarize(picture.pixels, blur=1 / picture.scale)
        page = _page_of_grid(picture, found) or _page(picture, found)
    except InkError:
        page = None
    if page is None or _tallest(page) > _LARGE * max(page.size):
        # A character that fills the picture has strokes as wide as shadows.
        try:
            return _page(picture, binarization.binarize(picture.pixels, _FILLS, 1 / picture.scale))
        except InkError:
            if page is None:
                raise
    return page


def _tallest(page: Page) -> int:
    boxes = np.array([one.box for one in page.characters])
    return int((boxes[:, 2:] - boxes[:, :2]).max())


def _page_of_grid(picture: photo.Photo, found: binarization.BinarizedPage) -> Page | None:
    """The characters in the cells of a grid, if there is one that they were written in."""
    grid = grid_finder.find_grid(found.drawn, found.contrast)
    read = grid and grid_cells.read_cells(picture, grid)
    if not read or not read[0]:
        return None
    lines, cells, ink = read
    return Page(
        tuple(map(tuple, lines)), picture.size, ink.light_on_dark, sum(grid.shape) + 2, cells
    )


def _page(picture: photo.Photo, found: binarization.BinarizedPage) -> Page:
    """The characters of some ink."""
    labels, boxes = connected_components.find_components(found.mask)
    if len(boxes) > _MOST_COMPONENTS:
        raise InkError(_TOO_MANY)
    lines = layout.group_into_lines(
        boxes, lambda one, other: connected_components.ink_distance(labels, boxes, one, other)
    )
    if sum(map(len, lines)) > _MOST:
        raise InkError(_TOO_MANY)
    height = layout.text_height(boxes) if len(boxes) else 0
    made, inked = [], np.bincount(labels.ravel(), minlength=len(boxes) + 1)
    used = 0
    for line in lines:
        characters = []
        for group in line:
            own = list(group.components)
            left, top = boxes[own, :2].min(axis=0)
            right, bottom = boxes[own, 2:].max(axis=0)
            characters += cut_out(
                np.isin(labels[top:bottom, left:right], np.array(own) + 1),
                found.strength[top:bottom, left:right],
                (left, top),
                height,
                picture,
                group.space,
            )
            used += int(inked[np.array(own) + 1].sum())
        if characters:
            made.append((replace(characters[0], space=False), *characters[1:]))
    if not made:
        raise InkError(
            "No character was found: fill the picture with the writing, and write with a dark pen."
        )
    left_out = 1 - used / max(int(found.mask.sum()), 1)
    return Page(
        tuple(made), picture.size, found.light_on_dark, found.ruled, left_out=max(left_out, 0.0)
    )


def read(run: Run, page: Page, as_evident: bool = False) -> PagePrediction:
    """Read the characters of a page, each as drawings are read.

    Parameters
    ----------
    run : Run
    page : Page
    as_evident : bool
        Whether a page that is evidently all digits is read as digits (see
        `emnist_lab.handwriting.character_set.evident_set`), which `read_as` tells. As it is, a
        reading may be any of the run's classes.

    Returns
    -------
    PagePrediction

    Raises
    ------
    RunError
        See `emnist_lab.runs.run.Run.predict_proba`.
    """
    images = np.stack([one.variations for one in page.characters])
    probabilities, name = drawing_reader.predict_variations(run, images), None
    if as_evident and character_set.whole(run) is run:  # else it was asked what it can be
        name = character_set.evident_set(probabilities, run.classes, page.grid is not None)
    if name is not None:
        run = character_set.limit(run, name)
        probabilities = drawing_reader.predict_variations(run, images)
    return PagePrediction(page=page, classes=run.classes, probabilities=probabilities, read_as=name)
