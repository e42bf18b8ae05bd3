"""The job panel: what trains, is searched or is brought now, how far it is, and its end."""

import dataclasses
import json
import math
from pathlib import Path

import altair as alt
import streamlit as st

from emnist_lab.commands import on_cluster
from emnist_lab.commands.job_queue import Job, JobQueue
from emnist_lab.commands.specs import CurveSpec, FetchSpec, SweepSpec, TrainSpec
from emnist_lab.data.dataset_address import DEMO
from emnist_lab.errors import RunError
from emnist_lab.metrics.percent import percent
from emnist_lab.models import catalog, cost_estimates
from emnist_lab.server import job_access, run_access, sweep_access
from emnist_lab.ui import (
    cluster_settings,
    current_dataset,
    current_run,
    current_visitor,
    drawing_database,
    messages,
)
from emnist_lab.ui.formatting import about_seconds, plain, seconds

_EVERY = 0.7  # seconds between two looks at a running job
_ENDED = 4  # jobs that ended, which are still shown


def what(job: Job) -> str:
    """One line on what a job does."""
    if isinstance(job.spec, FetchSpec):
        if job.spec.split:
            return f"Fetching **{job.spec.split}**"
        return f"Importing **{plain(', '.join(Path(file).name for file in job.spec.files))}**"
    if isinstance(job.spec, SweepSpec) and job.spec.resume:
        return f"Going on with **{plain(job.spec.resume)}**"
    curve = isinstance(job.spec, CurveSpec)
    count = job.spec.images_max if curve else job.spec.images
    images = f"{count:,}" if count else "all"
    where = {None: "", DEMO: " (generated)"}.get(job.spec.root, f" ({plain(job.spec.root or '')})")
    known = catalog.RECIPES.get(job.spec.recipe)  # not so in what another version left
    title = f"**{known.title if known else plain(job.spec.recipe)}**"
    if curve:
        title, images = f"Learning curve of {title}", f"up to {images}"
    if isinstance(job.spec, SweepSpec):
        title = f"Sweep of {title}"
        if job.spec.against:
            names = [job.spec.recipe, *(one.partition(":")[0] for one in job.spec.against)]
            title = f"Comparison of **{plain(', '.join(names))}**"
    classes = getattr(job.spec, "classes", None)
    only = f", classes {plain(', '.join(classes))} only" if classes else ""
    more = " and kept drawings" if getattr(job.spec, "handwriting", None) else ""
    return f"{title} on {images} images of *{plain(job.spec.split)}*{where}{only}{more}"


def to_show(queue: JobQueue) -> list[Job]:
    """Jobs for a page: active ones in their turn, what ended last, interrupted ones, earlier ends.

    Parameters
    ----------
    queue : JobQueue
    """
    jobs = job_access.list_jobs(current_visitor.visitor(), queue)
    active = sorted((job for job in jobs if job.active), key=queue.place)
    interrupted = [job for job in jobs if job.state == "interrupted"]
    ended = [job for job in jobs if not (job.active or job.state == "interrupted")]
    return active + ended[:1] + interrupted + ended[1:_ENDED]


def job_panel(job: Job, queue: JobQueue, newest: bool = True) -> None:
    """Show a job; while it is active the panel looks again by itself.

    Parameters
    ----------
    job : Job
    queue : JobQueue
        The one that it is in.
    newest : bool
        Whether the next step with it is the page's.
    """
    st.fragment(run_every=_EVERY if job.active else None)(_panel)(job, queue, job.active, newest)


