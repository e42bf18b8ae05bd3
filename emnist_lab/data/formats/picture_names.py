"""Classes in the names of files: the same part of every name, where no folder tells them."""

import re

from . import class_names

_LEAST = 10  # pictures of which names alone are believed
_TOKENS = re.compile("[^A-Za-z0-9]+")
_RUNS = re.compile("[A-Za-z]+|[0-9]+")  # A12, where nothing stands between
_CHARS74K = re.compile("img([0-9]{3})-[0-9]+")
_MARKS = ("label", "class", "digit", "letter", "char", "character")


def pattern(stems: list[str], named: str | None) -> tuple[list[str], str] | None:
    """Find which part of files' names is the class.

    Parameters
    ----------
    stems : list of str
        Names of files without their endings.
    named : str or None
        The split, where it is known.

    Returns
    -------
    labels : list of str
        Name of the class in each.
    note : str
        How they were read. None in place of both where no pattern fits all, or several do.

    Examples
    --------
    >>> pattern([f"{'AB'[n % 2]}_{n:03}" for n in range(10)], None)[0][:3]
    ['A', 'B', 'A']
    """
    if len(stems) < _LEAST:
        return None
    matches = list(map(_CHARS74K.fullmatch, stems))
    if all(matches):
        labels = [f"Sample{match[1]}" for match in matches]
        return labels, "Classes were read from the files' names, as Chars74K's (img011 is A)."
    apart = [[token for token in _TOKENS.split(stem) if token] for stem in stems]
    return _found(stems, apart, named) or _found(stems, list(map(_RUNS.findall, stems)), named)


def _found(
    stems: list[str], rows: list[list[str]], named: str | None
) -> tuple[list[str], str] | None:
    """The class among the parts of names, if it is clear."""
    if len({len(row) for row in rows}) != 1 or len(rows[0]) < 2:
        return None
    candidates = []
    for at in range(len(rows[0])):
        column = [row[at] for row in rows]
        different = set(column)
        known = class_names.meanings(sorted(different), named)
        if len(different) < 2 or not all(known.values()) or len(set(known.values())) > 62:
            continue
        marked = at and rows[0][at - 1].lower() in _MARKS
        if not marked and any(len(name) == 2 and name.isdigit() for name in different):
            continue  # numbers of two digits are as likely a form's or a writer's
        letters = any(not name.isdigit() for name in different)
        candidates.append(((bool(marked), letters), at, column))
    if not candidates:
        return None
    best = max(rank for rank, *_ in candidates)
    chosen = [(at, column) for rank, at, column in candidates if rank == best]
    if len(chosen) > 1:
        return None  # which of them is the class, and which a number, can't be told
    at, column = chosen[0]
    return column, (
        f"Classes were read from the files' names, of which they are part {at + 1} "
        f"({stems[0][:40]} is {class_names.meanings(sorted(set(column)), named)[column[0]]})."
    )
