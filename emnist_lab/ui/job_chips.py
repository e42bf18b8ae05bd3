"""What runs now, in the top bar of every page: how far it is, and a click to it."""

from pathlib import Path

import streamlit as st

from emnist_lab.commands.job_queue import Job, JobQueue
from emnist_lab.commands.specs import CurveSpec, FetchSpec, SweepSpec
from emnist_lab.metrics.percent import percent
from emnist_lab.server import job_access, sweep_access
from emnist_lab.ui import current_visitor, job_queues
from emnist_lab.ui.formatting import about_seconds, plain

_EVERY = 2.0  # seconds between two looks, while something runs
_SWEEP = "Sweep"


def show() -> None:
    """Show a chip for each job of this visitor that waits or runs; looks again by itself.

    The place for them is always there: what comes and goes above a page would draw it anew.
    """
    with st.container(key="frame-jobs", horizontal=True):
        active = _active()
        _tell_ends({job.key for job, _ in active})
        if active:
            st.fragment(run_every=_EVERY)(_chips)(sorted(job.key for job, _ in active))


def _active() -> list[tuple[Job, JobQueue]]:
    visitor = current_visitor.visitor()
    found = [
        (job, queue)
        for queue in (job_queues.jobs(), job_queues.fetches())
        for job in job_access.list_jobs(visitor, queue)
        if job.active
    ]
    return sorted(found, key=lambda one: one[1].place(one[0]))  # what runs before what waits


def _chips(shown: list[str]) -> None:
    active = _active()
    if sorted(job.key for job, _ in active) != shown:
        st.rerun()  # something has ended, and the page may list what came of it
    chips: dict[str, list[tuple[Job, JobQueue]]] = {}
    for job, queue in active:
        chips.setdefault(_about(job)[1], []).append((job, queue))
    with st.container(horizontal=True, wrap=False):
        for page, jobs in chips.items():
            words, _, icon = _about(jobs[0][0])
            more = f" · {len(jobs) - 1} more" if len(jobs) > 1 else ""
            # the one that runs says what Train shows
            asked = {"task": "Sweep"} if words == _SWEEP else None
            label = f"{words} {_far(*jobs[0])}{more}"
            st.page_link(page, label=label, icon=icon, query_params=asked)


def _about(job: Job) -> tuple[str, str, str]:
    """What a job does in a word or two, and the page that shows it."""
    if isinstance(job.spec, FetchSpec):
        what = f"Fetching {plain(job.spec.split)}" if job.spec.split else "Importing"
        return what, "pages/data.py", ":material/download:"
    if isinstance(job.spec, CurveSpec):
        return "Measuring", "pages/compare.py", ":material/show_chart:"
    if isinstance(job.spec, SweepSpec):
        if sweep_access.compares(current_visitor.visitor(), job.spec):
            return "Comparing", "pages/compare.py", ":material/leaderboard:"
        return _SWEEP, "pages/train.py", ":material/grid_view:"
    return "Training", "pages/train.py", ":material/model_training:"


def share(job: Job) -> float | None:
    """Share of a job's work that is done, 0..1; None while it has told nothing.

    Parameters
    ----------
    job : Job
    """
    now = job.progress
    if now is None:
        return None
    if isinstance(job.spec, FetchSpec):
        return min(now["done"] / now["total"], 1.0) if now["total"] else None
    return min(now["fraction"], 1.0)


def _far(job: Job, queue: JobQueue) -> str:
    if job.state == "queued":
        return "waits"
    done, left = share(job), job.remaining()
    if done is None:
        return "starts"
    return percent(done, 0) + (f" · {about_seconds(left)} left" if left else "")


def _tell_ends(active: set[str]) -> None:
    """Say once, on whatever page, how a job ended that this session has seen at work."""
    session = st.session_state
    ended = session.get("frame_active", set()) - active
    session.frame_active = active
    if not ended:
        return
    for queue in (job_queues.jobs(), job_queues.fetches()):
        for job in queue.jobs:
            if job.key not in ended:
                continue
            if job.state == "failed":
                words, page, _ = _about(job)
                where = Path(page).stem.capitalize()
                st.toast(f"{words} failed: the {where} page says why.", icon=":material/error:")
            elif job.state == "done" and not isinstance(job.spec, FetchSpec):
                name = plain(Path(job.result or "").name)
                st.toast(f"Done: **{name}** is kept.", icon=":material/check:")
