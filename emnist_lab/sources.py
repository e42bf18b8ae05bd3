"""Where the bytes come from: finds the official files of a split in a folder."""

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from .errors import DatasetError, first_line
from .places import home

SPLITS = ("balanced", "byclass", "bymerge", "letters", "digits", "mnist")
PARTS = ("train", "test")

# NIST's archive unpacks to gzip/, torchvision to EMNIST/raw, others go one deeper.
_DEPTH = 3
_MOST_FOLDERS = 2_000


@dataclass(frozen=True)
class Files:
    """The three official files that make one part of a split.

    Attributes
    ----------
    images, labels, mapping : pathlib.Path
        Existing files; images and labels in IDX format, gzipped or not.
    """

    images: Path
    labels: Path
    mapping: Path


def resolve_root(root: str | os.PathLike | None = None) -> Path:
    """Folder to look for official files in.

    Parameters
    ----------
    root : path-like, optional
        A folder. Without it ``$EMNIST_DIR`` counts, then the folder that
        ``fetch`` fills.

    Returns
    -------
    pathlib.Path
        An existing, readable folder.

    Raises
    ------
    DatasetError
        No folder is named and none was fetched, or it can't be read.
    """
    named = str(root).strip() if root is not None else os.environ.get("EMNIST_DIR", "").strip()
    if named == "demo":
        raise DatasetError(
            "There is no demo set in this version: name a folder of EMNIST files instead."
        )
    try:
        folder = Path(named).expanduser() if named else home() / "data"
        if folder.is_dir():
            os.scandir(folder).close()
            return folder.resolve()
        if folder.exists():
            raise DatasetError(
                f"{folder} is a file, not a folder: name the folder that holds the EMNIST files."
            )
    except PermissionError as error:
        raise DatasetError(
            f"The folder {folder} can't be read: give this user permission to read it, "
            "or name another folder."
        ) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise DatasetError(
            f"{named[:80]!r} can't be a folder ({first_line(error)[:80]}): check the spelling."
        ) from error
    if named:
        raise DatasetError(
            f"There is no folder {folder}: check the spelling, or name the folder that "
            "holds the EMNIST files."
        )
    raise DatasetError(
        "No EMNIST dataset is at hand: put the official files into a folder and name it "
        "with --root or $EMNIST_DIR, or copy them in with "
        "'python -m emnist_lab fetch --from FOLDER'."
    )


def _index(folder: Path) -> dict[str, Path]:
    """Names (without .gz) of all EMNIST files below `folder` -> path; nearest first."""
    found: dict[str, Path] = {}
    level, seen = [folder], 0
    for _ in range(_DEPTH + 1):
        below = []
        for place in level:
            seen += 1
            if seen > _MOST_FOLDERS:
                return found
            try:
                entries = sorted(os.scandir(place), key=lambda entry: entry.name)
            except OSError:
                if place == folder:
                    raise
                continue  # a folder of somebody else's below ours: look on beside it
            for entry in entries:
                name = entry.name.lower()
                if _is_folder(entry) and not name.startswith("."):
                    below.append(Path(entry.path))
                elif name.startswith("emnist-"):
                    found.setdefault(name.removesuffix(".gz"), Path(entry.path))
        level = below
    return found


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link that leads nowhere, or in circles


def names(split: str, part: str) -> dict[str, str]:
    """Official names, without ``.gz``, of the files of one part.

    Parameters
    ----------
    split : str
        One of `SPLITS`.
    part : str
        ``"train"`` or ``"test"``.

    Returns
    -------
    dict of str to str
        For ``images``, ``labels`` and ``mapping``.

    Raises
    ------
    DatasetError
        The split or the part has another name.
    """
    if split not in SPLITS:
        raise DatasetError(f"There is no split {split!r}: choose one of {', '.join(SPLITS)}.")
    if part not in PARTS:
        raise DatasetError(f"There is no part {part!r}: choose train or test.")
    return {
        "images": f"emnist-{split}-{part}-images-idx3-ubyte",
        "labels": f"emnist-{split}-{part}-labels-idx1-ubyte",
        "mapping": f"emnist-{split}-mapping.txt",
    }


def locate(split: str, part: str, root: str | os.PathLike | None = None) -> Files:
    """Find the files of one part, in `root` or up to three folders below it.

    Parameters
    ----------
    split, part : str
        See `names`.
    root : path-like, optional
        See `resolve_root`.

    Returns
    -------
    Files
        The three files.

    Raises
    ------
    DatasetError
        A file is missing; the message names it and what the folder does hold.
    """
    wanted = names(split, part)
    folder = resolve_root(root)
    found = _index(folder)
    missing = [name for name in wanted.values() if name not in found]
    if missing:
        have = [f"{s} {p}" for s, p in _complete(found)]
        holds = f"it holds {', '.join(have)}" if have else "it holds no complete EMNIST part"
        raise DatasetError(
            f"{split} {part} is incomplete in {folder}: {', '.join(missing)} "
            f"(or the same with .gz) is missing; {holds}. Add the missing file or choose another."
        )
    return Files(**{kind: found[name] for kind, name in wanted.items()})


def _complete(found: dict[str, Path]) -> list[tuple[str, str]]:
    return [
        (split, part)
        for split in SPLITS
        for part in PARTS
        if all(name in found for name in names(split, part).values())
    ]


def available(root: str | os.PathLike | None = None) -> list[tuple[str, str]]:
    """Parts whose three files are present, in the order of `SPLITS`.

    Parameters
    ----------
    root : path-like, optional
        See `resolve_root`.

    Returns
    -------
    list of (split, part)
        Empty where the folder holds no complete part.

    Raises
    ------
    DatasetError
        The folder can't be read; see `resolve_root`.
    """
    return _complete(_index(resolve_root(root)))


def fetch(origin: str | os.PathLike, splits: list[str] | None = None) -> list[Path]:
    """Copy official files from a folder into this machine's own data folder.

    Every part is read whole and checked before its files take their final
    names, so that nothing unverified is ever found by `locate`.

    Parameters
    ----------
    origin : path-like
        A folder that holds official files.
    splits : list of str, optional
        Which splits; all that are complete when not given.

    Returns
    -------
    list of pathlib.Path
        The files that are now in place.

    Raises
    ------
    DatasetError
        A file is missing or damaged, or the data folder can't be written.
    """
    from .dataset import read_part  # dataset imports this module

    wanted = [(split, part) for split, part in available(origin) if not splits or split in splits]
    for split in splits or []:
        if not any(split == have for have, _ in wanted):
            names(split, "train")
            locate(split, "test", origin)
    if not wanted:
        raise DatasetError(f"{origin} holds no complete EMNIST part: name another folder.")
    target = home() / "data"
    partial = target / f".partial-{secrets.token_hex(8)}"
    placed: list[Path] = []
    try:
        for split, part in wanted:
            partial.mkdir(parents=True)
            files = vars(locate(split, part, origin))
            copies = Files(
                **{kind: Path(shutil.copyfile(p, partial / p.name)) for kind, p in files.items()}
            )
            read_part(split, part, copies, cached=False)
            for copy in vars(copies).values():
                plain = copy.name.removesuffix(".gz")
                for other in (target / plain, target / f"{plain}.gz"):
                    other.unlink(missing_ok=True)  # a copy from before, gzipped or not
                final = target / copy.name
                os.replace(copy, final)
                if final not in placed:
                    placed.append(final)
            partial.rmdir()
    except OSError as error:
        raise DatasetError(
            f"The files can't be copied to {target} ({error.strerror or error}): free some space, "
            "or name a writable folder in $EMNIST_LAB_HOME."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return placed
