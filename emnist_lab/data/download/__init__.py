"""Download of NIST's files: ranges of its archive, resumed, checked, then put in place.

`fetch` is what others call.
"""

from .nist import fetch
from .transfer import Transfer

__all__ = ["Transfer", "fetch"]
