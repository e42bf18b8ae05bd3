"""The job panel: what trains or is brought now, how far it is, and its end."""

import json
from pathlib import Path

import pandas as pd
import streamlit as st

from emnist_lab.commands.job_queue import Job, JobQueue
from emnist_lab.commands.specs import CurveSpec, FetchSpec
from emnist_lab.data.dataset_address import DEMO
from emnist_lab.errors import LabError, RunError
from emnist_lab.metrics import definitions
from emnist_lab.models import catalog, cost_estimates
from emnist_lab.server import job_access
from emnist_lab.ui import (
    current_dataset,
    current_run,
    current_visitor,
    drawing_database,
    messages,
)
from emnist_lab.ui.formatting import plain, seconds

_EVERY = 0.7  # seconds between two looks at a running job
_ENDED = 4  # jobs that ended, which are still shown
_BRIEFLY = 2.0  # the same beside another page, which goes first


def what(job: Job) -> str:
    """One line on what a job does."""
    if isinstance(job.spec, FetchSpec):
        if job.spec.split:
            return f"Fetching **{job.spec.split}**"
        return f"Importing **{plain(', '.join(Path(file).name for file in job.spec.files))}**"
    curve = isinstance(job.spec, CurveSpec)
    count = job.spec.images_max if curve else job.spec.images
    images = f"{count:,}" if count else "all"
    where = {None: "", DEMO: " (generated)"}.get(job.spec.root, f" ({plain(job.spec.root or '')})")
    known = catalog.RECIPES.get(job.spec.recipe)  # not so in what another version left
    title = f"**{known.title if known else plain(job.spec.recipe)}**"
    if curve:
        title, images = f"Learning curve of {title}", f"up to {images}"
    classes = getattr(job.spec, "classes", None)
    only = f", classes {plain(', '.join(classes))} only" if classes else ""
    more = " and kept drawings" if getattr(job.spec, "handwriting", None) else ""
    return f"{title} on {images} images of *{plain(job.spec.split)}*{where}{only}{more}"


def to_show(queue: JobQueue) -> list[Job]:
    """Jobs for a page: active ones in their turn, interrupted ones, and those that ended last.

    Parameters
    ----------
    queue : JobQueue
    """
    jobs = job_access.list_jobs(current_visitor.visitor(), queue)
    active = sorted((job for job in jobs if job.active), key=queue.place)
    interrupted = [job for job in jobs if job.state == "interrupted"]
    ended = [job for job in jobs if not (job.active or job.state == "interrupted")]
    return active + interrupted + ended[:_ENDED]


def job_panel(job: Job, queue: JobQueue, brief: bool = False) -> None:
    """Show a job; while it is active the panel looks again by itself.

    Parameters
    ----------
    job : Job
    queue : JobQueue
        The one that it is in.
    brief : bool
        Without figures and curves, for a place beside another page.
    """
    every = _BRIEFLY if brief else _EVERY
    st.fragment(run_every=every if job.active else None)(_panel)(
        job, queue, was_active=job.active, brief=brief
    )


def _panel(job: Job, queue: JobQueue, was_active: bool, brief: bool) -> None:
    brings, curve = isinstance(job.spec, FetchSpec), isinstance(job.spec, CurveSpec)
    with st.container(border=True):
        st.markdown(what(job))
        if job.state == "queued":
            _waiting(job, queue)
        elif job.state == "running":
            _transfer(job, brief) if brings else _running(job, brief)
        elif job.state == "done":
            _brought(job) if brings else _measured(job) if curve else _done(job)
        elif job.state == "failed":
            messages.say_error(job.message)
        elif job.state == "interrupted":
            _interrupted(job, queue)
        else:
            kept = "nothing was kept, earlier runs and datasets are untouched."
            if brings and job.spec.split:
                kept = "what came so far is kept, and the next attempt goes on with it."
            if curve:
                kept = "the points that were measured so far are kept."
            st.info(f"Cancelled: {kept}", icon=":material/cancel:")
        if job.active and st.button("Cancel", icon=":material/cancel:", key=f"cancel-{job.key}"):
            job_access.cancel(current_visitor.visitor(), queue, job)
            st.rerun()
    if was_active and not job.active:
        st.rerun()  # the rest of the page lists the new run


def _waiting(job: Job, queue: JobQueue) -> None:
    place, now = queue.place(job), queue.running
    left = now.remaining() if now else None
    before = f"Waiting for its turn: {place} before it" if place else "Starting"
    more = f"; what runs now needs about {seconds(left)} more" if place and left else ""
    st.progress(0.0, text=f"{before}{more}")


def _interrupted(job: Job, queue: JobQueue) -> None:
    if isinstance(job.spec, CurveSpec):
        kept = "the points that were measured so far are kept."
        did = "measured"
    else:
        kept, did = "nothing of it was kept; earlier runs are whole.", "trained"
    if job.begun is None:
        did, kept = "waited for its turn", "earlier runs are whole."
    reached = f" ({plain(job.stage)})" if job.stage else ""
    st.warning(
        f"The server was stopped while this {did}{reached}: {kept}",
        icon=":material/power_off:",
    )
    with st.container(horizontal=True):
        again = "Measure again" if isinstance(job.spec, CurveSpec) else "Train again"
        if st.button(again, icon=":material/replay:", key=f"again-{job.key}"):
            _try_again(job, queue)
            st.rerun()
        if st.button("Dismiss", icon=":material/close:", key=f"dismiss-{job.key}"):
            job_access.dismiss(current_visitor.visitor(), queue, job)
            st.rerun()


