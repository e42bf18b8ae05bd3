"""Reading what can't be trusted in a process of its own, with limited memory and time.

Compressed tables and pictures don't say beforehand what they unpack to, and their decoders may
crash. Here it is the other process that ends, and the file is refused in one sentence.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import DatasetError

MEMORY = 2 * 2**30  # bytes of one process, its libraries among them: NIST's largest files need 1.2
SECONDS = 900  # of computing
_AT_ONCE = threading.BoundedSemaphore(2)  # so that several people's files don't add up
_LINE = 2**24  # bytes of a value that is no array
_TYPES = {"|u1", "<i8"}
_CHILD = Path(__file__).with_name("_bounded_child.py")
_QUIET = {  # what threads and arenas reserve counts as memory
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "2",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@contextlib.contextmanager
def items(
    generator: Callable[..., Iterator[Any]],
    *arguments: Any,
    name: str,
    memory: int | None = None,
) -> Iterator[Iterator[Any]]:
    """What a generator gives, while it runs in another process.

    Parameters
    ----------
    generator : callable
        A function at the top of a module of `emnist_lab.data`, whose imports stay within
        `emnist_lab`'s modules, not its packages. It yields arrays of uint8 or int64, and values
        that JSON knows, and raises `DatasetError`.
    *arguments
        What JSON knows; paths arrive as texts.
    name : str
        Of what is read, for messages.
    memory : int, optional
        Bytes that the process may take; `MEMORY` by default. Not limited on systems that know no
        such limit.

    Yields
    ------
    iterator
        Ends where the generator does. Leaving the block early ends the process.

    Raises
    ------
    DatasetError
        That of the generator; or the process broke off: the file takes too much memory or time,
        or crashes its decoder.

    Examples
    --------
    >>> from emnist_lab.data.formats import picture_decoding
    >>> with items(picture_decoding.decode_files, "/", [], name="nothing") as found:
    ...     list(found)
    [{}]
    """
    order = {
        "module": generator.__module__,
        "function": generator.__name__,
        "arguments": arguments,
        "memory": memory or MEMORY,
        "seconds": SECONDS,
    }
    with _AT_ONCE:
        process = subprocess.Popen(
            [sys.executable, "-P", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_QUIET},
        )
        try:
            with contextlib.suppress(BrokenPipeError):  # what it left unsaid is said below
                process.stdin.write(json.dumps(order, default=os.fspath).encode())
                process.stdin.close()
            yield _received(process, name, order["memory"])
        finally:
            process.kill()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.stdout.close()
            process.wait()


def _received(process: subprocess.Popen, name: str, memory: int) -> Iterator[Any]:
    while True:
        line = process.stdout.readline(_LINE)
        try:
            ((kind, value),) = json.loads(line).items()
        except (ValueError, AttributeError) as error:
            raise _broken(process, name, memory) from error
        if kind == "end":
            return
        if kind == "refused":
            raise DatasetError(value)
        if kind == "array":
            value = _array(process.stdout, *value)
            if value is None:
                raise _broken(process, name, memory)
        yield value


def _array(stream, dtype: str, shape: list[int]) -> np.ndarray | None:
    """The array that follows; None where it doesn't."""
    if dtype not in _TYPES:
        return None
    array = np.empty(shape, dtype)
    left = memoryview(array.reshape(-1).view(np.uint8))
    while left:
        got = stream.readinto(left)
        if not got:
            return None
        left = left[got:]
    return array


def _broken(process: subprocess.Popen, name: str, memory: int) -> DatasetError:
    process.stdout.close()  # it may want to say more
    code = process.wait()
    if code == -getattr(signal, "SIGXCPU", 0):
        return DatasetError(
            f"{name} takes longer than {SECONDS // 60} minutes to read: split it into smaller "
            "files, or save it anew in a simpler format."
        )
    return DatasetError(
        f"{name} breaks its reader off (status {code}), as files do that are damaged, or need more "
        f"than {memory / 2**30:.3g} GB to be read: copy it again, or split it into smaller files."
    )
