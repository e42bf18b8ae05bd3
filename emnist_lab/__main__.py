"""Command line: python -m emnist_lab fetch | data | train | evaluate | predict | runs | bench.

And demo and orientation, which make anew what comes with EMNIST Lab.
"""

import argparse
import contextlib
import dataclasses
import json
import logging
import math
import os
import signal
import sys
import threading
from pathlib import Path

from . import sources
from .errors import InkError, LabError, TrainingCancelled
from .splits import SPLITS

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")  # none that hands a file to others


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _print_json(value: dict) -> None:
    print(json.dumps(_finite(value), ensure_ascii=False), flush=True)


def _finite(value):
    """`value` with NaN as null: JSON knows no NaN."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _fetch(options) -> dict:
    from . import imports
    from .fetch import fetch

    if options.events:
        _end_with_server()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # half an import is removed then
    wanted = list(SPLITS) if "all" in options.splits else options.splits
    origins = options.origin or [None]
    if options.name and not all(one and "://" not in one for one in origins):
        raise LabError("A name goes with files of your own: name them with --from.")
    with _bar(options.events) as tell:
        if options.name or _foreign(origins):
            if wanted:
                raise LabError("Split names go with NIST's files only: leave them out here.")
            name = imports.bring([Path(one).expanduser() for one in origins], options.name, tell)
            files = sorted((imports.folder() / name).rglob("*"))
        elif len(origins) > 1:
            raise LabError("One folder, zip or address at a time: name one with --from.")
        else:
            name, files = None, fetch(wanted, origins[0], tell)
    if name:
        _say(f"kept as {name}: open it with --root {name}")
        for (split, part), source in sources.find(name).items():
            _say(f"  {split} {part}: {source.format}")
    else:
        for path in files:
            _say(f"in place: {path}")
    if options.events:
        _print_json({"event": "done", "result": name})
    return {"dataset": name, "files": [str(path) for path in files]}


def _foreign(origins: list) -> bool:
    """Whether these are files of a dataset that isn't in NIST's own files or zip."""
    from . import archive
    from .formats import idx

    for one in origins:
        path = Path(one).expanduser() if one and "://" not in one else None
        if path is None or not path.is_file():
            continue
        if path.suffix.lower() != ".zip" or not idx.members(archive.directory_in(path)):
            return True
    return False


@contextlib.contextmanager
def _bar(events: bool):
    """Something that takes a `Transfer` and shows it: a bar, or lines of JSON."""
    if events:
        yield lambda one: _print_json(
            {"event": "progress", **dataclasses.asdict(one), "remaining": one.remaining}
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
                _say(f"{title} …")
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
    from . import dataset

    rows = []
    for (split, part), source in sources.find(options.root).items():
        data = dataset.read_part(source, part)
        rows.append(
            {
                "split": split,
                "part": part,
                "name": data.name,
                "images": len(data),
                "classes": data.classes,
                "format": source.format,
                "generated": data.generated,
                "notes": list(data.notes),
                "files": [str(path) for path in source.paths[:5]],
            }
        )
        if not options.json:
            print(f"{split} {part}: {data.name}\n  {source.format}: {source.paths[0]}")
            for note in data.notes:
                print(f"  {note}")
    if not rows:
        raise LabError("There is no dataset that is known at that place: name another with --root.")
    return {"parts": rows}


def _demo(options) -> dict:
    from . import demo

    return demo.build(options.root, seed=options.seed, progress=_say)


def _orientation(options) -> dict:
    from . import orientation

    into = None if options.rates else orientation.WEIGHTS
    rates = orientation.refit([Path(one) for one in options.root], into)
    if not options.json:
        for one in rates:
            what = f"{one['split']}{', labels known' if one['labelled'] else ''}"
            what += ", one class" if one["one_class"] else ""
            errors = "  ".join(f"{size}: {rate:.2%}" for size, rate in one["error"].items())
            print(f"{what:<34} {errors}")
    return {"rates": rates}


def _train(options) -> dict:
    from . import dataset, recipes, runs, training

    if options.events:
        _end_with_server()
    recipe = recipes.get(options.recipe)
    if options.images is not None and options.images < 1:
        raise LabError("Training needs at least one image: give --images a number above 0.")
    folder = Path(options.into).resolve() if options.into else None
    if not 0 <= options.seed < 2**32:
        raise LabError(f"The seed {options.seed} can't be used: choose one from 0 to 4294967295.")
    runs.check_room(folder)
    if options.name is not None:
        runs.check_name(options.name)
    train = dataset.load(options.split, "train", options.root)
    test = dataset.load(options.split, "test", options.root)
    if options.images is not None:
        train = train.sample(options.images, options.seed)

    def tell(progress):
        if options.events:
            _print_json({"event": "progress", **training.as_json(progress)})
            return
        step = f" {progress.step}/{progress.steps}" if progress.step else ""
        loss = f", loss {progress.loss:.3f}" if progress.loss is not None else ""
        _say(f"{progress.stage}/{progress.stages} {progress.title}{step}{loss}")

    run = training.fit(recipe, train, test, seed=options.seed, progress=tell)
    kind = "generated-" if train.generated else ""
    name = options.name or f"{recipe.name}-{kind}{options.split}-{len(train)}"
    try:
        kept = run.save(name, folder)
    except runs.RunError as error:
        kept = _save_elsewhere(run, name, error, folder or runs.runs_home())
    _say(f"kept as {kept.folder}")
    if options.events:
        _print_json({"event": "done", "result": kept.name})
    _say(f"trained on: {train.name}")
    scores = kept.manifest["scores"]
    return {
        "run": kept.name,
        "folder": str(kept.folder),
        "trained_on": train.name,
        "generated": kept.generated,
        **scores,
    }


def _save_elsewhere(run, name: str, error: LabError, wanted: Path):
    """The disk filled up during training: minutes of work aren't thrown away for it."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="emnist-lab-runs-"))
    try:
        kept = run.save(name, folder)
    except LabError:
        raise error from None
    raise LabError(f"{error} Nothing is lost: the run lies in {kept.folder}; move it to {wanted}.")