def _panel(job: Job, queue: JobQueue, was_active: bool, newest: bool) -> None:
    brings, curve, sweeps = (
        isinstance(job.spec, kind) for kind in (FetchSpec, CurveSpec, SweepSpec)
    )
    with st.container(border=True, gap="small"):
        st.markdown(what(job))
        if job.state == "queued":
            _waiting(job, queue)
        elif job.state == "running":
            _transfer(job, queue) if brings else _running(job, queue)
        elif job.state == "done":
            if brings:
                _brought(job)
            elif curve or sweeps:
                _measured(job)
            else:
                _done(job, newest)
        elif job.state == "failed":
            messages.say_error(job.message)
            _offer_here(job, queue)
        elif job.state == "interrupted":
            _interrupted(job, queue)
        else:
            kept = "nothing was kept, earlier runs and datasets are untouched."
            if brings and job.spec.split:
                kept = "what came so far is kept, and the next attempt goes on with it."
            if curve:
                kept = "the points that were measured so far are kept."
            if sweeps:
                kept = "the fits that ended are kept, and it can go on."
            st.info(f"Cancelled: {kept}", icon=":material/cancel:")
    if was_active and not job.active:
        st.rerun()  # the rest of the page lists the new run


def _progress(job: Job, queue: JobQueue, share: float, text: str) -> None:
    """How far an active job is, and beside it what stops it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.progress(min(share, 1.0), text=text)
        if st.button("Cancel", icon=":material/cancel:", key=f"cancel-{job.key}"):
            with messages.said_errors():
                job_access.cancel(current_visitor.visitor(), queue, job)
            st.rerun()


def _waiting(job: Job, queue: JobQueue) -> None:
    place, now = queue.place(job), queue.running
    left = now.remaining() if now else None
    before = f"Waiting for its turn: {place} before it" if place else "Starting"
    more = f"; what runs now needs about {about_seconds(left)} more" if place and left else ""
    _progress(job, queue, 0.0, f"{before}{more}")


def _interrupted(job: Job, queue: JobQueue) -> None:
    again = "Train again"
    if isinstance(job.spec, CurveSpec):
        kept = "the points that were measured so far are kept."
        did, again = "measured", "Measure again"
    elif isinstance(job.spec, SweepSpec):
        kept = "the fits that ended are kept, and aren't done again."
        did, again = "went on", "Go on"
    else:
        kept, did = "nothing of it was kept; earlier runs are whole.", "trained"
    if job.begun is None:
        did, kept = "waited for its turn", "earlier runs are whole."
    reached = f" ({plain(_stage(job))})" if job.stage else ""
    st.warning(
        f"The server was stopped while this {did}{reached}: {kept}",
        icon=":material/power_off:",
    )
    with st.container(horizontal=True):
        if st.button(again, icon=":material/replay:", key=f"again-{job.key}"):
            _try_again(job, queue)
            st.rerun()
        if st.button("Dismiss", icon=":material/close:", key=f"dismiss-{job.key}"):
            with messages.said_errors():
                job_access.dismiss(current_visitor.visitor(), queue, job)
            st.rerun()


def _offer_here(job: Job, queue: JobQueue) -> None:
    """A way to do on this machine what failed on a cluster."""
    goes = isinstance(job.spec, (TrainSpec, SweepSpec)) and not job.spec.here
    if not (goes and cluster_settings.scheduler()):
        return
    if st.button("Run it on this machine", icon=":material/computer:", key=f"here-{job.key}"):
        spec = dataclasses.replace(job.spec, here=True)
        visitor, shared = current_visitor.visitor(), drawing_database.shared()
        with messages.said_errors():
            job_access.submit(visitor, queue, spec, shared)
            job_access.dismiss(visitor, queue, job)
        st.rerun()


def _cluster(now: dict) -> None:
    """What a job's process says of the cluster that it works on; for who manages the server."""
    if not current_visitor.visitor().operator:
        return
    if link := now.get(on_cluster.DASHBOARD):
        st.caption(f":material/hub: On a cluster: [Dask's dashboard]({link})")
    for sentence in now.get(on_cluster.NOTES, ()):
        st.caption(f":material/warning: {plain(sentence)}")


def _try_again(job: Job, queue: JobQueue) -> None:
    with messages.said_errors():  # rights may have become fewer meanwhile
        job_access.again(current_visitor.visitor(), queue, job, drawing_database.shared())


