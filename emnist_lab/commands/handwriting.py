"""Verbs for drawings: adapt, and for those that were kept: handwriting list, export, import …"""

from pathlib import Path

from ..errors import HandwritingError
from .evaluate import print_pairs
from .output import confirm, say, verb

_PAIRS = 10  # contradictions that are printed
_OWN = "command-line"  # owner of what is imported here; no browser is called so


def _owner(options, store) -> str | None:
    """Owner from the digits that ``list`` shows; raises where they don't name one."""
    if not options.owner:
        return None
    known = {one.owner for one in store.drawings(strokes=False)}
    found = sorted(one for one in known if one.startswith(options.owner))
    if len(found) != 1:
        have = ", ".join(sorted(one[:8] for one in known)) or "none yet"
        raise HandwritingError(
            f"{len(found) or 'No'} owners begin with {options.owner[:40]!r}: choose one of these: "
            f"{have}."
        )
    return found[0]


def _list(options) -> dict:
    from ..handwriting import drawing_store, results

    store = drawing_store.open_store()
    drawings = store.drawings(_owner(options, store), strokes=False)
    rows = [results.of_kept_drawing(one) for one in drawings]
    if not options.json:
        for row in rows:
            read = ", ".join(
                f"{run}: {next(iter(top), '–')}" for run, top in row["predictions"].items()
            )
            who = row["owner"][:8] + (f" ({row['writer']})" if row["writer"] else "")
            print(
                f"{row['id']:>7}  {row['label']}  {row['time'][:19]}  {row['source']:<7}  {who}"
                f"{f'  read as {read}' if read else ''}"
            )
    people = len({(row["owner"], row["writer"]) for row in rows})
    say(f"{len(rows):,} drawings by {people} people in {store.database.place}")
    return {"database": store.database.place, "people": people, "drawings": rows}


def _export(options) -> dict:
    from ..handwriting import drawing_store
    from ..handwriting.drawing_store import files

    path = Path(options.file)
    kind = path.suffix.lower()
    make = {".json": files.to_json, ".zip": files.to_idx}.get(kind)
    if make is None:
        raise HandwritingError(
            f"{path.name} could be of any kind: call it .json for strokes, or .zip for EMNIST's "
            "format."
        )
    store = drawing_store.open_store()
    drawings = store.drawings(_owner(options, store))
    written = (
        [one for one in drawings if one.strokes] if path.suffix.lower() == ".json" else drawings
    )
    if not written:
        raise HandwritingError("There are no drawings to export: keep some on the Draw page first.")
    try:
        path.write_bytes(make(drawings))
    except OSError as error:
        raise HandwritingError(
            f"{path} can't be written ({error.strerror or error}): name another file."
        ) from error
    left = len(drawings) - len(written)
    more = f"; {left:,} from pictures have no strokes: export to .zip" if left else ""
    say(f"{len(written):,} drawings lie in {path} now{more}")
    return {"file": str(path), "drawings": len(written), "left_out": left}


def _import(options) -> dict:
    from ..handwriting import drawing_store
    from ..handwriting.drawing_store import files
    from ..handwriting.stroke_files import read_file

    found = files.from_json(read_file(options.file), options.file)
    store = drawing_store.open_store()
    new = store.keep(_OWN, found)
    say(
        f"{new:,} of {len(found):,} drawings are new in {store.database.place}; browsers see them "
        "where the server shares"
    )
    return {"file": options.file, "drawings": len(found), "new": new}


def _restore(options) -> dict:
    from ..handwriting import drawing_store

    store = drawing_store.open_store()
    if store.backups is None:
        raise HandwritingError(
            f"{store.database.place} is no file of SQLite's: put its own backup back as its "
            "operator does."
        )
    named = options.file and Path(options.file)
    if named and not named.is_file() and named.name == options.file:
        named = store.backups.folder / named  # by its name alone
    backup, drawings, replaced = store.backups.restore(named or None)
    kept = f"; what was there lies in {replaced}" if replaced else ""
    say(f"{drawings:,} drawings of {backup} are back in {store.database.place}{kept}")
    return {
        "database": store.database.place,
        "backup": str(backup),
        "drawings": drawings,
        "replaced": replaced and str(replaced),
    }


