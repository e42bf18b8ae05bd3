"""Sweeps as a visitor sees them, and what they may do to them."""

from ..commands import sweep as sweep_verbs
from ..commands.specs import SweepSpec, TrainSpec
from ..errors import AccessError, RunError
from ..evaluation.sweeps import sweep_store
from ..evaluation.sweeps.plan import Plan
from ..evaluation.sweeps.results import Sweep
from ..runs.run_folders import is_name
from .visitor import Visitor


def list_sweeps(visitor: Visitor) -> tuple[list[Sweep], list[str]]:
    """Sweeps that a visitor sees: their own and the operator's, newest first.

    Parameters
    ----------
    visitor : Visitor

    Returns
    -------
    sweeps : list of Sweep
        With the fits that have ended so far.
    problems : list of str
        A sentence for each that can't be used; for operators only.
    """
    found, problems = sweep_store.list_sweeps()
    if visitor.operator:
        return found, problems
    return [one for one in found if visitor.sees(one.owner)], []


def open_sweep(visitor: Visitor, name: str) -> Sweep:
    """Open a sweep by its name.

    Parameters
    ----------
    visitor : Visitor
    name : str

    Returns
    -------
    Sweep

    Raises
    ------
    RunError
        They see none of that name, or it is damaged.
    """
    if is_name(name):
        try:
            found = sweep_store.open_sweep(name)
        except RunError:
            if visitor.operator:
                raise
        else:
            if visitor.sees(found.owner):
                return found
    raise RunError(f"There is no sweep {name[:80]!r}: look at the list of them.")


def name_of(visitor: Visitor, plan: Plan, name: str | None = None) -> str:
    """What a visitor's sweep will be called; by this name it can be opened while it goes on.

    Parameters
    ----------
    visitor : Visitor
    plan : Plan
        See `emnist_lab.commands.sweep.plan_of`.
    name : str, optional
        Made up where it is None; a number is added where another sweep has it.

    Returns
    -------
    str
        For `SweepSpec.name`.

    Raises
    ------
    AccessError
        It isn't known yet who they are.
    RunError
        The name can't be had.
    """
    return sweep_store.name_of(plan, name, visitor.new_owner())


def is_running(visitor: Visitor, name: str) -> bool:
    """Whether a process does fits of a sweep now; raises `RunError` where they see none such."""
    return sweep_store.is_running(open_sweep(visitor, name).name)


def owns_sweep(visitor: Visitor, sweep: Sweep) -> bool:
    """Whether a visitor may delete a sweep."""
    return visitor.rights.deletes and visitor.owns(sweep.owner)


def delete_sweep(visitor: Visitor, name: str) -> None:
    """Delete a visitor's sweep.

    Parameters
    ----------
    visitor : Visitor
    name : str

    Raises
    ------
    AccessError
        They may not, or it isn't theirs.
    RunError
        There is none, it goes on, or it can't be deleted.
    """
    visitor.require("deletes")
    if not visitor.operator:
        visitor.require_own(open_sweep(visitor, name).owner, f"The sweep {name}")
    sweep_store.delete(name)


def refit_spec(visitor: Visitor, name: str, run: str | None = None) -> TrainSpec:
    """What trains the best candidate of a sweep as a run; see `commands.sweep.refit_spec`.

    Parameters
    ----------
    visitor : Visitor
    name : str
        Of the sweep.
    run : str, optional
        Name of the run.

    Returns
    -------
    TrainSpec
        For `job_access.submit`.

    Raises
    ------
    LabError
        They see no such sweep, or it has no best candidate yet.
    """
    return sweep_verbs.refit_spec(open_sweep(visitor, name), run)


def resumed_spec(visitor: Visitor, spec: SweepSpec) -> SweepSpec:
    """A spec of a sweep that goes on, with the images that it was begun with.

    Parameters
    ----------
    visitor : Visitor
    spec : SweepSpec
        With ``resume``.

    Returns
    -------
    SweepSpec

    Raises
    ------
    AccessError
        It isn't theirs.
    LabError
        They see no such sweep, or it doesn't say where its images are.
    """
    kept = open_sweep(visitor, spec.resume)
    if not visitor.owns(kept.owner):
        raise AccessError(f"The sweep {kept.name} isn't yours: begin one of your own.")
    return sweep_verbs.begun(spec, kept)


def compares(visitor: Visitor, spec: SweepSpec) -> bool:
    """Whether a job compares recipes, in place of settings of one.

    Parameters
    ----------
    visitor : Visitor
    spec : SweepSpec
        Perhaps of a sweep that goes on; False where they see none such.

    Returns
    -------
    bool
    """
    if spec.resume is None:
        return bool(spec.against)
    try:
        return open_sweep(visitor, spec.resume).comparison
    except RunError:
        return False


def may_go_on(visitor: Visitor, sweep: Sweep) -> bool:
    """Whether a visitor may have the rest of a sweep fitted."""
    return visitor.rights.training and visitor.owns(sweep.owner)
