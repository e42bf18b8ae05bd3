"""Command line: ``python -m emnist_lab VERB``; ``--help`` lists the verbs."""

import argparse
import logging
import sys

from . import files
from .commands import (
    curve,
    data,
    evaluate,
    events,
    handwriting,
    maintain,
    predict,
    runs,
    sweep,
    train,
)
from .commands.output import print_json, say
from .errors import LabError, TrainingCancelled

# Verbs by the names that they had before.
_OLD_VERBS = {"measure": "measure-recipes", "unfamiliar": "fit-scribble-detector"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emnist_lab", description="EMNIST Lab on the command line."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for group in (data, train, curve, sweep, evaluate, predict, runs, handwriting, maintain):
        group.add(verbs)
    return parser


def parse(arguments: list[str]) -> argparse.Namespace:
    """Options of a command line, in which verbs may have their old names.

    Parameters
    ----------
    arguments : list of str
        Without the program.

    Returns
    -------
    argparse.Namespace
        ``work`` is the function that takes it and does what it says.
    """
    verb = [_OLD_VERBS.get(one, one) for one in arguments[:1]]
    return _parser().parse_args([*verb, *arguments[1:]])


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : list of str, optional
        ``sys.argv`` without the program by default.

    Returns
    -------
    int
        Exit status: 0, or 2 for a refused input (one line on standard error).
    """
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        result = options.work(options)
    except KeyboardInterrupt:
        say("Stopped; nothing was half-written.")
        return 130
    except TrainingCancelled as error:
        say(str(error))
        return 130
    except LabError as error:
        if getattr(options, "events", False):
            events.write(events.ErrorEvent(str(error)))
        say(str(error))
        return 2
    if trouble := files.trouble():
        say(f"warning: {trouble}")
    if options.json:
        print_json(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
