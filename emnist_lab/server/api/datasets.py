"""Datasets that the API gives images of, and trains on: those that have a name."""

import threading
from collections import OrderedDict

from ...data import discovery, loading
from ...data.dataset_address import AddressKind, DatasetAddress
from ...data.part import Part
from ...errors import DatasetError
from .. import dataset_access
from ..visitor import Visitor
from .problem_details import Problem, answering

_MOST_FILES = 64  # of a part, that are looked at to see whether they changed


def address_of(visitor: Visitor, name: str | None) -> DatasetAddress:
    """The dataset that a name stands for; a folder is no name, whoever asks.

    Parameters
    ----------
    visitor : Visitor
    name : str or None
        ``"demo"``, an import's name; the server's default dataset where it is None.

    Returns
    -------
    DatasetAddress

    Raises
    ------
    Problem
        404: they see none of that name.

    Examples
    --------
    >>> address_of(Visitor.alone(), "demo").name
    'demo'
    >>> address_of(Visitor.alone(), "/data/EMNIST")
    Traceback (most recent call last):
    ...
    emnist_lab.server.api.problem_details.Problem: 404: There is no dataset '/data/EMNIST': ...
    """
    address = DatasetAddress() if name is None else DatasetAddress.from_name(name)
    if address.kind is AddressKind.PATH or not dataset_access.may_use(visitor, address):
        have = ", ".join(("demo", *dataset_access.imported_names(visitor)))
        raise Problem(
            404,
            f"There is no dataset {(name or '')[:80]!r}: choose one of these, or none for the "
            f"server's own: {have}.",
        )
    return address


class LoadedParts:
    """Parts of datasets, read once for each version of their files.

    Parameters
    ----------
    kept : int
        How many stay in memory.
    """

    def __init__(self, kept: int = 2):
        self._kept = kept
        self._parts: OrderedDict[tuple, Part] = OrderedDict()
        self._changed = threading.Lock()

    def load(self, address: DatasetAddress, split: str, part: str) -> Part:
        """A part.

        Parameters
        ----------
        address : DatasetAddress
        split, part : str

        Returns
        -------
        Part

        Raises
        ------
        Problem
            404: it isn't there.
        DatasetError
            It is there, and can't be read.
        """
        with answering(404, DatasetError):
            source = discovery.locate(split, part, address)
        try:
            stats = [(str(path), path.stat()) for path in source.paths[:_MOST_FILES]]
        except OSError as error:
            raise Problem(404, "The dataset was moved just now: try again.") from error
        files = tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)
        key = (address, split, part, files)
        with self._changed:
            if key not in self._parts:
                self._parts[key] = loading.read_part(source, part)
            self._parts.move_to_end(key)
            while len(self._parts) > self._kept:
                self._parts.popitem(last=False)
            return self._parts[key]
