"""A fitted recipe on disk: save, open, list. Opening one executes nothing it brings.

A run is a folder: ``run.json`` (the manifest), ``model.skops`` (the pipeline,
read by skops against a list of trusted types) and ``scores.npz`` (labels and
probabilities on the test part). The manifest holds the other files' SHA-256 and its own.
"""

import contextlib
import errno
import os
from pathlib import Path
from typing import Any

from ..errors import RunError, SharedHomeError
from ..files import SHIPPED, fetch, is_shared, refresh, trouble
from . import run_folders
from .manifest import MANIFEST
from .manifest import read as manifest_of
from .run import Run
from .run_folders import check_name, is_name, runs_home


def rename(run: Run, name: str) -> Run:
    """Give an own run another name.

    Parameters
    ----------
    run : Run
    name : str

    Returns
    -------
    Run
        The run under its new name.

    Raises
    ------
    RunError
        The run isn't one of this machine's own, is gone, or the name can't be had.
    """
    folder = check_own(run, "renamed")
    check_name(name)
    if name == folder.name:
        return run
    gone = RunError(
        f"There is no run {run.name} any more: it was renamed or deleted meanwhile; look at the "
        "list again."
    )
    if not (folder / MANIFEST).is_file():
        raise gone
    in_use = RunError(f"There is a run called {name} already: choose another name.")
    if run_folders.name_exists(name, folder.parent):
        raise in_use
    try:
        manifest = run_folders.move(folder, manifest_of(folder), name)
    except FileNotFoundError as error:
        raise gone from error
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            raise in_use from error
        raise run_folders.disk_error(folder.parent, error) from error
    return Run(manifest, folder.parent / name)


def delete(run: Run) -> None:
    """Delete an own run; it can't be undone.

    Parameters
    ----------
    run : Run

    Raises
    ------
    RunError
        The run isn't one of this machine's own, is gone already, or can't be deleted.
    """
    _remove(check_own(run, "deleted"))


def unusable() -> list[str]:
    """Names of own runs that can't be opened, by their folders; `discard` deletes one.

    Returns
    -------
    list of str
    """
    names = []
    refresh("runs")
    for folder in _folders(runs_home()):
        try:
            manifest_of(folder)
        except RunError:
            names.append(folder.name)
    return [name for name in names if is_name(name)]


def discard(name: str) -> None:
    """Delete an own run that can't be opened; it can't be undone.

    Parameters
    ----------
    name : str
        One of `unusable`.

    Raises
    ------
    RunError
        There is no such run, or it can't be deleted.
    """
    if name not in unusable():
        raise RunError(f"There is no unusable run {name[:80]!r} among your own: look at the list.")
    _remove(runs_home() / name)


def _remove(folder: Path) -> None:
    try:
        run_folders.remove(folder)
    except FileNotFoundError as error:
        raise RunError(
            f"There is no run {folder.name} any more: it was renamed or deleted meanwhile; look at "
            "the list again."
        ) from error
    except OSError as error:
        raise RunError(
            f"The run {folder.name} can't be deleted ({error.strerror or error}): check who may "
            f"write to {folder}."
        ) from error


def check_own(run: Run, what: str) -> Path:
    """Refuse to change a run that isn't one of this machine's own.

    Parameters
    ----------
    run : Run
    what : str
        Would be done to it: "renamed", "deleted".

    Returns
    -------
    pathlib.Path
        Its folder.

    Raises
    ------
    RunError
        It was not saved, is shipped, or is kept elsewhere.
    """
    folder = run.folder
    if folder is None:
        raise RunError(f"The run {run.name} can't be {what}: save it first.")
    if run.shipped:
        raise RunError(
            f"The run {run.name} came with EMNIST Lab and can't be {what}: choose one of your own."
        )
    if folder.parent != runs_home() or folder.is_symlink():
        raise RunError(
            f"The run {run.name} can't be {what} here: it isn't kept in {runs_home()}; change the "
            "folder where it lies."
        )
    return folder