def _end_with_server() -> None:
    """For work that a server started: yield to its pages, and end when it does."""

    def wait():
        sys.stdin.buffer.read()
        os._exit(1)  # the server is gone; a run that is being written stays invisible

    threading.Thread(target=wait, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(5)


def _evaluate(options) -> dict:
    from . import dataset, runs, training

    run = runs.open_run(options.run)
    if options.stored:
        report, data = run.report(), run.manifest["data"]["test"]["name"]
        fingerprint = run.manifest["data"]["test"]["fingerprint"]
    else:
        split = options.split or run.manifest["data"]["split"]
        test = dataset.load(split, options.part, options.root)
        report, data, fingerprint = training.evaluate(run, test), test.name, test.fingerprint
    summary = report.summary()
    kept = run.manifest["scores"]
    same_data = fingerprint == (run.manifest["data"].get("test") or {}).get("fingerprint")
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
        "equals_manifest": all(
            kept.get(key) is not None and math.isclose(kept[key], value, rel_tol=1e-9)
            for key, value in summary.items()
        )
        if same_data
        else None,
        "most_missed": report.most_missed(),
        "confused_pairs": report.confused_pairs(10).to_dict("records"),
    }
    if not options.json:
        print(f"{run.name}, trained on: {result['trained_on']}\nmeasured on: {data}")
        for key, value in summary.items():
            beside = f"   (manifest: {kept[key]})" if same_data and key in kept else ""
            print(f"{key:>14}  {value}{beside}")
        for pair in result["confused_pairs"]:
            print(
                f"  {pair['true']} is read as {pair['predicted']}, {pair['count']} of {pair['of']}"
            )
    return result


def _top(run, chances, count: int = 5) -> list[dict]:
    best = chances.argsort()[::-1][:count]
    return [{"class": run.classes[i], "probability": float(chances[i])} for i in best]


def _predict(options) -> dict:
    from . import runs
    from .drawings import read_drawings, score

    run = runs.open_run(options.run)
    if bool(options.drawings) == bool(options.pictures):
        raise LabError("Nothing to read: name one or more pictures, or one file with --drawings.")
    trained = run.manifest["data"]["train"]["name"]
    result: dict = {"run": run.name, "trained_on": trained, "classes": run.classes}
    if options.drawings:
        drawings = read_drawings(options.drawings)
        reading = score(run, drawings)
        result["predictions"] = [
            {
                "index": index,
                **{key: one[key] for key in ("label", "writer") if key in one},
                **({"error": problem} if problem else {"top": _top(run, chances)}),
            }
            for index, (one, chances, problem) in enumerate(
                zip(drawings, reading.chances, reading.problems, strict=True)
            )
        ]
        result |= reading.summary()
    else:
        result["predictions"] = [
            {"picture": name, "top": _top(run, run.predict_proba(_picture(name)[None])[0])}
            for name in options.pictures
        ]
    if not options.json:
        for one in result["predictions"]:
            what = one.get("picture", one.get("label", one.get("index")))
            said = one.get("error") or "  ".join(
                f"{top['class']} {top['probability']:.1%}" for top in one["top"]
            )
            print(f"{what}: {said}")
        if "accuracy" in result:
            print(f"accuracy {result['accuracy']:.4f}, top 3 {result['top3_accuracy']:.4f}")
    return result


