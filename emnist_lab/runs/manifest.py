"""A run's manifest, ``run.json``: read and checked, before anything relies on it.

In a file it has two more fields than in memory: ``digest``, the SHA-256 of the others, and
``revision``, which says that there must be one. `encode` makes both anew and `decode` takes them
off, so that no change of a manifest in memory can leave a digest that is wrong.
"""

import hashlib
import json
import math
import re
from pathlib import Path
from typing import Any

from ..errors import RunError, first_line

FORMAT = "emnist-lab-run"
VERSION = 1
REVISION = 1  # of the version: what programs of revision 0 read too; since 1 there is a digest
MANIFEST, MODEL, SCORES = "run.json", "model.skops", "scores.npz"
LARGEST = 4 * 2**20  # bytes
LONGEST = 300  # characters of a text that is shown
_SHORT = 16  # of a class's name
_FINGERPRINT = re.compile("[0-9a-f]{32}")  # see `emnist_lab.data.part.Part.fingerprint`
_TEMPERED = {"images", "cross_fitted_log_loss", "cross_fitted_calibration_error"}
_TEMPERED_SINCE = {"seed", "before_log_loss", "before_calibration_error"}  # not in every run

# SHA-256 of what was found to be sound: pages read manifests at each click, and checking one takes
# ten times as long.
_sound: set[bytes] = set()
_MOST_SOUND = 1_000


class Damaged(RunError):
    """A run's file can't be used.

    Parameters
    ----------
    name : str
        Of the run.
    file, why : str
        The file, and what is wrong with it; attributes too.
    """

    def __init__(self, name: str, file: str, why: str):
        super().__init__(
            f"The run {name} can't be used: {file} is damaged ({why}). Delete its folder and train "
            "it again, or restore it where it came with EMNIST Lab."
        )
        self.file, self.why = file, why


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
        It is missing, isn't JSON, lacks a field, was changed, or is of a newer version.

    Examples
    --------
    >>> from emnist_lab.files import SHIPPED
    >>> sorted(read(SHIPPED / "hog-qda")["files"])
    ['model.skops', 'scores.npz']
    """
    path, name = folder / MANIFEST, folder.name
    try:
        if not path.is_file():
            raise RunError(f"{folder} holds no run: it has no {MANIFEST}.")
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise Damaged(name, MANIFEST, first_line(error)) from error
    return decode(content, name)


def decode(content: bytes, name: str) -> dict[str, Any]:
    """Manifest from the bytes of ``run.json``.

    Parameters
    ----------
    content : bytes
    name : str
        Of the run; it counts, not the one in the manifest.

    Returns
    -------
    dict
        See `read`.

    Raises
    ------
    RunError
        See `read`.
    """
    if len(content) > LARGEST:
        raise Damaged(name, MANIFEST, "it is larger than 4 MiB")
    try:
        manifest = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Damaged(name, MANIFEST, first_line(error)) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Damaged(name, MANIFEST, "it isn't a run's manifest")
    version = manifest.get("version")
    if _count(version) and version > VERSION:
        raise RunError(
            f"The run {name} was made by a newer EMNIST Lab (its format is {str(version)[:20]}, "
            f"this one reads {VERSION}): update EMNIST Lab, then open it again."
        )
    known, revision = manifest.pop("digest", None), manifest.pop("revision", 0)
    read = hashlib.sha256(content).digest()
    if read not in _sound:
        wrong = _first_wrong(manifest) if version == VERSION else "its format is unknown"
        if not wrong and (known is not None or revision != 0):
            wrong = _unlike(manifest, known, revision)
        if wrong:
            raise Damaged(name, MANIFEST, wrong)
        if len(_sound) >= _MOST_SOUND:
            _sound.clear()
        _sound.add(read)
    manifest["name"] = name  # the folder's name counts: it is what opens the run
    return manifest


def encode(manifest: dict[str, Any]) -> bytes:
    """Bytes of ``run.json``.

    Parameters
    ----------
    manifest : dict

    Returns
    -------
    bytes
        JSON in UTF-8, with its digest; the same manifest gives the same bytes.

    Examples
    --------
    >>> json.loads(encode({"format": FORMAT, "seed": 25}))["digest"][:8]
    '22783e39'
    """
    fields = json.loads(json.dumps({**manifest, "revision": REVISION}))  # as they are read again
    fields["digest"] = _digest(fields)
    text = json.dumps(fields, indent=1, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace")  # half a surrogate pair, as JSON escapes it


def _digest(manifest: dict[str, Any]) -> str:
    """SHA-256 of all fields but two: the digest, and the name, for the folder's counts."""
    fields = {key: value for key, value in manifest.items() if key not in ("name", "digest")}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _unlike(manifest: dict[str, Any], known: Any, revision: Any) -> str | None:
    """What tells that a manifest isn't as it was written, or None."""
    if known is None:
        return "it lacks 'digest'"
    try:
        same = _digest({**manifest, "revision": revision}) == known
    except RecursionError as error:
        return first_line(error)
    return None if same else "it was changed after it was saved"


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST and value.isprintable()


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _number(value: Any) -> bool:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    return abs(value) < 1e300 and math.isfinite(value)  # an int of a thousand digits isn't a float


