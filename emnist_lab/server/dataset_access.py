"""Datasets as a visitor sees them, and what they may do to them."""

import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ..data import dataset_address, user_datasets
from ..data.dataset_address import AddressKind, DatasetAddress
from ..errors import AccessError, DatasetError
from ..files import owner_of, write_owner
from . import storage
from .visitor import Visitor


def imported_names(visitor: Visitor) -> list[str]:
    """Names of imported datasets that a visitor sees, in alphabetical order."""
    place = dataset_address.imports_folder()
    return [one for one in user_datasets.names() if visitor.sees_folder(place / one)]


def require_address(visitor: Visitor, address: DatasetAddress) -> None:
    """Refuse a dataset that a visitor may not use.

    Parameters
    ----------
    visitor : Visitor
    address : DatasetAddress

    Raises
    ------
    AccessError
        It names a folder of the machine, and they may not.
    DatasetError
        There is no such dataset for them.
    """
    if address.kind is AddressKind.PATH:
        visitor.require("folders")
    if address.kind is AddressKind.IMPORTED and address.text not in imported_names(visitor):
        raise DatasetError(f"There is no dataset {address.text[:80]}: choose one of the list.")


def may_use(visitor: Visitor, address: DatasetAddress) -> bool:
    """Whether `require_address` lets a visitor use a dataset."""
    if address.kind is AddressKind.PATH:
        return visitor.rights.folders
    return address.kind is not AddressKind.IMPORTED or address.text in imported_names(visitor)


def is_own(visitor: Visitor, name: str) -> bool:
    """Whether a visitor may delete an imported dataset."""
    owner = owner_of(dataset_address.imports_folder() / name)
    return visitor.rights.deletes and visitor.owns(owner)


def remove(visitor: Visitor, name: str) -> None:
    """Delete a visitor's imported dataset; see `user_datasets.remove`.

    Parameters
    ----------
    visitor : Visitor
    name : str

    Raises
    ------
    AccessError
        They may not, or it isn't theirs.
    DatasetError
        There is none, or it can't be deleted.
    """
    visitor.require("deletes")
    require_address(visitor, DatasetAddress(AddressKind.IMPORTED, name))
    if name in user_datasets.names():
        owner = owner_of(dataset_address.imports_folder() / name)
        visitor.require_own(owner, f"The dataset {name}")
    user_datasets.remove(name)


def keep_upload(visitor: Visitor, files: Sequence[BinaryIO], name: str = "") -> tuple[str, ...]:
    """Write an upload where the import finds it, which removes it again.

    Parameters
    ----------
    visitor : Visitor
    files : sequence of binary files
        Each with a ``name``.
    name : str
        That the dataset is to have; made from the first file's where it is empty.

    Returns
    -------
    tuple of str
        Paths of the copies, for a `FetchSpec`.

    Raises
    ------
    AccessError
        They may not upload, it is too large, or they have no room left.
    DatasetError
        There is no file, two have one name, or the copies can't be written.
    """
    visitor.require("uploads")
    if not files:
        raise DatasetError("There is nothing to import yet: choose one or more files first.")
    storage.require_size(visitor, *files)
    user_datasets.sweep()
    storage.require_room(visitor, storage.size(*files))
    if len({_plain_name(file.name) for file in files}) < len(files):
        raise DatasetError("Two of the files have the same name: put them into a zip, or rename.")
    if name:
        user_datasets.check_name(name)
    folder = f"{user_datasets.UPLOAD}{secrets.token_hex(8)}"
    place, owner = dataset_address.imports_folder() / folder, visitor.new_owner()
    kept = []
    try:
        place.mkdir(parents=True)
        write_owner(place, owner)
        for file in files:
            path = place / _plain_name(file.name)
            with open(path, "wb") as target:
                shutil.copyfileobj(file, target, 2**20)
            kept.append(os.fspath(path))
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        raise DatasetError(
            f"The upload can't be kept ({error.strerror or error}): free some space on the server, "
            "or name a writable folder in $EMNIST_LAB_HOME."
        ) from error
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    try:
        storage.require_fits(visitor)
    except AccessError:
        user_datasets.discard_upload(map(Path, kept))
        raise
    return tuple(kept)


def _plain_name(name: str) -> str:
    """A browser's name of a file as one that every disk takes; its ending tells its kind."""
    last = PurePosixPath(name.replace("\\", "/").replace("\0", "")).name
    return last[-150:].lstrip(".") or "file"