def _picture(name: str):
    from PIL import Image, UnidentifiedImageError

    from .ink import from_picture

    try:
        with Image.open(name, formats=_FORMATS) as picture:
            return from_picture(picture)
    except FileNotFoundError as error:
        raise InkError(f"There is no picture {name}: check the spelling.") from error
    except InkError as error:
        raise InkError(f"{name}: {error}") from error
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        ValueError,
        SyntaxError,
    ) as error:
        raise InkError(f"{name} can't be read as a picture: save it as PNG or JPEG.") from error


def _runs(options) -> dict:
    from .runs import list_runs

    runs, problems = list_runs()
    for problem in problems:
        _say(problem)
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
            **run.manifest["scores"],
        }
        for run in runs
    ]
    if not options.json:
        for row in rows:
            print(
                f"{row['run']:<36} {row['split']:<9} {row['train_images']:>7}  "
                f"accuracy {row.get('accuracy') or math.nan:.4f}  "
                f"AUC {row.get('roc_auc_ovo') or math.nan:.4f}"
                f"{'  generated images' if row['generated'] else ''}"
            )
    return {"runs": rows, "problems": problems}


def _bench(options) -> dict:
    from .bench import bench

    return bench(options.root, options.drawings, options.browser, quiet=options.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emnist_lab", description="EMNIST Lab on the command line."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)

    def verb(name, work, text):
        one = verbs.add_parser(name, help=text, description=text)
        one.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
        one.set_defaults(work=work)
        return one

    def root(one):
        one.add_argument(
            "--root",
            help="folder or file of a dataset, name of an imported one, or demo "
            "(default: $EMNIST_DIR, then what was fetched)",
        )

    one = verb("fetch", _fetch, "Bring a dataset where the app finds it, every file verified.")
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
    one.add_argument("--events", action="store_true", help=argparse.SUPPRESS)

    one = verb("data", _data, "Show what a place holds, and how it was read.")
    root(one)

    one = verb("demo", _demo, "Make the generated demo set anew, from real images.")
    one.add_argument("--seed", type=int, default=25)
    root(one)

    one = verb("orientation", _orientation, "Fit anew what tells transposed images from upright.")
    one.add_argument("--root", nargs="+", required=True, help="folders of official files")
    one.add_argument("--rates", action="store_true", help="only measure what is there")

    one = verb("train", _train, "Fit a recipe and keep the run.")
    one.add_argument("recipe")
    one.add_argument("--split", default="balanced")
    one.add_argument("--images", type=int, help="training images (default: all)")
    one.add_argument("--seed", type=int, default=25)
    one.add_argument("--name", help="name of the run")
    one.add_argument("--into", help="folder to keep it in (default: this machine's own runs)")
    one.add_argument("--events", action="store_true", help=argparse.SUPPRESS)
    root(one)

    one = verb("evaluate", _evaluate, "Measure a run on a dataset, recomputed from its model.")
    one.add_argument("--run", required=True)
    one.add_argument("--split", help="default: the run's own")
    one.add_argument("--part", default="test", choices=("train", "test"))
    one.add_argument("--stored", action="store_true", help="the kept test scores; needs no dataset")
    root(one)

    one = verb("predict", _predict, "Read pictures or drawings.")
    one.add_argument("pictures", nargs="*", metavar="PICTURE")
    one.add_argument("--run", required=True)
    one.add_argument("--drawings", help='JSON list of {"strokes": [[[x, y], ...], ...]}')

    verb("runs", _runs, "List the runs at hand.")

    one = verb("bench", _bench, "Measure the figures that the README claims.")
    one.add_argument("--drawings", help="JSON file of drawings with labels")
    one.add_argument("--browser", action="store_true", help="time pages too (needs Chromium)")
    root(one)
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
        _say("Stopped; nothing was half-written.")
        return 130
    except TrainingCancelled as error:
        _say(str(error))
        return 130
    except LabError as error:
        if events:
            _print_json({"event": "error", "message": str(error)})
        _say(str(error))
        return 2
    if options.json:
        _print_json(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
