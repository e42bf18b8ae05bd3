"""For whom a job's process works, and what its result may take; the server says so for each job."""

import os
from pathlib import Path

from ..data.dataset_address import AddressKind, DatasetAddress, imports_folder
from ..errors import DatasetError, LabError
from ..files import owner_of

OWNER, ROOM = "EMNIST_LAB_OWNER", "EMNIST_LAB_ROOM"


def variables(owner: str | None, room: int | None) -> dict[str, str]:
    """Variables of a process that works for a visitor, or for nobody in particular.

    Parameters
    ----------
    owner : str or None
    room : int or None
        Bytes of disk space that its result may take; None for no limit.

    Returns
    -------
    dict of str to str
    """
    return {OWNER: owner or "", ROOM: "" if room is None else str(room)}


def owner() -> str | None:
    """Visitor of a server whom what this process makes belongs to; None on the command line."""
    return os.environ.get(OWNER) or None


def require_room(size: int) -> None:
    """Refuse to keep what takes more disk space than is left to its owner.

    Parameters
    ----------
    size : int
        Bytes.

    Raises
    ------
    LabError
    """
    named = os.environ.get(ROOM, "")
    if named.isdecimal() and size > int(named):
        raise LabError(
            f"It takes {size / 1e6:,.1f} MB, and {int(named) / 1e6:,.1f} MB are left of the disk "
            "space that you have here: delete some of your runs or datasets first."
        )


def require_dataset(root: str | None) -> None:
    """Refuse a dataset that has become another one while a visitor's job waited.

    Its name may be somebody else's by now, or, once it is deleted, that of a folder.

    Parameters
    ----------
    root : str or None
        See `DatasetAddress.parse`.

    Raises
    ------
    DatasetError
    """
    address = DatasetAddress.parse(root)
    plain = len(Path(address.text).parts) == 1 and address.text[0] not in ".~/\\"
    if owner() is None or not plain:
        return
    seen = owner_of(imports_folder() / address.text) in (None, owner())
    if address.kind is AddressKind.PATH or not seen:
        raise DatasetError(
            f"There is no dataset {address.text[:80]} any more: choose another on the Data page."
        )
