"""A sweep's manifest, ``sweep.json``: made of a plan, read and checked, and made a plan again."""

import hashlib
import json
import math
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ...data.part import Part
from ...errors import RunError, TrainingError, first_line
from ...metrics import METRICS
from ...runs import class_prior
from . import plan as planning
from .fit_journal import setting
from .plan import SEARCHES, Plan
from .results import as_values
from .search_space import Range

FORMAT, VERSION = "emnist-lab-sweep", 1
MANIFEST = "sweep.json"
_LARGEST = 32 * 2**20  # bytes: one of 20,000 candidates has 4 MB
_LONGEST = 600  # characters of a text that is shown
_LIBRARIES = ("scikit-learn", "numpy", "scipy")


def manifest_of(plan: Plan, source: dict[str, Any] | None = None) -> dict[str, Any]:
    """What ``sweep.json`` holds of a plan.

    Parameters
    ----------
    plan : Plan
    source : dict, optional
        How the images were loaded, in plain values, for whoever resumes it.

    Returns
    -------
    dict
        ``finished`` is None.
    """
    part = plan.part
    prior = None
    if plan.prior is not None:
        about = class_prior.entry([1] * len(part.classes), plan.prior, part.classes)
        prior = about.get("given", about["answers_for"])
    return {
        "format": FORMAT,
        "version": VERSION,
        "kind": "comparison" if plan.compares else "sweep",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "finished": None,
        "recipes": [{"name": one.name, "title": one.title} for one in plan.recipes],
        "search": plan.search,
        "space": {
            name: {"low": one.low, "high": one.high, "log": one.log}
            if isinstance(one, Range)
            else {"values": json.loads(json.dumps(one))}
            for name, one in plan.space.items()
        },
        "points": plan.points,
        "candidates": as_values(plan.candidates),
        "rounds": [list(one) for one in plan.rounds],
        "folds": plan.folds.folds,
        "repeats": plan.folds.repeats,
        "by": "writer" if plan.folds.by_writer else "class",
        "seed": plan.seed,
        "metric": plan.metric,
        "prior": prior,
        "fits": plan.fits,
        "notes": plan.notes(),
        "data": {
            "name": part.name,
            "split": part.split,
            "part": part.part,
            "generated": part.generated,
            "handwriting": part.handwriting,
            "images": len(part),
            "classes": part.classes,
            "fingerprint": part.fingerprint,
        },
        "source": source,
        "versions": {"python": platform.python_version()}
        | {library: version(library) for library in _LIBRARIES},
    }


def plan_of(manifest: dict[str, Any], train: Part) -> Plan:
    """The plan of a kept sweep, on the images that it was begun with.

    Parameters
    ----------
    manifest : dict
        See `manifest_of`.
    train : Part

    Returns
    -------
    Plan

    Raises
    ------
    TrainingError
        They are other images, or its recipe isn't there any more.
    """
    if train.fingerprint != manifest["data"]["fingerprint"]:
        raise TrainingError(
            f"The sweep was begun on other images ({manifest['data']['name']}): load these, or "
            "begin a new sweep."
        )
    candidates = manifest["candidates"]
    sizes = [one["images"] for one in candidates if one["images"] is not None]
    how: dict[str, Any] = {
        key: manifest[key] for key in ("folds", "repeats", "by", "seed", "metric", "prior")
    }
    if manifest["kind"] == "comparison":
        pairs = [(one["recipe"], one["settings"]) for one in candidates]
        return planning.compared(pairs, train, sizes=sizes, **how)
    space = {
        name: Range(one["low"], one["high"], one["log"]) if "low" in one else one["values"]
        for name, one in manifest["space"].items()
    }
    return planning.make(
        manifest["recipes"][0]["name"],
        train,
        **{"random" if manifest["points"] else "grid": space},
        points=manifest["points"] or None,
        search=manifest["search"],
        sizes=() if manifest["search"] == "halving" else sizes,
        **how,
    )


