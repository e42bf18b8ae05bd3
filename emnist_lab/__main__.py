"""Command line: ``python -m emnist_lab VERB``; ``--help`` lists the verbs."""

import argparse
import logging
import sys

from .commands import curve, data, handwriting, read, runs, train
from .commands.output import print_json, say
from .errors import LabError, TrainingCancelled


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emnist_lab", description="EMNIST Lab on the command line."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for group in (data, train, curve, read, runs, handwriting):
        group.add(verbs)
    return parser


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
    options = _parser().parse_args(arguments)
    events = getattr(options, "events", False)
    try:
        result = options.work(options)
    except KeyboardInterrupt:
        say("Stopped; nothing was half-written.")
        return 130
    except TrainingCancelled as error:
        say(str(error))
        return 130
    except LabError as error:
        if events:
            print_json({"event": "error", "message": str(error)})
        say(str(error))
        return 2
    if options.json:
        print_json(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
