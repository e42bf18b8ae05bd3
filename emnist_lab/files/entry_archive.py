"""A kept folder or file as one zip, for an object store; taken apart with care.

Members are stored, not compressed: what is kept is packed already, and so no archive can unpack to
more than it holds.
"""

import shutil
import stat
import zipfile
from pathlib import Path

from ..errors import SharedHomeError
from .owners import OWNER

_MOST_FILES = 1_000_000
_ALONE = ".content"  # member of an archive that holds one file; none of a folder's is hidden
_CHUNK = 2**20


def pack(source: Path, archive: Path) -> None:
    """Write a folder or a file as a zip.

    Parameters
    ----------
    source : pathlib.Path
        Locks in it, and what is being written, are left out.
    archive : pathlib.Path
        The zip's file.

    Raises
    ------
    OSError
        Something can't be read, or the disk is full.
    """
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED, strict_timestamps=False) as packed:
        if source.is_file():
            packed.write(source, _ALONE)
            return
        for path in sorted(source.rglob("*")):
            hidden = path.name.startswith(".") and path.name != OWNER
            if path.is_file() and not path.is_symlink() and not hidden:
                packed.write(path, path.relative_to(source).as_posix())


def unpack(archive: Path, target: Path) -> None:
    """Take apart what `pack` made, below a place and nowhere else.

    Parameters
    ----------
    archive : pathlib.Path
    target : pathlib.Path
        The folder or file that is made; nothing is there yet.

    Raises
    ------
    SharedHomeError
        It isn't such a zip.
    OSError
        The disk is full or can't be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = Path(folder)
    ...     _ = (place / "one.txt").write_bytes(b"kept")
    ...     pack(place / "one.txt", place / "packed")
    ...     unpack(place / "packed", place / "again.txt")
    ...     (place / "again.txt").read_bytes()
    b'kept'
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            members = packed.infolist()
            _check(members)
            if [one.filename for one in members] == [_ALONE]:
                _copy(packed, members[0], target)
                return
            target.mkdir()
            for one in members:
                path = target.joinpath(*one.filename.split("/"))
                path.parent.mkdir(parents=True, exist_ok=True)
                _copy(packed, one, path)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError) as error:
        raise _refused("it is damaged") from error


def _copy(packed: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    with packed.open(member) as source, open(path, "xb") as target:
        shutil.copyfileobj(source, target, _CHUNK)


def _check(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > _MOST_FILES:
        raise _refused(f"it holds {len(members):,} files")
    if len({one.filename for one in members}) < len(members):
        raise _refused("it holds a name twice")
    for one in members:
        parts = one.filename.split("/")
        plain = all(part not in ("", ".", "..") and not set(part) & set("\\\0") for part in parts)
        if not plain or one.filename != one.orig_filename:
            raise _refused("it holds a file that would lie outside of it")
        if stat.S_IFMT(one.external_attr >> 16) not in (0, stat.S_IFREG):
            raise _refused("it holds something that is no file")
        if one.compress_type != zipfile.ZIP_STORED or one.file_size != one.compress_size:
            raise _refused("it is compressed")


def _refused(why: str) -> SharedHomeError:
    return SharedHomeError(
        f"A file in the shared home is refused ({why}): EMNIST Lab didn't write it, so remove it "
        "there."
    )
