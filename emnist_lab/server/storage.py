"""How much disk space a visitor's runs and datasets take, and may take."""

import os
from pathlib import Path
from typing import BinaryIO

from ..data import user_datasets
from ..data.dataset_address import imports_folder
from ..errors import AccessError
from ..files import owner_of
from ..runs import run_folders
from .visitor import Visitor

_MB = 10**6


def used(visitor: Visitor) -> int:
    """Disk space that a visitor's runs and datasets take.

    Parameters
    ----------
    visitor : Visitor

    Returns
    -------
    int
        Bytes.
    """
    if visitor.id is None:
        return 0
    places = [imports_folder() / name for name in user_datasets.names()]
    runs = run_folders.runs_home()
    places += [runs / one for one in _listed(runs) if one[0] != "."]
    return sum(_size(place) for place in places if owner_of(place) == visitor.id)


def require_room(visitor: Visitor, more: int = 0) -> None:
    """Refuse a visitor who has filled their share of the disk.

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
    limit = visitor.rights.storage_mb
    if limit is None:
        return
    now = used(visitor)
    if now + more > limit * _MB or now == limit * _MB:
        raise AccessError(
            f"Your runs and datasets take {now / _MB:,.0f} of {limit:,} MB that you have here: "
            "export and delete some first."
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
    total = sum(_bytes(one) for one in files)
    if total > visitor.rights.upload_mb * 2**20:
        raise AccessError(
            f"The upload has {total / 2**20:,.1f} MB, more than the {visitor.rights.upload_mb:,} "
            "MB that this server takes: choose a smaller one."
        )


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


def _listed(place: Path) -> list[str]:
    try:
        return os.listdir(place)
    except FileNotFoundError:
        return []


def _size(folder: Path) -> int:
    sizes = 0
    for path in folder.rglob("*"):
        try:
            sizes += path.stat().st_size
        except FileNotFoundError:
            continue  # it was deleted meanwhile
    return sizes
