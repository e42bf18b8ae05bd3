"""What visitors of a server may do: three modes, and single rights that are set alone."""

import dataclasses
import enum
import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import AccessError, LabError

MODE = "EMNIST_LAB_MODE"
_YES, _NO = ("1", "yes", "true", "on"), ("0", "no", "false", "off")


class Mode(enum.Enum):
    """For whom a server is."""

    OWN = "own"  # one person, on their own machine
    CLASS = "class"  # many: each has what is their own beside what is the operator's
    SHOW = "show"  # anyone: nothing is kept


def _right(variable: str, about: str, own, course, show):
    # A limit of the mode "show" counts once the right that it limits is set alone.
    values = {Mode.OWN: own, Mode.CLASS: course, Mode.SHOW: show}
    return dataclasses.field(
        default=own, metadata={"variable": variable, "about": about, "values": values}
    )


@dataclass(frozen=True)
class Rights:
    """What a visitor may do. Numbers are limits; None is no limit.

    Attributes
    ----------
    mode : Mode
    folders : bool
    downloads : bool
    uploads : bool
    upload_mb : int
    storage_mb : int or None
    kept_most : int or None
    training : bool
    training_images : int or None
    training_seconds : int or None
    queue : int or None
    deletes : bool
    drawings : bool
    drawings_most : int or None
    marks : bool

    Examples
    --------
    >>> from_environment({"EMNIST_LAB_MODE": "class", "EMNIST_LAB_QUEUE": "1"}).queue
    1
    >>> from_environment({"EMNIST_LAB_MODE": "show"}).training
    False
    """

    mode: Mode = Mode.OWN
    folders: bool = _right(
        "EMNIST_LAB_FOLDERS", "name folders of the server's machine", True, False, False
    )
    downloads: bool = _right(
        "EMNIST_LAB_DOWNLOADS", "have EMNIST downloaded from NIST", True, False, False
    )
    uploads: bool = _right(
        "EMNIST_LAB_UPLOADS", "upload datasets, runs, drawings or pictures", True, True, False
    )
    upload_mb: int = _right("EMNIST_LAB_UPLOAD_MB", "size of an upload, MB", 1024, 64, 64)
    storage_mb: int | None = _right(
        "EMNIST_LAB_STORAGE_MB", "disk space of a visitor's runs and datasets, MB", None, 500, 500
    )
    kept_most: int | None = _right(
        "EMNIST_LAB_KEPT_MOST",
        "runs, datasets, sweeps and learning curves of a visitor",
        None,
        100,
        100,
    )
    training: bool = _right(
        "EMNIST_LAB_TRAINING", "train, measure learning curves or keep new runs", True, True, False
    )
    training_images: int | None = _right(
        "EMNIST_LAB_TRAINING_IMAGES", "training images of a job", None, 20_000, 20_000
    )
    training_seconds: int | None = _right(
        "EMNIST_LAB_TRAINING_SECONDS", "seconds that a job may run", None, 600, 600
    )
    queue: int | None = _right("EMNIST_LAB_QUEUE", "jobs of a visitor that wait or run", None, 2, 2)
    deletes: bool = _right(
        "EMNIST_LAB_DELETES", "rename and delete what is one's own", True, True, False
    )
    drawings: bool = _right("EMNIST_LAB_DRAWINGS", "keep drawings", True, True, False)
    drawings_most: int | None = _right(
        "EMNIST_LAB_DRAWINGS_MOST", "drawings that a visitor may keep", None, 5_000, 5_000
    )
    marks: bool = _right("EMNIST_LAB_MARKS", "mark labels as wrong", True, True, False)

    def require(self, right: str) -> None:
        """Refuse what isn't allowed.

        Parameters
        ----------
        right : str
            Name of a yes-or-no right.

        Raises
        ------
        AccessError
            It isn't given here.
        """
        if not getattr(self, right):
            field = next(one for one in rights_fields() if one.name == right)
            raise AccessError(
                f"This server doesn't let visitors {field.metadata['about']}: ask its operator, "
                "or run EMNIST Lab on your own machine."
            )


def rights_fields() -> list[dataclasses.Field]:
    """Fields of `Rights` that can be set alone: their metadata names variable and defaults."""
    return [one for one in dataclasses.fields(Rights) if one.metadata]


def of_mode(mode: Mode) -> Rights:
    """Rights of visitors in a mode, with nothing set alone."""
    return Rights(mode, **{one.name: one.metadata["values"][mode] for one in rights_fields()})


def from_environment(environment: Mapping[str, str] | None = None) -> Rights:
    """Rights that the variables of a server give.

    Parameters
    ----------
    environment : mapping of str to str, optional
        The process's own by default.

    Returns
    -------
    Rights

    Raises
    ------
    LabError
        A variable holds something else than it can. A server must not start with more rights
        than were meant.
    """
    given = os.environ if environment is None else environment
    return _given(tuple((name, given.get(name, "")) for name in _variables()))


@functools.cache
def _variables() -> tuple[str, ...]:
    return (MODE, *(one.metadata["variable"] for one in rights_fields()))


@functools.lru_cache(maxsize=32)  # pages ask a dozen times at each click
def _given(variables: tuple[tuple[str, str], ...]) -> Rights:
    given = dict(variables)
    named = given.get(MODE, "").strip().lower() or Mode.OWN.value
    if named not in {one.value for one in Mode}:
        raise LabError(f"${MODE} is {named[:40]!r}: set it to own, class or show.")
    rights = of_mode(Mode(named))
    changed: dict = {}
    for one in rights_fields():
        variable = one.metadata["variable"]
        text = given.get(variable, "").strip().lower()
        if text:
            numeric = one.type is not bool
            changed[one.name] = _number(variable, text) if numeric else _flag(variable, text)
    if changed.get("upload_mb", 1) is None:
        raise LabError("$EMNIST_LAB_UPLOAD_MB is a number of MB: an upload needs a limit.")
    return dataclasses.replace(rights, **changed)


def _flag(variable: str, text: str) -> bool:
    if text not in _YES + _NO:
        raise LabError(f"${variable} is {text[:40]!r}: set it to 1 or 0.")
    return text in _YES


def _number(variable: str, text: str) -> int | None:
    if text == "none":
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        raise LabError(f"${variable} is {text[:40]!r}: set it to a whole number, or to none.")
    return int(text)


def table() -> str:
    """All single rights and what each mode gives, as a Markdown table, for the documentation.

    Returns
    -------
    str

    Examples
    --------
    >>> table().splitlines()[0]
    '| right | variable | own | class | show |'
    """
    lines = ["| right | variable | own | class | show |", "|---|---|---|---|---|"]
    for one in rights_fields():
        shown = (_shown(one.metadata["values"][mode]) for mode in Mode)
        about, variable = one.metadata["about"], one.metadata["variable"]
        lines.append(f"| {about} | `{variable}` | {' | '.join(shown)} |")
    return "\n".join(lines)


def _shown(value: bool | int | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "no limit" if value is None else f"{value:,}"
