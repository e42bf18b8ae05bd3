"""A part of a dataset in memory: `Part`, with upright images, labels and class names.

NIST stores every image transposed, others don't: which it is, is looked at.
"""

import functools
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from . import cache, official, orientation
from .errors import DatasetError
from .formats.base import CHUNK, SIDE, Allocate, Decoded, Source, in_memory
from .sources import EXACT, locate

_UNDOING = {"rotated left": "rotated right", "rotated right": "rotated left"}  # others, themselves
_MOST_LABELS = 1024
_HOLD_OUT, _HOLD_OUT_SEED = 6, 25  # EMNIST's own test parts are a seventh or a sixth


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
        One character a class: the first code point of its line in the mapping.
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

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def name(self) -> str:
        """Honest name of the data, for every place that shows a number made from it."""
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
                f"{self.format} as EMNIST {self.split}, {self.part} part "
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
        return replace(
            self,
            images=self.images[labels >= 0],
            labels=labels[labels >= 0],
            classes=[self.classes[index] for index in kept],
            origin="sample",
            parent_name=self.name,
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
        return replace(
            self,
            images=np.concatenate([self.images, other.images]),
            labels=np.concatenate([self.labels, other.labels]),
            origin="joined",
            parent_name=f"{self.name} and {other.name}",
            notes=(*self.notes, *other.notes),
            generated=self.generated or other.generated,
            handwriting=self.handwriting or other.handwriting,
        )

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
        return replace(
            self,
            images=self.images[chosen],
            labels=self.labels[chosen],
            origin="sample",
            parent_name=self.name,
        )


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
    """
    whole = counts.sum()
    if size >= whole:
        return counts
    exact = counts * (size / whole)
    share = np.floor(exact).astype(np.int64)
    share[np.argsort(share - exact, kind="stable")[: size - share.sum()]] += 1
    return np.maximum(share, counts > 0)


def read_part(source: Source, part: str, *, cached: bool = True) -> Part:
    """Read a source, turn its images upright where they aren't, and name it honestly.

    Parameters
    ----------
    source : Source
        What `emnist_lab.sources.find` found.
    part : {"train", "test"}
        Of a source that stands for both parts, the one that is wanted.
    cached : bool
        Whether images may come from the cache, and go there.

    Returns
    -------
    Part
        The images are read from the cache where these very bytes were read before.

    Raises
    ------
    DatasetError
        A file is damaged, has another format, or doesn't fit the others.
    """

    def upright(allocate: Allocate) -> Decoded:
        decoded = source.read(allocate)
        if not len(decoded.images):
            raise DatasetError(
                f"{source.paths[0].name} holds no images: copy or download it again."
            )
        return _upright(decoded, source)

    decoded = cache.decoded(source, upright) if cached else upright(in_memory)
    values = sorted(decoded.classes)
    if source.format not in EXACT:  # other people's files may hold some classes only
        values = sorted(set(np.unique(decoded.labels).tolist()) & set(values))
    positions = {value: index for index, value in enumerate(values)}
    lookup = np.zeros(max(values) + 1, np.int64)
    lookup[values] = list(positions.values())
    whole = Part(
        images=decoded.images,
        labels=lookup[decoded.labels],
        classes=[decoded.classes[value] for value in values],
        split=source.split,
        part=part,
        origin=_origin(source, decoded.labels),
        format=source.format,
        notes=(*source.notes, *decoded.notes),
        generated=source.generated,
    )
    return whole if source.part else _share(whole, part)


def _origin(source: Source, raw: np.ndarray) -> str:
    if source.generated:
        return "generated"
    if source.part and official.is_official(source.split, source.part, raw):
        return "official"
    return "re-partition" if source.format in EXACT else "copy"


def _upright(decoded: Decoded, source: Source) -> Decoded:
    """Turn images upright in place; a note says what was found and done."""
    if not 0 <= min(decoded.classes) <= max(decoded.classes) < _MOST_LABELS:
        raise DatasetError(
            f"{source.paths[0].name} has classes for labels outside of 0 to {_MOST_LABELS - 1}: "
            "number its classes from 0."
        )
    names = np.array([decoded.classes.get(value, "") for value in range(max(decoded.classes) + 1)])
    verdict = orientation.judge(decoded.images, characters=names[decoded.labels].tolist())
    if not verdict.pose_sure:  # labels help much where they are right: they may be wrong
        verdict = orientation.judge(decoded.images)
    pose = "transposed" if source.transposed else "upright"
    if verdict.pose_sure:
        pose = verdict.pose
    elif verdict.sure:
        pose = "transposed" if verdict.transposed else "upright"
    if pose != "upright":
        for start in range(0, len(decoded.images), CHUNK):
            block = decoded.images[start : start + CHUNK]
            block[:] = orientation.turn(block, _UNDOING.get(pose, pose)).copy()
    how = {"upright": "upright already", "transposed": "transposed, as NIST stores them"}
    why = f"told from {verdict.images:,} of them"
    if not verdict.pose_sure and not verdict.sure:
        why = f"{verdict.images:,} of them don't tell, so that's what is usual for the format"
    turned = "" if pose == "upright" else "; they were turned upright"
    note = f"The images were {how.get(pose, pose)} ({why}){turned}."
    return replace(decoded, notes=(*decoded.notes, note))


def _share(whole: Part, part: str) -> Part:
    """One part of a source that has none: one image in six of each class is its test part."""
    order = np.random.default_rng(_HOLD_OUT_SEED).permutation(len(whole))
    order = order[np.argsort(whole.labels[order], kind="stable")]
    counts = whole.counts()
    rank = np.arange(len(whole)) - np.repeat(np.cumsum(counts) - counts, counts)
    test = rank < -(-counts // _HOLD_OUT)[whole.labels[order]]
    chosen = np.sort(order[test if part == "test" else ~test])
    if not len(chosen):
        raise DatasetError(
            f"{len(whole)} images are too few to put some aside for a test part: add more."
        )
    note = (
        f"No test part came with it: of each class one image in {_HOLD_OUT} was put aside as one "
        f"(seed {_HOLD_OUT_SEED})."
    )
    return replace(
        whole,
        images=whole.images[chosen],
        labels=whole.labels[chosen],
        notes=(*whole.notes, note),
    )


def load(split: str, part: str, root: str | os.PathLike | None = None) -> Part:
    """Load one part of a split.

    Parameters
    ----------
    split : {"balanced", "byclass", "bymerge", "letters", "digits", "mnist"}
        Which of NIST's six splits.
    part : {"train", "test"}
        Which part.
    root : path-like, optional
        A folder or file in any format that `emnist_lab.sources.find` knows, or
        ``"demo"`` for the generated demo set; without it ``$EMNIST_DIR``,
        then what ``fetch`` brought.

    Returns
    -------
    Part
        Upright images with labels and class names.

    Raises
    ------
    DatasetError
        One sentence that says what is wrong and what to do.
    """
    return read_part(locate(split, part, root), part)


def class_index(label: str, classes: list[str]) -> int | None:
    """Index of a character among `classes`; a letter without a class counts as its other case.

    Parameters
    ----------
    label : str
        One character.
    classes : list of str
        One character a class.

    Returns
    -------
    int or None
        None where neither case has a class.
    """
    for candidate in (label, label.upper(), label.lower()):
        if candidate in classes:
            return classes.index(candidate)
    return None


def display_names(classes: list[str]) -> list[str]:
    """Names for people: a class that merges both cases of a letter shows both, "C c".

    Parameters
    ----------
    classes : list of str
        All classes of a split, one character each.

    Returns
    -------
    list of str
        The same order.
    """
    return [
        f"{name} {name.swapcase()}" if name.isalpha() and name.swapcase() not in classes else name
        for name in classes
    ]
