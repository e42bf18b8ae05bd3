"""Learning curves that are kept: JSON files, checked before anything relies on them."""

import contextlib
import json
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import RunError, first_line
from ..files import (
    UNKNOWN_OWNER,
    home,
    is_owner,
    partial_path,
    place,
    publish,
    refresh,
    remove,
    write_json,
)
from .run_folders import check_name

FORMAT, VERSION = "emnist-lab-curve", 1
_LARGEST = 2**20  # bytes
_MOST_POINTS = 100
_LONGEST = 600  # characters of a text that is shown


@dataclass(frozen=True)
class Point:
    """One fit of a learning curve.

    Attributes
    ----------
    images : int
        Training images.
    train_accuracy : float
        Share read right of at most 2,000 of the training images.
    accuracy, roc_auc_ovo, log_loss : float
        On the whole test part; the AUC is NaN where it is undefined.
    fit_s : float
        Seconds that the fit took.
    """

    images: int
    train_accuracy: float
    accuracy: float
    roc_auc_ovo: float
    log_loss: float
    fit_s: float


@dataclass(frozen=True)
class Curve:
    """A recipe measured on more and more training images.

    Attributes
    ----------
    recipe, title, split : str
    train, test : str
        Honest names of the data.
    test_fingerprint : str
        Of the test part: curves on different ones can't be compared.
    generated : bool
        Whether the images are a model's.
    seed : int
        Of the samples and of the recipe.
    params : dict
        Parameters that differ from the recipe's, by scikit-learn's names.
    created : str
        ISO 8601, UTC.
    planned : tuple of int
        Sizes that it was to have; it was stopped where points are fewer.
    points : tuple of Point
        Fewest images first.
    skipped : dict of str to str
        Size -> why the recipe can't be fitted on so many images.
    name : str
        Of its file, once kept.
    owner : str or None
        Visitor of a server whom it belongs to.
    """

    recipe: str
    title: str
    split: str
    train: str
    test: str
    test_fingerprint: str
    generated: bool
    seed: int
    created: str
    planned: tuple[int, ...]
    points: tuple[Point, ...] = ()
    skipped: dict[str, str] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    owner: str | None = None

    @property
    def complete(self) -> bool:
        """Whether every planned size was tried."""
        return len(self.points) + len(self.skipped) >= len(self.planned)

    def table(self) -> pd.DataFrame:
        """A row a point: ``curve``, ``recipe`` and the fields of `Point`."""
        columns = [one.name for one in fields(Point)]
        frame = pd.DataFrame([asdict(point) for point in self.points], columns=columns)
        frame.insert(0, "curve", self.name or self.recipe)
        frame.insert(1, "recipe", self.recipe)
        return frame


def curves_home() -> Path:
    """Folder of this machine's learning curves; it may not exist yet."""
    return home() / "curves"


def save(curve: Curve, name: str | None = None) -> Curve:
    """Write a curve to disk, whole or not at all.

    Parameters
    ----------
    curve : Curve
        One that has a name replaces its own file.
    name : str, optional
        For one that has none yet; a number is added where it is taken.

    Returns
    -------
    Curve
        With its name.

    Raises
    ------
    RunError
        The name can't be a file's, or the disk is full or read-only.
    """
    folder = curves_home()
    try:
        if not curve.name:
            return _save_new(curve, check_name(name or f"{curve.recipe}-{curve.split}", "curve"))
        path = folder / f"{curve.name}.json"
        write_json(path, _content(curve))
        publish(path)
    except OSError as error:
        raise RunError(
            f"The curve can't be kept in {folder} ({error.strerror or error}): free some space, or "
            "name a writable folder in $EMNIST_LAB_HOME."
        ) from error
    return curve


def _save_new(curve: Curve, wanted: str) -> Curve:
    """Under a name that no curve has: a number is added where it is taken."""
    folder, number, free = curves_home(), 1, wanted
    while True:
        named, path = replace(curve, name=free), folder / f"{free}.json"
        if not path.exists():
            made = partial_path(folder)
            write_json(made, _content(named))
            try:
                place(made, path)
                return named
            except FileExistsError:  # another replica took the name meanwhile
                made.unlink()
        number += 1
        free = f"{wanted[: 79 - len(str(number))]}-{number}"


def _content(curve: Curve) -> dict[str, Any]:
    return {"format": FORMAT, "version": VERSION, **_plain(asdict(curve))}


