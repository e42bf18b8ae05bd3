"""Verbs about data: fetch, data."""

import contextlib
import dataclasses
import signal
import sys
from pathlib import Path

from ..data import discovery
from ..data.dataset_address import imports_folder
from ..data.splits import KNOWN, SPLITS
from ..errors import LabError
from . import events, job_limits
from .output import say, take_root, verb


def _fetch(options) -> dict:
    from ..data import user_datasets
    from ..data.download.nist import fetch
    from . import label_check

    if options.events:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # half an import is removed then
    wanted = list(SPLITS) if "all" in options.splits else options.splits
    origins = options.origin or [None]
    own = options.name or options.choice
    if own and not all(one and "://" not in one for one in origins):
        raise LabError("A name or a set goes with files of your own: name them with --from.")
    with _bar(options.events) as tell:
        if own or _foreign(origins):
            if wanted:
                raise LabError("Split names go with NIST's files only: leave them out here.")
            name = user_datasets.import_dataset(
                [Path(one).expanduser() for one in origins],
                options.name,
                tell,
                job_limits.owner(),
                job_limits.require_room,
                label_check.require,
                options.choice,
            )
            files = sorted((imports_folder() / name).rglob("*"))
        elif len(origins) > 1:
            raise LabError("One folder, zip or address at a time: name one with --from.")
        else:
            name, files = None, fetch(wanted, origins[0], tell)
    if name:
        say(f"kept as {name}: open it with --root {name}")
        for (split, part), source in discovery.find(name).items():
            say(f"  {split} {part}: {source.format}")
    else:
        for path in files:
            say(f"in place: {path}")
    if options.events:
        events.write(events.DoneEvent(name))
    return {"dataset": name, "files": [str(path) for path in files]}


def _foreign(origins: list) -> bool:
    """Whether these are files of a dataset that isn't in NIST's own files or zip."""
    from ..data.formats import official_files

    for one in origins:
        path = Path(one).expanduser() if one and "://" not in one else None
        try:
            if path is None or not path.is_file():
                continue
        except OSError:
            return True  # a name that no disk can have: the import says so
        if path.suffix.lower() != ".zip" or not official_files.members(
            official_files.directory_in(path)
        ):
            return True
    return False


@contextlib.contextmanager
def _bar(as_events: bool):
    """Something that takes a `Transfer` and shows it: a bar, or lines of JSON."""
    if as_events:
        yield lambda one: events.write(
            events.ProgressEvent({**dataclasses.asdict(one), "remaining": one.remaining})
        )
        return
    from tqdm import tqdm

    bar, title = None, ""

    def tell(one) -> None:
        nonlocal bar, title
        if one.title != title:
            if bar is not None:
                bar.close()
            bar, title = None, one.title
            if not one.total:
                say(f"{title} …")
        if one.total:
            if bar is None:
                bar = tqdm(
                    desc=title, total=one.total, initial=one.done, unit="B", unit_scale=True,
                    mininterval=0.2 if sys.stderr.isatty() else 10, file=sys.stderr,
                )  # fmt: skip
            bar.update(one.done - bar.n)

    try:
        yield tell
    finally:
        if bar is not None:
            bar.close()


def _data(options) -> dict:
    from ..data import loading
    from ..data.formats.validation import printable
    from . import label_check

    rows = []
    for (split, part), source in discovery.find(options.root).items():
        data = loading.read_part(source, part)
        found = label_check.require(data)
        if found:
            data = dataclasses.replace(data, notes=(*data.notes, found.sentence()))
        compared = found and {**dataclasses.asdict(found), "kappa": found.kappa}
        rows.append({**loading.describe(data, source), "label_check": compared})
        if not options.json:
            where = printable(str(source.paths[0]), 4096)
            print(f"{split} {part}: {data.name}\n  {source.format}: {where}")
            for note in data.notes:
                print(f"  {note}")
    if not rows:
        raise LabError(discovery.why_not(options.root))
    return {"parts": rows}


def add(verbs) -> None:
    """Add these verbs to the command line."""
    one = verb(
        verbs, "fetch", _fetch, "Bring a dataset where the app finds it, every file verified."
    )
    one.add_argument("splits", nargs="*", metavar="SPLIT", help=f"{', '.join(SPLITS)}, or all")
    one.add_argument(
        "--from",
        dest="origin",
        action="append",
        metavar="ORIGIN",
        help="a folder, a zip or its address, or files in another format (may be given again); "
        "default: NIST's server",
    )
    one.add_argument("--name", help="keep it beside EMNIST as a dataset of this name")
    one.add_argument(
        "--as",
        dest="choice",
        choices=KNOWN,
        help="which set files of your own are, where nothing in them tells it",
    )
    events.take_events(one)

    one = verb(verbs, "data", _data, "Show what a place holds, and how it was read.")
    take_root(one)
