"""Verbs that make runs: train."""

from pathlib import Path

from ..errors import LabError, RunError
from .output import end_with_server, print_json, say, take_events, take_root, verb


def _train(options) -> dict:
    from ..models import catalog, cost_estimates
    from ..runs import run_folders, training
    from ..runs.progress import as_json

    if options.events:
        end_with_server()
    recipe = catalog.get(options.recipe)
    if options.images is not None and options.images < 1:
        raise LabError("Training needs at least one image: give --images a number above 0.")
    folder = Path(options.into).resolve() if options.into else None
    if not 0 <= options.seed < 2**32:
        raise LabError(f"The seed {options.seed} can't be used: choose one from 0 to 4294967295.")
    params = recipe.checked(settings(options.set))
    if options.code:
        return _code(options, recipe, params)
    run_folders.check_disk_space(folder)
    if options.name is not None:
        run_folders.check_name(options.name)
    train, test = _parts(options)

    def tell(progress):
        if options.events:
            print_json({"event": "progress", **as_json(progress)})
            return
        step = f" {progress.unit} {progress.step}/{progress.steps}" if progress.step else ""
        loss = f", loss {progress.loss:.3f}" if progress.loss is not None else ""
        say(f"{progress.stage}/{progress.stages} {progress.title}{step}{loss}")

    run = training.fit(recipe, train, test, seed=options.seed, params=params, progress=tell)
    kind = "generated-" if train.generated else ""
    name = options.name or f"{recipe.name}-{kind}{options.split}-{len(train)}"
    try:
        kept = run.save(name, folder)
    except RunError as error:
        kept = _save_elsewhere(run, name, error, folder or run_folders.runs_home())
    say(f"kept as {kept.folder}")
    if options.events:
        print_json({"event": "done", "result": kept.name})
    say(f"trained on: {train.name}")
    if short := cost_estimates.shortfall(kept.manifest):
        say(f"warning: {short}")
    scores = kept.manifest["scores"]
    return {
        "run": kept.name,
        "folder": str(kept.folder),
        "trained_on": train.name,
        "generated": kept.generated,
        **scores,
    }


def settings(pairs: list[str]) -> dict[str, str]:
    """``NAME=VALUE`` of the command line as name -> value; raises `LabError`."""
    found = {}
    for pair in pairs or []:
        name, equals, value = pair.partition("=")
        if not equals:
            raise LabError(f"{pair!r} isn't a setting: write NAME=VALUE, as in C=0.1.")
        found[name.strip()] = value.strip()
    return found


def _parts(options) -> tuple:
    """Train and test part that the options name."""
    from ..data import loading

    train = loading.load(options.split, "train", options.root)
    test = loading.load(options.split, "test", options.root)
    if options.classes:
        train, test = train.choose(options.classes), test.choose(options.classes)
    if options.images is not None:
        train = train.sample(options.images, options.seed)
    if options.handwriting:
        from ..handwriting import drawing_store

        train = drawing_store.with_kept_drawings(train, options.handwriting, times=options.times)
    return train, test


def _code(options, recipe, params: dict) -> dict:
    """Print the program instead of running it."""
    from ..runs.code_generation import snippet

    train, _ = _parts(options)
    counts = train.counts()
    made = snippet(
        recipe.pipeline(options.seed, counts[counts > 0], params),
        options.split,
        root=options.root,
        images=options.images,
        classes=options.classes,
        seed=options.seed,
        handwriting=options.handwriting,
        times=options.times,
    )
    if not options.json:
        print(made, end="")
    return {"code": made}


def _save_elsewhere(run, name: str, error: LabError, wanted: Path):
    """The disk filled up during training: minutes of work aren't thrown away for it."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="emnist-lab-runs-"))
    try:
        kept = run.save(name, folder)
    except LabError:
        raise error from None
    raise LabError(f"{error} Nothing is lost: the run lies in {kept.folder}; move it to {wanted}.")


def add(verbs) -> None:
    """Add these verbs to the command line."""
    one = verb(verbs, "train", _train, "Fit a recipe and keep the run.")
    one.add_argument("recipe")
    one.add_argument("--split", default="balanced")
    one.add_argument("--images", type=int, help="training images (default: all)")
    one.add_argument("--seed", type=int, default=25)
    one.add_argument("--name", help="name of the run")
    one.add_argument("--classes", help="only these characters, as in 0OQ (default: all)")
    one.add_argument(
        "--set",
        action="append",
        metavar="NAME=VALUE",
        help="change a setting of the recipe, by scikit-learn's name: C=0.1 (may be given again)",
    )
    one.add_argument(
        "--handwriting",
        nargs="?",
        const="all",
        metavar="OWNER",
        help="add the drawings that were kept here (see: handwriting list); of all, or one owner",
    )
    one.add_argument(
        "--times", type=int, default=1, metavar="N", help="count each drawing so often (default: 1)"
    )
    one.add_argument("--code", action="store_true", help="print Python that does it, and stop")
    one.add_argument("--into", help="folder to keep it in (default: this machine's own runs)")
    take_events(one)
    take_root(one)
