"""How pictures lie in folders: what names their class, their part, and who wrote them.

By text alone, no picture is opened. A class is named by a folder at any depth (``A/x.png``,
``writer 7/A/x.png``, ``by_class/4a/hsf_0/x.png``), or, where no folder names one, by the same
part of every file's name (``A_012.png``).
"""

import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .. import splits
from . import class_names, label_mapping, picture_names

_FEW = 10  # pictures that may be passed over, or one in twenty
_HSF = re.compile("hsf_[0-9]")  # partitions of NIST's SD 19: hsf_4 is its test part
_COPIES = re.compile("train_[0-9a-f]{2}")  # which holds copies of those that aren't
_CASE = re.compile(
    "(?:(?P<upper>upper|caps?|capitals?|big)|lower|small)[-_ ]?(?:case)?[-_ ]?"
    "(?:letters?|alphabets?|s)?",
    re.IGNORECASE,
)
_NO_WRITERS = (_HSF, _COPIES, _CASE)
_VALID = "valid"  # a part while it isn't known whether there is a test part too


@dataclass
class Layout:
    """The pictures of one part.

    Attributes
    ----------
    place : pathlib.Path
        Folder that they all lie below.
    named : str or None
        The split, where a name tells it.
    part : str
        ``"train"``, ``"test"``, or empty where nothing tells parts apart.
    pictures : list of pathlib.Path
    classes : list of str
        Name of the class of each picture, as it stands in its folder's or file's name.
    meanings : dict of str to (str or None)
        Character of each such name.
    writers : list of str
        Of each picture; empty where nothing tells them.
    notes : list of str
    problem : str
        Why it can't be read, a sentence; empty where it can.
    outside : list of pathlib.Path
        Pictures below `place` that belong to no part.
    every : collections.Counter
        How often each class's name occurs, in all parts of the set.
    in_names : bool
        Whether names of files tell the classes.
    copies : bool
        Whether some may be copies of others, as in NIST's SD 19.
    """

    place: Path
    named: str | None
    part: str
    pictures: list[Path] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    meanings: dict[str, str | None] = field(default_factory=dict)
    writers: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    outside: list[Path] = field(default_factory=list)
    every: Counter = field(default_factory=Counter)
    in_names: bool = False
    copies: bool = False


@dataclass(frozen=True)
class _Folder:
    """A folder with pictures: the names above it, and which of them is the class."""

    names: tuple[str, ...]
    pictures: list[Path] = field(compare=False, hash=False)
    at: int = -1

    @property
    def label(self) -> str:
        """The class's name, with the case that a folder beside it tells."""
        name = self.names[self.at]
        case = next((match for match in map(_CASE.fullmatch, self.others) if match), None)
        if case is None or len(name) != 1 or not name.isalpha():
            return name
        return f"{name}_{'upper' if case['upper'] else 'lower'}"

    @property
    def others(self) -> tuple[str, ...]:
        """All names but the class's, nearest to the class first."""
        return (*self.names[: self.at][::-1], *self.names[self.at + 1 :])


def layouts(
    pictures: Iterable[Path],
    folder: Path,
    chosen: str | None = None,
    unread: Iterable[Path] = (),
) -> list[Layout]:
    """Parts that pictures make.

    Parameters
    ----------
    pictures : iterable of pathlib.Path
        All that lie below `folder`.
    folder : pathlib.Path
    chosen : str, optional
        The split or set that a person said it is.
    unread : iterable of pathlib.Path
        Pictures of kinds that can't be read.

    Returns
    -------
    list of Layout
        Empty where no two classes are named.
    """
    start = len(str(folder / "x")) - 1
    by_folder: dict[str, list[Path]] = {}
    for path in pictures:
        inside = str(path)[start:]  # as text: there may be a million, and paths are slow
        by_folder.setdefault(inside.rpartition(os.sep)[0], []).append(path)
    folders = [_Folder(Path(name).parts, paths) for name, paths in sorted(by_folder.items())]
    placed, rest = _with_classes(folders, chosen)
    found = []
    for dataset in _datasets(placed, folder, chosen):
        found += _parts(dataset, folder, chosen)
    if not found:
        return _by_file_names(folders, folder, chosen)
    _tell_outside(found, [path for one in rest for path in one.pictures], folder)
    for one in found:
        _tell_unread(one, [path for path in unread if path.is_relative_to(one.place)], folder)
    return found


def _tell_unread(layout: Layout, unread: list[Path], root: Path) -> None:
    """Say how many pictures are of kinds that can't be read; refuse where they are many."""
    if not unread:
        return
    example = unread[0].relative_to(root)
    what = f"{_pictures(len(unread))} of kinds that aren't read (such as {example})"
    if len(unread) > max(_FEW, len(layout.pictures) // 20):
        layout.problem = f"It holds {what}: save all pictures as PNG."
    else:
        layout.notes.append(f"{what[:1].upper()}{what[1:]} were passed over.")


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count:,} pictures"


