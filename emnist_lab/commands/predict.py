"""Verbs that read handwriting: predict."""

from ..errors import LabError
from .output import say, verb


def _predict(options) -> dict:
    from ..handwriting import results
    from ..handwriting.stroke_files import read_drawings
    from ..runs import registry

    run = registry.open_run(options.run)
    if bool(options.drawings) == bool(options.pictures):
        raise LabError("Nothing to read: name one or more pictures, or one file with --drawings.")
    if options.page and options.drawings:
        raise LabError("--page is for pictures: name them, without --drawings.")
    if options.drawings:
        found = results.of_drawings(run, read_drawings(options.drawings))
    else:
        one_picture = results.of_page if options.page else results.of_picture
        found = {"predictions": [one_picture(run, name) for name in options.pictures]}
    if not options.json:
        _print(found, options.page)
    trained_on = run.manifest["data"]["train"]["name"]
    return {"run": run.name, "trained_on": trained_on, "classes": run.classes, **found}


def _print(found: dict, page: bool) -> None:
    for one in found["predictions"]:
        what = one.get("picture", one.get("label", one.get("index")))
        if page:
            print(f"{what}:\n{one['text']}")
            for warning in one["warnings"]:
                say(f"{what}: {warning['sentence']}")
            continue
        words = one.get("error") or "  ".join(
            f"{top['class']} {top['probability']:.1%}" for top in one["top"]
        )
        print(f"{what}: {words}")
    if "accuracy" in found:
        print(f"accuracy {found['accuracy']:.4f}, top 3 {found['top3_accuracy']:.4f}")


def add(verbs) -> None:
    """Add these verbs to the command line."""
    one = verb(verbs, "predict", _predict, "Read pictures or drawings.")
    one.add_argument("pictures", nargs="*", metavar="PICTURE")
    one.add_argument("--run", required=True)
    one.add_argument(
        "--page", action="store_true", help="find all characters of each picture, line by line"
    )
    one.add_argument("--drawings", help='JSON list of {"strokes": [[[x, y], ...], ...]}')