def keep(measured: Iterable[Curve], name: str | None = None, owner: str | None = None) -> Curve:
    """Save a curve after every point, so that whatever ends the work ends only that.

    Parameters
    ----------
    measured : iterable of Curve
        What `fit_learning_curve` yields; at least one.
    name : str, optional
        See `save`.
    owner : str, optional
        Visitor of a server whom it belongs to.

    Returns
    -------
    Curve
        The last one, with its name.

    Raises
    ------
    RunError
        See `save`.
    """
    kept = ""
    for curve in measured:
        last = save(replace(curve, name=kept, owner=owner), name)
        kept = last.name
    return last


def _plain(value):
    """`value` as JSON has it: NaN is null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def open_curve(name: str) -> Curve:
    """Open a kept curve by name.

    Parameters
    ----------
    name : str

    Returns
    -------
    Curve

    Raises
    ------
    RunError
        There is none, or its file is damaged or of a newer version.
    """
    path = curves_home() / f"{check_name(name, 'curve')}.json"
    try:
        if path.stat().st_size > _LARGEST:
            raise _damaged(name, "it is larger than 1 MiB")
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RunError(f"There is no learning curve {name!r}: measure it again.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(name, first_line(error)) from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise _damaged(name, "it isn't a learning curve")
    if found.get("version") != VERSION:
        raise RunError(
            f"The learning curve {name} is of format {str(found.get('version'))[:20]}, this "
            f"program reads {VERSION}: update EMNIST Lab."
        )
    for key, fits in _FIELDS.items():
        if not fits(found.get(key)):
            raise _damaged(name, f"{key!r} is missing or of another kind")
    known = {key: found[key] for key in _FIELDS}
    known["planned"] = tuple(known["planned"])
    known["points"] = tuple(
        Point(**{one.name: _or_nan(point[one.name]) for one in fields(Point)})
        for point in known["points"]
    )
    owner = found.get("owner")
    owner = owner if owner is None or is_owner(owner) else UNKNOWN_OWNER
    return Curve(**known, name=name, owner=owner)


def _damaged(name: str, why: str) -> RunError:
    return RunError(
        f"The learning curve {name} can't be used: {curves_home() / name}.json is damaged ({why}). "
        "Delete that file and measure the curve again."
    )


def _or_nan(value):
    return math.nan if value is None else value


def _text(value) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and value.isprintable()


def _count(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e9


def _point(value) -> bool:
    return (
        isinstance(value, dict)
        and _count(value.get("images"))
        and value["images"] > 0
        and all(_number(value.get(key)) for key in ("log_loss", "fit_s"))
        and all(
            _number(value.get(key)) and value[key] <= 1 for key in ("accuracy", "train_accuracy")
        )
        and (value.get("roc_auc_ovo", 0) is None or _number(value.get("roc_auc_ovo")))
    )


def _some(value, fits: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and len(value) <= _MOST_POINTS and all(map(fits, value))


def _texts(value) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= _MOST_POINTS
        and all(key.isdecimal() and _text(one) for key, one in value.items())
    )


_FIELDS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(
        ("recipe", "title", "split", "train", "test", "test_fingerprint", "created"), _text
    ),
    "generated": lambda value: isinstance(value, bool),
    "seed": _count,
    "planned": lambda value: _some(value, _count),
    "points": lambda value: _some(value, _point) and bool(value),
    "skipped": _texts,
    "params": lambda value: isinstance(value, dict) and len(value) <= _MOST_POINTS,
}


def list_curves() -> tuple[list[Curve], list[str]]:
    """All kept curves, newest first.

    Returns
    -------
    curves : list of Curve
    problems : list of str
        A sentence for each file that can't be used.
    """
    found, problems = [], []
    refresh("curves")
    try:
        paths = sorted(curves_home().glob("[!.]*.json"))
    except OSError as error:
        return [], [f"The curves in {curves_home()} can't be read ({error.strerror})."]
    for path in paths:
        try:
            found.append(open_curve(path.stem))
        except RunError as error:
            problems.append(str(error))
    found.sort(key=lambda curve: curve.created, reverse=True)
    return found, problems


def delete(name: str) -> None:
    """Delete a kept curve; no effect where there is none.

    Parameters
    ----------
    name : str

    Raises
    ------
    RunError
        The name isn't a curve's, or the file can't be removed.
    """
    path = curves_home() / f"{check_name(name, 'curve')}.json"
    try:
        with contextlib.suppress(FileNotFoundError):
            remove(path)
    except OSError as error:
        raise RunError(
            f"{path} can't be deleted ({error.strerror or error}): make its folder writable."
        ) from error
