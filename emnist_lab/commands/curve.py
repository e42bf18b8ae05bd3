"""Verbs that measure learning curves: curve."""

from ..errors import LabError
from .output import end_with_server, print_json, say, take_events, take_root, verb


def _curve(options) -> dict:
    from ..data import loading
    from ..models import catalog
    from ..runs import curve_store, learning_curve, run_folders
    from ..runs.progress import as_json

    if options.events:
        end_with_server()
    recipe = catalog.get(options.recipe)
    if not 0 <= options.seed < 2**32:
        raise LabError(f"The seed {options.seed} can't be used: choose one from 0 to 4294967295.")
    if options.images_max is not None and options.images_max < 1:
        raise LabError("A curve needs at least one image: give --images-max a number above 0.")
    if options.name is not None:
        run_folders.check_name(options.name, "curve")
    train = loading.load(options.split, "train", options.root)
    test = loading.load(options.split, "test", options.root)
    most = min(options.images_max or len(train), len(train))
    sizes = options.sizes or learning_curve.sizes_of(most)

    def tell(progress):
        if options.events:
            print_json({"event": "progress", **as_json(progress)})
            return
        step = f" {progress.step}/{progress.steps}" if progress.step else ""
        say(f"{progress.stage}/{progress.stages} {progress.title}{step}")

    kind = "generated-" if train.generated else ""
    name = options.name or f"{recipe.name}-{kind}{options.split}"
    measured = learning_curve.fit_learning_curve(
        recipe, train, test, sizes, seed=options.seed, progress=tell
    )
    curve = curve_store.keep(measured, name)
    say(f"kept as {curve_store.curves_home() / curve.name}.json")
    points = curve.table().drop(columns=["curve", "recipe"])
    if options.events:
        print_json({"event": "done", "result": curve.name})
    elif not options.json:
        print(points.to_string(index=False))
    return {
        "curve": curve.name,
        "trained_on": curve.train,
        "measured_on": curve.test,
        "generated": curve.generated,
        "points": points.to_dict("records"),
        "skipped": curve.skipped,
    }


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(","))


def add(verbs) -> None:
    """Add these verbs to the command line."""
    one = verb(
        verbs, "curve", _curve, "Measure a recipe on more and more training images, and keep that."
    )
    one.add_argument("recipe")
    one.add_argument("--split", default="balanced")
    one.add_argument("--images-max", type=int, help="training images at most (default: all)")
    one.add_argument(
        "--sizes", type=_sizes, metavar="N,N,…", help="numbers of training images, in place of it"
    )
    one.add_argument("--seed", type=int, default=25)
    one.add_argument("--name", help="name of the curve")
    take_events(one)
    take_root(one)