def _figures(job: Job, *more: str) -> None:
    """A line of figures on a running job."""
    left = job.remaining()
    left = f"about {about_seconds(left)} left" if left else ""
    st.caption(" · ".join(filter(None, [f"{seconds(job.elapsed)} so far", left, *more])))


def _transfer(job: Job, queue: JobQueue) -> None:
    now = job.progress or {"title": "Starting", "done": 0, "total": 0, "speed": 0}
    share = now["done"] / now["total"] if now["total"] else 0.0
    _progress(job, queue, share, plain(now["title"]))
    size = f"{now['done'] / 1e6:,.1f} of {now['total'] / 1e6:,.1f} MB" if now["total"] else ""
    _figures(job, size, f"{now['speed'] / 1e6:,.2f} MB/s" if now["speed"] else "")


def _brought(job: Job) -> None:
    name = current_dataset.dataset_of(job).name
    st.success(
        f"In place and checked after {seconds(job.elapsed)}: dataset **{plain(name)}**.",
        icon=":material/check:",
    )
    with st.container(horizontal=True):
        st.page_link("pages/samples.py", label="Browse it", icon=":material/apps:")
        st.page_link("pages/train.py", label="Train on it", icon=":material/model_training:")


def _stage(job: Job) -> str:
    """What a job does now; of a sweep, which has one stage, without its number."""
    words = job.stage
    return words.removeprefix("Stage 1 of 1: ") if isinstance(job.spec, SweepSpec) else words


def _running(job: Job, queue: JobQueue) -> None:
    now = job.progress
    if now is None:
        _progress(job, queue, 0.0, f"Starting, reading images … {seconds(job.elapsed)}")
        return
    if isinstance(job.spec, SweepSpec):
        fits = f"{now['step'] or 0:,} of {now['steps']:,} fits"
        _progress(job, queue, now["fraction"], f"{fits} · {plain(_stage(job))}")
        _figures(job)
        _cluster(now)
        return
    if now["step"]:
        most = "at most " if now["unit"] == "iteration" else ""
        step = f", {now['unit']} {now['step']} of {most}{now['steps']}"
    else:  # the method tells nothing finer, so at least time goes on
        step = f", for {seconds(job.elapsed - now['at'])}"
    _progress(job, queue, now["fraction"], f"{plain(job.stage)}{step}")
    last = job.curve[-1] if job.curve else {"loss": None, "score": None}
    _figures(
        job,
        "" if last["loss"] is None else f"training loss {last['loss']:.3f}",
        "" if last["score"] is None else f"test accuracy so far {percent(last['score'], 1)}",
    )
    _cluster(now)
    curve(job.curve, _step_unit(job.spec.recipe))


def _step_unit(recipe: str) -> str:
    known = catalog.RECIPES.get(recipe)
    return known.step_unit if known else "step"


def curve(points: list[dict], unit: str = "step") -> None:
    """Training loss and test accuracy by step; nothing for fewer than two points.

    Parameters
    ----------
    points : list of dict
        With ``step``, ``loss`` and ``score``.
    unit : str
        What a step is.
    """
    if len(points) > 1:
        shown = list(points)  # a copy: it grows meanwhile
        _charts(json.dumps(shown), unit, shown)


@st.cache_data(max_entries=64, show_spinner=False)
def _charts(key: str, unit: str, _points: list[dict]) -> None:
    """Show both curves. Streamlit keeps their elements: Altair takes longer than a whole page."""
    loss, score = (_values(_points, what) for what in ("loss", "score"))
    left, right = st.columns(2)
    if len(loss) > 1:
        left.markdown(
            "**Training loss**", help="Log loss on 2,000 training images: lower is better."
        )
        left.altair_chart(_line(loss, unit, "log loss, nats"))
    if len(score) > 1:
        right.markdown(
            "**Test accuracy**",
            help="On at most 2,000 test images, only watched: nothing is chosen by it, and there "
            "is no validation subset.",
        )
        right.altair_chart(_line(score, unit, "accuracy", "%"))