def _delete(options) -> dict:
    from ..handwriting import drawing_store

    if bool(options.ids) == bool(options.all):
        raise HandwritingError(
            "Nothing to delete: name drawings by their numbers (see: handwriting list), or all "
            "with --all."
        )
    store = drawing_store.open_store()
    owner = _owner(options, store)
    ids = options.ids or None
    there = store.drawings(owner, ids=ids, strokes=False)
    missing = sorted(set(options.ids) - {one.id for one in there})
    if missing:
        raise HandwritingError(
            f"There is no drawing {missing[0]} here: look at 'handwriting list'; none is deleted."
        )
    what = f"{len(there):,} drawings"
    kept = f"The {what} are kept"
    if not there or not confirm(
        options.yes, what, kept, f"{kept}: give --yes to delete them unasked."
    ):
        return {"deleted": 0}
    count = store.delete(ids, owner)
    say(f"{count:,} drawings are deleted")
    return {"deleted": count}


def _evaluate(options) -> dict:
    from ..handwriting import drawing_store, results
    from ..runs import registry

    run = registry.open_run(options.run)
    store = drawing_store.open_store()
    drawings = store.drawings(_owner(options, store), strokes=False)
    result = results.of_kept(run, drawings, store)
    if not options.json:
        print(f"{run.name}, trained on: {result['trained_on']}\nmeasured on: {result['data']}")
        low, high = result["accuracy_interval"]
        print(f"accuracy {result['accuracy']:.4f} (95 %: {low:.2f} to {high:.2f})")
        print(f"top 3    {result['top3_accuracy']:.4f}")
        print_pairs(result["confused_pairs"])
    return result


def _adapt(options) -> dict:
    from ..handwriting import adaptation, drawing_store
    from ..handwriting.stroke_files import read_drawings
    from ..runs import registry

    run = registry.open_run(options.run)
    if options.drawings:
        drawings = read_drawings(options.drawings)
    else:
        store = drawing_store.open_store()
        drawings = store.drawings(_owner(options, store))
    learned = adaptation.learn(run, drawings, options.writer)
    kept = learned.run.save(options.name)
    about = kept.manifest["adapted"]
    total, before, after = learned.right()
    say(
        f"{kept.name} reads as {about['from']} does, and knows {len(learned.used):,} drawings of "
        f"{len(about['drawings'])} classes; {about['left_out']:,} were left out"
    )
    if total:
        say(
            f"of {total:,} characters that were drawn more than once {before:,} were read right "
            f"before, {after:,} now (each left out in turn)"
        )
    for one, other, alike in learned.contradictions[:_PAIRS]:
        say(
            f"drawings {one} and {other} look alike ({alike:.2f}) and are labelled "
            f"{_label(drawings[one])} and {_label(drawings[other])}"
        )
    return {
        "run": kept.name,
        "folder": str(kept.folder),
        "adapted": about,
        "contradictions": [
            {"drawings": [one, other], "similarity": alike}
            for one, other, alike in learned.contradictions
        ],
    }


def _label(drawing) -> str:
    return drawing["label"] if isinstance(drawing, dict) else drawing.label


def add(verbs) -> None:
    """Add these verbs to the command line."""
    one = verb(verbs, "adapt", _adapt, "Let a run learn one person's hand, and keep that as a run.")
    one.add_argument("run", metavar="RUN")
    one.add_argument(
        "--drawings",
        help="JSON list of labelled drawings (default: those that were kept with their label)",
    )
    one.add_argument("--name", help="of the new run")
    one.add_argument("--writer", help="only drawings by this writer of the file")
    one.add_argument("--owner", help="only kept drawings of the one whose number begins so")

    text = "Drawings that were kept with their true label ($EMNIST_LAB_DATABASE names where)."
    group = verbs.add_parser("handwriting", help=text, description=text)
    inner = group.add_subparsers(dest="what", required=True)

    def sub(name: str, work, about: str):
        one = verb(inner, name, work, about)
        if work not in (_import, _restore):
            one.add_argument("--owner", help="only of the one whose number begins so")
        return one

    sub("list", _list, "List them, newest first.")
    one = sub("export", _export, "Write them as JSON of strokes, or as files in EMNIST's format.")
    one.add_argument("file", metavar="FILE", help="NAME.json, or NAME.zip for EMNIST's format")
    one = sub(
        "import", _import, "Keep the drawings of a JSON file; those that are there are skipped."
    )
    one.add_argument("file", metavar="FILE")
    one = sub("delete", _delete, "Delete some or all; asks first.")
    one.add_argument("ids", nargs="*", type=int, metavar="NUMBER")
    one.add_argument("--all", action="store_true", help="all, or all of --owner")
    one.add_argument("--yes", action="store_true", help="don't ask")
    one = sub(
        "restore", _restore, "Put a backup back; what it replaces is kept. Only for a SQLite file."
    )
    one.add_argument("file", nargs="?", metavar="FILE", help="default: the newest with drawings")
    one = sub("evaluate", _evaluate, "Measure a run on them, as on a test part.")
    one.add_argument("--run", required=True)
