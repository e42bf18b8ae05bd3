"""What long work calls to say how far it is, and what stops it."""

from collections.abc import Callable

ProgressCallback = Callable[[float, str], None]  # (share that is done, 0..1; what is being done)


class Cancelled(Exception):
    """Work stopped because someone asked for it; nothing of it was kept."""