def open_run(name: str | os.PathLike) -> Run:
    """Open a run by name or folder.

    Parameters
    ----------
    name : str or path-like
        A shipped or own run's name, or a folder. The model and the scores
        are read when they are first asked for.

    Returns
    -------
    Run

    Raises
    ------
    RunError
        There is none, or its manifest is damaged.

    Examples
    --------
    >>> run = open_run("hog-qda")
    >>> run.shipped, len(run.classes)
    (True, 47)
    """
    text = str(name)
    if is_name(text):
        _bring(text)
        for place in (SHIPPED, runs_home()):
            if (place / text / MANIFEST).is_file():
                return Run(manifest_of(place / text), place / text)
    try:
        folder = Path(name).expanduser().resolve()
        if (folder / MANIFEST).is_file():
            return Run(manifest_of(folder), folder)
    except (OSError, RuntimeError, ValueError):
        pass  # no name of a folder on this machine, so none of a run either
    runs, _ = list_runs()
    have = ", ".join(run.name for run in runs) or "none yet"
    raise RunError(f"There is no run {text[:80]!r}: choose one of these: {have}.")


def _bring(name: str) -> None:
    """Have a run here that another replica may just have kept; nothing in a folder as home."""
    own = runs_home() / name / MANIFEST
    if (SHIPPED / name / MANIFEST).is_file():
        return
    refresh("runs")
    if not own.is_file() and is_shared() and not trouble():  # it was looked less than a second ago
        with contextlib.suppress(SharedHomeError, OSError):  # the next look says it
            fetch(own.parent)


def _folders(place: Path) -> list[Path]:
    return sorted(path.parent for path in place.glob(f"[!.]*/{MANIFEST}"))


def _in_folder(place: Path) -> tuple[list[Run], list[str]]:
    runs, problems = [], []
    try:
        folders = _folders(place)
    except OSError as error:
        return [], [f"The runs in {place} can't be read ({error.strerror})."]
    for folder in folders:
        if not is_name(folder.name) or (
            place != SHIPPED and (SHIPPED / folder.name / MANIFEST).is_file()
        ):
            problems.append(
                f"The folder {folder.name!r} of a run can't be used: give it a name of its own, of "
                "letters, digits, dots, dashes and underscores."
            )
            continue
        try:
            runs.append(Run(manifest_of(folder), folder))
        except RunError as error:
            problems.append(str(error))
    return runs, problems


def list_runs() -> tuple[list[Run], list[str]]:
    """All runs at hand: own ones, newest first, then shipped ones.

    Returns
    -------
    runs : list of Run
        Manifests are read, models aren't.
    problems : list of str
        A sentence for each folder that holds a run which can't be used.

    Examples
    --------
    >>> runs, _ = list_runs()
    >>> {"hog-qda", "pixels-logistic", "warped-blend"} <= {run.name for run in runs}
    True
    """
    refresh("runs")
    own, own_problems = _in_folder(runs_home())
    shipped, shipped_problems = _in_folder(SHIPPED)
    own.sort(key=lambda run: str(run.manifest["created"]), reverse=True)
    return own + shipped, own_problems + shipped_problems


def summary(run: Run) -> dict[str, Any]:
    """A run in plain values: its name, what it was trained on, and its scores.

    Parameters
    ----------
    run : Run

    Returns
    -------
    dict
        As JSON has them; scores by name beside the rest.

    Examples
    --------
    >>> found = summary(open_run("hog-qda"))
    >>> found["recipe"], found["split"], found["shipped"]
    ('hog-qda', 'balanced', True)
    """
    manifest = run.manifest
    return {
        "run": run.name,
        "recipe": manifest["recipe"],
        "split": manifest["data"].get("split"),
        "train_images": manifest["data"]["train"]["images"],
        "trained_on": manifest["data"]["train"]["name"],
        "generated": run.generated,
        "shipped": run.shipped,
        "created": manifest["created"],
        "bytes": run.bytes,
        **manifest["scores"],
    }
