"""Verbs for maintainers: benchmarks, and what makes the shipped artifacts anew."""

import os
from pathlib import Path

from ..errors import LabError
from ..metrics.percent import percent
from .output import say, take_root, verb


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
    load = {
        "people": options.sessions or (20 if options.replicas else 50),
        "minutes": options.minutes,
        "against": options.against,
    }
    cluster = {"images": options.images, "kill": options.kill}
    if options.replicas:
        if options.keep or only != ["load"]:
            raise LabError("Replicas are compared alone: give --only load, and not --keep.")
        load["replicas"] = options.replicas
    result = bench(
        options.root,
        options.drawings,
        options.browser,
        options.json,
        names,
        only,
        load,
        options.photos,
        {name: value for name, value in cluster.items() if value},
    )
    if options.keep:
        published_figures.keep(result)
        published_figures.write()
    return result


def _screenshots(options) -> dict:
    from ..maintenance import page_screenshots, screenshots

    if options.folder:
        written = page_screenshots.take(Path(options.folder), options.root, say)
    else:
        written = screenshots.take()
    names = [str(path) for path in written]
    say(f"written: {', '.join(names) if len(names) < 5 else f'{len(names)} pictures'}")
    return {"files": names}


def _glossary(options) -> dict:
    from ..metrics import glossary

    if not options.json:
        print(glossary.markdown(), end="")
    return {"sections": glossary.SECTIONS}


def _measure_recipes(options) -> dict:
    from ..maintenance import recipe_cost
    from ..models import catalog

    names = [catalog.get(name).name for name in options.recipes] or list(catalog.RECIPES)
    return recipe_cost.update_cost_estimates(
        options.root, names, say, options.images or recipe_cost.SIZES
    )


def _demo(options) -> dict:
    from ..maintenance import demo_set

    return demo_set.build(options.root, seed=options.seed, progress=say)


def _orientation(options) -> dict:
    from ..data import orientation
    from ..maintenance import orientation_training

    into = None if options.rates else orientation.WEIGHTS
    rates = orientation_training.refit([Path(one) for one in options.root], into)
    if not options.json:
        for one in rates:
            what = f"{one['split']}{', labels known' if one['labelled'] else ''}"
            what += ", one class" if one["one_class"] else ""
            errors = "  ".join(f"{size}: {rate:.2%}" for size, rate in one["error"].items())
            print(f"{what:<34} {errors}")
    return {"rates": rates}


def _adaptation_center(options) -> dict:
    from ..data import loading
    from ..maintenance import adaptation_center

    return adaptation_center.refit(loading.load("balanced", "train", options.root))


def _fit_scribble_detector(options) -> dict:
    from ..data import loading
    from ..handwriting import stroke_files
    from ..maintenance import scribble_training

    train, test = (loading.load("balanced", part, options.root) for part in ("train", "test"))
    measured = scribble_training.refit_detector(
        train, test, stroke_files.read_drawings(options.drawings), say
    )
    if not options.json:
        for name in ("refused", "refused_unseen", "wrongly_refused"):
            for what, rate in measured[name].items():
                print(f"{name:<16} {what:<10} {rate:.2%}")
    return measured


def _fit_embeddings(options) -> dict:
    from ..data import loading
    from ..maintenance import embedding_training

    train, test = (loading.load("balanced", part, options.root) for part in ("train", "test"))
    measured = embedding_training.refit(train, test, say)
    if not options.json:
        for run, found in measured.items():
            print(f"{run}: images whose 10 neighbours in the plane tell their class")
            for method, share in found.items():
                print(f"  {method:<26} {percent(share)}")
    return {"separation": measured}


def add(verbs) -> None:
    """Add these verbs to the command line."""
    one = verb(verbs, "bench", _bench, "Measure the figures of docs/figures.md.")
    one.add_argument("--drawings", help="JSON file of drawings with labels")
    one.add_argument(
        "--photos", metavar="DIR", help="pictures, and truth.json: file -> lines, to read them"
    )
    one.add_argument("--recipes", nargs="+", help="only fit these, beside the reference")
    one.add_argument(
        "--only", nargs="+", metavar="SECTION", help="loading, recipes, auc, drawings …"
    )
    one.add_argument("--browser", action="store_true", help="time pages too (needs Chromium)")
    one.add_argument(
        "--sessions",
        type=int,
        metavar="N",
        help="load: people at once, 50 by default; 20 where replicas are compared",
    )
    one.add_argument(
        "--minutes", type=float, default=0.0, help="load: how long 20 people stay, for memory"
    )
    one.add_argument(
        "--against", metavar="CHECKOUT", help="load: measure the scripts of another checkout too"
    )
    one.add_argument(
        "--images", type=int, metavar="N", help="cluster: images that are dealt (default: 20,000)"
    )
    one.add_argument(
        "--kill", action="store_true", help="cluster: kill a worker in the middle of the sweep"
    )
    one.add_argument(
        "--replicas",
        type=int,
        default=0,
        metavar="2",
        help="load: only compare so many replicas behind nginx with one",
    )
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

    one = verb(
        verbs,
        "screenshots",
        _screenshots,
        "Take the README's pictures, or, given a folder, one of every page (needs Chromium).",
    )
    one.add_argument(
        "folder",
        nargs="?",
        metavar="DIR",
        help="gets every page and mode at 1280 and 360 pixels, light and dark",
    )
    take_root(one)

    verb(
        verbs, "glossary", _glossary, "Print the terms of the pages, as docs/glossary.md has them."
    )

    one = verb(
        verbs,
        "measure-recipes",
        _measure_recipes,
        "Measure anew what the Train page says to expect.",
    )
    one.add_argument("recipes", nargs="*", metavar="RECIPE", help="default: all, for half an hour")
    one.add_argument("--images", nargs="+", type=int, help="numbers of training images")
    take_root(one)

    one = verb(verbs, "demo", _demo, "Make the generated demo set anew, from real images.")
    one.add_argument("--seed", type=int, default=25)
    take_root(one)

    one = verb(
        verbs, "orientation", _orientation, "Fit anew what tells transposed images from upright."
    )
    one.add_argument("--root", nargs="+", required=True, help="folders of official files")
    one.add_argument("--rates", action="store_true", help="only measure what is there")

    one = verb(
        verbs,
        "adaptation-center",
        _adaptation_center,
        "Compute anew the mean gradients that the adaptation to a hand subtracts.",
    )
    take_root(one)

    one = verb(
        verbs,
        "fit-embeddings",
        _fit_embeddings,
        "Fit anew the embeddings that Evaluate opens on for shipped runs.",
    )
    take_root(one)

    one = verb(
        verbs,
        "fit-scribble-detector",
        _fit_scribble_detector,
        "Fit anew what tells scribbles from characters.",
    )
    one.add_argument("--drawings", required=True, help="JSON file of drawings, to measure on")
    take_root(one)
