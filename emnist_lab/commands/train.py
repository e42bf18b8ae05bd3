"""Verbs that make runs: train."""

from functools import partial
from pathlib import Path

from ..errors import LabError, RunError
from . import events, job_limits, label_check, on_cluster
from .options import add_old_flag, add_options, from_options
from .output import say, verb
from .specs import TrainSpec


def _train(options) -> dict:
    return train(from_options(TrainSpec, options), options)


def train(spec: TrainSpec, options) -> dict:
    """Train what a spec says, and keep the run.

    Parameters
    ----------
    spec : TrainSpec
    options : argparse.Namespace
        ``code``, ``json``, ``events`` and ``runs_dir`` count.

    Returns
    -------
    dict
        What is printed.

    Raises
    ------
    LabError
        It can't be trained or kept.
    """
    from ..models import catalog, cost_estimates
    from ..runs import registry, run_folders, training

    recipe = catalog.get(spec.recipe)
    if spec.images is not None and spec.images < 1:
        raise LabError("Training needs at least one image: give --images a number above 0.")
    folder = Path(options.runs_dir).resolve() if options.runs_dir else None
    training.check_seed(spec.seed)
    params = recipe.checked(hyperparameters(spec.hyperparameters))
    if options.code:
        return _code(options, spec, recipe, params)
    scheduler = on_cluster.address(spec.here)
    run_folders.check_disk_space(folder)
    if spec.name is not None:
        run_folders.check_name(spec.name)
    job_limits.require_dataset(spec.root)
    note = None if spec.sweep is None else _sweep_note(spec)
    train_part, test = spec.load()
    connected = on_cluster.Connected()
    fit = training.fit
    if scheduler:
        from ..runs.cluster import remote_training

        fit = partial(remote_training.fit, scheduler, connected=connected)
    run = fit(
        recipe,
        train_part,
        test,
        seed=spec.seed,
        params=params,
        prior=spec.prior,
        progress=events.teller(options.events, connected.more),
    )
    if note is not None:
        run.manifest["sweep"] = note
    kind = "generated-" if train_part.generated else ""
    name = spec.name or f"{recipe.name}-{kind}{spec.split}-{len(train_part)}"
    try:
        kept = run.save(name, folder, job_limits.owner())
    except RunError as error:
        if job_limits.owner():
            raise  # no visitor reaches another folder
        kept = _save_elsewhere(run, name, error, folder or run_folders.runs_home())
    try:
        job_limits.require_room(kept.bytes)
    except LabError:
        registry.delete(kept)
        raise
    say(f"kept as {kept.folder}")
    if options.events:
        events.write(events.DoneEvent(kept.name))
    say(f"trained on: {train_part.name}")
    if not options.events and (doubt := label_check.warning(train_part)):  # else a page says it
        say(f"warning: {train_part.name}: {doubt}")
    if short := cost_estimates.shortfall(kept.manifest):
        say(f"warning: {short}")
    return {
        "run": kept.name,
        "folder": str(kept.folder),
        "trained_on": train_part.name,
        "generated": kept.generated,
        **kept.manifest["scores"],
    }


def hyperparameters(pairs: tuple[str, ...]) -> dict[str, str]:
    """``NAME=VALUE`` of the command line as name -> value.

    Parameters
    ----------
    pairs : tuple of str

    Returns
    -------
    dict

    Raises
    ------
    LabError
        One of them has no ``=``.

    Examples
    --------
    >>> hyperparameters(("C=0.1", "max_iter = 20"))
    {'C': '0.1', 'max_iter': '20'}
    """
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise LabError(f"{pair!r} isn't a setting: write NAME=VALUE, as in C=0.1.")
        found[name.strip()] = value.strip()
    return found


def _sweep_note(spec: TrainSpec) -> dict:
    """What the run says of the sweep that its settings are from."""
    from ..evaluation.sweeps import sweep_store
    from ..models import catalog

    kept = sweep_store.open_sweep(spec.sweep)
    if job_limits.owner() not in (None, kept.owner):
        raise RunError(f"There is no sweep {spec.sweep[:80]!r} of yours: look at their list.")
    settings = catalog.get(spec.recipe).checked(hyperparameters(spec.hyperparameters))
    return kept.note_of(spec.recipe, settings)


def _code(options, spec: TrainSpec, recipe, params: dict) -> dict:
    """Print the program instead of running it."""
    from ..runs import class_prior

    train, _ = spec.load()
    counts = train.counts()
    prior = recipe.prior if spec.prior is None else spec.prior
    class_prior.entry(counts, prior, train.classes)  # refuses what is none
    made = spec.program(recipe.pipeline(spec.seed, counts[counts > 0], params))
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
    add_options(one, TrainSpec)
    one.add_argument("--code", action="store_true", help="print Python that does it, and stop")
    one.add_argument(
        "--runs-dir", metavar="DIR", help="folder to keep it in (default: this machine's own runs)"
    )
    add_old_flag(one, "--into", "runs_dir")
    events.take_events(one)
