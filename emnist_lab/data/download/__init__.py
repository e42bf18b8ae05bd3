"""Download of NIST's files: ranges of its archive, resumed, checked, then put in place.

`fetch` is what others call.
"""

from .nist import Transfer, fetch

__all__ = ["Transfer", "fetch"]
