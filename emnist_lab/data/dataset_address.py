"""The address of a dataset: which one is meant, and the folders or files that it stands for."""

import enum
import os
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import DatasetError, first_line
from ..files import SHIPPED, home, refresh
from .splits import KNOWN

DEMO, FETCHED = "demo", "fetched"
DEFAULT_NAME = "EMNIST"  # of the default dataset, in lists and links; no import may be called so
# What may stand behind a place and "#", separated by commas, where the place itself doesn't tell.
BY_WRITER, FROM_ZERO = "by-writer", "letters-from-0"
CHOICES = (*KNOWN, FROM_ZERO, BY_WRITER)


class AddressKind(enum.Enum):
    """What kind of place a `DatasetAddress` names."""

    DEFAULT = "default"  # $EMNIST_DIR, then what `fetch` brought
    DEMO = "demo"  # the generated set that comes with EMNIST Lab
    FETCHED = "fetched"  # what `fetch` brought
    IMPORTED = "imported"  # a dataset that was imported here, by its name
    PATH = "path"  # a folder or a file


@dataclass(frozen=True)
class DatasetAddress:
    """Which dataset is meant.

    Attributes
    ----------
    kind : AddressKind
    text : str
        Name of the import, or the path as it was given; empty for the other kinds.
    choices : tuple of str
        What a person said of it, of `CHOICES`: which set it is, that its letters are counted from
        0, that its test part is to have writers of its own.

    Examples
    --------
    >>> DatasetAddress.parse("demo").kind
    <AddressKind.DEMO: 'demo'>
    >>> DatasetAddress.parse("raw#fashion-mnist").choices
    ('fashion-mnist',)
    >>> DatasetAddress.parse(None) == DatasetAddress()
    True
    """

    kind: AddressKind = AddressKind.DEFAULT
    text: str = ""
    choices: tuple[str, ...] = ()

    @classmethod
    def parse(cls, root: "DatasetAddress | str | os.PathLike | None") -> "DatasetAddress":
        """Address that a caller, a command line or a job spec gives.

        Parameters
        ----------
        root : DatasetAddress, str, path-like or None
            ``"demo"``, ``"fetched"``, the name of an imported dataset, or a
            folder or file. A dataset's name counts before a folder's: that one
            is also ``./NAME``. None or an empty text is the default place. ``PLACE#CHOICE`` says
            what the place doesn't tell; see `choices`.

        Returns
        -------
        DatasetAddress
            Whether there is such a place is asked by `places`, not here.

        Examples
        --------
        >>> DatasetAddress.parse("/data/EMNIST/raw").kind
        <AddressKind.PATH: 'path'>
        """
        if isinstance(root, cls):
            return root
        text = str(root).strip() if root is not None else ""
        fixed = {"": AddressKind.DEFAULT, DEMO: AddressKind.DEMO, FETCHED: AddressKind.FETCHED}
        place, _, behind = text.rpartition("#")
        choices = tuple(behind.split(","))
        if "#" in text and set(choices) <= set(CHOICES) and not _exists(text):
            text = place
        else:
            choices = ()
        if text in fixed:
            return cls(fixed[text], choices=choices)
        kind = AddressKind.IMPORTED if _is_imported(text) else AddressKind.PATH
        return cls(kind, text, choices)

    @classmethod
    def from_name(cls, name: str) -> "DatasetAddress":
        """Address behind a name in a list or a link; see `name`.

        Parameters
        ----------
        name : str
            ``"EMNIST"`` is the default place, and not a folder of that name.

        Returns
        -------
        DatasetAddress

        Examples
        --------
        >>> DatasetAddress.from_name("EMNIST").kind
        <AddressKind.DEFAULT: 'default'>
        """
        return cls() if name == DEFAULT_NAME else cls.parse(name)

    @property
    def name(self) -> str:
        """Name in lists and links: ``"EMNIST"``, ``"demo"``, an import's name or a path."""
        return self.root or DEFAULT_NAME

    @property
    def root(self) -> str | None:
        """What `parse` makes this address of again; None for the default place."""
        fixed = self.kind in (AddressKind.DEMO, AddressKind.FETCHED)
        place = self.kind.value if fixed else self.text
        behind = f"#{','.join(self.choices)}" if self.choices else ""
        return f"{place}{behind}" or None

    @property
    def chosen(self) -> str | None:
        """The split or set that a person said it is; None where that is to be found."""
        if FROM_ZERO in self.choices:
            return "letters"
        return next((one for one in self.choices if one in KNOWN), None)

    def with_choice(self, choice: str) -> "DatasetAddress":
        """The same place with one more of `CHOICES` said of it."""
        return replace(self, choices=tuple(dict.fromkeys([*self.choices, choice])))

    def places(self) -> list[Path]:
        """Folders or files to look for the dataset in.

        Returns
        -------
        list of pathlib.Path
            One or two places that exist and can be read.

        Raises
        ------
        DatasetError
            Nothing is named and nothing was fetched, or the place can't be read.

        Examples
        --------
        >>> [place.name for place in DatasetAddress.parse("demo").places()]
        ['demo']
        """
        if self.kind is AddressKind.DEMO:
            return [SHIPPED / DEMO]
        if self.kind is AddressKind.FETCHED:
            return [_existing(str(fetched_folder()))]
        if self.kind is AddressKind.IMPORTED:
            return [_existing(self.text, imports_folder() / self.text)]
        if self.kind is AddressKind.PATH:
            return [_existing(self.text)]
        named = environment_folder()
        fetched = [fetched_folder()] if _holds_files(fetched_folder()) else []
        if named:
            own = imports_folder() / named if _is_imported(named) else None
            return [_existing(named, own), *fetched]
        if fetched:
            return fetched
        raise DatasetError(
            "No EMNIST dataset is at hand: bring it with 'python -m emnist_lab fetch balanced', or "
            "name a folder that holds it with --root or $EMNIST_DIR."
        )


def environment_folder() -> str:
    """The folder that ``$EMNIST_DIR`` names, as it stands there; empty where it names none."""
    return os.environ.get("EMNIST_DIR", "").strip()


def fetched_folder() -> Path:
    """Where `fetch` puts files; it may not exist yet."""
    return home() / "data"


def imports_folder() -> Path:
    """Where imported datasets lie, a folder each; it may not exist yet."""
    return home() / "imports"


def _is_imported(text: str) -> bool:
    if len(Path(text).parts) != 1 or text[0] in ".~" or Path(text).is_absolute():
        return False
    try:
        if (imports_folder() / text).is_dir():
            return True
        refresh("imports")  # another replica may have it since
        return (imports_folder() / text).is_dir()
    except PermissionError:
        return True  # `places` says what is wrong
    except (OSError, ValueError):
        return False


def _exists(text: str) -> bool:
    try:
        return Path(text).expanduser().exists()
    except (OSError, RuntimeError, ValueError):
        return False


def _holds_files(folder: Path) -> bool:
    """Whether the folder holds anything but the hidden files of a download."""
    try:
        return any(name[0] != "." for name in os.listdir(folder))
    except OSError:
        return False


def _existing(named: str, place: Path | None = None) -> Path:
    """The place, by default the path that `named` is, or one sentence why it can't be used."""
    try:
        place = place or Path(named).expanduser()
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
    before, _, behind = named.rpartition("#")
    if before and _exists(before):
        raise DatasetError(
            f"{behind[:40]!r} can't be said of {before}: choose {', '.join(CHOICES)}."
        )
    raise DatasetError(
        f"There is no folder {named}: check the spelling, or name the folder that holds the "
        "EMNIST files."
    )
