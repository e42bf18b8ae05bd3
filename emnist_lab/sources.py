"""Where a dataset lies: finds every part of every split in a folder, whatever its format."""

import os
from collections.abc import Iterator
from pathlib import Path

from . import splits
from .errors import DatasetError, first_line
from .formats import idx, matlab, parquet, pictures, table
from .formats.base import Source, in_memory
from .places import SHIPPED, home
from .splits import PARTS, SPLITS

DEMO, FETCHED = "demo", "fetched"
EXACT = (idx.FORMAT, idx.ARCHIVE)  # NIST's own formats, which hold all classes of their split

_DEPTH = (
    4  # NIST's archive unpacks to gzip/, torchvision to EMNIST/raw, class folders lie in train/
)
_MOST_FOLDERS = 2_000


def resolve_root(root: str | os.PathLike | None = None) -> list[Path]:
    """Places to look for a dataset in.

        Parameters
        ----------
        root : path-like, optional
    XX
        Returns
        -------
        list of pathlib.Path
            One or two places that exist and can be read.

        Raises
        ------
        DatasetError
            No place is named and nothing was fetched, or it can't be read.
    """
    named = str(root).strip() if root is not None else ""
    if named == DEMO:
        return [SHIPPED / DEMO]
    if named == FETCHED:
        return [_place(str(home() / "data"))]
    if named:
        return [_place(named)]
    named = os.environ.get("EMNIST_DIR", "").strip()
    own = [home() / "data"] if (home() / "data").is_dir() else []
    if named:
        return [_place(named), *own]
    if own:
        return own
    raise DatasetError(
        "No EMNIST dataset is at hand: bring it with 'python -m emnist_lab fetch balanced', or "
        "name a folder that holds it with --root or $EMNIST_DIR."
    )


def _place(named: str) -> Path:
    try:
        place = Path(named).expanduser()
        if len(place.parts) == 1 and not place.exists() and named[0] != ".":
            place = home() / "imports" / named
            if not place.is_dir():
                place = Path(named)
        if place.is_dir():
            os.scandir(place).close()
            return place.resolve()
        if place.is_file():
            return place.resolve()
    except PermissionError as error:
        raise DatasetError(
            f"The folder {named} can't be read: give this user permission to read it, "
            "or name another folder."
        ) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise DatasetError(
            f"{named[:80]!r} can't be a folder ({first_line(error)[:80]}): check the spelling."
        ) from error
    raise DatasetError(
        f"There is no folder {named}: check the spelling, or name the folder that holds the "
        "EMNIST files."
    )


def _files(place: Path) -> Iterator[Path]:
    """Regular files at or below `place`, nearest first."""
    if place.is_file():
        yield place
        return
    level, seen = [place], 0
    for _ in range(_DEPTH + 1):
        below = []
        for folder in level:
            seen += 1
            if seen > _MOST_FOLDERS:
                return
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError:
                if folder == place:
                    raise
                continue  # a folder of somebody else's below ours: look on beside it
            for entry in entries:
                if entry.name.startswith(".") or entry.name == "__MACOSX":
                    continue
                if _is(entry.is_dir):
                    below.append(Path(entry.path))
                elif _is(entry.is_file):
                    yield Path(entry.path)
        level = below


def _is(test) -> bool:
    try:
        return test()
    except OSError:
        return False  # a link that leads nowhere, or in circles


def _in(place: Path) -> dict[tuple[str, str], Source]:
    """(split, part) -> its source; of two the format that is nearer to NIST's counts."""
    try:
        files = list(_files(place))
    except OSError as error:
        raise DatasetError(
            f"{place} can't be read ({error.strerror or error}): check the disk, or name another "
            "folder."
        ) from error
    found: dict[tuple[str, str], Source] = {}
    unclear: list[Source] = []
    folder = place if place.is_dir() else place.parent
    for sources in (
        idx.find(files),
        matlab.find(files),
        parquet.find(files),
        table.find(files),
        pictures.find(files, folder),
    ):
        for source in sources:
            if source.split not in SPLITS:
                unclear.append(source)
                continue
            for part in [source.part] if source.part else PARTS:
                found.setdefault((source.split, part), source)
    if unclear and not found:
        unclear[0].read(in_memory)  # it tries to be a dataset: says why it isn't one
    return found


def find(root: str | os.PathLike | None = None) -> dict[tuple[str, str], Source]:
    """Every part of every split that is at hand.

    Parameters
    ----------
    root : path-like, optional
        See `resolve_root`.

    Returns
    -------
    dict of (split, part) to Source
        In the order of `SPLITS`. Both parts of a split come from one place:
        what two copies share is unknown, so they aren't mixed.

    Raises
    ------
    DatasetError
        See `resolve_root`.
    """
    places = [_in(place) for place in resolve_root(root)]
    chosen: dict[tuple[str, str], Source] = {}
    for split in SPLITS:
        have = [[(split, part) for part in PARTS if (split, part) in place] for place in places]
        most = max(range(len(places)), key=lambda i: (len(have[i]), -i))
        chosen |= {key: places[most][key] for key in have[most]}
    return chosen


def official_files(root: str | os.PathLike) -> dict[str, idx.Bytes]:
    """Plain official files below a folder, complete parts or not.

    Parameters
    ----------
    root : path-like
        See `resolve_root`.

    Returns
    -------
    dict of str to Bytes
        By name without ``.gz``.

    Raises
    ------
    DatasetError
        See `resolve_root`.
    """
    files = [path for place in resolve_root(root) for path in _files(place)]
    return {name: one for name, one in idx.index(files).items() if not one.member}


def available(root: str | os.PathLike | None = None) -> list[tuple[str, str]]:
    """Parts that are at hand, in the order of `SPLITS`.

    Parameters
    ----------
    root : path-like, optional
        See `resolve_root`.

    Returns
    -------
    list of (split, part)
        Empty where the place holds no complete part.

    Raises
    ------
    DatasetError
        See `resolve_root`.
    """
    return list(find(root))


def locate(split: str, part: str, root: str | os.PathLike | None = None) -> Source:
    """Find one part.

    Parameters
    ----------
    split, part : str
        See `emnist_lab.splits`.
    root : path-like, optional
        See `resolve_root`.

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
    places = resolve_root(root)
    holds = f"it holds {_listed(found)}" if found else "it holds no complete EMNIST part"
    where = " and ".join(str(place) for place in places)
    lacking = [name for kind, name in idx.names(split, part).items() if kind != "mapping"]
    have = {name for place in places for name in idx.index(list(_files(place)))}
    missing = [name for name in lacking if name not in have]
    raise DatasetError(
        f"{split} {part} is incomplete in {where}: {', '.join(missing)} (or the same with .gz) "
        f"is missing; {holds}. Add the missing file or choose another."
    )


def _listed(parts) -> str:
    return ", ".join(f"{split} {part}" for split, part in parts)
