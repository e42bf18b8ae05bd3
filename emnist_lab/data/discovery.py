"""Where a dataset lies: finds every part of every split in a folder, whatever its format."""

import functools
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ..errors import DatasetError
from . import splits
from .dataset_address import BY_WRITER, FROM_ZERO, DatasetAddress
from .formats import (
    csv_table,
    image_folder,
    matlab,
    numpy_arrays,
    official_files,
    parquet,
    plain_idx,
    unread,
)
from .formats.base import Allocate, RawPart, Source, allocate_in_memory
from .formats.idx import IdxFile
from .formats.validation import MOST_IMAGES, printable
from .splits import KNOWN, PARTS

_DEPTH = 8  # NIST's archive unpacks to gzip/, torchvision to EMNIST/raw; class folders go deeper
MOST_FOLDERS = 20_000
_FEW_FILES = 16  # of a source that another one hides: shards, not pictures
MOST_FILES = MOST_IMAGES + 100_000  # pictures, and what else may lie beside them


def _files(place: Path) -> Iterator[Path]:
    """Regular files at or below `place`, nearest first."""
    if place.is_file():
        yield place
        return
    level, folders, count, linked = [place], 0, 0, set()
    for _ in range(_DEPTH + 1):
        below = []
        for folder in level:
            folders += 1
            if folders > MOST_FOLDERS:
                raise DatasetError(
                    f"{place} holds more than {MOST_FOLDERS:,} folders: name the folder that the "
                    "dataset lies in."
                )
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError:
                if folder == place:
                    raise
                continue  # a subfolder that this user may not read
            for entry in entries:
                if entry.name.startswith(".") or entry.name == "__MACOSX":
                    continue
                if _is(entry.is_dir):
                    if entry.is_symlink():  # which may lead in circles, and to one place twice
                        real = os.path.realpath(entry.path)
                        if real in linked or place.is_relative_to(real):
                            continue
                        if Path(real).is_relative_to(place):
                            continue  # it is looked through where it lies
                        linked.add(real)
                    below.append(Path(entry.path))
                elif _is(entry.is_file):
                    count += 1
                    if count > MOST_FILES:
                        raise DatasetError(
                            f"{place} holds more than {MOST_FILES:,} files: name the folder that "
                            "the dataset lies in, or use a sample of it."
                        )
                    yield Path(entry.path)
        level = below


def _is(test) -> bool:
    try:
        return test()
    except OSError:
        return False  # a link that leads nowhere, or in circles


Parts = dict[tuple[str, str], Source]


def _by_format(place: Path, chosen: str | None) -> list[Parts]:
    """What a place holds, one dict a format, the format that is nearest to NIST's first."""
    try:
        files = list(_files(place))
    except OSError as error:
        raise DatasetError(
            f"{place} can't be read ({error.strerror or error}): check the disk, or name another "
            "folder."
        ) from error
    official = official_files.find(files)
    kinds = (
        [source for source in official if not source.generated],
        matlab.find(files),
        plain_idx.find(files, chosen),
        numpy_arrays.find(files, chosen),
        parquet.find(files, chosen),
        csv_table.find(files, chosen),
        image_folder.find(files, place if place.is_dir() else place.parent, chosen),
        [source for source in official if source.generated],
    )
    families = [_with_unread(_by_part(kind), kind) for kind in kinds]
    unclear = [source for kind in kinds for source in kind if source.split not in KNOWN]
    if not any(families):
        if unclear:
            unclear[0].read(allocate_in_memory)  # raises the error that says why it is none
        official_files.explain_archives(files)
    return families


def _with_unread(found: Parts, sources: list[Source]) -> Parts:
    """Say which files beside the parts of a format hold none that can be read."""
    names = [one.paths[0].name for one in sources if one.split not in KNOWN]
    if not names:
        return found
    several = f"{len(names)} files such as " if len(names) > 1 else ""
    note = (
        f"{several}{printable(names[0], 255)} beside it can't be read as a part (no labels, or "
        "damaged), and was passed over."
    )
    return {key: replace(one, notes=(*one.notes, note)) for key, one in found.items()}


def _by_part(sources: list[Source]) -> Parts:
    found: Parts = {}
    for source in sources:
        if source.split not in KNOWN:
            continue
        for part in [source.part] if source.part else PARTS:
            first = found.setdefault((source.split, part), source)
            if first.paths != source.paths:
                found[source.split, part] = _beside(first, source)
    return found


def _beside(first: Source, other: Source) -> Source:
    """`first`, where another source is of the same part: said, and refused for many pictures."""
    name = printable(other.paths[0].name, 255)
    count = len(other.paths)
    if count > _FEW_FILES:
        folders = " and ".join(
            printable(os.path.commonpath([path.parent for path in one.paths[:1000]]), 120)
            for one in (first, other)
        )
        problem = (
            f"{folders} hold pictures of the same part, {len(first.paths):,} and {count:,}: name "
            "one of these folders, or give each set a folder that says which split it is."
        )
        return replace(first, read=functools.partial(_refuse, problem), variant=problem)
    what = f"{name} is" if count == 1 else f"{count:,} files such as {name} are"
    note = f"{what} of the same part, and passed over."
    return replace(first, notes=(*first.notes, note))


def _refuse(problem: str, allocate: Allocate) -> RawPart:
    raise DatasetError(problem)


