"""Who owns a folder: a visitor of a server, the operator, or nobody that can be told."""

import re
from pathlib import Path

from .writing import write_synced

OWNER = ".owner"  # file in a folder that belongs to a visitor of a server
UNKNOWN_OWNER = "unknown"
_OWNER_ID = re.compile("[0-9a-f]{32}")


def is_owner(text: object) -> bool:
    """Whether a text can name an owner: 32 hexadecimal digits."""
    return isinstance(text, str) and _OWNER_ID.fullmatch(text) is not None


def owner_of(folder: Path) -> str | None:
    """Who owns a run or a dataset.

    Parameters
    ----------
    folder : pathlib.Path
        The run's or the dataset's.

    Returns
    -------
    str or None
        32 hexadecimal digits; None where it has no owner, so that it is the operator's;
        ``"unknown"`` where its owner can't be read, so that it is nobody else's either.
    """
    try:
        with open(folder / OWNER, encoding="ascii") as file:
            text = file.read(64).strip()
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return UNKNOWN_OWNER
    return text if is_owner(text) else UNKNOWN_OWNER


def write_owner(folder: Path, owner: str | None) -> None:
    """Note who owns what lies in a folder; for None nobody does, whatever came with it.

    Parameters
    ----------
    folder : pathlib.Path
        One that no list shows yet.
    owner : str or None
        32 hexadecimal digits.

    Raises
    ------
    OSError
        The disk is full or can't be written.
    """
    if owner is None:
        (folder / OWNER).unlink(missing_ok=True)
    else:
        write_synced(folder / OWNER, owner.encode("ascii"))
