"""Which classes of ours a run's file may hold."""

_TRUSTED: list[type] = []


def trusted(kind: type) -> type:
    """Class decorator: a run's file may hold instances of this class.

    Opening a run builds them from a file that anyone may have written. So a class is
    trusted only when it does nothing with its state while it is built (no ``__setstate__`` and no
    ``__reduce__`` of its own), and reads nothing but numbers and arrays from it when it predicts.

    Parameters
    ----------
    kind : type

    Returns
    -------
    type
        The same.
    """
    _TRUSTED.append(kind)
    return kind


def trusted_types() -> list[str]:
    """Names of the trusted classes, with their modules, in order."""
    return sorted(f"{kind.__module__}.{kind.__qualname__}" for kind in _TRUSTED)
