"""Verbs that make runs: train."""

from pathlib import Path

from ..errors import LabError
from .out import end_with_server, print_json, say, take_events, take_root, verb


def _train(options) -> dict:
    from .. import dataset, recipes, runs, training

    if options.events:
        end_with_server()
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
            print_json({"event": "progress", **training.as_json(progress)})
            return
        step = f" {progress.step}/{progress.steps}" if progress.step else ""
        loss = f", loss {progress.loss:.3f}" if progress.loss is not None else ""
        say(f"{progress.stage}/{progress.stages} {progress.title}{step}{loss}")

    run = training.fit(recipe, train, test, seed=options.seed, progress=tell)
    kind = "generated-" if train.generated else ""
    name = options.name or f"{recipe.name}-{kind}{options.split}-{len(train)}"
    try:
        kept = run.save(name, folder)
    except runs.RunError as error:
        kept = _save_elsewhere(run, name, error, folder or runs.runs_home())
    say(f"kept as {kept.folder}")
    if options.events:
        print_json({"event": "done", "result": kept.name})
    say(f"trained on: {train.name}")
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


def add(verbs) -> None:
    """Add these verbs to the command line."""
    one = verb(verbs, "train", _train, "Fit a recipe and keep the run.")
    one.add_argument("recipe")
    one.add_argument("--split", default="balanced")
    one.add_argument("--images", type=int, help="training images (default: all)")
    one.add_argument("--seed", type=int, default=25)
    one.add_argument("--name", help="name of the run")
    one.add_argument("--into", help="folder to keep it in (default: this machine's own runs)")
    take_events(one)
    take_root(one)
