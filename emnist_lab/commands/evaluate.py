"""Verbs that measure runs: evaluate."""

from pathlib import Path

from .output import say, shown, take_root, verb


def _evaluate(options) -> dict:
    from ..data import loading
    from ..evaluation import evaluation, results
    from ..runs import registry

    run = registry.open_run(options.run)
    if options.stored:
        found = evaluation.stored_evaluation(run)
    else:
        split = options.split or run.manifest["data"]["split"]
        found = evaluation.evaluate_part(run, loading.load(split, options.part, options.root))
    result = results.as_json(found)
    if options.report:
        from ..evaluation import html_report, label_marks

        path = Path(options.report)
        marks = label_marks.read_if_sound(found.fingerprint)
        html_report.write(path, html_report.document(found, marks))
        result["report"] = str(path)
        say(f"written to {path}")
    if not options.json:
        _print(result, list(found.report.summary()))
    return result


def _print(result: dict, numbers: list[str]) -> None:
    print(f"{result['run']}, trained on: {result['trained_on']}\nmeasured on: {result['data']}")
    print(f"answers for: {result['answers_for']}")
    kept = result["manifest"] if result["same_data_as_manifest"] else {}
    for key in numbers:
        beside = f"   (manifest: {shown(kept[key])})" if key in kept else ""
        print(f"{key:>14}  {shown(result[key])}{beside}")
    if result["classes_without_images"]:
        print(f"no images of: {', '.join(result['classes_without_images'])}")
    print_pairs(result["confused_pairs"])


def print_pairs(pairs: list[dict]) -> None:
    """Print which characters are taken for which, a pair a line."""
    for pair in pairs:
        print(f"  {pair['true']} is read as {pair['predicted']}, {pair['count']} of {pair['of']}")


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
