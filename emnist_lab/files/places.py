"""Where things lie on this machine."""

import functools
import hashlib
import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
SHIPPED = PROJECT / "artifacts"
HOME, CACHE = "EMNIST_LAB_HOME", "EMNIST_LAB_CACHE"


def home_address() -> str:
    """Address of the home that replicas share, as ``$EMNIST_LAB_HOME`` names it; empty for none."""
    named = os.environ.get(HOME, "").strip()
    return named if "://" in named else ""


def home() -> Path:
    """Folder of what this machine makes: ``$EMNIST_LAB_HOME`` or ``artifacts``.

    Returns
    -------
    pathlib.Path
        It holds ``runs`` (own runs), ``sweeps`` (searches), ``jobs`` (what is queued or running),
        ``cache`` (upright images), ``data`` (files that were fetched),
        ``imports`` (datasets that people brought) and ``handwriting`` (drawings
        that people kept). It may not exist yet. Where the variable holds an address, it is this
        machine's copy of what lies there: see `emnist_lab.files.shared_home`.
    """
    named = os.environ.get(HOME, "").strip()
    if "://" in named:
        return _copy_of(named, os.environ.get(CACHE, "").strip())
    return Path(named).expanduser().resolve() if named else SHIPPED


@functools.lru_cache(maxsize=64)
def _copy_of(address: str, cache: str) -> Path:
    usual = os.environ.get("XDG_CACHE_HOME", "").strip() or "~/.cache"
    place = Path(cache or f"{usual}/emnist-lab").expanduser().resolve()
    return place / f"home-{hashlib.sha256(address.encode()).hexdigest()[:16]}"
