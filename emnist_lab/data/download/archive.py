"""NIST's archive, one zip with the files of all splits: its official members, each verified.

Where the server gives byte ranges, only the wanted members cross the network.
Member names are looked up, never used as paths, so a hostile one leads nowhere.
"""

import functools
import hashlib
import os
import struct
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import remotezip
import requests

from ...errors import DatasetError, first_line
from ..formats import official_files
from . import http_ranges as net
from .http_ranges import Remote, Unreachable, describe, host, with_deadline

_LOCAL = struct.Struct("<4s5H3I2H")  # a member's local header, in front of its bytes
_BLOCK = 2**20
_LARGEST = 2**30  # bytes of one member: byclass's training images are a third of it


def configured() -> tuple[list[str], str]:
    """Mirrors to ask, first choice first, and the MD5 of the archive.

    Returns
    -------
    urls : list of str
        ``$EMNIST_LAB_MIRRORS`` before those of ``mirrors.toml``.
    md5 : str
    """
    with open(Path(__file__).parent / "mirrors.toml", "rb") as file:
        known = tomllib.load(file)
    own = os.environ.get("EMNIST_LAB_MIRRORS", "").split()
    return [*own, *(url for url in known["mirrors"] if url not in own)], known["md5"]


def of_split(directory: dict[str, zipfile.ZipInfo], split: str, where: str) -> list:
    """Members of one split, checked for what this program can and will unpack.

    Parameters
    ----------
    directory : dict of str to zipfile.ZipInfo
        See `emnist_lab.data.formats.official_files.members`.
    split : str
    where : str
        The archive's name, for sentences.

    Returns
    -------
    list of (str, zipfile.ZipInfo)

    Raises
    ------
    DatasetError
        One is missing, encrypted, packed by an unusual method or far too large.
    """
    chosen = []
    for name in official_files.packed_names(split):
        info = directory.get(name)
        if info is None:
            if name.endswith(".txt"):
                continue  # NIST's mappings are known
            raise DatasetError(
                f"{where} holds no {name}: choose another split, or an archive that holds it."
            )
        odd = info.flag_bits & 1 or info.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        )
        if odd or max(info.file_size, info.compress_size) > _LARGEST:
            raise DatasetError(
                f"{name} in {where} is encrypted, packed in an unusual way or far too large: "
                "take NIST's own archive."
            )
        chosen.append((name, info))
    return chosen


def directory_of(remote: Remote) -> list[zipfile.ZipInfo]:
    """Directory of an archive on a server that gives ranges: its last kilobytes.

    Parameters
    ----------
    remote : Remote

    Returns
    -------
    list of zipfile.ZipInfo

    Raises
    ------
    Unreachable
        It can't be read, or is no zip's.
    """

    class Fetcher(remotezip.RemoteFetcher):
        def get_file_size(self) -> int:
            return remote.total  # known by now: some servers know no "last n bytes"

    def read() -> list[zipfile.ZipInfo]:
        with remotezip.RemoteZip(
            remote.url,
            session=remote.session,
            fetcher=Fetcher,
            support_suffix_range=remote.total is None,
            timeout=net.PATIENCE,
        ) as archive:
            return archive.infolist()

    try:
        return with_deadline(net.PATIENCE, read)
    except (remotezip.RemoteIOError, requests.RequestException, TimeoutError) as error:
        raise Unreachable(
            f"The archive's directory can't be read from {host(remote.url)} "
            f"({describe(error)}): try "
            "again, or another mirror."
        ) from error
    except (remotezip.RemoteZipError, zipfile.BadZipFile, ValueError, OSError) as error:
        raise Unreachable(
            f"What {host(remote.url)} sends isn't a whole zip archive ({first_line(error)[:80]}): "
            "try another mirror."
        ) from error


