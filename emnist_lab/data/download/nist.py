"""Brings official files into this machine's own data folder: from the network, a zip, a folder.

What is being brought lies in ``.partial``; a file takes its final name when it
was read whole and found right, so nothing unverified is ever found. What came
of an interrupted download stays there, and the next attempt goes on with it.
"""

import contextlib
import hashlib
import os
import re
import shutil
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import filelock

from ...errors import DatasetError
from ...files import home
from .. import discovery
from ..formats import official_files
from ..splits import PARTS, SPLITS, check
from . import archive, http_ranges
from .transfer import TransferCallback, TransferMeter

_FORGOTTEN = 7 * 86_400  # seconds after which the rest of an interrupted download is removed


def fetch(
    wanted: list[str] | None = None,
    origin: str | os.PathLike | None = None,
    tell: TransferCallback | None = None,
) -> list[Path]:
    """Bring official files into this machine's own data folder, verified.

    Parameters
    ----------
    wanted : list of str, optional
        Splits; every complete one of a folder or zip when not given. The
        network brings one at least.
    origin : path-like, optional
        A folder or zip that holds official files, or the address of a zip;
        the configured mirrors when not given.
    tell : callable, optional
        Gets a `Transfer` a few times a second; what it raises stops the work.

    Returns
    -------
    list of pathlib.Path
        The files that are now in place.

    Raises
    ------
    DatasetError
        The network or the origin doesn't give them, or they can't be kept; one sentence.
    """
    for split in wanted or []:
        check(split, "train")
    target, meter = home() / "data", TransferMeter(tell or (lambda transfer: None))
    address = str(origin) if origin is not None else ""
    try:
        (target / ".partial").mkdir(parents=True, exist_ok=True)
        with _alone(target, meter):
            _sweep(target / ".partial")
            if origin is None or re.match(r"[A-Za-z]+://", address):
                if not wanted:
                    raise DatasetError(
                        f"No split is named: choose one or more of {', '.join(SPLITS)}."
                    )
                urls, md5 = archive.configured() if origin is None else ([address], "")
                return _from_network(target, wanted, urls, md5, meter)
            place = Path(address).expanduser()
            if place.is_file() and place.suffix.lower() == ".zip":
                return _from_zip(target, place, wanted, meter)
            return _from_folder(target, place, wanted, meter)
    except OSError as error:
        raise kept_nowhere(target, error) from error


def kept_nowhere(target: Path, error: OSError) -> DatasetError:
    """The error for a folder that can't be written."""
    return DatasetError(
        f"The files can't be kept in {target} ({error.strerror or error}): free some space, "
        "or name a writable folder in $EMNIST_LAB_HOME."
    )


@contextlib.contextmanager
def _alone(target: Path, meter: TransferMeter) -> Iterator[None]:
    """Hold the folder; another process that fetches is waited for."""
    lock = filelock.FileLock(target / ".fetch.lock")
    patience = 0.0
    while not lock.is_locked:
        try:
            lock.acquire(timeout=patience)
        except filelock.Timeout:
            meter.begin("Waiting for another download to end")
            patience = 0.3
    try:
        yield
    finally:
        lock.release()


def _sweep(partial: Path) -> None:
    for left in partial.iterdir():
        if time.time() - left.stat().st_mtime > _FORGOTTEN:
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def _room(target: Path, needed: int) -> None:
    free = shutil.disk_usage(target).free
    if needed > free:
        raise DatasetError(
            f"{needed / 1e6:,.0f} MB are needed in {target}, {free / 1e6:,.0f} MB are free: free "
            "some space, or name another folder in $EMNIST_LAB_HOME."
        )


def _from_network(target: Path, wanted: list[str], urls: list[str], md5: str, meter) -> list[Path]:
    """From the first mirror that gives it all; what one fails to give, the next is asked for."""
    while True:
        meter.begin(f"Asking {http_ranges.host(urls[0])}")
        with contextlib.closing(http_ranges.ask(urls)) as server:
            try:
                if server.ranges:
                    return _parts(target, wanted, server, meter)
                whole = _whole(target, server, md5, meter)
                break
            except http_ranges.Unreachable:
                urls = [url for url in urls if url != server.url]
                if not urls:
                    raise
    return [whole, *_from_zip(target, whole, wanted, meter)]


