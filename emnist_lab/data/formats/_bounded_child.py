"""The other side of `bounded_process`: calls one generator in a process with limits.

Run as a file. It imports the generator's module without its packages' own ``__init__``, which
would import scikit-learn and more: that takes ten times as long, and memory.
"""

import contextlib
import importlib
import json
import os
import sys
import types
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]  # the package emnist_lab


def _limit(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:
        return  # a system without such limits
    for kind, most in (
        ("RLIMIT_AS", memory),
        ("RLIMIT_CPU", seconds),
        ("RLIMIT_FSIZE", 0),  # it only reads
        ("RLIMIT_CORE", 0),  # a dump would fill the disk
    ):
        with contextlib.suppress(AttributeError, OSError, ValueError):  # not on every system
            # a second more: at the hard limit of time it would be killed, and not told why
            resource.setrlimit(getattr(resource, kind), (most, most + (kind == "RLIMIT_CPU")))


def _bare_packages(module: str) -> None:
    """Let modules of these packages be imported, and no `__init__`."""
    parts = module.split(".")[:-1]
    for depth in range(1, len(parts) + 1):
        package = types.ModuleType(".".join(parts[:depth]))
        package.__path__ = [str(ROOT.joinpath(*parts[1:depth]))]
        sys.modules.setdefault(package.__name__, package)


def _send(out, kind: str, value=None) -> None:
    if isinstance(value, np.ndarray):
        head = {"array": [value.dtype.str, list(value.shape)]}
        out.write(json.dumps(head).encode() + b"\n")
        out.write(np.ascontiguousarray(value).data.cast("B") if value.size else b"")
    else:
        out.write(json.dumps({kind: value}).encode() + b"\n")


def main() -> None:
    """Take one order from standard input, and write what its generator gives."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints goes nowhere
    order = json.loads(sys.stdin.buffer.read())
    _limit(order["memory"], order["seconds"])
    for module in ("emnist_lab.errors", order["module"]):
        _bare_packages(module)
    refusal = importlib.import_module("emnist_lab.errors").DatasetError
    generator = getattr(importlib.import_module(order["module"]), order["function"])
    with contextlib.suppress(BrokenPipeError), out:  # nobody wants more
        try:
            for value in generator(*order["arguments"]):
                _send(out, "value", value)
        except refusal as error:
            _send(out, "refused", str(error))
        else:
            _send(out, "end")


if __name__ == "__main__":
    main()
