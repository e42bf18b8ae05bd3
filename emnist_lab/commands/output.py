"""What verbs say: results as one JSON object on standard output, all else on standard error."""

import argparse
import json
import math
import os
import sys
import threading


def say(text: str) -> None:
    """Print a line on standard error."""
    print(text, file=sys.stderr, flush=True)


def print_json(value: dict) -> None:
    """Print one JSON object on standard output."""
    print(json.dumps(finite(value), ensure_ascii=False), flush=True)


def finite(value):
    """`value` with NaN as null: JSON knows no NaN."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def end_with_server() -> None:
    """For work that a server started: end when it does."""

    def wait():
        sys.stdin.buffer.read()
        os._exit(1)  # the server is gone; a run that is being written stays invisible

    threading.Thread(target=wait, daemon=True).start()


def verb(verbs, name: str, work, text: str) -> argparse.ArgumentParser:
    """Add a verb with its ``--json``; `work` takes the options and returns what is printed."""
    one = verbs.add_parser(name, help=text, description=text)
    one.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
    one.set_defaults(work=work)
    return one


def take_root(one: argparse.ArgumentParser) -> None:
    """Let a verb take ``--root``."""
    one.add_argument(
        "--root",
        help="folder or file of a dataset, name of an imported one, or demo "
        "(default: $EMNIST_DIR, then what was fetched)",
    )


def take_events(one: argparse.ArgumentParser) -> None:
    """Let a verb take ``--events``: it tells its progress in lines of JSON."""
    one.add_argument("--events", action="store_true", help=argparse.SUPPRESS)