def _numbers(value: Any) -> bool:
    return isinstance(value, dict) and all(_number(one) for one in value.values())


def _scores(value: Any) -> bool:
    return isinstance(value, dict) and all(
        one is None or (_number(one) and abs(one) < 1e6) for one in value.values()
    )


def _curve(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(point, dict)
        and _count(point.get("step"))
        and {"loss", "score"} <= point.keys()
        and all(one is None or _number(one) for one in point.values())
        for point in value
    )


def _settings(value: Any) -> bool:
    """Hyperparameter -> number, text or list of numbers."""
    return isinstance(value, dict) and all(
        _text(name)
        and (
            _number(one)
            or _text(one)
            or (isinstance(one, (list, tuple)) and all(_number(part) for part in one))
        )
        for name, one in value.items()
    )


def _tempered(value: Any, scaled: bool) -> bool:
    """What a temperature brought; a run whose probabilities aren't scaled may lack it all."""
    if value is None:
        return not scaled
    return (
        _settings(value)
        and (not scaled or {"from"} | _TEMPERED <= value.keys())
        and _text(value.get("from", ""))
        and all(_number(value[key]) for key in (_TEMPERED | _TEMPERED_SINCE) & value.keys())
    )


def _adapted(value: Any) -> bool:
    """What a run that learned a hand was before, and from which drawings it did."""
    return (
        isinstance(value, dict)
        and all(_text(value.get(key)) for key in ("from", "title", "trained_on", "model_sha256"))
        and isinstance(value.get("drawings"), dict)
        and all(_text(one) and _count(many) for one, many in value["drawings"].items())
        and _count(value.get("left_out"))
        and all(_number(value.get(key)) for key in ("wrong_labels", "scale"))
        and isinstance(value.get("leave_one_out"), dict)
        and all(
            _count(value["leave_one_out"].get(key))
            for key in ("drawings", "right_before", "right_after")
        )
    )


def _prior(value: Any, classes: int) -> bool:
    """How many images of each class there were, and for which frequencies a run answers."""

    def numbers(key: str, fits) -> bool:
        found = value.get(key)
        return isinstance(found, list) and len(found) == classes and all(map(fits, found))

    if not isinstance(value, dict) or not numbers("training", _count) or not any(value["training"]):
        return False
    if "exponent" in value and not (_number(value["exponent"]) and 0 < value["exponent"] <= 10):
        return False
    return value.get("answers_for") in ("equal", "training") or (
        value.get("answers_for") == "given"
        and numbers("given", lambda one: _number(one) and 1e-9 <= one <= 1e9)
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
        and isinstance(value.get("fingerprint"), str)
        and _FINGERPRINT.fullmatch(value["fingerprint"]) is not None
        and _count(value.get("images"))
        and _names(value.get("absent", []))
        and isinstance(value.get("joined_from", []), list)
        and all(_text(one) for one in value.get("joined_from", []))
    )


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(_text(one) and len(one) <= _SHORT for one in value)


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
    # Runs of earlier versions have no hyperparameters, and most no temperature.
    for field, fits in (
        ("curve", _curve),
        ("settings", _settings),
        ("adapted", _adapted),
        ("sweep", _settings),  # whose best settings these are
        ("prior", lambda value: _prior(value, len(manifest["classes"]))),
        ("temperature", lambda value: _number(value) and 0.01 <= value <= 100),
    ):
        if field in manifest and not fits(manifest[field]):
            return f"{field!r} isn't what a run keeps there"
    if "tempered" in manifest and not _tempered(
        manifest["tempered"], manifest.get("temperature", 1) != 1
    ):
        return "'tempered' isn't what a run keeps there"
    data = manifest["data"]
    if not _text(data.get("split")) or not _part(data.get("train")):
        return "'data' doesn't say what it was trained on"
    if data.get("test") is None:
        return "it has scores but no test part" if SCORES in manifest["files"] else None
    if not _part(data["test"]) or not {"accuracy", "roc_auc_ovo"} <= set(manifest["scores"]):
        return "'data' doesn't say what it was measured on"
    if SCORES not in manifest["files"]:  # whatever is measured is saved with its scores
        return f"it names scores, but there is no {SCORES}"
    return None
