"""Verbs that read handwriting: predict."""

from pathlib import Path

from ..errors import LabError
from .output import say, verb

_LARGEST = 8 << 20  # bytes of a list of words


def _predict(options) -> dict:
    from ..handwriting import character_set, results
    from ..handwriting.stroke_files import read_drawings
    from ..runs import registry

    run = character_set.limit(registry.open_run(options.run), options.classes)
    if bool(options.drawings) == bool(options.pictures):
        raise LabError("Nothing to read: name one or more pictures, or one file with --drawings.")
    if options.page and options.drawings:
        raise LabError("--page is for pictures: name them, without --drawings.")
    if (options.context or options.words) and not options.page:
        raise LabError("--context and --words are for pages: give --page and name pictures.")
    words = _words(options.words) if options.words else [] if options.context else None
    as_evident = options.classes is None
    if options.drawings:
        found = results.of_drawings(run, read_drawings(options.drawings))
    else:
        found = {
            "predictions": [
                results.of_page(run, name, words, as_evident)
                if options.page
                else results.of_picture(run, name)
                for name in options.pictures
            ]
        }
    for one in found["predictions"]:
        if one.get("read_as"):
            say(
                f"{one['picture']} is read as {one['read_as']}, since it evidently holds nothing "
                "else: with --classes any-character a reading may be anything"
            )
        if one.get("suggestion"):
            say(
                f"{one['picture']} is nearly all {one['suggestion']}: "
                f"--classes {one['suggestion']} reads it as such"
            )
    if not options.json:
        _print(found, options.page)
    trained_on = run.manifest["data"]["train"]["name"]
    about = {"run": run.name, "trained_on": trained_on, "classes": run.classes}
    if options.page and len(options.pictures) == 1:  # of one page, without a list around it
        about |= {name: found["predictions"][0][name] for name in ("text", "lines")}
    return {**about, **found}


def _words(path: str) -> list[str]:
    """Words of a text file, a few megabytes at most."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise LabError(
            f"{path} can't be read ({error.strerror or error}): name a text file of words."
        ) from error
    if len(content) > _LARGEST:
        raise LabError(f"{path} holds more than {_LARGEST >> 20} MB of words: give a shorter list.")
    return content.decode("utf-8", "replace").split()


def _print(found: dict, page: bool) -> None:
    for one in found["predictions"]:
        what = one.get("picture", one.get("label", one.get("index")))
        if page:
            print(f"{what}:\n{one['text']}")
            if "in_context" in one:
                print(f"by neighbours and heights:\n{one['in_context']['text']}")
            for warning in one["warnings"]:
                say(f"{what}: {warning['sentence']}")
            continue
        words = one.get("error") or "  ".join(
            f"{top['class']} {top['probability']:.1%}" for top in one["top"]
        )
        print(f"{what}: {words}")
    if "accuracy" in found:
        print(
            f"accuracy {found['accuracy']:.4f}, top 3 {found['top3_accuracy']:.4f}, "
            f"of {found['labelled']:,} drawings"
        )
        if found["left_out"]:
            print(f"{found['left_out']:,} of other characters don't count")


def add(verbs) -> None:
    """Add these verbs to the command line."""
    one = verb(verbs, "predict", _predict, "Read pictures or drawings.")
    one.add_argument("pictures", nargs="*", metavar="PICTURE")
    one.add_argument("--run", required=True)
    one.add_argument(
        "--page", action="store_true", help="find all characters of each picture, line by line"
    )
    one.add_argument(
        "--classes",
        metavar="CHARACTERS",
        help="read nothing but these: digits, capitals, small letters, letters, or a list as in "
        "0123456789 or A-F (default: any-character, all that the run has; a page that is evidently "
        "all digits is read as digits unless one is named)",
    )
    one.add_argument(
        "--context",
        action="store_true",
        help="read a page by neighbours and heights too: digits among digits, c and C",
    )
    one.add_argument(
        "--words", metavar="FILE", help="with --page: a text file of words to expect, as --context"
    )
    one.add_argument("--drawings", help='JSON list of {"strokes": [[[x, y], ...], ...]}')
