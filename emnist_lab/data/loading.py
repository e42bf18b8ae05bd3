"""Reading a part of a dataset: images turned upright, labels numbered by class, an honest name.

NIST stores every image transposed, others don't: the images themselves decide.
"""

import os
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import DatasetError
from . import cache, orientation, splits
from .dataset_address import DatasetAddress
from .discovery import locate
from .formats import official_files
from .formats.base import CHUNK, Allocate, RawPart, Source, allocate_in_memory
from .part import Part

_UNDOING = {"rotated left": "rotated right", "rotated right": "rotated left"}  # others, themselves
_MOST_LABELS = 1024
_HOLD_OUT, _HOLD_OUT_SEED = 6, 25  # EMNIST's own test parts are a seventh or a sixth


def read_part(source: Source, part: str, *, cached: bool = True) -> Part:
    """Read a source, turn its images upright where they aren't, and name it by what it is.

    Parameters
    ----------
    source : Source
        What `emnist_lab.data.discovery.find` found.
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

    def upright(allocate: Allocate) -> RawPart:
        decoded = source.read(allocate)
        if not len(decoded.images):
            raise DatasetError(
                f"{source.paths[0].name} holds no images: copy or download it again."
            )
        return _upright(decoded, source)

    decoded = cache.decoded(source, upright) if cached else upright(allocate_in_memory)
    values = sorted(decoded.classes)
    if (
        source.format not in official_files.FORMATS
    ):  # other people's files may hold some classes only
        here = set(np.unique(decoded.labels).tolist())
        here |= {value for value, name in decoded.classes.items() if name in source.classes}
        values = sorted(here & set(values))
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
        writers=decoded.writers,
        writer_names=decoded.writer_names,
    )
    return whole if source.part else _share(whole, part, source.by_writer)


def _origin(source: Source, raw: np.ndarray) -> str:
    if source.generated:
        return "generated"
    if source.part and splits.is_official(source.split, source.part, raw):
        return "official"
    return "re-partition" if source.format in official_files.FORMATS else "copy"


def _upright(decoded: RawPart, source: Source) -> RawPart:
    """Turn images upright in place; a note says what was found and done."""
    if not 0 <= min(decoded.classes) <= max(decoded.classes) < _MOST_LABELS:
        raise DatasetError(
            f"{source.paths[0].name} has classes for labels outside of 0 to {_MOST_LABELS - 1}: "
            "number its classes from 0."
        )
    if source.split not in splits.HANDWRITTEN:
        note = "The images were taken as upright: only Latin letters and digits tell."
        return replace(decoded, notes=(*decoded.notes, note))
    names = np.array([decoded.classes.get(value, "") for value in range(max(decoded.classes) + 1)])
    estimate = orientation.detect_orientation(
        decoded.images, characters=names[decoded.labels].tolist()
    )
    if not estimate.pose_sure:  # labels help where they are right; these may be wrong
        estimate = orientation.detect_orientation(decoded.images)
    pose = "transposed" if source.transposed else "upright"
    if estimate.pose_sure:
        pose = estimate.pose
    elif estimate.sure:
        pose = "transposed" if estimate.transposed else "upright"
    if pose != "upright":
        for start in range(0, len(decoded.images), CHUNK):
            block = decoded.images[start : start + CHUNK]
            block[:] = orientation.apply_pose(block, _UNDOING.get(pose, pose)).copy()
    how = {"upright": "upright already", "transposed": "transposed, as NIST stores them"}
    why = f"told from {estimate.images:,} of them"
    if not estimate.pose_sure and not estimate.sure:
        why = f"{estimate.images:,} of them don't tell, so that's what is usual for the format"
    turned = "" if pose == "upright" else "; they were turned upright"
    note = f"The images were {how.get(pose, pose)} ({why}){turned}."
    return replace(decoded, notes=(*decoded.notes, note))


def _share(whole: Part, part: str, by_writer: bool) -> Part:
    """One part of a source that has none: one image in six of each class is its test part.

    Or one writer in six, where a person asked for it.
    """
    order = np.random.default_rng(_HOLD_OUT_SEED).permutation(len(whole))
    counts, of_what = whole.counts(), "of each class one image"
    if by_writer:
        test, of_what = _of_some_writers(whole, order), "of the writers one"
    elif counts.max() > 1:
        order = order[np.argsort(whole.labels[order], kind="stable")]
        rank = np.arange(len(whole)) - np.repeat(np.cumsum(counts) - counts, counts)
        most = np.where(counts > 1, -(-counts // _HOLD_OUT), 0)  # a single image is trained on
        test = rank < most[whole.labels[order]]
    else:
        of_what = "one image, of classes that have no other,"
        test = np.arange(len(whole)) < len(whole) // _HOLD_OUT
    chosen = np.sort(order[test if part == "test" else ~test])
    if not len(chosen):
        raise DatasetError(
            f"{len(whole)} images are too few to put some aside for a test part: add more."
        )
    note = (
        f"No test part came with it: {of_what} in {_HOLD_OUT} was put aside as one "
        f"(seed {_HOLD_OUT_SEED})."
    )
    return replace(
        whole,
        images=whole.images[chosen],
        labels=whole.labels[chosen],
        notes=(*whole.notes, note),
        writers=None if whole.writers is None else whole.writers[chosen],
    )


def _of_some_writers(whole: Part, order: np.ndarray) -> np.ndarray:
    """Which images, in an order, are by the writers that are put aside."""
    if whole.writers is None:
        raise DatasetError(
            "Nothing tells who wrote these images, so they can't be split by writer: give each "
            "writer a folder that holds the classes' folders, or leave by-writer out."
        )
    names = np.unique(whole.writers)
    if len(names) < 2:
        raise DatasetError(
            "One writer wrote all of these images, so they can't be split by writer: leave "
            "by-writer out."
        )
    some = np.random.default_rng(_HOLD_OUT_SEED).permutation(names)
    return np.isin(whole.writers[order], some[: -(-len(names) // _HOLD_OUT)])


def load(split: str, part: str, root: DatasetAddress | str | os.PathLike | None = None) -> Part:
    """Load one part of a split.

    Parameters
    ----------
    split : {"balanced", "byclass", "bymerge", "letters", "digits", "mnist"}
        Which of NIST's six splits.
    part : {"train", "test"}
        Which part.
    root : DatasetAddress, str or path-like, optional
        A folder or file in any format that `emnist_lab.data.discovery.find` knows, the
        name of an imported dataset, or ``"demo"`` for the generated demo set;
        without it ``$EMNIST_DIR``, then what ``fetch`` brought.

    Returns
    -------
    Part
        Upright images with labels and class names.

    Raises
    ------
    DatasetError
        One sentence that says what is wrong and what to do.

    Examples
    --------
    >>> test = load("balanced", "test", root="demo")
    >>> test.images.shape[1:], test.images.dtype, len(test.classes), test.generated
    ((28, 28), dtype('uint8'), 47, True)
    """
    return read_part(locate(split, part, root), part)


def describe(data: Part, source: Source) -> dict[str, Any]:
    """A part and where it was found, in plain values.

    Parameters
    ----------
    data : Part
    source : Source
        That it was read from.

    Returns
    -------
    dict
        ``split``, ``part``, ``name``, ``images`` (how many), ``classes``, ``writers``
        (how many; 0 where nothing tells them), ``format``, ``generated``, ``notes``, and the
        first five ``files``.
    """
    return {
        "split": data.split,
        "part": data.part,
        "name": data.name,
        "images": len(data),
        "classes": data.classes,
        "writers": len(data.writer_names),
        "format": source.format,
        "generated": data.generated,
        "notes": list(data.notes),
        "files": [str(path) for path in source.paths[:5]],
    }
