"""Where things lie on this machine, writing that leaves a file whole, and a home for replicas.

What is kept gets its name by `place`, `replace`, `rename` and `remove`: with a folder as home these
do what the system's calls do, with an address (`shared_home`) every replica sees it.
"""

from .keeping import (
    ChangedMeanwhile,
    fetch,
    is_shared,
    place,
    publish,
    publishing,
    refresh,
    remove,
    rename,
    replace,
    set_patience,
    trouble,
)
from .owners import OWNER, UNKNOWN_OWNER, is_owner, owner_of, write_owner
from .places import PROJECT, SHIPPED, home, home_address
from .writing import (
    STALE,
    partial_path,
    replace_whole,
    sha256,
    write_json,
    write_synced,
    write_whole,
)

__all__ = [
    "OWNER",
    "PROJECT",
    "SHIPPED",
    "STALE",
    "UNKNOWN_OWNER",
    "ChangedMeanwhile",
    "fetch",
    "home",
    "home_address",
    "is_owner",
    "is_shared",
    "owner_of",
    "partial_path",
    "place",
    "publish",
    "publishing",
    "refresh",
    "remove",
    "rename",
    "replace",
    "replace_whole",
    "set_patience",
    "sha256",
    "trouble",
    "write_json",
    "write_owner",
    "write_synced",
    "write_whole",
]
