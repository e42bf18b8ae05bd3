"""Where a dataset lies: finds every part of every split in a folder, whatever its format."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ..errors import DatasetError, first_line
from ..files import SHIPPED, home
from . import splits
from .formats import csv_table, idx, image_folder, matlab, parquet
from .formats.base import Source, allocate_in_memory
from .splits import PARTS, SPLITS

DEMO, FETCHED = "demo", "fetched"
NIST_FORMATS = (
    idx.FORMAT,
    idx.ARCHIVE,
)  # NIST's own formats, which hold all classes of their split

_DEPTH = 4  # NIST's archive unpacks to gzip/, torchvision to EMNIST/raw; class folders go deeper
_MOST_FOLDERS = 20_000


def resolve_root(root: str | os.PathLike | None = None) -> list[Path]:
    """Places to look for a dataset in.

    Parameters
    ----------
    root : path-like, optional
        A folder or a file, the name of an imported dataset, ``"demo"`` for the
        generated set that comes with EMNIST Lab, or ``"fetched"`` for what
        ``fetch`` brought. Without it ``$EMNIST_DIR`` counts, then what
        ``fetch`` brought.

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
        return [_resolve(str(home() / "data"))]
    if named:
        return [_resolve(named)]
    named = os.environ.get("EMNIST_DIR", "").strip()
    own = [home() / "data"] if _holds_files(home() / "data") else []
    if named:
        return [_resolve(named), *own]
    if own:
        return own
    raise DatasetError(
        "No EMNIST dataset is at hand: bring it with 'python -m emnist_lab fetch balanced', or "
        "name a folder that holds it with --root or $EMNIST_DIR."
    )


def _holds_files(folder: Path) -> bool:
    """Whether anything lies there, but for what a download keeps for itself."""
    try:
        return any(name[0] != "." for name in os.listdir(folder))
    except OSError:
        return False


def _resolve(named: str) -> Path:
    try:
        place = Path(named).expanduser()
        own = home() / "imports" / named
        if len(place.parts) == 1 and named[0] != "." and own.is_dir():
            return own  # a dataset's name counts before a folder's: that one is also ./NAME
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
                raise DatasetError(
                    f"{place} holds more than {_MOST_FOLDERS:,} folders: name the folder that the "
                    "dataset lies in."
                )
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


Parts = dict[tuple[str, str], Source]


def _by_format(place: Path) -> list[Parts]:
    """What a place holds, one dict a format, the format that is nearest to NIST's first."""
    try:
        files = list(_files(place))
    except OSError as error:
        raise DatasetError(
            f"{place} can't be read ({error.strerror or error}): check the disk, or name another "
            "folder."
        ) from error
    official = idx.find(files)
    kinds = (
        [source for source in official if not source.generated],
        matlab.find(files),
        parquet.find(files),
        csv_table.find(files),
        image_folder.find(files, place if place.is_dir() else place.parent),
        [source for source in official if source.generated],
    )
    families = [_by_part(kind) for kind in kinds]
    unclear = [source for kind in kinds for source in kind if source.split not in SPLITS]
    if not any(families):
        if unclear:
            unclear[0].read(allocate_in_memory)  # it tries to be a dataset: says why it isn't one
        _explain_archives(files)
    return families


def _by_part(sources: list[Source]) -> Parts:
    found: Parts = {}
    for source in sources:
        if source.split not in SPLITS:
            continue
        for part in [source.part] if source.part else PARTS:
            first = found.setdefault((source.split, part), source)
            if first.paths != source.paths:
                note = f"{source.paths[0].name} is of the same part and was passed over."
                found[source.split, part] = replace(first, notes=(*first.notes, note))
    return found


def _explain_archives(files: list[Path]) -> None:
    """Where all that there is are zips, say what is the matter with the first."""
    from .download import archive  # brings the network's libraries, which nothing else here needs

    for path in files:
        if path.suffix.lower() == ".zip":
            archive.directory_in(path)
            raise DatasetError(
                f"{path.name} isn't NIST's archive: import it on the Data page or with "
                f"'python -m emnist_lab fetch --from {path.name}', or unpack it."
            )


def find(root: str | os.PathLike | None = None) -> Parts:
    """Every part of every split that is at hand.

    Parameters
    ----------
    root : path-like, optional
        See `resolve_root`.

    Returns
    -------
    dict of (split, part) to Source
        In the order of `SPLITS`. Both parts of a split come from one place and
        format: what two copies share is unknown, so they aren't mixed.

    Raises
    ------
    DatasetError
        See `resolve_root`; or a file there can't be what it seems to be.
    """
    families = [family for place in resolve_root(root) for family in _by_format(place)]
    chosen: Parts = {}
    for split in SPLITS:
        have = [[(split, part) for part in PARTS if (split, part) in family] for family in families]
        most = max(range(len(families)), key=lambda i: (len(have[i]), -i))
        chosen |= {key: families[most][key] for key in have[most]}
    return chosen


def official_files(root: str | os.PathLike) -> dict[str, idx.IdxFile]:
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
        See `emnist_lab.data.splits`.
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
