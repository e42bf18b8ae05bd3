"""How much a visitor keeps, and may keep: disk space, and how many things."""

import os
from pathlib import Path
from typing import BinaryIO

from ..data import user_datasets
from ..data.dataset_address import imports_folder
from ..errors import AccessError
from ..evaluation.sweeps.sweep_store import sweeps_home
from ..files import owner_of
from ..runs import curve_store, run_folders
from .visitor import Visitor

_MB = 10**6


def used(visitor: Visitor) -> int:
    """Disk space that a visitor's runs and datasets take, and uploads that wait to be imported.

    Parameters
    ----------
    visitor : Visitor

    Returns
    -------
    int
        Bytes.
    """
    return sum(map(user_datasets.size_of, _own(visitor, uploads=True)))


def left(visitor: Visitor) -> int | None:
    """Disk space that is left to a visitor, bytes, not less than 0; None for no limit."""
    limit = visitor.rights.storage_mb
    return None if limit is None else max(limit * _MB - used(visitor), 0)


def require_room(visitor: Visitor, more: int = 0) -> None:
    """Refuse a visitor who has filled their share of the disk, or keeps enough things.

    Parameters
    ----------
    visitor : Visitor
    more : int
        Bytes that are to be added.

    Raises
    ------
    AccessError
        It would be more than they may have.
    """
    room, most = left(visitor), visitor.rights.kept_most
    if room is not None and (more > room or not room):
        limit = visitor.rights.storage_mb
        raise AccessError(
            f"Your runs and datasets take {limit - room / _MB:,.0f} of {limit:,} MB that you have "
            "here: export and delete some first."
        )
    if most is None or visitor.operator:
        return
    curves = sum(curve.owner == visitor.id for curve in curve_store.list_curves()[0])
    if len(_own(visitor)) + curves >= most:
        raise AccessError(
            f"You keep {most:,} runs, datasets, sweeps and learning curves, as many as one may "
            "here: export and delete some first."
        )


def require_fits(visitor: Visitor) -> None:
    """Refuse what was written just now and takes more than a visitor's share of the disk.

    Whoever asks removes it then. Two sessions that write at once are both told.

    Raises
    ------
    AccessError
    """
    limit = visitor.rights.storage_mb
    if limit is not None and used(visitor) > limit * _MB:
        raise AccessError(
            f"With it, your runs and datasets would take more than the {limit:,} MB that you have "
            "here: export and delete some first."
        )


def require_size(visitor: Visitor, *files: BinaryIO | Path) -> None:
    """Refuse uploads that are larger than a visitor's may be.

    Parameters
    ----------
    visitor : Visitor
    *files : binary files or path-like
        Of one upload.

    Raises
    ------
    AccessError
        Together they are larger.
    """
    total = size(*files)
    if total > visitor.rights.upload_mb * 2**20:
        raise AccessError(
            f"The upload has {total / 2**20:,.1f} MB, more than the {visitor.rights.upload_mb:,} "
            "MB that this server takes: choose a smaller one."
        )


def size(*files: BinaryIO | Path) -> int:
    """Bytes of files together."""
    return sum(map(_bytes, files))


def _bytes(file: BinaryIO | Path) -> int:
    if not hasattr(file, "read"):
        try:
            return Path(file).stat().st_size
        except OSError:
            return 0  # whoever reads it says what is wrong
    at = file.tell()
    size = file.seek(0, os.SEEK_END)
    file.seek(at)
    return size


def _own(visitor: Visitor, uploads: bool = False) -> list[Path]:
    """Folders of a visitor's runs, sweeps and datasets, and of their uploads."""
    if visitor.id is None:
        return []
    imports = imports_folder()
    places = [
        place / one
        for place in (run_folders.runs_home(), sweeps_home())
        for one in _listed(place)
        if one[0] != "."
    ]
    places += [
        imports / one
        for one in _listed(imports)
        if one[0] != "." or (uploads and one.startswith(user_datasets.UPLOAD))
    ]
    return [place for place in places if owner_of(place) == visitor.id]


def _listed(place: Path) -> list[str]:
    try:
        return os.listdir(place)
    except FileNotFoundError:
        return []
