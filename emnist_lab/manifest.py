"""A run's manifest, ``run.json``: read and checked, before anything relies on it."""

import json
import math
from pathlib import Path
from typing import Any

from .errors import RunError, first_line

FORMAT = "emnist-lab-run"
VERSION = 1
MANIFEST, MODEL, SCORES = "run.json", "model.skops", "scores.npz"
_LARGEST = 4 * 2**20  # bytes
_LONGEST = 300  # characters of a text that is shown


def damaged(name: str, file: str, why: str) -> RunError:
    """The error for a run whose file can't be used.

    Parameters
    ----------
    name, file : str
        Of the run, and of its file.
    why : str
        What is wrong with it.

    Returns
    -------
    RunError
    """
    return RunError(
        f"The run {name} can't be used: {file} is damaged ({why}). Delete its folder and train it "
        "again, or restore it where it came with EMNIST Lab."
    )


def read(folder: Path) -> dict[str, Any]:
    """Manifest of a run folder.

    Parameters
    ----------
    folder : pathlib.Path
        A run's.

    Returns
    -------
    dict
        What ``run.json`` holds; every field that the app uses is of its type.

    Raises
    ------
    RunError
        It is missing, isn't JSON, lacks a field, or is of a newer version.
    """
    path, name = folder / MANIFEST, folder.name
    try:
        if not path.is_file():
            raise RunError(f"{folder} holds no run: it has no {MANIFEST}.")
        if path.stat().st_size > _LARGEST:
            raise damaged(name, MANIFEST, "it is larger than 4 MiB")
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(name, MANIFEST, first_line(error)) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise damaged(name, MANIFEST, "it isn't a run's manifest")
    if manifest.get("version") != VERSION:
        raise RunError(
            f"The run {name} is of format {str(manifest.get('version'))[:20]}, this program reads "
            f"{VERSION}: update EMNIST Lab."
        )
    wrong = _first_wrong(manifest)
    if wrong:
        raise damaged(name, MANIFEST, wrong)
    manifest["name"] = name  # the folder's name counts: it is what opens the run
    return manifest


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and value.isprintable()


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _numbers(value: Any) -> bool:
    return isinstance(value, dict) and all(_number(one) for one in value.values())


def _scores(value: Any) -> bool:
    return isinstance(value, dict) and all(
        one is None or (_number(one) and abs(one) < 1e6) for one in value.values()
    )


def _classes(value: Any) -> bool:
    return (
        isinstance(value, list)
        and 2 <= len(value) <= 256
        and all(_text(one) and len(one) == 1 and not one.isspace() for one in value)
        and len(set(value)) == len(value)
    )


def _part(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and _text(value.get("name"))
        and _text(value.get("fingerprint"))
        and _count(value.get("images"))
    )


def _files(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and MODEL in value
        and set(value) <= {MODEL, SCORES}
        and all(isinstance(one, dict) and _text(one.get("sha256")) for one in value.values())
    )


def _first_wrong(manifest: dict[str, Any]) -> str | None:
    """What is wrong with the first field that is, or None."""
    for field, fits, what in (
        ("name", _text, "a line of text"),
        ("recipe", _text, "a line of text"),
        ("title", _text, "a line of text"),
        ("created", _text, "a line of text"),
        ("seed", _count, "a whole number"),
        ("classes", _classes, "a list of different characters"),
        ("scores", _scores, "numbers by name"),
        ("timings", _numbers, "numbers by name"),
        ("machine", lambda value: isinstance(value, dict), "an object"),
        ("files", _files, "the run's files"),
        ("data", lambda value: isinstance(value, dict), "an object"),
    ):
        if field not in manifest:
            return f"it lacks {field!r}"
        if not fits(manifest[field]):
            return f"{field!r} isn't {what}"
    data = manifest["data"]
    if not _text(data.get("split")) or not _part(data.get("train")):
        return "'data' doesn't say what it was trained on"
    if data.get("test") is None:
        return "it has scores but no test part" if SCORES in manifest["files"] else None
    if not _part(data["test"]) or not {"accuracy", "roc_auc_ovo"} <= set(manifest["scores"]):
        return "'data' doesn't say what it was measured on"
    return None
