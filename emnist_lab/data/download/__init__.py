"""Download of NIST's files: ranges of its archive, resumed, checked, then put in place.

`fetch` is what others call.
"""

from .fetch import Transfer, fetch

__all__ = ["Transfer", "fetch"]
