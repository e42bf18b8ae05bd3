"""Folders of pictures, one folder a class: ``train/A/x.png``, or ``A/x.png`` without parts.

`picture_layout` tells what names their classes, `picture_decoding` reads them.
"""

import functools
import hashlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import DatasetError
from .. import splits
from . import bounded_process, class_names, label_mapping, picture_layout
from .base import CHUNK, Allocate, RawPart, Source
from .picture_decoding import decode_files, tell_scaled
from .picture_layout import Layout
from .validation import check_count, printable, reading_errors

FORMAT = "folder of pictures"
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
UNREAD = (".gif", ".heic", ".heif", ".avif", ".svg", ".jp2", ".pbm", ".pgm", ".ppm", ".pnm", ".pcx")
_MEMORY = 768 * 2**20  # bytes of the process that decodes: the names of all files fit in
_NAMES = "name each class's folder by one character, such as 7, A or a_lower"


def find(files: list[Path], folder: Path, chosen: str | None = None) -> list[Source]:
    """Pictures sorted into classes by their folders, or by their names.

    Parameters
    ----------
    files : list of pathlib.Path
        All files below `folder`.
    folder : pathlib.Path
    chosen : str, optional
        The split or set that a person said it is.

    Returns
    -------
    list of Source
        One for each part. The split is ``""`` where nothing tells it: reading says why.
    """
    pictures, unread = (
        [path for path in files if path.name.lower().endswith(ends) and _is_seen(path, folder)]
        for ends in (SUFFIXES, UNREAD)
    )
    found = picture_layout.layouts(pictures, folder, chosen, unread)
    return [_source(layout) for layout in found]


def _is_seen(path: Path, folder: Path) -> bool:
    inside = str(path)[len(str(folder)) :]
    return "/." not in inside.replace("\\", "/") and "__MACOSX" not in inside


def _source(layout: Layout) -> Source:
    try:
        split = layout.named or label_mapping.split_of_names(_counts(layout, layout.every))
    except DatasetError:
        split = ""  # reading says why
    return Source(
        split,
        layout.part,
        FORMAT,
        tuple(layout.pictures),
        functools.partial(read, layout),
        transposed=False,
        variant=repr((layout.problem, layout.notes)),
        classes=_of_all_parts(layout, split),
    )


def _of_all_parts(layout: Layout, split: str) -> frozenset[str]:
    """Characters of the classes that any part of the set has."""
    try:
        values = label_mapping.by_name(split, _counts(layout, layout.every), "")
    except (DatasetError, KeyError):
        return frozenset()  # reading says why
    mapping = splits.mapping(split)
    return frozenset(mapping[value] for value in values.values())


def read(layout: Layout, allocate: Allocate) -> RawPart:
    """Read pictures, class by class in the order of the folders' names.

    Parameters
    ----------
    layout : Layout
    allocate : callable
        Gives the room for the images.

    Returns
    -------
    RawPart
        Labels as the split's own mapping numbers them.

    Raises
    ------
    DatasetError
        A folder's name is no class, many pictures belong to none, or a picture is damaged or too
        large.
    """
    # An import's folder has no name of its own yet.
    hidden = layout.place.name.startswith(".")
    shown = "The dataset" if hidden or not layout.place.name else layout.place.name
    meanings = layout.meanings
    strange = next((name for name in sorted(meanings) if meanings[name] is None), None)
    if strange is not None:
        raise DatasetError(
            f"{shown} has a folder of pictures {strange[:40]!r}, which is no class: {_NAMES}, "
            "and put others elsewhere."
        )
    if layout.problem:
        raise DatasetError(printable(layout.problem, 500))
    counts = _counts(layout, Counter(layout.classes))
    split = layout.named or label_mapping.split_of_names(_counts(layout, layout.every))
    values = label_mapping.by_name(split, counts, shown)
    notes = () if layout.named else (label_mapping.deduced(split),)
    check_count(len(layout.pictures), shown)
    if layout.copies:
        with reading_errors(layout.place, FORMAT):
            layout = _without_copies(layout)
    labels = np.array([values[meanings[name]] for name in layout.classes], np.int64)
    characters = split in splits.HANDWRITTEN
    images, more = _decoded(layout, shown, allocate, characters)
    naming = () if layout.in_names else _naming(meanings)
    names, writers = _numbered(layout.writers)
    if names:
        more = (
            f"It has {len(names):,} writers, by the folders beside the classes' "
            f"({printable(', '.join(names[:3]), 60)}{' …' if len(names) > 3 else ''}).",
            *more,
        )
    return RawPart(
        images,
        labels,
        splits.mapping(split),
        (
            *notes,
            *naming,
            *map(_printable, layout.notes),
            *more,
        ),
        writers,
        names,
    )


def _without_copies(layout: Layout) -> Layout:
    """Each picture of a class once: SD 19's train folders repeat those of its partitions."""
    sizes = [path.stat().st_size for path in layout.pictures]
    twice = {key for key, n in Counter(zip(layout.classes, sizes, strict=True)).items() if n > 1}
    seen, kept = set(), []
    for index, (path, key) in enumerate(
        zip(layout.pictures, zip(layout.classes, sizes, strict=True), strict=True)
    ):
        if key in twice:
            mark = (key, hashlib.blake2b(path.read_bytes(), digest_size=16).digest())
            if mark in seen:
                continue
            seen.add(mark)
        kept.append(index)
    dropped = len(layout.pictures) - len(kept)
    if not dropped:
        return layout
    return replace(
        layout,
        pictures=[layout.pictures[index] for index in kept],
        classes=[layout.classes[index] for index in kept],
        writers=[layout.writers[index] for index in kept] if layout.writers else [],
        notes=[*layout.notes, f"{dropped:,} pictures are copies of others and count once."],
    )


def _decoded(
    layout: Layout, shown: str, allocate: Allocate, characters: bool
) -> tuple[np.ndarray, tuple[str, ...]]:
    start = len(str(layout.place / "x")) - 1
    files = [str(path)[start:] for path in layout.pictures]
    arguments = (layout.place, files, characters)
    with bounded_process.items(decode_files, *arguments, name=shown, memory=_MEMORY) as found:
        images, done = allocate(len(files)), np.empty(len(files), np.uint8)
        for start in range(0, len(files), CHUNK):
            images[start : start + CHUNK] = next(found)
            done[start : start + CHUNK] = next(found)
        sizes = next(found)
    return images, tell_scaled(images, done, sizes, characters)


def _numbered(writers: list[str]) -> tuple[tuple[str, ...], np.ndarray | None]:
    """Names of writers, and each picture's as an index into them."""
    if not writers:
        return (), None
    names = sorted(set(writers))
    positions = {name: index for index, name in enumerate(names)}
    return tuple(names), np.array([positions[name] for name in writers], np.int64)


def _printable(note: str) -> str:
    return printable(note, 500)


def _naming(meanings: dict[str, str | None]) -> tuple[str, ...]:
    """A note on names that aren't plain characters."""
    kind = class_names.kind(meanings)
    if not kind:
        return ()
    example = next(name for name in sorted(meanings) if len(name) > 1)
    return (f"Folder names were read as {kind}: {example} is {meanings[example]}.",)


def _counts(layout: Layout, names: Counter) -> Counter:
    counts: Counter = Counter()
    for name, count in names.items():
        if layout.meanings[name] is not None:
            counts[layout.meanings[name]] += count
    return counts