def _parts(
    target: Path, wanted: list[str], server: http_ranges.Remote, meter: TransferMeter
) -> list[Path]:
    """Only the members of the wanted splits, from a server that gives ranges."""
    directory = official_files.members(archive.directory_of(server))
    chosen = {
        split: archive.of_split(directory, split, f"The archive at {http_ranges.host(server.url)}")
        for split in dict.fromkeys(wanted)
    }
    missing = {
        split: [(name, info) for name, info in files if not _is_there(target / name, info)]
        for split, files in chosen.items()
    }
    every = [info for files in missing.values() for _, info in files]
    total = sum(info.compress_size for info in every)
    _room(target, total + sum(info.file_size for info in every))
    base, placed = 0, []
    for split, files in missing.items():
        fresh = []
        for name, info in files:
            meter.begin(f"Downloading {split} from {http_ranges.host(server.url)}")
            meter.base, meter.total = base, total
            fresh.append(_member(target / ".partial", server, name, info, meter))
            base += info.compress_size
        meter.begin(f"Checking {split}")
        placed += _place(target, fresh, split)
        placed += [target / name for name, _ in chosen[split] if target / name not in placed]
    return placed


def _is_there(path: Path, info) -> bool:
    """Whether this very file is in place already, and not one from elsewhere."""
    if not path.is_file() or path.stat().st_size != info.file_size:
        return False
    return zlib.crc32(path.read_bytes()) == info.CRC


def _member(
    partial: Path, server: http_ranges.Remote, name: str, info, meter: TransferMeter
) -> Path:
    """Download one member into `partial` and verify it; twice, when it arrives damaged."""
    # Length and checksum in the name: what is left of another archive's file is never gone on with.
    packed = partial / f"{name}.{info.CRC:08x}-{info.compress_size}.part"
    start = archive.begins(server, info, partial / f"{name}.header")
    for _ in range(2):
        server.copy(packed, start, info.compress_size, meter, meter.retrying)
        right = archive.unpack(packed, info, partial / name)
        packed.unlink()
        if right:
            return partial / name
    raise http_ranges.Unreachable(
        f"{name} arrived damaged twice from {http_ranges.host(server.url)} "
        "(its CRC-32 is wrong): try "
        "again later, or another mirror."
    )


def _whole(target: Path, server: http_ranges.Remote, md5: str, meter: TransferMeter) -> Path:
    """The whole archive, from a server that gives no ranges; kept, for the other splits too."""
    final, where = target / "gzip.zip", http_ranges.host(server.url)
    if server.total is None:
        raise http_ranges.Unreachable(
            f"{where} doesn't say how long the archive is: try another mirror, or download it "
            "with a browser."
        )
    # What is here already is the same if address, length and the server's mark of the version
    # are: without such a mark nothing is gone on with, unless an MD5 tells in the end.
    key = hashlib.sha256(f"{server.url} {server.total} {server.stamp}".encode()).hexdigest()
    known = target / ".gzip.zip.from"
    same = known.is_file() and known.read_text(encoding="ascii") == key
    if final.is_file() and final.stat().st_size == server.total and (md5 or same):
        meter.begin("Checking the archive that is here already")
        meter.total = server.total
        if _is_right(final, md5, meter):
            return final
    _room(target, server.total)
    part = target / ".partial" / f"gzip.zip.{key[:8]}.part"
    if not server.stamp and not md5:
        part.unlink(missing_ok=True)
    for _ in range(2):
        meter.begin(f"Downloading the whole archive: {where} gives no parts of it")
        meter.total = server.total
        server.copy(part, 0, server.total, meter, meter.retrying)
        meter.begin("Checking the archive")
        meter.total = server.total
        if _is_right(part, md5, meter):
            known.unlink(missing_ok=True)
            os.replace(part, final)
            if server.stamp:
                known.write_text(key, encoding="ascii")
            return final
        part.unlink()
    expected = f"its MD5 isn't {md5}" if md5 else "a file in it has another CRC-32 than it says"
    raise http_ranges.Unreachable(
        f"The archive arrived damaged twice from {where} ({expected}): try again later, or "
        "another mirror."
    )


