"""Parquet and Arrow files, as Hugging Face keeps datasets: encoded pictures, or columns of pixels.

A part's shards (``train-00000-of-00002.parquet``, ``train/data-00000-of-00001.arrow``) are read as
one, and its ``validation`` shards with the training part they were taken from; without a test part
they are it. What a row unpacks to isn't known beforehand, so files are read in a process of
limited memory.
"""

import contextlib
import functools
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import DatasetError
from .. import splits
from . import bounded_process, class_names, label_mapping
from .base import Allocate, RawPart, Source
from .parquet_decoding import decode, kind_of, look
from .picture_decoding import tell_scaled
from .validation import stamp

SUFFIXES = (".parquet", ".arrow")
_SHARD = re.compile(r"[-_]?(?:(\d+)-of-(\d+).*|\d{4,})$")
_VALIDATION = re.compile("(?<![a-z])(val|valid|validation|dev)(?![a-z])")
_NO_DATA = ("cache-", "indices", "tmp")  # what Hugging Face's library keeps beside its data


def find(files: list[Path], chosen: str | None = None) -> list[Source]:
    """Parts held by Parquet and Arrow files with pictures or pixels.

    Parameters
    ----------
    files : list of pathlib.Path
    chosen : str, optional
        The split or set that a person said it is.

    Returns
    -------
    list of Source
        One a part, of all its shards: ``.parquet`` or ``.arrow`` with a column of images,
        with about 785 columns, or with "emnist" in its name. The split is
        ``""`` where nothing tells it: reading says why.
    """
    ours = [
        path
        for path in files
        if path.suffix.lower() in SUFFIXES and not path.name.lower().startswith(_NO_DATA)
    ]
    unnamed = tuple((path, *stamp(path)) for path in ours if not _claims(path))
    holding = _holding(unnamed) if unnamed else frozenset()
    ours = [path for path in ours if _claims(path) or path in holding]
    tested = any(_part(path) == "test" for path in ours)
    groups: dict[tuple, list[Path]] = {}
    for path in ours:
        groups.setdefault(_group(path, tested), []).append(path)
    sources = []
    for (_, _, part), paths in groups.items():
        paths = sorted(paths, key=lambda path: (_held_back(path), path))
        named = chosen or _named(paths[0])
        reading = functools.partial(read, tuple(paths), named)
        split = named or _split(tuple((path, *stamp(path)) for path in paths))
        kind = kind_of(paths[0])
        sources.append(Source(split, part, kind, tuple(paths), reading, transposed=False))
    plain = [one for one in sources if not chosen and not _named(one.paths[0])]
    return [
        *(one for one in sources if one not in plain),
        *label_mapping.as_one(plain, _again, _place),
    ]


def _again(source: Source, split: str) -> Source:
    return replace(source, split=split, read=functools.partial(read, source.paths, split))


def _place(source: Source) -> Path:
    """The folder of a set: above those of its parts."""
    folder = source.paths[0].parent
    of_part = splits.part_of_folder(folder.name) or splits.is_validation(folder.name)
    return folder.parent if of_part else folder


def read(paths: tuple[Path, ...], named: str | None, allocate: Allocate) -> RawPart:
    """Read the shards of one part.

    Parameters
    ----------
    paths : tuple of pathlib.Path
        In the order in which they follow each other.
    named : str or None
        The split, where a name tells it.
    allocate : callable
        Gives the room for the images.

    Returns
    -------
    RawPart
        Labels as they stand, or as the split's own mapping numbers them
        where they are characters.

    Raises
    ------
    DatasetError
        A file is damaged or missing, holds something else, or labels of no split.
    """
    _check_shards(paths)
    with bounded_process.items(decode, paths, named, name=paths[0].name) as found:
        # before the images, which take long: whether these labels can be EMNIST's
        split, labels, classes, notes = _labelled(paths[0], *next(found), next(found), named)
        images, done = allocate(len(labels)), np.empty(len(labels), np.uint8)
        start = 0
        while start < len(labels):
            block = next(found)
            images[start : start + len(block)] = block
            done[start : start + len(block)] = next(found)
            start += len(block)
        sizes, characters = next(found), next(found)
    if not named:
        notes = (label_mapping.deduced(split), *notes)
    if any(map(_held_back, paths)):
        whole = all(map(_held_back, paths))
        told = "taken as the test part" if whole else "read as the end of the training part"
        notes = (*notes, f"The validation shards were {told}.")
    return RawPart(images, labels, classes, (*notes, *tell_scaled(images, done, sizes, characters)))