def find(root: DatasetAddress | str | os.PathLike | None = None) -> Parts:
    """Every part of every split that is at hand.

    Parameters
    ----------
    root : DatasetAddress, str or path-like, optional
        See `DatasetAddress.parse`.

    Returns
    -------
    dict of (split, part) to Source
        In the order of `KNOWN`. Both parts of a split come from one place and
        format: what two copies share is unknown, so they aren't mixed.

    Raises
    ------
    DatasetError
        See `DatasetAddress.places`; or a file there can't be what it seems to be.
    """
    address = DatasetAddress.parse(root)
    families = [
        family for place in address.places() for family in _by_format(place, address.chosen)
    ]
    chosen: Parts = {}
    for split in KNOWN:
        have = [[(split, part) for part in PARTS if (split, part) in family] for family in families]
        most = max(range(len(families)), key=lambda i: (len(have[i]), -i))
        chosen |= {key: families[most][key] for key in have[most]}
    return {key: _as_said(source, address.choices) for key, source in chosen.items()}


def _as_said(source: Source, choices: tuple[str, ...]) -> Source:
    """A source, read as a person said."""
    if FROM_ZERO in choices and source.split == "letters":
        read = functools.partial(_from_zero, source)
        source = replace(source, read=read, variant=f"{source.variant}{FROM_ZERO}")
    return replace(source, by_writer=True) if BY_WRITER in choices else source


def _from_zero(source: Source, allocate: Allocate) -> RawPart:
    """Letters whose labels count from 0, where nothing in the labels proves it."""
    raw = source.read(allocate)
    classes = dict(enumerate(splits.mapping("letters").values()))
    if raw.labels.max(initial=0) >= len(classes):
        raise DatasetError(
            f"{printable(source.paths[0].name, 255)} holds the label {raw.labels.max()}, so its "
            "letters count from 1: leave letters-from-0 out."
        )
    return replace(raw, classes=classes, notes=(*raw.notes, "They were read from 0, as was said."))


def why_not(root: DatasetAddress | str | os.PathLike | None = None) -> str:
    """Why a place where `find` finds nothing holds no dataset.

    Parameters
    ----------
    root : DatasetAddress, str or path-like, optional
        See `DatasetAddress.parse`.

    Returns
    -------
    str
        One sentence: which files lie there, why each kind isn't read, and what is.

    Raises
    ------
    DatasetError
        See `DatasetAddress.places`.
    """
    place = DatasetAddress.parse(root).places()[0]
    return unread.why_not(list(_files(place)), place)


def files_of_nist(root: DatasetAddress | str | os.PathLike) -> dict[str, IdxFile]:
    """Plain official files below a folder, complete parts or not.

    Parameters
    ----------
    root : DatasetAddress, str or path-like
        See `DatasetAddress.parse`.

    Returns
    -------
    dict of str to IdxFile
        By name without ``.gz``.

    Raises
    ------
    DatasetError
        See `DatasetAddress.places`.
    """
    files = [path for place in DatasetAddress.parse(root).places() for path in _files(place)]
    return {name: one for name, one in official_files.index(files).items() if not one.member}


def available(root: DatasetAddress | str | os.PathLike | None = None) -> list[tuple[str, str]]:
    """Parts that are at hand, in the order of `KNOWN`.

    Parameters
    ----------
    root : DatasetAddress, str or path-like, optional
        See `DatasetAddress.parse`.

    Returns
    -------
    list of (split, part)
        Empty where the place holds no complete part.

    Raises
    ------
    DatasetError
        See `DatasetAddress.places`.
    """
    return list(find(root))


def locate(split: str, part: str, root: DatasetAddress | str | os.PathLike | None = None) -> Source:
    """Find one part.

    Parameters
    ----------
    split, part : str
        See `emnist_lab.data.splits`.
    root : DatasetAddress, str or path-like, optional
        See `DatasetAddress.parse`.

    Returns
    -------
    Source

    Raises
    ------
    DatasetError
        It isn't there; the message names missing files and what there is.
    """
    splits.check(split, part)
    found = find(root)
    if (split, part) in found:
        return found[split, part]
    places = DatasetAddress.parse(root).places()  # for the error alone
    if split not in splits.SPLITS or not found:
        names = {name for place in places for name in official_files.index(list(_files(place)))}
        if not found and not any(name.startswith("emnist-") for name in names):
            raise DatasetError(why_not(root))
    if split not in splits.SPLITS:
        raise DatasetError(
            f"{places[0]} has no {part} part of {splits.title(split)}; it holds "
            f"{_listed(found) or 'no complete part'}: choose another, or say what it is, as in "
            f"PLACE#{split}."
        )
    holds = f"it holds {_listed(found)}" if found else "it holds no complete EMNIST part"
    where = " and ".join(str(place) for place in places)
    lacking = [
        name for kind, name in official_files.names(split, part).items() if kind != "mapping"
    ]
    have = {name for place in places for name in official_files.index(list(_files(place)))}
    missing = [name for name in lacking if name not in have]
    raise DatasetError(
        f"{split} {part} is incomplete in {where}: {', '.join(missing)} (or the same with .gz) "
        f"is missing; {holds}. Add the missing file or choose another."
    )


def _listed(parts) -> str:
    return ", ".join(f"{split} {part}" for split, part in parts)