def _with_classes(
    folders: list[_Folder], chosen: str | None
) -> tuple[list[_Folder], list[_Folder]]:
    """Folders of which one name is a class, with its place; and all others."""
    by_depth: dict[int, list[_Folder]] = {}
    for one in folders:
        by_depth.setdefault(len(one.names), []).append(one)
    placed, rest, known = [], [], set()
    for depth, some in by_depth.items():
        at = _place_of_class([one.names for one in some], depth, chosen)
        if at is None:
            rest += some
            continue
        placed += [_Folder(one.names, one.pictures, at) for one in some]
        known |= {one.names[: at + 1] for one in some}
    for one in list(rest):  # a folder more, below or beside a class's
        at = next((at for at in range(len(one.names)) if one.names[: at + 1] in known), None)
        if at is not None:
            rest.remove(one)
            placed.append(_Folder(one.names, one.pictures, at))
    return placed, rest


def _place_of_class(names: list[tuple[str, ...]], depth: int, chosen: str | None) -> int | None:
    best, place = None, None
    for at in range(depth):
        here = {one[at] for one in names}
        known = {name: one for name, one in class_names.meanings(here, chosen).items() if one}
        if len(set(known.values())) < 2 and not (known and len(here) == 1 and chosen):
            continue
        whole, words = len(known) == len(here), sum(not name.isdigit() for name in known)
        complete = whole and (set("0123456789") <= known.keys() or words >= 20)
        # numbers may be writers'; else the nearest to the pictures is the class
        rank = (whole, complete, words > len(known) / 2, at)
        if best is None or rank > best:
            best, place = rank, at
    return place


def _datasets(
    folders: list[_Folder], root: Path, chosen: str | None
) -> list[tuple[str | None, list[_Folder]]]:
    """Folders that belong together: of one split by name, or with classes in common."""
    named: dict[str, list[_Folder]] = {}
    unnamed: dict[tuple[str, ...], list[_Folder]] = {}
    for one in folders:
        above = one.names[: one.at][::-1]
        split = chosen or label_mapping.named_split("", *above, root.name)
        if split:
            named.setdefault(split, []).append(one)
        else:
            above = tuple(name for name in one.names[: one.at] if not _CASE.fullmatch(name))
            unnamed.setdefault(above, []).append(one)
    return [*named.items(), *((None, some) for some in _overlapping(list(unnamed.values())))]


def _overlapping(places: list[list[_Folder]]) -> list[list[_Folder]]:
    """Places whose classes overlap, together; all of them where one has a single class."""
    if any(len({one.label for one in place}) < 2 for place in places):
        return [[one for place in places for one in place]]
    groups: list[tuple[set[str], list[_Folder]]] = []
    for place in places:
        labels, joined = {one.label for one in place}, list(place)
        apart = []
        for known, some in groups:
            if known & labels:
                labels, joined = labels | known, [*some, *joined]
            else:
                apart.append((known, some))
        groups = [*apart, (labels, joined)]
    return [some for _, some in groups]


def _parts(dataset: tuple[str | None, list[_Folder]], root: Path, chosen) -> list[Layout]:
    named, folders = dataset
    folders = sorted(folders, key=lambda one: (one.label, one.names))
    meaning = class_names.meanings(sorted({one.label for one in folders}), named)
    if len({one for one in meaning.values() if one}) < 2:
        return []
    parts, notes = _part_of_each(folders)
    writers = _writers(folders)
    found: dict[str, Layout] = {}
    for one, part, writer in zip(folders, parts, writers, strict=True):
        here = found.setdefault(part, Layout(root, named, part, notes=list(notes)))
        here.pictures += one.pictures
        here.classes += [one.label] * len(one.pictures)
        if writer:
            here.writers += [writer] * len(one.pictures)
    place = root.joinpath(*_common([one.names[: one.at] for one in folders]))
    every = Counter()
    for one in folders:
        every[one.label] += len(one.pictures)
    copies = any(_COPIES.fullmatch(name) for one in folders for name in one.others)
    for one in found.values():
        one.place, one.meanings, one.copies, one.every = place, meaning, copies, every
        if len(one.writers) < len(one.pictures):
            one.writers = []
    if found.keys() > {""}:
        beside, others = found.pop(""), found.values()
        for one in others:
            one.outside += beside.pictures
    return [found[part] for part in sorted(found)]


def _part_of_each(folders: list[_Folder]) -> tuple[list[str], list[str]]:
    """Part of each folder, and notes."""
    if any(map(_HSF.fullmatch, (name for one in folders for name in one.others))):
        return _parts_of_sd19(folders)
    parts = [next((part for part in map(_part_in, one.others) if part), "") for one in folders]
    have, notes = set(parts), []
    if _VALID in have:
        instead = "train" if "test" in have else "test"
        parts = [instead if part == _VALID else part for part in parts]
        notes = [
            "The validation pictures were taken as the test part."
            if instead == "test"
            else "The validation pictures were read as a share of the training part."
        ]
        have = set(parts)
    if have == {"", "test"}:
        parts = [part or "train" for part in parts]
    return parts, notes


