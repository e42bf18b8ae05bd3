"""Folders of pictures, one folder a class: ``train/A/x.png``, or ``A/x.png`` without parts.

Class folders are named by their character; as ``a`` and ``A`` are one folder
on many systems, ``a_lower`` and ``upper_A`` mean the same, and so do the
hexadecimal codes of NIST's Special Database 19 (``4a``).
"""

import functools
import io
import os
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from ...errors import DatasetError
from .. import splits
from . import bounded_process, label_mapping
from .base import CHUNK, SIDE, Allocate, RawPart, Source
from .validation import check_count, invert_if_dark_on_light, reading_errors

FORMAT = "folder of pictures"
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP")  # Pillow's others aren't needed: less to attack
_MEMORY = 768 * 2**20  # bytes of the process that decodes: the names of all files fit in
_LARGEST = 2**20  # bytes of one picture: a thumbnail and a colour profile fit in too
# Pillow's warnings of hostile pictures: what matters is refused, in our words.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", module=r"PIL\.TiffImagePlugin")
_LOWER = "lower|lowercase|low|small|lc"
_UPPER = "upper|uppercase|up|caps?|capital|capitals|big|uc"
_CASED = re.compile(
    rf"(?:([a-z])[ _.-]?(?:({_LOWER})|{_UPPER})|(?:({_LOWER})|{_UPPER})[ _.-]?([a-z]))",
    re.IGNORECASE,
)
_NAMES = "name each class's folder by one character, such as 7, A or a_lower"


def find(files: list[Path], folder: Path) -> list[Source]:
    """Pictures sorted into folders by class.

    Parameters
    ----------
    files : list of pathlib.Path
        All files below `folder`.
    folder : pathlib.Path

    Returns
    -------
    list of Source
        One for each folder that has two or more folders, named by
        characters, with pictures. The split is ``""`` where nothing tells
        it: reading says why.
    """
    start = len(str(folder / "x")) - 1
    places: dict[str, dict[str, list[Path]]] = {}
    for path in files:
        inside = str(path)[start:]  # as text: there may be a million, and paths are slow
        if not inside.lower().endswith(SUFFIXES) or f"{os.sep}." in os.sep + inside:
            continue
        place, _, name = inside.rpartition(os.sep)[0].rpartition(os.sep)
        if name and "__MACOSX" not in inside:
            places.setdefault(place, {}).setdefault(name, []).append(path)
    sources = []
    for place, classes in sorted(places.items()):
        meanings = _meanings(classes)
        if sum(meaning is not None for meaning in meanings.values()) > 1:
            sources.append(_source(folder / place, folder, classes, meanings))
    return sources


def _source(
    place: Path, folder: Path, classes: dict[str, list[Path]], meanings: dict[str, str | None]
) -> Source:
    inside = place.relative_to(folder).parts[::-1]  # nearest first
    named = label_mapping.named_split("", *inside, folder.name)
    part = next((part for part in map(splits.part_in, inside) if part), None) or ""
    try:
        split = named or label_mapping.split_of_names(_counts(classes, meanings))
    except DatasetError:
        split = ""  # reading says why
    return Source(
        split,
        part,
        FORMAT,
        tuple(path for name in sorted(classes) for path in classes[name]),
        functools.partial(read, place, classes, named),
        transposed=False,
    )


def read(
    place: Path, classes: dict[str, list[Path]], named: str | None, allocate: Allocate
) -> RawPart:
    """Read pictures, class by class in the order of the folders' names.

    Parameters
    ----------
    place : pathlib.Path
        The folder that holds the class folders.
    classes : dict of str to list of pathlib.Path
        Name of a class folder -> its pictures.
    named : str or None
        The split, where a name tells it.
    allocate : callable
        Gives the room for the images.

    Returns
    -------
    RawPart
        Labels as the split's own mapping numbers them.

    Raises
    ------
    DatasetError
        A folder's name is no class, or a picture is damaged or not 28×28.
    """
    meanings = _meanings(classes)
    # An import's folder has no name of its own yet.
    shown = "The dataset" if place.name.startswith(".") else place.name
    strange = next((name for name in sorted(classes) if meanings[name] is None), None)
    if strange is not None:
        raise DatasetError(
            f"{shown} has a folder of pictures {strange[:40]!r}, which is no class: {_NAMES}, "
            "and put others elsewhere."
        )
    counts = _counts(classes, meanings)
    split = named or label_mapping.split_of_names(counts)
    values = label_mapping.by_name(split, counts, shown)
    notes = () if named else (label_mapping.deduced(split),)
    order = sorted(classes)
    sizes = [len(classes[name]) for name in order]
    check_count(sum(sizes), shown)
    labels = np.repeat([values[meanings[name]] for name in order], sizes)
    files = [f"{name}/{path.name}" for name in order for path in classes[name]]
    with bounded_process.items(decode_files, place, files, name=shown, memory=_MEMORY) as found:
        images = allocate(len(files))
        for start, block in zip(range(0, len(files), CHUNK), found, strict=True):
            images[start : start + CHUNK] = block
    return RawPart(
        images,
        labels,
        splits.mapping(split),
        (*notes, *_naming(classes, meanings), *invert_if_dark_on_light(images)),
    )