def digest(manifest: dict[str, Any]) -> str:
    """What tells two plans apart: all that determines their fits."""
    keys = ("kind", "search", "space", "candidates", "rounds", "folds", "repeats", "by", "seed")
    more = ("metric", "prior", "points")
    made = {key: manifest[key] for key in (*keys, *more)}
    made["recipes"] = [one["name"] for one in manifest["recipes"]]
    made["fingerprint"] = manifest["data"]["fingerprint"]
    return hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()


def read(folder: Path) -> dict[str, Any]:
    """Manifest of a sweep's folder, checked.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    dict
        See `manifest_of`.

    Raises
    ------
    RunError
        There is none, or it is damaged or of a newer version.
    """
    path, name = folder / MANIFEST, folder.name
    try:
        if path.stat().st_size > _LARGEST:
            raise damaged(name, MANIFEST, "it is larger than 32 MiB")
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RunError(
            f"There is no sweep {name!r}: look at the list of those there are."
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(name, MANIFEST, first_line(error)) from error
    check(found, name)
    return found


def check(found: Any, name: str) -> None:
    """Refuse what isn't a sweep's manifest.

    Parameters
    ----------
    found : object
        From JSON.
    name : str
        Of the sweep.

    Raises
    ------
    RunError
        A field is missing or of another kind, or it is of another version.
    """
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise damaged(name, MANIFEST, "it isn't a sweep's manifest")
    if found.get("version") != VERSION:
        raise RunError(
            f"The sweep {name} is of format {str(found.get('version'))[:20]}, this program reads "
            f"{VERSION}: update EMNIST Lab."
        )
    for key, fits in _FIELDS.items():
        if key not in found or not fits(found[key]):
            raise damaged(name, MANIFEST, f"{key!r} is missing or of another kind")


def damaged(name: str, file: str, why: str) -> RunError:
    """The error for a file of a sweep that can't be used."""
    return RunError(
        f"The sweep {name} can't be used: {file} is damaged ({why}). Delete it and search again."
    )


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and value.isprintable()


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _number(value: Any) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and abs(value) < 1e300
        and math.isfinite(value)
    )


def _axis(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    if "low" in value:
        return all(_number(value.get(key)) for key in ("low", "high")) and isinstance(
            value.get("log"), bool
        )
    return isinstance(value.get("values"), list) and all(map(setting, value["values"]))


def _candidate(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and _text(value.get("recipe"))
        and isinstance(value.get("settings"), dict)
        and all(_text(name) and setting(one) for name, one in value["settings"].items())
        and (value.get("images", 0) is None or _count(value.get("images")))
    )


def _recipe(value: Any) -> bool:
    return isinstance(value, dict) and _text(value.get("name")) and _text(value.get("title"))


def _data(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and all(_text(value.get(key)) for key in ("name", "split", "part", "fingerprint"))
        and all(isinstance(value.get(key), bool) for key in ("generated", "handwriting"))
        and _count(value.get("images"))
        and _list(value.get("classes"), _text)
    )


def _list(value: Any, fits) -> bool:
    return isinstance(value, list) and all(map(fits, value))


_FIELDS = {
    "kind": lambda value: value in ("sweep", "comparison"),
    "created": _text,
    "finished": lambda value: value is None or _text(value),
    "recipes": lambda value: _list(value, _recipe) and bool(value),
    "search": lambda value: value in SEARCHES,
    "space": lambda value: (
        isinstance(value, dict) and all(_text(name) and _axis(one) for name, one in value.items())
    ),
    "points": _count,
    "candidates": lambda value: _list(value, _candidate) and bool(value),
    "rounds": lambda value: _list(value, lambda one: _list(one, _count) and len(one) == 2),
    "folds": lambda value: _count(value) and value >= 2,
    "repeats": lambda value: _count(value) and value >= 1,
    "by": lambda value: value in ("class", "writer"),
    "seed": _count,
    "metric": lambda value: value in {one.key for one in METRICS},
    "prior": lambda value: value is None or _text(value) or _list(value, _number),
    "fits": _count,
    "notes": lambda value: _list(value, _text),
    "data": _data,
    "source": lambda value: value is None or isinstance(value, dict),
}
