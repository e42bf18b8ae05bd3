"""For whom a job's process works, and what its result may take; the server says so for each job."""

import os
from pathlib import Path

from ..data.dataset_address import AddressKind, DatasetAddress, imports_folder
from ..errors import DatasetError, LabError
from ..files import owner_of

OWNER, ROOM, DRAWN = "EMNIST_LAB_OWNER", "EMNIST_LAB_ROOM", "EMNIST_LAB_DRAWN_IMAGES"


def variables(room: int | None = None, drawn: int | None = None) -> dict[str, str]:
    """Variables that tell a process its limits.

    Parameters
    ----------
    room : int or None
        Bytes of disk space that its result may take; None for no limit.
    drawn : int or None
        Training images that kept drawings may add; None for no limit.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> variables(room=10)[ROOM]
    '10'
    """
    numbers = {ROOM: room, DRAWN: drawn}
    return {name: "" if number is None else str(number) for name, number in numbers.items()}


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
    left = _number(ROOM)
    if left is not None and size > left:
        raise LabError(
            f"It takes {size / 1e6:,.1f} MB, and {left / 1e6:,.1f} MB are left of the disk "
            "space that you have here: delete some of your runs or datasets first."
        )


def drawn_images() -> int | None:
    """Training images that kept drawings may add; None for no limit."""
    return _number(DRAWN)


def _number(variable: str) -> int | None:
    named = os.environ.get(variable, "")
    return int(named) if named.isdecimal() else None


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
