"""Where things lie: what is shipped, and what belongs to this machine."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
SHIPPED = PROJECT / "artifacts"


def home() -> Path:
    """Folder of what this machine makes: ``$EMNIST_LAB_HOME`` or ``artifacts``.

    Returns
    -------
    pathlib.Path
        It holds ``runs`` (own runs), ``jobs`` (what is queued or running),
        ``cache`` (upright images), ``data`` (files that were fetched),
        ``imports`` (datasets that people brought) and ``handwriting`` (drawings
        that people kept). It may not exist yet.
    """
    named = os.environ.get("EMNIST_LAB_HOME", "").strip()
    return Path(named).expanduser().resolve() if named else SHIPPED
