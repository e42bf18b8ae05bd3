"""Verbs that measure learning curves: curve."""

from ..errors import LabError
from . import events, job_limits
from .options import add_options, from_options
from .output import say, verb
from .specs import CurveSpec


def _curve(options) -> dict:
    from ..data import loading
    from ..models import catalog
    from ..runs import curve_store, learning_curve, run_folders, training

    spec = from_options(CurveSpec, options)
    recipe = catalog.get(spec.recipe)
    training.check_seed(spec.seed)
    if spec.images_max is not None and spec.images_max < 1:
        raise LabError("A curve needs at least one image: give --images-max a number above 0.")
    if spec.name is not None:
        run_folders.check_name(spec.name, "curve")
    job_limits.require_dataset(spec.root)
    train, test = (loading.load(spec.split, part, spec.root) for part in ("train", "test"))
    most = min(spec.images_max or len(train), len(train))
    sizes = options.sizes or learning_curve.sizes_of(most)
    kind = "generated-" if train.generated else ""
    name = spec.name or f"{recipe.name}-{kind}{spec.split}"
    measured = learning_curve.fit_learning_curve(
        recipe, train, test, sizes, seed=spec.seed, progress=events.teller(options.events)
    )
    curve = curve_store.keep(measured, name, job_limits.owner())
    say(f"kept as {curve_store.curves_home() / curve.name}.json")
    points = curve.table().drop(columns=["curve", "recipe"])
    if options.events:
        events.write(events.DoneEvent(curve.name))
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
    add_options(one, CurveSpec)
    one.add_argument(
        "--sizes", type=_sizes, metavar="N,N,…", help="numbers of training images, in place of it"
    )
    events.take_events(one)
