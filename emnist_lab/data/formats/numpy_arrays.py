"""NumPy's files, as Keras and others keep sets: ``mnist.npz``, or pairs of ``.npy`` and ``.npz``.

Arrays of images and of labels are told by their shapes, parts by their names. Headers are read
first, content block by block; what is pickled isn't read, for it can run code.
"""

import contextlib
import functools
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import DatasetError
from .. import splits
from . import class_names, label_mapping
from .base import SIDE, Allocate, RawPart, Source
from .numpy_headers import FORMAT, REMEDY, Array, blocks, headers
from .numpy_pixels import Pixels
from .picture_decoding import AS_IT_IS, PictureReader, tell_scaled
from .validation import MOST_LABELS, check_count, stamp

SUFFIXES = (".npz", ".npy")
_MOST_PIXELS = 2**31  # of a part whose images have to be scaled
_LONGEST = 4 * 80  # bytes of a label that is text


def find(files: list[Path], chosen: str | None = None) -> list[Source]:
    """Parts held by arrays of images and labels.

    Parameters
    ----------
    files : list of pathlib.Path
    chosen : str, optional
        The split or set that a person said it is.

    Returns
    -------
    list of Source
        The split is ``""`` where nothing tells it: reading says why.
    """
    groups: dict[tuple, dict[str, list[Array]]] = {}
    for path in files:
        if path.suffix.lower() not in SUFFIXES:
            continue
        with contextlib.suppress(DatasetError):
            arrays = headers(path, *stamp(path))
            whole = {one.is_images for one in arrays} == {True, False}
            for one in arrays:
                place = path if whole else path.parent
                key = (place, splits.named_in(path.name))
                groups.setdefault(key, {}).setdefault(one.part, []).append(one)
    sources = []
    for parts in groups.values():
        pairs = {part: pair for part, some in parts.items() if (pair := _pair(some))}
        if "valid" in pairs:
            instead = "train" if {"train", "test"} <= pairs.keys() else "test"
            pairs.setdefault(instead, []).extend(pairs.pop("valid"))
        made = [_source(part, pair, chosen) for part, pair in pairs.items()]
        split = label_mapping.together(*(one.split for one in made)) if len(made) == 2 else ""
        for one, pair in zip(made, pairs.values(), strict=True):
            if split and split != one.split:
                reading = functools.partial(read, pair, split)
                note = label_mapping.deduced(split)
                one = replace(one, split=split, read=reading, notes=(note,))
            sources.append(replace(one, classes=_of_all_parts(list(pairs.values()), one.split)))
    return sources


def _of_all_parts(pairs: list[list[tuple[Array, Array]]], split: str) -> frozenset[str]:
    """Characters of the classes that any part of the set has."""
    try:
        marks = [mark for pair in pairs for _, labels in pair for mark in _labels(labels)]
        _, values, classes, _ = _meaning(marks, split, "")
    except (DatasetError, KeyError):
        return frozenset()  # reading says why
    return frozenset(classes[value] for value in set(values))


def _pair(arrays: list[Array]) -> list[tuple[Array, Array]]:
    """The images and the labels that belong together; empty where it isn't clear."""
    images = [one for one in arrays if one.is_images]
    labels = [one for one in arrays if one.is_labels and not one.is_images]
    fitting = [one for one in labels if images and one.shape[0] == images[0].shape[0]]
    # where several fit, as a writer's number beside the label, the name tells
    named = [one for one in fitting if _LABELS & set(_words(one))]
    labels = (named or fitting or labels)[:1]
    return [(images[0], labels[0])] if len(images) == 1 and labels else []


_LABELS = {"y", "label", "labels", "target", "targets", "class", "classes", "arr"}


def _words(array: Array) -> list[str]:
    text = array.member.removesuffix(".npy") or array.path.stem
    return "".join(letter if letter.isalpha() else " " for letter in text.lower()).split()


def _source(part: str, pairs: list[tuple[Array, Array]], chosen: str | None) -> Source:
    path = pairs[0][0].path
    above = (folder.name for folder in path.parents[:3])
    named = chosen or label_mapping.named_split(path.name, *above)
    paths = tuple(dict.fromkeys(one.path for pair in pairs for one in pair))
    stamps = tuple((one, *stamp(one)) for one in paths)
    split = named or _split(tuple(labels for _, labels in pairs), stamps)
    reading = functools.partial(read, pairs, named)
    return Source(split, part, FORMAT, paths, reading, transposed=False)


@functools.lru_cache(maxsize=64)
def _split(labels: tuple[Array, ...], stamps: tuple) -> str:
    try:
        marks = [mark for one in labels for mark in _labels(one)]
        return _meaning(marks, None, labels[0].name)[0]
    except DatasetError:
        return ""  # reading says why


