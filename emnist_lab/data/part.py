"""A part of a dataset in memory: `Part`, with upright images, labels and class names."""

import functools
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ..errors import DatasetError
from . import splits
from .formats.base import CHUNK, SIDE


@dataclass(frozen=True, eq=False)
class Part:
    """One part of a split, in memory.

    Attributes
    ----------
    images : ndarray of shape (N, 28, 28), dtype uint8
        Upright; 0 is paper, 255 is ink. May be a read-only view of a file.
    labels : ndarray of shape (N,), dtype int64
        Index into `classes`, from 0.
    classes : list of str
        One character a class: the first code point of its line in the mapping. Fashion-MNIST's
        are signs of its clothes; `emnist_lab.data.classes.display_names` has their names.
    split, part : str
        For example ``"balanced"`` and ``"test"``.
    origin : str
        ``"official"``, ``"re-partition"``, ``"copy"`` (in another format than
        NIST's), ``"generated"``, ``"sample"``, ``"handwriting"`` (drawings that
        people kept here) or ``"joined"``: see `name`.
    format : str
        What it was read from, for people.
    notes : tuple of str
        What was found and done in reading it, a sentence each.
    generated : bool
        Whether the images are a model's, not people's; a sample's are, where its whole's are.
    handwriting : bool
        Whether drawings that people kept here may be among them.
    joined_from : tuple of str
        Fingerprints of the parts that it was joined from; see `joined`.
    writers : ndarray of shape (N,), dtype int64, or None
        Index into `writer_names` of who wrote each image, -1 for those of which nothing tells it;
        None where nothing tells it of any.
    writer_names : tuple of str

    Examples
    --------
    >>> import numpy as np
    >>> images, labels = np.zeros((3, 28, 28), np.uint8), np.array([0, 1, 1])
    >>> part = Part(images, labels, ["A", "B"], "letters", "test", "copy", format="CSV file")
    >>> len(part), part.counts().tolist(), part.sample(2).labels.size
    (3, [1, 2], 2)
    >>> part.name
    'CSV file as EMNIST letters, test part (3 images; not known as the official split)'
    """

    images: np.ndarray
    labels: np.ndarray
    classes: list[str]
    split: str
    part: str
    origin: str
    parent_name: str = ""
    format: str = ""
    notes: tuple[str, ...] = ()
    generated: bool = False
    handwriting: bool = False
    joined_from: tuple[str, ...] = ()
    writers: np.ndarray | None = None
    writer_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def name(self) -> str:
        """What the data is, for every place that shows a number made from it."""
        if self.origin == "official":
            return f"EMNIST {self.split}, official {self.part} part ({len(self):,} images)"
        if self.origin == "sample":
            return f"{len(self):,} images drawn from: {self.parent_name}"
        if self.origin in ("handwriting", "joined"):
            return self.parent_name
        if self.origin == "generated":
            return (
                f"generated images like EMNIST {self.split}, {self.part} part "
                f"({len(self):,} images; not real handwriting)"
            )
        if self.origin == "copy":
            return (
                f"{self.format} as {splits.title(self.split)}, {self.part} part "
                f"({len(self):,} images; not known as the official split)"
            )
        return (
            f"re-partition of EMNIST {self.split}, {self.part} part "
            f"({len(self):,} images; not the official split)"
        )

    @functools.cached_property
    def fingerprint(self) -> str:
        """BLAKE2b of labels and upright images, 32 hexadecimal digits."""
        digest = hashlib.blake2b(np.ascontiguousarray(self.labels, np.uint8), digest_size=16)
        digest.update(np.ascontiguousarray(self.images))
        return digest.hexdigest()

    def counts(self) -> np.ndarray:
        """Images per class: ndarray of shape (C,), dtype int64."""
        return np.bincount(self.labels, minlength=len(self.classes))

    def mean_images(self) -> np.ndarray:
        """Mean image of each class.

        Returns
        -------
        ndarray of shape (C, 28, 28), dtype float32
            0..255; all zero for a class without images.
        """
        total = np.zeros((len(self.classes), SIDE * SIDE), np.float32)
        eye = np.eye(len(self.classes), dtype=np.float32)
        for start in range(0, len(self), CHUNK):
            stop = start + CHUNK
            flat = self.images[start:stop].reshape(-1, SIDE * SIDE).astype(np.float32)
            total += eye[self.labels[start:stop]].T @ flat
        return (total / np.maximum(self.counts(), 1)[:, None]).reshape(-1, SIDE, SIDE)

    def choose(self, classes: Iterable[str]) -> "Part":
        """The images of some classes only.

        Parameters
        ----------
        classes : iterable of str
            Characters of `classes`, two or more.

        Returns
        -------
        Part
            With these classes, in the order that they have here; `self` for all of them.

        Raises
        ------
        DatasetError
            A class isn't there, or fewer than two are chosen.
        """
        wanted = set(classes)
        foreign = sorted(wanted - set(self.classes))
        if foreign:
            raise DatasetError(
                f"{self.split} has no class {foreign[0][:20]!r}: choose among "
                f"{''.join(self.classes)}."
            )
        if len(wanted) < 2:
            raise DatasetError("A classifier needs images of at least two classes: choose more.")
        if len(wanted) == len(self.classes):
            return self
        lookup = np.full(len(self.classes), -1)
        kept = [index for index, name in enumerate(self.classes) if name in wanted]
        lookup[kept] = np.arange(len(kept))
        labels = lookup[self.labels]
        some = self.take(np.flatnonzero(labels >= 0))
        names = [self.classes[index] for index in kept]
        return replace(some, labels=labels[labels >= 0], classes=names)

    def take(self, rows: np.ndarray) -> "Part":
        """The images of these rows, in their order: a sample of this part.

        Parameters
        ----------
        rows : ndarray of shape (M,), dtype int64

        Returns
        -------
        Part
        """
        return replace(
            self,
            images=self.images[rows],
            labels=self.labels[rows],
            writers=None if self.writers is None else self.writers[rows],
            origin="sample",
            parent_name=self.name,
            joined_from=(),
        )

    def joined(self, other: "Part") -> "Part":
        """The images of both parts, these first.

        Parameters
        ----------
        other : Part
            Of the same classes.

        Returns
        -------
        Part
            Named after both; generated where either is.

        Raises
        ------
        DatasetError
            `other` has other classes.
        """
        if other.classes != self.classes:
            raise DatasetError(
                f"{other.name} has other classes than {self.name}: join parts of the same classes."
            )
        names = tuple(dict.fromkeys((*self.writer_names, *other.writer_names)))
        writers = np.concatenate([self._writers_among(names), other._writers_among(names)])
        return replace(
            self,
            images=np.concatenate([self.images, other.images]),
            labels=np.concatenate([self.labels, other.labels]),
            writers=writers if names else None,
            writer_names=names,
            origin="joined",
            parent_name=f"{self.name} and {other.name}",
            notes=(*self.notes, *other.notes),
            generated=self.generated or other.generated,
            handwriting=self.handwriting or other.handwriting,
            joined_from=(
                *(self.joined_from or (self.fingerprint,)),
                *(other.joined_from or (other.fingerprint,)),
            ),
        )

    def _writers_among(self, names: tuple[str, ...]) -> np.ndarray:
        """Index into other names of who wrote each image, -1 where nothing tells it."""
        if self.writers is None:
            return np.full(len(self), -1, np.int64)
        places = [*map(names.index, self.writer_names), -1]  # -1 stays the last
        return np.array(places, np.int64)[self.writers]

    def without(self, *others: "Part") -> "Part":
        """The images that stand in none of other parts, each once.

        Splits of EMNIST share images: what is added to training images must be neither among them
        already nor among those that are measured on.

        Parameters
        ----------
        *others : Part
            Of whatever classes; only pixels are compared.

        Returns
        -------
        Part
            `self` where none has to go.

        Raises
        ------
        DatasetError
            None is left.
        """
        known = {image.tobytes() for other in others for image in other.images}
        kept = []
        for index, image in enumerate(self.images):
            content = image.tobytes()
            if content not in known:
                known.add(content)
                kept.append(index)
        if not kept:
            raise DatasetError(f"{self.name} adds nothing: all of it stands in the other parts.")
        if len(kept) == len(self):
            return self
        return self.take(np.array(kept))

    def sample(self, count: int, seed: int = 25) -> "Part":
        """Stratified random sample: every class keeps its share, and at least one image.

        Parameters
        ----------
        count : int
            Number of images wanted; `self` is returned where it has no more.
        seed : int
            Seed of the draw.

        Returns
        -------
        Part
            `count` images (a few more where every class needs its one), in random order.

        Raises
        ------
        DatasetError
            `count` is below 1.
        """
        if count < 1:
            raise DatasetError("A sample needs at least one image: ask for 1 or more.")
        if count >= len(self):
            return self
        random = np.random.default_rng(seed)
        order = random.permutation(len(self))
        counts = self.counts()
        share = stratified_counts(counts, count)
        rank = np.empty(len(self), int)
        by_class = order[np.argsort(self.labels[order], kind="stable")]
        starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
        rank[by_class] = np.arange(len(self)) - np.repeat(starts, counts)
        chosen = order[rank[order] < share[self.labels[order]]]
        return self.take(chosen)


def stratified_counts(counts: np.ndarray, size: int) -> np.ndarray:
    """Images of each class in a stratified sample, by largest remainders.

    Parameters
    ----------
    counts : ndarray of shape (C,), dtype int64
        Images of each class that there are.
    size : int
        Of the sample, 0 or more.

    Returns
    -------
    ndarray of shape (C,), dtype int64
        They add up to `size`, or to a few more where every class that has any
        needs its one; `counts` where there are no more than `size`.

    Examples
    --------
    >>> import numpy as np
    >>> stratified_counts(np.array([60, 30, 10]), 10).tolist()
    [6, 3, 1]
    """
    whole = counts.sum()
    if size >= whole:
        return counts
    exact = counts * (size / whole)
    share = np.floor(exact).astype(np.int64)
    share[np.argsort(share - exact, kind="stable")[: size - share.sum()]] += 1
    return np.maximum(share, counts > 0)
