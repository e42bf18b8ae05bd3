"""Verbs of sweeps: sweep, sweeps."""

import sys
from pathlib import Path

from ..errors import LabError, RunError
from . import events, job_limits, on_cluster, sweep_output
from .options import add_options, from_options
from .output import HERE, confirm, say, verb
from .specs import SweepSpec, TrainSpec
from .train import hyperparameters, train


def _sweep(options) -> dict:
    from ..evaluation.sweeps import hyperparameter_search, results, sweep_store
    from ..runs import run_folders

    spec = from_options(SweepSpec, options)
    if spec.resume is not None:
        spec = _begun(spec)
    if spec.name is not None:
        run_folders.check_name(spec.name, "sweep")
    job_limits.require_dataset(spec.root)
    scheduler, connected = on_cluster.address(spec.here), on_cluster.Connected()
    part = spec.load()
    how = {
        "jobs": spec.jobs,
        "scheduler": scheduler,
        "progress": sweep_output.teller(options.events, connected.more),
        "connected": connected,
    }
    if spec.resume is not None:
        say(f"goes on with the sweep {spec.resume}")
        found = hyperparameter_search.resume(spec.resume, part, **how)
    else:
        plan = plan_of(spec, part)
        _ask(plan, spec, options.yes)
        say(plan.sentence(_jobs(plan, spec)) + ".")
        for note in plan.notes():
            say(f"warning: {note}")
        found = hyperparameter_search.run_plan(
            plan,
            name=spec.name or sweep_store.default_name(plan),
            owner=job_limits.owner(),
            source=spec.source(),
            **how,
        )
    say(f"kept as {sweep_store.sweeps_home() / found.name}")
    if options.csv:
        sweep_output.write_csv(found, Path(options.csv))
    say(results.headline(found))
    if options.events:
        events.write(events.DoneEvent(found.name))
    elif not options.json:
        sweep_output.print_table(found)
    if options.refit_best:
        return {**sweep_output.as_json(found), "run": _refit(found, options)}
    return sweep_output.as_json(found)


def plan_of(spec: SweepSpec, part):
    """The plan that a spec asks for.

    Parameters
    ----------
    spec : SweepSpec
    part : Part
        See `SweepSpec.load`.

    Returns
    -------
    Plan

    Raises
    ------
    LabError
        It isn't possible: one sentence.
    """
    from ..evaluation.sweeps import plan as planning

    if not spec.recipe:
        raise LabError("A sweep needs a recipe: name one, or give --resume NAME.")
    sizes = _sizes(spec.sizes)
    fixed = hyperparameters(spec.hyperparameters)
    how = {
        "folds": spec.folds,
        "repeats": spec.repeats,
        "sizes": sizes,
        "by": spec.by or "",
        "seed": spec.seed,
        "metric": spec.metric or planning.METRIC,
        "prior": spec.prior,
    }
    if spec.against:
        if spec.grid or spec.random or spec.search or spec.points:
            raise LabError(
                "Recipes are compared with one setting each: leave --grid, --random, --points and "
                "--search out, or --against."
            )
        others = [_recipe_with_settings(one) for one in spec.against]
        return planning.compared([(spec.recipe, fixed), *others], part, **how)
    grid, random = (_pairs(one) for one in (spec.grid, spec.random))
    axes = random if random else grid
    axes |= {name: (value,) for name, value in fixed.items()}
    return planning.make(
        spec.recipe,
        part,
        grid=axes if not random else grid,
        random=axes if random else None,
        points=spec.points,
        search=spec.search,
        **how,
    )


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in given:
        name, equals, values = pair.partition("=")
        if not equals:
            raise LabError(f"{pair!r} says no values: write NAME=VALUES, as in C=0.1,1,10.")
        if name.strip() in found:
            raise LabError(f"{name.strip()} is given twice: give all its values at once.")
        found[name.strip()] = values.strip()
    return found


def _recipe_with_settings(text: str) -> tuple[str, dict[str, str]]:
    recipe, _, settings = text.partition(":")
    pairs = tuple(one for one in settings.split(";") if one.strip())
    return recipe.strip(), hyperparameters(pairs)


def _sizes(text: str | None) -> tuple[int, ...]:
    words = [one.strip() for one in (text or "").split(",") if one.strip()]
    if not all(one.isdecimal() for one in words):
        raise LabError(f"{text!r} are no numbers of images: write them as in 1000,2000,5000.")
    return tuple(map(int, words))


def _begun(spec: SweepSpec) -> SweepSpec:
    from ..evaluation.sweeps import sweep_store

    if spec.recipe or spec.grid or spec.random or spec.against:
        raise LabError("A sweep that goes on does what it was begun with: give --resume alone.")
    kept = sweep_store.open_sweep(spec.resume)
    if job_limits.owner() not in (None, kept.owner):
        raise RunError(f"There is no sweep {spec.resume[:80]!r} of yours: look at their list.")
    return begun(spec, kept)


def begun(spec: SweepSpec, kept) -> SweepSpec:
    """A spec of a sweep that goes on, with the images that it was begun with.

    Parameters
    ----------
    spec : SweepSpec
        With ``resume``.
    kept : Sweep
        The one that it names.

    Returns
    -------
    SweepSpec

    Raises
    ------
    LabError
        The sweep doesn't say where its images are.
    """
    return SweepSpec(resume=spec.resume, jobs=spec.jobs, here=spec.here, **_source(kept))