def read(pairs: list[tuple[Array, Array]], named: str | None, allocate: Allocate) -> RawPart:
    """Read the arrays of one part.

    Parameters
    ----------
    pairs : list of (Array, Array)
        Images and labels; two pairs where a validation part is read with another.
    named : str or None
        The split, where a name tells it.
    allocate : callable
        Gives the room for the images.

    Returns
    -------
    RawPart

    Raises
    ------
    DatasetError
        A file is damaged, an array doesn't fit the other, or labels are of no split.
    """
    for images, labels in pairs:
        if images.shape[0] != labels.shape[0]:
            raise DatasetError(
                f"{images.name} holds {images.shape[0]:,} images but {labels.name} "
                f"{labels.shape[0]:,} labels: save both again together."
            )
        if math.prod(images.shape) > max(_MOST_PIXELS, images.shape[0] * SIDE * SIDE):
            raise DatasetError(
                f"{images.name} has {math.prod(images.shape):,} pixels, and {_MOST_PIXELS:,} are "
                "scaled at most: split it into smaller files."
            )
    total = sum(images.shape[0] for images, _ in pairs)
    check_count(total, pairs[0][0].name)
    if not total:
        raise DatasetError(f"{pairs[0][0].name} holds no images: {REMEDY}.")
    marks = [mark for _, labels in pairs for mark in _labels(labels)]
    split, values, classes, notes = _meaning(marks, named, pairs[0][1].name)
    if not named:
        notes = (label_mapping.deduced(split), *notes)
    reader = PictureReader(split in splits.HANDWRITTEN)
    into, done, start = allocate(total), np.full(total, AS_IT_IS, np.uint8), 0
    for images, _ in pairs:
        pixels = Pixels(images.name, images.size_of_image)
        if images.dtype != np.uint8:
            for block in blocks(images):
                pixels.look(block)
            notes = (*notes, *pixels.notes())
        for block in blocks(images):
            grey = pixels.grey(block)
            stop = start + len(grey)
            if grey.shape[1:] == (SIDE, SIDE):
                into[start:stop] = grey
            else:
                for at, one in enumerate(grey, start):
                    into[at], done[at] = reader.scaled(one)
                reader.sizes["×".join(map(str, grey.shape[:0:-1]))] += len(grey)
            start = stop
    if len(pairs) > 1:
        notes = (*notes, "The validation images were read with the training part.")
    elif pairs[0][0].part == "valid":
        notes = (*notes, "The validation images were taken as the test part.")
    notes = (*notes, *tell_scaled(into, done, dict(reader.sizes), reader.characters))
    return RawPart(into, np.array(values, np.int64), classes, notes)


def _meaning(
    marks: list[int | str], named: str | None, name: str
) -> tuple[str, list[int], dict[int, str], tuple[str, ...]]:
    """Split, label of each image, characters of the labels, and notes."""
    counts = Counter(marks)
    if len(counts) > MOST_LABELS:
        raise DatasetError(
            f"{name} holds more than {MOST_LABELS:,} different labels, and EMNIST has 62 classes: "
            f"{REMEDY}."
        )
    if all(isinstance(mark, int) for mark in counts):
        split = named or label_mapping.split_of_values(counts)
        classes, notes = label_mapping.by_value(split, counts, name)
        return split, marks, classes, notes
    known = class_names.meanings(map(str, counts), named)
    texts = Counter()
    for mark, count in counts.items():
        texts[known[str(mark)] or str(mark)] += count
    split = named or label_mapping.split_of_names(texts)
    values = label_mapping.by_name(split, texts, name)
    labels = [values[known[str(mark)] or str(mark)] for mark in marks]
    return split, labels, splits.mapping(split), ()


def _labels(array: Array) -> list[int | str]:
    """Labels as they stand: numbers, text, or the column that is marked."""
    check_count(array.shape[0], array.name, "labels")
    if array.dtype.kind not in "uifbUS" or array.dtype.itemsize > _LONGEST:
        raise DatasetError(
            f"{array.name} holds labels of type {array.dtype}, neither numbers nor text: {REMEDY}."
        )
    found: list = []
    for block in blocks(array):
        columns = block.reshape(len(block), -1)
        if columns.shape[1] > 1:
            if not ((columns != 0).sum(axis=1) == 1).all():
                raise DatasetError(
                    f"{array.name} has {columns.shape[1]} columns that don't mark one class each: "
                    f"{REMEDY}."
                )
            found += (columns != 0).argmax(axis=1).tolist()
            continue
        flat = columns[:, 0]
        if flat.dtype.kind == "f":
            whole = flat.astype(np.int64)
            if not (np.isfinite(flat).all() and (whole == flat).all()):
                raise DatasetError(
                    f"{array.name} holds labels that aren't whole numbers: {REMEDY}."
                )
            flat = whole
        if flat.dtype.kind in "uib":
            flat = flat.astype(np.int64)
        elif flat.dtype.kind == "S":
            flat = np.char.decode(flat, "utf-8", "replace")
        found += flat.tolist()
    return found
