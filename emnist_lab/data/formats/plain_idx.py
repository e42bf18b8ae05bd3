"""IDX files by the names that MNIST, Fashion-MNIST, KMNIST and QMNIST give them.

The first three use the same names (``train-images-idx3-ubyte``): which set it is, a folder's name
tells (``FashionMNIST/raw``), or a person.
"""

import functools
import re
from pathlib import Path

from ...errors import DatasetError
from .. import splits
from . import idx, label_mapping
from .base import Allocate, RawPart, Source

FORMAT = "IDX files"
_NAME = re.compile(
    "(?P<set>.*?)(?P<part>train|t10k|test)[-_. ]?(?P<kind>images|labels)[-_. ]?idx[123][-_. ]?"
    "(?:ubyte|byte|int)?"
)


def find(files: list[Path], chosen: str | None = None) -> list[Source]:
    """Parts whose images and labels are there.

    Parameters
    ----------
    files : list of pathlib.Path
    chosen : str, optional
        The split or set that a person said it is.

    Returns
    -------
    list of Source
        The split is ``""`` where nothing tells which set it is: reading asks.
    """
    groups: dict[tuple[Path, str, str], dict[str, Path]] = {}
    for path in files:
        match = _NAME.fullmatch(path.name.lower().removesuffix(".gz"))
        if match and not match["set"].startswith(("emnist-", "generated-")):
            part = "train" if match["part"] == "train" else "test"
            group = groups.setdefault((path.parent, match["set"], part), {})
            group.setdefault(match["kind"], path)
    return [
        _source(part, group["images"], group["labels"], chosen)
        for (_, _, part), group in groups.items()
        if len(group) == 2
    ]


def _source(part: str, images: Path, labels: Path, chosen: str | None) -> Source:
    above = (folder.name for folder in images.parents[:4])
    split = chosen or label_mapping.named_split(images.name, *above)
    return Source(
        split or "",
        part,
        FORMAT,
        (images, labels),
        functools.partial(read, images, labels, split),
        transposed=False,
    )


def read(images: Path, labels: Path, split: str | None, allocate: Allocate) -> RawPart:
    """Read one part.

    Parameters
    ----------
    images, labels : pathlib.Path
    split : str or None
        Which set it is, of `splits.KNOWN`; None where nothing tells.
    allocate : callable
        Gives the room for the images.

    Returns
    -------
    RawPart

    Raises
    ------
    DatasetError
        Nothing tells which set it is; or a file is damaged, or doesn't fit the other.
    """
    if split is None:
        sets = ", ".join(one for one in ("mnist", *splits.OTHERS))
        raise DatasetError(
            "Which set is it? MNIST, Fashion-MNIST and KMNIST all call their files "
            f"{images.name}: say so behind the place, as in PLACE#fashion-mnist (or another of "
            f"{sets}), or give their folder the set's name."
        )
    pair = (idx.IdxFile(images), idx.IdxFile(labels))
    return idx.read(*pair, None, allocate, split=split, own=False)