def begins(remote: Remote, info: zipfile.ZipInfo, scratch: Path) -> int:
    """Where a member's bytes begin in the file: its local header has its own length.

    Parameters
    ----------
    remote : Remote
    info : zipfile.ZipInfo
    scratch : pathlib.Path
        File that may be written and is removed.

    Returns
    -------
    int

    Raises
    ------
    Unreachable
        There is no member at that place.
    """
    scratch.unlink(missing_ok=True)
    try:
        remote.copy(scratch, info.header_offset, _LOCAL.size, lambda have: None)
        fields = _LOCAL.unpack(scratch.read_bytes())
    finally:
        scratch.unlink(missing_ok=True)
    if fields[0] != b"PK\x03\x04":
        raise Unreachable(
            f"The archive's directory at {host(remote.url)} doesn't fit its content: try another "
            "mirror."
        )
    return info.header_offset + _LOCAL.size + fields[-2] + fields[-1]


def _inflated(source: BinaryIO, inflate) -> Iterator[bytes]:
    """Content in blocks of bounded size: a few packed bytes may claim to be gigabytes."""
    while block := source.read(_BLOCK):
        if inflate is None:
            yield block
            continue
        while True:
            out = inflate.decompress(block, _BLOCK)
            yield out
            block = inflate.unconsumed_tail
            if len(out) < _BLOCK:
                break


def unpack(packed: Path, info: zipfile.ZipInfo, to: Path) -> bool:
    """Unpack a member's bytes; whether length and CRC-32 are what the directory says.

    Parameters
    ----------
    packed : pathlib.Path
        The bytes as they stand in the archive.
    info : zipfile.ZipInfo
    to : pathlib.Path
        Written anew; removed where the answer is False.

    Returns
    -------
    bool
    """
    inflate = zlib.decompressobj(-15) if info.compress_type == zipfile.ZIP_DEFLATED else None
    crc = size = 0
    try:
        with open(packed, "rb") as source, open(to, "wb") as target:
            for out in _inflated(source, inflate):
                crc, size = zlib.crc32(out, crc), size + len(out)
                if size > info.file_size:
                    break
                target.write(out)
        whole = inflate is None or inflate.eof
    except zlib.error:
        whole = False
    if whole and (crc, size) == (info.CRC, info.file_size):
        return True
    to.unlink(missing_ok=True)
    return False


def extract(path: Path, info: zipfile.ZipInfo, to: Path, progress: Callable[[int], None]) -> None:
    """Copy a member of a local archive, its CRC-32 checked.

    Parameters
    ----------
    path : pathlib.Path
        The archive.
    info : zipfile.ZipInfo
    to : pathlib.Path
    progress : callable
        Gets the bytes written so far.

    Raises
    ------
    DatasetError
        The archive is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(info) as source, open(to, "wb") as file:
            done = 0
            while block := source.read(_BLOCK):
                file.write(block)
                done += len(block)
                progress(done)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DatasetError(
            f"{path.name} is damaged ({first_line(error)[:80]}): download it again."
        ) from error


def check_members(path: Path, progress: Callable[[int], None]) -> None:
    """Read every official member of a local archive, its CRC-32 checked.

    Parameters
    ----------
    path : pathlib.Path
    progress : callable
        Gets the bytes of the archive that were gone through so far.

    Raises
    ------
    DatasetError
        It isn't a whole zip, or a member is damaged.
    """
    done = 0
    for info in official_files.members(official_files.directory_in(path)).values():
        extract(path, info, Path(os.devnull), lambda _: None)
        done += info.compress_size
        progress(done)


def md5(path: Path, progress: Callable[[int], None]) -> str:
    """MD5 of a file, which NIST publishes for the archive.

    Parameters
    ----------
    path : pathlib.Path
    progress : callable
        Gets the bytes read so far.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    digest, done = hashlib.md5(usedforsecurity=False), 0
    with open(path, "rb") as file:
        for block in iter(functools.partial(file.read, _BLOCK), b""):
            digest.update(block)
            done += len(block)
            progress(done)
    return digest.hexdigest()
