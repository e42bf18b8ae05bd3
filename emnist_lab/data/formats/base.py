"""What every format's reader gives: a `Source` that is found, and the `RawPart` that it reads."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

SIDE = 28
PIXELS = SIDE * SIDE
CHUNK = 4096  # images decoded at a time: 3 MB, so that reading holds one copy of the images

Allocate = Callable[[int], np.ndarray]


def allocate_in_memory(count: int) -> np.ndarray:
    """Room for `count` images: ndarray of shape (count, 28, 28), dtype uint8."""
    return np.empty((count, SIDE, SIDE), np.uint8)


@dataclass(frozen=True)
class RawPart:
    """What a reader found, before anything is turned or judged.

    Attributes
    ----------
    images : ndarray of shape (N, 28, 28), dtype uint8
        As the format stores them, in the array that `Allocate` gave; ink is
        bright on black. ``images[i, row, column]`` in the order of the file.
    labels : ndarray of shape (N,), dtype int64
        Values as they stand in the source.
    classes : dict of int to str
        Character of each label value. May hold more labels than occur.
    notes : tuple of str
        What a person should know of the reading, a short sentence each.
    writers : ndarray of shape (N,), dtype int64, or None
        Index into `writer_names` of who wrote each image; None where nothing tells it.
    writer_names : tuple of str
    """

    images: np.ndarray
    labels: np.ndarray
    classes: dict[int, str]
    notes: tuple[str, ...] = ()
    writers: np.ndarray | None = None
    writer_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """One part of a dataset as it lies on disk; finding it costs little, reading may not.

    Attributes
    ----------
    split, part : str
        `split` is one of `emnist_lab.data.splits.KNOWN`. It is ``""`` where nothing tells it, and
        reading then says why. A source that doesn't tell its parts apart
        stands for both: `part` is then ``""`` and one image in six is put
        aside as test part.
    format : str
        For people: ``"Matlab file"``.
    paths : tuple of pathlib.Path
        Files that it is read from: when one changes, it is read anew.
    read : callable
        ``read(allocate) -> RawPart``; raises `DatasetError`.
    generated : bool
        Whether the images are a model's, not people's.
    transposed : bool
        How this format is usually stored: counts where the images don't tell.
    notes : tuple of str
        What a person should know of how it was found, a sentence each.
    variant : str
        What else decides how it is read; a cache keeps by it.
    classes : frozenset of str
        Characters of the classes that all parts of the set have together, where finding it tells
        them: a part may lack images of some.
    by_writer : bool
        Whether the test part that is put aside has whole writers.
    """

    split: str
    part: str
    format: str
    paths: tuple[Path, ...]
    read: Callable[[Allocate], RawPart] = field(compare=False, repr=False)
    generated: bool = False
    transposed: bool = True
    notes: tuple[str, ...] = ()
    variant: str = ""
    classes: frozenset[str] = frozenset()
    by_writer: bool = False

    def size(self) -> int:
        """Bytes on disk; files that are gone count as none."""
        total = 0
        for path in self.paths:
            with contextlib.suppress(OSError):
                total += path.stat().st_size
        return total
