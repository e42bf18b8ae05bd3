"""Kept sweeps on a page: which is shown, how far it is, and what can be done with it."""

import streamlit as st

from emnist_lab.commands.job_queue import Job
from emnist_lab.commands.specs import SweepSpec, TrainSpec
from emnist_lab.errors import LabError
from emnist_lab.evaluation.sweeps.results import Sweep
from emnist_lab.server import job_access, sweep_access
from emnist_lab.ui import (
    address,
    current_visitor,
    drawing_database,
    job_queues,
    messages,
    provenance,
)
from emnist_lab.ui.downloads import download_csv
from emnist_lab.ui.formatting import plain

_ENDED = 1  # jobs that are over and still shown


def jobs_of(comparisons: bool) -> list[Job]:
    """This visitor's jobs that search hyperparameters, or that compare recipes; newest first.

    Parameters
    ----------
    comparisons : bool

    Returns
    -------
    list of Job
    """
    visitor = current_visitor.visitor()
    return [
        job
        for job in job_access.list_jobs(visitor, job_queues.jobs())
        if isinstance(job.spec, SweepSpec)
        and sweep_access.compares(visitor, job.spec) == comparisons
    ]


def to_show(jobs: list[Job]) -> list[Job]:
    """Of jobs, newest first: those that a page shows; active ones in their turn, then the last."""
    queue = job_queues.jobs()
    active = sorted((job for job in jobs if job.active), key=queue.place)
    interrupted = [job for job in jobs if job.state == "interrupted"]
    ended = [job for job in jobs if not (job.active or job.state == "interrupted")]
    return active + ended[:_ENDED] + interrupted


def submit(spec: SweepSpec, parameter: str) -> None:
    """Have a sweep begun, or gone on with, and show it from now on; raises `LabError`.

    Parameters
    ----------
    spec : SweepSpec
        With its name.
    parameter : str
        See `choose`.
    """
    _submit(spec)
    st.query_params[parameter] = spec.resume or spec.name


def choose(comparisons: bool, page: str, parameter: str) -> tuple[str, Sweep | None]:
    """Choose one of the kept sweeps, those that are begun among them; the newest by default.

    Parameters
    ----------
    comparisons : bool
        Whether these are comparisons of recipes.
    page, parameter : str
        What session keys begin with, and the name in the address.

    Returns
    -------
    name : str
        Empty where there is none.
    sweep : Sweep or None
        None before its first fit.
    """
    visitor = current_visitor.visitor()
    found, problems = sweep_access.list_sweeps(visitor)
    for problem in problems:
        st.warning(messages.sentence(problem), icon=":material/broken_image:")
    kept = {one.name: one for one in found if one.comparison == comparisons}
    begun = [job.spec.resume or job.spec.name for job in jobs_of(comparisons) if job.active]
    names = list(dict.fromkeys([one for one in begun if one not in kept] + list(kept)))
    if not names:
        return "", None
    what = "comparison" if comparisons else "sweep"
    if (asked := st.query_params.get(parameter)) not in (None, *names):
        st.warning(
            f"There is no {what} “{plain(asked[:80])}” here (any more): “{plain(names[0])}” is "
            "shown.",
            icon=":material/link_off:",
        )
    name = address.selectbox(
        what.capitalize(),
        names,
        names[0],
        key=f"{page}-sweep-kept",
        parameter=parameter,
    )
    return name, kept.get(name)


def is_running(sweep: Sweep) -> bool:
    """Whether fits of a sweep wait or go on."""
    if any(
        job.active and sweep.name in (job.spec.resume, job.spec.name)
        for job in jobs_of(sweep.comparison)
    ):
        return True
    return not sweep.complete and sweep_access.is_running(current_visitor.visitor(), sweep.name)


def is_any_running(comparisons: bool) -> bool:
    """Whether one waits or goes on: what is shown looks again by itself then.

    Parameters
    ----------
    comparisons : bool
        See `choose`.
    """
    if any(job.active for job in jobs_of(comparisons)):
        return True
    # A process that was cancelled a moment ago may still end.
    found, _ = sweep_access.list_sweeps(current_visitor.visitor())
    return any(is_running(one) for one in found if one.comparison == comparisons)


