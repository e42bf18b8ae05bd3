"""Verbs that measure runs: evaluate."""

from pathlib import Path

from .output import say, shown, take_root, verb


def _evaluate(options) -> dict:
    from ..data import loading
    from ..evaluation import class_matching, evaluation, results
    from ..runs import registry
    from . import label_check

    run = registry.open_run(options.run)
    if options.stored:
        found = evaluation.stored_evaluation(run)
        if options.over == class_matching.PRESENT:
            found = evaluation.among_present(found)
    else:
        part = loading.load(options.split or _split(run, options), options.part, options.root)
        found = evaluation.evaluate_part(run, part, over=options.over, unknown=options.unknown)
        if doubt := label_check.warning(part):
            say(f"warning: {part.name}: {doubt}")
    result = results.as_json(found)
    if options.report:
        from ..evaluation import html_report, label_marks

        path = Path(options.report)
        marks = label_marks.read_if_sound(found.fingerprint)
        html_report.write(path, html_report.document(found, marks))
        result["report"] = str(path)
        say(f"written to {path}")
    if not options.json:
        _print(result, list(found.report.summary()), found.remarks())
    return result


def _split(run, options) -> str:
    """The run's own split; where that isn't there, the one of which it knows most classes."""
    from ..data import discovery
    from ..evaluation import class_matching

    own = run.manifest["data"]["split"]
    have = [split for split, part in discovery.available(options.root) if part == options.part]
    found = class_matching.measurable(run, have)
    if own in have or not found:
        return own
    say(f"there is no {own} {options.part} subset: measured on {found[0]}")
    return found[0]


def _print(result: dict, numbers: list[str], remarks: list[str]) -> None:
    print(f"{result['run']}, trained on: {result['trained_on']}\nmeasured on: {result['data']}")
    print(f"answers for: {result['answers_for']}")
    kept = result["manifest"] if result["same_data_as_manifest"] else {}
    for key in numbers:
        beside = f"   (manifest: {shown(kept[key])})" if key in kept else ""
        print(f"{key:>14}  {shown(result[key])}{beside}")
    for remark in remarks:
        print(remark)
    print_pairs(result["confused_pairs"])


def print_pairs(pairs: list[dict]) -> None:
    """Print which classes are predicted as which, a pair a line."""
    for pair in pairs:
        print(f"  {pair['true']} predicted as {pair['predicted']}, {pair['count']} of {pair['of']}")


def add(verbs) -> None:
    """Add these verbs to the command line."""
    one = verb(
        verbs, "evaluate", _evaluate, "Measure a run on a dataset, recomputed from its model."
    )
    one.add_argument("--run", required=True)
    one.add_argument("--split", help="default: the run's own, or what is there and fits")
    one.add_argument("--part", default="test", choices=("train", "test"))
    one.add_argument(
        "--over",
        default="all",
        choices=("all", "present"),
        help="probabilities over all classes of the run, or over those that have images "
        "(default: all)",
    )
    one.add_argument(
        "--unknown",
        default="leave-out",
        choices=("leave-out", "refuse"),
        help="what becomes of images whose class the run doesn't know (default: leave-out)",
    )
    one.add_argument("--stored", action="store_true", help="the kept test scores; needs no dataset")
    one.add_argument("--report", metavar="FILE", help="write the evaluation as one HTML file too")
    take_root(one)
