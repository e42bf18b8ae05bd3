"""A grid on a picture -> the characters in each of its cells."""

import itertools
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ..characters import Character
from . import connected_components, layout, perspective
from .binarization import BinarizedPage, binarize
from .character_cutting import cut_out
from .grid_finder import FoundGrid
from .photo import Photo

_MARGIN = 0.03  # of the grid's longer side, that is cut out with it
_LOW = 0.22  # of a cell: what is lower and narrower is no character
_RESIDUE = 0.1  # of a cell beside a line: what lies in there is left of the line
# Characters across lines beside those in cells: then the lines are ruled paper's.
_CROSSING = 0.3
_ACROSS = 0.06  # of a cell on both sides of a line; bent lines are found that far away
_WRITTEN = 2.0  # cells that a character is wide or high, at most
_SEVERAL = 0.3  # of the filled cells with several characters: then it is a table of words


@dataclass(frozen=True, eq=False)
class Grid:
    """A grid that was read cell by cell.

    Attributes
    ----------
    rows, columns : int
    cells : tuple of (int, int)
        Row and column of each character of the page, from 0, in reading order.
    """

    rows: int
    columns: int
    cells: tuple[tuple[int, int], ...]

    def table(self, characters: list[str]) -> list[list[str]]:
        """What stands in each cell.

        Parameters
        ----------
        characters : list of str
            One for each of the page's, in reading order.

        Returns
        -------
        list of list of str
            A list for each row, a string for each column; empty cells are empty.

        Examples
        --------
        >>> Grid(1, 3, ((0, 0), (0, 2), (0, 2))).table(list("712"))
        [['7', '', '12']]
        """
        made = [[""] * self.columns for _ in range(self.rows)]
        for (row, column), one in zip(self.cells, characters, strict=True):
            made[row][column] += one
        return made


def as_csv(table: list[list[str]]) -> str:
    """A table as comma-separated values, a line for each row.

    Parameters
    ----------
    table : list of list of str
        See `Grid.table`.

    Returns
    -------
    str

    Examples
    --------
    >>> as_csv([["7", "", "12"], ["A", "B", "C"]])
    '7,,12\\nA,B,C\\n'
    """
    return "".join(",".join(row) + "\n" for row in table)


def read_cells(
    photo: Photo, found: FoundGrid
) -> tuple[list[list[Character]], Grid, BinarizedPage] | None:
    """Cut out the characters of each cell.

    Parameters
    ----------
    photo : Photo
    found : FoundGrid
        In its pixels.

    Returns
    -------
    lines : list of list of Character
        A list for each row that isn't empty.
    grid : Grid
    page : BinarizedPage
        The straightened grid's ink.
        None where what is written goes across the lines: then they are ruled paper.
    """
    cut, back = perspective.straighten(photo.pixels, found.corners, _MARGIN)
    flat = photo.straightened(cut, back)
    page = binarize(cut)
    lengths = perspective.side_lengths(found.corners)
    by = _MARGIN * lengths.max()
    across = by + found.across * lengths[[0, 2]].max()
    down = by + found.down * lengths[[1, 3]].max()
    chosen = _ink_of_cells(page, down, across)
    if chosen is None:
        return None
    labels, boxes, at = chosen
    groups = {}
    for cell in sorted(set(map(tuple, at.tolist()))):
        own = np.flatnonzero((at == cell).all(axis=1))
        groups[cell] = _groups(labels, boxes, own)
    filled = [len(one) for one in groups.values()]
    one_each = np.mean([count > 1 for count in filled]) < _SEVERAL if filled else True
    lines, cells = [], []
    for row in range(len(down) - 1):
        line: list[Character] = []
        for column in range(len(across) - 1):
            some = groups.get((row, column), [])
            if one_each and len(some) > 1:
                some = [list(itertools.chain(*some))]
            tall, wide = down[row + 1] - down[row], across[column + 1] - across[column]
            made = [
                one
                for group in some
                for one in _characters(
                    page, labels, boxes, group, max(tall, wide) if one_each else None, flat
                )
            ]
            if made and not one_each and line:
                made[0] = replace(made[0], space=True)
            line += made
            cells += [(row, column)] * len(made)
        if line:
            lines.append(line)
    return lines, Grid(len(down) - 1, len(across) - 1, tuple(cells)), page


