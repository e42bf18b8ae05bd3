"""Hyperparameter search with cross-validation: Recipe × Part -> Sweep."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ... import files
from ...data.part import Part
from ...errors import ClusterError, RunError, TrainingCancelled
from ...models.recipe import SEED, Recipe
from ...runs.class_prior import Prior
from ...runs.cluster import address as cluster_address
from ...runs.progress import Progress
from . import plan as planning
from . import search as searching
from . import sweep_manifest, sweep_store
from .fit_journal import FitJournal
from .plan import METRIC, Plan
from .results import Sweep


def sweep(
    recipe: str | Recipe,
    train: Part,
    *,
    grid: Mapping[str, Any] | None = None,
    random: Mapping[str, Any] | None = None,
    points: int | None = None,
    search: str | None = None,
    folds: int = 3,
    repeats: int = 1,
    sizes: Sequence[int] = (),
    by: str = "",
    seed: int = SEED,
    metric: str = METRIC,
    prior: Prior | None = None,
    name: str | None = None,
    owner: str | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Sweep:
    """Search a recipe's hyperparameters, each candidate cross-validated over the same folds.

    The search is scikit-learn's own: `sklearn.model_selection.GridSearchCV`,
    ``RandomizedSearchCV``, ``HalvingGridSearchCV`` or ``HalvingRandomSearchCV``. Without anything
    to search the recipe's own settings are cross-validated.

    Parameters
    ----------
    recipe : str or Recipe
        A name from the catalog, or a recipe of your own.
    train : Part
        Images that are dealt into folds.
    grid : mapping, optional
        Name of a hyperparameter -> values: every combination is a candidate.
    random : mapping, optional
        Name of a hyperparameter -> a `Range`, text as in ``"0.01:100:log"``, or values: candidates
        are drawn.
    points : int, optional
        How many are drawn; 20 by default.
    search : {"grid", "random", "halving"}, optional
        By default what `grid` or `random` asks for. Successive halving has all candidates learn
        from few images, and in each round a third of them from three times as many.
    folds : int
        Each image is measured on once: by fits on the other folds.
    repeats : int
        How often, each time with other folds and another seed of the recipe: `seed`,
        ``seed + 1``, ...
    sizes : sequence of int
        Numbers of training images, as one more axis: a cross-validated learning curve. Each is a
        nested stratified sample of the other folds, which are used whole without it.
    by : {"", "class", "writer"}
        Folds are stratified by class; whole writers stay in one fold where the part knows them,
        or as this says.
    seed : int
        Of the folds, of what is drawn, and for everything random in the recipe.
    metric : str
        What candidates are ranked by: a key of `emnist_lab.metrics.METRICS`.
    prior : str, mapping or sequence, optional
        See `emnist_lab.runs.training.fit`.
    name : str, optional
        Keeps the sweep from its first fit on, under this name. One of this name that was begun
        with the same plan goes on: what was fitted isn't fitted again. Where another sweep has
        it, a number is added.
    owner : str, optional
        Visitor of a server whom it belongs to.
    jobs : int, optional
        Processes that fit side by side; by default one a core, where that is worth their start.
        Scores are the same whatever it is.
    scheduler : str, optional
        Address of a Dask scheduler, as in ``"tcp://host:8786"``, whose workers do the fits: as
        many side by side as they have threads. By default what ``$EMNIST_LAB_SCHEDULER`` names;
        an empty one for this machine.
    progress : callable, optional
        Called with a `Progress` of the whole sweep.
    cancel : callable, optional
        Asked between fits and while they go on; the sweep stops once it returns True.

    Returns
    -------
    Sweep
        `sweep_store.save` keeps one that has no name.

    Raises
    ------
    TrainingError
        Something asked for isn't possible, or no candidate can be fitted: one sentence.
    TrainingCancelled
        `cancel` returned True; the fits that ended stay with a sweep that has a name.
    RunError
        It can't be kept, or goes on in another process.
    ClusterError
        The cluster can't be used, or ended.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> train = lab.load("balanced", "train", root="demo").choose("0123456789").sample(300)
    >>> found = sweep("pixels-neighbours", train, grid={"n_neighbors": (1, 5)}, folds=3)
    >>> list(found.table()["n_neighbors"].sort_values()), found.best.splits
    ([1, 5], 3)
    """
    plan = planning.make(
        recipe,
        train,
        grid=grid,
        random=random,
        points=points,
        search=search,
        folds=folds,
        repeats=repeats,
        sizes=sizes,
        by=by,
        seed=seed,
        metric=metric,
        prior=prior,
    )
    return run_plan(
        plan,
        name=name,
        owner=owner,
        jobs=jobs,
        scheduler=scheduler,
        progress=progress,
        cancel=cancel,
    )


def run_plan(
    plan: Plan,
    *,
    name: str | None = None,
    owner: str | None = None,
    source: dict[str, Any] | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    connected: Callable[[Any], None] | None = None,
) -> Sweep:
    """Do what a plan says; see `sweep`.

    Parameters
    ----------
    plan : Plan
        See `emnist_lab.evaluation.sweeps.plan.make`.
    name, owner, jobs, scheduler, progress, cancel
        See `sweep`.
    source : dict, optional
        How the images were loaded, for whoever resumes it.
    connected : callable, optional
        Called with the `emnist_lab.runs.cluster.connection.Cluster` that does the fits; warnings
        name the workers that it doesn't use otherwise.

    Returns
    -------
    Sweep

    Raises
    ------
    TrainingError, TrainingCancelled, RunError or ClusterError
        See `sweep`.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> train = lab.load("balanced", "train", root="demo").choose("0123456789").sample(300)
    >>> made = planning.make("pixels-bayes", train, folds=2)
    >>> made.sentence().endswith("1 candidate on 2 folds"), len(run_plan(made).records)
    (True, 2)
    """
    how = {
        "jobs": jobs,
        "scheduler": scheduler,
        "progress": progress,
        "cancel": cancel,
        "connected": connected,
    }
    if name is not None:
        return _kept(plan, sweep_store.begin(plan, name, owner, source), **how)
    with searching.temporary_folder() as folder:
        try:
            records = _searched(plan, folder, **how)
        except TrainingCancelled as error:
            raise TrainingCancelled(
                "The sweep was cancelled; nothing was kept, for it has no name."
            ) from error
    manifest = sweep_store.finished(sweep_manifest.manifest_of(plan, source))
    return Sweep(manifest, tuple(records), recipes=plan.recipes)


def resume(
    name: str,
    train: Part,
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    connected: Callable[[Any], None] | None = None,
) -> Sweep:
    """Go on with a kept sweep: only what wasn't fitted yet, or failed, is fitted.

    Parameters
    ----------
    name : str
    train : Part
        The images that it was begun with.
    jobs, scheduler, progress, cancel, connected
        See `run_plan`. It may have been begun in another place.

    Returns
    -------
    Sweep

    Raises
    ------
    RunError
        There is no such sweep, or it goes on in another process.
    TrainingError, TrainingCancelled or ClusterError
        See `sweep`; or these are other images.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> train = lab.load("balanced", "train", root="demo").choose("0123456789").sample(300)
    >>> begun = sweep("pixels-bayes", train, name="mine")
    >>> resume("mine", train).records == begun.records
    True
    """
    kept = sweep_store.open_sweep(name)
    plan = sweep_manifest.plan_of(kept.manifest, train)
    folder = sweep_store.sweeps_home() / name
    return _kept(
        plan,
        folder,
        jobs=jobs,
        scheduler=scheduler,
        progress=progress,
        cancel=cancel,
        connected=connected,
    )


def _kept(plan: Plan, folder: Path, cancel: Callable[[], bool] | None, **how: Any) -> Sweep:
    with sweep_store.locked(folder) as deleted:

        def stop() -> bool:
            return deleted() or (cancel is not None and cancel())

        try:
            kept = _completed(plan, folder, cancel=stop if files.is_shared() else cancel, **how)
        except Exception as error:
            if deleted():
                raise _deletion_error(folder) from error
            raise
    if deleted():
        raise _deletion_error(folder)
    return replace(kept, recipes=plan.recipes)


def _deletion_error(folder: Path) -> RunError:
    return RunError(
        f"The sweep {folder.name} was deleted on another replica while it went on: its fits are "
        "not kept. Begin it again, if it is still wanted."
    )


def _completed(plan: Plan, folder: Path, **how: Any) -> Sweep:
    """A kept sweep, once the fits that it lacks are done."""
    kept = sweep_store.open_sweep(folder.name)
    if not kept.complete or any(one.reason for one in kept.results):
        try:
            _searched(plan, folder, **how)
        except ClusterError as error:
            if not FitJournal(folder).records:
                raise
            raise ClusterError(
                f"{error} The fits that ended are kept: python -m emnist_lab sweep --resume "
                f"{folder.name} goes on."
            ) from error
        sweep_store.finish(folder)
        kept = sweep_store.open_sweep(folder.name)
    return kept


def _searched(plan: Plan, folder: Path, jobs, scheduler, progress, cancel, connected) -> Any:
    """Do the fits of a plan that its journal doesn't have, here or on a cluster."""
    address = cluster_address.given(scheduler)
    if not address:
        return searching.run(plan, folder, jobs=jobs, progress=progress, cancel=cancel)
    cluster_address.require(address)
    from . import cluster_search  # which imports distributed

    return cluster_search.run(
        plan, folder, address, progress=progress, cancel=cancel, connected=connected or _warn
    )


def _warn(cluster: Any) -> None:
    for sentence in cluster.refused.values():
        warnings.warn(sentence, RuntimeWarning, stacklevel=2)