def _labelled(
    path: Path, marks: list, names: list[str], places: np.ndarray, named: str | None
) -> tuple[str, np.ndarray, dict[int, str], tuple[str, ...]]:
    """Split, labels, classes and notes of a part, from its column of labels."""
    if all(isinstance(mark, int) for mark in marks):
        words = any(len(name) > 1 for name in names)
        if not names or (words and not 0 <= min(marks) <= max(marks) < len(names)):
            counts = dict(zip(marks, np.bincount(places).tolist(), strict=True))
            split = named or label_mapping.split_of_values(counts)
            classes, notes = label_mapping.by_value(split, counts, path.name)
            return split, np.array(marks, np.int64)[places], classes, notes
        strange = next((mark for mark in sorted(marks) if not 0 <= mark < len(names)), None)
        if strange is not None:
            raise DatasetError(
                f"{path.name} holds the label {strange}, but names {len(names)} classes: copy or "
                "download it again."
            )
        marks = [names[mark] for mark in marks]
    known = class_names.meanings(marks, named)
    marks = [known[mark] or mark for mark in marks]
    counts = Counter()
    for mark, count in zip(marks, np.bincount(places).tolist(), strict=True):
        counts[mark] += count
    split = named or label_mapping.split_of_names(counts)
    values = label_mapping.by_name(split, counts, path.name)
    labels = np.array([values[mark] for mark in marks], np.int64)[places]
    return split, labels, splits.mapping(split), ()


def _check_shards(paths: tuple[Path, ...]) -> None:
    for path in paths:
        found = _SHARD.search(path.stem)
        if not found or not found[2]:
            continue
        prefix = path.stem[: found.start()]
        have = {
            int(other[1])
            for one in paths
            if (other := _SHARD.search(one.stem))
            and other[2] == found[2]
            and one.stem[: other.start()] == prefix
        }
        missing = next((i for i in range(min(int(found[2]), 10_000)) if i not in have), None)
        if missing is not None:
            raise DatasetError(
                f"Shard {missing + 1} of {int(found[2])} of {prefix!r} is missing: put all shards "
                "into one folder."
            )


def _group(path: Path, tested: bool) -> tuple[Path, str, str]:
    """Shards that have this in common are one part."""
    part = _part(path)
    stem = _SHARD.sub("", path.stem.lower())
    if not _held_back(path):
        return path.parent, stem, part
    if not tested:
        return path.parent, stem, "test"
    whose = path.parent
    if splits.is_validation(whose.name):
        whose = whose.with_name("train")
    return whose, _VALIDATION.sub("train", stem), part


def _held_back(path: Path) -> bool:
    if splits.part_in(path.stem):
        return False
    return splits.is_validation(path.stem) or splits.is_validation(path.parent.name)


def _part(path: Path) -> str:
    if _held_back(path):
        return "train"
    return splits.part_in(path.stem) or splits.part_of_folder(path.parent.name)


def _claims(path: Path) -> bool:
    return "emnist" in path.name.lower()


@functools.lru_cache(maxsize=64)
def _holding(files: tuple[tuple[Path, int, int], ...]) -> frozenset[Path]:
    """Those of these files that hold images, or try to."""
    paths, holding = [path for path, *_ in files], []
    while paths:
        done = 0
        with (
            contextlib.suppress(DatasetError),  # one breaks its reader off: on with the next
            bounded_process.items(look, paths, name=paths[0].name) as answers,
        ):
            for answer in answers:
                holding += [paths[done]] * answer
                done += 1
        paths = paths[done + 1 :]
    return frozenset(holding)


@functools.lru_cache(maxsize=64)
def _split(files: tuple[tuple[Path, int, int], ...]) -> str:
    paths = [path for path, *_ in files]
    try:
        with bounded_process.items(decode, paths, name=paths[0].name) as found:
            split, *_ = _labelled(paths[0], *next(found), next(found), None)
        return split
    except DatasetError:
        return ""  # reading says why


def _named(path: Path) -> str | None:
    return label_mapping.named_split(path.name, *(folder.name for folder in path.parents[:3]))
