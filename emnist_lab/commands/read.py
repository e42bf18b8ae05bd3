"""Verbs that use runs: evaluate, predict, runs, bench."""

import math
import os
from pathlib import Path

from ..errors import InkError, LabError
from ..metrics import definitions
from ..metrics.ranking import top_labels
from .output import say, take_root, verb


def _evaluate(options) -> dict:
    from ..data import loading
    from ..evaluation import evaluation
    from ..runs import registry

    run = registry.open_run(options.run)
    if options.stored:
        found = evaluation.stored_evaluation(run)
    else:
        split = options.split or run.manifest["data"]["split"]
        found = evaluation.evaluate_part(run, loading.load(split, options.part, options.root))
    report, data, summary = found.report, found.name, found.report.summary()
    kept = run.manifest["scores"]
    same_data = found.fingerprint == evaluation.fingerprint_of_test_part(run)
    result = {
        "run": run.name,
        "recipe": run.manifest["recipe"],
        "trained_on": run.manifest["data"]["train"]["name"],
        "data": data,
        "images": len(report.labels),
        **summary,
        "classes_without_images": report.absent,
        "manifest": kept,
        "same_data_as_manifest": same_data,
        # Older manifests hold fewer numbers; NaN is kept as null.
        "equals_manifest": all(
            _equal(key, kept[key], value, len(report.labels))
            for key, value in summary.items()
            if key in kept
        )
        if same_data
        else None,
        "most_missed": report.most_missed(),
        "confused_pairs": report.confused_pairs(10).to_dict("records"),
    }
    if options.report:
        from ..evaluation import html_report, label_marks

        path = Path(options.report)
        marks = label_marks.read_if_sound(found.fingerprint)
        html_report.write(path, html_report.document(found, marks))
        result["report"] = str(path)
        say(f"written to {path}")
    if not options.json:
        print(f"{run.name}, trained on: {result['trained_on']}\nmeasured on: {data}")
        for key, value in summary.items():
            beside = f"   (manifest: {_shown(kept[key])})" if same_data and key in kept else ""
            print(f"{key:>14}  {_shown(value)}{beside}")
        if report.absent:
            print(f"no images of: {', '.join(report.absent)}")
        for pair in result["confused_pairs"]:
            print(
                f"  {pair['true']} is read as {pair['predicted']}, {pair['count']} of {pair['of']}"
            )
    return result


def _equal(name: str, kept: float | None, value: float, images: int) -> bool:
    """Whether a number is the manifest's, measured on whatever processor.

    BLAS kernels sum in their own order. Between those of x86 the probabilities of the
    shipped runs differ by 1e-6, and by 1e-3 where a pixel is rounded otherwise: 4e-5 of a
    calibration error. Where two classes are nearly as likely, one image may be read otherwise.
    """
    if kept is None:
        return math.isnan(value)
    # An image more or less, and no second.
    one = 1.5 / images if definitions.get(name).steps_by_image else 0
    return math.isclose(kept, value, rel_tol=1e-4, abs_tol=one)


def _shown(value: float | None, form: str = "") -> str:
    """A number for people; a dash where it is undefined or was never measured."""
    return "–" if value is None or math.isnan(value) else format(value, form)


def _top(run, probabilities, count: int = 5) -> list[dict]:
    best = top_labels(run.classes, probabilities, count)
    return [{"class": label, "probability": probability} for label, probability in best]


def _predict(options) -> dict:
    from ..handwriting.drawing_reader import predict_drawings, predict_raster
    from ..handwriting.stroke_files import read_drawings
    from ..runs import registry

    run = registry.open_run(options.run)
    if bool(options.drawings) == bool(options.pictures):
        raise LabError("Nothing to read: name one or more pictures, or one file with --drawings.")
    if options.page and options.drawings:
        raise LabError("--page is for pictures: name them, without --drawings.")
    trained = run.manifest["data"]["train"]["name"]
    result: dict = {"run": run.name, "trained_on": trained, "classes": run.classes}
    if options.drawings:
        drawings = read_drawings(options.drawings)
        reading = predict_drawings(run, drawings)
        result["predictions"] = [
            {
                "index": index,
                **{key: one[key] for key in ("label", "writer") if key in one},
                **({"error": problem} if problem else {"top": _top(run, probabilities)}),
            }
            for index, (one, probabilities, problem) in enumerate(
                zip(drawings, reading.probabilities, reading.problems, strict=True)
            )
        ]
        result |= reading.summary()
    elif options.page:
        result["predictions"] = [_page(run, name) for name in options.pictures]
    else:
        result["predictions"] = [
            {"picture": name, "top": _top(run, predict_raster(run, _picture(name)))}
            for name in options.pictures
        ]
    if not options.json:
        for one in result["predictions"]:
            what = one.get("picture", one.get("label", one.get("index")))
            if options.page:
                print(f"{what}:\n{one['text']}")
                continue
            answer = one.get("error") or "  ".join(
                f"{top['class']} {top['probability']:.1%}" for top in one["top"]
            )
            print(f"{what}: {answer}")
        if "accuracy" in result:
            print(f"accuracy {result['accuracy']:.4f}, top 3 {result['top3_accuracy']:.4f}")
    return result


