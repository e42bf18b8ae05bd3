"""Runs and learning curves as a visitor sees them, and what they may do to them."""

from pathlib import Path
from typing import BinaryIO

from ..errors import AccessError, RunError
from ..files import owner_of
from ..runs import curve_store, import_export, registry, run_folders
from ..runs.curve_store import Curve
from ..runs.run import Run
from . import storage
from .visitor import Visitor

EXPORT_ENDING = import_export.ENDING
export_run = import_export.export_run  # who sees a run may take it along
export_name = import_export.file_name
check_export = import_export.check_export


def list_runs(visitor: Visitor) -> tuple[list[Run], list[str]]:
    """Runs that a visitor sees: their own and the operator's, newest first, then shipped ones.

    Parameters
    ----------
    visitor : Visitor

    Returns
    -------
    runs : list of Run
    problems : list of str
        A sentence for each folder that can't be used; for operators only.
    """
    runs, problems = registry.list_runs()
    if visitor.operator:
        return runs, problems
    return [run for run in runs if run.shipped or visitor.sees_folder(run.folder)], []


def open_run(visitor: Visitor, name: str) -> Run:
    """Open a run by its name; a folder is no name.

    Parameters
    ----------
    visitor : Visitor
    name : str

    Returns
    -------
    Run

    Raises
    ------
    RunError
        They see none of that name, or its manifest is damaged.
    """
    if run_folders.is_name(name):
        try:
            run = registry.open_run(name)
        except RunError:
            if visitor.operator:
                raise
        else:
            kept = run.folder.parent == run_folders.runs_home()  # not in a folder of the server's
            if run.shipped or (kept and visitor.sees_folder(run.folder)):
                return run
    have = ", ".join(run.name for run in list_runs(visitor)[0]) or "none yet"
    raise RunError(f"There is no run {name[:80]!r}: choose one of these: {have}.")


def twin(visitor: Visitor, run: Run) -> Run | None:
    """Another run that was made of the same, so that it answers the same.

    Parameters
    ----------
    visitor : Visitor
    run : Run

    Returns
    -------
    Run or None
        The oldest that the visitor sees with the same recipe, settings, seed and images.
    """
    own = _made_of(run)
    others = [one for one in list_runs(visitor)[0] if one.name != run.name]
    same = [one for one in others if _made_of(one) == own]
    return min(same, key=lambda one: one.manifest["created"], default=None)


def _made_of(run: Run) -> tuple:
    made = run.manifest
    train, test = made["data"]["train"], made["data"].get("test") or {}
    keys = ("recipe", "seed", "settings", "prior", "classes")
    prints = (train.get("fingerprint"), test.get("fingerprint"))
    return (*(made.get(key) for key in keys), *prints)


def is_own(visitor: Visitor, run: Run) -> bool:
    """Whether a visitor may change a run."""
    return not run.shipped and run.folder is not None and visitor.owns(owner_of(run.folder))


def _require_own(visitor: Visitor, run: Run) -> None:
    visitor.require("deletes")
    if run.folder is not None and not run.shipped:
        visitor.require_own(owner_of(run.folder), f"The run {run.name}")


def rename(visitor: Visitor, run: Run, name: str) -> Run:
    """Give a visitor's run another name; see `registry.rename`.

    Parameters
    ----------
    visitor : Visitor
    run : Run
    name : str

    Returns
    -------
    Run
        The run under its new name.

    Raises
    ------
    AccessError
        They may not, or it isn't theirs.
    RunError
        It can't be renamed.
    """
    _require_own(visitor, run)
    return registry.rename(run, name)


def delete(visitor: Visitor, run: Run) -> None:
    """Delete a visitor's run; raises `AccessError` and what `registry.delete` raises."""
    _require_own(visitor, run)
    registry.delete(run)


def unusable(visitor: Visitor) -> list[str]:
    """Names of runs that can't be opened, and that a visitor may delete with `discard`."""
    if not visitor.rights.deletes:
        return []
    place = run_folders.runs_home()
    return [one for one in registry.unusable() if visitor.owns(owner_of(place / one))]


def discard(visitor: Visitor, name: str) -> None:
    """Delete a visitor's run that can't be opened; raises `AccessError` and `RunError`."""
    visitor.require("deletes")
    if name not in unusable(visitor):
        raise RunError(f"There is no unusable run {name[:80]!r} among your own: look at the list.")
    registry.discard(name)


def save(visitor: Visitor, run: Run, name: str | None = None) -> Run:
    """Keep a run that was made from another: adapted, scaled, for other class frequencies.

    Parameters
    ----------
    visitor : Visitor
    run : Run
    name : str, optional
        See `Run.save`.

    Returns
    -------
    Run
        As it lies on disk; it belongs to the visitor.

    Raises
    ------
    AccessError
        They may not, or have no room left.
    RunError
        It can't be saved.
    """
    visitor.require("training")
    storage.require_room(visitor)
    return _within_share(visitor, run.save(name, owner=visitor.new_owner()))


def import_run(visitor: Visitor, file: BinaryIO | Path, name: str | None = None) -> Run:
    """Keep a run that a visitor uploads; see `import_export.import_run`.

    Parameters
    ----------
    visitor : Visitor
    file : binary file or path-like
    name : str, optional

    Returns
    -------
    Run

    Raises
    ------
    AccessError
        They may not, it is too large, or they have no room left.
    RunError
        It is refused.
    """
    visitor.require("uploads")
    storage.require_size(visitor, file)
    storage.require_room(visitor, storage.size(file))
    owner = visitor.new_owner()
    return _within_share(visitor, import_export.import_run(file, name, owner=owner))


def _within_share(visitor: Visitor, made: Run) -> Run:
    """A run that was just kept; it is removed where it takes more than the visitor has."""
    try:
        storage.require_fits(visitor)
    except AccessError:
        registry.delete(made)
        raise
    return made


def list_curves(visitor: Visitor) -> tuple[list[Curve], list[str]]:
    """Learning curves that a visitor sees, newest first, and problems for operators."""
    found, problems = curve_store.list_curves()
    if visitor.operator:
        return found, problems
    return [curve for curve in found if visitor.sees(curve.owner)], []


def owns_curve(visitor: Visitor, curve: Curve) -> bool:
    """Whether a visitor may delete a learning curve."""
    return visitor.rights.deletes and visitor.owns(curve.owner)


def delete_curve(visitor: Visitor, name: str) -> None:
    """Delete a visitor's learning curve.

    Parameters
    ----------
    visitor : Visitor
    name : str

    Raises
    ------
    AccessError
        They may not, or it isn't theirs.
    RunError
        It can't be deleted.
    """
    visitor.require("deletes")
    if not visitor.operator:
        known = {curve.name: curve for curve in list_curves(visitor)[0]}
        if name not in known:
            raise AccessError(f"There is no learning curve {name[:80]!r} of yours.")
        visitor.require_own(known[name].owner, f"The learning curve {name}")
    curve_store.delete(name)