def _parts_of_sd19(folders: list[_Folder]) -> tuple[list[str], list[str]]:
    hsf = {name for one in folders for name in one.others if _HSF.fullmatch(name)}
    notes = [f"Partitions of NIST's Special Database 19 were joined: {', '.join(sorted(hsf))}."]
    if "hsf_4" not in hsf:
        return [""] * len(folders), notes
    notes.append("hsf_4 is the test part, as NIST advises.")
    return ["test" if "hsf_4" in one.others else "train" for one in folders], notes


def _part_in(name: str) -> str | None:
    if _COPIES.fullmatch(name):
        return None
    return splits.part_in(name) or (_VALID if splits.is_validation(name) else None)


def _writers(folders: list[_Folder]) -> list[str]:
    """Who wrote each folder's pictures, by the folder that stands beside its class; else empty."""
    tags = [
        tuple(
            name
            for name in folder.others
            if not (_part_in(name) or any(one.fullmatch(name) for one in _NO_WRITERS))
        )
        for folder in folders
    ]
    shared = set.intersection(*map(set, tags)) if tags else set()
    plain = ["/".join(name for name in tag[::-1] if name not in shared) for tag in tags]
    return plain if len(set(plain)) > 1 and all(plain) else [""] * len(folders)


def _common(names: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Folders that all lie in."""
    first = min(names, default=())
    last = max(names, default=())
    length = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), None)
    return first[: min(len(first), len(last)) if length is None else length]


def _tell_outside(found: list[Layout], rest: list[Path], root: Path) -> None:
    """Say how many pictures belong to no class; refuse where they are more than a few."""
    for one in found:
        inside = [path for path in rest if path.is_relative_to(one.place)]
        one.outside += inside
        count, total = len(one.outside), sum(len(other.pictures) for other in found)
        elsewhere = len(rest) - len(inside)
        if count:
            shown = one.outside[0].relative_to(root)
            several = f"{_pictures(count)} lie{'s' * (count == 1)}"
            what = f"{several} in no class's folder of a part (such as {shown})"
            if count > max(_FEW, total // 20):
                one.problem = (
                    f"{what}, beside {total:,} that do: give each class a folder in each part, or "
                    "put what is no part of the dataset elsewhere."
                )
            else:
                one.notes.append(f"{what}; passed over.")
        if elsewhere:
            one.notes.append(f"{elsewhere:,} pictures of other folders were passed over.")


def _by_file_names(folders: list[_Folder], root: Path, chosen: str | None) -> list[Layout]:
    """Parts whose classes all files' names tell by one pattern."""
    groups: dict[tuple[str | None, str], list[Path]] = {}
    for one in folders:
        above = one.names[::-1]
        named = chosen or label_mapping.named_split("", *above, root.name)
        part = next((part for part in map(_part_in, above) if part), "")
        groups.setdefault((named, part), []).extend(one.pictures)
    if {part for _, part in groups} & {_VALID, "test"} == {_VALID}:
        groups = {
            (named, "test" if part == _VALID else part): some
            for (named, part), some in groups.items()
        }
    else:
        merged: dict[tuple[str | None, str], list[Path]] = {}
        for (named, part), some in groups.items():
            key = (named, "train" if part == _VALID else part)
            merged[key] = [*merged.get(key, []), *some]
        groups = merged
    found = []
    for (named, part), pictures in groups.items():
        found_pattern = picture_names.pattern([path.stem for path in pictures], named)
        if found_pattern is None:
            continue
        labels, how = found_pattern
        for each, some in _parts_in_names(pictures, labels, part):
            layout = Layout(root, named, each, [path for path, _ in some], [s for _, s in some])
            layout.meanings = class_names.meanings(sorted(set(labels)), named)
            layout.every, layout.in_names = Counter(labels), True
            layout.notes.append(how)
            found.append(layout)
    used = {path for one in found for path in one.pictures}
    rest = [path for one in folders for path in one.pictures if path not in used]
    if found and rest:
        _tell_outside(found, rest, root)
    return found


def _parts_in_names(pictures: list[Path], labels: list[str], part: str):
    """The part of each file, by its folder or else by its own name."""
    if part:
        return [(part, list(zip(pictures, labels, strict=True)))]
    found: dict[str, list] = {}
    for path, label in zip(pictures, labels, strict=True):
        found.setdefault(splits.part_in(path.stem) or "", []).append((path, label))
    if found.keys() == {"", "test"}:
        found["train"] = found.pop("")
    return found.items()