def say_state(sweep: Sweep) -> None:
    """Say what is missing of a sweep and what is to be known of it."""
    failed = [one for one in sweep.results if one.reason]
    if failed and not sweep.comparison:
        many = "1 candidate" if len(failed) == 1 else f"{len(failed):,} candidates"
        st.warning(
            f"{many} couldn't be fitted: {messages.sentence(failed[0].reason)} The others are "
            "whole; the table has every reason.",
            icon=":material/warning:",
        )
    if not sweep.complete and not is_running(sweep):
        st.warning(
            f"It was stopped after {len(sweep.records):,} of {sweep.fits:,} fits; these are kept, "
            "and *Go on* does the rest.",
            icon=":material/pause_circle:",
        )
    for note in sweep.notes:
        st.info(plain(note), icon=":material/info:")


def say_data(sweep: Sweep) -> None:
    """A button that opens, with the images that scores come from."""
    data, folds = sweep.manifest["data"], sweep.manifest["folds"]
    dealt = "so that no writer is in two folds" if sweep.manifest["by"] == "writer" else "by class"
    repeats = sweep.manifest["repeats"]
    again = f", {repeats} times with other folds and seeds" if repeats > 1 else ""
    provenance.show(
        f"Cross-validated on {plain(data['name'])}: each image is measured on by a fit that didn't "
        f"learn from it. {folds} folds, dealt {dealt}{again}.",
        f"Begun {sweep.manifest['created'][:16].replace('T', ' ')} UTC; scikit-learn "
        f"{plain(str(sweep.manifest['versions'].get('scikit-learn', '')))}.",
        about="these figures",
        generated=sweep.generated,
    )


def offer_actions(sweep: Sweep, page: str, parameter: str, refit: bool = False) -> None:
    """Buttons: train the best, go on, CSV, delete.

    Parameters
    ----------
    sweep : Sweep
    page, parameter : str
        See `choose`.
    refit : bool
        Whether the best can be trained as a run here.
    """
    visitor, session = current_visitor.visitor(), st.session_state
    trains = visitor.rights.training
    with st.container(horizontal=True):
        if (
            trains
            and refit
            and st.button(
                "Refit the best as a run",
                icon=":material/model_training:",
                key=f"{page}-sweep-refit",
                disabled=not sweep.ranking,
                help=f"Trains the first of the table on all {sweep.manifest['data']['images']:,} "
                "images; the run names this sweep.",
            )
        ):
            _do(page, lambda: _refit(sweep))
        stopped = not sweep.complete or any(one.reason for one in sweep.results)
        if stopped and not is_running(sweep) and sweep_access.may_go_on(visitor, sweep):
            label = "Try the failed ones again" if sweep.complete else "Go on"
            if st.button(label, icon=":material/play_arrow:", key=f"{page}-sweep-go-on"):
                _do(page, lambda: submit(SweepSpec(resume=sweep.name), parameter))
        generated = "generated-" if sweep.generated and "generated" not in sweep.name else ""
        download_csv(f"{generated}{sweep.name}", sweep.csv)
        if sweep_access.owns_sweep(visitor, sweep):
            with st.popover("Delete", icon=":material/delete:"):
                st.caption("All its scores go, and its fits would have to be done again.")
                st.button(
                    f"Delete {sweep.name}",
                    key=f"{page}-sweep-delete",
                    on_click=_delete,
                    args=(sweep.name, page, parameter),
                )
    if error := session.pop(f"{page}-sweep-error", ""):
        messages.say_error(error)


def _do(page: str, work) -> None:
    try:
        work()
    except LabError as error:
        st.session_state[f"{page}-sweep-error"] = str(error)
    st.rerun()


def _refit(sweep: Sweep) -> None:
    _submit(sweep_access.refit_spec(current_visitor.visitor(), sweep.name))


def _submit(spec: SweepSpec | TrainSpec) -> None:
    visitor, shared = current_visitor.visitor(), drawing_database.shared()
    job_access.submit(visitor, job_queues.jobs(), spec, shared)


def _delete(name: str, page: str, parameter: str) -> None:
    try:
        sweep_access.delete_sweep(current_visitor.visitor(), name)
    except LabError as error:
        st.session_state[f"{page}-sweep-error"] = str(error)
    else:
        st.query_params.pop(parameter, None)
        st.session_state.pop(f"{page}-sweep-kept", None)