def _ink_of_cells(
    page: BinarizedPage, down: np.ndarray, across: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Components that stand in cells: their labels, boxes, and rows and columns of their cells."""
    whole, boxes, areas, kept = _labelled(page.drawn, page.mask)
    at, inside = _placed(boxes, down, across)
    whole_ones = np.flatnonzero(inside & (kept > 0.5 * areas))
    filled = {
        tuple(at[index]) for index in whole_ones if _is_tall(boxes[index], at[index], down, across)
    }
    # Where a character touches the grid only what is left without the lines can be had.
    rest, rest_boxes, *_ = _labelled(page.mask, page.mask)
    rest_at, rest_inside = _placed(rest_boxes, down, across)
    cell = np.array([np.median(np.diff(across)), np.median(np.diff(down))])
    crossing = 0
    for some in (boxes[kept > 0.5 * areas], rest_boxes):
        crossing = max(crossing, _crossing(some, down, across, cell))
    if crossing > _CROSSING * max(len(filled), 1):
        return None
    others = [index for index in np.flatnonzero(rest_inside) if tuple(rest_at[index]) not in filled]
    labels = np.zeros(whole.shape, int)
    lists = []
    for source, some, places, cells in (
        (whole, whole_ones, boxes, at),
        (rest, others, rest_boxes, rest_at),
    ):
        numbers = np.zeros(source.max() + 1, int)
        for index in some:
            if source is whole and tuple(cells[index]) not in filled:
                continue
            lists.append((places[index], cells[index]))
            numbers[index + 1] = len(lists)
        labels = np.where(numbers[source] > 0, numbers[source], labels)
    if not lists:
        return labels, np.zeros((0, 4), int), np.zeros((0, 2), int)
    return labels, np.array([one for one, _ in lists]), np.array([cell for _, cell in lists])


def _labelled(
    mask: np.ndarray, ink: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Components: labels, boxes, areas, and how much of each is in `ink`."""
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    kept = np.bincount(labels[ink], minlength=count + 1)[1:]
    boxes = np.array(
        [
            (across.start, down.start, across.stop, down.stop)
            for down, across in ndimage.find_objects(labels)
        ]
    ).reshape(-1, 4)
    return labels, boxes, areas, kept


def _placed(
    boxes: np.ndarray, down: np.ndarray, across: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of each box's middle, and whether it lies in that cell."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    cells = np.column_stack(
        [
            np.searchsorted(down, middle[:, 1]) - 1,
            np.searchsorted(across, middle[:, 0]) - 1,
        ]
    )
    shape = np.array([len(down) - 1, len(across) - 1])
    inside = ((cells >= 0) & (cells < shape)).all(axis=1)
    cells = cells.clip(0, shape - 1)
    low = np.column_stack([across[cells[:, 1]], down[cells[:, 0]]])
    size = np.column_stack([across[cells[:, 1] + 1], down[cells[:, 0] + 1]]) - low
    begins, ends = (boxes[:, :2] - low) / size, (boxes[:, 2:] - low) / size
    inside &= ((begins > -0.15) & (ends < 1.15)).all(axis=1)
    # Bits of lines lie along them.
    inside &= ~((ends < _RESIDUE) | (begins > 1 - _RESIDUE)).any(axis=1)
    return cells, inside


def _crossing(boxes: np.ndarray, down: np.ndarray, across: np.ndarray, cell: np.ndarray) -> int:
    """How many boxes of a character's size lie across a line."""
    sides = boxes[:, 2:] - boxes[:, :2]
    like = ((sides > 0.5 * _LOW * cell) & (sides < _WRITTEN * cell)).all(axis=1)
    like &= (sides > _LOW * cell).any(axis=1)
    over = np.zeros(len(boxes), bool)
    for lines, side in ((across, 0), (down, 1)):
        for line in lines:
            before = (line - boxes[:, side]) / cell[side]
            behind = (boxes[:, side + 2] - line) / cell[side]
            over |= np.minimum(before, behind) > _ACROSS
    return int((like & over).sum())


def _is_tall(box: np.ndarray, cell: np.ndarray, down: np.ndarray, across: np.ndarray) -> bool:
    tall = (box[3] - box[1]) / (down[cell[0] + 1] - down[cell[0]])
    wide = (box[2] - box[0]) / (across[cell[1] + 1] - across[cell[1]])
    return tall >= _LOW or (wide >= 2 * _LOW and tall >= 0.5 * _LOW)


def _groups(labels: np.ndarray, boxes: np.ndarray, own: np.ndarray) -> list[list[int]]:
    """Components of a cell, by character."""
    lines = layout.group_into_lines(
        boxes[own],
        lambda one, other: connected_components.ink_distance(
            labels, boxes, own[one].tolist(), own[other].tolist()
        ),
    )
    return [own[list(group.components)].tolist() for line in lines for group in line]


def _characters(
    page: BinarizedPage,
    labels: np.ndarray,
    boxes: np.ndarray,
    group: list[int],
    height: float | None,
    flat: Photo,
) -> list[Character]:
    left, top = boxes[group, :2].min(axis=0)
    right, bottom = boxes[group, 2:].max(axis=0)
    part = labels[top:bottom, left:right]
    return cut_out(
        np.isin(part, np.array(group) + 1),
        page.strength[top:bottom, left:right],
        (left, top),
        height or float(bottom - top),
        flat,
    )
