"""How much memory a new process may take, and how much one took (Linux; else unknown)."""

import math
from pathlib import Path

_GROUPS = (  # version 2 and 1 of control groups: limit, use
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""  # not Linux, or no such limit: then it doesn't bound


def _field(text: str, name: str) -> float:
    """Bytes of a line "Name:  123 kB"; infinite where there is none."""
    for line in text.splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024.0
    return math.inf


def available() -> float:
    """Memory that is free for a new process: the machine's, within the container's limit.

    Returns
    -------
    float
        Bytes; infinite where the system doesn't say.
    """
    free = _field(_text("/proc/meminfo"), "MemAvailable")
    for limit, use in _GROUPS:
        most, now = _text(limit).strip(), _text(use).strip()
        if most.isdigit() and now.isdigit():
            free = min(free, max(int(most) - int(now), 0))
    return free


def peak() -> float:
    """Largest memory that this process has held at once.

    Returns
    -------
    float
        Bytes; NaN where the system doesn't say.
    """
    found = _field(_text("/proc/self/status"), "VmHWM")
    return found if math.isfinite(found) else math.nan