def _try_again(job: Job, queue: JobQueue) -> None:
    try:
        job_access.again(current_visitor.visitor(), queue, job, drawing_database.shared())
    except LabError as error:  # rights may have become fewer meanwhile
        messages.say_error(error)
        st.stop()


def _times(job: Job) -> None:
    left = job.remaining()
    more = f", about {seconds(left)} more" if left else ""
    st.caption(f"{seconds(job.elapsed)} so far{more}")


def _transfer(job: Job, brief: bool) -> None:
    now = job.progress or {"title": "Starting", "done": 0, "total": 0, "speed": 0}
    share = now["done"] / now["total"] if now["total"] else 0.0
    st.progress(min(share, 1.0), text=plain(now["title"]))
    if brief:
        _times(job)
        return
    with st.container(horizontal=True):
        st.metric("Elapsed", seconds(job.elapsed))
        if now["total"]:
            st.metric("Size", f"{now['done'] / 1e6:,.1f} of {now['total'] / 1e6:,.1f} MB")
        if now["speed"]:
            st.metric("Speed", f"{now['speed'] / 1e6:,.2f} MB/s")
            st.metric("Remaining, about", seconds(job.remaining()))


def _brought(job: Job) -> None:
    name = current_dataset.dataset_of(job).name
    st.success(
        f"In place and checked after {seconds(job.elapsed)}: dataset **{plain(name)}**.",
        icon=":material/check:",
    )
    with st.container(horizontal=True):
        st.page_link("pages/samples.py", label="Browse it", icon=":material/apps:")
        st.page_link("pages/train.py", label="Train on it", icon=":material/model_training:")


def _running(job: Job, brief: bool) -> None:
    now = job.progress
    if now is None:
        st.progress(0.0, text=f"Starting, reading images … {seconds(job.elapsed)}")
        return
    if now["step"]:
        most = "at most " if now["unit"] == "iteration" else ""
        step = f", {now['unit']} {now['step']} of {most}{now['steps']}"
    else:  # the method tells nothing finer, so at least time goes on
        step = f", for {seconds(job.elapsed - now['at'])}"
    st.progress(min(now["fraction"], 1.0), text=f"{plain(job.stage)}{step}")
    if brief:
        _times(job)
        return
    with st.container(horizontal=True):
        st.metric("Elapsed", seconds(job.elapsed), icon=None if now["step"] else "spinner")
        st.metric(
            "Remaining, about",
            seconds(job.remaining()),
            help="From the share of the work that is done. An optimiser that converges early "
            "ends early.",
        )
        if job.curve:
            last = job.curve[-1]
            st.metric(
                "Training loss",
                f"{last['loss']:.3f}",
                help="Log loss on 2,000 training images: lower is better.",
            )
            if last["score"] is not None:
                st.metric(
                    "Test accuracy",
                    f"{last['score']:.1%}",
                    help="On at most 2,000 test images, only watched: nothing is chosen by it.",
                )
    curve(job.curve)


def curve(points: list[dict]) -> None:
    """Training loss and held-out accuracy by step; nothing for fewer than two points.

    Parameters
    ----------
    points : list of dict
        With ``step``, ``loss`` and ``score``.
    """
    if len(points) > 1:
        shown = list(points)  # a copy: it grows meanwhile
        _charts(json.dumps(shown), shown)


@st.cache_data(max_entries=64, show_spinner=False)
def _charts(key: str, _points: list[dict]) -> None:
    """Show both curves. Streamlit keeps their elements: Altair takes longer than a whole page."""
    frame = pd.DataFrame(_points).set_index("step")
    left, right = st.columns(2)
    left.caption("Training loss by step")
    left.line_chart(frame["loss"], height=180, y_label="", x_label="")
    if frame["score"].notna().any():
        right.caption("Test accuracy by step")
        right.line_chart(frame["score"], height=180, y_label="", x_label="")


def _measured(job: Job) -> None:
    st.success(f"Kept as **{job.result}** after {seconds(job.elapsed)}.", icon=":material/check:")
    st.page_link("pages/compare.py", label="See the curve", icon=":material/leaderboard:")


def _done(job: Job) -> None:
    try:
        manifest = current_run.open_run(job.result).manifest
    except RunError as error:
        messages.say_error(error)
        return
    kept = f"Kept as **{job.result}** after {seconds(job.elapsed)}."
    if short := cost_estimates.shortfall(manifest):
        st.warning(f"{kept} {plain(short)}", icon=":material/warning:")
    else:
        st.success(kept, icon=":material/check:")
    scores = manifest["scores"]
    with st.container(horizontal=True):
        for metric in (definitions.get(key) for key in ("accuracy", "roc_auc_ovo")):
            if scores.get(metric.key) is not None:
                st.metric(metric.name, metric.format(scores[metric.key]), help=metric.help)
    curve(job.curve)
    with st.container(horizontal=True):
        # Links, not st.switch_page: that refuses to leave an address that widgets are bound to.
        for page, label, icon in (
            ("pages/evaluate.py", "Evaluate it", ":material/grid_on:"),
            ("pages/draw.py", "Draw with it", ":material/draw:"),
        ):
            st.page_link(page, label=label, icon=icon, query_params={"run": job.result})
