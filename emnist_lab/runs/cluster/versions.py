"""What a worker has to have in common with whoever sends it work."""

import functools
import hashlib
from collections.abc import Mapping
from typing import Any

from ...files import PROJECT
from ...version import __version__

LIBRARIES = ("numpy", "scipy", "scikit-learn", "joblib", "distributed")
# What fits and scores depend on: pages and the server may differ.
_ROOMS = ("models", "data", "metrics", "runs", "evaluation")


@functools.cache
def source() -> str:
    """Version of this project with a digest of the modules that fits and scores depend on.

    Two checkouts have one version for a long time.

    Returns
    -------
    str

    Examples
    --------
    >>> source().startswith(__version__)
    True
    """
    digest = hashlib.blake2b(digest_size=6)
    for room in _ROOMS:
        for path in sorted((PROJECT / "emnist_lab" / room).rglob("*.py")):
            digest.update(path.relative_to(PROJECT).as_posix().encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return f"{__version__} {digest.hexdigest()}"


def differences(here: Mapping[str, Any], there: Mapping[str, Any] | None) -> list[str]:
    """Libraries in which a process elsewhere differs from this one.

    Parameters
    ----------
    here, there : mapping
        As `distributed.Client.get_versions` has them of one process; None for one that didn't
        answer.

    Returns
    -------
    list of str
        For people, ``"numpy 2.3.1 in place of 2.4.6"`` each. Of Python, the minor version counts.

    Examples
    --------
    >>> def process(python, numpy):
    ...     libraries = dict.fromkeys(LIBRARIES, "1.0")
    ...     return {"host": {"python": python}, "packages": {**libraries, "numpy": numpy}}
    >>> differences(process("3.11.2.final.0", "2.4"), process("3.11.9.final.0", "2.3"))
    ['numpy 2.3 in place of 2.4']
    >>> differences(process("3.11.2.final.0", "2.4"), process("3.12.0.final.0", "2.4"))
    ['Python 3.12 in place of 3.11']
    """
    if there is None:
        return ["it doesn't answer"]
    python = [".".join(one["host"]["python"].split(".")[:2]) for one in (here, there)]
    pairs = [("Python", *python)]
    pairs += [(name, here["packages"].get(name), there["packages"].get(name)) for name in LIBRARIES]
    return [difference(name, own, other) for name, own, other in pairs if own != other]


def difference(name: str, own: str, other: str | None) -> str:
    """One difference, for people.

    Parameters
    ----------
    name : str
    own : str
        Version here.
    other : str or None
        There; None where it is missing.

    Returns
    -------
    str
    """
    return f"{name} {other} in place of {own}" if other else f"no {name}, which is {own} here"