def _source(kept) -> dict:
    """Options that load the images of a kept sweep."""
    source = kept.manifest["source"]
    fields = {"split": str, "images": int, "seed": int, "root": str, "classes": str}
    fields |= {"handwriting": str, "repeat": int}
    if source is None or not all(
        isinstance(source.get(name), (kind, type(None))) for name, kind in fields.items()
    ):
        raise LabError(
            f"The sweep {kept.name} doesn't say where its images are: go on with it in Python, by "
            "lab.resume_sweep."
        )
    return {name: source[name] for name in fields if source.get(name) is not None}


def refit_spec(kept, name: str | None = None, here: bool = False) -> TrainSpec:
    """What trains the best candidate of a kept sweep on all its images, as a run.

    Parameters
    ----------
    kept : Sweep
    name : str, optional
        Of the run.
    here : bool
        Whether it is trained on this machine though a cluster is named.

    Returns
    -------
    TrainSpec
        Its run names the sweep.

    Raises
    ------
    LabError
        No candidate was fitted on every fold, or the sweep doesn't say where its images are.
    """
    best, prior = kept.best.candidate, kept.manifest["prior"]
    if isinstance(prior, list):
        classes = kept.manifest["data"]["classes"]
        prior = ",".join(f"{one}={value:.12f}" for one, value in zip(classes, prior, strict=True))
    return TrainSpec(
        recipe=best.recipe,
        hyperparameters=tuple(
            f"{name.rpartition('__')[2]}={_exactly(value)}" for name, value in best.settings.items()
        ),
        prior=prior,
        sweep=kept.name,
        name=name,
        here=here,
        **_source(kept),
    )


def _exactly(value) -> str:
    """A hyperparameter as text that is read as the same one."""
    if isinstance(value, tuple):
        return ", ".join(map(_exactly, value))
    return repr(value) if isinstance(value, float) else str(value)


def _refit(kept, options) -> str:
    options.code, options.runs_dir = False, None
    return train(refit_spec(kept, here=options.here), options)["run"]


def _jobs(plan, spec: SweepSpec) -> int:
    from ..evaluation.sweeps import search

    return spec.jobs if spec.jobs is not None else search.jobs_for(plan)


def _ask(plan, spec: SweepSpec, yes: bool) -> None:
    """Ask before many fits, or long ones."""
    jobs = _jobs(plan, spec)
    if yes or not plan.should_ask(jobs):
        return
    remedy = "give --yes to begin, fewer values, or --random with fewer --points"
    if not sys.stdin.isatty():
        raise LabError(f"These are {plan.sentence(jobs)}: {remedy}.")
    say(f"These are {plan.sentence(jobs)}. Begin? [y/N]")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise LabError(f"Nothing was begun: {remedy}.")


def _sweeps(options) -> dict:
    from ..evaluation.sweeps import results, sweep_store

    if options.name is None:
        found, problems = sweep_store.list_sweeps()
        for problem in problems:
            say(problem)
        for one in found if not options.json else ():
            done = "" if one.complete else f" {len(one.records)} of {one.fits} fits are done."
            print(f"{one.name:<40} {results.headline(one)}{done}")
        return {"sweeps": [sweep_output.summary(one) for one in found], "problems": problems}
    kept = sweep_store.open_sweep(options.name)
    if options.delete:
        unasked = f"The sweep {kept.name} is kept: give --yes to delete it unasked."
        if confirm(options.yes, f"the sweep {kept.name}", f"{kept.name} is kept", unasked):
            sweep_store.delete(kept.name)
            say(f"{kept.name} is deleted")
            return {"sweep": kept.name, "deleted": True}
        return {"sweep": kept.name, "deleted": False}
    if options.csv:
        sweep_output.write_csv(kept, Path(options.csv))
    elif not options.json:
        say(results.headline(kept))
        sweep_output.print_table(kept)
    if options.refit_best:
        options.events = False
        return {**sweep_output.as_json(kept), "run": _refit(kept, options)}
    return sweep_output.as_json(kept)


def add(verbs) -> None:
    """Add these verbs to the command line."""
    one = verb(
        verbs,
        "sweep",
        _sweep,
        "Search a recipe's hyperparameters, or compare recipes, with cross-validation.",
    )
    add_options(one, SweepSpec)
    one.add_argument("--yes", action="store_true", help="begin unasked, however long it takes")
    _take_results(one)
    events.take_events(one)

    one = verb(verbs, "sweeps", _sweeps, "List the sweeps that are kept, or show one.")
    one.add_argument("name", nargs="?", metavar="NAME")
    _take_results(one)
    one.add_argument("--here", action="store_true", help=HERE)
    one.add_argument("--delete", action="store_true", help="delete it; asks first")
    one.add_argument("--yes", action="store_true", help="don't ask")


def _take_results(one) -> None:
    one.add_argument("--csv", metavar="FILE", help="write candidates and all scores as CSV")
    one.add_argument(
        "--refit-best",
        action="store_true",
        help="train the best on all its images, and keep the run",
    )