def decode_files(place: str, files: list[str]) -> Iterator[np.ndarray]:
    """Pictures, for a process of its own: decoders crash, and unpack more than they show.

    Parameters
    ----------
    place : str
        Folder.
    files : list of str
        Names in it, of pictures in folders.

    Yields
    ------
    ndarray of shape (at most `CHUNK`, 28, 28), dtype uint8

    Raises
    ------
    DatasetError
        A picture is damaged or not 28×28.
    """
    for start in range(0, len(files), CHUNK):
        some = files[start : start + CHUNK]
        block = np.empty((len(some), SIDE, SIDE), np.uint8)
        for position, name in enumerate(some):
            path = Path(place, name)
            with reading_errors(path, "picture"), open(path, "rb") as file:
                block[position] = grey(file.read(_LARGEST + 1), name)
        yield block


def grey(content: bytes, name: str) -> np.ndarray:
    """Decode one picture of 28×28 pixels.

    Parameters
    ----------
    content : bytes
        A PNG, JPEG, BMP, TIFF or WebP file.
    name : str
        Of the picture, for messages.

    Returns
    -------
    ndarray of shape (28, 28), dtype uint8
        Colour is turned to grey, and what is transparent to white.

    Raises
    ------
    DatasetError
        It is damaged, of another format, size, or depth, or larger than 1 MB.
    """
    if len(content) > _LARGEST:
        raise DatasetError(
            f"{name} has more than {_LARGEST >> 20} MB, which {SIDE}×{SIDE} pixels never need: "
            "save all pictures anew, as PNG."
        )
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if picture.size != (SIDE, SIDE):  # before a pixel is unpacked: no bomb goes off
                raise DatasetError(
                    f"{name} has {picture.width}×{picture.height} pixels, expected "
                    f"{SIDE}×{SIDE}: scale all pictures down to EMNIST's size."
                )
            if picture.mode[0] in "IF":
                raise DatasetError(
                    f"{name} has more than 8 bits a pixel: save all pictures with 8 bits."
                )
            if picture.has_transparency_data:
                paper = Image.new("RGBA", picture.size, "white")
                picture = Image.alpha_composite(paper, picture.convert("RGBA"))
            return np.asarray(picture.convert("L"))
    except DatasetError:
        raise
    except Image.DecompressionBombError as error:
        raise DatasetError(
            f"{name} has millions of pixels, expected {SIDE}×{SIDE}: scale all pictures down to "
            "EMNIST's size."
        ) from error
    except Exception as error:  # a damaged picture can make its decoder fail in any way
        raise DatasetError(
            f"{name} can't be read as a picture: copy it again, or save it as PNG."
        ) from error


def _meanings(names: Iterable[str]) -> dict[str, str | None]:
    """Character of each class folder; None for a name that says none."""
    names = list(names)
    codes = [_code(name) for name in names]
    if all(codes):
        return dict(zip(names, codes, strict=True))
    if _are_labels(names):
        values = {name: int(name) for name in names}
        counts = dict.fromkeys(values.values(), 1)
        try:
            split = label_mapping.split_of_values(counts)
            classes, _ = label_mapping.by_value(split, counts, "")
        except DatasetError:
            return dict.fromkeys(names)
        return {name: classes[value] for name, value in values.items()}
    return {name: _character(name) for name in names}


def _are_labels(names: Iterable[str]) -> bool:
    """Whether folders are named by label values, such as 0 to 46."""
    return all(re.fullmatch("[0-9]{1,2}", name) for name in names) and max(map(len, names)) == 2


def _character(name: str) -> str | None:
    if len(name) == 1:
        return name if name.isascii() and name.isalnum() else None
    cased = _CASED.fullmatch(name)
    if not cased:
        return None
    before, small_before, small_after, after = cased.groups()
    letter = before or after
    return letter.lower() if small_before or small_after else letter.upper()


def _code(name: str) -> str | None:
    """Character of a hexadecimal code such as ``4a``."""
    if not re.fullmatch("[0-9a-fA-F]{2}", name):
        return None
    character = chr(int(name, 16))
    return character if character.isascii() and character.isalnum() else None


def _naming(classes: Iterable[str], meanings: dict[str, str | None]) -> tuple[str, ...]:
    """A note on names that aren't plain characters."""
    example = next((name for name in sorted(classes) if len(name) > 1), None)
    if example is None:
        return ()
    kind = "letters with their case"
    if all(map(_code, classes)):
        kind = "hexadecimal codes"
    elif _are_labels(classes):
        kind = "label values"
    return (f"Folder names were read as {kind}: {example} is {meanings[example]}.",)


def _counts(classes: dict[str, list[Path]], meanings: dict[str, str | None]) -> Counter:
    counts: Counter = Counter()
    for name, paths in classes.items():
        if meanings[name] is not None:
            counts[meanings[name]] += len(paths)
    return counts
