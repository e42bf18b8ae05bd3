"""What verbs say: results as one JSON object on standard output, all else on standard error."""

import argparse
import json
import math
import sys

from ..errors import LabError

ROOT = (
    "folder or file of a dataset, name of an imported one, or demo "
    "(default: $EMNIST_DIR, then what was fetched)"
)
HERE = "work on this machine, though $EMNIST_LAB_SCHEDULER names a Dask cluster"


def say(text: str) -> None:
    """Print a line on standard error."""
    print(text, file=sys.stderr, flush=True)


def print_json(value: dict) -> None:
    """Print one JSON object on standard output."""
    text = json.dumps(finite(value), ensure_ascii=False)
    # a file's name need not be UTF-8: what isn't stands in JSON as it does in Python
    print(text.encode("utf-8", "backslashreplace").decode("utf-8"), flush=True)


def finite(value):
    """`value` with NaN as null: JSON knows no NaN."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def verb(verbs, name: str, work, text: str) -> argparse.ArgumentParser:
    """Add a verb with its ``--json``; `work` takes the options and returns what is printed."""
    one = verbs.add_parser(name, help=text, description=text)
    one.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
    one.set_defaults(work=work)
    return one


def take_root(one: argparse.ArgumentParser) -> None:
    """Let a verb take ``--root``."""
    one.add_argument("--root", help=ROOT)


def shown(value: float | None, form: str = "") -> str:
    """A number for people; a dash where it is undefined or was never measured."""
    return "–" if value is None or math.isnan(value) else format(value, form)


def confirm(yes: bool, what: str, kept: str, unasked: str) -> bool:
    """Whether something may be deleted: asks on the terminal unless ``--yes`` was given.

    Parameters
    ----------
    yes : bool
        Whether it was.
    what : str
        Would be deleted.
    kept : str
        What is said where the answer is no.
    unasked : str
        What is raised where nobody can be asked.

    Returns
    -------
    bool

    Raises
    ------
    LabError
        Standard input is no terminal.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise LabError(unasked)
    say(f"Delete {what}? It can't be undone. [y/N]")
    agreed = sys.stdin.readline().strip().lower() in ("y", "yes")
    if not agreed:
        say(kept)
    return agreed