def _values(points: list[dict], what: str) -> list[dict]:
    known = [(one["step"], one[what]) for one in points if one[what] is not None]
    return [{"step": step, "value": value} for step, value in known if math.isfinite(value)]


def _line(values: list[dict], unit: str, title: str, form: str = "") -> alt.Chart:
    low, high = (edge(one["value"] for one in values) for edge in (min, max))
    pad = 0.05 * (high - low) or 0.05
    # With ends of its own: Vega warns of a scale that follows data that come after it.
    steps = alt.X("step:Q", title=unit, axis=alt.Axis(tickMinStep=1)).scale(
        domain=[values[0]["step"], values[-1]["step"]]
    )
    return (
        alt.Chart(alt.Data(values=values))
        .mark_line(point=True)
        .encode(
            x=steps,
            y=alt.Y("value:Q", title=title)
            .scale(domain=[low - pad, high + pad], nice=False)
            .axis(format=form),
            tooltip=[
                alt.Tooltip("step:Q", title=unit),
                alt.Tooltip("value:Q", title=title, format=f".1{form}" if form else ".3f"),
            ],
        )
        .properties(height=200)
    )


def _measured(job: Job) -> None:
    st.success(f"Kept as **{job.result}** after {seconds(job.elapsed)}.", icon=":material/check:")
    if isinstance(job.spec, CurveSpec):
        st.page_link("pages/compare.py", label="See the curve", icon=":material/leaderboard:")
    elif sweep_access.compares(current_visitor.visitor(), job.spec):
        st.page_link(
            "pages/compare.py",
            label="See the differences",
            icon=":material/leaderboard:",
            query_params={"comparison": job.result},
        )
    else:
        st.page_link(
            "pages/train.py",
            label="See all scores",
            icon=":material/table_rows:",
            query_params={"task": "Sweep", "sweep": job.result},
        )


def _done(job: Job, newest: bool) -> None:
    try:
        run = current_run.open_run(job.result)
    except RunError as error:
        messages.say_error(error)
        return
    manifest, scores = run.manifest, run.manifest["scores"]
    found = [f"Kept as **{job.result}** after {seconds(job.elapsed)}."]
    if (accuracy := scores.get("accuracy")) is not None:
        usual = cost_estimates.expected_accuracy(manifest)
        beside = "" if usual is None else f", expected about {percent(usual, 0)}"
        found.append(f"Test accuracy **{percent(accuracy, 1)}**{beside}.")
    if short := cost_estimates.shortfall(manifest):
        st.warning(f"{' '.join(found)} {plain(short)}", icon=":material/warning:")
    else:
        st.success(" ".join(found), icon=":material/check:")
    if twin := _twin(job.key, job.result):
        st.info(
            f"A run with the same images, settings and seed exists: **{plain(twin)}**; this one is "
            f"kept as **{plain(job.result)}**.",
            icon=":material/content_copy:",
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        # Links, not st.switch_page: that refuses to leave an address that widgets are bound to.
        place = "next-step" if newest else "step"  # which looks as the page's one primary button
        with st.container(key=f"{place}-{job.key}", width="content"):
            st.page_link(
                "pages/evaluate.py",
                label="Evaluate this run",
                icon=":material/grid_on:",
                query_params={"run": job.result},
            )
        st.page_link(
            "pages/draw.py",
            label="Draw with it",
            icon=":material/draw:",
            query_params={"run": job.result},
        )
    curve(job.curve, _step_unit(manifest["recipe"]))


@st.cache_data(max_entries=64, show_spinner=False)
def _twin(key: str, name: str) -> str:
    """Name of a run that was made of the same as a job's; all are looked through once a job."""
    visitor = current_visitor.visitor()
    found = run_access.twin(visitor, current_run.open_run(name))
    return found.name if found else ""