def _is_right(path: Path, md5: str, meter: TransferMeter) -> bool:
    """Whether an archive is what was promised: by its MD5, else by every member's CRC-32."""
    if md5:
        return archive.md5(path, meter) == md5
    official_files.directory_in(path)  # a truncated archive is an error, not downloaded again
    try:
        archive.check_members(path, meter)
    except DatasetError:
        return False
    return True


def _from_zip(
    target: Path, path: Path, wanted: list[str] | None, meter: TransferMeter
) -> list[Path]:
    directory = official_files.members(official_files.directory_in(path))
    needed = {
        split: [name for name in official_files.packed_names(split) if name.endswith(".gz")]
        for split in SPLITS
    }
    holds = [split for split in SPLITS if all(name in directory for name in needed[split])]
    if not holds:
        raise DatasetError(
            f"{path.name} holds no official EMNIST files: take NIST's gzip.zip, or unpack it and "
            "name the folder."
        )
    placed: list[Path] = []
    for split in dict.fromkeys(wanted or holds):
        files = archive.of_split(directory, split, path.name)
        _room(target, sum(info.file_size for _, info in files))
        fresh = []
        for name, info in files:
            meter.begin(f"Unpacking {split}")
            meter.total = info.file_size
            archive.extract(path, info, target / ".partial" / name, meter)
            fresh.append(target / ".partial" / name)
        meter.begin(f"Checking {split}")
        placed += _place(target, fresh, split)
    return placed


def _from_folder(target: Path, place: Path, wanted: list[str] | None, meter) -> list[Path]:
    found = discovery.files_of_nist(place)
    complete = [
        split
        for split in SPLITS
        if any({"images", "labels"} <= _kinds(found, split, part) for part in PARTS)
    ]
    for split in wanted or []:
        if split not in complete:
            discovery.locate(split, "test", place)
            discovery.locate(split, "train", place)  # one of them says what is missing
    if not complete:
        raise DatasetError(f"{place} holds no complete EMNIST part: name another folder.")
    placed: list[Path] = []
    for split in dict.fromkeys(wanted or complete):
        meter.begin(f"Copying {split}")
        fresh = []
        parts = [part for part in PARTS if {"images", "labels"} <= _kinds(found, split, part)]
        names = {name for part in parts for name in official_files.names(split, part).values()}
        files = [found[name].path for name in sorted(names) if name in found]
        _room(target, sum(path.stat().st_size for path in files))
        for path in files:
            fresh.append(_copied(path, target / ".partial" / path.name))
        meter.begin(f"Checking {split}")
        placed += _place(target, fresh, split)
    return placed


def _copied(path: Path, to: Path) -> Path:
    try:
        source = open(path, "rb")  # noqa: SIM115  its failure isn't that of the target
    except OSError as error:
        raise DatasetError(
            f"{path} can't be read ({error.strerror or error}): give this user permission to read "
            "it, or check the disk."
        ) from error
    with source, open(to, "wb") as target:
        shutil.copyfileobj(source, target, 2**20)
    return to


def _kinds(found: dict, split: str, part: str) -> set[str]:
    return {kind for kind, name in official_files.names(split, part).items() if name in found}


def _place(target: Path, fresh: list[Path], split: str) -> list[Path]:
    """Read the parts that fresh files make, then give them their final names."""
    try:
        for source in official_files.find(fresh):
            official_files.verify(source)
    except DatasetError:
        for path in fresh:
            path.unlink(missing_ok=True)
        raise
    # Labels go first and come last: whoever is stopped in between leaves a part without labels,
    # which is no part, and never old labels beside new images.
    fresh = sorted(fresh, key=lambda path: "-labels-" in path.name)
    for path in fresh:
        if "-labels-" in path.name:
            _drop(target, path.name)
    for path in fresh:
        os.replace(path, target / path.name)
        _drop(target, path.name, but=path.name)
    return [target / path.name for path in fresh]


def _drop(target: Path, name: str, but: str = "") -> None:
    """Remove a file from before, gzipped or not."""
    plain = name.removesuffix(".gz")
    for other in (plain, f"{plain}.gz"):
        if other != but:
            (target / other).unlink(missing_ok=True)