def _picture(name: str):
    """The images of a picture of one character."""
    from ..handwriting.ink import rasterize_picture
    from ..handwriting.page_images.photo import open_photo

    try:
        return rasterize_picture(open_photo(name).grey.round().astype("uint8"))
    except InkError as error:
        raise InkError(f"{name}: {error}") from error


def _page(run, name: str) -> dict:
    """All characters of a picture, in reading order."""
    from ..handwriting.page_images import page_reader

    try:
        page = page_reader.find(name)
    except InkError as error:
        raise InkError(f"{name}: {error}") from error
    reading = page_reader.read(run, page)
    index = 0
    lines = []
    for line in page.lines:
        lines.append([])
        for one in line:
            lines[-1].append(
                {
                    "box": one.box,
                    "top": _top(run, reading.probabilities[index]),
                    "space_before": one.space,
                    "may_be_joined": one.joined,
                }
            )
            index += 1
    return {"picture": name, "size": page.size, "text": reading.text, "lines": lines}


def _runs(options) -> dict:
    from ..runs.registry import list_runs

    runs, problems = list_runs()
    for problem in problems:
        say(problem)
    rows = [
        {
            "run": run.name,
            "recipe": run.manifest["recipe"],
            "split": run.manifest["data"].get("split"),
            "train_images": run.manifest["data"]["train"]["images"],
            "trained_on": run.manifest["data"]["train"]["name"],
            "generated": run.generated,
            "shipped": run.shipped,
            "created": run.manifest["created"],
            "bytes": run.bytes,
            **run.manifest["scores"],
        }
        for run in runs
    ]
    if not options.json:
        for row in rows:
            print(
                f"{row['run']:<36} {row['split']:<9} {row['train_images']:>7}  "
                f"accuracy {_shown(row.get('accuracy'), '.4f'):<6}  "
                f"AUC {_shown(row.get('roc_auc_ovo'), '.4f'):<6}"
                f"{'  generated images' if row['generated'] else ''}"
            )
    return {"runs": rows, "problems": problems}


def _bench(options) -> dict:
    from ..maintenance import published_figures
    from ..maintenance.bench import bench
    from ..models import catalog

    if options.markdown:
        written = [str(path) for path in published_figures.write()]
        say(f"written: {', '.join(written)}")
        return {"files": written}
    if options.recipes and not (options.root or os.environ.get("EMNIST_DIR")):
        raise LabError("Recipes are measured on images: name their folder with --root.")
    names = [catalog.get(name).name for name in options.recipes or []]
    only = options.only or (["recipes"] if names else None)
    result = bench(options.root, options.drawings, options.browser, options.json, names, only)
    if options.keep:
        published_figures.keep(result)
        published_figures.write()
    return result


def _screenshots(options) -> dict:
    from ..maintenance import screenshots

    written = [str(path) for path in screenshots.take()]
    say(f"written: {', '.join(written)}")
    return {"files": written}


def _measure(options) -> dict:
    from ..maintenance import recipe_cost
    from ..models import catalog

    names = [catalog.get(name).name for name in options.recipes] or list(catalog.RECIPES)
    return recipe_cost.update_cost_estimates(
        options.root, names, say, options.images or recipe_cost.SIZES
    )


def add(verbs) -> None:
    """Add these verbs to the command line."""
    one = verb(
        verbs, "evaluate", _evaluate, "Measure a run on a dataset, recomputed from its model."
    )
    one.add_argument("--run", required=True)
    one.add_argument("--split", help="default: the run's own")
    one.add_argument("--part", default="test", choices=("train", "test"))
    one.add_argument("--stored", action="store_true", help="the kept test scores; needs no dataset")
    one.add_argument("--report", metavar="FILE", help="write the evaluation as one HTML file too")
    take_root(one)

    one = verb(verbs, "predict", _predict, "Read pictures or drawings.")
    one.add_argument("pictures", nargs="*", metavar="PICTURE")
    one.add_argument("--run", required=True)
    one.add_argument(
        "--page", action="store_true", help="find all characters of each picture, line by line"
    )
    one.add_argument("--drawings", help='JSON list of {"strokes": [[[x, y], ...], ...]}')

    verb(verbs, "runs", _runs, "List the runs at hand.")

    one = verb(verbs, "bench", _bench, "Measure the figures of docs/figures.md.")
    one.add_argument("--drawings", help="JSON file of drawings with labels")
    one.add_argument("--recipes", nargs="+", help="only fit these, beside the reference")
    one.add_argument(
        "--only", nargs="+", metavar="SECTION", help="loading, recipes, auc, drawings …"
    )
    one.add_argument("--browser", action="store_true", help="time pages too (needs Chromium)")
    after = one.add_mutually_exclusive_group()
    after.add_argument(
        "--keep", action="store_true", help="put what was measured into docs/figures.json, then "
        "write the tables",
    )  # fmt: skip
    after.add_argument(
        "--markdown", action="store_true", help="measure nothing: write docs/figures.md and the "
        "table in README.md from docs/figures.json",
    )  # fmt: skip
    take_root(one)

    verb(verbs, "screenshots", _screenshots, "Take the README's pictures (needs Chromium).")

    one = verb(verbs, "measure", _measure, "Measure anew what the Train page says to expect.")
    one.add_argument("recipes", nargs="*", metavar="RECIPE", help="default: all, for half an hour")
    one.add_argument("--images", nargs="+", type=int, help="numbers of training images")
    take_root(one)
